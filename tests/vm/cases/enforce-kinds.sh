#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All kinds of memory that a container can have, against a ceiling of 200 MiB; one of them shrinks.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh

has_shrunk() {
  grep -q '^shrunk ' "$tmp/$1.log"
}

# what is reclaimed of page cache is gone, so that only the ceiling counts
below() {
  at_most high 1004 "$1: ends at its ceiling or below"
  untroubled "$1"
}

start_enforcing
start_foreign

run_load huge 200 100 400 thp
at_most over 100 "huge: above its ceiling by no more than a tenth while huge pages come at 100 MiB/s"
at_most settled 2000 "huge: settles within two seconds"
untroubled huge
huge_before=$(demotions huge)
kill -s USR2 "$(load_pid huge)"
wait_until has_shrunk huge
wait_until was_seen huge shrunk 2000
is "$(demotions huge)" "$huge_before" "huge: of what shrinks nothing is moved"
end_load huge

run_load many 200 50 320 procs=4 fork
# half way 80 MiB are copied as fast as it goes, which nobody could foresee
at_most over 400 "many: eight processes that copy pages of each other are never above by what they copy at once"
at_most settled 2000 "many: settle within two seconds"
untroubled many
end_load many

run_load shared 200 50 400 shm
at_most settled 2000 "shared: shared memory settles within two seconds"
untroubled shared
end_load shared

# on a disk: a hole of a tmpfs is no page cache
truncate -s 400M /var/lib/slug-test/sparse
run_load cache 200 100 400 read=/var/lib/slug-test/sparse
below cache
end_load cache
rm /var/lib/slug-test/sparse

end_foreign
done_testing
