#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Why a NUMA node is what it is, and what there is of settings: the verdict of "explain" is that of describe-node on every machine
# of the fixtures.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
for name in two-nodes cxl-remote cxl-interleave hmat-tiers hbm gpu-node cpuless-no-evidence memoryless-node sparse-ids; do
  rm -rf "$tmp/root"
  "$mktree" "$machines/$name.tree" "$tmp/root" || bail_out "cannot make $name"
  start_slugd --root "$tmp/root"
  ctl -o json describe-node | awk -f "$here/flatten.awk" >"$tmp/flat"
  ids=$(sed -n 's/^numaNodes[.]\([0-9]*\)[.]numaNode[.]reason .*/\1/p' "$tmp/flat")
  for i in $ids; do
    id=$(sed -n "s/^numaNodes[.]${i}[.]numaNode[.]id //p" "$tmp/flat")
    reason=$(sed -n "s/^numaNodes[.]${i}[.]numaNode[.]reason //p" "$tmp/flat")
    ctl explain numa-node "${id:-0}" >"$tmp/explained" 2>&1
    contains "$(head -n 1 "$tmp/explained")" "NUMA node ${id:-0} is " "$name: NUMA node ${id:-0}: a verdict"
    contains "$(head -n 1 "$tmp/explained")" ": $reason" "$name: NUMA node ${id:-0}: for the reason of describe-node"
    is "$(grep -c '  decides  ' "$tmp/explained")" 1 "$name: NUMA node ${id:-0}: one question decides"
    contains "$(tr -s ' ' <"$tmp/explained" | grep ' decides ')" "$reason" "$name: NUMA node ${id:-0}: with that reason"
  done
  stop_slugd TERM
done

"$mktree" "$machines/cxl-remote.tree" "$tmp/ruled" || bail_out "cannot make a machine"
mkdir -p "$tmp/ruled/etc/slug"
printf 'classify:\n- {numaNode: 2, locality: excluded}\n' >"$tmp/ruled/etc/slug/slugd.yaml"
start_slugd --root "$tmp/ruled"
ctl explain numa-node 2 >"$tmp/explained"
contains "$(head -n 1 "$tmp/explained")" "NUMA node 2 is cxl, excluded: the configuration says so" "a rule overrules"
contains "$(grep ' overrules ' "$tmp/explained")" "/etc/slug/slugd.yaml:2" "and its place is told"
contains "$(grep ' decides ' "$tmp/explained")" "CXL memory of region0" "what the machine said is told, too"
is "$(ctl explain numa-node 77 2>&1)" "slugctl: slugd refused: not_found: there is no NUMA node 77; there are 0-2" "a NUMA node that is not there"
is "$(ctl explain numa-node x 2>&1 | head -n 1)" "slugctl: the id of a NUMA node is a number from 0 to 1023, not 'x'" "an id that is no number"
is "$(ctl explain disk 1 2>&1 | head -n 1)" "slugctl: cannot explain 'disk'; what can be explained: numa-node, claim, container, hints" "another thing"
is "$(ctl explain numa-node >/dev/null 2>&1; echo $?)" 2 "too few arguments"
is "$(ctl explain hints 0 >/dev/null 2>&1; echo $?)" 2 "too many arguments"
is "$(ctl explain numa-node 0 --local 1Gi 2>&1 | head -n 1)" "slugctl: --local is an option of 'explain hints', not of this" "an option of another subject"
contains "$(ctl -o json explain numa-node 2)" '"EXPLANATION_ANSWER_OVERRULES"' "as JSON"
contains "$(ctl config | tr -s ' ')" "classify[0] {numaNode: 2, locality: excluded} /etc/slug/slugd.yaml:2" "config shows the rule"
stop_slugd TERM

# Drop-ins, a kubelet and its flags, by the programs themselves.
root=$tmp/ruled
mkdir -p "$root/etc/slug/slugd.yaml.d" "$root/proc/77" "$root/etc/kubelet.d"
printf 'refreshInterval: 5s\n' >"$root/etc/slug/slugd.yaml.d/10.yaml"
printf 'kubelet\n' >"$root/proc/77/comm"
printf '77 (kubelet) S 1 77 77 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n' >"$root/proc/77/stat"
printf '/usr/bin/kubelet\0--config-dir=/etc/kubelet.d\0--kube-reserved=memory=1Gi\0' >"$root/proc/77/cmdline"
printf 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nsystemReserved: {memory: 2Gi}\n' >"$root/etc/kubelet.d/1.conf"
start_slugd --root "$root"
ctl config | tr -s ' ' >"$tmp/config"
contains "$(cat "$tmp/config")" "refreshInterval 5s /etc/slug/slugd.yaml.d/10.yaml:1" "a drop-in of slugd's"
contains "$(cat "$tmp/config")" "kubelet.kubeReserved.memory 1Gi kubelet flag --kube-reserved" "a flag of the kubelet's"
contains "$(cat "$tmp/config")" "kubelet.systemReserved.memory 2Gi /etc/kubelet.d/1.conf:3" "a drop-in of the kubelet's"
contains "$(cat "$tmp/config")" "process 77" "the process"
contains "$(ctl describe-node -o wide)" "kubelet flag --kube-reserved" "describe-node has the sources"
stop_slugd TERM

# --check-config
is "$("$slugd" --check-config "$root/etc/slug/slugd.yaml"; echo $?)" "$root/etc/slug/slugd.yaml: ok
0" "--check-config: a good file"
printf 'colour: red\n' >"$root/etc/slug/slugd.yaml.d/20.yaml"
"$slugd" --check-config "$root/etc/slug/slugd.yaml" >"$tmp/out" 2>"$tmp/error"
is "$?" 1 "--check-config: a bad drop-in"
contains "$(cat "$tmp/error")" "$root/etc/slug/slugd.yaml.d/20.yaml:1:1: unknown key 'colour'" "--check-config: says where"
is "$("$slugd" --check-config "$tmp/none" 2>/dev/null; echo $?)" 1 "--check-config: no file"
is "$("$slugd" --check-config 2>/dev/null; echo $?)" 2 "--check-config: no name"
done_testing
