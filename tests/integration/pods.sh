#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every pod on a node: cgroups that the test makes, reports that it sends, and what slugd makes of both. What takes time is waited
# for, and nothing is timed.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
mi=1048576
gi=1073741824
boot=3b0f1a52-0000-4000-8000-000000000001
api=11111111-2222-4333-8444-555555555555
late=99999999-2222-4333-8444-555555555555
static=0123456789abcdef0123456789abcdef
db=$(printf '%064d' 1)
web=$(printf '%064d' 2)

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random"
mkdir -p "$root/sys/fs/cgroup"
echo "$boot" >"$root/proc/sys/kernel/random/boot_id"
echo memory >"$root/sys/fs/cgroup/cgroup.controllers"

serve() {
  start_slugd --root "$root"
  ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# ask SERVICE/METHOD JSON: the answer, of a refusal, too
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" "http://slug/slug.v1.$1"
}

# list [FILTER]: every value of the answer as a line "path value"
list() {
  ask PodService/ListPods "{${1:-}}" | awk -f "$here/flatten.awk"
}

# value PATH: of lines on standard input; a key that is not there is ""
value() {
  awk -v path="$1" '$1 == path { sub(/^[^ ]* /, ""); print; exit }'
}

# pod UID PATH: a value of one pod
pod() {
  list "\"uid\":\"$1\"" | value "pods.0.$2"
}

# cgroup PATH POPULATED [BYTES NODE_0 NODE_2]: makes one, or changes it
cgroup() {
  mkdir -p "$root/sys/fs/cgroup/$1"
  printf '%s\n' "${3:-0}" >"$root/sys/fs/cgroup/$1/memory.current"
  echo max >"$root/sys/fs/cgroup/$1/memory.max"
  printf 'anon N0=%s N1=0 N2=%s\nfile N0=0 N1=0 N2=0\n' "${4:-0}" "${5:-0}" >"$root/sys/fs/cgroup/$1/memory.numa_stat"
  printf 'low 0\noom_kill 2\n' >"$root/sys/fs/cgroup/$1/memory.events"
  printf 'some avg10=12.50 avg60=0.00 avg300=0.00 total=0\n' >"$root/sys/fs/cgroup/$1/memory.pressure"
  printf 'populated %s\nfrozen 0\n' "$2" >"$root/sys/fs/cgroup/$1/cgroup.events"
}

# free NODE: bytes of plain memory
free() {
  ctl -o json claims | awk -f "$here/flatten.awk" | value "numaNodes.$1.memory.0.freeBytes"
}

# states: of all pods, in the order of the list
states() {
  list | sed -n 's/^pods\.[0-9]*\.state POD_STATE_//p' | tr '\n' ' '
}

# is_state UID STATE, is_absent UID, is_size UID BYTES: for wait_until
is_state() {
  [ "$(pod "$1" state)" = "POD_STATE_$2" ]
}
is_absent() {
  [ -z "$(pod "$1" uid)" ]
}
is_size() {
  [ "$(pod "$1" sizeBytes)" = "$2" ]
}
is_used() {
  [ "$(list "\"uid\":\"$1\",\"maxAgeMs\":1" | value pods.0.usage.bytes)" = "$2" ]
}
is_promised() {
  case $(ask MemoryManagerService/Allocate "${1:-$asked}") in
    *'"claim"'*) true ;;
    *) false ;;
  esac
}
is_told() {
  [ "$(grep -a -o '"node":{' "$tmp/watch" | wc -l)" -ge "$1" ]
}

# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(list)"
  fi
}

# report SEQUENCE POD...: complete and settled
reporter=one
report() {
  sequence=$1
  shift
  pods=$(printf '%s,' "$@")
  ask PodService/ReportPods "{\"reporter\":\"$reporter\",\"sequence\":\"$sequence\",\"bootId\":\"${sent_boot:-$boot}\",
    \"sources\":[{\"name\":\"runtime\",\"state\":\"${runtime:-REPORT_SOURCE_STATE_COMPLETE}\",\"problem\":\"${problem:-}\"},
      {\"name\":\"pod-resources\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"}],
    \"ledgerGeneration\":\"$(list | value ledgerGeneration)\",\"settled\":${settled:-true},\"unsettledReason\":\"${reason:-}\",
    \"pods\":[${pods%,}]${more:-}}"
}

# container NAME ID CGROUP REQUEST STATE
container() {
  printf '{"name":"%s","id":"%s","cgroup":"%s","state":"REPORTED_CONTAINER_STATE_%s","resources":{"requests":{"memory":"%s","cpu":"1"},"limits":{}}}' \
    "$1" "$2" "$3" "${5:-RUNNING}" "$4"
}

# reported UID NAME CONTAINER...
reported() {
  printf '{"uid":"%s","namespace":"default","name":"%s","sandbox":"SANDBOX_STATE_'"${sandbox:-READY}"'","listedByKubelet":true,"containers":[%s]}' "$1" "$2" "$3"
}

condition() {
  ctl describe-node | sed -n 's/^  PodsKnown *//p' | tr -s ' '
}

# Pods that ran before slugd, under the systemd driver

slice=kubepods.slice/kubepods-burstable.slice
api_cgroup=$slice/kubepods-burstable-pod$(echo $api | tr - _).slice
db_cgroup=$api_cgroup/cri-containerd-$db.scope
cgroup kubepods.slice 1
cgroup $slice 1
cgroup "$api_cgroup" 1 $((100 * mi)) $((60 * mi)) $((30 * mi))
cgroup "$db_cgroup" 1 $((99 * mi)) $((60 * mi)) $((30 * mi))
cgroup "kubepods.slice/kubepods-pod$static.slice" 1 $((40 * mi)) $((40 * mi))
serve
whole=$(((32770664 + 32970104) * 1024 + 16 * gi))
is "$(states)" "RUNNING RUNNING " "before a report: both pods are there"
is "$(pod $api namespace)$(pod $api name)" "" "before a report: nobody knows their names"
is "$(pod $api qosClass)" QOS_CLASS_BURSTABLE "before a report: the QoS class is that of the cgroup"
is "$(pod $static qosClass)" QOS_CLASS_GUARANTEED "before a report: of both"
is "$(pod $api cgroup)" "$api_cgroup" "before a report: the cgroup"
is "$(pod $api sizeSource) $(pod $api sizeConfidence)" "POD_SIZE_SOURCE_USAGE POD_SIZE_CONFIDENCE_LOW" "before a report: what it uses is all there is"
is "$(pod $api sizeBytes)" $((112 * mi)) "before a report: in steps of 16 MiB"
is "$(pod $api claims.0.source)$(pod $api claims.0.state)" CLAIM_SOURCE_OBSERVEDCLAIM_STATE_OBSERVED "before a report: it is adopted"
is "$(pod $api usage.bytes) $(pod $api usage.localBytes) $(pod $api usage.remoteBytes) $(pod $api usage.uncountedBytes)" \
  "$((100 * mi)) $((60 * mi)) $((30 * mi)) $((10 * mi))" "before a report: usage by locality"
is "$(pod $api usage.pressurePermille) $(pod $api usage.oomKills)" "125 2" "before a report: pressure and kills"
is "$(pod $api containers.0.id)" "$db" "before a report: its container has the runtime's id"
is "$(list | value cgroupDriver)" systemd "before a report: the driver"
is "$(($(free 0) + $(free 1) + $(free 2)))" $((whole - 160 * mi)) "before a report: what is free is less by it"
contains "$(condition)" "Unknown CgroupsOnly" "before a report: the condition says how well pods are known"
contains "$(cat "$tmp/slugd.log")" "2 pods found, 2 adopted" "the first look is one line"
is "$(grep -c adopted "$tmp/slugd.log")" 1 "the first look is no more than one line"

# Usage

cgroup "$api_cgroup" 1 $((200 * mi)) $((60 * mi)) $((130 * mi))
waits "usage is read anew for who asks" is_used $api $((200 * mi))
contains "$(list "\"uid\":\"$api\"")" "growthBytesPerSecond " "growth is told"
is "$(list '"namespace":"nowhere"' | value pods.0.uid)" "" "a filter that fits nobody"

# A report

db_pod=$(reported $api db "$(container db "$db" "$db_cgroup" 1Gi)")
answer=$(report 1 "$db_pod" "$(reported $static kube-proxy '')")
contains "$answer" '"taken":true' "a report is taken"
contains "$answer" '"ledgerGeneration":' "a report: its answer has the ledger's generation"
is "$(pod $api namespace)/$(pod $api name)" default/db "a report: brings names"
is "$(pod $api sizeBytes) $(pod $api sizeSource) $(pod $api sizeConfidence)" "$gi POD_SIZE_SOURCE_REQUEST POD_SIZE_CONFIDENCE_HIGH" \
  "a report: the request counts"
is "$(pod $api requestBytes)" "$gi" "a report: the request is shown"
is "$(pod $api containers.0.name) $(pod $api containers.0.state)" "db REPORTED_CONTAINER_STATE_RUNNING" "a report: container and cgroup are one"
is "$(list '"name":"db"' | value pods.0.uid)" $api "a report: a filter by name"
is "$(list | sed -n 's/^pods\.[0-9]*\.name //p' | tr '\n' ' ')" "db kube-proxy " "a report: pods are sorted by name"
contains "$(condition)" "True Reported" "a report: the condition is good"
contains "$(report 1 "$db_pod")" '"refusal":' "an older report is not taken"
is "$(list | grep -c '^pods\.[0-9]*\.uid ')" 2 "an older report: changes nothing"
contains "$(sent_boot=other report 2 "$db_pod")" "it is of boot other" "a report of another boot is not taken"
contains "$(settled=false reason='the kubelet starts' report 3)" '"taken":true' "an unsettled report is taken"
is "$(list | grep -c '^pods\.[0-9]*\.uid ')" 2 "an unsettled report: is no evidence that somebody is gone"
contains "$(condition)" "False Unsettled slug-kubelet waits until all pods are known: the kubelet starts" "an unsettled report: the condition says so"
(runtime=REPORT_SOURCE_STATE_FAILED problem='connection refused' report 4 >/dev/null)
contains "$(condition)" "False SourceFailed slug-kubelet cannot read runtime: connection refused" "a source that failed: the condition names it"
report 5 "$db_pod" "$(reported $static kube-proxy '')" >/dev/null
contains "$(condition)" "True Reported" "a good report mends the condition"

# What the kubelet counts

agreement() {
  ctl describe-node | sed -n 's/^  KubeletAllocatable *//p' | tr -s ' '
}
amount() {
  printf '{"type":"%s","numaNodes":"%s","sizeBytes":"%s"}' "$1" "$2" "$3"
}
contains "$(agreement)" "Unknown NotReported" "amounts: nobody has told the kubelet's"
node_0=$(amount memory 0 $((32770664 * 1024)))
node_1=$(amount memory 1 $((32970104 * 1024)))
more=',"hasKubeletAllocatable":true'
report 6 "$db_pod" "$(reported $static kube-proxy '')" >/dev/null
contains "$(agreement)" "Unknown NotStatic" "amounts: a kubelet whose memory manager counts none"
more=",\"hasKubeletAllocatable\":true,\"kubeletAllocatable\":[$node_1,$node_0,$(amount memory 2 $((16 * gi)))]"
report 7 "$db_pod" "$(reported $static kube-proxy '')" >/dev/null
contains "$(agreement)" "True Agrees" "amounts: both count the same"
more=",\"hasKubeletAllocatable\":true,\"kubeletAllocatable\":[$node_0,$node_1]"
report 8 "$db_pod" "$(reported $static kube-proxy '')" >/dev/null
contains "$(agreement)" "False Differs of NUMA node 2 the kubelet counts 0 bytes of memory as allocatable, slugd $((16 * gi))" \
  "amounts: memory that came after the kubelet"
contains "$(more=',"hasKubeletAllocatable":true,"kubeletAllocatable":[{"type":"memory","sizeBytes":"1"}]' report 9)" \
  "kubelet_allocatable: expected one NUMA node" "amounts: of no NUMA node"
more=

# What is no report

contains "$(report 10 "$(reported $api db "$(container db "$db" "$db_cgroup" 1GB)")")" \
  "pod 'default/db', container 'db': requests.memory: expected an amount such as 4Gi, found '1GB'" "a quantity that is none: pod, container and field"
contains "$(report 10 "$(reported 'a uid' db '')")" '"code":"invalid_argument"' "a uid that is none"
contains "$(report 10 "$db_pod" "$db_pod")" '"code":"invalid_argument"' "a pod that is there twice"
contains "$(ask PodService/ReportPods '{}')" "reporter: expected a name" "a report by nobody"
contains "$(report 10 '{"uid":"x","sandbox":77}')" '"code":"invalid_argument"' "a state that nobody knows"
contains "$(runtime=77 report 10 | tr -d '\n')" '"code":"invalid_argument"' "a source in a state that nobody knows"
is "$(pod $api name)" db "what is no report changes nothing"

# Pods that come and go

cgroup "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod$(echo $late | tr - _).slice" 1 $((16 * mi)) $((16 * mi))
waits "a pod that came is seen by its cgroup" is_state $late RUNNING
is "$(pod $late qosClass)" QOS_CLASS_BEST_EFFORT "a pod that came: of a class that came with it"
contains "$(pod $late notes.0)" "the last report does not know it" "a pod that came: a note says that the report does not know it"
waits "a pod that came is adopted" is_size $late $((16 * mi))
rm -rf "$root/sys/fs/cgroup/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod$(echo $late | tr - _).slice"
waits "a pod that went is released" is_absent $late
contains "$(cat "$tmp/slugd.log")" "gives back" "a pod that went: the journal says so"

# A pod that nobody asked for leaves less to be promised

big=kubepods.slice/kubepods-pod$(echo $late | tr - _).slice
much='{"pod":{"uid":"much","namespace":"n","name":"much","containers":[{"name":"c","resources":{"requests":{"memory":"48Gi"},"limits":{"memory":"48Gi"}}}]},"container":"c"}'
cgroup "$big" 1 $((24 * gi)) $((24 * gi))
waits "a large pod is adopted" is_size $late $((24 * gi))
contains "$(ask MemoryManagerService/Allocate "$much")" '"code":"resource_exhausted"' "a large pod: what it holds is promised to nobody"
rm -rf "$root/sys/fs/cgroup/$big"
waits "a large pod: when it is gone, it is" is_promised "$much"
ask MemoryManagerService/RemoveContainer '{"podUid":"much"}' >/dev/null

# Who watches is told what changes, and nothing of usage alone

printf '\000\000\000\000\002{}' >"$tmp/frame"
curl --silent --no-buffer --max-time 120 --unix-socket "$sock" -H 'content-type: application/connect+json' --data-binary "@$tmp/frame" \
  http://slug/slug.v1.NodeService/Watch >"$tmp/watch" &
watcher=$!
waits "a watch tells the node" is_told 1
cgroup "$api_cgroup" 1 $((201 * mi)) $((61 * mi)) $((130 * mi))
waits "usage changes" is_used $api $((201 * mi))
report 10 "$db_pod" "$(reported $static kube-proxy '')" >/dev/null
is_promised "$(printf '%s' "$much" | sed s/48Gi/1Gi/g)"
waits "a claim is told" is_told 2
is "$(grep -a -o '"node":{' "$tmp/watch" | wc -l)" 2 "usage, and a report of the same pods, are not"
kill "$watcher"
wait "$watcher" 2>/dev/null
ask MemoryManagerService/RemoveContainer '{"podUid":"much"}' >/dev/null

done_pod=$(sandbox=NOT_READY reported $api db "$(container db "$db" "$db_cgroup" 1Gi EXITED)")
cgroup "$db_cgroup" 0 0
cgroup "$api_cgroup" 0 0
report 11 "$done_pod" "$(reported $static kube-proxy '')" >/dev/null
waits "a pod that has ended is finished" is_state $api FINISHED
waits "a pod that has ended holds nothing" is_size $api ""

# A claim that was made before the pod is there, and is kept until somebody knows better

asked='{"pod":{"uid":"'$late'","namespace":"default","name":"late","containers":[{"name":"web","resources":{"requests":{"memory":"2Gi"},"limits":{"memory":"2Gi"}}}]},"container":"web"}'
contains "$(ask MemoryManagerService/Allocate "$asked")" '"claim"' "a container is promised memory"
is "$(pod $late state) $(pod $late sizeSource)" "POD_STATE_PENDING POD_SIZE_SOURCE_CLAIM" "a promise: its pod is pending"
late_cgroup=$slice/kubepods-burstable-pod$(echo $late | tr - _).slice
cgroup "$late_cgroup" 1 $((20 * mi)) $((20 * mi))
cgroup "$late_cgroup/cri-containerd-$web.scope" 1 $((20 * mi)) $((20 * mi))
late_pod=$(reported $late late "$(container web "$web" "$late_cgroup/cri-containerd-$web.scope" 2Gi)")
report 12 "$done_pod" "$late_pod" >/dev/null
is "$(pod $late claims.0.state)" CLAIM_STATE_ACTIVE "a promise: it is active when its container is there"
is "$(pod $late sizeBytes)" $((2 * gi)) "a promise: counts once"

# Metrics

curl --silent --max-time 30 --unix-socket "$sock" http://slug/metrics >"$tmp/metrics"
contains "$(cat "$tmp/metrics")" 'slug_pods{qos_class="Burstable",state="running"} 1' "metrics: pods by class and state"
contains "$(cat "$tmp/metrics")" "slug_pods_usage_bytes{qos_class=\"Burstable\",locality=\"local\"} $((20 * mi))" "metrics: usage by class and locality"
contains "$(cat "$tmp/metrics")" "slug_pod_memory_bytes{namespace=\"default\",pod=\"late\",uid=\"$late\",locality=\"local\"} $((20 * mi))" \
  "metrics: the largest pods"
contains "$(cat "$tmp/metrics")" "slug_report_settled 1" "metrics: the report is settled"
contains "$(cat "$tmp/metrics")" "slug_report_age_seconds " "metrics: the report has an age"

# slugd dies

kill -s KILL "$slugd_pid"
wait "$slugd_pid" 2>/dev/null
serve
is "$(pod $late claims.0.state) $(pod $late state)" "CLAIM_STATE_ACTIVE POD_STATE_RUNNING" "kill -9: the claim is kept, and the pod is found again"
is "$(pod $late sizeBytes)" $((2 * gi)) "kill -9: and counts once"
contains "$(condition)" "Unknown CgroupsOnly" "kill -9: a report is waited for"
reporter=two
contains "$(report 1 "$done_pod" "$late_pod")" '"taken":true' "another reporter begins at 1"
is "$(pod $late name)" late "another reporter is heard"
stop_slugd TERM
is "$slugd_status" 0 "slugd stops as asked"

# While slugd is away, a pod goes and another one comes

rm -rf "$root/sys/fs/cgroup/$late_cgroup"
serve
report 2 "$done_pod" >/dev/null
waits "a pod that went meanwhile is released" is_absent $late
stop_slugd TERM

# The other driver, below a cgroup of its own

rm -rf "$root/sys/fs/cgroup/kubepods.slice" "$root/var/lib/slug/"*
printf 'kubelet: {cgroupRoot: /pods}\n' >"$root/etc/slug/slugd.yaml"
cgroup "pods/kubepods/besteffort/pod$api" 1 $((32 * mi)) $((32 * mi))
cgroup "pods/kubepods/besteffort/pod$api/$db" 1 $((32 * mi)) $((32 * mi))
serve
is "$(list | value cgroupDriver) $(pod $api cgroup)" "cgroupfs pods/kubepods/besteffort/pod$api" "cgroupfs: below the kubelet's cgroupRoot"
is "$(pod $api containers.0.id) $(pod $api state)" "$db POD_STATE_RUNNING" "cgroupfs: the container"
rm -rf "$root/sys/fs/cgroup/pods/kubepods/besteffort/pod$api"
waits "cgroupfs: a pod that went is released" is_absent $api
stop_slugd TERM
rm "$root/etc/slug/slugd.yaml"

# Cgroups that cannot be read

rm -rf "$root/sys/fs/cgroup/pods"
cgroup kubepods/besteffort 1
i=0
while [ $i -lt 65 ]; do
  mkdir -p "$root/sys/fs/cgroup/kubepods/besteffort/what$i"
  i=$((i + 1))
done
serve
contains "$(ask MemoryManagerService/Allocate "$asked")" '"code":"unavailable"' "too many cgroups: nothing is promised"
contains "$(ask MemoryManagerService/Allocate "$asked")" "sys/fs/cgroup/kubepods" "too many cgroups: it says where"
contains "$(condition)" "False CgroupsUnreadable" "too many cgroups: the condition says so"
rm -rf "$root/sys/fs/cgroup/kubepods"
waits "when they are gone, memory is promised again" is_promised
contains "$(cat "$tmp/slugd.log")" "Pods are all known again" "when they are gone, the journal says so"
stop_slugd TERM

# Who may

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
  skip "a reader" "only root can be somebody else"
  done_testing
fi
printf 'roles: {reader: {users: [65534]}, claimer: {users: [65533]}}\n' >"$root/etc/slug/slugd.yaml"
serve
chmod 711 "$tmp"
chmod 666 "$sock"
as() {
  setpriv --reuid "$1" --regid 65534 --clear-groups curl --silent --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' \
    -d "$3" "http://slug/slug.v1.PodService/$2"
}
contains "$(as 65534 ListPods '{}')" '"report"' "a reader lists pods"
contains "$(as 65534 ReportPods '{"reporter":"x"}')" '"code":"permission_denied"' "a reader reports none"
contains "$(as 65533 ReportPods '{"reporter":"x"}')" '"taken":true' "a claimer reports"
contains "$(as 65532 ListPods '{}')" '"code":"permission_denied"' "somebody else sees nothing"
stop_slugd TERM
is "$slugd_status" 0 "slugd stops as asked, at the end"
done_testing
