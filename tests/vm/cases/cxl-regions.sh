#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The life of CXL regions under a running slugd, with a watcher beside it: made, online, offline, destroyed. The numbers follow the
# kernel's last event within a second, and nothing is restarted.
#
# The memory of the regions is only counted here, never touched: a device of the emulator that does DMA into it would break.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

one='.numaNodes[] | select(.numaNode.id == 1)'
capacity() {
  describe && node "$one | .numaNode.capacityBytes // \"0\""
}
has_capacity() {
  [ "$(capacity)" = "$1" ]
}
has_node() {
  describe && [ "$(node "[$one] | length")" = "$1" ]
}
unused() {
  node '[.unusedMemory[]?.name] | sort | join(" ")'
}

modprobe -a cxl_acpi cxl_pci cxl_mem cxl_port dax_cxl device_dax kmem 2>/dev/null
udevadm settle
echo online_movable >/sys/devices/system/memory/auto_online_blocks
wait_until test -e /sys/bus/cxl/devices/mem2
describe
is "$(node '.numaNodes | length') $(unused)" "1 mem0 mem1 mem2" "at the start one NUMA node, and three devices in no region"
pid=$(unit MainPID)
# the kernel makes no event of a policy that changes; the next look, at the latest, sees it
systemctl reload slugd.service
sees_policy() {
  "$slugctl" describe-node -o wide | grep -q 'Auto-online Blocks: *online_movable'
}
wait_until sees_policy
is "$?" 0 "slugd knows that blocks come online movable"
hand_over cxl-before
"$slugctl" changes --follow -o json >"$tmp/followed" 2>"$tmp/follow.log" &
follower=$!

watch_events
cxl create-region -t ram -d decoder0.0 -w 2 -m mem0 mem1 >"$tmp/cxl.log" 2>&1
is "$?" 0 "a 2-way region is created"
settled "2-way region" has_capacity 1073741824
is "$(node "$one | .numaNode | \"\(.kind) \(.locality) \(.movableOnly)\"")" "MEMORY_KIND_CXL LOCALITY_REMOTE true" "it is remote CXL memory, all movable"
contains "$(node "$one | .numaNode.reason")" "2-way interleave over mem0, mem1" "because of a 2-way region over mem0 and mem1"
is "$(node .capacity.remoteBytes)" 1073741824 "the node's remote bytes are its bytes"

watch_events
cxl create-region -t ram -d decoder0.0 -w 1 -m mem2 >>"$tmp/cxl.log" 2>&1
is "$?" 0 "a 1-way region is created"
settled "1-way region" has_capacity 1610612736
contains "$(node "$one | .numaNode.reason")" "mem2" "the reason names its device, too"
is "$(unused)" "" "all memory is in use"
is "$(cxl list -R | as_list | jq length) $(daxctl list | as_list | jq length)" "2 2" "cxl and daxctl list both"
cxl_agrees "with regions"
is "$(numactl -H | awk '$1 == "node" && $2 == 1 && $3 == "size:" { print $4 }')" 1536 "numactl counts them, too"
hand_over cxl-regions

watch_events
daxctl offline-memory dax0.0 >>"$tmp/cxl.log" 2>&1
is "$?" 0 "the first region's memory goes offline"
settled "offline" has_capacity 536870912
contains "$(unused)" "NUMA node 1" "what is offline is shown as unused"

watch_events
{ cxl disable-region region0 && cxl destroy-region -f region0; } >>"$tmp/cxl.log" 2>&1
is "$?" 0 "the region is destroyed"
is_destroyed() {
  describe && [ "$(unused)" = "mem0 mem1" ]
}
settled "destroyed" is_destroyed

watch_events
{ daxctl offline-memory dax1.0 && cxl disable-region region1 && cxl destroy-region -f region1; } >>"$tmp/cxl.log" 2>&1
is "$?" 0 "and the other one"
settled "NUMA node gone" has_node 0
is "$(node '.numaNodes | length') $(unused)" "1 mem0 mem1 mem2" "all is as it was"
hand_over cxl-after
sed 's/^/# cxl: /' "$tmp/cxl.log" | grep -i -E 'error|fail' || true

kill "$follower"
wait "$follower" 2>/dev/null
contains "$(jq -r .message "$tmp/followed")" "NUMA node 1 is new: cxl, remote, " "the watcher saw the NUMA node come"
contains "$(jq -r .message "$tmp/followed")" "NUMA node 1 is gone: " "and go"
is "$(cat "$tmp/follow.log")" "" "without losing slugd"
is "$(unit MainPID)" "$pid" "which is still the same process"
done_testing
