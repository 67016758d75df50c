#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Damaged machines: slugd starts on each, serves it, and names every file that it could not use ("# expects:" in the .tree).
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
for tree in "$machines"/damaged-*.tree; do
  machine=$(basename "$tree" .tree)
  root=$tmp/root
  rm -rf "$root"
  "$mktree" "$tree" "$root" || bail_out "cannot make $machine"
  start_slugd --root "$root"
  if ! ctl -o json describe-node >"$tmp/json" 2>"$tmp/error"; then
    not_ok "$machine: served" "$(cat "$tmp/error" "$tmp/slugd.log")"
    stop_slugd KILL
    rm -f "$sock"
    continue
  fi
  ok "$machine: served"
  awk -f "$here/flatten.awk" "$tmp/json" >"$tmp/flat"
  grep -E '^(diagnostics[.][0-9]+[.]source|conditions[.][0-9]+[.]message) ' "$tmp/flat" >"$tmp/said"
  sed -n 's/^# expects: //p' "$tree" >"$tmp/expected"
  while read -r path; do
    contains "$(cat "$tmp/said")" "$path" "$machine: the answer names $path"
    contains "$(cat "$tmp/slugd.log")" "$path" "$machine: the log names $path"
  done <"$tmp/expected"
  # What is damaged may be missing; what is there must still add up.
  is "$(awk -v no_files=1 -f "$here/amounts.awk" "$tmp/flat" | grep -v '^there are no NUMA nodes$')" "" "$machine: all amounts add up"
  is "$(ctl topology >/dev/null 2>"$tmp/error"; echo $?)" 0 "$machine: its topology"
  is "$(ctl describe-node >"$tmp/text" 2>&1; echo $?)" 0 "$machine: described for people"
  is "$(LC_ALL=C tr -d '\11\12\40-\176' <"$tmp/text" | wc -c | tr -d ' ')" 0 "$machine: nothing on the terminal but text"
  stop_slugd TERM
  is "$slugd_status" 0 "$machine: slugd stopped as asked"
done

# The links of damaged-link-out lead to files of this host if one leaves the root: then the kubelet's file would be found.
rm -rf "$tmp/root"
"$mktree" "$machines/damaged-link-out.tree" "$tmp/root" || bail_out "cannot make damaged-link-out"
start_slugd --root "$tmp/root"
contains "$(ctl -o json describe-node)" '"NotFound"' "no link leads out of the root"
stop_slugd TERM
done_testing
