#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# slugd is killed while a container grows beyond its ceiling: the next one goes on from what it finds.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh

# is_beyond LOAD MIB: something of it is elsewhere already
is_beyond() {
  beyond=$(tail -n 2 "$tmp/$1.csv" | head -n 1 | cut -d, -f3)
  [ "${beyond:-0}" -ge $(($2 << 20)) ]
}

other_main() {
  [ "$(unit MainPID)" != "$1" ] && [ "$(unit ActiveState)" = active ]
}

start_enforcing
start_load restart 200 20 500
promise restart 600Mi "local=16Mi..200Mi,remote=0..600Mi"
watch_load restart
grow restart
wait_seldom is_beyond restart 32
pid=$(unit MainPID)
kill -s KILL "$pid"
wait_until other_main "$pid"
is "$?" 0 "slugd is killed and comes back"
wait_seldom has_grown restart
wait_seldom was_seen restart grown 4000
judge restart 200
at_most settled 2000 "within two seconds of its growth the container is at 97 to 100 % of its ceiling"
untroubled restart
end_load restart
done_testing
