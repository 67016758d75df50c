#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Settings of the machine that slugd.yaml hands to slugd: what was there before is on the disk before they are written, and they are
# put back by whoever puts limits back. Those that are not named are left alone.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
demotion=$root/sys/kernel/mm/numa/demotion_enabled
balancing=$root/proc/sys/kernel/numa_balancing
damon=$root/sys/module/damon_stat/parameters/enabled
record=$root/var/lib/slug/settings.json

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random" "$root/sys/fs/cgroup" "${damon%/*}"
echo 3b0f1a52-0000-4000-8000-000000000001 >"$root/proc/sys/kernel/random/boot_id"
echo "memory cpuset" >"$root/sys/fs/cgroup/cgroup.controllers"
echo false >"$demotion"
echo 2 >"$balancing"
echo Y >"$damon"

serve() {
  start_slugd --root "$root" --fake-tree
  ctl describe-node >/dev/null 2>"$tmp/error" || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# all: what is in them
all() {
  echo "$(cat "$demotion") $(cat "$balancing") $(cat "$damon")"
}

# configure TEXT: slugd.yaml, which a slugd that runs reads anew
configure() {
  echo "$1" >"$root/etc/slug/slugd.yaml"
  [ -z "$slugd_pid" ] || kill -s HUP "$slugd_pid"
}

# Conditions, for wait_until

have() {
  [ "$(all)" = "$1" ]
}
has_said() {
  grep -q "$1" "$tmp/slugd.log"
}

# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(all)" "$(tail -n 5 "$tmp/slugd.log")" "$(cat "$record" 2>&1)"
  fi
}

serve
is "$(all)" "false 2 Y" "by default all of them are left alone"
is "$(test -e "$record" && echo there)" "" "and nothing is recorded"
configure 'enforce: {settings: {demotionEnabled: true, numaBalancing: 0}}'
waits "those that are handed over are written" have "true 0 Y"
waits "and the journal says so" has_said "/proc/sys/kernel/numa_balancing is 0, as enforce.settings has it; before slugd it was 2"
contains "$(cat "$record")" '"name":"demotion_enabled","before":"false","written":"true"' "what was before is recorded"
stop_slugd KILL
is "$(all)" "true 0 Y" "they stay when slugd is gone"
echo false >"$demotion"
serve
waits "what somebody else has changed is put right" have "true 0 Y"
contains "$(cat "$record")" '"name":"numa_balancing","before":"2","written":"0"' "and what was before is what it was before slugd"
configure 'enforce: {settings: {demotionEnabled: true, numaBalancing: 1, damonStat: false}}'
waits "another wish is written, too" have "true 1 N"

# Putting back

ctl uninstall --yes >"$tmp/uninstalled" 2>&1
is "$? $(all)" "0 false 2 Y" "slugctl uninstall puts all of them back"
contains "$(cat "$tmp/uninstalled")" "/proc/sys/kernel/numa_balancing: was 2, slugd wrote 1, and it is again what it was" "and says so"
is "$(grep -c before "$record")" 0 "nothing is left in the record"
ctl describe-node >/dev/null
is "$(all)" "false 2 Y" "nothing is written after that"
kill -s HUP "$slugd_pid"
waits "until a reload" have "true 1 N"
stop_slugd
"$slugd" --root "$root" --fake-tree --withdraw >"$tmp/withdrawn" 2>"$tmp/error"
is "$? $(all)" "0 false 2 Y" "without a slugd, slugd --withdraw does it"
contains "$(cat "$tmp/withdrawn")" "/sys/kernel/mm/numa/demotion_enabled: was false, slugd wrote true, and it is again what it was" "and says so"

# What cannot be

echo 'not JSON' >"$record"
configure 'enforce: {settings: {demotionEnabled: true}}'
serve
waits "a record that is damaged keeps nothing from being written" have "true 2 Y"
stop_slugd
rm "$damon"
configure 'enforce: {settings: {damonStat: false}}'
serve
ctl -o json enforcement >"$tmp/shown" 2>&1
contains "$(cat "$tmp/shown")" "this kernel has no such setting" "one that is not there is told"
stop_slugd
is "$slugd_status" 0 "and harms nobody"
done_testing
