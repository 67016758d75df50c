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

# As a package's installation would.
tar -C "$payload/root" -c . | tar -C / -x --keep-directory-symlink --no-same-owner 2>&1 | sed 's/^/# /' >&3
systemd-sysusers 2>&1 | sed 's/^/# /' >&3
systemd-tmpfiles --create /usr/lib/tmpfiles.d/slug.conf 2>&1 | sed 's/^/# /' >&3
journalctl --update-catalog 2>&1 | sed 's/^/# /' >&3
systemctl daemon-reload
mkdir -p "$payload/out"

while read -r case; do
  say "# case $case"
  timeout -k 10 600 /bin/sh "$payload/cases/$case.sh" >/run/slug-case.tap 2>/run/slug-case.err
  status=$?
  cat /run/slug-case.tap >&3
  sed 's/^/# stderr: /' /run/slug-case.err >&3
  if grep -q '^not ok' /run/slug-case.tap || [ "$status" -ne 0 ]; then
    journalctl -b -u slugd.service -u slugd.socket --no-pager -n 60 2>/dev/null | sed 's/^/# journal: /' >&3
  fi
  say "# end $status"
done <"$payload/cases.list"
say "# done"
