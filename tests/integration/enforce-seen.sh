#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What people see of splits: tables, an explanation, metrics, a condition, findings with the line that mends each, and an event
# for who watches. In a fake tree, where nothing ever moves by itself.
# shellcheck disable=SC2154,SC2317,SC2329 # of lib/splits.sh; wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/splits.sh
. "$here/../lib/splits.sh"

# squeezed VERB...: slugctl's answer with single blanks
squeezed() {
  ctl "$@" 2>&1 | tr -s ' '
}

# condition: "REASON" of SplitsHeld
condition() {
  squeezed describe-node | sed -n 's/^ SplitsHeld [A-Za-z]* \([A-Za-z]*\) .*/\1/p'
}
is_condition() {
  [ "$(condition)" = "$1" ]
}

# fix TYPE: the line that mends it
fix() {
  squeezed doctor | sed -n "/^[A-Z]* $1 /{n;s/^ *fix: //p;}"
}
is_found() {
  [ -n "$(fix "$1")" ]
}
is_mended() {
  ! is_found "$1"
}

# metric LABELS-AND-NAME: its value
metric() {
  curl --silent --unix-socket "$sock" http://slug/metrics | grep -F "$1" | sed 's/.* //'
}

# apply TYPE: does what its line says, in a drop-in
n=10
apply() {
  line=$(fix "$1")
  n=$((n + 1))
  mkdir -p "$root/etc/slug/slugd.yaml.d"
  printf '%s\n' "${line#*: }" >"$root/etc/slug/slugd.yaml.d/$n.yaml"
  kill -s HUP "$slugd_pid"
  waits "$1 is mended: $line" is_mended "$1"
}

# Nothing was promised yet

make_machine
echo 0 >"$root/proc/sys/kernel/numa_balancing"
echo 'refreshInterval: 100ms' >"$root/etc/slug/slugd.yaml"
serve --fake-tree
contains "$(squeezed enforcement)" "No containers with a split" "where there are no splits it is said"
contains "$(squeezed enforcement)" " reclaim (chosen) yes " "and by which means they would be held"
is "$(condition)" NoSplits "nothing is broken then"

# A split that is held

for path in kubepods.slice $burstable "$db_pod" "$db_cgroup"; do
  group "$path"
done
report
ask ChunkService/AllocateChunks "{\"resource\":\"$resource\",\"ids\":[\"1gi-n2-0000\",\"1gi-n2-0001\"]}" >"$tmp/allocated"
usage "$db_cgroup" $((3 * gi)) $gi
db_runs=$(pod $db db "$db_id" '' 1gi-n2-0000 1gi-n2-0001)
report "$db_runs"
waits "a split is held" is_enforced state ENFORCEMENT_STATE_HELD
contains "$(squeezed enforcement)" "default db app held reclaim local 2Gi 4Gi 3Gi 0 -" "the list has its local part"
contains "$(squeezed enforcement)" " remote 2Gi 2Gi 1Gi 0 -" "and its remote part"
contains "$(squeezed describe-pod db)" " app held reclaim local 2Gi 4Gi 3Gi 0 -" "so has the pod"
contains "$(squeezed top --once)" " 2.00 GiB..4.00 GiB 2.00 GiB held reclaim 0 B/0 B -" "and top"
contains "$(ctl -o json describe-pod db)" '"enforcement": {' "and its JSON"
is "$(ctl -o json enforcement --pod web | grep -c podUid) $(ctl -o json enforcement --pod db -n default | grep -c podUid)" "0 1" \
  "the list can be narrowed"
is "$(condition)" Held "the condition says so"
is "$(metric "container=\"app\",locality=\"local\",what=\"achieved\"}")" $((3 * gi)) "a metric has what is there"
is "$(metric "container=\"app\",locality=\"local\",what=\"ceiling\"}")" $((4 * gi)) "and what may be there"
is "$(metric 'slug_enforced_containers{backend="reclaim",state="held"}')" 1 "and that it is held"

# One that cannot be held

# not by ctl: a function runs in a shell of its own, and that alone would be killed
"$slugctl" --socket "$sock" -o json watch >"$tmp/watched" 2>"$tmp/error" &
watcher=$!
usage "$db_cgroup" $((5 * gi)) 0
waits "where nothing moves the condition says so" is_condition NotHeld
explained=$(squeezed explain container default/db/app)
contains "$explained" "State: failed: " "the explanation has the reason"
contains "$explained" "Backend: reclaim: " "and by which means it was tried"
contains "$explained" " demoting 64Mi 0 5Gi 0 " "and each try"
is "$(squeezed explain container "$db/app" | head -n 1)" "Container: default/db/app" "a container goes by its pod's uid, too"
ctl explain container default/db/other >"$tmp/answer" 2>&1
is "$?" 1 "one without a split is not explained"
contains "$(cat "$tmp/answer")" "no such container has a split" "and it is said"
ctl explain container db >"$tmp/answer" 2>&1
is "$?" 2 "a name that is none is refused"
is "$(fix SplitNotHeld)" "mend what it says: slugctl explain container default/db/app" "it is a finding"
has_event() {
  grep -q '"splitEvents":\[{[^]]*"container":"app",*[^]]*"reason":"' "$tmp/watched"
}
has_other_event() {
  grep -q '"splitEvents":\[{[^]]*"container":"app",*[^]]*"held":true' "$tmp/watched"
}
waits "who watches is told after a while" has_event
usage "$db_cgroup" $((3 * gi)) $gi
waits "and that it is held again" has_other_event
kill "$watcher"
is "$(condition)" Held "so says the condition"

# What is in the way, and the line that mends it

echo 2 >"$root/proc/sys/kernel/numa_balancing"
waits "NUMA balancing is found" is_found NumaBalancingOn
contains "$(fix NumaBalancingOn)" "enforce: {settings: {numaBalancing: 0}}" "with the line that hands it to slugd"
echo 0 >"$root/proc/sys/kernel/numa_balancing"
waits "and goes with it" is_mended NumaBalancingOn
echo false >"$root/sys/kernel/mm/numa/demotion_enabled"
kill -s HUP "$slugd_pid"
waits "demotion that is off is found" is_found DemotionDisabled
apply DemotionDisabled
printf 'refreshInterval: 100ms\nenforce: {backend: node_limit}\n' >"$root/etc/slug/slugd.yaml"
kill -s HUP "$slugd_pid"
waits "a backend that cannot be used is found" is_found EnforcementForcedUnusable
apply EnforcementForcedUnusable
report "$(pod $db db "$db_id" '"memory.sluglab.io/enforce":"node_limit"' 1gi-n2-0000 1gi-n2-0001)"
waits "that of a pod, too" is_found EnforcementForcedUnusable
is "$(fix EnforcementForcedUnusable)" "annotation of the pod: memory.sluglab.io/enforce: auto" "with another line"
report "$(pod $db db "$db_id" '"memory.sluglab.io/enforce":"auto"' 1gi-n2-0000 1gi-n2-0001)"
waits "which mends it" is_mended EnforcementForcedUnusable
stop_slugd TERM
done_testing
