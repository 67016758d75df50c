#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CgroupManagerService over a fake tree: what it does, what it refuses, and that nothing is touched but what was asked for.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
tree=$root/sys/fs/cgroup
"$mktree" "$machines/two-nodes.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/kubelet" "$root/etc/slug" "$root/outside"

# cgroup PATH [USAGE]: with the files that the kernel makes
cgroup() {
  mkdir -p "$tree/$1"
  for file in memory.max memory.high memory.swap.max pids.max hugetlb.2MB.max; do
    echo max >"$tree/$1/$file"
  done
  for file in memory.min memory.low memory.oom.group; do
    echo 0 >"$tree/$1/$file"
  done
  echo "${2:-0}" >"$tree/$1/memory.current"
  echo 100 >"$tree/$1/cpu.weight"
  echo 'max 100000' >"$tree/$1/cpu.max"
  for file in cpuset.cpus cpuset.mems cgroup.procs memory.reclaim cgroup.kill cgroup.freeze; do
    echo >"$tree/$1/$file"
  done
  echo 'cpuset cpu memory pids hugetlb' >"$tree/$1/cgroup.controllers"
  echo 'cpuset cpu memory pids hugetlb' >"$tree/$1/cgroup.subtree_control"
  printf 'populated 0\nfrozen 0\n' >"$tree/$1/cgroup.events"
  printf 'max 0\n' >"$tree/$1/memory.events"
}

cgroup .
cgroup kubepods 4096
cgroup kubepods/burstable 1000000
cgroup kubepods/besteffort
cgroup kubepods/burstable/pod1
cgroup kubepods/burstable/pod1/c1
cgroup system.slice
cgroup user.slice
cgroup kubepodsx
printf '31\n7\n' >"$tree/kubepods/burstable/pod1/c1/cgroup.procs"
printf '31\n5\n' >"$tree/kubepods/burstable/cgroup.procs"
echo max >"$root/outside/memory.max"
ln -s ../../../../outside "$tree/kubepods/away"
ln -s ../../user.slice "$tree/kubepods/burstable/user"
ln -s ../../../../../outside/memory.max "$tree/kubepods/besteffort/memory.later"
cat >"$root/var/lib/kubelet/config.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
systemReservedCgroup: /system.slice
END

# ask METHOD JSON: the answer, of a refusal, too
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" \
    "http://slug/slug.v1.CgroupManagerService/$1"
}

# name COMPONENT...: the field
name() {
  printf '"name":['
  comma=
  for component; do
    printf '%s"%s"' "$comma" "$component"
    comma=,
  done
  printf ']'
}

# update RESOURCES COMPONENT...
update() {
  resources=$1
  shift
  ask Update "{$(name "$@"),\"resourceParameters\":{$resources}}"
}

# refused CODE TEXT ANSWER NAME
refused() {
  contains "$3" "\"code\":\"$1\"" "$4"
  contains "$3" "$2" "$4: says why"
}

listing() {
  (cd "$root" && find . -path ./var/lib/slug -prune -o -printf '%p %y %l\n' | sort
    find . -path ./var/lib/slug -prune -o -type f -exec cksum {} + | sort)
}

start_slugd --root "$root" --fake-tree
ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
knows_driver() {
  ask Name "{$(name kubepods)}" 2>/dev/null | grep -q '"path"'
}
wait_until knows_driver || bail_out "no driver: $(ask Name "{$(name kubepods)}") $(cat "$tmp/slugd.log")"

# Names and what is there
is "$(ask Version '{}')" '{"version":2}' "version"
is "$(ask Name "{$(name kubepods burstable)}")" '{"path":"/kubepods/burstable"}' "a name has a path"
is "$(ask CgroupName '{"path":"/kubepods/burstable"}')" '{"name":["kubepods","burstable"]}' "and a path a name"
is "$(ask Exists "{$(name kubepods burstable)}")" '{"exists":true}' "what is there exists"
is "$(ask Exists "{$(name kubepods nothing)}")" '{}' "what is not there does not"
is "$(ask Exists "{$(name kubepods away)}")" '{}' "nor does a link"
contains "$(ask Validate "{$(name kubepods nothing)}")" 'there is no cgroup' "which Validate says"
is "$(ask Validate "{$(name system.slice)}")" '{"isValid":true}' "a reserved cgroup is one"
is "$(ask Pids "{$(name kubepods)}")" '{"pids":[5,7,31]}' "processes, each once"
is "$(ask MemoryUsage "{$(name kubepods burstable)}")" '{"bytes":"1000000"}' "usage"
is "$(ask GetCgroupConfig "{$(name kubepods),\"resource\":\"memory\"}")" '{"config":{"memory":"-1"}}' "no limit is -1"
is "$(ask GetCgroupConfig "{$(name kubepods),\"resource\":\"cpu\"}")" '{"config":{"cpuShares":"2597","cpuQuota":"-1","cpuPeriod":"100000"}}' \
  "weight is told as shares"
refused invalid_argument memory "$(ask GetCgroupConfig "{$(name kubepods),\"resource\":\"io\"}")" "another resource"
refused not_found 'no cgroup' "$(ask MemoryUsage "{$(name kubepods nothing)}")" "usage of nothing"

# Changes
is "$(update '"memory":"2000000","pidsLimit":"7","cpuQuota":"50000","unified":[{"file":"memory.high","value":"1500000"}]' kubepods burstable)" \
  '{}' "several files at once"
is "$(cat "$tree/kubepods/burstable/memory.max") $(cat "$tree/kubepods/burstable/pids.max") $(cat "$tree/kubepods/burstable/cpu.max")" \
  "2000000 7 50000 100000" "and all of them are written"
is "$(cat "$tree/kubepods/burstable/memory.high")" 1500000 "those of cgroup v2, too"
is "$(ask ReduceCPULimits "{$(name kubepods burstable)}")" '{}' "CPU weight is reduced"
is "$(cat "$tree/kubepods/burstable/cpu.weight")" 1 "to 1"
is "$(ask SetCgroupConfig "{$(name system.slice),\"resourceConfig\":{\"cpuSet\":\"0-1\"}}")" '{}' "a reserved cgroup is set"
is "$(cat "$tree/system.slice/cpuset.cpus")" 0-1 "to what was asked"
is "$(update '' kubepods)" '{}' "nothing to set is done"
answer=$(update '"pidsLimit":"9","memory":"999999"' kubepods burstable)
refused failed_precondition 1000000 "$answer" "a limit below usage"
contains "$answer" 'memory.max 999999' "and names both numbers"
is "$(cat "$tree/kubepods/burstable/pids.max")" 7 "nothing was written before"
rm "$tree/kubepods/besteffort/memory.high"
refused not_found 'memory.high' "$(update '"pidsLimit":"9","unified":[{"file":"memory.high","value":"1"}]' kubepods besteffort)" "no such file"
is "$(cat "$tree/kubepods/besteffort/pids.max")" max "nor here"
refused not_found 'no cgroup' "$(update '"pidsLimit":"9"' kubepods nothing)" "an update of nothing"
refused failed_precondition 'normal memory' "$(update '"unified":[{"file":"cpuset.mems","value":"7"}]' kubepods besteffort)" "a mask without memory"
is "$(ask Create "{$(name kubepods mine)}")" '{}' "a cgroup is made"
is "$([ -d "$tree/kubepods/mine" ] && echo there)" there "and is there"
is "$(ask Create "{$(name kubepods mine)}")" '{}' "making it again is fine"
refused not_found 'no cgroup' "$(ask Create "{$(name kubepods nothing below)}")" "its parent has to be there"
is "$(ask Destroy "{$(name kubepods mine)}")" '{}' "it is removed"
is "$([ -e "$tree/kubepods/mine" ] || echo gone)" gone "and is gone"
is "$(ask Destroy "{$(name kubepods mine)}")" '{}' "removing it again is fine"
refused failed_precondition 'cgroups in it' "$(ask Destroy "{$(name kubepods burstable pod1)}")" "one with cgroups in it stays"
sed -i 's/populated 0/populated 1/' "$tree/kubepods/burstable/pod1/c1/cgroup.events"
refused failed_precondition 'processes' "$(ask Destroy "{$(name kubepods burstable pod1 c1)}")" "one with processes stays"
contains "$(cat "$tmp/slugd.log")" "Update of '/kubepods/burstable': pids.max 7, memory.max 2000000" "the journal has what was done"

# Two of them at once: one after the other, and not half of each
i=0
callers=
while [ $i -lt 8 ]; do
  update "\"memory\":\"$((3000000 + i))\",\"pidsLimit\":\"$((3000000 + i))\"" kubepods burstable >>"$tmp/together" &
  callers="$callers $!"
  i=$((i + 1))
done
# shellcheck disable=SC2086 # a list
wait $callers
is "$(sed 's/}/}\n/g' "$tmp/together" | grep -c '^{}$')" 8 "updates at the same time are all made"
is "$(cat "$tree/kubepods/burstable/memory.max")" "$(cat "$tree/kubepods/burstable/pids.max")" "and the last one whole"

# What is refused, and touches nothing
listing >"$tmp/before"
refused permission_denied "would take 'pod2' for a pod" "$(ask Create "{$(name kubepods pod2)}")" "a pod of nobody's"
for path in 'kubepods' 'kubepods burstable' 'kubepods besteffort' 'system.slice'; do
  # shellcheck disable=SC2086 # a list
  for method in Create Destroy; do
    contains "$(ask $method "{$(name $path)}")" '"code":"permission_denied"' "$method of $path"
  done
done
long=$(printf '%04096d' 0)
n=0
n_refused=0
for method in Create Destroy Update SetCgroupConfig ReduceCPULimits Pids MemoryUsage; do
  for path in '"kubepods","podx"' '"kubepods","burstable","a-pod"' '"kubepods","besteffort","podx"' '"user.slice"' '"kubepodsx"' '""' '' \
    '"kubepods",".."' '"kubepods","..","user.slice"' '"..","..","outside"' '"kubepods","."' '"kubepods",""' '"kubepods/../user.slice"' \
    '"/kubepods"' '"kubepods","a/b"' '"kubepods","a_b"' '"kubepods","a\nb"' '"kubepods","away"' '"kubepods","away","x"' \
    '"kubepods","burstable","user"' '"kubepods","burstable","user","x"' '"kubepods","a\u0000b"' '"kubepods\u0000","x"' '"\u0000"' \
    "\"kubepods\",\"$long\"" "\"$long\"" '"kubepods","memory.max"' '"kubepods","cgroup.procs"' '"kubepods","memory.max","x"' \
    '"system.slice","..","user.slice"' '"outside"' '"kubepods","a","b","c"' \
    '"a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a","a"'; do
    printf '{"name":[%s],"resourceParameters":{"pidsLimit":"3"},"resourceConfig":{"pidsLimit":"3"}}' "$path" >"$tmp/request"
    answer=$(ask $method "@$tmp/request")
    n=$((n + 1))
    case $answer in
    *'"code":"'*) n_refused=$((n_refused + 1)) ;;
    '{}') # what is not there is destroyed already, and has no processes
      case $method in Destroy | Pids) n_refused=$((n_refused + 1)) ;; *) not_ok "$method of $path" "$answer" ;; esac ;;
    *) not_ok "$method of $path" "$answer" ;;
    esac
  done
done
is "$n_refused" "$n" "names that lead elsewhere are refused"
n_files=0
for file in cgroup.procs cgroup.threads cgroup.kill cgroup.freeze cgroup.subtree_control cgroup.type memory.reclaim memory.current \
  memory.later memory.pressure io.max '../memory.max' 'pod1/memory.max' '../../../../outside/memory.max' '/proc/sysrq-trigger' '' '.' \
  'memory.max\n' 'memory.max\u0000x' "$long"; do
  for value in 1 max '' '-1' '1\n2' "$long"; do
    # a name that ends at its NUL is the name before it
    case $file$value in 'memory.max\u0000xmax' | 'memory.max\u0000x1') continue ;; esac
    printf '{%s,"resourceParameters":{"unified":[{"file":"%s","value":"%s"}]}}' "$(name kubepods besteffort)" "$file" "$value" >"$tmp/request"
    answer=$(ask Update "@$tmp/request")
    n_files=$((n_files + 1))
    case $answer in
    *'"code":"'*) n_refused=$((n_refused + 1)) ;;
    *) not_ok "file '$(printf %.20s "$file")', value '$(printf %.20s "$value")'" "$answer" ;;
    esac
  done
done
is "$n_refused" $((n + n_files)) "files that are not to be set are refused"
listing >"$tmp/after"
is "$(diff "$tmp/before" "$tmp/after")" "" "and after $((n + n_files)) such calls nothing is different"
is "$(cat "$root/outside/memory.max")" max "outside, either"

stop_slugd TERM
is "$slugd_status" 0 "slugd stopped as asked"

# What slugd keeps itself
printf 'qos: {manage: [memory.max], reserved: {memory: 50%%}}\n' >"$root/etc/slug/slugd.yaml"
start_slugd --root "$root" --fake-tree
ctl describe-node >/dev/null 2>&1
wait_until knows_driver || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
refused failed_precondition 'qos.manage' "$(update '"memory":"4000000"' kubepods burstable)" "what slugd keeps itself"
is "$(update '"memory":"4000000"' kubepods burstable pod1)" '{}' "but not what is below it"
stop_slugd TERM

# Who may
printf 'roles: {reader: {users: [65534]}, claimer: {users: [65533]}}\n' >"$root/etc/slug/slugd.yaml"
start_slugd --root "$root"
ctl describe-node >/dev/null 2>&1
wait_until knows_driver || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
refused failed_precondition 'captured machine' "$(update '"pidsLimit":"3"' kubepods)" "a captured machine"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
  chmod 711 "$tmp"
  chmod 666 "$sock"
  for user in 65534 65533 65532; do
    for method in Create Destroy Update Validate Exists Name CgroupName Pids ReduceCPULimits MemoryUsage GetCgroupConfig SetCgroupConfig Version; do
      contains "$(setpriv --reuid $user --regid 65534 --clear-groups curl --silent --max-time 30 --unix-socket "$sock" \
        -H 'content-type: application/json' -d '{}' "http://slug/slug.v1.CgroupManagerService/$method")" '"code":"permission_denied"' \
        "user $user and $method"
    done
  done
else
  skip "readers and claimers" "only root can be somebody else"
fi
stop_slugd TERM

# cgroup v1: names, and no limits
mkdir -p "$tree/memory/kubepods/burstable"
rm "$tree/cgroup.controllers"
listing >"$tmp/before"
start_slugd --root "$root" --fake-tree
ctl describe-node >/dev/null 2>"$tmp/error" ||
  bail_out "slugd does not serve: $(cat "$tmp/error" "$tmp/slugd.log") $(ps -o pid,stat,etime,args -p "$slugd_pid")"
is "$(ask Version '{}')" '{"version":1}' "cgroup v1"
is "$(ask Name "{$(name kubepods burstable)}")" '{"path":"/kubepods/burstable"}' "has names"
is "$(ask Exists "{$(name kubepods burstable)}")" '{"exists":true}' "and tells what is there"
is "$(ask Exists "{$(name kubepods nothing)}")" '{}' "and what is not"
for method in Create Destroy Update SetCgroupConfig ReduceCPULimits Pids MemoryUsage; do
  refused failed_precondition 'limits need cgroup v2' "$(ask $method "{$(name kubepods burstable)}")" "$method"
done
stop_slugd TERM
listing >"$tmp/after"
is "$(diff "$tmp/before" "$tmp/after")" "" "and nothing is different"
done_testing
