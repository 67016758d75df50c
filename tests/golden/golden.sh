#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every machine of the project, seen through the real slugd and the real slugctl, compared with what a person has once read and
# found right. UPDATE_GOLDEN=1 writes what is there now; the diff is the review.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

# What differs from host to host or from release to release: the folder of the machine, the version, and whether json-c puts an
# empty object on one line (0.18) or on two (0.16).
mask() {
  sed -e "s,$root,@ROOT@,g" -e "s/$version_pattern/@VERSION@/g" | sed -e '/{$/{N;s/{\n *}/{}/;P;D;}'
}

# compare FILE VERB...: slugctl's answer with the golden file
compare() {
  golden=$here/$machine/$1
  shift
  ctl "$@" >"$tmp/answer" 2>"$tmp/error" || echo "slugctl $* failed with $?" >>"$tmp/answer"
  judge "$@"
}

# compare_plan FILE: what slugd --plan prints by itself
compare_plan() {
  golden=$here/$machine/$1
  "$slugd" --plan --root "$root" >"$tmp/answer" 2>"$tmp/error" || echo "slugd --plan failed with $?" >>"$tmp/answer"
  judge "slugd --plan"
}

# judge WHAT...: $tmp/answer and $tmp/error, which WHAT has given, next to $golden
judge() {
  cat "$tmp/answer" "$tmp/error" | mask >"$tmp/seen"
  if [ -n "${UPDATE_GOLDEN:-}" ]; then
    mkdir -p "$here/$machine" || bail_out "cannot make $here/$machine"
    cat "$tmp/seen" >"$golden" || bail_out "cannot write $golden"
    ok "$machine: $* written"
  elif [ ! -f "$golden" ]; then
    not_ok "$machine: $*" "there is no $golden; UPDATE_GOLDEN=1 make check makes it"
  elif diff -u "$golden" "$tmp/seen" >"$tmp/diff" 2>&1; then
    ok "$machine: $*"
  else
    not_ok "$machine: $*" "$(cat "$tmp/diff")"
  fi
}

make_tmp
version=$("$slugd" --version) || bail_out "slugd does not tell its version"
version_pattern=$(printf '%s\n' "${version#slugd }" | sed 's/[.]/\\./g')

for tree in "$machines"/*.tree; do
  machine=$(basename "$tree" .tree)
  root=$tmp/root
  rm -rf "$root"
  if ! "$mktree" "$tree" "$root" 2>"$tmp/error"; then
    not_ok "$machine: made" "$(cat "$tmp/error")"
    continue
  fi
  [ ! -e "$root/etc/slug/slugd.yaml" ] || compare_plan slugd-plan.txt
  start_slugd --root "$root" --log-level err
  compare describe-node.txt describe-node
  compare topology.txt topology
  compare describe-node.json -o json describe-node
  compare topology.json -o json topology
  compare doctor.txt doctor
  if [ -e "$root/etc/slug/slugd.yaml" ]; then
    compare plan.txt -o wide plan
    compare plan.diff -o diff plan
    compare plan.json -o json plan
    compare cgroups.txt cgroups --pods
  fi
  stop_slugd TERM
  if [ "$slugd_status" -eq 0 ] && [ ! -e "$sock" ]; then
    ok "$machine: slugd stopped and left nothing"
  else
    not_ok "$machine: slugd stopped and left nothing" "exit status $slugd_status" "$(ls -la "$tmp")" "$(cat "$tmp/slugd.log")"
  fi
done

# A golden file that no machine stands behind any more is never looked at.
for folder in "$here"/*/; do
  name=$(basename "$folder")
  [ -d "$folder" ] || continue
  if [ -f "$machines/$name.tree" ]; then
    ok "$name has a machine"
  else
    not_ok "$name has a machine" "tests/golden/$name is left over"
  fi
done
done_testing
