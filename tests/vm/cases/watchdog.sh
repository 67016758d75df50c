#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A slugd that stands still is ended and started again by the watchdog, and serves again.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

mkdir -p /run/systemd/system/slugd.service.d
printf '[Service]\nWatchdogSec=3\nTimeoutAbortSec=2\n' >/run/systemd/system/slugd.service.d/test-watchdog.conf
systemctl daemon-reload
systemctl restart slugd.service
pid=$(unit MainPID)
restarts=$(unit NRestarts)
is "$(unit WatchdogUSec)" 3s "the watchdog waits for three seconds here"
kill -STOP "$pid"
stopped=$(now_usec)

# another process, and READY
is_back() {
  [ "$(unit MainPID)" != "$pid" ] && [ "$(unit ActiveState)/$(unit SubState)" = active/running ] && [ "$(unit NRestarts)" -gt "$restarts" ]
}
wait_until is_back
is "$?" 0 "a stopped process is replaced"
remark "from SIGSTOP to READY again: $((($(now_usec) - stopped) / 1000)) ms"
describe
is "$?" 0 "and the new one serves"
wait_until in_journal "Watchdog timeout" -u slugd.service -o cat
is "$?" 0 "it was the watchdog"
rm /run/systemd/system/slugd.service.d/test-watchdog.conf
systemctl daemon-reload
systemctl restart slugd.service
is "$(unit WatchdogUSec)" 30s "the unit's own watchdog is on"
done_testing
