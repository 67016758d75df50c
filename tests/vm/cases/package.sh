#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's packages on a system that slug was never on: installed, upgraded, removed, installed again and purged. The older ones
# are those of this tree with a lower version.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
limit=/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/cpuset.mems

# apt ARGUMENT...
apt() {
  from=$(now_usec)
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root "$@" >"$tmp/apt" 2>&1 </dev/null
  status=$?
  [ "$status" -eq 0 ] || sed 's/^/# apt: /' "$tmp/apt"
  remark "apt $1 took $((($(now_usec) - from) / 1000)) ms"
  return "$status"
}
# listing FILE: all that is on the disk, but for what is dpkg's, apt's and the journal's own, and what is kept of files of users
listing() {
  find / -xdev \( -path /var/lib/dpkg -o -path /var/cache -o -path /var/log -o -path /var/lib/apt -o -path /var/lib/slug-test \
    -o -path /var/tmp -o -path '/etc/*-' -o -path /etc/.pwd.lock \) -prune -o -print | LC_ALL=C sort >"$1"
}
claims() {
  "$slugctl" --wait 60 -o json claims |
    jq -r '.claims[]? | [.pod, ([.blocks[].numaNodes] | join("+")), (.split.local.minBytes // "0"), (.split.remote.minBytes // "0")] | join(" ")'
}
states() {
  systemctl is-active slugd.socket slugd.service slug-kubelet.service | tr '\n' ' '
  systemctl is-enabled slugd.socket slugd.service slug-kubelet.service 2>/dev/null | tr '\n' ' '
}
installed() {
  dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' 2>/dev/null | grep slug | tr -s ' \n' ' '
}
both_run="active active active enabled enabled enabled "
# limited: the mask that was set, or nothing; without one systemd takes the file away, too
limited() {
  cat "$limit" 2>/dev/null
}
is_limited() {
  [ "$(limited)" = 0-1 ]
}
listing "$tmp/before"
is "$(grep -c -E '/(slugd|slugctl|slug-kubelet)$' "$tmp/before") $(getent passwd slug-kubelet)" "0 " "slug was never here"

# Installed: on this system as it is, which knows no archive to fetch anything from.
apt install "$payload"/packages/old/slugd_*.deb "$payload"/packages/old/slug-plugins_*.deb
is "$?" 0 "apt installs slugd and slug-plugins"
is "$(states)" "$both_run" "socket and services run, now and at every boot"
describe
is "$?" 0 "slugctl describe-node works"
is "$(stat -c '%F %a %U %G' "$sock")" "socket 660 root slug" "the socket is root's and the group's"
is "$(stat -c '%a %U' /etc/slug /etc/slug/slugd.yaml.d | tr '\n' ' ')" "755 root 755 root " "the folders of settings are there"
is "$(id -nG slug-kubelet)" "slug-kubelet slug slug-claimer" "the plugin has its user"
is "$(dpkg-query -W -f '${Conffiles}' slugd slug-plugins)" "" "there is no file of settings to be asked about"
contains "$(journalctl --list-catalog)" " slug: " "journalctl explains slug's messages"
is "$(dpkg --verify slugd slug-plugins | grep -v -E ' /usr/share/(doc|man)/')" "" "the files are as they were packed"

# In use: a claim, and a limit.
"$slugctl" allocate vm-db --local 64Mi --remote 128Mi >/dev/null
is "$?" 0 "memory is claimed"
systemctl start kubepods-burstable.slice
for folder in "" /kubepods.slice; do
  echo +cpuset >"/sys/fs/cgroup$folder/cgroup.subtree_control"
done
echo 'qos: {manage: [cpuset.mems], cpusetMems: {burstable: local}}' >/etc/slug/slugd.yaml
systemctl reload slugd.service
wait_until is_limited
is "$?" 0 "slugd sets a limit"

# Upgraded, with somebody who asks all the time.
inode=$(stat -c '%i' "$sock")
was="$(unit MainPID) $(unit MainPID slug-kubelet.service)"
while [ ! -e "$tmp/enough" ]; do
  curl --silent --fail --max-time 60 --unix-socket "$sock" http://slug/healthz >/dev/null
  echo "$?"
  sleep 0.2 # an emulated processor has better things to do
done >"$tmp/asked" &
asker=$!
apt install "$payload"/packages/new/slugd_*.deb "$payload"/packages/new/slug-plugins_*.deb
is "$?" 0 "apt upgrades them"
touch "$tmp/enough"
wait "$asker"
remark "asked $(wc -l <"$tmp/asked") times meanwhile: $(sort "$tmp/asked" | uniq -c | tr -s '\n ' ' ')(curl's exit status)"
is "$(grep -c -x 0 "$tmp/asked" | sed 's/^[1-9].*/some/')" some "slugd was asked all the time"
is "$(grep -c -x 7 "$tmp/asked")" 0 "and nobody was turned away"
is "$(stat -c '%i' "$sock")" "$inode" "the socket is the one that it was"
is "$(states)" "$both_run" "all run"
now="$(unit MainPID) $(unit MainPID slug-kubelet.service)"
is "$([ "${was% *}" != "${now% *}" ] && [ "${was#* }" != "${now#* }" ] && echo other)" other "and are new processes"
is "$(claims)" "vm-db 0+2 67108864 134217728" "the claim is there"
is "$(limited)" 0-1 "and so is the limit"

# Removed: state and settings stay, what slugd has written to cgroups does not.
apt remove slugd slug-plugins
is "$?" 0 "apt removes them"
is "$(limited)" "" "the limit is taken back"
is "$(ls /etc/slug/slugd.yaml /var/lib/slug/ledger.log)" "/etc/slug/slugd.yaml
/var/lib/slug/ledger.log" "settings and ledger stay"
is "$(ls -d /run/slug /usr/sbin/slug* /usr/bin/slug* 2>/dev/null) $(pgrep -l slug)" " " "no program is left, and nothing runs"
is "$(systemctl list-units --no-legend 'slug*' | grep -v slug-test)" "" "systemd knows nothing of it"

# Installed again.
apt install "$payload"/packages/new/*.deb
is "$?" 0 "apt installs them again, with slug-doc"
is "$(states)" "$both_run" "all run"
is "$(claims)" "vm-db 0+2 67108864 134217728" "the claim is there"
wait_until is_limited
is "$?" 0 "and the limit is set again"

# Purged, while slugd is down.
systemctl stop slug-kubelet.service slugd.service 2>/dev/null
is "$(limited)" 0-1 "the limit stays when slugd stops"
echo 'SLUG_KUBELET_OPTIONS=--no-kubelet' >/etc/slug/slug-kubelet.env
apt purge slugd slug-plugins slug-doc
is "$?" 0 "apt purges them"
is "$(limited)" "" "the limit is taken back without slugd"
is "$(installed)" "" "dpkg knows of nothing"
listing "$tmp/after"
is "$(diff "$tmp/before" "$tmp/after" | grep '^[<>]')" "" "the files are those of before"
is "$(ls -d /run/slug 2>/dev/null) $(pgrep -l slug)" " " "nothing is in /run, and nothing runs"
is "$(getent group slug slug-claimer | wc -l)" 2 "the groups stay"
systemctl stop kubepods.slice
done_testing
