#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a look at all pods costs: time, and system calls where there is strace to count them. See pods.c.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
# in memory, as cgroup files are
tmp=$(mktemp -d /dev/shm/slug-bench-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

pods=$abs_top_builddir/tests/bench/pods/pods
"$pods" "$tmp"
if ! command -v strace >/dev/null; then
  echo "System calls are not counted: that wants strace."
  exit 0
fi
# What making the tree takes is in both, and falls out.
count() {
  strace -f -c -U calls,name -o "$tmp/calls" "$pods" "$tmp" "$1" "$2"
  awk '$2 == "total" || $NF == "total" { print $1 }' "$tmp/calls"
}
echo
for n in 100 500; do
  few=$(count "$n" 1)
  many=$(count "$n" 11)
  awk -v n="$n" -v calls="$((many - few))" 'BEGIN {
    printf "%-4d pods: %.0f system calls a look, %.1f for a pod with its two containers\n", n, calls / 10, calls / 10 / n
  }'
done
