#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Settings of the machine that slugd.yaml hands to slugd, in a fake tree: set, recorded, kept, left to who insists, and put back.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
demotion=$root/sys/kernel/mm/numa/demotion_enabled
balancing=$root/proc/sys/kernel/numa_balancing
stat=$root/sys/module/damon_stat/parameters/enabled
weights=$root/sys/kernel/mm/mempolicy/weighted_interleave
record=$root/var/lib/slug/settings.json

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random" "${demotion%/*}" "${stat%/*}" "$weights"
echo 3b0f1a52-0000-4000-8000-000000000001 >"$root/proc/sys/kernel/random/boot_id"
echo false >"$demotion"
echo 2 >"$balancing"
echo Y >"$stat"
echo 26 >"$weights/node0"
echo 1 >"$weights/node2"
echo 1 >"$weights/auto"
echo 1 >"$weights/__auto_type"

# configure SETTINGS: and looks are frequent
configure() {
  printf 'refreshInterval: 100ms\nenforce:\n  settings: %s\n' "$1" >"$root/etc/slug/slugd.yaml"
}
serve() {
  start_slugd --root "$root" --fake-tree
  ctl describe-node >/dev/null 2>"$tmp/error" || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}
has() {
  [ "$(cat "$1")" = "$2" ]
}
# becomes FILE VALUE NAME
becomes() {
  wait_until has "$1" "$2"
  is "$(cat "$1")" "$2" "$3"
}
# rows: NAME VALUE WANTED BEFORE PROBLEM of each setting
rows() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d '{}' \
    "http://slug/slug.v1.EnforcementService/ListContainers" |
    jq -r '.settings[]? | [.name, .value // "-", .wanted // "-", .before // "-", .problem // "-"] | join(" ")'
}
row_is() {
  rows | grep -q -x -e "$1"
}
# overwrite FILE VALUE: in one write, as long as what is there
overwrite() {
  echo "$2" | dd of="$1" conv=notrunc status=none
}
said() {
  [ "$(grep -c -e "$1" "$tmp/slugd.log")" -ge "${2:-1}" ]
}

configure '{}'
serve
is "$(rows | sort | tr '\n' ';')" \
  "damon_stat Y - - -;demotion_enabled false - - -;numa_balancing 2 - - -;weighted_interleave/node0 26 - - -;weighted_interleave/node2 1 - - -;" \
  "all that there is is shown"
is "$(cat "$demotion" "$balancing" "$stat" | tr '\n' ' ')" "false 2 Y " "and nothing is set that was not handed over"
is "$([ -e "$record" ] && echo there)" "" "and nothing recorded"

configure '{demotionEnabled: true, numaBalancing: 0, damonStat: false}'
kill -s HUP "$slugd_pid"
becomes "$demotion" true "demotion is on"
becomes "$balancing" 0 "balancing is off"
becomes "$stat" N "DAMON_STAT is off"
wait_until row_is "numa_balancing 0 0 2 -"
is "$(rows | grep -v weighted | sort | tr '\n' ';')" "damon_stat N N Y -;demotion_enabled true true false -;numa_balancing 0 0 2 -;" \
  "what is wanted and what was before are shown"
is "$(jq -r '.settings[] | [.name, .before, .written] | join(" ")' "$record" | sort | tr '\n' ';')" \
  "damon_stat Y N;demotion_enabled false true;numa_balancing 2 0;" "what was before is on the disk"
is "$(grep -c 'was .*enforce.settings' "$tmp/slugd.log")" 3 "each is told"

# one that somebody else sets is set again, and left to them the third time
for i in 1 2; do
  overwrite "$balancing" 1
  becomes "$balancing" 0 "what somebody else has set is set again ($i)"
  wait_until row_is "numa_balancing 0 0 2 -"
  wait_until said 'numa_balancing is 0 now' $((i + 1))
done
overwrite "$balancing" 1
wait_until said 'again and again'
is "$?" 0 "who insists is told of"
wait_until row_is "numa_balancing 1 0 2 somebody else sets it again and again, so it is left to them"
is "$?" 0 "and shown"
is "$(cat "$balancing")" 1 "and left alone"

# another slugd of the same boot knows what was before
stop_slugd TERM
is "$slugd_status" 0 "slugd stops"
is "$(cat "$demotion")" true "and leaves settings as they are"
overwrite "$balancing" 0
serve
wait_until row_is "demotion_enabled true true false -"
is "$?" 0 "the next one knows what was before"

# handed back: one by one
configure '{numaBalancing: 0, damonStat: false}'
kill -s HUP "$slugd_pid"
becomes "$demotion" false "what is not handed over any more is what it was"
no_demotion() {
  [ "$(jq -r '.settings[].name' "$record" | grep -c demotion)" = 0 ]
}
wait_until no_demotion
is "$?" 0 "and not in the record"

# withdrawn
ctl uninstall --yes >"$tmp/out" 2>"$tmp/error"
is "$?" 0 "uninstall"
contains "$(cat "$tmp/out")" "numa_balancing" "it says what it has put back"
is "$(cat "$balancing" "$stat" | tr '\n' ' ')" "2 Y " "settings are what they were"
wait_until has "$balancing" 2
is "$(jq -r '.settings | length' "$record")" 0 "the record is empty"
kill -s HUP "$slugd_pid"
becomes "$balancing" 0 "a reload has them set again"
becomes "$stat" N "all of them"
stop_slugd TERM

# without a slugd; one of them is somebody else's by now
overwrite "$balancing" 3
"$slugd" --root "$root" --fake-tree --withdraw >"$tmp/out" 2>"$tmp/error"
is "$?" 0 "slugd --withdraw"
is "$(cat "$balancing" "$stat" | tr '\n' ' ')" "3 Y " "what somebody else has set since stays"
contains "$(cat "$tmp/out")" "/proc/sys/kernel/numa_balancing: was 2, slugd wrote 0, and somebody else has set it since" "and that is said"
contains "$(cat "$tmp/out")" "/sys/module/damon_stat/parameters/enabled: was Y, slugd wrote N, and it is again what it was" "the other is what it was"

# what another boot has recorded is void
printf '{"version":1,"boot":"another","settings":[{"name":"damon_stat","before":"N","written":"Y"}]}' >"$record"
"$slugd" --root "$root" --fake-tree --withdraw >"$tmp/out" 2>"$tmp/error"
is "$(cat "$stat")" Y "a record of another boot is void"
echo nonsense >"$record"
configure '{damonStat: false}'
serve
becomes "$stat" N "one that cannot be read keeps nothing from being set"

# what is not there, or cannot be written, is said
rm "$stat"
wait_until row_is "damon_stat - N Y this kernel has no such setting"
is "$?" 0 "a setting that this kernel does not have"
contains "$(ctl doctor 2>&1)" "damon_stat" "doctor says it"
stop_slugd TERM
done_testing
