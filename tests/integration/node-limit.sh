#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Limits by NUMA node in a fake tree of plain files, which have 0 as the patched kernel makes them: everything is seeded, pods are
# limited, who comes is found, and what cannot be is told. What the kernel makes of the files is in test-node-limit-drive.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
fs=$root/sys/fs/cgroup
kubepods=kubepods.slice
burstable=$kubepods/kubepods-burstable.slice
pod=$burstable/kubepods-burstable-pod11111111_2222_4333_8444_555555555555.slice
container=$pod/cri-containerd-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope
# of the machine's NUMA nodes, in MiB, rounded up; there is no NUMA node 3
size0=32053
size1=32248
size2=16384

# configure WORDS LIMITS
configure() {
  printf 'qos:\n  manage: [%s]\n  nodeLimits: %s\n  nodeLimitInterval: 100ms\n' "$1" "$2" >"$root/etc/slug/slugd.yaml"
}

make_machine() {
  rm -rf "$root"
  "$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
  mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random" "$fs"
  echo 3b0f1a52-0000-4000-8000-000000000001 >"$root/proc/sys/kernel/random/boot_id"
  echo "memory cpuset" >"$fs/cgroup.controllers"
  configure memory.node_limit '{burstable: {0: 512Mi, 2: 4Gi}}'
}

# group PATH [without]: makes one, whole at once as the kernel does
group() {
  mkdir "$tmp/group"
  echo 0 >"$tmp/group/memory.current"
  printf 'anon N0=0 N1=0 N2=0\nfile N0=0 N1=0 N2=0\n' >"$tmp/group/memory.numa_stat"
  printf 'populated 1\nfrozen 0\n' >"$tmp/group/cgroup.events"
  [ -n "${2:-}" ] || for number in 1 2 3 4; do
    echo 0 >"$tmp/group/memory.node_limit$number"
  done
  mv "$tmp/group" "$fs/$1"
}
make_groups() {
  for path in init.scope system.slice system.slice/a.service $kubepods $burstable "$pod" "$container"; do
    group "$path" "$@"
  done
}

serve() {
  start_slugd --root "$root" --fake-tree
  ctl describe-node >/dev/null 2>"$tmp/error" || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" "http://slug/slug.v1.$1"
}
metric() {
  curl --silent --max-time 30 --unix-socket "$sock" http://slug/metrics | sed -n "s/^$1 //p"
}

# limits PATH: all four
limits() {
  cat "$fs/$1"/memory.node_limit1 "$fs/$1"/memory.node_limit2 "$fs/$1"/memory.node_limit3 "$fs/$1"/memory.node_limit4 2>/dev/null | tr '\n' ' '
}
has() {
  [ "$(limits "$1")" = "$2 " ]
}
has_said() {
  grep -q "$1" "$tmp/slugd.log"
}
# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(tail "$tmp/slugd.log")" "$(cd "$fs" && grep -r . . | grep node_limit)"
  fi
}
plans() {
  ctl plan | grep "$1" | grep -q "$2"
}
reads_more_than() {
  [ "$(metric slug_node_limit_reads_total)" -gt "$1" ]
}

make_machine
make_groups
serve
waits "a container has its limits" has "$container" "512 $size1 4096 0"
is "$(limits system.slice/a.service)" "$size0 $size1 $size2 0 " "what is no pod has the sizes, and nothing for a NUMA node that is not there"
is "$(limits "$kubepods")" "$size0 $size1 $size2 0 " "so has the cgroup of all pods"
is "$(limits "$burstable")" "512 $size1 4096 0 " "a level has what is in it"
waits "seeding is told" has_said "7 cgroups are seeded with a harmless memory.node_limit"
waits "and that limits are set" has_said "1 containers have one (experimental)"
waits "the plan has them" plans memory.node_limit1 achieved
contains "$(ctl plan -o json)" '"experimental: in MiB, for NUMA node 2 in each container of burstable pods; qos.nodeLimits"' "and says what they are"
contains "$(ctl plan)" 512Mi "in words of memory"
reads=$(metric slug_node_limit_reads_total)
waits "usage is read at an interval" reads_more_than $((reads + 5))
writes=$(metric slug_node_limit_writes_total)

other=$pod/cri-containerd-fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210.scope
group "$other"
waits "a container that comes has its limits" has "$other" "512 $size1 4096 0"
group system.slice/b.service
waits "a service that comes has the sizes" has system.slice/b.service "$size0 $size1 $size2 0"
is "$(metric slug_node_limit_writes_total)" $((writes + 6)) "and nothing else was written"
is "$(metric slug_node_limit_cgroups)" 2 "both containers are counted"

contains "$(ask NodeService/Withdraw '{}')" "until the next boot" "a withdrawal says what is left"
is "$(limits "$container")" "$size0 $size1 $size2 0 " "and pods have no limit"
kill -s HUP "$slugd_pid"
waits "until a reload" has "$container" "512 $size1 4096 0"
configure memory.node_limit '{burstable: {0: 256Mi}}'
kill -s HUP "$slugd_pid"
waits "a limit that is changed is changed, and one that is gone is the size" has "$container" "256 $size1 $size2 0"
stop_slugd TERM
is "$(limits "$container")" "256 $size1 $size2 0 " "limits stay when slugd stops"
is "$slugd_status" 0 "slugd stops as asked"
serve
waits "another slugd finds them" plans memory.node_limit1 achieved
is "$(metric slug_node_limit_writes_total)" 0 "and writes nothing"
stop_slugd TERM

# What cannot be seeded.
make_machine
make_groups
rm "$fs/system.slice/a.service/memory.node_limit2"
mkdir "$fs/system.slice/a.service/memory.node_limit2"
serve
waits "a cgroup that cannot be looked at is told" has_said "cgroup system.slice/a.service cannot be looked at: .*; until it can, no limit is set"
waits "the plan says so" plans memory.node_limit1 refused
contains "$(limits "$container")" "$size0 $size1 $size2 0" "the others are seeded, and no pod is limited"
rmdir "$fs/system.slice/a.service/memory.node_limit2"
echo 0 >"$fs/system.slice/a.service/memory.node_limit2"
kill -s HUP "$slugd_pid"
waits "when it can limits are set" has "$container" "512 $size1 4096 0"
stop_slugd TERM

# Where there is nothing to write.
make_machine
make_groups without
serve
waits "a kernel without the files is told" has_said "Limits by NUMA node are not all set: no cgroup has a file memory.node_limit1"
waits "its limits are held back" plans memory.node_limit1 held
contains "$(ctl describe-node)" "memory.node_limit1 of pods of burstable is held back: experimental: no cgroup has a file" "the condition says why"
stop_slugd TERM

make_machine
make_groups
start_slugd --root "$root"
waits "a captured machine is not written to" plans memory.node_limit1 absent
is "$(limits "$container")" "0 0 0 0 " "not at all"
stop_slugd TERM

make_machine
configure memory.max '{burstable: {0: 512Mi}}'
make_groups
serve
is "$(metric slug_node_limit_writes_total)" "" "without the word in qos.manage there is nothing to tell"
is "$(limits "$container")" "0 0 0 0 " "and nothing is written"
stop_slugd TERM

make_machine
group system.slice
serve
is "$(limits system.slice)" "0 0 0 0 " "without pods' cgroups this kernel is left alone"
group "$kubepods"
group "$burstable"
waits "until they come" has "$burstable" "512 $size1 4096 0"
is "$(limits system.slice)" "$size0 $size1 $size2 0 " "and then everything is seeded"
stop_slugd TERM

make_machine
mkdir -p "$root/sys/devices/system/node/node4"
cp -r "$root/sys/devices/system/node/node2/." "$root/sys/devices/system/node/node4/" 2>/dev/null
for mask in possible online has_memory has_normal_memory; do
  echo 0-2,4 >"$root/sys/devices/system/node/$mask"
done
make_groups
serve
waits "a machine with NUMA nodes beyond 3 is refused" has_said "this machine has NUMA node 4"
is "$(limits "$container")" "0 0 0 0 " "and nothing is written there"
stop_slugd TERM

make_machine
make_groups
contains "$("$slugd" --plan --root "$root" 2>&1)" "memory.node_limit3  in burstable  -> 4096" "slugd --plan has them, too"
done_testing
