#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Chunks of a stock kubelet and slug-nri at the same container: it is created with the NUMA nodes of its chunks beside the local ones,
# and its bytes end where its claim says.
# shellcheck disable=SC2034,SC2317,SC2329 # nri is containerd.sh's; wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/kubelet.sh
. /run/slug-test/kubelet.sh
nri=yes

said() {
  journalctl -b -u slug-nri.service -o cat --no-pager
}

has_mems() {
  [ "$(of_container "$1" cpuset.mems)" = "$2" ]
}

start_containerd || bail_out "containerd does not start"
need_node
need_slug
hold_splits
systemctl start slug-nri.service
is "$?" 0 "slug-nri starts"
wait_until registered
is "$?" 0 "and is one of the runtime's plugins"
advertised "the kubelet may give away every chunk that slugd has"

manifest masked "{cpu: 1, memory: 512Mi, $resource: 4}" x:480
runs masked
equal "a pod with chunks"
wait_until in_journal "container 'main' is given NUMA nodes" -u slug-nri.service -o cat
given_nodes=$(said | sed -n "s|.*Pod 'default/masked-$host', container 'main' is given NUMA nodes \\([0-9,-]*[0-9]\\).*|\\1|p")
is "$given_nodes" "0-1,3" "its container is created with the local NUMA nodes and that of its chunks"
is "$(of_container masked cpuset.mems)" "$given_nodes" "which is its cpuset.mems"
is "$(nodes_promised "$(uid_of_static masked)")" "$given_nodes" "and what its claim says"
wait_long has_settled masked 480 256
is "$?" 0 "of its bytes 256 MiB are local, as its claim allows, and the rest is remote"
remark "promised: local 256 MiB, remote 256 MiB; it has $(cat "$tmp/lies") MiB local and remote"
"$slugctl" claims | sed 's/^/# | /'
"$slugctl" describe-pod "default/masked-$host" | sed 's/^/# | /'
of_container masked memory.numa_stat | sed -n 's/^anon /# | anon /p'
is "$(said | grep -c -F "masked-$host")" 1 "nothing had to be changed after it was created"

manifest plain "{memory: 64Mi}" x:8
runs plain
wait_until has_mems plain ""
is "$?" 0 "a pod without chunks is left alone"
gone masked plain
systemctl stop slug-nri.service
done_testing
