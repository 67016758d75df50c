#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slugd describes is what the kernel's own tools say: numactl, /proc/meminfo, and on a machine with CXL cxl and daxctl.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

describe || bail_out "slugd does not answer"
is "$(node '.capacity.totalBytes')" "$(awk '/^MemTotal:/ { printf "%d", $2 * 1024 }' /proc/meminfo)" "capacity is MemTotal of /proc/meminfo"

# numactl -H: "node 0 size: 745 MB", "node 0 cpus: 0"
numactl -H >"$tmp/numactl"
is "$(node '[.numaNodes[] | (.numaNode.id // 0) | tostring] | join(" ")')" \
  "$(awk '$1 == "node" && $3 == "size:" { printf "%s%s", sep, $2; sep = " " }' "$tmp/numactl")" "the NUMA nodes are numactl's"
for id in $(node '.numaNodes[] | (.numaNode.id // 0)'); do
  one=".numaNodes[] | select((.numaNode.id // 0) == $id)"
  is "$(($(node "$one | .numaNode.capacityBytes // \"0\"") / 1048576))" "$(awk -v id="$id" '$1 == "node" && $2 == id && $3 == "size:" { print $4 }' "$tmp/numactl")" \
    "NUMA node $id: as many MB as numactl says"
  is "$(node "$one | .numaNode.capacityBytes // \"0\"")" \
    "$(awk '$3 == "MemTotal:" { printf "%d", $4 * 1024 }' "/sys/devices/system/node/node$id/meminfo")" "NUMA node $id: its own meminfo to the byte"
  cpus=$(awk -v id="$id" '$1 == "node" && $2 == id && $3 == "cpus:" { print NF - 3 }' "$tmp/numactl")
  is "$(node "$one | .numaNode.cpuCount // 0" | tr -d '"')" "$cpus" "NUMA node $id: as many CPUs"
done
total=0
for bytes in $(node '.numaNodes[].amounts | "\(.capacityBytes // "0")"'); do
  total=$((total + bytes))
done
is "$total" "$(node '.capacity.totalBytes')" "the NUMA nodes add up to it"

[ ! -e /sys/bus/cxl/devices/root0 ] || cxl_agrees "$(basename "$0" .sh)"
done_testing
