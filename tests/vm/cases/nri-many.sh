#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# 104 containers with a split, in pods with so many annotations that the runtime tells slug-nri of them in megabytes; slug-nri is killed
# while they are created, half of them are created without it, and the runtime is restarted. It is what fits into the time of a case on an
# emulated machine, which takes four seconds to change a container and as long to make a pod as to make a container: so pods are few,
# and they are left as they are at the end. Other cases come before this one.
# shellcheck disable=SC2034,SC2317,SC2329 # nri and interval are containerd.sh's; wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
nri=yes

# run_pods FIRST LAST: of thirteen containers each
run_pods() {
  for i in $(seq "$1" "$2"); do
    echo "many-$i burstable api crun$(printf ' %s=x:2>=4<=24@local=2Mi,remote=2Mi' a b c d e f g h i j k l m)"
  done | POD_PADDING=$padding pods run
}

said() {
  journalctl -b -u slug-nri.service -o cat --no-pager
}

# told: what a runtime has told slug-nri of all its containers, a line each time
told() {
  said | sed -n 's/^The container runtime has //p'
}

has_told() {
  [ "$(told | wc -l)" -gt "$1" ]
}

# is_told_enough NAME: the last time in so many bytes that this is a matter of megabytes
is_told_enough() {
  remark "$1: $(told | tail -n 1)"
  is "$([ "$(told | tail -n 1 | sed 's/.* told in \([0-9]*\) bytes$/\1/')" -ge "$least" ] && echo enough)" enough \
    "$1: slug-nri is told of $((least >> 20)) MiB at least"
}

# n_there: cgroups of the runtime, those of sandboxes among them
n_there() {
  find /sys/fs/cgroup/kubepods.slice -type d -name 'cri-containerd-*' | wc -l
}

are_there() {
  [ "$(n_there)" -ge "$1" ]
}

# have_it N: so many have what they asked for
have_it() {
  "$slugctl" --wait 60 -o json pods | python3 -S "$payload/nri-given.py" 2097152 >"$tmp/given"
  [ "$(wc -l <"$tmp/given")" = "$1" ]
}

# given NAME N
given() {
  given_from=$(now_usec)
  wait_long have_it "$2"
  remark "$1: after $((($(now_usec) - given_from) / 1000000)) s"
  is "$(wc -l <"$tmp/given")" "$2" "$1: $2 containers have the claim that they asked for and its NUMA nodes"
}

killed_meanwhile() {
  from=$(now_usec)
  run_pods 1 4 &
  runner=$!
  wait_long are_there 24
  pid=$(unit MainPID slug-nri.service)
  kill -s KILL "$pid"
  n=$(n_there)
  is "$([ "$n" -ge 24 ] && [ "$n" -lt 56 ] && echo some)" some "slug-nri is killed while containers are created"
  remark "$n of 56 cgroups are there then"
  wait_until other_process slug-nri.service "$pid"
  is "$?" 0 "and comes back"
  wait "$runner"
  is "$?" 0 "52 containers run"
  remark "in $((($(now_usec) - from) / 1000000)) s"
  given "after it was killed" 52
}

plugin_is_away() {
  systemctl stop slug-nri.service
  from=$(now_usec)
  run_pods 5 8
  is "$?" 0 "52 more run while there is no slug-nri"
  remark "in $((($(now_usec) - from) / 1000000)) s"
  have_it 52
  is "$?" 0 "without a mask"
  n_told=$(told | wc -l)
  systemctl start slug-nri.service
  wait_long has_told "$n_told"
  is_told_enough "when it is back"
  given "repaired by Synchronize" 104
}

# What it still has is told, and not demanded: it waits 10 s for each of its containers, and in an emulated machine gives up most of a
# hundred. That containers keep what they have is the case nri's.
runtime_restarts() {
  n_told=$(told | wc -l)
  from=$(now_usec)
  systemctl restart containerd.service
  is "$?" 0 "the runtime is restarted"
  remark "in $((($(now_usec) - from) / 1000000)) s"
  wait_long has_told "$n_told"
  is_told_enough "after the runtime was restarted"
}

start_containerd || bail_out "containerd does not start"
remark "$(containerd --version)"
# A message of ttrpc has 4 MiB at most. NRI since 0.8, which containerd 2 has, tells of more in parts, and that before it of nothing.
if [ "$config_version" = 2 ]; then padding=275 least=$((2 << 20)); else padding=550 least=$((4 << 20)); fi
echo 'SLUG_NRI_OPTIONS=--log-level debug' >/etc/slug/slug-nri.env
# where bytes are is no matter here, and takes its time
echo 'enforce: {backend: observe}' >/etc/slug/slugd.yaml
# 2 MiB of pods are read each time
interval=10s
start_slug
systemctl restart slugd.service slug-nri.service
wait_until has_told 0
is "$?" 0 "slug-nri is one of the runtime's plugins"
killed_meanwhile
plugin_is_away
runtime_restarts
systemctl stop slug-nri.service slug-kubelet.service
rm /etc/slug/slug-nri.env /etc/slug/slugd.yaml
done_testing
