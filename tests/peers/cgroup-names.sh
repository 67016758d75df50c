#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Names of cgroups, both ways, by the kubelet's own code and by slug's. See go/cgroup-names/main.go.
#
#     cgroup-names.sh BUILD
#
# BUILD is where slug was built, tests/peers/cgroup-look too. SLUG_CGROUP_NAMES (5000) questions of each kind are drawn from
# SLUG_CGROUP_SEED (1). Without Go everything is skipped, unless SLUG_PEERS_MUST is set.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Bail out! usage: cgroup-names.sh BUILD" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/peers/go-peer.sh
. "$here/go-peer.sh"

make_peer "$here/go/cgroup-names" cgroup-names
look=$abs_top_builddir/tests/peers/cgroup-look
[ -x "$look" ] || bail_out "there is no $look"
run_peer "the test of itself" "$tmp/cgroup-names" -look "$look" -self-test -names 300
run_peer "the names of cgroups" "$tmp/cgroup-names" -look "$look" -names "${SLUG_CGROUP_NAMES:-5000}" -seed "${SLUG_CGROUP_SEED:-1}"
done_testing
