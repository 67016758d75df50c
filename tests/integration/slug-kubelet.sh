#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real slug-kubelet among doubles of the runtime, the kubelet and slugd: what it reports, and what it does when one of them is
# absent, late, slow, forbidding, restarted or dead.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

program=$abs_top_builddir/slug-kubelet
double=$abs_top_builddir/tests/lib/double

make_tmp
root=$tmp/root
runtime_sock=$root/run/crio/crio.sock
kubelet_sock=$root/var/lib/kubelet/pod-resources/kubelet.sock
agent_pid=
runtime_pid=
kubelet_pid=
fake_pid=

# stop PID [SIGNAL]
stop() {
  [ -n "$1" ] || return 0
  kill -s "${2:-KILL}" "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}
stop_all() {
  for pid in "$agent_pid" "$runtime_pid" "$kubelet_pid" "$fake_pid"; do
    stop "$pid"
  done
  agent_pid='' runtime_pid='' kubelet_pid='' fake_pid=''
}
trap 'stop_all; clean_up' EXIT

# fresh: nobody runs, and the world is one running pod that the kubelet lists
fresh() {
  stop_all
  rm -rf "$tmp/runtime" "$tmp/kubelet" "$tmp/slugd" "$root" "$tmp/log"
  mkdir -p "$tmp/runtime" "$tmp/kubelet" "$tmp/slugd" "$root/run/crio" "$root/var/lib/kubelet/pod-resources" \
    "$root/proc/sys/kernel/random"
  echo 00000000-0000-4000-8000-000000000001 >"$root/proc/sys/kernel/random/boot_id"
  echo '{"runtimeName":"cri-o","runtimeVersion":"1.34.0"}' >"$tmp/runtime/version.json"
  sandboxes "$(sandbox web-0 u1)"
  echo '{"containers":[{"id":"c1","podSandboxId":"s-u1","metadata":{"name":"main"},"state":"CONTAINER_RUNNING"}]}' \
    >"$tmp/runtime/containers.json"
  cat >"$tmp/runtime/status-c1.json" <<'END'
{"status":{"id":"c1","resources":{"linux":{"memoryLimitInBytes":"1073741824","oomScoreAdj":"-997"}}},
 "info":{"info":"{\"runtimeSpec\":{\"linux\":{\"cgroupsPath\":\"kubepods-podu1.slice:crio:c1\"}}}"}}
END
  listed web-0
  echo '{"ledgerGeneration":"7","taken":true}' >"$tmp/slugd/answer.json"
}

# put FILE: standard input, all at once
put() {
  cat >"$1.new" && mv "$1.new" "$1"
}
# sandbox NAME UID [STATE [MORE]]
sandbox() {
  echo "{${4-}\"id\":\"s-$2\",\"metadata\":{\"name\":\"$1\",\"uid\":\"$2\",\"namespace\":\"prod\"},\"state\":\"${3:-SANDBOX_READY}\"}"
}
# sandboxes SANDBOX...
sandboxes() {
  (IFS=, && echo "{\"items\":[$*]}") | put "$tmp/runtime/sandboxes.json"
}
# listed NAME...
listed() {
  for name in "$@"; do
    echo "{\"name\":\"$name\",\"namespace\":\"prod\"}"
  done | paste -s -d , | sed 's/.*/{"podResources":[&]}/' | put "$tmp/kubelet/list.json"
}

# shellcheck disable=SC2317 # wait_until calls it
is_listening() {
  grep -q listening "$1/calls" 2>/dev/null
}
start_runtime() {
  rm -f "$tmp/runtime/calls"
  "$double" runtime "$runtime_sock" "$tmp/runtime" 2>"$tmp/runtime.log" &
  runtime_pid=$!
  wait_until is_listening "$tmp/runtime" || bail_out "no runtime: $(cat "$tmp/runtime.log")"
}
start_kubelet() {
  rm -f "$tmp/kubelet/calls"
  "$double" pod-resources "$kubelet_sock" "$tmp/kubelet" 2>"$tmp/kubelet.log" &
  kubelet_pid=$!
  wait_until is_listening "$tmp/kubelet" || bail_out "no kubelet: $(cat "$tmp/kubelet.log")"
}
start_fake() {
  rm -f "$tmp/slugd/calls"
  "$double" slugd "$sock" "$tmp/slugd" 2>"$tmp/fake.log" &
  fake_pid=$!
  wait_until is_listening "$tmp/slugd" || bail_out "no slugd: $(cat "$tmp/fake.log")"
}
# start_agent [ARGUMENT...]
start_agent() {
  "$program" --slugd "$sock" --root "$root" --foreground --settle-time 800ms --interval 1s "$@" >"$tmp/log" 2>&1 &
  agent_pid=$!
}
once() {
  "$program" --once --root "$root" "$@" >"$tmp/once.json" 2>"$tmp/once.err"
}

# has_report PATTERN: the newest report matches
has_report() {
  tail -n 1 "$tmp/slugd/reports" 2>/dev/null | grep -q -E "$1"
}
# comes PATTERN NAME: one day it does
comes() {
  if wait_until has_report "$1"; then
    ok "$2"
  else
    not_ok "$2" "$(tail -n 1 "$tmp/slugd/reports" 2>&1)" "$(tail -n 20 "$tmp/log")"
  fi
}
# says TEXT NAME
says() {
  if wait_until grep -q -s "$1" "$tmp/log"; then
    ok "$2"
  else
    not_ok "$2" "$(cat "$tmp/log")"
  fi
}
# count_said TEXT
count_said() {
  grep -c "$1" "$tmp/log"
}
# count_calls DIR NAME
count_calls() {
  grep -c -x "$2" "$1/calls"
}
# shellcheck disable=SC2317 # wait_until calls it
# has_calls DIR NAME COUNT: at least
has_calls() {
  [ "$(count_calls "$1" "$2")" -ge "$3" ]
}
# count_reports: so far
count_reports() {
  wc -l <"$tmp/slugd/reports"
}
# state_of SOURCE: in the report that was printed
state_of() {
  sed -n "/\"name\": \"$1\"/{n;s/.*STATE_\\([A-Z]*\\)\".*/\\1/p;}" "$tmp/once.json"
}

# Arguments
"$program" --help >"$tmp/help"
is "$?" 0 "--help"
contains "$("$program" --version)" "slug-kubelet " "--version"
for wrong in --interval=5 --interval=0s --interval=2m --settle-time=1h --settle-time=61m --runtime-endpoint=run/x.sock --log-level=loud --what extra \
  --pod=a/b --pod=web-0 --pod=/web-0 --pod=prod/ --pod=a/b/c; do
  "$program" "$wrong" 2>"$tmp/err"
  is "$?" 2 "wrong usage: $wrong"
  contains "$(cat "$tmp/err")" "slug-kubelet" "and it is said what"
done
"$program" --once --root "$tmp/nowhere" 2>"$tmp/err"
is "$?" 1 "a root that is not there"
contains "$(cat "$tmp/err")" "nowhere' as root" "is named"

# Once
fresh
once
is "$?" 1 "once, with nobody there: the report is not complete"
is "$(state_of runtime) $(state_of pod-resources)" "ABSENT ABSENT" "both are absent"
start_runtime
start_kubelet
once
is "$?" 0 "once, with both there"
is "$(state_of runtime) $(state_of pod-resources) $(state_of devices) $(state_of allocations) $(state_of manifests)" \
  "COMPLETE COMPLETE COMPLETE UNUSED UNUSED" "all is read that there is"
contains "$(cat "$tmp/once.json")" '"version": "cri-o 1.34.0"' "the runtime's version"
contains "$(cat "$tmp/once.json")" '"cgroup": "kubepods.slice/kubepods-podu1.slice/crio-c1.scope"' "the container's cgroup"
contains "$(cat "$tmp/once.json")" '"memoryLimitBytes": "1073741824"' "and its limit"
is "$(cat "$tmp/once.err")" "" "and nothing is said"
echo '{' >"$root/var/lib/kubelet/allocated_pods_state"
once
is "$?" 1 "a file that is garbage"
is "$(state_of allocations)" FAILED "is a source that has failed"
contains "$(cat "$tmp/once.json")" '"uid": "u1"' "and all others are told"
rm "$root/var/lib/kubelet/allocated_pods_state"
echo busy >"$tmp/kubelet/mode"
once
is "$(state_of pod-resources)" FAILED "a kubelet that is always busy has failed"
contains "$(cat "$tmp/once.json")" "resource_exhausted: rejected by rate limit" "for that reason"
is "$(count_calls "$tmp/kubelet" List)" 10 "and was asked some more times"
rm "$tmp/kubelet/mode"
once --no-kubelet
is "$? $(state_of pod-resources)" "0 UNUSED" "without a kubelet the runtime is all"
once --manifests /etc/kubernetes/manifests
is "$? $(state_of manifests)" "1 ABSENT" "a folder of manifests that is named and not there"
contains "$(cat "$tmp/once.json")" "there is no such folder" "is told"
mkdir -p "$root/etc/kubernetes/manifests"
cat >"$root/etc/kubernetes/manifests/web.yaml" <<'END'
kind: Pod
metadata: {name: web, namespace: prod}
spec: {containers: [{name: main, resources: {requests: {memory: 3Gi}}}]}
END
once --manifests /etc/kubernetes/manifests
is "$? $(state_of manifests)" "0 COMPLETE" "one that is there"
is "$(grep -c 3Gi "$tmp/once.json")" 0 "tells nothing of a pod of the API server"
sandboxes "$(sandbox web-0 u1 SANDBOX_READY '"annotations":{"kubernetes.io/config.source":"file"},')"
once --manifests /etc/kubernetes/manifests
contains "$(tr -d ' \n' <"$tmp/once.json")" '"resources":{"requests":{"memory":"3Gi"}}' "and what a static pod asks for"
once
is "$(grep -c 3Gi "$tmp/once.json")" 0 "unless it is not named"
echo 'kind: Pod' >"$root/etc/kubernetes/manifests/bad.yaml"
once --manifests /etc/kubernetes/manifests
is "$? $(state_of manifests)" "1 FAILED" "a manifest that is none makes it one that has failed"
contains "$(cat "$tmp/once.json")" "/etc/kubernetes/manifests/bad.yaml:1:1: it has no name" "and is named"
contains "$(cat "$tmp/once.json")" '"memory": "3Gi"' "and the others count"
echo '{"data":"{\"entries\":{\"u1\":{\"ContainerResources\":{\"main\":{\"requests\":{\"memory\":\"2Gi\"}}}}}}"}' \
  >"$root/var/lib/kubelet/allocated_pods_state"
once --manifests /etc/kubernetes/manifests
is "$(grep -o '"memory": "[23]Gi"' "$tmp/once.json")" '"memory": "2Gi"' "what the kubelet has admitted counts before it"
rm -r "$root/var/lib/kubelet/allocated_pods_state" "$root/etc/kubernetes"
sandboxes "$(sandbox web-0 u1)"
once --runtime-endpoint "unix:///run/other.sock"
is "$? $(state_of runtime)" "1 ABSENT" "a socket that is named and not there is not looked for elsewhere"
stop "$runtime_pid"
once
is "$? $(state_of runtime)" "1 FAILED" "a socket that nobody listens on"

# Peers that are older than what is asked of them: each double knows no method of the other
fresh
mkdir -p "$tmp/old"
"$double" pod-resources "$runtime_sock" "$tmp/old" &
runtime_pid=$!
"$double" runtime "$kubelet_sock" "$tmp/old" &
kubelet_pid=$!
wait_until test -S "$runtime_sock"
wait_until test -S "$kubelet_sock"
once
is "$? $(state_of runtime) $(state_of pod-resources)" "1 FAILED FAILED" "peers that are too old"
contains "$(cat "$tmp/once.json")" "it has no CRI v1; containerd 1.6 and CRI-O 1.24 are the first" "a runtime hears which one is not"
contains "$(cat "$tmp/once.json")" "it has no pod-resources v1; Kubernetes 1.20 is the first" "and so does a kubelet"

# One pod
fresh
start_runtime
start_kubelet
sandboxes "$(sandbox web-0 u1)" "$(sandbox db u2)"
echo '{"podResources":{"name":"web-0","namespace":"prod","containers":[{"name":"main","devices":[{"resourceName":"sluglab.io/remote-memory-1gi","deviceIds":["n2-0"]}]}]}}' \
  >"$tmp/kubelet/get.json"
echo '{"Data":{"PodDeviceEntries":[{"PodUID":"u1","ContainerName":"main","ResourceName":"sluglab.io/remote-memory-1gi","DeviceIDs":{"0":["n2-0"]}}]}}' |
  put "$tmp/devices.json"
mkdir -p "$root/var/lib/kubelet/device-plugins"
cp "$tmp/devices.json" "$root/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint"
once --pod prod/web-0
is "$?" 0 "one pod"
is "$(grep -c '"uid"' "$tmp/once.json")$(cat "$tmp/once.err")" 1 "is printed alone"
contains "$(cat "$tmp/once.json")" '"uid": "u1"' "with its uid of the runtime"
contains "$(cat "$tmp/once.json")" '"n2-0"' "and what the kubelet gave to it"
is "$(sed 1d "$tmp/kubelet/calls")" Get "the kubelet is asked about it alone"
rm "$tmp/kubelet/get.json"
once --pod prod/db
is "$?" 0 "a kubelet without Get"
contains "$(cat "$tmp/once.json")" '"uid": "u2"' "has a list"
is "$(sed 1d "$tmp/kubelet/calls" | tr '\n' ' ')" "Get Get List " "which is asked for then"
once --pod prod/nobody
is "$?" 1 "a pod that is not there"
is "$(cat "$tmp/once.json")$(cat "$tmp/once.err")" "slug-kubelet: there is no pod prod/nobody" "is said to be none"
stop "$kubelet_pid"
once --pod prod/web-0
is "$?" 1 "without the kubelet it is not all"
contains "$(cat "$tmp/once.json")" '"uid": "u1"' "what is known is printed"
contains "$(cat "$tmp/once.err")" "slug-kubelet: pod-resources: unavailable" "and what is missing said"

# What the kubelet counts as allocatable
fresh
echo '{"memory":[{"memoryType":"memory","size":"7","topology":{"nodes":[{"ID":"1"}]}},{"memoryType":"memory","size":"5","topology":{"nodes":[{}]}}]}' \
  >"$tmp/kubelet/allocatable.json"
listed
sandboxes
start_runtime
start_kubelet
start_fake
start_agent
comes '"pod-resources","state":"REPORT_SOURCE_STATE_COMPLETE"' "a kubelet without pods"
has_report '"hasKubeletAllocatable"'
is "$? $(count_calls "$tmp/kubelet" GetAllocatableResources)" "1 0" "may not have begun to count its memory, and is not asked"
listed web-0
sandboxes "$(sandbox web-0 u1)"
comes '"kubeletAllocatable":\[\{"type":"memory","numaNodes":"0","sizeBytes":"5"\},\{"type":"memory","numaNodes":"1","sizeBytes":"7"\}\],"hasKubeletAllocatable":true' \
  "with a pod it is, and what it counts is told by NUMA node"
n_rounds=$(count_calls "$tmp/kubelet" List)
wait_until has_calls "$tmp/kubelet" List $((n_rounds + 3))
is "$(count_calls "$tmp/kubelet" GetAllocatableResources)" 1 "once"
has_report '"hasKubeletAllocatable":true'
is "$?" 0 "and it is known in all rounds"
stop "$kubelet_pid"
comes '"pod-resources","state":"REPORT_SOURCE_STATE_FAILED"' "a kubelet that went"
has_report '"hasKubeletAllocatable"'
is "$?" 1 "takes it along"
echo '{}' >"$tmp/kubelet/allocatable.json"
start_kubelet
comes '"hasKubeletAllocatable":true' "another one is asked again"
has_report '"kubeletAllocatable"'
is "$? $(count_calls "$tmp/kubelet" GetAllocatableResources)" "1 1" "and may count nothing"

# A static pod that the kubelet has refused
fresh
start_runtime
start_kubelet
start_fake
mkdir -p "$root/etc/kubernetes/manifests"
cat >"$root/etc/kubernetes/manifests/db.yaml" <<'END'
kind: Pod
metadata: {name: db, namespace: prod}
spec: {containers: [{name: main, resources: {limits: {sluglab.io/remote-memory-1gi: 2}}}]}
END
start_agent --manifests /etc/kubernetes/manifests
comes '"missingStaticPods":\[\{"namespace":"prod","name":"db","file":"/etc/kubernetes/manifests/db.yaml","requested":\[\{"resource":"sluglab.io/remote-memory-1gi","n":"2"\}\]\}\]' \
  "a manifest that asks for chunks, of which no pod came, is reported"
is "$(grep '"missingStaticPods"' "$tmp/slugd/reports" | grep -c -v '"settled":true')" 0 "and not before all is settled"
sandboxes "$(sandbox web-0 u1)" "$(sandbox db-node u2 SANDBOX_READY '"annotations":{"kubernetes.io/config.source":"file"},')"
comes '"uid":"u2"' "one day its pod is there"
has_report '"missingStaticPods"'
is "$?" 1 "and is missing no more"

# Settled, events, rounds
fresh
start_runtime
start_kubelet
start_fake
start_agent
comes '"pods":\[\{"uid":"u1"' "a pod is reported"
comes '"settled":true' "and settled one day"
grep -q '"unsettledReason":"for less than 1 s the same pods have been seen"' "$tmp/slugd/reports"
is "$?" 0 "which it was not at first"
contains "$(tail -n 1 "$tmp/slugd/reports")" '"ledgerGeneration":"7"' "slugd's generation goes into the next report"
contains "$(tail -n 1 "$tmp/slugd/reports")" '"bootId":"00000000-0000-4000-8000-000000000001"' "and which boot it is"
says "are settled: 1 pod" "it is in the log"
is "$(sed 's/.*"sequence":"\([0-9]*\)".*/\1/' "$tmp/slugd/reports" | sort -n -c 2>&1)" "" "the sequence rises"
is "$(sed 's/.*"reporter":"\([0-9a-f]*\)".*/\1/' "$tmp/slugd/reports" | sort -u | wc -l)" 1 "the reporter is the same"
n=$(count_reports)
n_rounds=$(count_calls "$tmp/runtime" ListPodSandbox)
wait_until has_calls "$tmp/runtime" ListPodSandbox $((n_rounds + 3))
is "$(count_reports)" "$n" "what is the same is not sent again"
is "$(count_calls "$tmp/runtime" ContainerStatus)" 1 "a container is asked about once"
is "$(count_calls "$tmp/runtime" GetContainerEvents)" 1 "events are asked for once"
stop_agent() {
  kill -s "$1" "$agent_pid"
  wait "$agent_pid"
  agent_status=$?
  agent_pid=
}
stop_agent TERM
is "$agent_status" 0 "SIGTERM ends it"
: >"$tmp/slugd/reports"
start_agent --interval 1m
comes '"settled":true' "another one settles as well, whatever the interval"
sandboxes "$(sandbox web-0 u1)" "$(sandbox db u2)"
kill -s HUP "$runtime_pid"
comes '"uid":"u2"' "an event brings a pod long before the interval is over"
comes '"settled":true.*"uid":"u2"' "and nothing is unsettled by it"
sandboxes "$(sandbox db u2)"
kill -s HUP "$agent_pid"
wait_until eval '! has_report "\"uid\":\"u1\""'
is "$?" 0 "SIGHUP asks at once"

# What keeps it from being settled
fresh
start_runtime
start_kubelet
start_fake
listed
start_agent
comes 'the kubelet does not list prod/web-0 yet, which runs' "a kubelet that does not list what runs is not settled"
n_rounds=$(count_calls "$tmp/runtime" ListPodSandbox)
wait_until has_calls "$tmp/runtime" ListPodSandbox $((n_rounds + 8))
has_report '"settled":true'
is "$?" 1 "however long it takes"
listed web-0
comes '"settled":true' "until it does"
stop "$kubelet_pid"
comes '"unsettledReason":"the kubelet does not answer completely"' "a kubelet that is killed is lost"
has_report '"name":"pod-resources","state":"REPORT_SOURCE_STATE_FAILED"'
is "$?" 0 "and marked so"
contains "$(tail -n 1 "$tmp/slugd/reports")" '"uid":"u1"' "while its pods are still reported"
says "the kubelet does not answer: " "it is said"
start_kubelet
comes '"settled":true' "it comes back, and is settled again"
says "the kubelet answers on" "that is said, too"
is "$(count_said 'the kubelet does not answer: ')" 1 "once each"
is "$(count_said 'is not complete')" 0 "and not in other words again"
stop "$runtime_pid"
comes '"name":"runtime","state":"REPORT_SOURCE_STATE_FAILED".*"unsettledReason":"the runtime does not answer completely"' \
  "a runtime that is killed is lost"
start_runtime
comes '"settled":true.*"uid":"u1"' "and comes back"
is "$(count_said 'the container runtime does not answer: ')" 1 "which was said once"

# A kubelet that restarts between two rounds is another one
n=$(grep -c '"settled":true' "$tmp/slugd/reports")
stop "$kubelet_pid"
start_kubelet
comes '"unsettledReason":".+"' "a kubelet that restarted has to settle again"
comes '"settled":true' "which it does"
[ "$(grep -c '"settled":true' "$tmp/slugd/reports")" -gt "$n" ]
is "$?" 0 "in another report"

# All of them late, in every order
fresh
start_agent
says "the container runtime does not answer: there is no socket of one" "no runtime"
says "slugd does not answer" "no slugd"
start_fake
comes '"name":"runtime","state":"REPORT_SOURCE_STATE_ABSENT"' "slugd comes first and hears that there is no runtime"
start_kubelet
comes '"name":"pod-resources","state":"REPORT_SOURCE_STATE_COMPLETE"' "then the kubelet"
start_runtime
comes '"uid":"u1"' "and at last the runtime, found where it is"
says "slugd answers on" "slugd's coming was said"
stop "$fake_pid"
: >"$tmp/slugd/reports"
start_fake
comes '"uid":"u1"' "a slugd that restarts is told at once what there is"
echo '{"taken":false,"refusal":"another reporter is newer"}' | put "$tmp/slugd/answer.json"
sandboxes "$(sandbox web-0 u1)" "$(sandbox x u3)"
says "slugd did not take the report: another reporter is newer" "a refusal is said"
sandboxes "$(sandbox web-0 u1)" "$(sandbox x u4)"
comes '"uid":"u4"' "it goes on reporting"
is "$(count_said 'did not take the report')" 1 "and does not say it again"
echo forbidden >"$tmp/slugd/mode"
sandboxes "$(sandbox web-0 u1)"
says "permission_denied: not you" "who may not report says so"
rm "$tmp/slugd/mode"

# Runtimes of all kinds
fresh
echo no-events >"$tmp/runtime/mode"
start_runtime
start_kubelet
start_fake
start_agent
says "tells no events (unimplemented)" "a runtime without events"
comes '"settled":true' "is asked at intervals"
is "$(count_calls "$tmp/runtime" GetContainerEvents)" 1 "and asked for events no more"
is "$(count_said 'tells no events')" 1 "nor is it said again"
echo silent >"$tmp/runtime/mode"
n_rounds=$(count_calls "$tmp/runtime" Version)
wait_until has_calls "$tmp/runtime" Version $((n_rounds + 1))
comes '"name":"runtime","state":"REPORT_SOURCE_STATE_FAILED".*deadline' "a runtime that hangs is given up after a while"
rm "$tmp/runtime/mode"
comes '"settled":true' "and is back when it answers"
echo die >"$tmp/runtime/mode"
comes '"name":"runtime","state":"REPORT_SOURCE_STATE_FAILED"' "a runtime that dies of every question"
rm "$tmp/runtime/mode"
wait "$runtime_pid"
start_runtime
comes '"settled":true' "can be restarted"
echo '{"items":[{"id":"s1","metadata":{"name":"A b","uid":"u9","namespace":"n"}}]}' | put "$tmp/runtime/sandboxes.json"
comes 'sandbox s1 is left out' "a pod that cannot be told makes the report a partial one"
has_report '"name":"runtime","state":"REPORT_SOURCE_STATE_FAILED"'
is "$?" 0 "and its source one that has failed"
says "the report is not complete: runtime of" "it is said"
stop "$runtime_pid"
python3 - "$runtime_sock" <<'END' &
import os, socket, sys
path = sys.argv[1]
if os.path.exists(path):
    os.unlink(path)
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(16)
while True:
    peer, _ = server.accept()
    peer.sendall(os.urandom(4096))
    peer.close()
END
runtime_pid=$!
comes '"name":"runtime","state":"REPORT_SOURCE_STATE_FAILED","endpoint":"/run/crio/crio.sock","problem":"unavailable' \
  "a runtime that talks garbage is one that does not answer"
kill -0 "$agent_pid"
is "$?" 0 "slug-kubelet lives on"
stop_agent TERM
is "$agent_status" 0 "and stops as asked"
is "$(grep -c -i -E 'error|assert' "$tmp/log")" 0 "with no word of an error of its own"

# kill -9: nothing of it is anywhere but in slugd
fresh
start_runtime
start_kubelet
start_fake
start_agent
comes '"settled":true' "settled"
stop "$agent_pid"
: >"$tmp/slugd/reports"
start_agent
comes '"sequence":"1"' "after kill -9 another one begins anew"
comes '"settled":true' "and settles"
stop_agent INT
is "$agent_status" 0 "SIGINT ends it"
done_testing
