#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The pod of README.md, a sixteenth of its size: a stock kubelet gives it chunks, and its bytes end where its claim says.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/kubelet.sh
. /run/slug-test/kubelet.sh
mib=1048576

# anonymous memory of the pod's container, "LOCAL REMOTE" in MiB
where_it_lies() {
  uid=$(kubelet_pods | jq -r --arg name "bytes-$host" '.items[] | select(.metadata.name == $name) | .metadata.uid' | tr - _)
  find /sys/fs/cgroup/kubepods.slice -path "*pod$uid*/cri-containerd-*" -name memory.numa_stat -exec grep -h '^anon ' {} + |
    awk '{ for (i = 2; i <= NF; i++) { split(substr($i, 2), part, "="); sum[part[1] > 1] += part[2] } }
      END { printf "%d %d\n", sum[0] / 1048576, sum[1] / 1048576 }'
}

# has_settled: all of it is touched, and its local part is at its ceiling or a little below
has_settled() {
  where_it_lies >"$tmp/lies"
  read -r local remote <"$tmp/lies"
  [ "$((local + remote))" -ge 480 ] && [ "$local" -le 256 ] && [ "$local" -ge 240 ]
}

need_node
need_slug
printf 'enforce:\n  settings: {demotionEnabled: true, numaBalancing: 0}\n' >>/etc/slug/slugd.yaml
echo true >/sys/kernel/mm/numa/demotion_enabled
echo 0 >/proc/sys/kernel/numa_balancing
systemctl restart slugd.service
advertised "the kubelet may give away every chunk that slugd has"
manifest bytes "{cpu: 1, memory: 512Mi, $resource: 4}" x:480
runs bytes
equal "a pod with chunks"
wait_long has_settled
is "$?" 0 "of its bytes 256 MiB are local, as its claim allows, and the rest is remote"
remark "promised: local 256 MiB, remote 256 MiB; it has $(cat "$tmp/lies") MiB local and remote"
"$slugctl" claims | sed 's/^/# | /'
"$slugctl" describe-pod "default/bytes-$host" | sed 's/^/# | /'
is "$("$slugctl" -o json enforcement | jq -r --arg pod "bytes-$host" --argjson mib $mib '.containers[] | select(.pod == $pod) |
  [(.localBytes | tonumber) <= 257 * $mib, (.remoteBytes | tonumber) >= 220 * $mib, .state] | join(" ")')" \
  "true true ENFORCEMENT_STATE_HELD" "and slugctl says so"
gone bytes
done_testing
