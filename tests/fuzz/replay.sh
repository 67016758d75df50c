#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs every corpus through its fuzz target: one test per folder below corpus/, which is named as the
# target is. In a fuzzing build libFuzzer takes the same command line and runs each file once.
set -eu

corpus=${abs_top_srcdir:?run by make check}/tests/fuzz/corpus
targets=${abs_top_builddir:?run by make check}/tests/fuzz
output=$(mktemp)
trap 'rm -f "$output"' EXIT
n=0
n_failed=0

for folder in "$corpus"/*/; do
  name=$(basename "$folder")
  n=$((n + 1))
  if "$targets/fuzz-$name" "$folder"* >"$output" 2>&1; then
    echo "ok $n - $name"
  else
    echo "not ok $n - $name"
    sed 's/^/# /' "$output"
    n_failed=$((n_failed + 1))
  fi
done
echo "1..$n"
test "$n" -gt 0 && test "$n_failed" -eq 0
