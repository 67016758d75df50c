#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What else there is for "at most 200 MiB near the CPUs", without slugd: nothing, cpuset.mems, memory.high. Nothing is demanded of
# them; the numbers are for the tables in README.md.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh

# try_holder HOLDER LOAD RATE [WORD...]: a load that does not get to its end in time is judged as it is then
try_holder() {
  holder=$1
  name=$1-$2
  rate=$3
  shift 3
  run_load "$name" 200 "$rate" 500 "$@"
  is "$([ -n "$verdict" ] && echo told)" told "$name was seen"
  end_load "$name"
}

patience=30
systemctl stop slug-kubelet.service slugd.service slugd.socket 2>/dev/null
echo 0 >/proc/sys/kernel/numa_balancing
for demotion in true false; do
  echo $demotion >/sys/kernel/mm/numa/demotion_enabled
  remark "demotion_enabled is $(cat /sys/kernel/mm/numa/demotion_enabled)"
  for rival in high nothing cpuset cpuset-local; do
    try_holder $rival "quick-$demotion" 100
  done
done
echo true >/sys/kernel/mm/numa/demotion_enabled
try_holder high slow-true 20
try_holder high huge-true 100 thp
echo false >/sys/kernel/mm/numa/demotion_enabled
done_testing
