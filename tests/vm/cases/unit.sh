#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# slugd.service and slugd.socket against the service manager: what slugd calls is what the filter grants, the socket outlives slugd,
# a mistake in slugd.yaml costs neither the socket nor the kubelet, and files that only root may read are read.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

is_active() {
  [ "$(systemctl is-active "$1")" = active ]
}
has_restarted() {
  [ "$(unit NRestarts)" -gt "$1" ]
}
is_told() {
  [ "$(cat /sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/cpuset.mems)" = 0-1 ] &&
    [ "$(unit AllowedMemoryNodes kubepods-burstable.slice)" = 0-1 ]
}
is_read() {
  describe && [ "$(node '.conditions[] | select(.type == "KubeletConfigurationRead") | .reason')" = Read ]
}

systemctl start slugd.service
socket=$(stat -c '%i' "$sock")
is "$(stat -c '%F %a %U %G' "$sock")" "socket 660 root slug" "the socket is root's and the group's"
is "$(stat -c '%a %U %G' /run/slug /var/lib/slug | tr '\n' ' ')" "755 root root 700 root root " "the folders are root's"

# What of its file systems slugd can write to: what the unit gives it, and what is nobody else's.
# (memory.pressure is systemd's gift to every service; a threshold can be written to it.)
is "$(awk '$6 ~ /^rw/ && $5 !~ "^/(proc|dev)(/|$)" && $5 !~ "/memory[.]pressure$" { print $5 }' "/proc/$(unit MainPID)/mountinfo" |
  sort -u | tr '\n' ' ')" "/run/slug /sys/fs/cgroup /sys/kernel/mm/damon /sys/kernel/mm/numa/demotion_enabled /tmp /var/lib/slug /var/tmp " "no mount is writable but its own"

# A call that the filter refuses only returns EPERM and leaves no trace. Here it ends slugd.
mkdir -p /run/systemd/system/slugd.service.d
printf '[Service]\nSystemCallErrorNumber=kill\n' >/run/systemd/system/slugd.service.d/kill.conf
systemctl daemon-reload
systemctl restart slugd.service
pid=$(unit MainPID)
is "$(unit SystemCallErrorNumber)" 2147483646 "a refused system call kills"
describe
"$slugctl" topology >/dev/null
systemctl reload slugd.service
udevadm trigger --action=change --subsystem-match=memory --subsystem-match=node
is "$?" 0 "the kernel sends uevents"
# limits: a worker writes, and systemd is told
systemctl start kubepods-burstable.slice
for folder in "" /kubepods.slice; do
  echo +cpuset >"/sys/fs/cgroup$folder/cgroup.subtree_control"
done
echo 'qos: {manage: [cpuset.mems], cpusetMems: {burstable: local}}' >/etc/slug/slugd.yaml
systemctl reload slugd.service
wait_until is_told
is "$?" 0 "limits of cgroups are written, and told to systemd"
rm /etc/slug/slugd.yaml
describe
is "$?" 0 "slugd answers after a start, reloads, a few uevents and a write to a cgroup"
is "$(unit MainPID)" "$pid" "and is the same process: it asked for nothing that it may not"
"$slugctl" uninstall --yes >/dev/null
is "$?" 0 "limits are put back"
systemctl stop slugd.service kubepods-burstable.slice
is "$(unit Result)" success "and it ended well"
rm -r /run/systemd/system/slugd.service.d
systemctl daemon-reload

# Who comes while slugd is away waits.
describe
is "$?" 0 "who connects while slugd is stopped is answered"
is "$(stat -c '%i' "$sock")" "$socket" "on the socket that was there from the beginning"

# A mistake in slugd.yaml, and a kubelet that starts with slugd.
systemctl stop slugd.service
echo 'refreshInterval: soon' >/etc/slug/slugd.yaml
printf '[Unit]\nDescription=Stands in for the kubelet\n[Service]\nType=exec\nExecStart=/usr/bin/sleep infinity\n' \
  >/run/systemd/system/kubelet.service
systemctl daemon-reload
from=$(now_usec)
systemctl start --no-block slugd.service kubelet.service
wait_until is_active kubelet.service
is "$?" 0 "a slugd that cannot start does not keep the kubelet from starting"
remark "it waited $((($(now_usec) - from) / 1000)) ms"
wait_until has_restarted 2
is "$?" 0 "slugd is tried again and again"
is "$(systemctl is-active slugd.socket)" active "its socket stays"
is "$(stat -c '%i' "$sock")" "$socket" "and is still the same"
rm /etc/slug/slugd.yaml
"$slugctl" --wait 60 -o json describe-node >"$tmp/waited.json" 2>"$tmp/error"
is "$?" 0 "when the mistake is mended, who comes is answered: $(head -n 1 "$tmp/error")"
wait_until is_active slugd.service
is "$?" 0 "without anybody starting slugd"
systemctl stop kubelet.service
rm /run/systemd/system/kubelet.service
systemctl daemon-reload

# The kubelet's files as kubeadm leaves them at their strictest.
mkdir -m 700 /var/lib/kubelet
printf 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n' >/var/lib/kubelet/config.yaml
chmod 600 /var/lib/kubelet/config.yaml
systemctl reload slugd.service
wait_until is_read
is "$?" 0 "a file of mode 600 below a folder of mode 700 is read"
rm -r /var/lib/kubelet
systemctl reload slugd.service

# The socket's unit.
systemctl restart slugd.socket
is "$?" 0 "the socket can be restarted"
describe
is "$?" 0 "and slugd answers on the new one"
systemctl stop slugd.socket
is "$(systemctl is-active slugd.service)" inactive "a slugd that nobody can reach does not run"
is "$(find /run/slug -mindepth 1)" "" "and leaves nothing in /run/slug"
systemctl start slugd.socket slugd.service
is "$(systemctl is-active slugd.service)" active "both start again"
done_testing
