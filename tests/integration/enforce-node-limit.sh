#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A split as limits by NUMA node, in a fake tree of plain files, which have 0 as the patched kernel makes them: nobody writes without
# the operator's word, everything is seeded first, the container alone has its limits, and who is above them is brought down by steps.
# shellcheck disable=SC2154,SC2317,SC2329 # of lib/splits.sh; wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/splits.sh
. "$here/../lib/splits.sh"

# of the machine's NUMA nodes, in MiB, rounded up; there is no NUMA node 3
sizes="32053 32248 16384 0 "
# of a ceiling of 4 GiB on two local NUMA nodes
shares="2048 2048 16384 0 "
consent='qos: {manage: [memory.node_limit]}'
other_id=$(printf '%064d' 3)
other=$db_pod/cri-containerd-$other_id.scope

# limited PATH...: cgroups of a kernel that has the files
limited() {
  for path in "$@"; do
    group "$path"
    for number in 1 2 3 4; do
      echo 0 >"$fs/$path/memory.node_limit$number"
    done
  done
}
# limits PATH: all four
limits() {
  for number in 1 2 3 4; do
    cat "$fs/$1/memory.node_limit$number"
  done 2>/dev/null | tr '\n' ' '
}
has() {
  [ "$(limits "$1")" = "$2" ]
}
# reason: why node_limit can be used, or not
reason() {
  ctl -o json enforcement | tr -d '\n' | sed 's/.*"ENFORCEMENT_BACKEND_NODE_LIMIT"\([^}]*\)}.*/\1/'
}
is_reason() {
  reason | grep -q "$1"
}
configure() {
  printf '%s\n' "$@" >"$root/etc/slug/slugd.yaml"
  kill -s HUP "$slugd_pid"
}

# Another kernel

make_machine
group kubepods.slice
echo "$consent" >"$root/etc/slug/slugd.yaml"
serve --fake-tree
waits "a kernel without the files has no such means" is_reason "no cgroup has a file memory.node_limit1"
waits "and another one is taken" has_said "Splits of containers are held by reclaim"
stop_slugd

# Without the word

make_machine
limited init.scope kubepods.slice $burstable "$db_pod" "$web_pod" "$db_cgroup" "$web_cgroup"
serve --fake-tree
waits "without the operator's word it is not used, and it is said which" is_reason "what lets it: qos: {manage: \[memory.node_limit\]"
report
ask ChunkService/AllocateChunks "{\"resource\":\"$resource\",\"ids\":[\"1gi-n2-0000\",\"1gi-n2-0001\"]}" >"$tmp/allocated"
usage "$db_cgroup" $((3 * gi)) $gi
db_runs=$(pod $db db "$db_id" '' 1gi-n2-0000 1gi-n2-0001)
web_runs=$(pod $web web "$web_id" '')
report "$db_runs" "$web_runs"
waits "a split is held by something else then" is_enforced backend ENFORCEMENT_BACKEND_RECLAIM
is "$(limits init.scope)$(limits "$db_cgroup")" "0 0 0 0 0 0 0 0 " "and nothing is written"

# With it

configure "$consent"
waits "with it that is the best means" has_said "Splits of containers are held by node_limit: memory.node_limit"
waits "of the container, too" is_enforced backend ENFORCEMENT_BACKEND_NODE_LIMIT
waits "it has its ceiling on local NUMA nodes, and all of the remote one" has "$db_cgroup" "$shares"
is "$(limits init.scope)$(limits "$db_pod")$(limits "$web_cgroup")" "$sizes$sizes$sizes" "everything else has the sizes"
waits "within its ceiling it is held" is_enforced state ENFORCEMENT_STATE_HELD
mkdir "$fs/$db_cgroup/init"
for number in 1 2 3 4; do
  echo 0 >"$fs/$db_cgroup/init/memory.node_limit$number"
done
limited system.slice
kill -s HUP "$slugd_pid"
waits "what comes below it has the same" has "$db_cgroup/init" "$shares"
waits "who comes elsewhere the sizes" has system.slice "$sizes"

# Who is above it all the same

usage "$db_cgroup" $((5 * gi)) 0
waits "who is above is brought down by steps" is_enforced state ENFORCEMENT_STATE_FAILED
is "$(cat "$fs/$db_cgroup/memory.reclaim")" "" "which are not the kernel's"
usage "$db_cgroup" $((3 * gi)) $gi
waits "and held again" is_enforced state ENFORCEMENT_STATE_HELD

# Another means, and back

report "$(pod $db db "$db_id" '"memory.sluglab.io/enforce":"reclaim"' 1gi-n2-0000 1gi-n2-0001)" "$web_runs"
waits "who asks for another means has no limits" has "$db_cgroup" "$sizes"
report "$db_runs" "$web_runs"
waits "until it does no more" has "$db_cgroup" "$shares"
configure 'qos: {manage: [memory.node_limit], nodeLimits: {burstable: {0: 512Mi}}}'
waits "a class has limits beside it" has "$web_cgroup" "512 32248 16384 0 "
is "$(limits "$db_cgroup")" "$shares" "which are not the container's"
contains "$(ask NodeService/Withdraw '{}')" "until the next boot" "a withdrawal says what is left"
is "$(limits "$db_cgroup")" "$sizes" "and takes its limits, too"
waits "it is no means then" is_reason "were withdrawn"
configure "$consent"
waits "until a reload" has "$db_cgroup" "$shares"
waits "and a class that is limited no more has the sizes" has "$web_cgroup" "$sizes"

# Another slugd

stop_slugd
is "$(limits "$db_cgroup")" "$shares" "limits stay when slugd stops"
limited "$other"
serve --fake-tree
waits "another one seeds what came meanwhile, because this kernel obeys" has "$other" "$sizes"
sequence=0
report "$db_runs" "$web_runs"
waits "and goes on with the container" is_enforced backend ENFORCEMENT_BACKEND_NODE_LIMIT
is "$(limits "$db_cgroup")" "$shares" "which has its limits"
configure 'qos: {manage: []}'
waits "and without the word it is over" is_reason "what lets it"

# A cgroup that cannot be seeded

rm "$fs/system.slice/memory.node_limit2"
mkdir "$fs/system.slice/memory.node_limit2"
configure "$consent" 'refreshInterval: 100ms'
stop_slugd
serve --fake-tree
waits "where not all can be seeded it is no means" is_reason "system.slice cannot be looked at"
stop_slugd TERM
done_testing
