#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A hundred pods, what slugd costs while nothing happens, with limits of the QoS cgroups that it keeps, and none.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/qos.sh
. /run/slug-test/qos.sh

# spent UNIT: processor time of its process, in the kernel's ticks
spent() {
  cut -d')' -f2- "/proc/$(unit MainPID "$1.service")/stat" | awk '{ print $12 + $13 }'
}

# are_kept: all that slugd intends is there, the limits of both classes among it
are_kept() {
  [ "$(plan '[.knobs[] | select(has("intended"))] | length >= 6 and all(.status == "KNOB_STATUS_ACHIEVED")')" = true ]
}

start_kubelet
start_containerd || bail_out "containerd does not start"
systemctl restart slugd.service slug-kubelet.service
there=$("$slugctl" -o json pods | jq '.pods | length')
from=$(now_usec)
for i in $(seq $((100 - there))); do
  case $((i % 10)) in
    0) echo "many-$i burstable api crun main>=8" ;;
    *) echo "many-$i besteffort api crun" ;;
  esac
done | pods run
is "$?" 0 "a hundred pods run"
remark "started in $((($(now_usec) - from) / 1000000)) s"
agree "a hundred pods"
is "$("$slugctl" -o json pods | jq '.pods | length')" 100 "it is a hundred"

configure 256Mi 50
systemctl reload slugd.service
wait_until are_kept
is "$?" 0 "limits of the QoS cgroups are kept"
start_witness
calls=$(metrics | grep calls_total)
remark "a look at the limits: $(metrics | grep duration)"

for unit in slugd slug-kubelet; do spent "$unit" >"$tmp/$unit"; done
# no event says when a minute is over
sleep 60
for unit in slugd slug-kubelet; do
  ticks=$(($(spent "$unit") - $(cat "$tmp/$unit")))
  remark "$unit: $((ticks * 1000 / $(getconf CLK_TCK))) ms of processor time in a minute with 100 pods (emulated)"
done
hear_all
is "$(metrics | grep calls_total)" "$calls" "nothing was asked of systemd"
is "$(grep ' /system.slice/slugd.service .* w ' "$writes")" "" "and nothing was written, since nothing changed"
rm -f /etc/slug/slugd.yaml

# shellcheck disable=SC2046 # a list of names
pods remove $(cd /var/lib/slug-test/pods && echo many-*)
is "$?" 0 "they are removed"
agree "when they are gone"
is "$(claims | grep -c many-)" 0 "they hold nothing"
"$slugctl" uninstall --yes >/dev/null 2>&1
systemctl stop slug-kubelet.service
stop_kubelet
done_testing
