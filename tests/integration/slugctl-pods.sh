#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slugctl shows of the pods of a node: cgroups that the test makes, a report that it sends, and a slugd that goes away.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
mi=1048576
boot=3b0f1a52-0000-4000-8000-000000000001
db=11111111-2222-4333-8444-555555555555
other=99999999-2222-4333-8444-555555555555
static=0123456789abcdef0123456789abcdef
container=$(printf '%064d' 1)
slice=kubepods.slice/kubepods-burstable.slice
db_cgroup=$slice/kubepods-burstable-pod$(echo $db | tr - _).slice

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random"
echo "$boot" >"$root/proc/sys/kernel/random/boot_id"

# cgroup PATH BYTES NODE_0 NODE_2: one with processes
cgroup() {
  mkdir -p "$root/sys/fs/cgroup/$1"
  printf '%s\n' "$2" >"$root/sys/fs/cgroup/$1/memory.current"
  echo max >"$root/sys/fs/cgroup/$1/memory.max"
  printf 'anon N0=%s N1=0 N2=%s\nfile N0=0 N1=0 N2=0\n' "$3" "$4" >"$root/sys/fs/cgroup/$1/memory.numa_stat"
  printf 'low 0\noom_kill 2\n' >"$root/sys/fs/cgroup/$1/memory.events"
  printf 'some avg10=12.50 avg60=0.00 avg300=0.00 total=0\n' >"$root/sys/fs/cgroup/$1/memory.pressure"
  printf 'populated 1\nfrozen 0\n' >"$root/sys/fs/cgroup/$1/cgroup.events"
}

# reported UID NAMESPACE NAME CONTAINER...
reported() {
  printf '{"uid":"%s","namespace":"%s","name":"%s","listedByKubelet":true,"sandbox":"SANDBOX_STATE_READY","containers":[%s]}' "$@"
}

# report SETTLED POD...
sequence=0
report() {
  settled=$1
  shift
  sequence=$((sequence + 1))
  generation=$(ctl -o json pods | value_of ledgerGeneration)
  pods=$(printf '%s,' "$@")
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' \
    -d "{\"reporter\":\"test\",\"sequence\":\"$sequence\",\"bootId\":\"$boot\",\"ledgerGeneration\":\"$generation\",\"settled\":$settled,
      \"unsettledReason\":\"the kubelet starts\",\"sources\":[{\"name\":\"runtime\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"},
      {\"name\":\"pod-resources\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"}],\"pods\":[${pods%,}]}" \
    http://slug/slug.v1.PodService/ReportPods >/dev/null
}

# row NAME: of a table on standard input, with single blanks
row() {
  awk -v name="$1" '$2 == name' | tr -s ' '
}

# fails STATUS NAME COMMAND...: what it says is left in $said
fails() {
  expected=$1
  name=$2
  shift 2
  said=$("$@" 2>&1 >"$tmp/out")
  is "$?" "$expected" "$name: exit status"
}

# No pods

start_slugd --root "$root"
contains "$(ctl pods)" "No pods found" "no pods: the list says so"
contains "$(ctl describe-node 2>"$tmp/error")" "Non-terminated Pods:  (0 in total)" "no pods: the node has none"
is "$(ctl describe-node -o json 2>"$tmp/error" | grep -c '"pods"')" 0 "describe-node -o json is the node alone"
contains "$(ctl top --once)" "No pods found" "no pods: top says so"
stop_slugd TERM

# Pods that only their cgroups tell of

cgroup kubepods.slice 0 0 0
cgroup $slice 0 0 0
cgroup "$db_cgroup" $((100 * mi)) $((60 * mi)) $((30 * mi))
cgroup "$db_cgroup/cri-containerd-$container.scope" $((99 * mi)) $((60 * mi)) $((30 * mi))
cgroup "kubepods.slice/kubepods-pod$static.slice" $((40 * mi)) $((40 * mi)) 0
start_slugd --root "$root"
out=$(ctl pods)
is "$(printf '%s\n' "$out" | row $db)" "- $db Burstable running - 60Mi 30Mi observed" "cgroups: a pod goes by its uid"
is "$(printf '%s\n' "$out" | row $static)" "- $static Guaranteed running - 40Mi 0 observed" "cgroups: a static one, too"
contains "$out" "no slug-kubelet has reported; systemctl enable --now slug-kubelet" "cgroups: what is missing is said with the mend"
is "$(ctl -o wide pods | sed -n 1p | tr -s ' ')" \
  "Namespace Name QoS State Request Limit Local Remote N0 N2 Claim Size From Confidence UID Cgroup" "wide: a column for each NUMA node that is used"
is "$(ctl -o wide pods | row $db)" "- $db Burstable running - - 60Mi 30Mi 60Mi 30Mi observed 112Mi usage low $db $db_cgroup" "wide: the row"
out=$(ctl describe-pod $db)
contains "$out" "Name:        <unknown>" "describe-pod: nobody has told the name"
contains "$out" "Size:        112Mi (what it uses now, because neither request nor limit is known; the confidence is low)" \
  "describe-pod: a size by usage"
contains "$out" "NUMA Nodes:       0:60Mi, 2:30Mi" "describe-pod: usage by NUMA node"
contains "$out" "Pressure:         12.5%" "describe-pod: pressure"
contains "$out" "OOM Kills:        2" "describe-pod: kills"
is "$(ctl -o json pods | awk -f "$here/flatten.awk" | awk '$1 == "report.hasReport"')" "" "json: no report, and no words about it"

# Taken along

"$slugctl" capture --root "$root" "$tmp/node.tar" >/dev/null 2>"$tmp/error" || not_ok "capture" "$(cat "$tmp/error")"
"$slugctl" capture --mask --root "$root" "$tmp/masked.tar" >/dev/null 2>"$tmp/error" || not_ok "capture --mask" "$(cat "$tmp/error")"
is "$(tar -tf "$tmp/masked.tar" | grep -c -e "$static" -e "$container")" 0 "capture --mask: no pods"
ctl pods -o wide >"$tmp/here"
mkdir "$tmp/captured"
tar -xf "$tmp/node.tar" -C "$tmp/captured" || bail_out "cannot unpack the capture"
stop_slugd TERM
start_slugd --root "$tmp/captured" --no-ledger
is "$(ctl pods -o wide)" "$(cat "$tmp/here")" "capture: the pods are those of the machine"
stop_slugd TERM
start_slugd --root "$root"

# A report

report true "$(reported $db default db "{\"name\":\"db\",\"id\":\"$container\",\"cgroup\":\"$db_cgroup/cri-containerd-$container.scope\",
  \"state\":\"REPORTED_CONTAINER_STATE_RUNNING\",\"resources\":{\"requests\":{\"memory\":\"1Gi\"},\"limits\":{\"memory\":\"2Gi\"}}}")" \
  "$(reported $static kube-system kube-proxy-node '')" "$(reported $other kube-system db '')"
out=$(ctl pods)
is "$(printf '%s\n' "$out" | row db | head -n 1)" "default db Burstable running 1Gi 60Mi 30Mi observed" "a report: names and requests"
is "$(printf '%s\n' "$out" | grep -c slug-kubelet)" 0 "a report: nothing is missing"
is "$(ctl pods --sort remote | sed -n '3,$p' | awk '{ print $1 "/" $2 }' | head -n 1)" default/db "--sort: the largest stands first"
is "$(ctl pods -n kube-system | sed -n '3,$p' | awk '{ print $2 }' | tr '\n' ' ')" "db kube-proxy-node " "-n: pods of one namespace"
is "$(ctl -o json pods -n default --sort size | value_of name)" db "json: the same choice"
contains "$(ctl -o yaml pods -n default)" 'name: "db"' "yaml"
contains "$(ctl pods -n nowhere)" "No pods found" "-n: of one that has none"
contains "$(ctl describe-node 2>"$tmp/error" | sed -n '/^Non-term/,$p' | tr -s ' ')" "default db 1Gi (1%) 0 (0%) 60Mi 30Mi" \
  "describe-node: the row of a pod as kubectl has it, and the limit of its cgroup is in force"

# Which one is meant

out=$(ctl describe-pod default/db)
contains "$out" "Size:        1Gi (what it requested and the kubelet admitted; the confidence is high)" "describe-pod: a size by request"
contains "$out" "Seen By:     slugd (its cgroup), container runtime, kubelet" "describe-pod: who has seen it"
is "$(ctl -o json describe-pod default/db | value_of uid)" $db "describe-pod: json is the pod"
fails 1 "a name that two pods have" ctl describe-pod db
contains "$said" "slugctl describe-pod kube-system/db" "a name that two pods have: the command for the one"
contains "$said" "slugctl describe-pod default/db" "a name that two pods have: and for the other"
is "$(cat "$tmp/out")" "" "a name that two pods have: nothing on standard output"
fails 1 "a name that none has" ctl describe-pod kube-system/kube-prox
contains "$said" "slugctl describe-pod kube-system/kube-proxy-node" "a name that none has: a similar one"
fails 2 "no name" ctl describe-pod
fails 2 "a key that is none" ctl pods --sort colour
contains "$said" "one of name, usage, local, remote, growth, pressure, size" "a key that is none: those that are"

# top

out=$(ctl top --once --sort remote)
contains "$out" "by remote, every 2s" "top: what it shows"
contains "$(printf '%s\n' "$out" | tr -s ' ')" "remote 30.00 MiB" "top: the sum of remote memory"
contains "$(printf '%s\n' "$out" | tr -s ' ')" "default db 100.00 MiB 60.00 MiB 30.00 MiB" "top: a pod"
is "$(ctl top --interval 1 --count 2 -o json | wc -l)" 2 "top: json is an object a line"
fails 2 "top: no time between two looks" ctl top --interval 0
fails 2 "top: yaml" ctl top -o yaml
# not by ctl: a function runs in a shell of its own, and that alone would be killed
"$slugctl" --socket "$sock" --wait 20 top --interval 1 -o json >"$tmp/stream" 2>"$tmp/said" &
top_pid=$!
has_lines() {
  [ "$(wc -l <"$tmp/stream")" -gt "$1" ]
}
wait_until has_lines 0 || not_ok "top: the first look" "$(cat "$tmp/said")"
stop_slugd KILL 2>/dev/null
if wait_until grep -q "slugd does not answer; waiting for it" "$tmp/said"; then
  ok "top: says that slugd is gone"
else
  not_ok "top: says that slugd is gone" "$(cat "$tmp/said")"
fi
n=$(wc -l <"$tmp/stream")
start_slugd --root "$root"
if wait_until has_lines "$n"; then
  ok "top: goes on when slugd is back"
else
  not_ok "top: goes on when slugd is back" "$(cat "$tmp/said")"
fi
kill "$top_pid"
wait "$top_pid" 2>/dev/null

# What is not settled

report false "$(reported $db default db '')"
contains "$(ctl pods)" "The report of slug-kubelet is not settled yet: the kubelet starts" "an unsettled report is told"
stop_slugd TERM
fails 3 "no slugd" "$slugctl" --socket "$sock" pods
fails 3 "no slugd: top" "$slugctl" --socket "$sock" top
done_testing
