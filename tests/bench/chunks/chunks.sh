#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What 4,096 chunks cost: slugd and slug-kubelet with the kubelet's own device manager, next to a plugin of the same devices that
# knows nothing, in one run and by turns. See bench.go in tests/peers/go/device-manager.
#
# The ledger is in memory, and for Allocate also on the disk that the build folder is on.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
tmp=
disk=
pid=
# shellcheck disable=SC2317 # run by a trap
clean_up() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; }
  rm -rf "$tmp" "$disk"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if ! command -v go >/dev/null; then
  echo "Chunks are not measured: that wants Go."
  exit 0
fi
# short names: a path of a socket has 107 bytes
tmp=$(mktemp -d /dev/shm/sb-XXXXXX)
disk=$(mktemp -d "$abs_top_builddir/bench-XXXXXX")
ln -s "$disk" "$tmp/d"
if ! go -C "$here/../../peers/go/device-manager" build -mod=readonly -o "$tmp/bench" . >"$tmp/made" 2>&1; then
  echo "Chunks are not measured, since the kubelet's device manager cannot be made: $(tail -n 1 "$tmp/made")"
  exit 0
fi
echo "4,096 chunks of 64 MiB; memory is $(df --output=fstype "$tmp" | tail -n 1), the disk $(df --output=fstype "$disk" | tail -n 1)." \
  "Load: $(cut -d ' ' -f 1-3 /proc/loadavg)"
"$tmp/bench" -bench -dir "$tmp" -disk "$tmp/d" -slugd "$abs_top_builddir/slugd" -agent "$abs_top_builddir/slug-kubelet" &
pid=$!
status=0
wait "$pid" || status=$?
pid=
echo "Load: $(cut -d ' ' -f 1-3 /proc/loadavg)"
exit "$status"
