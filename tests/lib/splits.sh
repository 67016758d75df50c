# shellcheck shell=sh disable=SC2034,SC2154 # what is unused here is used by the tests; $here and the like are tap.sh's
# SPDX-License-Identifier: Apache-2.0
# A fake tree with two pods, db and web, for tests of splits: the kubelet, slug-kubelet and the kernel are the test. What slugd
# wrote into a memory.reclaim stays there to be read, and usage changes when the test changes it.
command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
fs=$root/sys/fs/cgroup
boot=3b0f1a52-0000-4000-8000-000000000001
resource=sluglab.io/remote-memory-1gi
db=11111111-2222-4333-8444-555555555555
web=99999999-2222-4333-8444-555555555555
gi=1073741824
db_id=$(printf '%064d' 1)
web_id=$(printf '%064d' 2)
burstable=kubepods.slice/kubepods-burstable.slice
db_pod=$burstable/kubepods-burstable-pod$(echo $db | tr - _).slice
web_pod=$burstable/kubepods-burstable-pod$(echo $web | tr - _).slice
db_cgroup=$db_pod/cri-containerd-$db_id.scope
web_cgroup=$web_pod/cri-containerd-$web_id.scope

make_machine() {
  rm -rf "$root"
  "$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
  mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random" "$fs"
  echo "$boot" >"$root/proc/sys/kernel/random/boot_id"
  echo "memory cpuset" >"$fs/cgroup.controllers"
  : >"$fs/memory.reclaim"
}

# numa_stat LOCAL REMOTE: always as long, so that what is written over it is whole
numa_stat() {
  printf 'anon N0=%020d N1=0 N2=%020d\nfile N0=0 N1=0 N2=0\n' "$1" "$2"
}

# usage PATH LOCAL REMOTE: bytes of it on NUMA nodes 0 and 2, in one write, since slugd has the file open
usage() {
  numa_stat "$2" "$3" | dd of="$fs/$1/memory.numa_stat" bs=4096 iflag=fullblock conv=notrunc status=none
}

# garbage PATH: in the place of what it uses
garbage() {
  numa_stat 0 0 | sed 's,[[:alpha:]],#,g' | dd of="$fs/$1/memory.numa_stat" bs=4096 iflag=fullblock conv=notrunc status=none
}

# group PATH: makes one, whole at once as the kernel does
group() {
  mkdir "$tmp/group"
  echo 0 >"$tmp/group/memory.current"
  echo max >"$tmp/group/memory.max"
  numa_stat 0 0 >"$tmp/group/memory.numa_stat"
  printf 'populated 1\nfrozen 0\n' >"$tmp/group/cgroup.events"
  echo 0-2 >"$tmp/group/cpuset.mems.effective"
  : >"$tmp/group/memory.reclaim"
  mv "$tmp/group" "$fs/$1"
}

serve() {
  start_slugd --root "$root" "$@"
  ctl describe-node >/dev/null 2>"$tmp/error" || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" "http://slug/slug.v1.$1"
}

# value PATH: of lines on standard input; a key that is not there is ""
value() {
  awk -v path="$1" '$1 == path { sub(/^[^ ]* /, ""); print; exit }'
}

# report POD...: complete and settled, of now
sequence=0
report() {
  sequence=$((sequence + 1))
  pods=$(printf '%s,' "$@")
  known=$(ask ChunkService/ListChunks '{}' | awk -f "$here/flatten.awk" | value ledgerGeneration)
  ask PodService/ReportPods "{\"reporter\":\"one\",\"sequence\":\"$sequence\",\"bootId\":\"$boot\",
    \"sources\":[{\"name\":\"runtime\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"},
      {\"name\":\"pod-resources\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"}],
    \"ledgerGeneration\":\"${known:-0}\",\"settled\":true,\"unsettledReason\":\"\",\"pods\":[${pods%,}]}" >"$tmp/reported"
}

# pod UID NAME ID ANNOTATIONS CHUNK...: of one container that runs, with 4 GiB requested and 6 GiB as its limit
pod() {
  uid=$1
  name=$2
  id=$3
  annotations=$4
  shift 4
  ids=$(printf '"%s",' "$@")
  devices=
  [ $# -eq 0 ] || devices=",\"devices\":[{\"resource\":\"$resource\",\"ids\":[${ids%,}]}]"
  printf '{"uid":"%s","namespace":"default","name":"%s","sandbox":"SANDBOX_STATE_READY","listedByKubelet":true,"annotations":{%s},
    "containers":[{"name":"app","id":"%s","state":"REPORTED_CONTAINER_STATE_RUNNING",
      "resources":{"requests":{"memory":"4Gi"},"limits":{"memory":"6Gi"}}%s}]}' "$uid" "$name" "$annotations" "$id" "$devices"
}

# enforced KEY: of the only container that is listed
enforced() {
  ask EnforcementService/ListContainers '{}' | awk -f "$here/flatten.awk" | value "containers.0.$1"
}

# Conditions, for wait_until

# asked PATH: something was written to its memory.reclaim
asked() {
  [ -s "$fs/$1/memory.reclaim" ]
}
has_said() {
  grep -a -q "$1" "$tmp/slugd.log"
}
is_enforced() {
  [ "$(enforced "$1")" = "$2" ]
}

# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(cat "$tmp/reported")" "$(tail -n 5 "$tmp/slugd.log")" "$(ask EnforcementService/ListContainers '{}')"
  fi
}
