#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ledger under systemd: claims on NUMA nodes that are really there, written by a worker in the sandbox, and kept over a restart,
# over slugd being killed, and over its worker being killed.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

condition() {
  describe && [ "$(node '.conditions[] | select(.type == "LedgerDurable") | .reason')" = "$1" ]
}
# claims: "POD NUMA-NODES LOCAL REMOTE" of each
claims() {
  "$slugctl" --wait 60 -o json claims |
    jq -r '.claims[]? | [.pod, ([.blocks[].numaNodes] | join("+")), (.split.local.minBytes // "0"), (.split.remote.minBytes // "0")] | join(" ")'
}
worker() {
  pgrep -x slugd-worker0 -P "$(pgrep -x slugd-forker -P "$(unit MainPID)")"
}
other_main() {
  [ "$(unit MainPID)" != "$1" ] && [ "$(unit ActiveState)" = active ]
}
other_worker() {
  now=$(worker) && [ "$now" != "$1" ]
}

systemctl start slugd.service
wait_until condition Written
is "$?" 0 "the ledger is written below StateDirectory="
"$slugctl" allocate vm-db --local 64Mi --remote 128Mi..256Mi >"$tmp/claim"
is "$?" 0 "memory is claimed"
is "$(claims)" "vm-db 0+2 67108864 134217728" "on a CPU's NUMA node and on the remote one that is nearest to it"
is "$(stat -c '%U %a' /var/lib/slug/ledger.log)" "root 600" "the file is root's alone"
is "$("$slugctl" ledger verify --offline >/dev/null 2>&1 && echo good)" good "and good"
describe
is "$(node '.numaNodes[] | select(.numaNode.id == 2) | .amounts.claimedBytes')" 134217728 "describe-node counts it"
wait_until in_journal '"SLUG_POD_UID":"operator-vm-db"' -u slugd.service -o json MESSAGE_ID=4d2c1b9fb6a44a5b8c0cf4a9b3a41e12
is "$?" 0 "the journal has it"

systemctl restart slugd.service
is "$(claims)" "vm-db 0+2 67108864 134217728" "a restart keeps it"
pid=$(unit MainPID)
"$slugctl" allocate vm-web --local 32Mi >/dev/null
kill -s KILL "$pid"
wait_until other_main "$pid"
is "$?" 0 "slugd is killed and comes back"
is "$(claims | sort)" "vm-db 0+2 67108864 134217728
vm-web 0 33554432 0" "what was answered is there"
is "$(pgrep -c -x slugd-worker0)" 1 "and no worker of the killed one is left"

pid=$(worker)
kill -s KILL "$pid"
wait_until other_worker "$pid"
is "$?" 0 "a worker is killed and replaced"
"$slugctl" release vm-web >/dev/null
is "$?" 0 "and the next one writes"
wait_until condition Written
is "$?" 0 "with the ledger on the disk"

# the case sandbox has made it already, where that was run
useradd -M -G slug reader 2>/dev/null
setpriv --reuid=reader --regid=reader --init-groups "$slugctl" claims >/dev/null 2>"$tmp/error"
is "$?" 0 "a reader sees the claims"
setpriv --reuid=reader --regid=reader --init-groups "$slugctl" allocate stolen --local 1Mi >/dev/null 2>"$tmp/error"
is "$?" 1 "and may make none"
contains "$(cat "$tmp/error")" claimer "which is said"

"$slugctl" allocate much --local 1Ti >/dev/null 2>"$tmp/error"
is "$?" 1 "more than there is is refused"
contains "$(cat "$tmp/error")" "together lack" "with what is missing"
"$slugctl" release vm-db >/dev/null
is "$?" 0 "memory is given back"
is "$(claims)" "" "and nobody holds any"
done_testing
