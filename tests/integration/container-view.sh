#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# slugd, slug-kubelet and slug-nri as deploy/kubernetes runs them: as root without any capability, with a root file system that is read-only
# and has nothing but them and their libraries, in a network, a host name and a cgroup namespace of their own, and with the mounts
# of the DaemonSet. What these are is in tests/fixtures/daemonset.mounts, which tests/peers/deploy.sh compares with the manifests.
# No container runtime takes part: its filter of system calls, SELinux and AppArmor are not tried here.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

[ "$(id -u)" -eq 0 ] || skip_all "only root can make the mounts of a container"
unshare --mount --net --ipc --uts --cgroup true 2>/dev/null || skip_all "there are no namespaces to be had"
make_tmp
image=$tmp/image
host=$tmp/host

pids=
# shellcheck disable=SC2317 # run by a trap
stop_all() {
  for pid in $pids; do
    kill -s KILL "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
  done
  clean_up
}
trap stop_all EXIT

# The image: programs, what they are linked to, and the places of the mounts.
add_program() {
  mkdir -p "$image/$(dirname "$2")"
  cp -L "$1" "$image/$2"
  ldd "$1" | sed -n 's/.*[[:blank:]]\(\/[^ ]*\) (0x.*/\1/p' | while read -r library; do
    [ -e "$image/$library" ] || { mkdir -p "$image/$(dirname "$library")" && cp -L "$library" "$image/$library"; }
  done
}
add_program "$slugd" usr/sbin/slugd
add_program "$abs_top_builddir/slug-kubelet" usr/sbin/slug-kubelet
add_program "$abs_top_builddir/slug-nri" usr/sbin/slug-nri
add_program "$slugctl" usr/bin/slugctl
for program in sh mkdir rm grep setpriv cat; do
  add_program "$(which "$program")" "usr/bin/$program"
done
mkdir -p "$image/bin" "$image/proc" "$image/sys" "$image/dev" "$image/etc"
cp "$image/usr/bin/sh" "$image/usr/bin/rm" "$image/bin"
touch "$image/etc/os-release" "$image/dev/null"

# The host: a kubelet's folders with secrets in them, a runtime's folder, and a ConfigMap as the kubelet makes one.
kubelet=$host/var/lib/kubelet
mkdir -p "$kubelet/pods" "$kubelet/pki" "$kubelet/plugins_registry" "$kubelet/pod-resources" "$kubelet/device-plugins" \
  "$host/run/slug" "$host/var/lib/slug" "$host/run/containerd" "$host/run/nri" "$host/etc" "$tmp/empty" "$tmp/configmap/..1"
chmod 0750 "$kubelet/plugins_registry" "$kubelet/pod-resources"
echo secret >"$kubelet/pods/token"
echo secret >"$kubelet/pki/key.pem"
printf 'kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nsystemReserved: {memory: 123Mi}\n' \
  >"$kubelet/config.yaml"
chmod 0600 "$kubelet/config.yaml"
echo 'PRETTY_NAME="An OS of the host"' >"$host/etc/os-release"
printf 'refreshInterval: 17s\nkubelet: {processName: kubelet%s}\n' $$ >"$tmp/configmap/..1/slugd.yaml"
ln -s ..1 "$tmp/configmap/..data"
ln -s ..data/slugd.yaml "$tmp/configmap/slugd.yaml"
cgroups=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)

# inside.sh CONTAINER COMMAND...: run in the new namespaces
cat >"$tmp/inside.sh" <<END
set -e
echo slug-x7k2p >/proc/sys/kernel/hostname
mount --bind "$image" "$image"
mount -t proc proc "$image/proc"
mount --bind -o ro /proc/sys "$image/proc/sys"
mount -o remount,bind,ro "$image/proc/sys"
mount -t sysfs -o ro sysfs "$image/sys"
mount --bind /dev/null "$image/dev/null"
while IFS='	' read -r container kind source target mode; do
  [ "\$container" = "\$1" ] || continue
  case \$kind:\$source in
    host:/sys/fs/cgroup)
      source="$cgroups"
      [ -n "\$source" ] || continue
      ;;
    host:* | file:*) source="$host\$source" ;;
    config:*) source="$tmp/configmap" ;;
    empty:*) source="$tmp/empty/\$source" && mkdir -p "\$source" ;;
  esac
  [ -e "$image\$target" ] || mkdir -p "$image\$target"
  mount --bind "\$source" "$image\$target"
  [ "\$mode" = rw ] || mount -o remount,bind,ro "$image\$target"
done <"$here/../fixtures/daemonset.mounts"
mount -o remount,bind,ro "$image"
shift
exec chroot "$image" /usr/bin/setpriv --no-new-privs --inh-caps=-all --bounding-set=-all "\$@"
END

# run CONTAINER COMMAND...: with "$enter CONTAINER COMMAND... &" the process that is started is the command itself
enter="unshare --mount --net --ipc --uts --cgroup sh $tmp/inside.sh"
# shellcheck disable=SC2086 # it is a command and its arguments
run() {
  $enter "$@"
}
# succeeds CONTAINER TEXT NAME, fails CONTAINER TEXT NAME: a shell in there
succeeds() {
  if run "$1" /bin/sh -c "$2" >"$tmp/out" 2>&1; then ok "$3"; else not_ok "$3" "$(cat "$tmp/out")"; fi
}
fails() {
  if run "$1" /bin/sh -c "$2" >"$tmp/out" 2>&1; then not_ok "$3" "$(cat "$tmp/out")"; else ok "$3"; fi
}
# shellcheck disable=SC2317 # wait_until calls them
answers() {
  run slugd /usr/bin/slugctl config >"$tmp/config" 2>"$tmp/out"
}
# shellcheck disable=SC2317
is_ready() {
  run slug-kubelet /bin/sh -c 'slugctl describe-node | grep -Eq "^ *PodsKnown +(True|False +CgroupsUnreadable) "' 2>"$tmp/out"
}

# a process of the host that is the kubelet and has its flags; its name is no other's, whatever else runs here
mkfifo "$tmp/never"
cp -L "$(which sh)" "$tmp/kubelet$$"
# shellcheck disable=SC2016 # for that shell
echo 'read -r it <"${1#--root-dir=}"' >"$tmp/script"
"$tmp/kubelet$$" "$tmp/script" "--root-dir=$tmp/never" --kube-reserved=memory=77Mi --config=/var/lib/kubelet/config.yaml &
pids=$!

# what the init container does is in the manifest, and nowhere else
sed -n "s/^ *- '\(cd .*\)'\$/\1/p" "$abs_top_srcdir/deploy/kubernetes/base/daemonset.yaml" >"$tmp/init"
is "$(NODE_NAME=worker-9 run node-name /bin/sh -c "$(cat "$tmp/init")" 2>&1)" "" "the init container writes the name of the node"
for unit in slugd.socket slugd.service.in slug-kubelet.service.in slug-nri.service.in; do
  mark=$(sed -n 's/^ConditionPathExists=!//p' "$abs_top_srcdir/systemd/$unit")
  is "$([ -n "$mark" ] && [ -e "$host$mark" ] && echo there)" there "and the mark that keeps $unit from starting"
done
# shellcheck disable=SC2086
$enter slugd /usr/sbin/slugd >"$tmp/slugd.log" 2>&1 &
slugd_pid=$!
if wait_until answers; then
  ok "slugd answers its probe"
else
  not_ok "slugd answers its probe" "$(cat "$tmp/out" "$tmp/slugd.log")"
fi
is "$(sed -n -E 's/^(Cap(Prm|Eff|Bnd)|NoNewPrivs):[[:blank:]]*/\1 /p' /proc/$slugd_pid/status | tr '\n' ' ')" \
  "CapPrm 0000000000000000 CapEff 0000000000000000 CapBnd 0000000000000000 NoNewPrivs 1 " "it has no capability and gets none"
node=$(run slugd /usr/bin/slugctl describe-node 2>&1)
contains "$node" "worker-9" "the node has its own name, and not the pod's"
contains "$node" "An OS of the host" "and its own system, and not the image's"
case $node in
  *LedgerDurable*True*) ok "the ledger is kept" ;;
  *) not_ok "the ledger is kept" "$node" ;;
esac
config=$(cat "$tmp/config")
contains "$config" "17s" "the ConfigMap counts"
contains "$config" "/etc/slug/slugd.yaml.d/slugd.yaml" "and is named"
contains "$config" "123Mi" "the kubelet's file is read"
contains "$config" "77Mi" "the kubelet's flags are read from its command line"
is "$(grep -c '"PRIORITY":"[0-3]"' "$tmp/slugd.log")" 0 "no error is logged"

for container in slugd slug-kubelet; do
  fails $container 'cat /var/lib/kubelet/pods/token' "$container does not see what is in volumes of pods"
  fails $container 'cat /var/lib/kubelet/pki/key.pem' "$container does not see the keys of the node"
  fails $container 'echo x >>/var/lib/kubelet/config.yaml' "$container cannot write to the kubelet's files"
  fails $container 'echo x >/usr/sbin/other' "$container cannot write to its image"
  fails $container 'echo 1 >/proc/sys/vm/drop_caches' "$container cannot write to /proc/sys"
done
fails slug-kubelet 'echo x >/run/slug/other' "slug-kubelet makes nothing beside the socket"
fails slug-kubelet 'cat /var/lib/slug/ledger.log' "slug-kubelet has no ledger"
succeeds slug-kubelet 'echo x >/var/lib/kubelet/plugins_registry/.probe' "slug-kubelet makes its sockets where the kubelet looks"
if [ -n "$cgroups" ]; then
  # the root is the one that has no cgroup.events; what a container sees by itself has it
  succeeds slugd 'test -r /sys/fs/cgroup/cgroup.controllers && test ! -e /sys/fs/cgroup/cgroup.events' \
    "slugd sees the root of all cgroups"
  fails slugd 'echo +memory >/sys/fs/cgroup/cgroup.subtree_control' "and cannot write to them"
else
  skip "slugd sees the root of all cgroups" "there is no cgroup v2"
  skip "and cannot write to them" "there is no cgroup v2"
fi

# slug-kubelet, between a runtime and a kubelet that have no pods
mkdir "$tmp/runtime" "$tmp/pod-resources"
echo '{"runtimeName":"containerd","runtimeVersion":"v2.1.0"}' >"$tmp/runtime/version.json"
"$abs_top_builddir/tests/lib/double" runtime "$host/run/containerd/containerd.sock" "$tmp/runtime" 2>"$tmp/runtime.log" &
pids="$pids $!"
"$abs_top_builddir/tests/lib/double" pod-resources "$kubelet/pod-resources/kubelet.sock" "$tmp/pod-resources" 2>"$tmp/kubelet.log" &
pids="$pids $!"
# shellcheck disable=SC2086
$enter slug-kubelet /usr/sbin/slug-kubelet --settle-time 800ms --interval 1s >"$tmp/agent.log" 2>&1 &
agent=$!
pids="$pids $agent"
if wait_until is_ready; then
  ok "slug-kubelet has told of all pods, and is ready"
else
  not_ok "slug-kubelet has told of all pods, and is ready" "$(run slugd /usr/bin/slugctl describe-node 2>&1 | grep PodsKnown)" \
    "$(cat "$tmp/agent.log")"
fi
is "$(sed -n 's/^CapEff:[[:blank:]]*//p' /proc/$agent/status)" 0000000000000000 "it has no capability, too"

# slug-nri, and the runtime that it is a plugin of
mkdir "$tmp/nri"
mkfifo "$tmp/commands"
"$abs_top_builddir/tests/lib/nri-runtime" "$host/run/nri/nri.sock" "$tmp/nri" <"$tmp/commands" 2>"$tmp/nri.log" &
pids="$pids $!"
exec 3>"$tmp/commands"
chmod 0700 "$host/run/nri"
# shellcheck disable=SC2046,SC2086 # a command and its arguments, as the manifest has them
$enter slug-nri $(sed -n 's/^ *command: \[\("[^"]*slug-nri".*\)\]$/\1/p' "$abs_top_srcdir/deploy/kubernetes/base/daemonset.yaml" | tr -d '",') \
  >"$tmp/plugin.log" 2>&1 &
plugin=$!
pids="$pids $plugin"
# shellcheck disable=SC2317
is_registered() {
  grep -q -s -x "registered slug 50" "$tmp/nri/calls"
}
if wait_until is_registered; then
  ok "slug-nri is a plugin of the runtime"
else
  not_ok "slug-nri is a plugin of the runtime" "$(cat "$tmp/plugin.log" "$tmp/nri.log")"
fi
is "$(sed -n 's/^CapEff:[[:blank:]]*//p' /proc/$plugin/status)" 0000000000000000 "it has no capability, either"
fails slug-nri 'echo x >/run/nri/other' "slug-nri makes nothing beside the runtime's socket"

# two of them on one node
run slugd /usr/sbin/slugd >"$tmp/second.log" 2>&1
is "$?" 1 "a second slugd does not start"
contains "$(cat "$tmp/second.log")" "process $slugd_pid serves this socket" "and says who is there"
if answers; then ok "the first goes on"; else not_ok "the first goes on" "$(cat "$tmp/out")"; fi
sed -n 's/^ *command: \["\(.*rm\)", "-f", "\(.*\)"\]$/\1 -f \2/p' "$abs_top_srcdir/deploy/kubernetes/base/daemonset.yaml" \
  >"$tmp/stop"
succeeds slugd "$(cat "$tmp/stop")" "before it stops the mark is taken away"
is "$(ls "$host/run/slug")" slugd.sock "and is gone"
stop_slugd TERM
is "$slugd_status" 0 "it stops when it is told to"
done_testing
