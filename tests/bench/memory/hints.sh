#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What hints cost, next to the kubelet's own policy in the same run where there is Go to make it. See hints.c.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
tmp=$(mktemp -d)
pid=
clean_up() {
  [ -z "$pid" ] || { kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null; }
  rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

hints=$abs_top_builddir/tests/bench/memory/hints
if ! command -v go >/dev/null; then
  echo "The kubelet's own policy is not measured: that wants Go."
  "$hints"
elif ! go -C "$here/../../peers/go/memory-oracle" build -mod=readonly -o "$tmp/memory-oracle" . >"$tmp/made" 2>&1; then
  echo "The kubelet's own policy is not measured, since it cannot be made: $(tail -n 1 "$tmp/made")"
  "$hints"
else
  mkfifo "$tmp/to" "$tmp/from"
  "$tmp/memory-oracle" -bench -dir "$tmp" <"$tmp/to" >"$tmp/from" &
  pid=$!
  "$hints" "$tmp/to" "$tmp/from"
fi
