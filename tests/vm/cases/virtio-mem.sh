#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Memory that grows and shrinks while slugd runs: 256 MiB, 1 GiB, 256 MiB again.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

# in MiB, as the hypervisor is asked for it
resize() {
  contains "$(ask qom-set '{"path": "/machine/peripheral/vm0", "property": "requested-size", "value": '$(($1 * 1048576))'}')" '"return"' "asked for $1 MiB"
}
mib() {
  describe && node '.numaNodes[] | select(.numaNode.id == 1) | .numaNode.capacityBytes // "0" | tonumber / 1048576 | floor'
}
has_mib() {
  [ "$(mib)" = "$1" ]
}
kernel_mib() {
  echo $(($(awk '$3 == "MemTotal:" { print $4 }' /sys/devices/system/node/node1/meminfo) / 1024))
}
kernel_has() {
  [ "$(kernel_mib)" = "$1" ]
}

wait_until has_mib 256
is "$(mib)" 256 "256 MiB at the start"
pid=$(unit MainPID)
generation=$(node .generation)
for size in 1024 512 256; do
  watch_events
  resize "$size"
  wait_until kernel_has "$size"
  is "$(kernel_mib)" "$size" "the kernel has $size MiB"
  settled "$size MiB" has_mib "$size"
  is "$(node '.numaNodes[] | select(.numaNode.id == 1) | .numaNode.locality')" LOCALITY_REMOTE "$size MiB: it is remote"
done
is "$([ "$(node .generation)" -gt "$generation" ] && echo risen)" risen "the generation rose"
contains "$("$slugctl" changes)" "NUMA node 1 has 1073741824 bytes (1.00 GiB)" "the changes tell it"
is "$(unit MainPID)" "$pid" "in one process"
done_testing
