#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A running slugd reads its configuration again: a good file takes effect at once, a bad one changes nothing and is told once.
# And it is started with a socket that somebody else made.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
"$mktree" "$machines/two-nodes.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/etc/slug"

describe() {
  ctl -o json describe-node | awk -f "$here/flatten.awk" >"$tmp/flat"
}

value() {
  awk -v path="$1" '$1 == path { sub(/^[^ ]* ?/, ""); print; exit }' "$tmp/flat"
}

# condition TYPE: "STATUS REASON" of it
condition() {
  n=$(awk -v type="$1" '$1 ~ /^conditions[.][0-9]+[.]type$/ && $2 == type { split($1, p, "."); print p[2]; exit }' "$tmp/flat")
  echo "$(value "conditions.$n.status") $(value "conditions.$n.reason")"
}

# configure TEXT: as slugd.yaml, then a reload
configure() {
  printf '%s\n' "$1" >"$root/etc/slug/slugd.yaml"
  kill -s HUP "$slugd_pid"
}

becomes() {
  describe && [ "$(value "$1")" = "$2" ]
}

condition_becomes() {
  describe && [ "$(condition "$1")" = "$2" ]
}

# reaches NAME COMMAND...
reaches() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "$(cat "$tmp/flat" "$tmp/slugd.log")"
  fi
}

start_slugd --root "$root"
describe
is "$(value reserved.totalBytes)" $((100 * 1024 * 1024)) "at the start the defaults"
is "$(condition ConfigurationCurrent)" "CONDITION_STATUS_TRUE Loaded" "at the start the configuration is current"
first=$(value generation)

configure 'kubelet: {systemReserved: {memory: 1Gi}}'
reaches "a good file takes effect" becomes reserved.totalBytes $((1124 * 1024 * 1024))
is "$(value generation)" $((first + 1)) "as a new generation"
contains "$(cat "$tmp/slugd.log")" "The configuration was read again" "and is told"

configure 'kubelet: {systemReserved: {memory: lots}}'
reaches "a bad file is shown as a condition" condition_becomes ConfigurationCurrent "CONDITION_STATUS_FALSE ReloadRefused"
is "$(value reserved.totalBytes)" $((1124 * 1024 * 1024)) "a bad file leaves the old values"
is "$(value generation)" $((first + 1)) "and the old generation"
is "$(grep -c 'keeping the configuration of before' "$tmp/slugd.log")" 1 "a bad file is told once"
contains "$(cat "$tmp/slugd.log")" "/etc/slug/slugd.yaml:1:36" "with its place"

configure 'nodeName: reloaded'
reaches "a mended file takes effect" becomes name reloaded
is "$(condition ConfigurationCurrent)" "CONDITION_STATUS_TRUE Loaded" "and the condition is good again"
is "$(value reserved.totalBytes)" $((100 * 1024 * 1024)) "what is not in it is back at its default"

rm "$root/etc/slug/slugd.yaml"
kill -s HUP "$slugd_pid"
reaches "no file at all is good, too" becomes reserved.parts.0.source "kubelet default"

i=0
while [ "$i" -lt 30 ]; do
  kill -s HUP "$slugd_pid"
  i=$((i + 1))
done
describe
is "$(value reserved.totalBytes)" $((100 * 1024 * 1024)) "a burst of reloads is survived"
changes=$(curl -sS --unix-socket "$sock" -H 'content-type: application/json' -d '{"afterGeneration": "'"$first"'"}' \
  http://slug/slug.v1.NodeService/ListChanges)
contains "$changes" '"generation"' "the socket tells what changed"
stop_slugd TERM
is "$slugd_status" 0 "and slugd stops as asked"

# Socket activation, as systemd does it: a listening descriptor 3, and LISTEN_FDS and LISTEN_PID in the environment.
command -v python3 >/dev/null || {
  skip "a socket that was passed is served" "there is no python3"
  done_testing
}
cat >"$tmp/activate.py" <<'END'
import os, socket, sys
kind = socket.SOCK_DGRAM if sys.argv[2] == "datagram" else socket.SOCK_STREAM
passed = socket.socket(socket.AF_UNIX, kind)
passed.bind(sys.argv[1])
if sys.argv[2] == "listening":
    passed.listen()
os.dup2(passed.fileno(), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
END
python3 "$tmp/activate.py" "$sock" listening "$slugd" --foreground --root "$root" >"$tmp/slugd.log" 2>&1 &
slugd_pid=$!
ctl describe-node >/dev/null
is "$?" 0 "a socket that was passed is served"
stop_slugd TERM
is "$slugd_status" 0 "a slugd with such a socket stops as asked"
is "$(find "$sock" -type s)" "$sock" "and leaves the socket, which is not its own"
for wrong in bound datagram; do
  rm -f "$sock"
  timeout -k 5 30 python3 "$tmp/activate.py" "$sock" "$wrong" "$slugd" --foreground --root "$root" >"$tmp/slugd.log" 2>&1
  is "$?" 1 "a $wrong socket that was passed is refused"
  contains "$(cat "$tmp/slugd.log")" "look at slugd.socket" "a $wrong socket that was passed: says what to do"
done
done_testing
