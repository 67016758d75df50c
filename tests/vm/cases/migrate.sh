#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Pages that are moved between real NUMA nodes, step by step, as a worker of slugd does it: how exact a step is with small and huge
# pages, what stays (libraries, huge pages of hugetlb, other cgroups), and which capabilities it takes. Judged by memory.numa_stat.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
tools=/usr/libexec/slug-test
mover=$tools/pagemover
cgroups=/sys/fs/cgroup

# hold NAME USER ARGUMENT...: memhog in a cgroup of its own, when it has touched all
hold() {
  mkdir -p "$cgroups/$1"
  (
    echo 0 >"$cgroups/$1/cgroup.procs"
    hold_name=$1
    user=$2
    shift 2
    exec setpriv --reuid="$user" --regid="$user" --clear-groups "$tools/memhog" "$@" >"$tmp/$hold_name.out" 2>&1
  ) &
  wait_until grep -q ready "$tmp/$1.out"
}

# kib NAME NODE [anon|shmem|file]
kib() {
  awk -v node="N$2=" -v kind="${3:-anon}" '$1 == kind { for (i = 2; i <= NF; ++i) if (index($i, node) == 1) print substr($i, length(node) + 1) / 1024 }' \
    "$cgroups/$1/memory.numa_stat"
}

# has NAME KIB: the kernel's numbers have come so far; they may be two seconds behind
# shellcheck disable=SC2317,SC2329 # wait_until calls it
has() {
  [ "$(kib "$1" 0)" -ge "$2" ]
}

# step NAME MIB SEED FROM TO...: $error and $msec
step() {
  step_name=$1
  shift
  read -r error msec <<END
$("$mover" "$cgroups/$step_name" "$@")
END
}

# end NAME: all of it is killed, and the cgroup goes
end() {
  echo 1 >"$cgroups/$1/cgroup.kill"
  wait_until rmdir "$cgroups/$1"
}

# near NAME GOT WANTED SLACK: KiB
near() {
  is "$([ "$2" -le $(($3 + $4)) ] && [ "$2" -ge $(($3 - $4)) ] && echo near)" near "$1: $2 KiB, and $3 were to be"
}

echo +memory +cpuset >"$cgroups/cgroup.subtree_control"
for thp in never always; do
  slack=0
  [ $thp = never ] || slack=2048
  echo $thp >/sys/kernel/mm/transparent_hugepage/enabled
  hold slug-a 12345 0:200
  hold slug-b 12345 0:100
  wait_until has slug-a $((200 * 1024))
  wait_until has slug-b $((100 * 1024))
  before=$(kib slug-a 2)
  bystander="$(kib slug-b 0) $(kib slug-b 2)"
  libc=$(kib slug-a 0 file)
  remark "thp $thp: $(awk '/^anon_thp/ { print $2 / 1048576 }' "$cgroups/slug-a/memory.stat") MiB in huge pages"
  total=0
  for seed in 1 2 3; do
    step slug-a 48 $seed 0 2
    total=$((total + 48))
    is "$error" 0 "thp $thp: step $seed"
    remark "thp $thp: 48 MiB in $msec ms, $(kib slug-a 2) KiB on node 2"
    near "thp $thp: after step $seed" $(($(kib slug-a 2) - before)) $((total * 1024)) $((seed * slack + 64))
  done
  is "$(kib slug-b 0) $(kib slug-b 2)" "$bystander" "thp $thp: another cgroup's pages are where they were"
  is "$(kib slug-a 0 file)" "$libc" "thp $thp: the page cache is where it was"
  # all of the rest, to two nodes with a limit, and back
  step slug-a 400 4 0 3:20 2
  is "$error" -11 "thp $thp: more than there is"
  near "thp $thp: what is left" "$(kib slug-a 0)" 0 256
  near "thp $thp: the first target's limit" "$(kib slug-a 3)" 20480 $((slack + 64))
  step slug-a 32 5 2 0
  is "$error" 0 "thp $thp: and up again"
  near "thp $thp: what is back" "$(kib slug-a 0)" 32768 $((slack + 320))
  # a target outside of its cpuset
  echo 0,2 >"$cgroups/slug-a/cpuset.mems"
  step slug-a 8 6 2 3
  is "$error" -13 "thp $thp: a node that is not in its cpuset is none for it"
  step slug-a 8 7 2 3 0
  is "$error" 0 "thp $thp: the next one is"
  end slug-a
  end slug-b
done
echo never >/sys/kernel/mm/transparent_hugepage/enabled

# Memory that processes share, and many of them, below each other.
mkdir -p "$cgroups/slug-c/below"
echo +memory >"$cgroups/slug-c/cgroup.subtree_control"
(
  echo 0 >"$cgroups/slug-c/below/cgroup.procs"
  exec python3 - >"$tmp/slug-c.out" <<'END'
import ctypes, mmap, os, signal
libc = ctypes.CDLL(None)
libc.syscall(238, 2, ctypes.byref(ctypes.c_ulong(1)), 65)  # set_mempolicy: MPOL_BIND to node 0
shared = mmap.mmap(-1, 64 << 20)
shared.write(b"x" * (64 << 20))
copied = bytearray(b"y" * (32 << 20))
for _ in range(8):
    if os.fork() == 0:
        assert sum(shared[i] for i in range(0, 64 << 20, 4096)) > 0
        signal.pause()
libc.syscall(238, 0, None, 0)
print("ready", flush=True)
signal.pause()
END
) &
wait_until grep -q ready "$tmp/slug-c.out"
before=$(($(kib slug-c 0 anon) + $(kib slug-c 0 shmem)))
step slug-c 80 1 0 2
is "$error" 0 "shared memory of nine processes"
remark "shared: 80 MiB of $before KiB in $msec ms; shmem on node 2: $(kib slug-c 2 shmem) KiB"
near "shared: what left node 0" $((before - $(kib slug-c 0 anon) - $(kib slug-c 0 shmem))) 81920 512
echo 1 >"$cgroups/slug-c/cgroup.kill"
wait_until rmdir "$cgroups/slug-c/below"
rmdir "$cgroups/slug-c"

# Huge pages of hugetlb stay.
echo 16 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
echo 16 >/sys/devices/system/node/node2/hugepages/hugepages-2048kB/nr_hugepages
mkdir "$cgroups/slug-d"
(
  echo 0 >"$cgroups/slug-d/cgroup.procs"
  exec python3 - >"$tmp/slug-d.out" <<'END'
import mmap, signal
pages = mmap.mmap(-1, 8 << 21, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
for i in range(0, 8 << 21, 4096):
    pages[i] = 1
print("ready", flush=True)
signal.pause()
END
) &
wait_until grep -q ready "$tmp/slug-d.out"
free=$(cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages /sys/devices/system/node/node2/hugepages/hugepages-2048kB/free_hugepages)
step slug-d 100 1 0 2
is "$(cat /sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages /sys/devices/system/node/node2/hugepages/hugepages-2048kB/free_hugepages)" \
  "$free" "huge pages of hugetlb are where they were"
end slug-d
echo 0 >/proc/sys/vm/nr_hugepages

# What it takes: with the two capabilities of slugd.service and no other, and with none.
hold slug-e 12345 0:40
is "$(setpriv --bounding-set=-all,+sys_ptrace,+sys_nice "$mover" "$cgroups/slug-e" 16 1 0 2 | cut -d ' ' -f 1)" 0 \
  "CAP_SYS_PTRACE and CAP_SYS_NICE are enough"
is "$(setpriv --bounding-set=-all,+sys_ptrace "$mover" "$cgroups/slug-e" 4 1 0 2 | cut -d ' ' -f 1)" 0 "without CAP_SYS_NICE its own pages move"
is "$(setpriv --bounding-set=-all "$mover" "$cgroups/slug-e" 4 1 0 2 | cut -d ' ' -f 1)" -13 "without either none do"
end slug-e
done_testing
