#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What it costs slugd to hold splits: processor time while 100 containers are quiet, and while 10 more grow by 20 MiB a second, on
# a tree of files that a program moves as a kernel would. How well it holds them is not seen here: there is no kernel to move pages.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
quiet=100
growing=10
seconds=${1:-30}
command -v curl >/dev/null || { echo "Enforcement is not measured: that wants curl."; exit 0; }
tmp=$(mktemp -d /dev/shm/slug-bench-XXXXXX)
pids=
clean_up() {
  # shellcheck disable=SC2086 # a list
  [ -z "$pids" ] || { kill $pids 2>/dev/null && wait $pids 2>/dev/null; } || true
  rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

root=$tmp/machine
n=$((quiet + growing))
"$abs_top_builddir/tests/lib/mktree" "$here/../../fixtures/machines/cxl-remote.tree" "$root"
mkdir -p "$root/proc/sys/kernel/random" "$root/var/lib/slug" "$root/etc/slug" "$root/sys/kernel/mm/numa" \
  "$root/sys/fs/cgroup"
echo 00000000-0000-4000-8000-000000000001 >"$root/proc/sys/kernel/random/boot_id"
echo true >"$root/sys/kernel/mm/numa/demotion_enabled"
: >"$root/sys/fs/cgroup/memory.reclaim"
mkfifo "$tmp/go"
"$abs_top_builddir/tests/bench/enforce/kernel" "$root" "$n" "$growing" "$seconds" <"$tmp/go" >"$tmp/kernel" &
kernel=$!
exec 3>"$tmp/go"
pids=$kernel
until grep -q ready "$tmp/kernel"; do sleep 0.1; done
"$abs_top_builddir/slugd" --foreground --root "$root" --fake-tree --socket "$tmp/slugd.sock" 2>"$tmp/slugd.log" &
slugd=$!
pids="$pids $slugd"
"$abs_top_builddir/slugctl" --socket "$tmp/slugd.sock" --wait 60 claims >/dev/null

# ask METHOD JSON
ask() {
  curl --silent --show-error --unix-socket "$tmp/slugd.sock" -H 'content-type: application/json' -d "$2" \
    "http://slug/slug.v1.MemoryManagerService/$1" >>"$tmp/answers"
  echo >>"$tmp/answers"
}

i=0
while [ "$i" -lt "$n" ]; do
  pod=$(printf '"pod":{"uid":"00000000-0000-4000-8000-%012x","namespace":"default","name":"pod-%d",
    "annotations":{"memory.sluglab.io/container.app":"local=16Mi..200Mi,remote=0..8Gi"},
    "containers":[{"name":"app","resources":{"requests":{"memory":"16Mi"},"limits":{"memory":"8Gi"}}}]},"container":"app"' "$i" "$i")
  ask Allocate "{$pod}"
  ask AddContainer "{$pod,\"containerId\":\"$(printf '%056x%08x' 0 "$i")\"}"
  i=$((i + 1))
done

# what slugd has used so far, workers and all, in ticks
ticks() {
  for pid in "$slugd" $(pgrep -P "$slugd") $(pgrep -P "$(pgrep -d, -P "$slugd")"); do
    cut -d')' -f2- "/proc/$pid/stat" 2>/dev/null
  done | awk '{ sum += $12 + $13 } END { print sum + 0 }'
}
tell() {
  awk -v name="$1" -v ticks="$2" -v hz="$(getconf CLK_TCK)" -v seconds="$seconds" \
    'BEGIN { printf "%-38s %6.1f ms of processor time a second, %.2f %% of a core\n", name, ticks * 1000 / hz / seconds, ticks * 100 / hz / seconds }'
}
followed=$("$abs_top_builddir/slugctl" --socket "$tmp/slugd.sock" -o json claims | grep -o CLAIM_STATE_ACTIVE | wc -l)
echo "$followed containers with a split, $seconds s each. Load: $(cut -d ' ' -f 1-3 /proc/loadavg)"
from=$(ticks)
sleep "$seconds"
tell "all quiet" $(($(ticks) - from))
from=$(ticks)
echo >&3
wait "$kernel"
tell "$growing grow by 20 MiB a second" $(($(ticks) - from))
pids=$slugd
tail -n 1 "$tmp/kernel" | awk -v n="$growing" -v seconds="$seconds" '{
  printf "they wanted %d MiB moved, %d MiB were; the fullest was %.1f MiB over its 200 MiB\n", n * (20 * seconds - 10), $1 / 1048576, $2 / 1048576 }'
