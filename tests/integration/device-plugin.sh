#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real slugd and the real slug-kubelet, and a kubelet that is told of chunks and gives them to containers: in both ways to
# register, and while one after the other is killed and comes back.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

program=$abs_top_builddir/slug-kubelet
kubelet=$abs_top_builddir/tests/lib/kubelet

make_tmp
root=$tmp/root
world=$tmp/world
resource=sluglab.io/remote-memory-1gi
registry=$world/var/lib/kubelet/plugins_registry
plugins=$world/var/lib/kubelet/device-plugins
agent_pid=
kubelet_pid=

# stop PID [SIGNAL]
stop() {
  [ -n "$1" ] || return 0
  kill -s "${2:-KILL}" "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}
trap 'stop "$agent_pid"; stop "$kubelet_pid"; clean_up' EXIT

serve() {
  start_slugd --root "$root"
  ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}
# configure TEXT: as slugd.yaml, then a reload
configure() {
  printf '%s\n' "$1" >"$root/etc/slug/slugd.yaml"
  kill -s HUP "$slugd_pid"
}
# start_agent WAY [ARGUMENT...]
start_agent() {
  way=$1
  shift
  "$program" --slugd "$sock" --root "$world" --foreground --register "$way" "$@" >>"$tmp/log" 2>&1 &
  agent_pid=$!
}
# start_kubelet: as $way has it
start_kubelet() {
  rm -rf "$tmp/k"
  mkdir "$tmp/k"
  case $way in
    registry) folder=$registry ;;
    *) folder=$plugins ;;
  esac
  "$kubelet" "$way" "$folder" "$tmp/k" 2>"$tmp/kubelet.log" &
  kubelet_pid=$!
  wait_until grep -q -s listening "$tmp/k/calls" || bail_out "no kubelet: $(cat "$tmp/kubelet.log")"
}

# Conditions, for wait_until

# has_list COUNT HEALTHY [RESOURCE]: the last list that the kubelet was told
has_list() {
  [ "$(grep -s "^list ${3:-$resource} " "$tmp/k/calls" | tail -n 1)" = "list ${3:-$resource} $1 $2" ]
}
has_registrations() {
  [ "$(count_registrations)" -ge "$1" ]
}
has_answer() {
  [ "$(wc -l 2>/dev/null <"$tmp/k/answers")" -gt "$n_answers" ]
}
is_gone() {
  [ ! -e "$1" ]
}

count_registrations() {
  grep -s -c "^registered $resource" "$tmp/k/calls"
}
count_lists() {
  grep -s -c "^list " "$tmp/k/calls"
}
# said TEXT
said() {
  grep -c "$1" "$tmp/log"
}
# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(cat "$tmp/k/calls" 2>&1)" "$(tail -n 20 "$tmp/log")" "$(tail -n 5 "$tmp/slugd.log")"
  fi
}
# ask COMMAND...: what the kubelet is answered
ask() {
  touch "$tmp/k/answers"
  n_answers=$(wc -l <"$tmp/k/answers")
  echo "$*" >"$tmp/k/commands"
  wait_until has_answer
  tail -n 1 "$tmp/k/answers"
}

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "no machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/sys/fs/cgroup"
echo memory >"$root/sys/fs/cgroup/cgroup.controllers"
echo 'chunks: {grace: 1m}' >"$root/etc/slug/slugd.yaml"
mkdir -p "$registry" "$plugins" "$world/proc/sys/kernel/random"
echo 00000000-0000-4000-8000-000000000001 >"$world/proc/sys/kernel/random/boot_id"
: >"$tmp/log"

for way in registry device-plugins; do
  echo "# $way"
  : >"$tmp/log"
  serve
  start_kubelet
  start_agent "$way"
  waits "$way: the kubelet is told of all chunks" has_list 16 16
  is "$(head -n 1 "$tmp/k/list-remote-memory-1gi")" "1gi-n2-0000 Healthy 0" "with their ids, health, and the NUMA node they are near to"
  is "$(stat -c '%a' "$folder/sluglab.io-remote-memory-1gi.sock")" 600 "on a socket for nobody else"

  contains "$(ask prefer "$resource" 2 1gi-n2-0007 1gi-n2-0003 1gi-n2-0005)" '["1gi-n2-0003","1gi-n2-0005"]' "the lowest of those that it offers are preferred"
  contains "$(ask prefer "$resource" 4 1gi-n2-0007 1gi-n2-0003)" "invalid_argument: $resource: 4 are wanted and 2 are available" "more than there are is refused"
  answer=$(ask allocate "$resource" 1gi-n2-0003 1gi-n2-0005)
  contains "$answer" '"SLUG_CLAIM":"1gi-n2-0003"' "what it gives to a container is claimed"
  contains "$answer" '"SLUG_REMOTE_BYTES":"2147483648","SLUG_REMOTE_NUMA_NODES":"2"' "the container is told how much, and of which NUMA node"
  contains "$answer" '"memory.sluglab.io/split":"local=0..max,remote=2Gi"' "and the runtime what is promised"
  contains "$(ctl claims --chunk 1gi-n2-0005)" "pending" "slugd has the claim"
  contains "$(ask allocate "$resource" 1gi-n2-0099)" "not_found: $resource: " "a refusal names the resource"
  contains "$(ask prestart "$resource" 1gi-n2-0099)" "{}" "before a start nothing is asked unless it is configured"
  is "$(count_lists)" 1 "who has a chunk is no news to the kubelet"
  many=$(seq -f '1gi-n2-%04g' 100 356 | tr '\n' ' ')
  contains "$(ask allocate "$resource" "$many")" "not_found" "hundreds of chunks for one container are asked for"
  ask allocate "$resource" "$many" >"$tmp/refused"
  is "$(said '257 chunks of')" 1 "with a warning that is not repeated at once"

  # slugd within its grace
  stop_slugd KILL
  contains "$(ask allocate "$resource" 1gi-n2-0006)" "unavailable: $resource: slugd has not answered within 2 s" "without slugd a pod is not kept waiting"
  serve
  waits "it is watched again" grep -q "slugd says again" "$tmp/log"
  contains "$(ask allocate "$resource" 1gi-n2-0006)" '"SLUG_CLAIM":"1gi-n2-0006"' "with slugd it goes on"
  is "$(count_lists) $(count_registrations)" "1 1" "of a slugd that came back in time the kubelet has heard nothing"

  # and beyond it
  configure 'chunks: {grace: 1s, preStartContainer: true}'
  waits "other options are told by a registration anew" has_registrations 2
  waits "with the same list" has_list 16 16
  contains "$(ask prestart "$resource" 1gi-n2-0003)" "{}" "what is claimed may start"
  contains "$(ask prestart "$resource" 1gi-n2-0001)" "failed_precondition: $resource: chunk '1gi-n2-0001' is not claimed any more" "what is not may not"
  stop_slugd KILL
  waits "beyond the grace none of them can be given" has_list 16 0
  is "$(said 'no chunk can be given')" 1 "which is said once"
  serve
  waits "until slugd is back" has_list 16 16

  # the plugin
  stop "$agent_pid"
  start_agent "$way"
  waits "a plugin that was killed is registered again" has_registrations 3
  waits "with what slugd has" has_list 16 16
  contains "$(ctl claims --chunk 1gi-n2-0006)" "device-plugin" "and no claim is lost"

  # the kubelet
  stop "$kubelet_pid"
  start_kubelet
  waits "a kubelet that was killed is told again" has_list 16 16
  is "$(count_registrations)" 1 "by one registration"
  echo "hang-up $resource" >"$tmp/k/commands"
  waits "a watch that is lost is begun anew" has_registrations 2
  rm -f "$folder/sluglab.io-remote-memory-1gi.sock"
  waits "a socket that was removed is made again" has_registrations 3

  # other chunks, when nobody has some
  for id in 1gi-n2-0003 1gi-n2-0006; do
    ctl release "$id" >"$tmp/released" 2>&1 || not_ok "release" "$(cat "$tmp/released")"
  done
  configure 'chunks: {size: 2Gi, resources: numa-node, cdiDevice: sluglab.io/memory=remote}'
  waits "chunks of another size are another resource" has_list 8 8 sluglab.io/remote-memory-2gi-numa2
  waits "and the one before has no socket any more" is_gone "$folder/sluglab.io-remote-memory-1gi.sock"
  contains "$(ask allocate sluglab.io/remote-memory-2gi-numa2 2gi-numa2-0000)" '"cdiDevices":[{"name":"sluglab.io/memory=remote"}]' "with a CDI device"
  ctl release 2gi-numa2-0000 >"$tmp/released" 2>&1 || not_ok "release" "$(cat "$tmp/released")"

  stop "$agent_pid" TERM
  agent_pid=
  is "$(find "$folder" -name 'sluglab*')" "" "a plugin that stops takes its socket along"
  stop "$kubelet_pid"
  kubelet_pid=
  stop_slugd
  echo 'chunks: {grace: 1m}' >"$root/etc/slug/slugd.yaml"
  rm -rf "$root/var/lib/slug"
  mkdir "$root/var/lib/slug"
done

# A folder that is read-only for the plugin, as a service's sandbox makes what is not there when it starts

# start_fenced: the plugin sees the kubelet's folder read-only
start_fenced() {
  : >"$tmp/log"
  # shellcheck disable=SC2016 # it is the inner shell that knows them
  unshare --mount sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' - "$world/var/lib/kubelet" \
    "$program" --slugd "$sock" --root "$world" --foreground >>"$tmp/log" 2>&1 &
  agent_pid=$!
}
# shellcheck disable=SC2016 # it is the inner shell that knows it
if unshare --mount sh -c 'mount --bind "$1" "$1"' - "$world" 2>/dev/null; then
  serve
  start_fenced
  waits "a folder that cannot be written to is named, with the mend" grep -q "a drop-in of the unit has to add the folder to ReadWritePaths=" "$tmp/log"
  kill -0 "$agent_pid" 2>/dev/null
  is "$?" 0 "and all else goes on"
  stop "$agent_pid"
  rmdir "$registry"
  start_fenced
  wait_until grep -q "is ready" "$tmp/log"
  mkdir "$registry"
  wait "$agent_pid"
  is "$?" 1 "one that came later ends the plugin, to be started anew with it"
  contains "$(cat "$tmp/log")" "it came after this process, which ends" "which it says"
  agent_pid=
  stop_slugd
else
  skip "a read-only folder" "no mount can be made here"
fi

# Nothing to tell

: >"$tmp/log"
rm -rf "$root"
"$mktree" "$machines/two-nodes.tree" "$root" || bail_out "no machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/sys/fs/cgroup"
echo memory >"$root/sys/fs/cgroup/cgroup.controllers"
serve
way=registry
start_kubelet
start_agent registry
waits "without remote memory there is nothing to offer" grep -q "no chunks are offered to the kubelet" "$tmp/log"
kill -s HUP "$slugd_pid"
ctl describe-node >/dev/null
is "$(said 'no chunks are offered')" 1 "which is said once"
is "$(find "$registry" -name 'sluglab*')" "" "and no socket made"
stop "$agent_pid" TERM
stop_slugd

# Arguments

"$program" --register kubelet >"$tmp/out" 2>&1
is "$?" 2 "another way to register is wrong usage"
contains "$(cat "$tmp/out")" "--register expects registry, device-plugins or none, not 'kubelet'" "and said so"
done_testing
