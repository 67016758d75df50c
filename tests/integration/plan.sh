#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slugd would write: printed by a slugd that does nothing else, and that leaves nothing behind.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
"$mktree" "$machines/qos-systemd.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/run/slug"

# state: all that is below the root, with what it contains
state() {
  (cd "$root" && find . -printf '%y %p %l %T@\n' | sort && find . -type f -exec cksum {} + | sort)
}

# fails STATUS NAME COMMAND...: what it says is left in $said
fails() {
  expected=$1
  name=$2
  shift 2
  said=$("$@" 2>&1 >"$tmp/out")
  is "$?" "$expected" "$name: exit status"
}

# This machine, whatever it is

if "$slugd" --plan >"$tmp/out" 2>"$tmp/error"; then
  contains "$(cat "$tmp/out")" "this was a look alone" "this machine has a plan"
else
  not_ok "this machine has a plan" "$(cat "$tmp/error")"
fi

# A captured one

state >"$tmp/before"
plan=$("$slugd" --plan --root "$root" 2>"$tmp/error")
is "$?" 0 "a captured machine has a plan"
is "$(cat "$tmp/error")" "" "nothing is said beside it"
contains "$plan" "  write  memory.max   max -> 1073741824 (1.00 GiB)" "what would be written is there, and what is there now"
contains "$plan" "         systemReserved has 1073741824 bytes of memory" "and why"
contains "$plan" "  hold   memory.min   0
         nobody has reported what pods request" "what depends on requests is held back, and why"
state >"$tmp/after"
is "$(diff "$tmp/before" "$tmp/after")" "" "nothing was written"

json=$("$slugd" --plan --output json --root "$root")
is "$(printf '%s\n' "$json" | value_of driver)" systemd "as JSON"
is "$(printf '%s\n' "$json" | grep -c '"isHeldBack": true')" 4 "as JSON: what is held back"
is "$("$slugd" --plan -o text --root "$root")" "$plan" "the same twice"

# Beside one that runs

start_slugd --root "$root"
ctl version >"$tmp/out" || not_ok "slugd runs" "$(cat "$tmp/slugd.log")"
is "$("$slugd" --plan --root "$root" 2>&1)" "$plan" "the same beside a slugd that runs"
stop_slugd TERM

# What cannot be

fails 1 "no such root" "$slugd" --plan --root "$tmp/nothing"
contains "$said" "cannot use '$tmp/nothing' as root" "no such root: is named"
echo 'qos: {manage: [memory.maximum]}' >"$tmp/bad.yaml"
fails 1 "a bad configuration" "$slugd" --plan --config "$tmp/bad.yaml"
contains "$said" "$tmp/bad.yaml:1:" "a bad configuration: the place is told"
fails 2 "no such format" "$slugd" --plan -o xml
fails 2 "a format without a plan" "$slugd" -o json
fails 1 "a full disk" sh -c "'$slugd' --plan --root '$root' >/dev/full"
done_testing
