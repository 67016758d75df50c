#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# slugd, slug-kubelet and containerd are restarted in every order while pods run: none is lost, and none counts as gone meanwhile.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh

# given_up: the pods that containerd has ended itself: on a slow machine it waits ten seconds for the process of a pod when it starts, and
# no longer. What agree() compares has them, too.
given_up() {
  "$slugctl" --wait 60 -o json pods | jq -r '.pods[]? | select(.state != "POD_STATE_RUNNING") | .name'
}

has_what_is_left() {
  [ -s "$tmp/left" ] && claims | cmp -s "$tmp/left" -
}

start_containerd || bail_out "containerd does not start"
start_slug
pods run <<'END'
order-a burstable api runc main=2:16,1:8<=64 side
order-b besteffort file crun main
END
is "$?" 0 "there are pods"
agree "before"
claims >"$tmp/before"
cursor=$(journalctl -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
s=slugd k=slug-kubelet c=containerd
for order in "$s $k $c" "$s $c $k" "$k $s $c" "$k $c $s" "$c $s $k" "$c $k $s"; do
  for unit in $order; do
    systemctl restart "$unit.service" || not_ok "$unit is restarted"
  done
  agree "$order"
  given_up >"$tmp/given-up"
  [ ! -s "$tmp/given-up" ] || remark "$order: containerd has given up: $(paste -s -d ' ' "$tmp/given-up")"
  grep -v -w -F -f "$tmp/given-up" "$tmp/before" >"$tmp/left"
  # of a pod that has ended a new slugd knows at first that it has a cgroup, and no more
  wait_until has_what_is_left
  is "$?" 0 "$order: the ledger has what it had"
done
journalctl -u slugd.service --after-cursor "$cursor" -o json >"$tmp/journal"
is "$(jq -r 'select(.MESSAGE_ID == "4d2c1b9fb6a44a5b8c0cf4a9b3a41e13") | .MESSAGE' "$tmp/journal" |
  grep -v -w -F -f "$tmp/given-up")" "" "nothing was released"
done_testing
