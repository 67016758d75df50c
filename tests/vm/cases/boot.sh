#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The installed units: slugd starts because somebody connects, and says READY.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

is "$(systemctl is-enabled slugd.service 2>/dev/null)" disabled "an installation enables nothing by itself"
systemctl enable --quiet slugd.socket slugd.service 2>"$tmp/error"
is "$?" 0 "the units can be enabled"
systemctl start slugd.socket
is "$(systemctl is-active slugd.socket)" active "the socket is there"
is "$(systemctl is-active slugd.service)" inactive "and slugd does not run yet"
started=$(now_usec)
describe
is "$?" 0 "whoever connects is answered"
remark "from connecting to the answer: $((($(now_usec) - started) / 1000)) ms"
is "$(systemctl is-active slugd.service)" active "because slugd was started"
is "$(unit Type) $(unit NotifyAccess)" "notify main" "and said so itself"
contains "$(unit StatusText)" "Generation 1: " "with how things are"
remark "start to READY: $((($(unit ActiveEnterTimestampMonotonic) - $(unit ExecMainStartTimestampMonotonic)) / 1000)) ms"
wait_until in_journal "is ready" -u slugd.service -o cat
is "$?" 0 "and the journal has it"
is "$(unit NRestarts)" 0 "at the first try"
done_testing
