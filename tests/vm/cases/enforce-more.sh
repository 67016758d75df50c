#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Splits where it is not so easy: growth as fast as it goes, more that is hot than may be local, several who want the same, a node
# that is full and one that is free again, and swap.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh
mib=1048576

# promised LOAD SPLIT RATE TOTAL [WORD...]: it is there, waits, and is watched
promised() {
  split=$2
  name=$1
  shift 2
  start_load "$name" 0 "$@" && promise "$name" 900Mi "$split" && watch_load "$name"
  is "$?" 0 "$name: is there and has its promise"
}

# now_local LOAD: MiB
now_local() {
  tail -n 2 "$tmp/$1.csv" | head -n 1 | awk -F, '{ printf "%d\n", $2 / 1048576 }'
}

local_between() {
  [ "$(now_local "$1")" -ge "$2" ] && [ "$(now_local "$1")" -le "$3" ]
}

as_fast_as_it_goes() {
  run_load fast 200 0 500
  at_most settled 4000 "fast: settles"
  untroubled fast
  end_load fast
}

# too_much_is_hot NUMA-BALANCING: 2 brings up what is hot, faster than anybody moves it down. slugd lets some of it be then, since to
# move it to and fro would cost more than it brings; how much is told, and not demanded.
too_much_is_hot() {
  start_enforcing
  echo "$1" >/proc/sys/kernel/numa_balancing
  run_load "hot-$1" 200 100 300 hot=300
  [ "$1" -ne 0 ] || at_most settled 2000 "hot-$1: settles"
  before=$(demotions "hot-$1")
  passes=$(awk '$1 == "passes" { print $3 }' "$tmp/hot-$1.log" | tail -n 1)
  wait_seldom was_seen "hot-$1" grown 24000
  after=$(demotions "hot-$1")
  moved=$(((after - before) * 4096 / mib))
  remark "hot-$1: numa_balancing=$1, in 20 s $moved MiB were moved down, $((
    $(awk '$1 == "passes" { print $3 }' "$tmp/hot-$1.log" | tail -n 1) - ${passes:-0})) passes over 300 MiB," \
    "pgpromote_success $(counter "hot-$1" memory.stat pgpromote_success)"
  judge "hot-$1" 200
  untroubled "hot-$1"
  end_load "hot-$1"
  echo 0 >/proc/sys/kernel/numa_balancing
}

three_compete() {
  for name in one two three; do promised $name "local=100Mi..600Mi,remote=0..600Mi" 50 500; done
  for name in one two three; do grow $name; done
  patience=40
  for name in one two three; do wait_seldom has_grown $name; done
  patience=
  wait_seldom was_seen one grown 6000
  for name in one two three; do
    judge $name 600
    is "$([ "$(now_local $name)" -ge 100 ] && echo kept)" kept "$name: has what it was promised"
    untroubled $name
  done
  for name in one two three; do end_load $name; done
}

# squat MIB: of local memory, by somebody without a promise
squat() {
  systemd-run --quiet --scope --collect --unit=squatter numactl --membind=0,1 "$tools/memload" 200 "$1" >"$tmp/squatter.log" 2>&1 &
  wait_until grep -q ready "$tmp/squatter.log"
  kill -s USR1 "$(head -n 1 $cgroups/system.slice/squatter.scope/cgroup.procs)"
  wait_seldom grep -q grown "$tmp/squatter.log"
}

full_and_free_again() {
  promised keeper "local=150Mi..300Mi,remote=0..600Mi" 100 250
  grow keeper
  wait_seldom has_grown keeper
  wait_seldom was_seen keeper grown 2000
  judge keeper 300
  before=$(demotions keeper)
  free=$(awk '/MemFree/ { sum += $4 } END { printf "%d\n", sum / 1024 }' /sys/devices/system/node/node[01]/meminfo)
  squat "$free"
  remark "keeper: $(now_local keeper) MiB local after somebody has taken $free MiB of local memory"
  is "$(demotions keeper)" "$before" "keeper: slugd takes nothing of what it was promised"
  promised late "local=150Mi..300Mi,remote=0..600Mi" 50 250
  grow late
  wait_seldom has_grown late
  wait_seldom was_seen late grown 3000
  remark "late: $(now_local late) MiB local while the node is full"
  from=$(now_usec)
  systemctl stop squatter.scope
  for name in keeper late; do
    wait_until local_between $name 146 300
    is "$?" 0 "$name: has what it was promised when there is room again"
    remark "$name: $(now_local $name) MiB local, $((($(now_usec) - from) / 1000)) ms after the room was there"
    judge $name 300
    untroubled $name
    end_load $name
  done
}

with_swap() {
  modprobe zram
  echo 512M >/sys/block/zram0/disksize
  mkswap /dev/zram0 >/dev/null
  swapon /dev/zram0
  start_enforcing
  run_load swap 200 20 500
  at_most over 20 "swap: above its ceiling by no more than 2 %"
  at_most settled 2000 "swap: settles"
  untroubled swap
  end_load swap
  swapoff /dev/zram0
}

start_enforcing
start_foreign
as_fast_as_it_goes
too_much_is_hot 0
too_much_is_hot 2
three_compete
end_foreign
full_and_free_again
with_swap
done_testing
