#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# systemctl reload: a good file takes effect without a restart, a bad one leaves all as it was and says so once.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

reserved() {
  describe && [ "$(node '.reserved.totalBytes')" = "$1" ]
}
condition() {
  describe && [ "$(node '.conditions[] | select(.type == "ConfigurationCurrent") | .reason')" = "$1" ]
}

describe
before=$(node .reserved.totalBytes)
pid=$(unit MainPID)
mkdir -p /etc/slug
echo 'kubelet: {systemReserved: {memory: 64Mi}}' >/etc/slug/slugd.yaml
from=$(now_usec)
systemctl reload slugd.service
is "$?" 0 "a reload with a good file"
wait_until reserved $((before + 64 * 1048576))
is "$?" 0 "takes effect"
remark "from reload to the new value: $((($(now_usec) - from) / 1000)) ms"

cursor=$(journalctl -n 0 --show-cursor | sed -n 's/^-- cursor: //p')
echo 'kubelet: {systemReserved: {memory: much}}' >/etc/slug/slugd.yaml
systemctl reload slugd.service
wait_until condition ReloadRefused
is "$?" 0 "a reload with a bad file is shown as a condition"
is "$(node .reserved.totalBytes)" $((before + 64 * 1048576)) "and the old values stay"
wait_until in_journal 4d2c1b9fb6a44a5b8c0cf4a9b3a41e0c -u slugd.service --after-cursor "$cursor" -o json
journalctl -u slugd.service --after-cursor "$cursor" -o json >"$tmp/journal"
is "$(jq -r 'select(.MESSAGE_ID == "4d2c1b9fb6a44a5b8c0cf4a9b3a41e0c") | .SLUG_FILE + ":" + .SLUG_LINE' "$tmp/journal")" /etc/slug/slugd.yaml:1   "the journal has it once, with file and line"

rm /etc/slug/slugd.yaml
systemctl reload slugd.service
wait_until condition Loaded
is "$?" 0 "without a file all is well again"
is "$(node .reserved.totalBytes)" "$before" "and the defaults are back"
is "$(unit MainPID)" "$pid" "all of it in one process"
done_testing
