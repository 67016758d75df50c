#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The socket as it is served beside Connect JSON on HTTP/1.1, which curl.sh has: HTTP/2, GET, streams, gRPC's own services,
# metrics, and who may what. curl alone; libraries of gRPC and Connect are the business of ./bootstrap check-peers.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/etc/slug"
start_slugd --root "$root"
ctl version >/dev/null 2>&1 || bail_out "slugd does not answer: $(cat "$tmp/slugd.log")"
service=http://slug/slug.v1.NodeService
h2=--http2-prior-knowledge
curl --version | grep -q HTTP2 || h2=

# ask CURL-ARGUMENT...: what comes back, head and body
ask() {
  curl --silent --show-error --include --max-time 30 --unix-socket "$sock" "$@" 2>&1 | tr -d '\r'
}

body() {
  curl --silent --max-time 30 --unix-socket "$sock" "$@"
}

json='content-type: application/json'
expected=$(body -H "$json" -d '{}' $service/DescribeNode)
contains "$expected" '"name":"cxl-remote"' "HTTP/1.1, Connect, JSON"
is "$(body "$service/DescribeNode?connect=v1&encoding=json&message=%7B%7D")" "$expected" "HTTP/1.1, Connect, GET"
is "$(body "$service/DescribeNode?connect=v1&encoding=json&base64=1&message=e30")" "$expected" "the message of a GET in base64"
contains "$(ask "$service/DescribeNode?encoding=json")" "parameter 'message' is missing" "a GET without its message"
contains "$(ask "$service/Watch?encoding=json&message=%7B%7D")" "405" "a stream is not to be had with GET"
if [ -n "$h2" ]; then
  is "$(body $h2 -H "$json" -d '{}' $service/DescribeNode)" "$expected" "HTTP/2, Connect, JSON"
  is "$(body $h2 "$service/DescribeNode?connect=v1&encoding=json&message=%7B%7D")" "$expected" "HTTP/2, Connect, GET"
  printf '\0\0\0\0\0' >"$tmp/empty"
  ask $h2 -H 'te: trailers' -H 'content-type: application/grpc' --data-binary "@$tmp/empty" $service/GetVersion |
    tr '\0' ' ' >"$tmp/answer"
  contains "$(cat "$tmp/answer")" "content-type: application/grpc+proto" "HTTP/2, gRPC"
  contains "$(cat "$tmp/answer")" "grpc-status: 0" "the status is in the trailers"
  printf '\0\0\0\0\2\10\143' >"$tmp/node99"
  contains "$(ask $h2 -H 'te: trailers' -H 'content-type: application/grpc' --data-binary "@$tmp/node99" $service/Explain)" \
    "grpc-message: there is no NUMA node 99; there are 0-2" "a failure has its message"
  contains "$(ask $h2 -H "$json" -d '{}' http://slug/grpc.health.v1.Health/Check)" '"status":"SERVING"' "health"
else
  skip "HTTP/2" "this curl does not speak it"
fi
contains "$(ask -H "$json" -d '{"service":"no.such"}' http://slug/grpc.health.v1.Health/Check)" '"not_found"' \
  "health of what is not served"

# A watch: the state at once, then every change, until slugd stops.
printf '\0\0\0\0\2{}' >"$tmp/watch"
curl --silent --no-buffer --max-time 60 --unix-socket "$sock" -H 'content-type: application/connect+json' \
  --data-binary "@$tmp/watch" $service/Watch >"$tmp/watched" 2>/dev/null &
watcher=$!
has_seen() {
  grep -q -a "$1" "$tmp/watched"
}
wait_until has_seen '"name":"cxl-remote"'
is $? 0 "a watch has the node at once"
echo 'nodeName: renamed' >"$root/etc/slug/slugd.yaml"
kill -s HUP "$slugd_pid"
wait_until has_seen '"name":"renamed"'
is $? 0 "and again when it is different"
wait_until has_seen '"message":"nodeName is renamed'
is $? 0 "with what has changed"

metrics=$(body http://slug/metrics)
contains "$(ask http://slug/metrics)" "content-type: text/plain; version=0.0.4" "metrics are Prometheus' text"
contains "$metrics" 'slug_build_info{version="' "metrics: the version"
contains "$metrics" 'slug_snapshot_generation 2' "metrics: the generation"
contains "$metrics" 'slug_look_duration_seconds 0.' "metrics: how long a look takes"
contains "$metrics" 'slug_numa_node_capacity_bytes{numa_node="2",kind="cxl",locality="remote"} 17179869184' \
  "metrics: bytes of a NUMA node"
contains "$metrics" 'slug_rpc_duration_seconds_count{method="slug.v1.NodeService/DescribeNode",code="ok"}' "metrics: calls"
contains "$metrics" 'method="grpc.health.v1.Health/Check",code="not_found",le="+Inf"} 1' "metrics: failures by code"
is "$(echo "$metrics" | grep -v -c -E '^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[^}]*\})? [0-9.]+)$')" 0 "metrics: every line has the form"
# every metric has its head once, before its samples
is "$(echo "$metrics" | sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' | sort | uniq -d)" "" "metrics: no head twice"

stop_slugd TERM
is "$slugd_status" 0 "slugd stops while it is watched"
wait "$watcher"
contains "$(tr '\0' ' ' <"$tmp/watched")" '"error":{"code":"unavailable","message":"the server is stopping"}' "and says so to the watch"

# Who may what: a user who is neither root nor slugd's.
if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
  skip "roles" "it takes root and setpriv"
  done_testing
fi
chmod 0755 "$tmp"
# as USER-ID GROUPS CURL-ARGUMENT...
as() {
  as_user=$1
  as_groups=$2
  shift 2
  setpriv --reuid "$as_user" --regid 64000 --groups "$as_groups" curl --silent --max-time 30 --unix-socket "$sock" "$@"
}
restart() {
  [ -z "$slugd_pid" ] || stop_slugd TERM
  printf '%s\n' "$1" >"$root/etc/slug/slugd.yaml"
  start_slugd --root "$root"
  ctl version >/dev/null 2>&1
  chmod 0666 "$sock"
}
restart 'roles: {reader: {groups: [64001], users: []}, admin: {users: [64002, no-such-user]}}'
contains "$(as 64000 64000 -H "$json" -d '{}' $service/GetVersion)" \
  "/slug.v1.NodeService/GetVersion wants the role 'reader', and uid 64000 has 'anyone'" "a stranger is refused by name"
contains "$(as 64000 64000 -H "$json" -d '{}' $service/GetVersion)" '"code":"permission_denied"' "with the code"
is "$(as 64000 64000 http://slug/healthz)" "ok" "but may ask whether slugd is there"
contains "$(as 64000 64000 http://slug/metrics)" "permission_denied" "metrics want the role, too"
contains "$(as 64000 64000,64001 -H "$json" -d '{}' $service/GetVersion)" '"version"' "a supplementary group gives the role"
contains "$(as 64002 64000 -H "$json" -d '{}' $service/GetVersion)" '"version"' "an admin is a reader"
contains "$(cat "$tmp/slugd.log")" "there is no user 'no-such-user', nobody is admin by it" "a name that nobody has is said"
# One user takes no more than their share of the connections; root is served meanwhile.
cat >"$tmp/crowd.py" <<'END'
import socket, sys
crowd = []
closed = 0
for _ in range(80):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(20)
    peer.connect(sys.argv[1])
    try:
        peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: slug\r\n\r\n")
        closed += peer.recv(100) == b""
    except ConnectionError:
        closed += 1
    crowd.append(peer)
print(closed)
END
if [ -x /usr/bin/python3 ]; then
  is "$(setpriv --reuid 64000 --regid 64000 --clear-groups /usr/bin/python3 "$tmp/crowd.py" "$sock")" 16 "64 connections of one user are served, 16 more are not"
  contains "$(ctl version)" "slugd" "root is served"
else
  skip "connections of one user" "there is no python3"
fi
restart 'roles: {reader: {users: [64000]}}'
contains "$(as 64000 64000 -H "$json" -d '{}' $service/GetVersion)" '"version"' "a user gives the role"
done_testing
