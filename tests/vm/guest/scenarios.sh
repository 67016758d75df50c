# shellcheck shell=sh disable=SC2154,SC2317,SC2329 # lib.sh and enforce.sh come before; wait_until calls what it is given
# SPDX-License-Identifier: Apache-2.0
# What a container can do to a ceiling of 200 MiB, each as a function, and who holds the ceiling is $holder. What is demanded of slugd
# is only told of the others: the tables in README.md are made of that.
mib=1048576

# growth LOAD RATE TOTAL OVER: by RATE MiB a second, and above the ceiling by OVER permille at the most
growth() {
  growth_name=$1
  growth_over=$4
  run_load "$1" 200 "$2" "$3"
  at_most over "$growth_over" "$growth_name: above its ceiling by no more than $growth_over permille while it grows"
  at_most settled 2000 "$growth_name: within two seconds it is at 97 to 100 % of its ceiling, and stays"
  untroubled "$growth_name"
  end_load "$growth_name"
}

slow_growth() { growth slow 20 320 10; }
quick_growth() { growth quick 100 500 100; }

as_fast_as_it_goes() {
  run_load fast 200 0 500
  at_most settled 4000 "fast: settles"
  untroubled fast
  end_load fast
}

# has_grown_twice LOAD
has_grown_twice() {
  [ "$(grep -c '^grown ' "$tmp/$1.log")" -ge 2 ]
}

# used_again: nearly all of it was used a moment ago when it grows on. With multi-gen LRU the kernel then may move down much more than it
# was asked for.
used_again() {
  run_load again 200 20 330 burst=300 again=290
  grow again
  wait_seldom has_grown_twice again
  wait_seldom was_seen again grown 4000
  judge again 200
  again_from=$(awk '$1 == "start" { print $2 }' "$tmp/again.log" | tail -n 1)
  again_least=$(awk -F, -v from="$again_from" '$1 >= from && (!least || $2 < least) { least = $2 } END { printf "%d\n", least / 1048576 }' \
    "$tmp/again.csv")
  remark "again: $again_least MiB were local at the least; steps back up:" \
    "$("$slugctl" explain container default/again/main 2>/dev/null | grep -c 'than it was asked to')"
  at_most settled 2000 "again: settles although the kernel may take more than it is asked for"
  untroubled again
  end_load again
}

has_shrunk() {
  grep -q '^shrunk ' "$tmp/$1.log"
}

huge_pages_and_shrinking() {
  run_load huge 200 100 400 thp
  at_most over 100 "huge: above its ceiling by no more than a tenth while huge pages come at 100 MiB/s"
  at_most settled 2000 "huge: settles within two seconds"
  untroubled huge
  huge_before=$(demotions huge)
  kill -s USR2 "$(load_pid huge)"
  wait_seldom has_shrunk huge
  wait_seldom was_seen huge shrunk 2000
  judge huge 200
  demand "$(demotions huge)" "$huge_before" "huge: of what shrinks nothing is moved"
  end_load huge
}

processes_that_fork() {
  run_load many 200 50 320 procs=4 fork
  # half way 80 MiB are copied as fast as it goes, which nobody could foresee
  at_most over 400 "many: eight processes that copy pages of each other are never above by what they copy at once"
  at_most settled 2000 "many: settle within two seconds"
  untroubled many
  end_load many
}

shared_memory() {
  run_load shared 200 50 400 shm
  at_most settled 2000 "shared: shared memory settles within two seconds"
  untroubled shared
  end_load shared
}

tmpfs() {
  run_load tmpfs 200 50 400 write=/dev/shm/slug-test
  at_most settled 2000 "tmpfs: files on a tmpfs settle within two seconds"
  untroubled tmpfs
  end_load tmpfs
  rm -f /dev/shm/slug-test
}

page_cache() {
  # on a disk: a hole of a tmpfs is no page cache
  truncate -s 400M /var/lib/slug-test/sparse
  run_load cache 200 100 400 read=/var/lib/slug-test/sparse
  # what is reclaimed of page cache is gone, so that only the ceiling counts
  at_most high 1004 "cache: ends at its ceiling or below"
  untroubled cache
  end_load cache
  rm /var/lib/slug-test/sparse
}

# too_much_is_hot NUMA-BALANCING: 2 brings up what is hot, faster than anybody moves it down. slugd lets some of it be then, since to
# move it to and fro would cost more than it brings; how much is told, and not demanded.
too_much_is_hot() {
  set_balancing "$1"
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
  set_balancing 0
}

# promised LOAD MIN MAX RATE TOTAL: MIN MiB local for sure, MAX at the most; it is there, waits, and is watched
promised() {
  name=$1
  split="local=$2Mi..$3Mi,remote=0..600Mi"
  start_load "$1" "$3" "$4" "$5" && { [ "$holder" != slug ] || promise "$name" 900Mi "$split"; } && watch_load "$name"
  is "$?" 0 "$name: is there and has its promise"
}

# now_local LOAD: MiB
now_local() {
  tail -n 2 "$tmp/$1.csv" | head -n 1 | awk -F, '{ printf "%d\n", $2 / 1048576 }'
}

local_between() {
  [ "$(now_local "$1")" -ge "$2" ] && [ "$(now_local "$1")" -le "$3" ]
}

three_compete() {
  for name in one two three; do promised $name 100 600 50 500; done
  for name in one two three; do grow $name; done
  for name in one two three; do wait_seldom has_grown $name; done
  wait_seldom was_seen one grown 6000
  for name in one two three; do
    judge $name 600
    demand "$([ "$(now_local $name)" -ge 100 ] && echo kept)" kept "$name: has what it was promised"
    untroubled $name
  done
  for name in one two three; do end_load $name; done
}

# squat MIB: of local memory, by somebody without a promise
squat() {
  systemd-run --quiet --scope --collect --unit=squatter numactl --membind=0,1 "$tools/memload" 200 "$1" >"$tmp/squatter.log" 2>&1 &
  wait_until grep -q ready "$tmp/squatter.log"
  kill -s USR1 "$(head -n 1 "$cgroups/system.slice/squatter.scope/cgroup.procs")"
  wait_seldom grep -q grown "$tmp/squatter.log"
}

# local.min while the node is full, and promotion when it is free again
full_and_free_again() {
  promised keeper 150 300 100 250
  grow keeper
  wait_seldom has_grown keeper
  wait_seldom was_seen keeper grown 2000
  judge keeper 300
  before=$(demotions keeper)
  free=$(awk '/MemFree/ { sum += $4 } END { printf "%d\n", sum / 1024 }' /sys/devices/system/node/node[01]/meminfo)
  squat "$free"
  remark "keeper: $(now_local keeper) MiB local after somebody has taken $free MiB of local memory"
  demand "$(demotions keeper)" "$before" "keeper: slugd takes nothing of what it was promised"
  promised late 150 300 50 250
  grow late
  wait_seldom has_grown late
  wait_seldom was_seen late grown 3000
  remark "late: $(now_local late) MiB local while the node is full"
  from=$(now_usec)
  systemctl stop squatter.scope
  for name in keeper late; do
    wait_seldom local_between $name 146 300
    demand "$?" 0 "$name: has what it was promised when there is room again"
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
  start_holding # anew: that there is swap is seen at the start
  run_load swap 200 20 500
  at_most over 20 "swap: above its ceiling by no more than 2 %"
  at_most settled 2000 "swap: settles"
  untroubled swap
  end_load swap
  swapoff /dev/zram0
}

all_kinds_of_memory() {
  huge_pages_and_shrinking
  processes_that_fork
  shared_memory
  tmpfs
  page_cache
}

# where_it_is_hard: what needs the node for itself comes when the memory of others is gone, as this ends it
where_it_is_hard() {
  as_fast_as_it_goes
  used_again
  too_much_is_hot 0
  too_much_is_hot 2
  three_compete
  end_foreign
  full_and_free_again
  with_swap
}

# every_scenario: but for the one that kills slugd
every_scenario() {
  start_holding
  start_foreign
  slow_growth
  quick_growth
  all_kinds_of_memory
  where_it_is_hard
}
