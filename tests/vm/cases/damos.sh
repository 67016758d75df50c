#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# DAMON moves the pages of one container and of no other one, is off in between and afterwards, outlives a slugd that is killed by
# no more than a moment, and is left alone when somebody else has it.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh
damon=/sys/kernel/mm/damon/admin/kdamonds

# on_node LOAD NODE: MiB of anonymous memory
on_node() {
  awk -v node="N$2=" '$1 == "anon" { for (i = 2; i <= NF; ++i) if (index($i, node) == 1) print int(substr($i, length(node) + 1) / 1048576) }' \
    "$(cgroup_of "$1")/memory.numa_stat"
}

# local_of LOAD, in MiB
local_of() {
  echo $(($(on_node "$1" 0) + $(on_node "$1" 1)))
}

placement() {
  grep '^anon ' "$(cgroup_of "$1")/memory.numa_stat"
}

is_on() {
  [ "$(cat "$damon/0/state" 2>/dev/null)" = on ]
}

is_free() {
  [ "$(cat "$damon/nr_kdamonds")" = 0 ]
}

is_within() {
  [ "$(local_of "$1")" -le "$2" ]
}

journal_has() {
  journalctl -b -u slugd.service -o json MESSAGE_ID="$1" | grep -q .
}


remark "$(uname -r): DAMON_STAT $(cat /sys/module/damon_stat/parameters/enabled 2>/dev/null || echo absent)"
mkdir -p /etc/slug
echo 0 >/proc/sys/kernel/numa_balancing
printf 'enforce:\n  backend: damos\n  settings: {damonStat: false}\n' >/etc/slug/slugd.yaml
systemctl restart slugd.service
"$slugctl" --wait 60 claims >/dev/null
is "$(cat $damon/nr_kdamonds)" 0 "slugd starts and DAMON is nobody's"

# one neighbour that slugd follows, too, and is content; one that is not its business
start_load b 300 0 120
promise b 300Mi "local=16Mi..200Mi,remote=0..300Mi"
grow b
wait_seldom has_grown b
start_foreign
before=$(placement b)
remark "b: $before"

verdict=
run_load a 200 20 320
remark "a: $verdict; $(placement a)"
wait_seldom is_within a 202
is "$(is_within a 202 && echo within)" within "a: no more than its ceiling is on NUMA nodes 0 and 1 ($(local_of a) of 200 MiB)"
is "$([ "$(local_of a)" -ge 100 ] && echo some)" some "a: and no more was moved than had to be ($(local_of a) MiB are left)"
is "$(placement b)" "$before" "b: not a byte of its neighbour has moved"
end_foreign
untroubled a
wait_until is_free
is "$?" 0 "in between DAMON is nobody's"
remark "$(journalctl -b -u slugd.service -o cat | grep -i -e damon -e split | tail -n 5)"

# for the table in README.md: faster growth, and what is told of its ceiling when all of it is there
run_load e 200 100 400
untroubled e
end_load e
start_load f 200 0 400
hertz=50 watch_load f
grow f
wait_seldom has_grown f
promise f 600Mi "local=16Mi..200Mi,remote=0..600Mi"
wait_seldom is_within f 200
is "$(is_within f 200 && echo within)" within "f: below its ceiling, of which it was told late ($(local_of f) MiB)"
remark "f: $(python3 -S "$payload/enforce-bench.py" moved "$tmp/f.csv" 201)"
end_load f
is "$(placement b)" "$before" "b: and still not a byte of it has moved"

# killed in the middle of a step
start_load c 100 20 250
promise c 400Mi "local=16Mi..100Mi,remote=0..400Mi"
grow c
wait_seldom is_on
is "$?" 0 "DAMON is on while c grows"
systemctl kill --signal=KILL --kill-whom=main slugd.service
wait_seldom journal_has 4d2c1b9fb6a44a5b8c0cf4a9b3a41e62
is "$?" 0 "the next slugd finds DAMON on, and says that it turns it off"
wait_seldom has_grown c
wait_seldom is_within c 102
is "$(is_within c 102 && echo within)" within "c: held by the next slugd ($(local_of c) of 100 MiB)"

# stopped in the middle of a step
start_load d 60 20 200
promise d 400Mi "local=16Mi..60Mi,remote=0..400Mi"
grow d
wait_seldom is_on
systemctl stop slugd.service
is "$(cat $damon/nr_kdamonds)" 0 "a slugd that is stopped leaves nothing on"

# somebody else's
echo 1 >$damon/nr_kdamonds
systemctl start slugd.service
"$slugctl" --wait 60 claims >/dev/null
wait_seldom has_grown d
is "$(cat $damon/nr_kdamonds) $(cat $damon/0/contexts/nr_contexts)" "1 0" "what somebody else has set up is left alone"
echo 0 >$damon/nr_kdamonds
for load in a b c d; do
  end_load "$load"
done
rm /etc/slug/slugd.yaml
done_testing
