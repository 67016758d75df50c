#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The socket as others use it: curl, and nothing of ours on this side.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
"$mktree" "$machines/two-nodes.tree" "$tmp/root" || bail_out "cannot make a machine"
start_slugd --root "$tmp/root"
ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"

service=http://slug/slug.v1.NodeService
json='content-type: application/json'

# ask ARGUMENT...: the body to $tmp/body, the status to $status
ask() {
  status=$(curl --silent --show-error --max-time 30 --unix-socket "$sock" --output "$tmp/body" --write-out '%{http_code}' "$@" 2>"$tmp/error")
}

# fails STATUS CODE NAME: the last answer was an error in Connect's form
fails() {
  is "$status" "$1" "$3: HTTP status"
  contains "$(cat "$tmp/body")" "\"code\":\"$2\"" "$3: code"
}

ask -d '{}' -H "$json" $service/DescribeNode
is "$status" 200 "DescribeNode"
contains "$(cat "$tmp/body")" '"numaNodes"' "DescribeNode: tells the NUMA nodes"
ask -d '{}' -H "$json" $service/GetTopology
is "$status" 200 "GetTopology"
contains "$(cat "$tmp/body")" '"memoryTiers"' "GetTopology: tells the tiers"
ask -d '{}' -H 'content-type: application/json; charset=utf-8' $service/DescribeNode
is "$status" 200 "a content type with a character set"
ask -d '{}' -H "$json" -H 'connect-protocol-version: 1' $service/DescribeNode
is "$status" 200 "with Connect's version"
ask -d '{"later": [1, {"a": null}]}' -H "$json" $service/DescribeNode
is "$status" 200 "a field that does not exist yet is skipped"
ask http://slug/healthz
is "$status" 200 "GET /healthz"

ask -d '{}' -H 'content-type: text/plain' $service/DescribeNode
is "$status" 415 "a content type that is not served"
ask -d '{' -H "$json" $service/DescribeNode
fails 400 invalid_argument "half a message"
ask -d '[]' -H "$json" $service/DescribeNode
fails 400 invalid_argument "no message"
ask -d '{}' -H "$json" $service/NoSuchMethod
fails 404 unimplemented "an unknown method"
ask -d '{}' -H "$json" http://slug/no.such.Service/Method
fails 404 unimplemented "an unknown service"
ask http://slug/nothing
is "$status" 404 "GET of nothing"
ask -X DELETE $service/DescribeNode
is "$status" 405 "a verb that is not served"
ask -X POST -d '' http://slug/healthz
is "$status" 405 "POST /healthz"

# 200 KiB of blanks: JSON to the end, and more than any request may be.
{
  printf '{'
  head -c 204800 /dev/zero | tr '\0' ' '
  printf '}'
} >"$tmp/large"
ask --data-binary "@$tmp/large" -H "$json" $service/DescribeNode
contains "413 429" "$status" "a request that is too large is refused"

# Two requests on one connection, and then one that never ends.
is "$(curl --silent --unix-socket "$sock" -o /dev/null -o /dev/null --write-out '%{num_connects} ' http://slug/healthz http://slug/healthz)" \
  "1 0 " "a connection carries more than one request"
curl --silent --max-time 1 --unix-socket "$sock" -H "$json" -H 'content-length: 100' -d '{' $service/DescribeNode >/dev/null 2>&1
ask http://slug/healthz
is "$status" 200 "a peer that stops in the middle stops nobody else"
stop_slugd TERM
is "$slugd_status" 0 "slugd stopped as asked"
done_testing
