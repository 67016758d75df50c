#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Inside the guest: installs what the host built, runs the cases that were asked for, and tells the host line by line.
payload=/run/slug-test
tap=/dev/virtio-ports/tap
i=0
while [ ! -e "$tap" ] && [ "$i" -lt 100 ]; do
  sleep 0.1
  i=$((i + 1))
done
exec 3>"$tap"
say() { echo "$*" >&3; }

say "# kernel $(uname -r), $(systemctl --version | head -n 1), up for $(cut -d' ' -f1 /proc/uptime) s"
systemd-analyze blame --no-pager 2>/dev/null | head -n 5 | sed 's/^/# boot: /' >&3

# Outlives a reboot: the cases that are still to be run, and how far the first of them has come.
state=/var/lib/slug-test

install_slug() {
  # as a package's installation would
  tar -C "$payload/root" -c . | tar -C / -x --keep-directory-symlink --no-same-owner 2>&1 | sed 's/^/# /' >&3
  systemd-sysusers 2>&1 | sed 's/^/# /' >&3
  systemd-tmpfiles --create /usr/lib/tmpfiles.d/slug.conf 2>&1 | sed 's/^/# /' >&3
  journalctl --update-catalog 2>&1 | sed 's/^/# /' >&3
  systemctl daemon-reload
  touch "$state/installed"
  sync
}

# run_case NAME: told as it goes; leaves its exit status in $status
run_case() {
  { timeout -k 10 1200 /bin/sh "$payload/cases/$1.sh" 2>/run/slug-case.err; echo "$?" >/run/slug-case.status; } |
    tee /run/slug-case.tap >&3
  read -r status </run/slug-case.status
  sed 's/^/# stderr: /' /run/slug-case.err >&3
  if grep -q '^not ok' /run/slug-case.tap || { [ "$status" -ne 0 ] && [ "$status" -ne 75 ]; }; then
    # those of the project first: the others say much
    journalctl -b -u 'slug*' --no-pager -n 80 2>/dev/null | cut -c1-400 | sed 's/^/# journal: /' >&3
    journalctl -b -u containerd -u kubelet --no-pager -n 40 2>/dev/null | cut -c1-400 | sed 's/^/# journal: /' >&3
  fi
}

if [ -e "$state/cases.list" ]; then
  echo up >/dev/virtio-ports/host
else
  mkdir -p "$payload/out" "$state"
  cp "$payload/cases.list" "$state/cases.list"
fi
while case=$(head -n 1 "$state/cases.list") && [ -n "$case" ]; do
  # that one installs slug by itself, and takes it away
  [ "$case" = package ] || [ -e "$state/installed" ] || install_slug
  [ -e "$state/stage" ] || say "# case $case"
  run_case "$case"
  if [ "$status" -eq 75 ]; then
    say "# the power is cut"
    echo reset >/dev/virtio-ports/host
    sleep infinity
  fi
  rm -f "$state/stage"
  sed -i 1d "$state/cases.list"
  say "# end $status"
done
say "# done"
