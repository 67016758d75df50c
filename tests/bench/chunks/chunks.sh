#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What 4,096 chunks cost: slug-kubelet next to a device plugin of a few lines in the same run, and the kubelet's own device manager
# with them. See tests/peers/go/device-manager/bench.go.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
if ! command -v go >/dev/null; then
  echo "Chunks are not measured: that wants Go."
  exit 0
fi
# on the disk that the build folder is on, because a claim waits for it
tmp=$(mktemp -d "$abs_top_builddir/bench-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
if ! go -C "$here/../../peers/go/device-manager" build -mod=readonly -o "$tmp/device-manager" . >"$tmp/made" 2>&1; then
  echo "Chunks are not measured, since the kubelet's device manager cannot be made: $(tail -n 1 "$tmp/made")"
  exit 0
fi
# the path of a socket has to be short
cd "$tmp"
./device-manager -bench -dir . -slugd "$abs_top_builddir/slugd" -agent "$abs_top_builddir/slug-kubelet"
