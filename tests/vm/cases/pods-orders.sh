#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# slugd, slug-kubelet and containerd are restarted in every order while pods run: none is lost, and none counts as gone meanwhile.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh

start_containerd || bail_out "containerd does not start"
start_slug
agree "before"
claims >"$tmp/before"
s=slugd k=slug-kubelet c=containerd
for order in "$s $k $c" "$s $c $k" "$k $s $c" "$k $c $s" "$c $s $k" "$c $k $s"; do
  for unit in $order; do
    systemctl restart "$unit.service" || not_ok "$unit is restarted"
  done
  agree "$order"
  is "$(claims | diff "$tmp/before" -)" "" "$order: the ledger has what it had"
done
is "$(journalctl -b -o json -u slugd.service | jq -r 'select(.MESSAGE | test("released")) | .MESSAGE')" "" "nothing was released"
done_testing
