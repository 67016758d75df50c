#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make bench: slugd on every captured machine that is there, and on a generated one of 64 NUMA nodes and 8,192 memory blocks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_srcdir:=$(cd "$here/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir}"
export abs_top_builddir
captured=${SLUG_MACHINES:-$abs_top_srcdir/../shared/machines}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM

set --
for tar in "$captured"/*.tar.*; do
  [ -f "$tar" ] || continue
  name=$(basename "$tar" | sed 's/\.tar\..*//')
  mkdir "$tmp/unpacked"
  tar -xf "$tar" -C "$tmp/unpacked" --no-same-owner
  if [ -d "$tmp/unpacked/sys" ]; then
    mv "$tmp/unpacked" "$tmp/$name"
  else
    mv "$tmp/unpacked"/* "$tmp/$name" && rmdir "$tmp/unpacked"
  fi
  set -- "$@" "$tmp/$name"
done
"$here/../lib/mkmachine.sh" 64 8192 "$tmp/generated-64-nodes-8192"
"$abs_top_builddir/tests/bench/bench" "$abs_top_builddir/slugd" "$@" "$tmp/generated-64-nodes-8192"
