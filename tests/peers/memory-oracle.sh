#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The memory manager of a real kubelet against slugd: the same machines and pods for both, and all that they answer compared. See
# go/memory-oracle/main.go.
#
#     memory-oracle.sh BUILD
#
# BUILD is where slug was built. SLUG_ORACLE_SEQUENCES (300) sequences are drawn from SLUG_ORACLE_SEED (1). A case that differs is
# made small, told on standard error, and left in BUILD/results. Without Go everything is skipped, unless SLUG_PEERS_MUST is set.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Bail out! usage: memory-oracle.sh BUILD" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/peers/go-peer.sh
. "$here/go-peer.sh"

make_peer "$here/go/memory-oracle" memory-oracle
[ -x "$slugd" ] || bail_out "there is no $slugd"
mkdir -p "$abs_top_builddir/results"
run_peer "the oracle's test of itself" "$tmp/memory-oracle" -dir "$dir" -self-test -sequences 200
run_peer "the oracle" "$tmp/memory-oracle" -dir "$dir" -slugd "$slugd" -sequences "${SLUG_ORACLE_SEQUENCES:-300}" \
  -seed "${SLUG_ORACLE_SEED:-1}" -out "$abs_top_builddir/results"
done_testing
