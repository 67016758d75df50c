#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits of QoS cgroups in fake trees of plain files, as either driver makes them: planned, written, put right, kept, and given up.
# What takes time is waited for, and nothing is timed. Foreign values have as many digits as ours, so that a file is never half
# written.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
fs=$root/sys/fs/cgroup
gi=1073741824
boot=3b0f1a52-0000-4000-8000-000000000001
foreign=33333329920

# make_machine: without cgroups of the kubelet
make_machine() {
  rm -rf "$root"
  "$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
  mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random" "$fs"
  echo "$boot" >"$root/proc/sys/kernel/random/boot_id"
  echo "memory cpuset" >"$fs/cgroup.controllers"
  printf 'qos:\n  manage: [memory.max, cpuset.mems]\n  reserved: {memory: "50%%"}\n  cpusetMems: {burstable: all, besteffort: local}\n' \
    >"$root/etc/slug/slugd.yaml"
}

# group PATH BYTES: makes one, whole at once as the kernel does, or says what is used
group() {
  echo "$2" >"$tmp/current"
  if [ -d "$fs/$1" ]; then
    mv "$tmp/current" "$fs/$1/memory.current"
    return
  fi
  mkdir "$tmp/group"
  mv "$tmp/current" "$tmp/group/memory.current"
  printf 'anon N0=0 N1=0 N2=0\nfile N0=0 N1=0 N2=0\n' >"$tmp/group/memory.numa_stat"
  printf 'populated 1\nfrozen 0\n' >"$tmp/group/cgroup.events"
  for knob in memory.min=0 memory.low=0 memory.max=max cpuset.mems=; do
    echo "${knob#*=}" >"$tmp/group/${knob%=*}"
  done
  mv "$tmp/group" "$fs/$1"
}

# overwrite FILE NUMBER: as long as what is there, in one write
overwrite() {
  echo "$2" | dd of="$1" conv=notrunc status=none
}

use_systemd() {
  kubepods=kubepods.slice
  burstable=$kubepods/kubepods-burstable.slice
  besteffort=$kubepods/kubepods-besteffort.slice
}
use_cgroupfs() {
  kubepods=kubepods
  burstable=$kubepods/burstable
  besteffort=$kubepods/besteffort
}
make_groups() {
  group "$kubepods" 0
  group "$burstable" 0
  group "$besteffort" 0
}

serve() {
  start_slugd --root "$root" --fake-tree "$@"
  ctl describe-node >/dev/null 2>"$tmp/error" || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" "http://slug/slug.v1.$1"
}

# report [POD]: all pods that there are
sequence=0
report() {
  sequence=$((sequence + 1))
  ask PodService/ReportPods "{\"reporter\":\"one\",\"sequence\":\"$sequence\",\"bootId\":\"$boot\",
    \"sources\":[{\"name\":\"runtime\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"},
      {\"name\":\"pod-resources\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"}],
    \"ledgerGeneration\":\"0\",\"settled\":true,\"pods\":[${1:-}]}" >"$tmp/reported"
}

# value GROUP/FILE: what is in it
value() {
  cat "$fs/$1"
}
has() {
  [ "$(value "$1")" = "$2" ]
}
has_said() {
  grep -q "$1" "$tmp/slugd.log"
}
# is_between GROUP/FILE LEAST MOST
is_between() {
  [ "$(value "$1")" -ge "$2" ] && [ "$(value "$1")" -le "$3" ]
}

# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(tail "$tmp/slugd.log")" "$(cd "$fs" && grep -r . . | grep -E 'memory.(max|current)|cpuset')"
  fi
}

guaranteed=11111111-2222-4333-8444-555555555555
pod="{\"uid\":\"$guaranteed\",\"namespace\":\"default\",\"name\":\"db\",\"sandbox\":\"SANDBOX_STATE_READY\",\"listedByKubelet\":true,
  \"containers\":[{\"name\":\"db\",\"state\":\"REPORTED_CONTAINER_STATE_RUNNING\",
    \"resources\":{\"requests\":{\"memory\":\"4Gi\",\"cpu\":\"1\"},\"limits\":{\"memory\":\"4Gi\",\"cpu\":\"1\"}}}]}"

check_driver() {
  use_"$1"
  make_machine
  serve
  report
  make_groups
  waits "$1: cgroups that come are seen" has "$besteffort/cpuset.mems" 0-1
  waits "$1: a mask is what the plan says" has "$burstable/cpuset.mems" 0-2
  waits "$1: and a limit" has_said "memory.max of $besteffort is "
  all=$(value "$burstable/memory.max")
  is "$(value "$besteffort/memory.max")" "$all" "$1: without requests all levels have the same"
  is "$(value "$kubepods/memory.max")" max "$1: what is the kubelet's stays"
  contains "$(cat "$root/var/lib/slug/limits.json")" "$burstable" "$1: what was before is on the disk"

  overwrite "$fs/$burstable/memory.max" "$foreign"
  waits "$1: what somebody else has written is put right" has "$burstable/memory.max" "$all"
  waits "$1: and told" has_said "memory.max of $burstable was $foreign"

  # Requests.
  guaranteed_path=$kubepods/pod$guaranteed
  [ "$1" = cgroupfs ] || guaranteed_path=$kubepods/kubepods-pod$(echo "$guaranteed" | tr - _).slice
  group "$guaranteed_path" 0
  group "$besteffort" $((2 * gi))
  report "$pod"
  waits "$1: half of what guaranteed pods request is kept from burstable ones" has "$burstable/memory.max" $((all - 2 * gi))
  waits "$1: and from besteffort ones" has "$besteffort/memory.max" $((all - 2 * gi))

  # Usage in the way.
  used=$(((all - gi) * 100 / 105))
  group "$besteffort" "$used"
  overwrite "$fs/$besteffort/memory.max" "$all"
  waits "$1: a limit that would kill comes down as far as it may" is_between "$besteffort/memory.max" $((all - 2 * gi + 1)) $((all - 1))
  is "$([ "$(value "$besteffort/memory.max")" -ge $((used / 20 + used)) ] && echo above)" above "$1: which leaves a margin"
  group "$besteffort" $gi
  waits "$1: and all the way when usage falls" has "$besteffort/memory.max" $((all - 2 * gi))

  # Gone and made anew.
  mv "$fs/$besteffort" "$tmp/gone"
  rm -rf "$tmp/gone"
  group "$besteffort" 0
  waits "$1: a cgroup that is made anew gets its limit" has "$besteffort/memory.max" $((all - 2 * gi))
  waits "$1: and its mask" has "$besteffort/cpuset.mems" 0-1

  # Stopping, and what is left of a slugd that was killed.
  stop_slugd TERM
  is "$(value "$burstable/memory.max") $(value "$besteffort/cpuset.mems")" "$((all - 2 * gi)) 0-1" "$1: limits stay when slugd stops"
  for round in 1 2 3; do
    sed "s/burstable: all/burstable: \"$((round % 2))\"/" "$root/etc/slug/slugd.yaml" >"$tmp/yaml"
    start_slugd --root "$root" --fake-tree --config "$tmp/yaml"
    wait_until test -S "$sock"
    stop_slugd KILL
  done
  serve
  waits "$1: after three that were killed everything is right" has "$burstable/cpuset.mems" 0-2
  is "$(grep -c "$burstable.*memory.max.*\"before\":\"max\"" "$root/var/lib/slug/limits.json")" 1 "$1: and what was before the first is known"
  report "$pod"
  waits "$1: requests count again" has "$burstable/memory.max" $((all - 2 * gi))

  # A rival.
  for round in 1 2 3 4 5 6 7; do
    overwrite "$fs/$burstable/memory.max" "$foreign"
    [ "$round" -eq 7 ] || wait_until is_put_right || break
  done
  waits "$1: who writes again and again wins" has_said "somebody else writes it again and again"
  is "$(value "$burstable/memory.max")" "$foreign" "$1: and is left alone"
  kill -s HUP "$slugd_pid"
  waits "$1: until a reload" has "$burstable/memory.max" $((all - 2 * gi))

  # Given up.
  answer=$(ask NodeService/Withdraw '{}')
  case $answer in
    *unimplemented* | *not_found*) skip "$1: limits can be put back" "this slugd does not serve Withdraw" ;;
    *)
      contains "$answer" "$burstable" "$1: limits can be put back"
      is "$(value "$burstable/memory.max") $(value "$besteffort/memory.max")" "max max" "$1: and are what they were"
      is "$(value "$burstable/cpuset.mems")" "" "$1: masks, too"
      is "$(grep -c slice "$root/var/lib/slug/limits.json")" 0 "$1: the record is empty"
      kill -s HUP "$slugd_pid"
      waits "$1: after a reload they are there again" has "$burstable/memory.max" $((all - 2 * gi))
      ;;
  esac
  stop_slugd TERM
  is "$slugd_status" 0 "$1: slugd stops as asked"
}
# is_put_right: the limit is ours again, or nobody will make it so
is_put_right() {
  has "$burstable/memory.max" $((all - 2 * gi)) || has_said "again and again"
}

check_driver systemd
check_driver cgroupfs

# What keeps slugd from writing.
use_systemd
make_machine
make_groups
start_slugd --root "$root"
ctl describe-node >/dev/null 2>"$tmp/error"
stop_slugd TERM
is "$(value "$burstable/cpuset.mems")" "" "a captured machine is never written to"
start_slugd --foreground --fake-tree
wait "$slugd_pid"
is "$?" 1 "--fake-tree is not for this machine"
slugd_pid=
contains "$(cat "$tmp/slugd.log")" "--root" "and slugd says what it is for"

rm -rf "$root/var/lib/slug"
serve
waits "without a place for the record nothing is written, which is told" has_said "Limits of cgroups are not written: there is no folder /var/lib/slug"
is "$(value "$burstable/cpuset.mems")" "" "and nothing is"
stop_slugd TERM
mkdir "$root/var/lib/slug"
serve --no-ledger
waits "nor with --no-ledger" has_said "Limits of cgroups are not written: slugd was started with --no-ledger"
stop_slugd TERM

echo '{"boot' >"$root/var/lib/slug/limits.json"
serve
waits "a record that cannot be read is told" has_said "/var/lib/slug/limits.json"
waits "and keeps nothing from being written" has "$burstable/cpuset.mems" 0-2
stop_slugd TERM
echo 44444444-0000-4000-8000-000000000002 >"$root/proc/sys/kernel/random/boot_id"
echo 0 >"$fs/$burstable/cpuset.mems"
serve
waits "after a boot limits are written" has "$burstable/cpuset.mems" 0-2
contains "$(cat "$root/var/lib/slug/limits.json")" '"before":"0"' "and what was there before is that of this boot"
stop_slugd TERM

# What is given up in the configuration.
sed 's/manage: .*/manage: []/' "$root/etc/slug/slugd.yaml" >"$tmp/empty"
cp "$root/etc/slug/slugd.yaml" "$tmp/yaml"
make_machine
make_groups
serve --config "$tmp/yaml"
report
waits "a mask is kept" has_said "cpuset.mems of $burstable is 0-2"
cp "$tmp/empty" "$tmp/yaml"
kill -s HUP "$slugd_pid"
waits "what is named no more is told" has_said "cpuset.mems of $burstable was kept at 0-2, and slugd keeps it no longer"
is "$(value "$burstable/cpuset.mems")" 0-2 "and stays"
contains "$(ask NodeService/Withdraw '{}')" "$burstable" "until limits are put back"
stop_slugd TERM

# A record that cannot be replaced while limits are put back is tried again, though no limit is written any more.
make_machine
make_groups
mkdir -p "$root/var/lib/slug/limits.json/in-the-way"
serve
report
waits "a record that cannot be written is told" has_said "limits.json cannot be written"
rm -r "$root/var/lib/slug/limits.json"
waits "and tried again" has_said "Limits of cgroups are written again"
waits "so that limits are there" has_said "memory.max of $besteffort is "
waits "and recorded" grep -qs "$besteffort.*memory.max" "$root/var/lib/slug/limits.json"
rm "$root/var/lib/slug/limits.json"
mkdir -p "$root/var/lib/slug/limits.json/in-the-way"
ask NodeService/Withdraw '{}' >"$tmp/withdrawn"
rm -r "$root/var/lib/slug/limits.json"
waits "what was put back is out of the record when the disk lets it" grep -qs '"limits":\[\]' "$root/var/lib/slug/limits.json"
stop_slugd TERM

# A file that cannot be written.
if [ "$(id -u)" -ne 0 ]; then
  chmod 444 "$fs/$burstable/cpuset.mems"
  locked=yes
elif chattr +i "$fs/$burstable/cpuset.mems" 2>/dev/null; then
  locked=yes
else
  locked=no
fi
if [ "$locked" = yes ]; then
  sed 's/burstable: all/burstable: local/' "$root/etc/slug/slugd.yaml" >"$tmp/yaml"
  serve --config "$tmp/yaml"
  waits "what is refused is told in words" grep -q "cpuset.mems of $burstable cannot be made 0-1.*\(Permission denied\|Operation not permitted\)" \
    "$tmp/slugd.log"
  stop_slugd TERM
  chattr -i "$fs/$burstable/cpuset.mems" 2>/dev/null
else
  skip "what is refused is told in words" "root may write every file here"
fi

rm -rf "$fs"
mkdir -p "$fs/memory"
serve
waits "cgroup v1 is told" has_said "limits need cgroup v2; cgroup v1 is mounted"
stop_slugd TERM
mkdir -p "$fs/unified"
serve
waits "and v1 with v2 beside it" has_said "limits need cgroup v2; cgroup v1, with v2 beside it (hybrid), is mounted"
stop_slugd TERM

# What cannot be opened keeps slugd from nothing but the limits.
rm -rf "$fs"
ln -s cgroup "$fs"
serve
contains "$(ctl plan)" "Nothing is written: /sys/fs/cgroup cannot be used" "a file system that cannot be opened is told, and slugd starts"
contains "$(ask CgroupManagerService/Exists '{"name": ["kubepods"]}')" '"code"' "who asks for cgroups is refused"
stop_slugd TERM
rm "$fs"
done_testing
