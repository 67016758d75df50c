#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pods of a real container runtime: those that ran before slugd, those that never ask it, those that have a promise, and those
# that are there again after the machine has lost its power. What slugd lists is compared with what the runtime and the kernel
# say.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh

before_slugd() {
  systemctl stop slug-kubelet.service slugd.service slugd.socket 2>/dev/null
  start_containerd || bail_out "containerd does not start"
  pods run <<'END'
remote burstable api runc main=2:32,0:8<=128
both guaranteed api crun one=1:16<=64 two=3:24<=64
static burstable file runc main=0:16
idle besteffort api crun main
END
  is "$?" 0 "four pods run while there is no slugd"
  systemctl start slugd.service
  python3 -S "$payload/pods-agree.py" --once >"$tmp/agree"
  contains "$(cat "$tmp/agree")" "bad remote: name: slugd has None/None, not default/remote" \
    "cgroups alone tell no names: the comparison can fail"
  start_slug
  is "$?" 0 "slug-kubelet starts"
  agree "pods that were there before slugd"
  is "$(pod remote '.usage.remoteBytes | tonumber | . >= 32 * 1048576 and . < 40 * 1048576')" true \
    "what lies on a remote NUMA node is remote"
  is "$(pod remote .sizeSource) $(pod idle .sizeSource)" "POD_SIZE_SOURCE_LIMIT POD_SIZE_SOURCE_USAGE" \
    "its size is its limit; without one, its usage"
}

come_and_go() {
  contains "$(claim promised main 64Mi)" CLAIM_STATE_PENDING "a pod is promised memory"
  pods run <<'END'
promised guaranteed api runc main=0:8<=64
late burstable api runc main=0:8 side=2:8
END
  agree "pods that come later"
  wait_until has_claim "promised main ACTIVE 67108864"
  is "$?" 0 "the promise has its container"
  pods restart late main
  agree "a container that is started again"
  pods kill late idle promised
  agree "pods whose processes were killed"
  wait_until has_no_claim promised
  is "$?" 0 "the promise of a pod that has ended is free"
  pods again idle
  agree "a pod that gets another sandbox"
  pods remove late promised
  agree "pods that are removed"
  wait_until has_no_claim late
  is "$?" 0 "and hold nothing"
}

kill_both() {
  claims >"$tmp/before"
  for unit in slugd slug-kubelet; do
    pid=$(unit MainPID "$unit.service")
    kill -s KILL "$pid"
    wait_until other_process "$unit.service" "$pid"
    is "$?" 0 "$unit is killed and comes back"
    agree "after $unit was killed"
    is "$(claims | diff "$tmp/before" -)" "" "and nothing is lost"
  done
}

lose_power() {
  contains "$(claim kept main 32Mi)" CLAIM_STATE_PENDING "another pod is promised memory"
  echo "kept guaranteed api runc main=0:8<=32" | pods run
  wait_until has_claim "kept main ACTIVE 33554432"
  is "$?" 0 "and runs"
  # what a kubelet and a runtime need after the boot; slugd has to have taken care of itself
  sync /var/lib/slug-test/pods/*
  cut_power
}

after_power() {
  systemctl start slugd.service
  contains "$(claims)" "kept main UNCONFIRMED 33554432" "what was promised before the power was lost is unconfirmed"
  start_containerd || bail_out "containerd does not start again"
  pods again
  is "$?" 0 "the pods run again, with the same uids"
  start_slug
  agree "pods after the power was lost"
  wait_until has_claim "kept main ACTIVE 33554432"
  is "$?" 0 "the promise is confirmed"
  is "$(claims | grep -c UNCONFIRMED)" 0 "and nothing else is left of before"
  is "$(pod static '[.isStatic, .state] | join(" ")')" "true POD_STATE_RUNNING" "the static pod runs with the uid that it had"
}

case $stage in
  0)
    before_slugd
    come_and_go
    kill_both
    lose_power
    ;;
  *) after_power ;;
esac
done_testing
