#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Stopped and started twenty times: READY each time, and nothing is left behind or lost.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

bad=0
from=$(now_usec)
for i in $(seq 20); do
  systemctl stop slugd.service || bad=$((bad + 1))
  [ "$(systemctl is-active slugd.service)" = inactive ] || bad=$((bad + 1))
  systemctl start slugd.service || bad=$((bad + 1))
  [ "$(systemctl is-active slugd.service)" = active ] || bad=$((bad + 1))
  [ "$bad" -eq 0 ] || break
done
is "$bad" 0 "twenty times stopped and started ($i)"
remark "20 times: $((($(now_usec) - from) / 1000)) ms"
is "$(find /run/slug -mindepth 1 | sort)" /run/slug/slugd.sock "only the socket is in its directory"
is "$(systemctl is-active slugd.socket)" active "which was there all the time"
is "$(systemctl is-failed slugd.service)" active "the service has not failed"
describe
is "$?" 0 "and it serves"
done_testing
