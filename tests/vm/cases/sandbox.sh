#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slugd could do if it were taken over.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

systemctl start slugd.service
try_sandbox slugd
is "$(journalctl -b -k -o cat | grep -c 'audit.*SECCOMP.*slugd')" 0 "slugd itself has never asked for more than it may"
is "$(grep CapEff "/proc/$(unit MainPID)/status" | cut -f2)" 0000000000000000 "and has no capability"
# CAP_SYS_PTRACE is 19, CAP_SYS_NICE 23: of the workers that move pages, and of the process that makes them anew
is "$(while read -r pid; do
  echo "$(cat "/proc/$pid/comm") $(grep CapEff "/proc/$pid/status" | cut -f2)"
done <"/sys/fs/cgroup$(unit ControlGroup)/cgroup.procs" | grep -v ' 0000000000000000$' | sort | tr '\n' ',')" \
  "slugd-forker 0000000000880000,slugd-worker4 0000000000880000,slugd-worker5 0000000000880000," "its workers for pages have the two that they need"
is "$(cat "/sys/fs/cgroup$(unit ControlGroup)/memory.min")" 16777216 "its memory is protected"
is "$(cat "/proc/$(unit MainPID)/oom_score_adj")" -998 "and it is among the last to be killed"

# Who may ask: root, and the group slug.
useradd -M -G slug reader 2>/dev/null
useradd -M stranger 2>/dev/null
setpriv --reuid=reader --regid=reader --init-groups "$slugctl" describe-node >/dev/null 2>"$tmp/error"
is "$?" 0 "a member of the group slug is answered"
setpriv --reuid=stranger --regid=stranger --init-groups "$slugctl" describe-node >/dev/null 2>"$tmp/error"
is "$?" 3 "a stranger is not"
contains "$(cat "$tmp/error")" "/run/slug/slugd.sock" "and is told where it was refused"
done_testing
