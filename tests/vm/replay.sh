#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the guests handed over: each capture is replayed here, on the host, and slugd has to say of it what it said in the guest,
# byte for byte. TAP on standard output.
#
#     replay.sh BUILD OUT
here=$(cd "$(dirname "$0")" && pwd)
abs_top_builddir=$(cd "$1" && pwd)
out=$(cd "$2" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp

# replay TAR PREFIX
replay() {
  rm -rf "$tmp/machine" "$2".*
  mkdir "$tmp/machine" && tar -xf "$1" -C "$tmp/machine" --no-same-owner || return 1
  start_slugd --root "$tmp/machine"
  ctl describe-node >"$2.table" 2>/dev/null
  ctl describe-node -o wide >"$2.wide" 2>/dev/null
  ctl topology -o wide >"$2.topology" 2>/dev/null
  stop_slugd TERM
}

nodes() {
  sed -n '/^NUMA Nodes:/,/^Conditions:/p' "$1"
}

for moment in "$out"/*/; do
  [ -f "$moment/capture.tar" ] || continue
  name=$(basename "$moment")
  replay "$moment/capture.tar" "$tmp/here"
  for form in table wide topology; do
    # whether claims are kept is not the machine's
    sed -i '/^  LedgerDurable /d' "$moment/$form.txt" "$tmp/here.$form"
    is "$(diff "$moment/$form.txt" "$tmp/here.$form")" "" "$name: $form, replayed byte for byte"
  done
  replay "$moment/masked.tar" "$tmp/masked"
  nodes "$tmp/here.table" >"$tmp/here.nodes"
  nodes "$tmp/masked.table" >"$tmp/masked.nodes"
  is "$(diff "$tmp/here.nodes" "$tmp/masked.nodes")" "" "$name: masked, the same NUMA nodes"
done
done_testing
