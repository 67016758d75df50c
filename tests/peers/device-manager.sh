#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kubelet's own device manager, plugin manager, topology manager and CPU manager around slugd and slug-kubelet: registration in
# both ways, chunks that pods are given, restarts of all three in every order, and what the topology manager makes of pods, by the
# table in slug-kubelet.8. See go/device-manager/main.go.
#
#     device-manager.sh BUILD
#
# BUILD is where slug was built. Without Go everything is skipped, unless SLUG_PEERS_MUST is set.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Bail out! usage: device-manager.sh BUILD" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/peers/go-peer.sh
. "$here/go-peer.sh"

make_peer "$here/go/device-manager" device-manager
agent=$abs_top_builddir/slug-kubelet
for program in "$slugd" "$agent"; do
  [ -x "$program" ] || bail_out "there is no $program"
done
peer() {
  name=$1
  shift
  run_peer "$name" "$tmp/device-manager" -dir "$dir" "$@"
}
peer "the test of itself" -self-test
for way in registry device-plugins; do
  peer "the kubelet's device manager, $way" -slugd "$slugd" -agent "$agent" -register "$way"
done
peer "the kubelet's topology manager" -slugd "$slugd" -agent "$agent" -manual "$here/../../plugins/kubelet/slug-kubelet.8"
done_testing
