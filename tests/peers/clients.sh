#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stock clients of gRPC and Connect against the real slugd, on its Unix socket: what others' code makes of our answers.
#
#     clients.sh BUILD [CLIENT...]
#
# BUILD is where slug was built, tests/lib/mktree too. CLIENT: curl, grpcio, buf, grpc-js, connect-node, grpc-go; all of them when
# none is named. Each is a program of its own in this folder, and says on standard output what it found:
#
#     ok - NAME
#     not ok - NAME: WHY
#     restart SIGNAL           slugd is to be ended so, and started again
#     1..N                     last: that it came to its end
#
# A client whose language is not installed is skipped, unless SLUG_PEERS_MUST is set: then it has failed. What Node.js (itself
# included) and Go need is fetched from their registries, in the versions that package-lock.json and go.sum pin.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || { echo "Bail out! usage: clients.sh BUILD [CLIENT...]" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
shift
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

client_pid=
# shellcheck disable=SC2317 # run by a trap
end_all() {
  [ -z "$client_pid" ] || { kill "$client_pid" 2>/dev/null && wait "$client_pid" 2>/dev/null; }
  clean_up
}

# shellcheck disable=SC2317 # run by wait_until
serves() { curl --silent --fail --max-time 5 --output "$tmp/healthz" --unix-socket "$sock" http://slug/healthz; }

run_slugd() {
  start_slugd --root "$tmp/machine"
  wait_until serves || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# say NAME TEXT: one line of a client, numbered; the name of what failed goes to its first colon
say() {
  case $2 in
    "ok - "*) ok "$1: ${2#ok - }" ;;
    "not ok - "*": "*)
      said=${2#not ok - }
      not_ok "$1: ${said%%: *}" "${said#*: }"
      ;;
    "not ok - "*) not_ok "$1: ${2#not ok - }" ;;
    "restart "*)
      stop_slugd "${2#restart }"
      run_slugd
      ;;
    *) echo "# $1: $2" ;;
  esac
}

# run_client NAME COMMAND...: the time only bounds a failure
run_client() {
  name=$1
  shift
  said_n=$tap_n
  plan=none
  rm -f "$tmp/says"
  mkfifo "$tmp/says" || bail_out "cannot make a pipe"
  timeout -k 10 300 "$@" >"$tmp/says" 2>"$tmp/error" </dev/null &
  client_pid=$!
  while IFS= read -r line; do
    case $line in
      1..*) plan=${line#1..} ;;
      *) say "$name" "$line" ;;
    esac
  done <"$tmp/says"
  wait "$client_pid"
  status=$?
  client_pid=
  said_n=$((tap_n - said_n))
  if [ "$status" -eq 0 ] && [ "$said_n" -gt 0 ] && [ "$plan" = "$said_n" ]; then
    ok "$name came to its end"
  else
    not_ok "$name came to its end" "exit status $status, $said_n checks, $plan planned" "$(tail -n 20 "$tmp/error")"
  fi
}

# made NAME COMMAND...: what a client is made with; its words are shown when it fails
made() {
  name=$1
  shift
  timeout -k 10 600 "$@" >"$tmp/made" 2>&1 </dev/null && return 0
  not_ok "$name is made" "$* failed:" "$(tail -n 20 "$tmp/made")"
  return 1
}

# is_missing NAME WHAT
is_missing() {
  if [ -n "${SLUG_PEERS_MUST:-}" ]; then not_ok "$1" "$2"; else skip "$1" "$2"; fi
}

# lacks NAME COMMAND...: true, and told, when one of the commands is not there
lacks() {
  name=$1
  shift
  for need; do
    command -v "$need" >/dev/null || { is_missing "$name" "there is no $need" && return 0; }
  done
  return 1
}

# The lock file has a Node.js, too, for the machines that it is made for.
use_pinned_node() {
  for bin in "$tmp"/node/node_modules/node-linux-*/bin; do
    [ ! -x "$bin/node" ] || PATH=$bin:$PATH
  done
}

# The folder of Node.js is used as a copy: npm writes into it.
node_modules() {
  [ ! -d "$tmp/node/node_modules" ] || return 0
  cp -r "$here/node" "$tmp/node" || bail_out "cannot copy"
  made "node_modules" npm --prefix "$tmp/node" ci --ignore-scripts --no-audit --no-fund && use_pinned_node && return 0
  rm -rf "$tmp/node"
  return 1
}

client_curl() {
  run_client curl "$here/curl.sh" "$sock"
}

# Debian's grpcio belongs to Debian's python.
client_grpcio() {
  if ! /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null; then
    is_missing grpcio "there is no python3-grpcio, or no python3-protobuf"
    return
  fi
  mkdir "$tmp/python"
  # health.proto is taken from its own folder: a module grpc.health would hide in the package grpc, or hide it
  made "code for grpcio" protoc -I "$protos" -I "$here/proto/grpc/health/v1" --python_out="$tmp/python" \
    slug/v1/topology.proto slug/v1/node.proto health.proto || return
  run_client grpcio /usr/bin/python3 "$here/grpc_python.py" "$sock" "$tmp/python"
}

client_buf() {
  ! lacks buf node npm || return
  node_modules || return
  run_client buf "$here/buf-curl.sh" "$tmp/node/node_modules/.bin/buf" "$sock" "$tmp/slug.binpb"
}

client_grpc_js() {
  ! lacks grpc-js node npm || return
  node_modules || return
  run_client grpc-js node "$tmp/node/grpc-js.mjs" "$sock" "$here/proto" "$protos"
}

client_connect_node() {
  ! lacks connect-node node npm || return
  node_modules || return
  run_client connect-node node "$tmp/node/connect-node.mjs" "$sock" "$tmp/slug.binpb"
}

client_grpc_go() {
  ! lacks grpc-go go || return
  made "kubelet-dial" go -C "$here/go" build -o "$tmp/kubelet-dial" ./kubelet-dial || return
  run_client grpc-go "$tmp/kubelet-dial" "$sock" "$tmp/slug.binpb"
}

for need in curl protoc; do
  command -v "$need" >/dev/null || skip_all "there is no $need"
done
make_tmp
trap end_all EXIT
trap 'exit 141' PIPE
protos=$abs_top_srcdir/api/proto
[ -x "$slugd" ] || bail_out "there is no $slugd"
protoc -I "$here/proto" -I "$protos" --include_imports --descriptor_set_out="$tmp/slug.binpb" \
  slug/v1/cgroup.proto slug/v1/chunk.proto slug/v1/enforce.proto slug/v1/node.proto slug/v1/memory.proto slug/v1/pod.proto grpc/health/v1/health.proto ||
  bail_out "protoc does not take our .proto files"
"$mktree" "$machines/cxl-remote.tree" "$tmp/machine" || bail_out "cannot make a machine"
run_slugd

[ $# -gt 0 ] || set -- curl grpcio buf grpc-js connect-node grpc-go
for client; do
  case $client in
    curl) client_curl ;;
    grpcio) client_grpcio ;;
    buf) client_buf ;;
    grpc-js) client_grpc_js ;;
    connect-node) client_connect_node ;;
    grpc-go) client_grpc_go ;;
    *) bail_out "there is no client $client" ;;
  esac
done
stop_slugd TERM
is "$slugd_status" 0 "slugd outlived its clients, and stopped as asked"
done_testing
