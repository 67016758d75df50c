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

# usage_of POD: anonymous memory of its container by NUMA node, in MiB
usage_of() {
  uid=$(kubelet_pods | jq -r --arg name "$1-$host" '.items[] | select(.metadata.name == $name) | .metadata.uid')
  find /sys/fs/cgroup/kubepods.slice -path "*pod$uid*/cri-containerd-*" -name memory.numa_stat -exec grep -h '^anon ' {} + |
    awk '{ for (i = 2; i <= NF; i++) { split(substr($i, 2), part, "="); sum[part[1]] += part[2] } }
      END { for (n = 0; n < 4; n++) printf "%s%d: %d MiB", n ? ", " : "", n, sum[n] / 1048576; print "" }'
}

need_node
wait_long has_limit
remark "the kubelet answers $(cut -d. -f1 /proc/uptime) s after power on"
remark "NUMA nodes with CPUs have $(($(total 0 1) >> 20)) MiB, those without $(($(total 2 3) >> 20)) MiB"
remark "memory.max of kubepods.slice is $((pods_max >> 20)) MiB"
remark "GetAllocatableResources of pod-resources: $(pod_resources GetAllocatableResources)"
is "$([ "$pods_max" -gt "$(total 0 1)" ] && echo more)" more "pods may have more memory than the NUMA nodes with CPUs have"
manifest near '{cpu: 1, memory: 600Mi}' x:500
runs near
manifest late '{cpu: 200m, memory: 600Mi}' x:500
manifest chunks "{cpu: 100m, memory: 320Mi, $resource: 4}" x:16
runs late chunks
for name in near late chunks; do
  remark "$name: anonymous memory on NUMA nodes $(usage_of "$name"); chunks $(given | grep -c "^$name ")"
done
is "$(given)" "" "a pod that asks for chunks runs, and has none"
gone near late chunks
done_testing
