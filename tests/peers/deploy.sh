#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manifests of deploy/kubernetes: built by kustomize's own code, looked at by the API server's own types and validation, and pods
# judged by our admission policy in the API server's own plugin. And what the DaemonSet mounts is what tests/integration/
# container-view.sh tries. See go/deploy/main.go.
#
#     deploy.sh BUILD
#
# BUILD is where slug was built. Without Go everything is skipped, unless SLUG_PEERS_MUST is set.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Bail out! usage: deploy.sh BUILD" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
# shellcheck source=tests/peers/go-peer.sh
. "$here/go-peer.sh"

make_peer "$here/go/deploy" deploy
kubernetes=$abs_top_srcdir/deploy/kubernetes
run_peer "the test of itself" "$tmp/deploy" -kubernetes "$kubernetes" -self-test
run_peer "manifests and policy" "$tmp/deploy" -kubernetes "$kubernetes"
"$tmp/deploy" -kubernetes "$kubernetes" -mounts overlays/kubeadm >"$tmp/mounts"
is "$(diff "$here/../fixtures/daemonset.mounts" "$tmp/mounts")" "" "what container-view.sh tries is what the DaemonSet mounts"
done_testing
