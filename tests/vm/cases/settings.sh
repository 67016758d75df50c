#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Settings of a real kernel that slugd.yaml hands to slugd: set from the sandbox, kept over slugd being killed, put back; and one that
# the kernel lets nobody write who has not CAP_SYS_ADMIN.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
demotion=/sys/kernel/mm/numa/demotion_enabled

# configure SETTINGS
configure() {
  mkdir -p /etc/slug
  printf 'enforce: {settings: %s}\n' "$1" >/etc/slug/slugd.yaml
  systemctl reload-or-restart slugd.service
}
has() {
  [ "$(cat "$1")" = "$2" ]
}
# setting NAME: VALUE WANTED BEFORE PROBLEM
setting() {
  curl --silent --max-time 60 --unix-socket "$sock" -H 'content-type: application/json' -d '{}' \
    http://slug/slug.v1.EnforcementService/ListContainers |
    jq -r --arg name "$1" '.settings[]? | select(.name == $name) | [.value // "-", .wanted // "-", .before // "-", .problem // "-"] | join(" ")'
}
setting_is() {
  [ "$(setting "$1")" = "$2" ]
}
setting_has_problem() {
  setting "$1" | grep -q -v ' -$'
}

is "$(cat "$demotion")" false "demotion is off, as after a boot"
configure '{demotionEnabled: true}'
wait_until has "$demotion" true
is "$?" 0 "slugd turns it on"
wait_until setting_is demotion_enabled "true true false -"
is "$?" 0 "and knows what it was"
kill -s KILL "$(unit MainPID)"
wait_until setting_is demotion_enabled "true true false -"
is "$?" 0 "as does the one after it"

balancing=$(cat /proc/sys/kernel/numa_balancing)
configure "{demotionEnabled: true, numaBalancing: $([ "$balancing" = 0 ] && echo 2 || echo 0)}"
wait_until setting_has_problem numa_balancing
is "$?" 0 "what the kernel does not let it set is said: $(setting numa_balancing)"
is "$(cat /proc/sys/kernel/numa_balancing)" "$balancing" "and is what it was"
contains "$(setting numa_balancing)" "/etc/sysctl.d" "with the mend"

"$slugctl" --wait 60 uninstall --yes >"$tmp/out" 2>&1
is "$?" 0 "slugctl uninstall"
contains "$(cat "$tmp/out")" demotion_enabled "names what it puts back"
wait_until has "$demotion" false
is "$?" 0 "which is off again"
rm /etc/slug/slugd.yaml
systemctl restart slugd.service
is "$(cat "$demotion")" false "without the line slugd leaves it alone"
done_testing
