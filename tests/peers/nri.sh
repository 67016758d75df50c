#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# NRI against the code that container runtimes have, in three versions: 0.6.1, as containerd 1.7 has it, 0.8.0, as 2.0 and 2.1, where
# events come by StateChange, too, and the newest one, where each has a method. See go/nri/main.go.
#
#     nri.sh BUILD
#
# BUILD is where slug was built, tests/peers/nri-peer too. Without Go everything is skipped, unless SLUG_PEERS_MUST is set.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Bail out! usage: nri.sh BUILD" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/peers/go-peer.sh
. "$here/go-peer.sh"

flags=${GOFLAGS:-}
export GOFLAGS="$flags -tags=nri_no_wasm"
make_peer "$here/go/nri" nri-0.12
GOFLAGS="$flags -tags=nri08 -modfile=go-0.8.mod"
add_peer "$here/go/nri" nri-0.8
GOFLAGS="$flags -tags=nri06 -modfile=go-0.6.mod"
add_peer "$here/go/nri" nri-0.6
peer=$abs_top_builddir/tests/peers/nri-peer
[ -x "$peer" ] || bail_out "there is no $peer"
for version in 0.6 0.8 0.12; do
  run_peer "NRI $version" "$tmp/nri-$version" -peer "$peer" -dir "$dir"
done
done_testing
