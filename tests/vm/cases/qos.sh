#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The limits of the QoS cgroups: planned of what pods ask for, written, met by processes that want more, kept when slugd stops,
# and put back by "slugctl uninstall". Nobody is killed for a limit that comes down.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/qos.sh
. /run/slug-test/qos.sh
mib=1048576

# What pods ask for, in bytes: odd shares of it are no whole pages.
guaranteed=$((96 * mib))
burstable=$((51 * mib))

prepare() {
  systemctl stop slug-kubelet.service slugd.service 2>/dev/null
  start_kubelet
  start_containerd || bail_out "containerd does not start"
  # shellcheck disable=SC2046 # a list of names
  pods remove $(ls /var/lib/slug-test/pods)
  start_witness
  # A pod whose containers have all ended asks for nothing any more: one is there to stay. And runc is the one that puts a process
  # into its cgroup: the kernel does not move what belongs to one that was born there, as crun has it without systemd.
  pods run <<'END'
guaranteed guaranteed api runc main=x:16<=80 side<=16
burst burstable api runc main=x:16+184>=51 side
best besteffort api runc main=x:16+64
END
  is "$?" 0 "a pod of each class runs"
  guaranteed_pod=$(pods cgroup guaranteed) burst_pod=$(pods cgroup burst) best_pod=$(pods cgroup best)
}

# Plain slugd owns nothing; what A is without a reservation it tells.
without_settings() {
  rm -f /etc/slug/slugd.yaml
  systemctl start slugd.service slug-kubelet.service
  describe
  node_bytes=$(node .kubepodsMemoryMaxBytes)
  # A is a little more than 400 MiB, and no whole pages
  allocatable=$((400 * mib + 12345))
  set_limit kubepods memory.max MemoryMax $allocatable
  note_limits
  wait_until requests_are_known
  is "$(plan '.requests | [.guaranteedBytes, .burstableBytes, .guaranteedPods, .burstablePods, .besteffortPods] | join(" ")')" \
    "$guaranteed $burstable 1 1 1" "slugd knows what all pods ask for"
  is "$(plan '[.knobs[] | select(has("intended"))] | length')" 0 "and intends nothing, because nobody told it to"
}

# note_limits: what there is before slugd writes anything
note_limits() {
  for level in kubepods burstable besteffort; do
    for knob in max min low; do echo "$(level "$level")/memory.$knob $(value "$(level "$level")/memory.$knob")"; done
  done >"$tmp/before"
}

requests_are_known() {
  [ "$(plan .requests.isKnown)" = true ]
}

apply() {
  configure $((node_bytes - allocatable)) 50
  want $allocatable 50 $guaranteed $burstable 2-3
  contains "$(wrong)" "$(level burstable)/memory.max has 'max'" "nothing is there yet: the comparison can fail"
  systemctl reload slugd.service
  achieved "what is planned is in the files, by the kubelet's formula in whole pages"
  is "$(plan .driver)" "$driver" "slugd knows the cgroup driver"
  if [ "$driver" = systemd ]; then
    is "$(unit MemoryMax kubepods-burstable.slice) $(unit MemoryLow kubepods-burstable.slice)" \
      "$(value "$(level burstable)/memory.max") $(value "$(level burstable)/memory.low")" "systemd knows of it"
    is "$(unit AllowedMemoryNodes kubepods-besteffort.slice)" 2-3 "of the mask, too"
  fi
  remark "$("$slugctl" plan | head -n 30 | tr '\n' '|' | sed 's/|/\n# /g')"
}

# near BYTES LIMIT ABOVE: no more above it, and not further below than what processors keep in stock and the step of a hog
near() {
  [ "$1" -le $(($2 + $3)) ] && [ "$1" -ge $(($2 - 2 * mib)) ] && echo near
}

has_grown() {
  [ "$(value "$1/memory.current")" -ge "$2" ]
}

has_shrunk() {
  [ "$(value "$1/memory.current")" -le "$2" ]
}

kill_count() {
  counter "$(level kubepods)" oom_kill
}

# A mask moves what is there, and holds for what comes.
hold_the_mask() {
  wait_until all_remote
  is "$?" 0 "the besteffort pod's memory has left the local NUMA nodes"
  pods signal USR1 best main
  wait_until has_grown "$best_pod" $((80 * mib))
  is "$?" 0 "a besteffort pod grows"
  is "$([ "$(numa_bytes "$(level besteffort)" "2 3")" -ge $((80 * mib)) ] && all_remote && echo remote)" remote "on remote NUMA nodes alone"
  remark "besteffort: $(grep '^anon ' "$cgroups/$(level besteffort)/memory.numa_stat")"
  remark "burstable: $(grep '^anon ' "$cgroups/$(level burstable)/memory.numa_stat")"
}

all_remote() {
  [ "$(numa_bytes "$(level besteffort)" "0 1")" -le $((64 * page)) ]
}

# The limit of a full cgroup comes down: as far as it may, and the rest when there is room.
lower_when_full() {
  pods signal USR1 burst main
  wait_until has_grown "$(level burstable)" $((200 * mib))
  is "$?" 0 "the burstable pod grows"
  before=$(value "$(level burstable)/memory.max")
  max_before=$(counter "$(level burstable)" max)
  configure $((node_bytes - allocatable + 150 * mib)) 50
  want $((allocatable - 150 * mib)) 50 $guaranteed $burstable 2-3
  systemctl reload slugd.service
  wait_until has_status burstable memory.max PENDING
  is "$?" 0 "a limit below what is used is pending"
  now=$(value "$(level burstable)/memory.max")
  used=$(value "$(level burstable)/memory.current")
  is "$([ "$now" -lt "$before" ] && [ "$now" -ge $((used + 60 * mib)) ] && echo between)" between "it went down, and stays above what is used"
  remark "memory.max was $before, is $now, memory.current is $used, wanted is $(head -n 1 "$tmp/wanted" | cut -d' ' -f2)"
  is "$(counter "$(level burstable)" max) $(kill_count)" "$max_before 0" "nobody was held up by it, nobody was killed"
  from=$(now_usec)
  pods signal USR2 burst main
  achieved "it is there when the memory is given back"
  remark "$((($(now_usec) - from) / 1000)) ms after that was asked for"
  configure $((node_bytes - allocatable)) 50
  want $allocatable 50 $guaranteed $burstable 2-3
  systemctl reload slugd.service
  achieved "limits go up again"
  is "$(kill_count)" 0 "nobody was killed all the time"
}

is_killed() {
  [ "$(counter "$1" oom_kill)" -ge 1 ]
}

# meet NAME POD CGROUP LIMIT-CGROUP [BYTES]: a process that wants all the memory that there is, in a pod with that cgroup. BYTES: the
# limit is that of its container, whose cgroup goes with it; what it was and met stays in the pod's, with a little of the others.
meet() {
  if [ $# -eq 5 ]; then limit=$5 above=$((4 * mib)) events=memory.events; else
    limit=$(value "$4/memory.max") above=0 events=memory.events.local
  fi
  pods signal USR1 "$2" main
  # the first time it grows to a size
  pods signal USR1 "$2" main
  wait_until is_killed "$3"
  is "$?" 0 "$1: a process without measure is killed"
  is "$(near "$(value "$4/memory.peak")" "$limit" "$above")" near "$1: at its limit, seen from ${4##*/}"
  is "$([ "$(counter "$4" max "$events")" -gt 0 ] && [ "$(counter "$4" oom "$events")" -gt 0 ] && echo counted)" counted \
    "$1: the kernel has counted it there"
  remark "$1: limit $limit, memory.peak $(value "$4/memory.peak"), $(tr '\n' ' ' <"$cgroups/$4/$events")"
}

meet_limits() {
  start_watching
  meet guaranteed guaranteed "$guaranteed_pod" "$guaranteed_pod" $((80 * mib))
  # there has to be room for one of them at a time
  pods signal USR2 best main
  wait_until has_shrunk "$best_pod" $((32 * mib))
  meet burstable burst "$burst_pod" "$(level burstable)"
  meet besteffort best "$best_pod" "$(level besteffort)"
  is "$(kill_count)" 3 "three were killed, each by its own limit"
  is "$(counter "$(level kubepods)" oom memory.events.local)" 0 "and none by that of all pods"
  is "$(wrong)" "" "the limits are as they were"
  for level in burstable besteffort; do
    wait_until told "$level" CGROUP_EVENT_KIND_MAX
    is "$?" 0 "Watch tells that $level met its limit"
    wait_until told "$level" CGROUP_EVENT_KIND_OOM
    is "$?" 0 "and that memory ran out in it"
  done
  remark "events: $(events | sort | uniq -c | tr -s ' ' | tr '\n' ';')"
}

# start_watching: what Watch tells goes to a file, message by message
start_watching() {
  printf '\0\0\0\0\002{}' | curl --silent --no-buffer --unix-socket "$sock" -H 'content-type: application/connect+json' \
    --data-binary @- http://slug/slug.v1.NodeService/Watch >"$tmp/watch" 2>/dev/null &
  watch_pid=$!
  wait_until grep -q -a generation "$tmp/watch"
}

# events: "LEVEL KIND" of each cgroup event that Watch has told; between messages are their lengths
events() {
  grep -a -o -E '[{][^{}]*"kind": *"CGROUP_EVENT_KIND_[^{}]*[}]' "$tmp/watch" | jq -r '.level + " " + .kind'
}

told() {
  events | grep -q -x "$1 $2"
}

keep_after_stop() {
  kill "$watch_pid"
  systemctl stop slugd.service 2>/dev/null
  is "$(wrong)" "" "limits stay when slugd stops"
  systemctl start slugd.service
  achieved "and when it is there again"
}

put_back() {
  if "$slugctl" uninstall --yes >"$tmp/uninstall" 2>&1; then
    ok "slugctl uninstall"
  else
    not_ok "slugctl uninstall" "$(cat "$tmp/uninstall")"
  fi
  while read -r file wanted; do
    [ "$(value "$file")" = "$wanted" ] || echo "$file has '$(value "$file")', not '$wanted'"
  done <"$tmp/before" >"$tmp/left"
  is "$(cat "$tmp/left")" "" "what was there before is there again"
  contains "$(cat "$tmp/uninstall")" "$(level burstable)" "and it says what it put back"
  mems=$(value "$(level besteffort)/cpuset.mems")
  is "$(case $mems in "" | 0-3) echo all ;; *) echo "$mems" ;; esac)" all "masks hold nobody any more"
  if [ "$driver" = systemd ]; then
    systemctl daemon-reload
    systemctl set-property --runtime kubepods-besteffort.slice CPUWeight=7
    is "$(value "$(level burstable)/memory.max") $(unit MemoryMax kubepods-burstable.slice)" "max infinity" "systemd has forgotten it, too"
  fi
}

from=$(now_usec)
prepare
without_settings
apply
hold_the_mask
lower_when_full
meet_limits
keep_after_stop
put_back
only_inside

# The verdict can fail: somebody in a service of another name writes what slugd must not.
systemd-run --quiet --collect --wait --unit=slug-pretender sh -c "echo max >$cgroups/system.slice/memory.high"
contains "$(wrote_outside slug-pretender.service)" "/system.slice/memory.high" "a write outside would have been seen"

systemctl stop slug-kubelet.service
stop_kubelet
rm -f /etc/slug/slugd.yaml
systemctl restart slugd.service
done_testing
