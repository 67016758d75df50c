#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# slug-nri at a real containerd: containers are created with the cpuset.mems of their claims; what was created while it was away is
# repaired when it is there again.
# shellcheck disable=SC2317,SC2329,SC2034 # wait_until calls what it is given; nri is containerd.sh's
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
nri=yes
cgroups=/sys/fs/cgroup

# container POD FILE: of the cgroup of its container "main"; "absent" when there is none
container() {
  id=$("$slugctl" --wait 60 -o json pods | jq -r ".pods[]? | select(.name == \"$1\") | .containers[]? | select(.name == \"main\") | .id" | sed 's,.*//,,')
  cat "$cgroups/$(pods cgroup "$1")/cri-containerd-$id.scope/$2" 2>/dev/null || echo absent
}

has_mems() {
  [ "$(container "$1" cpuset.mems)" = "$2" ]
}

# split_of POD: of its claim, with the claim's state
split_of() {
  "$slugctl" --wait 60 -o json claims | jq -r --arg pod "$1" '.claims[]? | select(.pod == $pod) |
    [.state, .split.local.minBytes // "0", .split.local.maxBytes // "0", .split.remote.minBytes // "0"] | join(" ")'
}

has_split() {
  [ "$(split_of "$1")" = "CLAIM_STATE_ACTIVE $2" ]
}

# given NAME POD: it has what it asked for
given() {
  wait_until has_split "$2" "67108864 67108864 67108864"
  is "$?" 0 "$1: the claim is the annotation's"
  wait_until has_mems "$2" "$(nodes_promised "$(uid_of "$2")")"
  is "$?" 0 "$1: cpuset.mems is the claim's NUMA nodes, $(container "$2" cpuset.mems)"
}

run_pod() {
  echo "$1 burstable api runc main=x:32>=16<=128@local=64Mi,remote=64Mi" | pods run
}

at_creation() {
  start_containerd || bail_out "containerd does not start"
  start_slug
  systemctl start slug-nri.service
  is "$?" 0 "slug-nri starts"
  wait_until registered
  is "$?" 0 "and the runtime has it"
  remark "$(containerd --version)"
  run_pod first
  is "$?" 0 "a pod with an annotation runs"
  given "at creation" first
  echo "plain burstable api runc main=x:16" | pods run
  is "$(container plain cpuset.mems)" "" "a pod that asks for nothing is left alone"
}

runtime_restarts() {
  systemctl restart containerd.service
  is "$?" 0 "containerd is restarted"
  run_pod second
  given "after the runtime was restarted" second
}

plugin_is_away() {
  pid=$(unit MainPID slug-nri.service)
  kill -s KILL "$pid"
  wait_until other_process slug-nri.service "$pid"
  is "$?" 0 "slug-nri is killed and comes back"
  run_pod third
  given "after slug-nri was killed" third
  systemctl stop slug-nri.service
  run_pod unseen
  is "$?" 0 "a pod runs while there is no slug-nri"
  is "$(container unseen cpuset.mems)" "" "without a mask"
  systemctl start slug-nri.service
  given "repaired by Synchronize" unseen
}

at_creation
runtime_restarts
plugin_is_away
# shellcheck disable=SC2046 # a list of names
pods remove $(ls /var/lib/slug-test/pods)
systemctl stop slug-nri.service slug-kubelet.service
done_testing
