#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What people see of limits and do about them: a slugd that sets them in a tree of files, pods that are reported, and the way
# back, with a slugd that runs and without.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
groups=$root/sys/fs/cgroup
boot=3b0f1a52-0000-4000-8000-000000000001
burstable=kubepods.slice/kubepods-burstable.slice
besteffort=kubepods.slice/kubepods-besteffort.slice

"$mktree" "$machines/qos-systemd.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/proc/sys/kernel/random"
echo "$boot" >"$root/proc/sys/kernel/random/boot_id"

# fails STATUS NAME COMMAND...: what it says is left in $said
fails() {
  expected=$1
  name=$2
  shift 2
  said=$("$@" 2>&1 >"$tmp/out")
  is "$?" "$expected" "$name: exit status"
}

# row LEVEL KNOB: of the plan, with single blanks
row() {
  ctl plan 2>/dev/null | awk -v level="$1" -v knob="$2" '$1 == level && $2 == knob' | tr -s ' '
}

# is_row LEVEL KNOB PREFIX: what stands behind these two begins so
is_row() {
  case $(row "$1" "$2") in
    "$1 $2 $3"*) return 0 ;;
    *) return 1 ;;
  esac
}

# waits_for LEVEL KNOB PREFIX NAME
waits_for() {
  if wait_until is_row "$1" "$2" "$3"; then
    ok "$4"
  else
    not_ok "$4" "$(row "$1" "$2")" "$(cat "$tmp/slugd.log")"
  fi
}

value() {
  cat "$groups/$1"
}

# Without requests

start_slugd --root "$root" --fake-tree
waits_for system-reserved memory.max "slugd 1Gi 1Gi achieved systemReserved" "a limit is set, and the plan says why"
waits_for besteffort cpuset.mems "slugd 2 2 achieved qos.cpusetMems" "a mask is set"
is_row burstable memory.max "slugd max - held back nobody has reported"
is "$?" 0 "what depends on requests is held back"
is "$(value system.slice/memory.max)" 1073741824 "it is there"
contains "$(ctl plan)" "Requests are not all known: nobody has reported" "the plan says what it does not know"
said=$(ctl describe-node 2>&1)
contains "$said" "Managed:  11  (5 achieved, 2 without a cgroup yet, 4 held back)" "the node has its limits counted"
is "$(printf '%s\n' "$said" | awk '$1 == "LimitsSet" { print $2, $3 }')" "False HeldBack" "and a condition for them"

# With requests

report=$(printf '{"reporter":"test","sequence":"1","bootId":"%s","settled":true,"sources":[
  {"name":"runtime","state":"REPORT_SOURCE_STATE_COMPLETE"},{"name":"pod-resources","state":"REPORT_SOURCE_STATE_COMPLETE"}],
  "pods":[{"uid":"11111111-2222-4333-8444-555555555555","namespace":"default","name":"db","listedByKubelet":true,
    "sandbox":"SANDBOX_STATE_READY","qosClass":"QOS_CLASS_GUARANTEED","requestBytes":"2147483648",
    "containers":[{"name":"app","id":"%064d","requestBytes":"2147483648"}]}]}' "$boot" 1)
curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$report" \
  http://slug/slug.v1.PodService/ReportPods >"$tmp/out" || bail_out "cannot report"
waits_for kubepods memory.min "slugd 2Gi 2Gi achieved" "what pods request is kept for them"
waits_for burstable memory.max "slugd 30472220Ki 30472220Ki achieved" "half of it is kept from burstable"
waits_for besteffort memory.max "slugd 30472220Ki 30472220Ki achieved" "and from besteffort"
contains "$(ctl plan)" "Requests: guaranteed 2Gi (1 pod), burstable 0 (0 pods)" "the plan has their sums"
contains "$(ctl plan -o wide)" "31203553280" "the wide plan is exact"

tree=$(ctl cgroups --pods)
contains "$tree" '|-- default/db' "pods are in the tree"
contains "$tree" '|   `-- app' "and containers in them"
contains "$tree" "memory.max=30472220Ki (slugd)" "with who owns a limit"
contains "$(printf '%s\n' "$tree" | awk '$1 == "kubepods.slice"' | tr -s ' ')" "kubepods.slice 768Mi 512Mi 192Mi" \
  "and what lies on which NUMA node"
is "$(ctl cgroups | grep -c default/db)" 0 "pods only where they are asked for"
metrics=$(curl --silent --max-time 30 --unix-socket "$sock" http://slug/metrics | grep ^slug_limit)
contains "$metrics" 'slug_limit_status{level="burstable",knob="memory.max",status="achieved"} 1' "metrics have what became of it"
contains "$metrics" 'slug_limit_bytes{level="burstable",knob="memory.max",kind="intended"} 31203553280' "and the limit"

# What differs

fails 1 "a diff" ctl plan -o diff
is "$(grep -c '^+[0-9]' "$tmp/out")" 2 "a diff: what is not there yet"
contains "$(cat "$tmp/out")" "+++ /sys/fs/cgroup/podruntime.slice/memory.max" "a diff: the file"
mkdir "$groups/podruntime.slice"
echo 0 >"$groups/podruntime.slice/memory.current"
echo max >"$groups/podruntime.slice/memory.max"
echo 0 >"$groups/podruntime.slice/memory.min"
waits_for kube-reserved memory.min "slugd 512Mi 512Mi achieved" "a cgroup that comes gets its limits"
waits_for kube-reserved memory.max "slugd 512Mi 512Mi achieved" "all of them"
ctl plan -o diff >"$tmp/out"
is "$? $(wc -c <"$tmp/out")" "0 0" "no difference: nothing, and the exit status says so"
fails 2 "a diff of something else" ctl pods -o diff
said=$(ctl describe-node 2>&1)
is "$(printf '%s\n' "$said" | awk '$1 == "LimitsSet" { print $2, $3 }')" "True Achieved" "all is set"

# The way back

fails 2 "nobody who could be asked" ctl uninstall </dev/null
contains "$said" "say --yes" "nobody who could be asked: what to do"
is "$(value $burstable/memory.max)" 31203553280 "nothing was done"
fails 1 "slugd --withdraw beside a slugd" "$slugd" --withdraw --root "$root" --fake-tree
contains "$said" "slugctl uninstall" "slugd --withdraw beside a slugd: what to do"
back=$(ctl uninstall --yes 2>"$tmp/error")
is "$?" 0 "uninstall"
contains "$(printf '%s\n' "$back" | tr -s ' ')" "$burstable memory.max max 30472220Ki max" "uninstall tells what was, and is again"
contains "$back" "systemctl disable --now slugd.socket slugd.service" "uninstall tells what is left to do"
is "$(value $burstable/memory.max) $(value $besteffort/memory.max) $(value $besteffort/cpuset.mems)" "max 1073741824 0" \
  "all is what it was"
contains "$(ctl plan)" "Nothing is written: " "nothing is written any more"
is "$(ctl describe-node 2>/dev/null | awk '$1 == "LimitsSet" { print $2, $3 }')" "False Withdrawn" "and the condition says why"
contains "$(ctl uninstall --yes)" "slugd had written no limit" "twice is no harm"
kill -s HUP "$slugd_pid"
waits_for burstable memory.max "slugd 30472220Ki 30472220Ki achieved" "a reload has them set again"

# And without a slugd

stop_slugd TERM
is "$slugd_status" 0 "slugd stops"
is "$(value $burstable/memory.max)" 31203553280 "limits stay"
fails 3 "nobody there" ctl --wait 0 uninstall --yes
contains "$said" "slugd --withdraw" "nobody there: what to do"
back=$("$slugd" --withdraw --root "$root" --fake-tree 2>"$tmp/error")
is "$? $(cat "$tmp/error")" "0 " "slugd --withdraw"
contains "$back" "/sys/fs/cgroup/$burstable/memory.max: was max, slugd wrote 31203553280, and it is again what it was" \
  "slugd --withdraw tells what became of each"
is "$(value $burstable/memory.max) $(value $besteffort/memory.max) $(value $besteffort/cpuset.mems)" "max 1073741824 0" \
  "all is what it was"
is "$("$slugd" --withdraw --root "$root" --fake-tree)" "No slugd has written a limit since this boot" "twice is no harm"
fails 2 "one or the other" "$slugd" --withdraw --plan
done_testing
