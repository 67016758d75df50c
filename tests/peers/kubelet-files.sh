#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a kubelet keeps in files, written by its own code, against what slug reads there; and its pod-resources socket, asked by
# slug-kubelet. See go/kubelet-files/main.go.
#
#     kubelet-files.sh BUILD
#
# BUILD is where slug was built, tests/peers/kubelet-look too. SLUG_KUBELET_FILES (300) machines are drawn from SLUG_KUBELET_SEED
# (1). One that is read as something else is left in BUILD/results. Without Go everything is skipped, unless SLUG_PEERS_MUST is set.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Bail out! usage: kubelet-files.sh BUILD" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/peers/go-peer.sh
. "$here/go-peer.sh"

make_peer "$here/go/kubelet-files" kubelet-files
look=$abs_top_builddir/tests/peers/kubelet-look
agent=$abs_top_builddir/slug-kubelet
[ -x "$look" ] || bail_out "there is no $look"
[ -x "$agent" ] || bail_out "there is no $agent"
mkdir -p "$abs_top_builddir/results"
run_peer "the test of itself" "$tmp/kubelet-files" -look "$look" -dir "$dir" -self-test -files 60
run_peer "the kubelet's files" "$tmp/kubelet-files" -look "$look" -dir "$dir" -files "${SLUG_KUBELET_FILES:-300}" \
  -seed "${SLUG_KUBELET_SEED:-1}" -out "$abs_top_builddir/results"
run_peer "the kubelet's socket" "$tmp/kubelet-files" -agent "$agent" -dir "$dir" -seed "${SLUG_KUBELET_SEED:-1}"
done_testing
