#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the kernel counts of QoS cgroups, on its way to who watches, to the metrics and to the journal. The kernel is a file here.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
tree=$root/sys/fs/cgroup
"$mktree" "$machines/two-nodes.tree" "$root" || bail_out "cannot make a machine"

# counts CGROUP MAX OOM_KILL: what memory.events has from now on
counts() {
  printf 'low 0\nhigh 0\nmax %s\noom 0\noom_kill %s\noom_group_kill 0\n' "$2" "$3" >"$tree/$1/memory.events"
}

# cgroup PATH
cgroup() {
  mkdir -p "$tree/$1"
  echo memory >"$tree/$1/cgroup.controllers"
  echo max >"$tree/$1/memory.max"
  printf 'populated 0\nfrozen 0\n' >"$tree/$1/cgroup.events"
  counts "$1" 5 1
}

cgroup .
cgroup kubepods
cgroup kubepods/burstable
cgroup kubepods/besteffort

metric() {
  curl --silent --max-time 30 --unix-socket "$sock" http://slug/metrics | grep -F -- "$1" | sed 's/.* //'
}

# counted METRIC VALUE
counted() {
  [ "$(metric "$1")" = "$2" ]
}

start_slugd --root "$root" --fake-tree
ctl describe-node >/dev/null 2>&1 || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
max='slug_cgroup_events_total{level="burstable",event="max"}'
if wait_until counted "$max" 0; then
  ok "what was before the start is not counted"
else
  not_ok "what was before the start is not counted" "$(metric "$max") $(cat "$tmp/slugd.log")"
fi
is "$(metric 'slug_cgroup_pressure_triggers_total{level="kubepods"}')" 0 "a tree of files has no triggers"

"$slugctl" --socket "$sock" watch -o json >"$tmp/states" 2>"$tmp/watch.log" &
states=$!
"$slugctl" --socket "$sock" watch >"$tmp/watched" 2>>"$tmp/watch.log" &
watcher=$!
wait_until grep -q generation "$tmp/states" || bail_out "nothing is watched: $(cat "$tmp/watch.log")"
wait_until grep -q Last "$tmp/watched" || bail_out "nothing is watched: $(cat "$tmp/watch.log")"
is "$(grep -c cgroupEvents "$tmp/states")" 0 "nothing happened yet"

counts kubepods/burstable 12 1
if wait_until grep -q '"CGROUP_EVENT_KIND_MAX"' "$tmp/states"; then
  ok "a limit that was reached is told to who watches"
else
  not_ok "a limit that was reached is told to who watches" "$(cat "$tmp/states" "$tmp/slugd.log")"
fi
contains "$(grep -o '"cgroupEvents":\[{[^}]*}' "$tmp/states" | tail -n 1)" '"level":"burstable","path":"kubepods/burstable"' "with its level"
contains "$(grep -o '"cgroupEvents":\[{[^}]*}' "$tmp/states" | tail -n 1)" '"count":"7","total":"12"' "and how often"
wait_until grep -q 'burstable: memory.max reached, 7 times' "$tmp/watched"
contains "$(cat "$tmp/watched")" 'burstable: memory.max reached, 7 times' "slugctl watch shows it"
is "$(metric "$max")" 7 "it is counted"
contains "$(cat "$tmp/slugd.log")" 'burstable (kubepods/burstable) has reached its memory.max, 7 times' "and in the journal"

# The kernel counts it for all around it; the journal has it once. Both are there before slugd looks again, or it looks twice.
counts kubepods/burstable 12 3
counts kubepods 12 3
kills='slug_cgroup_events_total{level="kubepods",event="oom_kill"}'
wait_until counted "$kills" 2
is "$(metric "$kills")" 2 "processes that were killed count for the level above, too"
wait_until grep -q 'burstable) has lost a process for want of memory, 2 times' "$tmp/slugd.log"
contains "$(cat "$tmp/slugd.log")" 'warning: burstable (kubepods/burstable) has lost a process for want of memory, 2 times' "and are warned of"

printf 'populated 1\nfrozen 0\n' >"$tree/kubepods/besteffort/cgroup.events"
if wait_until grep -q '"CGROUP_EVENT_KIND_POPULATED"' "$tmp/states"; then
  ok "the first process is told"
else
  not_ok "the first process is told" "$(cat "$tmp/states")"
fi

# A cgroup that is made anew
mv "$tree/kubepods/besteffort" "$tmp/gone"
cgroup kubepods/besteffort
counts kubepods/besteffort 4 0
if wait_until counted 'slug_cgroup_events_total{level="besteffort",event="max"}' 4; then
  ok "a cgroup that is made anew is heard of"
else
  not_ok "a cgroup that is made anew is heard of" "$(metric besteffort)"
fi

# A storm of 40 has a line in ten seconds, however long that takes here
i=20
while [ $i -lt 60 ]; do
  counts kubepods/burstable $i 3
  i=$((i + 1))
done
wait_until counted "$max" 54
is "$(metric "$max")" 54 "a storm is counted"
lines=$(grep -c 'burstable) has reached its memory.max' "$tmp/slugd.log")
is "$([ "$lines" -lt 8 ] && echo few)" few "and not told time after time"
kill "$states" "$watcher"
wait "$states" "$watcher" 2>/dev/null
stop_slugd TERM
is "$slugd_status" 0 "slugd stopped as asked"
done_testing
