#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real slugd and the real slug-nri, and a container runtime that creates containers: while slugd is there, away and slow, for
# containers that were there before, and while one after the other is killed and comes back.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

program=$abs_top_builddir/slug-nri
runtime=$abs_top_builddir/tests/lib/nri-runtime

make_tmp
root=$tmp/root
r=$tmp/r
nri=$tmp/nri/nri.sock
gi=1073741824
agent_pid=
runtime_pid=

# stop PID [SIGNAL]
stop() {
  [ -n "$1" ] || return 0
  kill -s "${2:-KILL}" "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}
trap 'stop "$agent_pid"; stop "$runtime_pid"; clean_up' EXIT

serve() {
  start_slugd --root "$root"
  ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}
# start_agent [ARGUMENT...]
start_agent() {
  : >"$tmp/log"
  "$program" --slugd "$tmp/slugd.sock" --nri-socket "$nri" --foreground --memory-policy "${policy:-none}" "$@" >>"$tmp/log" 2>&1 &
  agent_pid=$!
}
# start_runtime: its commands are what is written to descriptor 3
start_runtime() {
  rm -f "$r/commands" "$r/calls"
  mkfifo "$r/commands"
  "$runtime" "$nri" "$r" <"$r/commands" 2>"$tmp/runtime.log" &
  runtime_pid=$!
  exec 3>"$r/commands"
  wait_until has_call listening || bail_out "no runtime: $(cat "$tmp/runtime.log")"
}
stop_runtime() {
  stop "$runtime_pid" TERM
  exec 3>&-
  runtime_pid=
}

# is_version VERSION: what the runtime says that its NRI is; "": nothing, as before 0.12
is_version() {
  printf '{"NRIVersion":"%s","runtimeName":"containerd","runtimeVersion":"v2.3.0"}\n' "$1" >"$r/configure.json"
}

# Conditions, for wait_until
has_call() { grep -q -s -x "$1" "$r/calls"; }
has_log() { grep -q -s -e "$1" "$tmp/log"; }
has_update() { grep -s -e "$1" "$r/updates" | grep -q -e "$2"; }
is_there() { [ -e "$1" ]; }
# waits NAME CONDITION...: it comes true
waits() {
  name=$1
  shift
  if wait_until "$@"; then ok "$name"; else not_ok "$name" "$(cat "$tmp/log" "$tmp/runtime.log")" "$(cat "$r/calls" "$r/updates" 2>/dev/null)"; fi
}

# pod NAME ANNOTATIONS: of NRI, as JSON
pod() {
  printf '{"id":"sandbox-%s","name":"%s","uid":"uid-%s","namespace":"default","annotations":{%s},"linux":{"cgroupParent":"/kubepods/burstable/poduid-%s"}}' \
    "$1" "$1" "$1" "$2" "$1"
}
# container NAME ID [RESOURCES [ANNOTATIONS [STATE]]]: of pod NAME; 1 is created, 3 runs
container() {
  printf '{"id":"%s","podSandboxId":"sandbox-%s","name":"%s","state":'"${5:-3}"',"annotations":{%s},"linux":{"resources":{"memory":{"limit":{"value":"%s"}}%s}}}' \
    "$2" "$1" "$1" "${4:-}" $((8 * gi)) "${3:+,$3}"
}
# split NAME LOCAL REMOTE: an annotation
split() {
  printf '"memory.sluglab.io/container.%s":"local=%s,remote=%s"' "$1" "$2" "$3"
}
n_asked=0
# ask METHOD JSON: what slug-nri answers to the runtime, into $answer
ask() {
  n_asked=$((n_asked + 1))
  printf '%s' "$2" >"$r/request-$n_asked.json"
  echo "$1 request-$n_asked.json answer-$n_asked" >&3
  if wait_until is_there "$r/answer-$n_asked"; then answer=$(cat "$r/answer-$n_asked"); else answer="no answer: $(cat "$tmp/runtime.log")"; fi
}
# create NAME ID ANNOTATIONS [RESOURCES [ANNOTATIONS OF THE CONTAINER]]
create() {
  ask CreateContainer "{\"pod\":$(pod "$1" "$3"),\"container\":$(container "$1" "$2" "${4:-}" "${5:-}")}"
}
# starts NAME ID: the runtime has started it
starts() {
  ask PostStartContainer "{\"pod\":$(pod "$1" ''),\"container\":$(container "$1" "$2")}"
}
n_claims() {
  ctl -o json claims | awk -f "$here/flatten.awk" | grep -c '^claims[.][0-9]*[.]podUid '
}
adjusted='{"adjust":{"linux":{"resources":{"cpu":{"mems":"0,2"},"unified":{"memory.low":"'$((3 * gi))'"}}}}}'

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/sys/fs/cgroup/kubepods" "$r" "$tmp/nri"
echo memory >"$root/sys/fs/cgroup/cgroup.controllers"
: >"$r/updates"

# slugd is there
serve
is_version v0.12.1
start_runtime
start_agent
waits "slug-nri registers" has_call "registered slug 50"
waits "and is told of all containers" has_call synchronized
is "$(cat "$r/synchronized")" "{}" "nothing is to be changed"
create web c0 ''
is "$answer" "{}" "a container that asks for nothing is left alone"
create db c1 "$(split db 1Gi 2Gi)"
is "$answer" "$adjusted" "one with a split is given its NUMA nodes and its protection"
is "$(n_claims)" 1 "it was promised them"
contains "$(ctl -o json claims)" '"CLAIM_STATE_PENDING"' "and has not started"
starts db c1
is "$answer" "{}" "its start is told"
claim_has_container() { ctl -o json claims | grep -q '"containerId": "c1"'; }
waits "its claim has its container" claim_has_container
create bad c2 '"memory.sluglab.io/container.bad":"local=1Gi,remote=x"'
is "$answer" "{}" "one whose annotation is no split is created all the same"
waits "and the log says what is wrong" has_log "container 'bad' is not given what it asks for: memory.sluglab.io/container.bad:1:18"
create own c3 "$(split own 1Gi 2Gi)" '"unified":{"memory.low":"77"}'
is "$answer" '{"adjust":{"linux":{"resources":{"cpu":{"mems":"0,2"}}}}}' "a protection of the kubelet's own is left alone"

# One that was created while the runtime let slug-nri in, and that it is told of when it starts
starts web c0
ask PostStartContainer "{\"pod\":$(pod between "$(split between 1Mi 1Mi)"),\"container\":$(container between b1)}"
is "$answer" "{}" "the start of one that nobody has told of is answered"
waits "and it is changed" has_update '"containerId":"b1"' '"mems":"0,2"'
is "$(grep -c '"c0"' "$r/updates")" 0 "which one that asks for nothing is not"
waits "and named" has_log "Pod 'default/between', container 'between' was started without slug-nri"
ctl release --pod-uid uid-between >/dev/null
is "$?" 0 "its claim is given back"

# Resize in place
ask UpdateContainer "{\"pod\":$(pod db ''),\"container\":$(container db c1),\"linuxResources\":{\"cpu\":{\"mems\":\"0\"}}}"
is "$answer" '{"update":[{"containerId":"c1","linux":{"resources":{"cpu":{"mems":"0,2"}}}}]}' "an update does not lose the remote NUMA node"
ask UpdateContainer "{\"pod\":$(pod db ''),\"container\":$(container db c1),\"linuxResources\":{\"memory\":{\"limit\":{\"value\":\"5\"}}}}"
is "$answer" "{}" "one of something else is left alone"
ask RemoveContainer "{\"pod\":$(pod own ''),\"container\":$(container own c3)}"
is "$answer" "{}" "a container that goes is forgotten"

# A memory policy, where the runtime takes one
stop "$agent_pid" TERM
is "$?" 0 "slug-nri stops as it is asked to"
rm -f "$r/synchronized" "$r/calls"
policy=auto
start_agent
waits "it registers again" has_call synchronized
waits "and says with whom" has_log "registered with containerd v2.3.0"
create db c4 "$(split db 1Gi 2Gi)"
contains "$answer" '"memoryPolicy":{"mode":5,"nodes":"0"}' "a runtime of NRI 0.12 is given a memory policy"
stop "$agent_pid" TERM
rm -f "$r/synchronized" "$r/calls"
policy=none
start_agent
waits "without one" has_call synchronized
create db c4 "$(split db 1Gi 2Gi)"
is "$answer" "$adjusted" "when it is told not to, it is not"

# slugd is away
stop_slugd KILL
create cache c5 "$(split cache 1Gi 2Gi)"
is "$answer" "{}" "while slugd is away a container is created without its split"
waits "which the log says" has_log "container 'cache' is created with nothing of what it asks for: slugd does not answer"
create web c6 ''
is "$answer" "{}" "and all others as ever"
starts cache c5
sock=$tmp/slugd.sock
serve
waits "when it is back, the container is changed" has_update '"containerId":"c5"' '"mems":"0,2"'
is "$(ctl -o json claims | grep -c '"uid-cache"')" 1 "and has its claim"
claim_is_of() { ctl -o json claims | grep -q "\"containerId\": \"$1\""; }
waits "which has it" claim_is_of c5
stop "$agent_pid" TERM
rm -f "$r/synchronized" "$r/calls"
start_agent --when-slugd-is-away closed
waits "closed: it registers" has_call synchronized
stop_slugd KILL
create late c7 "$(split late 1Gi 2Gi)"
contains "$answer" "error 14 slug-nri: slugd does not answer, and no container that asks for a memory split is to start without it" \
  "closed: a container with a split is not created"
create web c8 ''
is "$answer" "{}" "closed: all others are"
serve
waits "closed: slugd is seen" has_log "slugd answers on"
create late c7 "$(split late 1Gi 2Gi)"
contains "$answer" '"mems":"0,2"' "closed: when it is back, it is created"
stop "$agent_pid" TERM

# slugd is slow
rm -f "$r/synchronized" "$r/calls"
start_agent
waits "slow: it registers" has_call synchronized
kill -s STOP "$slugd_pid"
create slow c9 "$(split slow 1Gi 2Gi)"
is "$answer" "{}" "a slugd that stands still does not keep the runtime waiting"
starts slow c9
kill -s CONT "$slugd_pid"
kill -s HUP "$agent_pid"
waits "and is asked again" has_update '"containerId":"c9"' '"mems":"0,2"'

# The same with many at once. A runtime that is told to change a container before that has started says that all is well, and may
# have changed nothing.
many="1 2 3 4 5 6 7 8"
created() {
  for i in $many; do
    is_there "$r/many-$i" || return 1
  done
}
: >"$r/updates"
for i in $many; do
  printf '{"pod":%s,"container":%s}' "$(pod "many$i" "$(split "many$i" 1Mi 2Mi)")" "$(container "many$i" "m$i")" >"$r/many-$i.json"
done
kill -s STOP "$slugd_pid"
for i in $many; do
  echo "CreateContainer many-$i.json many-$i" >&3
done
waits "many are created while slugd stands still" created
is "$(cat "$r"/many-[1-8] | sort | uniq -c | tr -s ' ')" " 8 {}" "with nothing of what they ask for"
for i in 1 2 3 4 5 6; do
  starts "many$i" "m$i"
done
kill -s CONT "$slugd_pid"
kill -s HUP "$agent_pid"
are_changed() { [ "$(grep -o -e '"m[1-8]"' "$r/updates" | sort -u | wc -l)" = "$1" ]; }
waits "those that have started are changed" are_changed 6
is "$(grep -c -e '"m[78]"' "$r/updates")" 0 "and no other"
is "$(awk -F '"containerId"' 'NF > 5' "$r/updates")" "" "four at once, for the runtime creates none meanwhile"
n_promised() { ctl -o json claims | grep -c '"podUid": "uid-many[1-8]"'; }
is "$(n_promised)" 8 "all have their claims"
for i in 7 8; do
  starts "many$i" "m$i"
  kill -s HUP "$agent_pid"
  waits "container $i is changed when it has started" has_update "\"containerId\":\"m$i\"" '"mems":"0,2"'
done
claims_are_of() { [ "$(ctl -o json claims | grep -c '"containerId": "m[1-8]"')" = 8 ]; }
waits "and all claims have their containers" claims_are_of
for i in $many; do
  ctl release --pod-uid "uid-many$i" >/dev/null
done

# Containers that were there before, and one without an id, which is no reason to forget the others
stop "$agent_pid"
: >"$r/updates"
echo "{\"pods\":[$(pod old "$(split old 1Gi 2Gi)"),$(pod db "$(split db 1Gi 2Gi)"),$(pod untold "$(split untold 1Mi 2Mi)"),$(pod web '')],\"containers\":[$(container old ''),$(container old o1 '"cpu":{"mems":"0"}'),$(
  container db c1 "\"cpu\":{\"mems\":\"0,2\"},\"unified\":{\"memory.low\":\"$((3 * gi))\"}"
),$(container untold u1 '"cpu":{"mems":"0,2"}'),$(container web c0)]}" >"$r/synchronize.json"
rm -f "$r/synchronized" "$r/calls"
start_agent
waits "slug-nri that was killed registers again" has_call synchronized
is "$(cat "$r/synchronized")" '{"update":[{"containerId":"o1","linux":{"resources":{"cpu":{"mems":"0,2"},"unified":{"memory.low":"'$((3 * gi))'"}}},"ignoreFailure":true}]}' \
  "what ran without it is repaired, and nothing else"
waits "and named" has_log "Pod 'default/old', container 'old' was started without slug-nri"
waits "and its claim has it" claim_is_of o1
is "$(grep -c "container 'db'" "$tmp/log")" 0 "what is right is not"
is "$(grep -c "container 'untold'" "$tmp/log")" 0 "nor is one with the right NUMA nodes of whose memory.low the runtime tells nothing"
ctl release --pod-uid uid-untold >/dev/null

# One that the runtime is about to start is changed, and again: the first time may have been too early, and its start may be missed
stop "$agent_pid"
: >"$r/updates"
echo "{\"pods\":[$(pod soon "$(split soon 1Mi 2Mi)")],\"containers\":[$(container soon s1 '' '' 1)]}" >"$r/synchronize.json"
rm -f "$r/synchronized" "$r/calls"
start_agent
waits "one that has not started yet" has_call synchronized
contains "$(cat "$r/synchronized")" '"containerId":"s1","linux":{"resources":{"cpu":{"mems":"0,2"}' "is changed with the others"
kill -s HUP "$agent_pid"
waits "and again" has_update '"containerId":"s1"' '"mems":"0,2"'
: >"$r/updates"
starts soon s1
kill -s HUP "$agent_pid"
waits "and when it has started" has_update '"containerId":"s1"' '"mems":"0,2"'
ctl release --pod-uid uid-soon >/dev/null
echo "{\"pods\":[$(pod old "$(split old 1Gi 2Gi)")],\"containers\":[$(container old o1 '"cpu":{"mems":"0"}')]}" >"$r/synchronize.json"

# The same while slugd is away, and a runtime that does not change all
stop "$agent_pid"
stop_slugd KILL
rm -f "$r/synchronized" "$r/calls"
echo '{"failed":[{"containerId":"o1"}]}' >"$r/failed.json"
start_agent
waits "without slugd it is told of all containers, too" has_call synchronized
is "$(cat "$r/synchronized")" "{}" "and changes none"
serve
waits "when slugd comes they are changed" has_update '"containerId":"o1"' '"mems":"0,2"'
waits "what the runtime cannot do is said" has_log "container 'old': the runtime did not give it NUMA nodes 0,2"
rm -f "$r/failed.json"

# containerd says that some could not be changed, and not which
stop "$agent_pid"
stop_slugd KILL
rm -f "$r/synchronized" "$r/calls"
: >"$r/updates"
echo '"containerId":"o1"' >"$r/refused"
echo "{\"pods\":[$(pod old "$(split old 1Gi 2Gi)"),$(pod new "$(split new 1Gi 2Gi)")],\"containers\":[$(container old o1),$(container new n1)]}" \
  >"$r/synchronize.json"
start_agent
waits "two containers are to be changed" has_call synchronized
serve
waits "the one that cannot be is found" has_log "container 'old': the runtime did not give it NUMA nodes 0,2"
alone() { grep -v '"o1"' "$r/updates" | grep -q '"containerId":"n1"'; }
waits "and the other one is changed" alone
rm -f "$r/refused" "$r/synchronize.json"

# A runtime that may hang when it is called: it is asked to tell of all containers instead, and answered with what is to be changed
stop "$agent_pid"
stop_slugd KILL
rm -f "$r/synchronized" "$r/calls"
: >"$r/updates"
is_version ''
echo "{\"pods\":[$(pod old "$(split old 1Gi 2Gi)")],\"containers\":[$(container old o1)]}" >"$r/synchronize.json"
start_agent --log-level debug
waits "older: without slugd it is told of all containers" has_call synchronized
is "$(cat "$r/synchronized")" "{}" "older: and changes none"
serve
synchronized_with() { grep -q -s -e "$1" "$r/synchronized"; }
waits "older: when slugd comes it registers anew, and has them changed" synchronized_with '"containerId":"o1"'
is "$(grep -c '^registered' "$r/calls")" 2 "older: once"
kill -s STOP "$slugd_pid"
create tardy t1 "$(split tardy 1Mi 2Mi)"
is "$answer" "{}" "older: one that is created while slugd stands still"
echo "{\"pods\":[$(pod old "$(split old 1Gi 2Gi)"),$(pod tardy "$(split tardy 1Mi 2Mi)")],\"containers\":[$(container old o1 '"cpu":{"mems":"0,2"}'),$(container tardy t1)]}" \
  >"$r/synchronize.json"
starts tardy t1
kill -s CONT "$slugd_pid"
waits "older: is changed when slugd has answered" synchronized_with '"containerId":"t1"'
is "$(grep -c '"o1"' "$r/synchronized")" 0 "older: and nothing else is"
waits "older: its claim has it" claim_is_of t1
is "$(cat "$r/updates")" "" "older: the runtime was never called"
is "$(grep -c 'no session' "$tmp/log")" 0 "older: and no session was lost"
is "$(grep -c "was started without slug-nri" "$tmp/log")" 1 "older: only what was there before is named"
ctl release --pod-uid uid-tardy >/dev/null
rm -f "$r/synchronize.json"
stop "$agent_pid"
is_version v0.12.1
rm -f "$r/calls"
start_agent
waits "and a newer one again" has_call synchronized

# The runtime
stop_runtime
waits "a runtime that is gone is said" has_log "no session with the container runtime"
start_runtime
waits "one that comes is seen" has_call synchronized
create again c10 "$(split again 1Gi 2Gi)"
contains "$answer" '"mems":"0,2"' "and given what it asks for"
echo hang-up >&3
registered_twice() { [ "$(grep -c '^registered' "$r/calls")" -ge 2 ]; }
waits "one that drops the plugin has it back" registered_twice
is "$(cat "$tmp/runtime.log")" "" "no rule of the wire was broken"
stop "$agent_pid" TERM

# How it is called
"$program" --when-slugd-is-away maybe >"$tmp/out" 2>&1
is "$?" 2 "a third way is wrong usage"
contains "$(cat "$tmp/out")" "--when-slugd-is-away expects open or closed, not 'maybe'" "and said so"
"$program" --index 5 >"$tmp/out" 2>&1
is "$?" 2 "an index has two digits"
"$program" --nri-socket nri.sock >"$tmp/out" 2>&1
is "$?" 2 "a path begins at the root"
"$program" now >"$tmp/out" 2>&1
is "$?" 2 "it takes no arguments"
is "$("$program" --version)" "slug-nri $("$slugctl" version --client 2>/dev/null | sed -n 's/^.* //p' | head -n 1)" "it has the version of the others"
stop_runtime
stop_slugd TERM
done_testing
