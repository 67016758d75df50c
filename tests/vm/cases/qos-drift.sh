#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What others do to the limits of the QoS cgroups, and that they are right again soon, or that slugd says who will not leave
# them alone.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/qos.sh
. /run/slug-test/qos.sh
mib=1048576
guaranteed=$((32 * mib))
burstable=$((51 * mib))

# choose PERCENT: slugd is to keep what it makes of this share
choose() {
  configure $((node_bytes - allocatable)) "$1" "${2:-remote}"
  want $allocatable "$1" $guaranteed $burstable 2-3
}

prepare() {
  systemctl stop slug-kubelet.service slugd.service 2>/dev/null
  start_kubelet
  start_containerd || bail_out "containerd does not start"
  # shellcheck disable=SC2046 # a list of names
  pods remove $(ls /var/lib/slug-test/pods)
  start_witness
  pods run <<'END'
guaranteed guaranteed api runc main=x:8<=32
burst burstable api runc main=x:8>=51
END
  is "$?" 0 "there are pods"
  rm -f /etc/slug/slugd.yaml
  systemctl start slugd.service slug-kubelet.service
  describe
  node_bytes=$(node .kubepodsMemoryMaxBytes)
  allocatable=$((700 * mib + 12345))
  set_limit kubepods memory.max MemoryMax $allocatable
  choose 50
  systemctl reload slugd.service
  achieved "the limits are there"
  pid=$(unit MainPID)
}

# right_again NAME FROM FILE...: all is as it should be, slugd has written these last, and how long that took
right_again() {
  right_name=$1 right_from=$2
  shift 2
  achieved "$right_name: the limits are right again"
  for file in "$@"; do
    remark "$right_name: $file was written by slugd for the last time after $(back_msec "$right_from" "$file") ms"
  done
}

# Where systemd has a part, it sets its units up anew: it has to have been told what they are.
stir_systemd() {
  from=$(now_usec)
  systemctl daemon-reload
  systemctl set-property --runtime system.slice CPUWeight=101
  pods run <<'END'
sibling besteffort api runc main
END
  [ "$driver" != systemd ] || systemctl set-property --runtime kubepods-besteffort.slice CPUWeight=3
  right_again "daemon-reload and set-property of a sibling" "$from" "$(level burstable)/memory.max" "$(level besteffort)/memory.max"
  pods remove sibling
  from=$(now_usec)
  systemctl daemon-reexec
  [ "$driver" != systemd ] || systemctl set-property --runtime kubepods-besteffort.slice CPUWeight=4
  right_again "daemon-reexec" "$from" "$(level burstable)/memory.max" "$(level besteffort)/memory.max"
}

# A write of somebody else: each knob once.
write_once() {
  while read -r file wanted; do
    case $file in
      */cpuset.mems) other=2 ;;
      *) other=$((300 * mib)) ;;
    esac
    from=$(now_usec)
    echo "$other" >"$cgroups/$file"
    wait_until has_value "$file" "$wanted"
    is "$?" 0 "a write of somebody else to ${file##*/} of ${file%/*} is mended"
    remark "after $(back_msec "$from" "$file") ms"
  done <"$tmp/wanted"
  achieved "a foreign write: all is achieved again"
}

has_value() {
  [ "$(value "$1")" = "$2" ]
}

is_settled() {
  has_value "$file" "$wanted" || has_status burstable memory.max CONTENDED
}

# Somebody who does it again and again has his way, and slugd says so.
write_again_and_again() {
  file=$(level burstable)/memory.max
  wanted=$(awk -v file="$file" '$1 == file { print $2 }' "$tmp/wanted")
  from=$(now_usec)
  n=0
  while [ "$n" -lt 20 ] && ! has_status burstable memory.max CONTENDED; do
    n=$((n + 1))
    echo $((400 * mib + n * page)) >"$cgroups/$file"
    wait_until is_settled
  done
  is "$(status burstable memory.max)" CONTENDED "who writes again and again is a rival"
  remark "contended after $n foreign writes and $((($(now_usec) - from) / 1000)) ms"
  other=$((410 * mib))
  echo "$other" >"$cgroups/$file"
  hear_all
  plan . >"$tmp/plan.json"
  is "$(value "$file")" "$other" "and is left alone"
  contains "$(metrics | grep '^slug_limit_status.*burstable.*memory[.]max.*contended')" "} 1" "metrics have the word for it"
  is "$(unit MainPID)" "$pid" "all of it in one process"
  systemctl reload slugd.service
  achieved "a reload forgives"
}

# up_usec: when slugd was ready, on the wall clock
up_usec() {
  date -d "$(systemctl show -P ActiveEnterTimestamp --timestamp=us+utc slugd.service)" +%s%6N
}

# last_write: of slugd, when
last_write() {
  awk '$3 == "/system.slice/slugd.service" && $5 == "w" { last = $1 } END { print last }' "$writes"
}

# The process is killed by the witness when it has written its first of several files.
kill_in_the_middle() {
  for percent in 10 70 30; do
    choose "$percent"
    pid=$(unit MainPID)
    lines=$(wc -l <"$writes")
    echo "$pid" >"$kill_file"
    systemctl reload slugd.service 2>/dev/null
    wait_until other_process slugd.service "$pid"
    is "$?" 0 "slugd is killed while it writes, and comes back"
    hear_all
    remark "$(tail -n +"$((lines + 1))" "$writes" | grep -c ' /system.slice/slugd.service .* w ') writes, wrong are $(wrong | wc -l)"
    achieved "the limits of $percent % are there"
    remark "written for the last time $((($(last_write) - $(up_usec)) / 1000)) ms after slugd was ready"
  done
  is "$(plan '.knobs[] | select(.before // "" | test("^[1-9][0-9]{3,}$")) | "\(.level) \(.knob) was \(.before)"')" "" \
    "what was there before the first write is still known"
  pid=$(unit MainPID)
}

remove_level() {
  if [ "$driver" = systemd ]; then
    systemctl stop kubepods-besteffort.slice
  else
    rmdir "$cgroups/$(level besteffort)"
  fi
}

make_level() {
  if [ "$driver" = systemd ]; then
    systemctl start kubepods-besteffort.slice
  else
    mkdir "$cgroups/$(level besteffort)"
  fi
}

# A level that is taken away by hand and made again; then often, so that it goes while slugd writes.
take_away() {
  from=$(now_usec)
  remove_level
  wait_until has_status besteffort memory.max ABSENT
  is "$?" 0 "a level that is gone is absent"
  is "$(value "$(level besteffort)/memory.max")" absent "slugd does not make it"
  from=$(now_usec)
  make_level
  right_again "a level that is made again" "$from" "$(level besteffort)/memory.max" "$(level besteffort)/cpuset.mems"
  for i in 1 2 3 4 5 6 7 8; do
    remove_level
    make_level
    # every other time it goes as soon as slugd has begun to write
    [ $((i % 2)) -eq 0 ] || wait_until is_begun
  done
  from=$(now_usec)
  remove_level
  make_level
  right_again "a level that comes and goes" "$from" "$(level besteffort)/memory.max" "$(level besteffort)/cpuset.mems"
  is "$(unit MainPID)" "$pid" "slugd lives through it"
}

# slugd has written to the level that was made last
is_begun() {
  awk -v made="/$(level besteffort)" '$5 == "+" && $6 == made { n = 0 } $3 == "/system.slice/slugd.service" && index($6, made "/") == 1 { n++ }
    END { exit !n }' "$writes"
}

prepare
stir_systemd
write_once
write_again_and_again
kill_in_the_middle
take_away
only_inside
systemctl stop slug-kubelet.service
# shellcheck disable=SC2046 # a list of names
pods remove $(ls /var/lib/slug-test/pods)
stop_kubelet
"$slugctl" uninstall --yes >/dev/null 2>&1
rm -f /etc/slug/slugd.yaml
systemctl restart slugd.service
done_testing
