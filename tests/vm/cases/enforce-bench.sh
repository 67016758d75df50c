#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# How fast slugd brings 500 MiB of local memory down to 200, next to a loop that writes to memory.reclaim and does nothing else; and
# how long after the crossing of a ceiling the first byte is moved. The numbers are for the tables in README.md; what is demanded is
# that bytes were moved at all.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh
mib=1048576
ceiling=200
total=500
rounds=3
crossings=10
burst=30

# up_usec: as CLOCK_MONOTONIC of a machine that never slept, to 10 ms
up_usec() {
  read -r up _ </proc/uptime
  echo "${up%.*}${up#*.}0000"
}

# is_number WORD
is_number() {
  case $1 in '' | . | *[!0-9.]*) return 1 ;; esac
  awk -v number="$1" 'BEGIN { exit !(number > 0) }'
}

# local_bytes LOAD: by its last whole sample
local_bytes() {
  tail -n 2 "$tmp/$1.csv" | head -n 1 | cut -d, -f2
}

is_down() {
  [ "$(local_bytes "$1")" -le "$(((ceiling + 1) * mib))" ]
}

# fill LOAD: it is there with all of it in local memory, and watched
fill() {
  start_load "$1" 0 0 $total || { not_ok "$1: the load starts" "$(cat "$tmp/$1.err")"; return 1; }
  hertz=50 watch_load "$1"
  grow "$1"
  wait_seldom has_grown "$1"
  wait_seldom was_seen "$1" grown 1000
}

# tell_moved KIND LOAD: the rate into $tmp/KIND.rates
tell_moved() {
  verdict=$(python3 -S "$payload/enforce-bench.py" moved "$tmp/$2.csv" $((ceiling + 1)))
  remark "$2: $verdict high=$(counter "$2" memory.events high) demotions=$(($(demotions "$2") * 4096 / mib)) MiB"
  is "$(is_number "$(value rate)" && echo moved)" moved "$2: memory is moved until $ceiling MiB are local"
  value rate >>"$tmp/$1.rates"
}

# by_slug ROUND
by_slug() {
  holder=slug
  systemctl start slugd.service
  "$slugctl" --wait 60 claims >/dev/null
  fill "slugd-$1" || return
  promise "slugd-$1" 600Mi "local=16Mi..${ceiling}Mi,remote=0..600Mi" || { not_ok "slugd-$1: is promised its split"; return; }
  promised=$(up_usec)
  wait_seldom is_down "slugd-$1"
  tell_moved slugd "slugd-$1"
  ! is_number "$(value first)" || remark "slugd-$1: it begins $((($(value first) - promised) / 1000)) ms after the promise"
  remark "slugd-$1: steps, MiB asked/moved:" \
    "$("$slugctl" -o json explain container "default/slugd-$1/main" | jq -r '[.decisions[]? | select((.bytes // "0" | tonumber) > 0) |
      [.bytes, .movedBytes // 0 | tonumber / 1048576 * 10 | round / 10 | tostring] | join("/")] | join(" ")')"
  end_load "slugd-$1"
}

# by_loop ROUND STEP-MIB
by_loop() {
  holder=loop
  systemctl stop slugd.service slugd.socket
  fill "loop$2-$1" || return
  loop=$("$tools/reclaimer" "$(cgroup_of "loop$2-$1")" $(($(local_bytes "loop$2-$1") - ceiling * mib)) $(($2 * mib)))
  wait_until is_down "loop$2-$1"
  tell_moved "loop$2" "loop$2-$1"
  remark "loop$2-$1: writes, of which short, microseconds: $loop"
  end_load "loop$2-$1"
}

# median FILE
median() {
  sort -n "$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

compare() {
  round=1
  while [ $round -le $rounds ]; do
    by_slug $round
    by_loop $round 64
    by_loop $round 16
    round=$((round + 1))
  done
  slug_rate=$(median "$tmp/slugd.rates")
  for kind in loop64 loop16; do
    ratio=$(awk -v slug="$slug_rate" -v loop="$(median "$tmp/$kind.rates")" 'BEGIN { if (loop > 0) printf "%.2f\n", slug / loop }')
    is "$(is_number "$ratio" && echo number)" number "slugd and $kind can be compared"
    remark "medians of $rounds: slugd $slug_rate MiB/s, $kind $(median "$tmp/$kind.rates") MiB/s, ratio $ratio"
  done
}

# metric NAME: as slugd tells it now
metric() {
  curl --silent --unix-socket "$sock" http://slug/metrics | awk -v name="$1" '$1 == name { print $2 }'
}

# has_grown_times LOAD N
has_grown_times() {
  [ "$(grep -c '^grown ' "$tmp/$1.log")" -ge "$2" ]
}

# burst_load LOAD N: for the Nth time
burst_load() {
  grow "$1"
  wait_until has_grown_times "$1" "$2"
}

# cross LOAD RATE QUIET HERTZ: it rests QUIET s and some more below its ceiling, and grows beyond; ten times, a tenth of a second later
# each
cross() {
  before=$((ceiling / burst + 1))
  start_load "$1" 0 "$2" $((burst * (before + crossings))) burst=$burst
  promise "$1" 600Mi "local=16Mi..${ceiling}Mi,remote=0..600Mi" || { not_ok "$1: is promised its split"; return; }
  hertz=$4 watch_load "$1"
  n=0
  while [ $n -lt $before ]; do
    n=$((n + 1))
    burst_load "$1" $n
  done
  looks=0
  usec=0
  while [ $n -lt $((before + crossings)) ]; do
    sleep "$3"
    looks=$((looks - $(metric slug_enforcement_samples_total)))
    usec=$((usec - $(up_usec)))
    sleep "1.$((n - before))"
    looks=$((looks + $(metric slug_enforcement_samples_total)))
    usec=$((usec + $(up_usec)))
    n=$((n + 1))
    burst_load "$1" $n
  done
  wait_until was_seen "$1" grown 3000
  verdict=$(python3 -S "$payload/enforce-bench.py" crossings "$tmp/$1.log" "$tmp/$1.csv" $ceiling $before)
  remark "$1: $2 MiB/s (0: as fast as it goes), quiet for $((${3%.*} + 1)) s and more: $verdict," \
    "was looked at every $((usec / (looks > 0 ? looks : 1) / 1000)) ms," \
    "steps that moved nothing so far: $(metric 'slug_enforcement_steps_total{result="failed"}')"
  is "$(value acted)" $crossings "$1: something is moved each time that it grows beyond"
  untroubled "$1"
  end_load "$1"
}

start_enforcing
remark "enforce.budget is $("$slugctl" config | awk '/enforce[.]budget/ { print $2 }') a second; a step is 64 MiB at most"
start_foreign
compare
holder=slug
systemctl start slugd.service
"$slugctl" --wait 60 claims >/dev/null
# samples take of the time that is measured: where half a second is waited for there need not be one each 5 ms
cross steady 20 0 200
cross at-work 0 0 200
cross resting 0 5.5 200
cross quiet 0 30 50
remark "a look at the machine, twice a minute, takes $(($(look_usec) / 1000)) ms here"
end_foreign
done_testing
