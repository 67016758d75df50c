#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A machine that changes under a running slugd: sizes, nodes that come and go, nodes that vanish between two reads.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
nodes=$root/sys/devices/system/node
"$mktree" "$machines/two-nodes.tree" "$root" || bail_out "cannot make a machine"
"$mktree" "$machines/cxl-remote.tree" "$tmp/other" || bail_out "cannot make another machine"
echo 'refreshInterval: 100ms' >"$tmp/slugd.yaml"

# put FILE TEXT: a reader sees the old text or the new one
put() {
  printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"
}

describe() {
  ctl -o json describe-node | awk -f "$here/flatten.awk" >"$tmp/flat"
}

value() {
  awk -v path="$1" '$1 == path { sub(/^[^ ]* ?/, ""); print; exit }' "$tmp/flat"
}

count_nodes() {
  grep -c -E '^numaNodes[.][0-9]+[.]numaNode[.]reason ' "$tmp/flat"
}

# become PATH VALUE: the answer has this value by now
become() {
  describe && [ "$(value "$1")" = "$2" ]
}

has_nodes() {
  describe && [ "$(count_nodes)" = "$1" ]
}

start_slugd --root "$root" --config "$tmp/slugd.yaml"
describe
is "$(value numaNodes.1.numaNode.capacityBytes)" $((33021456 * 1024)) "what is there at the start"
first=$(value generation)

"$slugctl" --socket "$sock" changes --follow -o json >"$tmp/followed" 2>"$tmp/follow.log" &
follower=$!
"$slugctl" --socket "$sock" watch >"$tmp/watched" 2>"$tmp/watch.log" &
watcher=$!
"$slugctl" --socket "$sock" watch -o json >"$tmp/states" 2>>"$tmp/watch.log" &
states=$!
put "$nodes/node1/meminfo" 'Node 1 MemTotal:       31972880 kB'
if wait_until become numaNodes.1.numaNode.capacityBytes $((31972880 * 1024)); then
  ok "memory that shrank is seen"
else
  not_ok "memory that shrank is seen" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi
second=$(value generation)
if [ "$second" -gt "$first" ]; then
  ok "and the generation rose"
else
  not_ok "and the generation rose" "$first, then $second"
fi

mv "$tmp/other/sys/devices/system/node/node2" "$nodes/node2"
put "$nodes/has_memory" 0-2
put "$nodes/online" 0-2
if wait_until has_nodes 3; then
  ok "a NUMA node that was added is seen"
else
  not_ok "a NUMA node that was added is seen" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi

put "$nodes/online" 0-1
put "$nodes/has_memory" 0-1
mv "$nodes/node2" "$tmp/node2"
if wait_until has_nodes 2; then
  ok "a NUMA node that was taken away is gone"
else
  not_ok "a NUMA node that was taken away is gone" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi

contains "$(ctl changes)" "NUMA node 1 has 32740229120 bytes (30.49 GiB), had 33813970944 (31.49 GiB)" "slugctl changes lists what changed"
contains "$(ctl changes --after "$second")" "NUMA node 2 is gone: " "the latest changes too"
is "$(ctl changes --after "$second" | grep -c 'NUMA node 1 has')" 0 "and only what came after"
is "$(ctl changes --after soon 2>&1 >/dev/null | head -n 1)" "slugctl: --after expects the number of a generation, not 'soon'" "a generation is a number"
if wait_until grep -q 'NUMA node 2 is gone' "$tmp/followed"; then
  ok "slugctl changes --follow tells it as it comes"
else
  not_ok "slugctl changes --follow tells it as it comes" "$(cat "$tmp/followed" "$tmp/follow.log")"
fi
is "$(grep -c '"message": *"NUMA node 1 has 32740229120' "$tmp/followed")" 1 "each change once, on a line of its own"
if wait_until grep -q 'NUMA node 2 is gone' "$tmp/watched"; then
  ok "slugctl watch tells it, too"
else
  not_ok "slugctl watch tells it, too" "$(cat "$tmp/watched" "$tmp/watch.log")"
fi
# two watches: whoever is slower may have missed a state between, and gets the last one all the same
if wait_until grep -q 'NUMA node 2 is gone' "$tmp/states"; then
  ok "and as JSON"
else
  not_ok "and as JSON" "$(cat "$tmp/states")"
fi
is "$(grep -c -v '^{.*}$' "$tmp/states")" 0 "every state is an object on a line"
is "$([ "$(grep -c '^Name:' "$tmp/watched")" -ge 2 ] && echo some)" some "or a text"
is "$(tail -n 1 "$tmp/states" | grep -o '"changes":{"generation":"[0-9]*"' | tr -dc '0-9')" \
  "$(tail -n 1 "$tmp/states" | grep -o '"generation":"[0-9]*"' | head -n 1 | tr -dc '0-9')" "a state and its changes are of one generation"
is "$(tail -n 12 "$tmp/watched" | grep -c '^Last changes:')" 1 "the last changes come last"
kill "$follower" "$watcher" "$states"
wait "$follower" "$watcher" "$states" 2>/dev/null
is "$(cat "$tmp/watch.log")" "" "and nothing else is said"

# A file that becomes garbage, and good again.
put "$nodes/node1/meminfo" garbage
if wait_until become diagnostics.0.source /sys/devices/system/node/node1/meminfo; then
  ok "a file that became garbage is named"
else
  not_ok "a file that became garbage is named" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi
put "$nodes/node1/meminfo" 'Node 1 MemTotal:       33021456 kB'
if wait_until become numaNodes.1.numaNode.capacityBytes $((33021456 * 1024)); then
  ok "and read again when it is good"
else
  not_ok "and read again when it is good" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi

# The masks say that the node is there, the folder comes and goes: whatever is read, slugd stays and answers.
flips=0
while [ $flips -lt 200 ]; do
  mv "$nodes/node1" "$tmp/node1"
  [ $((flips % 20)) -ne 0 ] || describe
  mv "$tmp/node1" "$nodes/node1"
  [ $((flips % 20)) -ne 10 ] || describe
  flips=$((flips + 1))
done
if kill -0 "$slugd_pid" 2>/dev/null && describe; then
  ok "NUMA nodes that come and go 200 times do not end slugd"
else
  not_ok "NUMA nodes that come and go 200 times do not end slugd" "$(tail -n 20 "$tmp/slugd.log")"
fi
if wait_until become numaNodes.1.numaNode.capacityBytes $((33021456 * 1024)); then
  ok "and in the end all is as it was"
else
  not_ok "and in the end all is as it was" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi

# Everything goes, and comes back.
mv "$root/sys" "$tmp/sys"
if wait_until has_nodes 0 || wait_until has_nodes 1; then
  ok "a machine without /sys is still served"
else
  not_ok "a machine without /sys is still served" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi
mv "$tmp/sys" "$root/sys"
if wait_until has_nodes 2; then
  ok "and read again when it is back"
else
  not_ok "and read again when it is back" "$(cat "$tmp/flat" "$tmp/slugd.log")"
fi
stop_slugd TERM
is "$slugd_status" 0 "slugd stopped as asked"
done_testing
