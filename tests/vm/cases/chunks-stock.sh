#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a stock node does with the memory of NUMA nodes without CPUs: there is a kubelet, and no slugd.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/kubelet.sh
. /run/slug-test/kubelet.sh

# total NODE...: MemTotal of NUMA nodes in bytes
total() {
  for number in "$@"; do
    awk '/MemTotal/ { print $4 * 1024 }' "/sys/devices/system/node/node$number/meminfo"
  done | awk '{ sum += $1 } END { printf "%d\n", sum }'
}

# has_limit: the kubelet has said how much all pods may have
has_limit() {
  pods_max=$(cat /sys/fs/cgroup/kubepods.slice/memory.max)
  [ "$pods_max" != max ]
}

# usage_of POD: anonymous memory of its container, "NODE MIB" a line
usage_of() {
  uid=$(kubelet_pods | jq -r --arg name "$1-$host" '.items[] | select(.metadata.name == $name) | .metadata.uid')
  find /sys/fs/cgroup/kubepods.slice -path "*pod$uid*/cri-containerd-*" -name memory.numa_stat -exec grep -h '^anon ' {} + |
    awk '{ for (i = 2; i <= NF; i++) { split(substr($i, 2), part, "="); sum[part[1]] += part[2] } }
      END { for (n = 0; n < 4; n++) printf "%d %d\n", n, sum[n] / 1048576 }'
}

# has_touched POD MIB
has_touched() {
  usage_of "$1" >"$tmp/usage"
  [ "$(awk '{ sum += $2 } END { print sum + 0 }' "$tmp/usage")" -ge "$2" ]
}

# started NAME LIMITS MIB: it runs and has touched so much, wherever the kernel likes
started() {
  manifest "$1" "$2" "x:$3"
  runs "$1"
  wait_long has_touched "$1" "$(($3 - 1))"
  remark "$1, $2: MiB on NUMA nodes:$(awk '{ printf "%s %d: %d", (NR > 1 ? "," : ""), $1, $2 }' "$tmp/usage"); $(given | grep -c "^$1 ") chunks"
  cat "$tmp/usage" >>"$tmp/usages"
}

need_node
wait_long has_limit
remark "the kubelet answers $(cut -d. -f1 /proc/uptime) s after power on"
remark "NUMA nodes with CPUs have $(($(total 0 1) >> 20)) MiB, those without $(($(total 2 3) >> 20)) MiB"
remark "memory.max of kubepods.slice is $((pods_max >> 20)) MiB"
remark "GetAllocatableResources of pod-resources: $(pod_resources GetAllocatableResources)"
is "$([ "$pods_max" -gt "$(total 0 1)" ] && echo more)" more "pods may have more memory than the NUMA nodes with CPUs have"
started near '{cpu: 1, memory: 600Mi}' 500
started late '{memory: 600Mi}' 500
started last '{memory: 400Mi}' 300
is "$(awk '$1 > 1 { sum += $2 } END { print (sum > 64 ? "slow" : "none") }' "$tmp/usages")" slow \
  "who comes late has slow memory, which nobody has asked for and nobody is told"
started chunks "{memory: 320Mi, $resource: 4}" 16
is "$(given)" "" "a pod that asks for chunks runs, and has none"
gone near late last chunks
done_testing
