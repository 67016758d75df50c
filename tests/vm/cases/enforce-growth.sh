#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Memory that grows to more than the 200 MiB that may be local: the rest is on slower NUMA nodes while it grows, and soon all of it.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh

# held LOAD RATE TOTAL OVER: it grows by RATE MiB a second and is above its ceiling by OVER permille at the most
held() {
  name=$1
  over=$4
  run_load "$name" 200 "$2" "$3" || return
  at_most over "$over" "$name: above its ceiling by no more than $over permille while it grows"
  at_most settled 2000 "$name: within two seconds it is at 97 to 100 % of its ceiling, and stays"
  untroubled "$name"
  end_load "$name"
}

start_enforcing
start_foreign
held slow 20 320 10
held quick 100 500 100
end_foreign
done_testing
