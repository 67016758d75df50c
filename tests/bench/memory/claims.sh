#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a claim costs, on the disk that the build folder is on. See claims.c.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
tmp=$(mktemp -d "$abs_top_builddir/bench-XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

"$abs_top_builddir/tests/lib/mktree" "$here/../../fixtures/machines/two-nodes.tree" "$tmp/machine"
mkdir -p "$tmp/machine/var/lib/slug"
echo "The ledger is on $(df --output=fstype "$tmp" | tail -n 1)."
"$abs_top_builddir/tests/bench/memory/claims" "$abs_top_builddir/slugd" "$tmp/machine"
