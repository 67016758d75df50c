# shellcheck shell=sh disable=SC2154,SC2317,SC2329 # lib.sh comes before; wait_until calls what it is given
# SPDX-License-Identifier: Apache-2.0
# For cases about splits that are held: loads in cgroups such as containers have, what they are promised, what is where while they
# grow, and what came of it. No container runtime is needed for that.
cgroups=/sys/fs/cgroup
tools=/usr/libexec/slug-test
local_nodes=0,1
# "slug", or who holds the split instead: nothing, cpuset, cpuset-local, high
holder=${holder:-slug}

# uid_of LOAD: of its pod
uid_of() {
  printf '%s' "$1" | md5sum | sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{12\}\).*/\1-\2-\3-\4-\5/'
}

# id_of LOAD: of its container
id_of() {
  printf '%s' "$1" | sha256sum | cut -c1-64
}

# slice_of LOAD: of its pod
slice_of() {
  echo "kubepods-burstable-pod$(uid_of "$1" | tr - _).slice"
}

# cgroup_of LOAD: of its container
cgroup_of() {
  echo "$cgroups/kubepods.slice/kubepods-burstable.slice/$(slice_of "$1")/cri-containerd-$(id_of "$1").scope"
}

# ask_slug METHOD: JSON from standard input; the answer is printed
ask_slug() {
  curl --silent --show-error --unix-socket "$sock" -H 'content-type: application/json' -d @- "http://slug/slug.v1.$1"
}

# pod_of LOAD LIMIT SPLIT: as JSON, for a request
pod_of() {
  jq -n --arg uid "$(uid_of "$1")" --arg name "$1" --arg limit "$2" --arg split "$3" '{
    uid: $uid, namespace: "default", name: $name, annotations: {"memory.sluglab.io/container.main": $split},
    containers: [{name: "main", resources: {requests: {memory: "16Mi"}, limits: {memory: $limit}}}]}'
}

# promise LOAD LIMIT SPLIT: to its container, which is there already
promise() {
  pod_of "$@" >"$tmp/$1.pod"
  jq '{pod: ., container: "main"}' "$tmp/$1.pod" | ask_slug MemoryManagerService/Allocate >"$tmp/$1.claim"
  jq -e .claim "$tmp/$1.claim" >/dev/null || { remark "$1: $(cat "$tmp/$1.claim")"; return 1; }
  jq --arg id "$(id_of "$1")" '{pod: ., container: "main", containerId: $id}' "$tmp/$1.pod" |
    ask_slug MemoryManagerService/AddContainer >"$tmp/$1.added"
}

# properties LOCAL-MIB: of the unit, by who holds the split
properties() {
  case $holder in
    cpuset) echo "-p AllowedMemoryNodes=0-3" ;;
    cpuset-local) echo "-p AllowedMemoryNodes=0-1" ;;
    high) echo "-p MemoryHigh=$1M" ;;
  esac
}

# start_load LOAD LOCAL-MIB RATE TOTAL [WORD...]: it waits for grow()
start_load() {
  load_name=$1
  : >"$tmp/$load_name.log"
  # shellcheck disable=SC2046 # a list of words
  set -- $(properties "$2") -- "$tools/memload" "$3" "$4" $(shift 4 && echo "$*")
  systemd-run --quiet --scope --collect --slice="$(slice_of "$load_name")" --unit="cri-containerd-$(id_of "$load_name").scope" \
    "$@" >"$tmp/$load_name.log" 2>"$tmp/$load_name.err" &
  wait_until grep -q ready "$tmp/$load_name.log"
}

# load_pid LOAD: of the first of its processes
load_pid() {
  head -n 1 "$(cgroup_of "$1")/cgroup.procs"
}

# watch_load LOAD: from here on what is where is noted, $hertz times a second
watch_load() {
  : >"$tmp/$1.csv"
  "$tools/numawatch" "$(cgroup_of "$1")" "${hertz:-20}" $local_nodes >"$tmp/$1.csv" &
}

grow() {
  kill -s USR1 "$(load_pid "$1")"
}

has_grown() {
  grep -q '^grown ' "$tmp/$1.log"
}

# was_seen LOAD WORD MSEC: so long after the last time it said so
was_seen() {
  said=$(awk -v word="$2" '$1 == word { print $2 }' "$tmp/$1.log" | tail -n 1)
  [ -n "$said" ] && [ "$(tail -n 2 "$tmp/$1.csv" | head -n 1 | cut -d, -f1)" -ge "$((said + $3 * 1000))" ]
}

# wait_seldom COMMAND...: for two minutes, or $patience seconds; asked seldom, since asking takes of the time that is measured
wait_seldom() {
  long_left=${patience:-120}
  until "$@"; do
    long_left=$((long_left - 1))
    [ "$long_left" -gt 0 ] || return 1
    sleep 1
  done
}

# counter LOAD FILE KEY
counter() {
  awk -v key="$3" '$1 == key { print $2 }' "$(cgroup_of "$1")/$2"
}

# demotions LOAD: pages that were moved down because somebody asked for memory to be reclaimed, or needed some himself
demotions() {
  awk '$1 == "pgdemote_direct" || $1 == "pgdemote_proactive" { sum += $2 } END { print sum + 0 }' "$(cgroup_of "$1")/memory.stat"
}

end_load() {
  systemctl stop "cri-containerd-$(id_of "$1").scope" "$(slice_of "$1")" 2>/dev/null
  [ "$holder" != slug ] || echo "{\"podUid\":\"$(uid_of "$1")\"}" | ask_slug MemoryManagerService/RemoveContainer >/dev/null
}

# judge LOAD CEILING-MIB: into $verdict, and a remark
judge() {
  judged=$1
  python3 -S "$payload/enforce-judge.py" "$tmp/$1.log" "$tmp/$1.csv" "$2" >"$tmp/$1.verdict"
  verdict=$(head -n 1 "$tmp/$1.verdict")
  remark "$1: ceiling=$2 $verdict high=$(counter "$1" memory.events high) oom_kill=$(counter "$1" memory.events oom_kill)" \
    "asked=$(demotions "$1") kswapd=$(counter "$1" memory.stat pgdemote_kswapd)"
  remark "$1: $(sed -n 2p "$tmp/$1.verdict")"
}

# value NAME: of the last verdict
value() {
  printf '%s\n' "$verdict" | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# demand IS WANTED TEXT: of slugd. The others do what they do.
demand() {
  [ "$holder" != slug ] || is "$@"
}

# at_most NAME BOUND TEXT: of the last verdict, demanded of slugd, who says what it did when that does not hold
at_most() {
  [ "$holder" = slug ] || return 0
  case $(value "$1") in
    '' | - | *[!0-9]*) ;;
    *) if [ "$(value "$1")" -le "$2" ]; then ok "$3"; return; fi ;;
  esac
  not_ok "$3" "$verdict
$("$slugctl" explain container "default/$judged/main" 2>&1)"
}

# untroubled LOAD: nobody was killed or held up for the split
untroubled() {
  demand "$(cat "$(cgroup_of "$1")/memory.high") $(counter "$1" memory.events high) $(counter "$1" memory.events oom_kill)" "max 0 0" \
    "$1: no memory.high, nothing throttled, nobody killed"
}

# start_foreign: memory that is not slugd's business, half of it in page cache
start_foreign() {
  : >"$tmp/foreign.log"
  systemd-run --quiet --scope --collect --unit=foreign "$tools/memload" 0 64 >"$tmp/foreign.log" 2>&1 &
  wait_until grep -q ready "$tmp/foreign.log"
  kill -s USR1 "$(head -n 1 $cgroups/system.slice/foreign.scope/cgroup.procs)"
  wait_until grep -q grown "$tmp/foreign.log"
  grep '^anon ' $cgroups/system.slice/foreign.scope/memory.numa_stat >"$tmp/foreign"
}

end_foreign() {
  foreign_now=$(grep '^anon ' $cgroups/system.slice/foreign.scope/memory.numa_stat)
  remark "the memory of others, before and now: $(cat "$tmp/foreign"); $foreign_now"
  demand "$foreign_now" "$(cat "$tmp/foreign")" "the memory of others is where it was"
  systemctl stop foreign.scope
}

# start_enforcing: with the machine's settings as they have to be, and handed to slugd
start_enforcing() {
  echo true >/sys/kernel/mm/numa/demotion_enabled
  set_balancing 0
  mkdir -p /etc/slug
  printf 'enforce:\n  settings: {demotionEnabled: true, numaBalancing: 0}\n' >/etc/slug/slugd.yaml
  systemctl restart slugd.service
  "$slugctl" --wait 60 claims >/dev/null
}

# set_balancing MODE: of the kernel's NUMA balancing
set_balancing() {
  echo "$1" >/proc/sys/kernel/numa_balancing
}

# start_holding: the same machine for whoever holds the split
start_holding() {
  if [ "$holder" = slug ]; then start_enforcing; return; fi
  systemctl stop slug-kubelet.service slugd.service slugd.socket 2>/dev/null
  echo true >/sys/kernel/mm/numa/demotion_enabled
  set_balancing 0
}

# run_load LOAD LOCAL-MIB RATE TOTAL [WORD...]: grows under the holder, and is judged 4 s after it has
run_load() {
  verdict=
  start_load "$@" || { not_ok "$1: the load starts" "$(cat "$tmp/$1.err")"; return 1; }
  if [ "$holder" = slug ]; then
    promise "$1" 600Mi "local=16Mi..$2Mi,remote=0..600Mi" || { not_ok "$1: is promised its split"; return 1; }
  fi
  watch_load "$1"
  grow "$1"
  wait_seldom has_grown "$1"
  ! has_grown "$1" || wait_seldom was_seen "$1" grown 4000
  judge "$1" "$2"
  is "$([ -n "$verdict" ] && echo told)" told "$1: what became of it was seen"
}
