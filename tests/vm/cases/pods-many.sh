#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A hundred pods, what slugd costs while nothing happens, and none.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh

# spent UNIT: processor time of its process, in the kernel's ticks
spent() {
  cut -d')' -f2- "/proc/$(unit MainPID "$1.service")/stat" | awk '{ print $12 + $13 }'
}

start_containerd || bail_out "containerd does not start"
start_slug
there=$("$slugctl" -o json pods | jq '.pods | length')
from=$(now_usec)
for i in $(seq $((100 - there))); do
  case $((i % 10)) in
    0) echo "many-$i besteffort api crun main" ;;
    *) echo "many-$i burstable api crun" ;;
  esac
done | pods run
is "$?" 0 "a hundred pods run"
remark "started in $((($(now_usec) - from) / 1000000)) s"
agree "a hundred pods"
is "$("$slugctl" -o json pods | jq '.pods | length')" 100 "it is a hundred"

for unit in slugd slug-kubelet; do spent "$unit" >"$tmp/$unit"; done
# no event says when a minute is over
sleep 60
for unit in slugd slug-kubelet; do
  ticks=$(($(spent "$unit") - $(cat "$tmp/$unit")))
  remark "$unit: $((ticks * 1000 / $(getconf CLK_TCK))) ms of processor time in a minute with 100 pods (emulated)"
done

# shellcheck disable=SC2046 # a list of names
pods remove $(cd /var/lib/slug-test/pods && echo many-*)
is "$?" 0 "they are removed"
agree "when they are gone"
is "$(claims | grep -c many-)" 0 "they hold nothing"
done_testing
