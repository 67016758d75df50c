#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Splits of containers that are held, in a fake tree of plain files: which containers are followed, what is written for them when
# they are over, and what is left alone. The kubelet, slug-kubelet and the kernel are this script: what slugd wrote into a
# memory.reclaim stays there to be read, and usage changes when this script changes it.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/lib/splits.sh
. "$here/../lib/splits.sh"

# A container with chunks and one without, both with 5 GiB of local memory

make_machine
serve --fake-tree
waits "the journal says by which means splits are held" has_said "Splits of containers are held by reclaim: memory.reclaim demotes"
for path in kubepods.slice $burstable "$db_pod" "$web_pod" "$db_cgroup" "$web_cgroup"; do
  group "$path"
done
report
ask ChunkService/AllocateChunks "{\"resource\":\"$resource\",\"ids\":[\"1gi-n2-0000\",\"1gi-n2-0001\"]}" >"$tmp/allocated"
usage "$db_cgroup" $((5 * gi)) 0
usage "$web_cgroup" $((5 * gi)) 0
db_runs=$(pod $db db "$db_id" '' 1gi-n2-0000 1gi-n2-0001)
web_runs=$(pod $web web "$web_id" '')
report "$db_runs" "$web_runs"
waits "who is over the local ceiling is asked to give memory up" asked "$db_cgroup"
step=$(cat "$fs/$db_cgroup/memory.reclaim")
is "$((step % 4096)) $((step > 0 && step <= 64 * 1048576))" "0 1" "by whole pages, and a step at a time"
is "$(cat "$fs/memory.reclaim" "$fs/kubepods.slice/memory.reclaim" "$fs/$db_pod/memory.reclaim")" "" "nobody around it is"
is "$(cat "$fs/$web_cgroup/memory.reclaim")" "" "and neither is a container without a split"

# Within the ceiling nothing is written

usage "$db_cgroup" $((4 * gi - 268435456)) $gi
waits "what is within the ceiling is held" is_enforced state ENFORCEMENT_STATE_HELD
: >"$fs/$db_cgroup/memory.reclaim"
usage "$web_cgroup" $((6 * gi)) 0
report "$db_runs" "$web_runs"
is "$(cat "$fs/$db_cgroup/memory.reclaim")" "" "and nothing more is asked for"
is "$(enforced backend) $(enforced localBytes) $(enforced remoteBytes)" \
  "ENFORCEMENT_BACKEND_RECLAIM $((4 * gi - 268435456)) $gi" "the service says what is where, and by which means it is held"
is "$(ask EnforcementService/ListContainers '{}' | grep -c "$web")" 0 "who has no split is not listed"

# What is over again is asked for again; a step that moved nothing is not the end

usage "$db_cgroup" $((5 * gi)) 0
waits "what is over again is asked for again" asked "$db_cgroup"
waits "and where nothing ever moves, it is said so" is_enforced state ENFORCEMENT_STATE_FAILED
contains "$(ask EnforcementService/ExplainContainer "{\"podUid\":\"$db\",\"container\":\"app\"}")" ENFORCEMENT_STATE_DEMOTING \
  "the service tells what was tried"
waits "the journal has it after a while" has_said "The split of container app of pod db cannot be held"
usage "$db_cgroup" $((4 * gi - 268435456)) $gi
waits "and that it is held again" has_said "The split of container app of pod db is held again"

# Garbage

garbage "$db_cgroup"
waits "of garbage nothing is made" is_enforced state ENFORCEMENT_STATE_OBSERVED
contains "$(enforced reason)" "its memory.numa_stat cannot be read" "and it is said so"
usage "$db_cgroup" $((4 * gi - 268435456)) $gi
waits "which lasts as long as the garbage" is_enforced state ENFORCEMENT_STATE_HELD

# By which means

report "$(pod $db db "$db_id" '"memory.sluglab.io/enforce":"observe"' 1gi-n2-0000 1gi-n2-0001)" "$web_runs"
waits "a pod may ask for no more than being watched" is_enforced backend ENFORCEMENT_BACKEND_OBSERVE
report "$(pod $db db "$db_id" '"memory.sluglab.io/enforce":"memory.high"' 1gi-n2-0000 1gi-n2-0001)" "$web_runs"
waits "a word that is none is told" has_said "annotation memory.sluglab.io/enforce for a backend that there is not"
is "$(enforced backend)" ENFORCEMENT_BACKEND_RECLAIM "and makes no difference"
report "$db_runs" "$web_runs"
echo false >"$root/sys/kernel/mm/numa/demotion_enabled"
kill -s HUP "$slugd_pid"
waits "without demotion it is another one" has_said "Splits of containers are held by migrate"
waits "of a container that is followed, too" is_enforced backend ENFORCEMENT_BACKEND_MIGRATE
echo true >"$root/sys/kernel/mm/numa/demotion_enabled"
echo 'enforce: {backend: observe}' >"$root/etc/slug/slugd.yaml"
kill -s HUP "$slugd_pid"
waits "slugd.yaml may ask for nothing but watching" is_enforced backend ENFORCEMENT_BACKEND_OBSERVE
: >"$fs/$db_cgroup/memory.reclaim"
usage "$db_cgroup" $((5 * gi)) 0
waits "what is over is shown then" is_enforced localBytes $((5 * gi))
is "$(enforced state) $(cat "$fs/$db_cgroup/memory.reclaim")" "ENFORCEMENT_STATE_OBSERVED " "and left alone"

# Another slugd begins anew

stop_slugd KILL
rm "$root/etc/slug/slugd.yaml"
serve --fake-tree
waits "after a crash it goes on" asked "$db_cgroup"
mv "$fs/$db_pod" "$tmp/gone"
report "$web_runs"
waits "who is gone is followed no more" is_enforced podUid ""

# Without workers nothing is moved, which is not waiting

stop_slugd KILL
mv "$tmp/gone" "$fs/$db_pod"
usage "$db_cgroup" $((4 * gi - 268435456)) $gi
serve --fake-tree
sequence=0
report "$db_runs" "$web_runs"
waits "slugd begins with a split that is held" is_enforced state ENFORCEMENT_STATE_HELD
# children PID: the processes below it
children() { awk -v parent="$1" '{ id = $1; sub(/^.*\) /, ""); if ($2 == parent) print id }' /proc/[0-9]*/stat 2>/dev/null; }
forker=$(children "$slugd_pid")
workers=$(children "$forker")
# shellcheck disable=SC2086 # words, each a process
kill -s KILL $forker $workers
waits "its workers are killed, and who would make others, too" has_said "Worker 5 is gone and no other one could be made"
usage "$db_cgroup" $((5 * gi)) 0
waits "what is over cannot be moved then" is_enforced state ENFORCEMENT_STATE_FAILED
contains "$(enforced reason)" "no worker is left that could move pages" "and it is said why"
mv "$fs/$db_pod" "$tmp/gone"

# A captured machine is looked at and left alone

stop_slugd
mv "$tmp/gone" "$fs/$db_pod"
: >"$fs/$db_cgroup/memory.reclaim"
serve
sequence=0
report "$db_runs" "$web_runs"
waits "a captured machine is watched" is_enforced localBytes $((5 * gi))
is "$(enforced backend) $(cat "$fs/$db_cgroup/memory.reclaim")" "ENFORCEMENT_BACKEND_OBSERVE " "and left alone"
contains "$(ask EnforcementService/ListContainers '{}')" "this is a captured machine" "and it is said why"
done_testing
