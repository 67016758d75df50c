#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# fuzz.sh BUILD SECONDS: every target of a build with --enable-fuzzing, for so long each and two at a time, from its
# corpus. What is found new is thrown away, but for an input that fails: that is kept in BUILD/fuzz-crashes.
set -euo pipefail

usage() {
  echo "usage: ${0##*/} BUILD SECONDS" >&2
  exit 2
}

[[ $# -eq 2 && -d $1 && $2 =~ ^[1-9][0-9]*$ ]] || usage
build=$(cd "$1" && pwd)
seconds=$2
here=$(cd "$(dirname "$0")" && pwd)
crashes=$build/fuzz-crashes
work=$(mktemp -d)
declare -A names=() # by pid
n=0
n_failed=0

clean_up() {
  local pid

  for pid in "${!names[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

is_fuzzer() {
  [[ -x $1 && $("$1" -help=1 2>&1) == *max_total_time* ]]
}

start() {
  local name=$1 dict=$here/$1.dict
  local -a options=(-max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1
    -artifact_prefix="$crashes/$name-")

  [[ ! -f $dict ]] || options+=(-dict="$dict")
  mkdir "$work/$name"
  "$build/tests/fuzz/fuzz-$name" "${options[@]}" "$work/$name" "$here/corpus/$name" >"$work/$name.log" 2>&1 &
  names[$!]=$name
}

# What the last line that tells of coverage says: "cov: 1234 ft: 5678".
get_coverage() {
  sed -n 's/.*\(cov: [0-9]* ft: [0-9]*\).*/\1/p' "$1" | tail -n 1
}

get_executions() {
  sed -n 's/^stat::number_of_executed_units: *//p' "$1"
}

tell() {
  local name=$1 status=$2 log=$work/$1.log input

  n=$((n + 1))
  if [[ $status -eq 0 ]]; then
    echo "ok $n - $name: $(get_executions "$log") executions, $(get_coverage "$log")"
    return
  fi
  n_failed=$((n_failed + 1))
  echo "not ok $n - $name"
  grep -v -e '^#[0-9]' -e '^INFO: ' "$log" | head -n 40 | sed 's/^/# /' || true
  input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
  [[ -z $input ]] || echo "# replay: $build/tests/fuzz/fuzz-$name $input"
}

wait_for_one() {
  local pid status=0

  wait -n -p pid "${!names[@]}" || status=$?
  tell "${names[$pid]}" "$status"
  unset "names[$pid]"
}

mkdir -p "$crashes"
for folder in "$here"/corpus/*/; do
  name=$(basename "$folder")
  if ! is_fuzzer "$build/tests/fuzz/fuzz-$name"; then
    echo "Bail out! fuzz-$name is no libFuzzer program: configure with CC=clang --enable-fuzzing, then make check"
    exit 1
  fi
  [[ ${#names[@]} -lt 2 ]] || wait_for_one
  start "$name"
done
while [[ ${#names[@]} -gt 0 ]]; do
  wait_for_one
done
echo "1..$n"
[[ $n -gt 0 && $n_failed -eq 0 ]]
