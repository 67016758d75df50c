#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What it costs to keep the limits of the QoS cgroups while nothing is to be done: processor time next to the same files read by
# path, and system calls where there is strace to count them. See qos.c.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
# in memory, as cgroup files are
tmp=$(mktemp -d /dev/shm/slug-bench-XXXXXX)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

qos=$abs_top_builddir/tests/bench/qos/qos

# make_machine NAME: with settings that manage all there is to manage
make_machine() {
  rm -rf "${tmp:?}/$1"
  "$abs_top_builddir/tests/lib/mktree" "$here/../../fixtures/machines/cxl-remote.tree" "$tmp/$1"
  rm -rf "$tmp/$1/sys/fs"
  mkdir -p "$tmp/$1/etc/slug" "$tmp/$1/proc/sys/kernel/random" "$tmp/$1/var/lib/slug"
  echo 00000000-0000-4000-8000-000000000001 >"$tmp/$1/proc/sys/kernel/random/boot_id"
  cat >"$tmp/$1/etc/slug/slugd.yaml" <<'END'
kubelet:
  featureGates: {MemoryQoS: false}
qos:
  manage: [memory.max, memory.min, memory.low, cpuset.mems]
  reserved: {memory: "50%"}
  cpusetMems: {burstable: all, besteffort: local}
END
}

# bench ARGUMENT...: what the keeper says of its writes is told only when it could not go on
bench() {
  "$@" 2>"$tmp/log" || { cat "$tmp/log" >&2; exit 1; }
}

echo "Keeping limits that are as they should be"
for n in 0 100 500; do
  make_machine "$n"
  bench "$qos" "$tmp/$n" "$n"
done
if ! command -v strace >/dev/null; then
  echo "System calls are not counted: that wants strace."
  exit 0
fi
# count PODS LOOKS: "CALL COUNT" of the process itself. What setting up takes is in both, and falls out.
count() {
  make_machine count
  bench strace -c -U name,calls -o "$tmp/calls" "$qos" "$tmp/count" "$1" "$2"
  awk '$2 ~ /^[0-9]+$/ && $1 != "total" { print $1, $2 }' "$tmp/calls" | sort
}
echo
for n in 0 100 500; do
  count "$n" 10 >"$tmp/few"
  count "$n" 110 >"$tmp/many"
  join -a 2 -e 0 -o 0,1.2,2.2 "$tmp/few" "$tmp/many" | awk -v n="$n" '{
    each = ($3 - $2) / 100
    total += each
    if (each > 0.4) calls = calls sprintf(", %s %.0f", $1, each)
  } END { printf "%-4d pods  %.0f system calls a look%s\n", n, total, calls }'
done
