#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the ledger remembers over a restart, over a reboot, and out of a file that something has happened to.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
folder=$root/var/lib/slug
log=$folder/ledger.log
"$mktree" "$machines/two-nodes.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/proc/sys/kernel/random" "$folder"

set_boot() {
  echo "$1" >"$root/proc/sys/kernel/random/boot_id"
}

# claimed: "NAME:STATE ..." of what slugd has, in its order
claimed() {
  ctl -o json claims | sed -n 's/.*"container": *"\([^"]*\)".*/\1/p; s/.*"state": *"CLAIM_STATE_\([^"]*\)".*/\1/p' | paste -d: - - | tr '\n' ' '
}

health() {
  ctl -o json claims | value_of health
}

start() {
  start_slugd --root "$root"
  ctl claims >/dev/null
  is "$?" 0 "$1: slugd starts"
}

stop() {
  stop_slugd TERM
  is "$slugd_status" 0 "$1: slugd stops"
}

# A restart, a reboot

set_boot 11111111-2222-3333-4444-555555555555
start "the first time"
is "$(health)" LEDGER_HEALTH_DURABLE "where the folder is, the ledger is durable"
ctl allocate a --local 1Gi >/dev/null
ctl allocate b --local 2Gi >/dev/null
ctl allocate c --local 3Gi >/dev/null
ctl release b >/dev/null
stop "the first time"
start "a restart"
is "$(claimed)" "a:PENDING c:PENDING " "a restart keeps claims, and what was released is gone"
contains "$(cat "$tmp/slugd.log")" "The ledger has 2 claims" "a restart: tells how many"
is "$(stat -c %a "$log")" 600 "the file is nobody else's business"

# Another one on the same folder
"$slugd" --socket "$tmp/other.sock" --foreground --root "$root" >"$tmp/other.log" 2>&1 &
other_pid=$!
"$slugctl" --socket "$tmp/other.sock" --wait 20 allocate x --local 1Gi >/dev/null
is "$?" 0 "another slugd on the same folder serves"
contains "$(cat "$tmp/other.log")" "another slugd keeps its ledger in /var/lib/slug" "another slugd on the same folder: says why it keeps nothing"
is "$("$slugctl" --socket "$tmp/other.sock" -o json claims | value_of health)" LEDGER_HEALTH_VOLATILE "another slugd on the same folder is volatile"
kill -s TERM "$other_pid"
wait "$other_pid"
ctl allocate d --local 1Gi >/dev/null
stop "the one before"
start "when both are gone"
is "$(claimed)" "a:PENDING c:PENDING d:PENDING " "nothing of the other one is in the ledger"
stop "when both are gone"

# created_usec is all that is taken from the wall clock, so that a clock that jumps changes nothing else; boots are told by their id
set_boot 99999999-2222-3333-4444-555555555555
start "a reboot"
is "$(claimed)" "a:UNCONFIRMED c:UNCONFIRMED d:UNCONFIRMED " "after a reboot nothing is confirmed"
contains "$(cat "$tmp/slugd.log")" "of before this boot" "a reboot is told"
contains "$(ctl -o json claims)" '"claimedBytes": "5368709120"' "what is unconfirmed counts"
contains "$(ctl allocate a --local 1Gi)" "It was claimed already" "who asks again keeps the claim"
is "$(claimed)" "a:PENDING c:UNCONFIRMED d:UNCONFIRMED " "and it is confirmed"
stop "a reboot"
start "a restart after a reboot"
is "$(claimed)" "a:PENDING c:UNCONFIRMED d:UNCONFIRMED " "that lasts"
stop "a restart after a reboot"
rm -f "$root/proc/sys/kernel/random/boot_id"
start "a boot without an id"
is "$(claimed)" "a:UNCONFIRMED c:UNCONFIRMED d:UNCONFIRMED " "a boot that is not known is another one"
stop "a boot without an id"
set_boot 11111111-2222-3333-4444-555555555555

# Files that something has happened to

rm -f "$log"
start "a file to be damaged"
for name in a b c; do
  ctl allocate $name --local 1Gi >/dev/null
done
stop "a file to be damaged"
cp "$log" "$tmp/good"
is "$(wc -l <"$tmp/good" | tr -d ' ')" 4 "a file to be damaged: has four lines"

# line N: of the good file
line() {
  sed -n "$1p" "$tmp/good"
}

# survives NAME CLAIMS TOLD ASIDE: with what is now in $folder
survives() {
  start "$1"
  is "$(claimed)" "$2" "$1: what can be read is there"
  if [ -n "$3" ]; then
    contains "$(cat "$tmp/slugd.log")" "$3" "$1: is told"
  else
    is "$(grep -c 'ledger\.log' "$tmp/slugd.log")" 0 "$1: is nothing to tell of"
  fi
  is "$(cd "$folder" && echo *damaged*)" "${4:-*damaged*}" "$1: what is set aside"
  ctl allocate later --local 1Gi >/dev/null
  is "$?" 0 "$1: new claims are taken"
  is "$(health)" LEDGER_HEALTH_DURABLE "$1: and they last"
  stop "$1"
  start "$1, then a restart"
  is "$(claimed)" "$2later:PENDING " "$1: all of it is there after a restart"
  stop "$1, then a restart"
  rm -rf "$folder"
  mkdir "$folder"
}

all="a:PENDING b:PENDING c:PENDING "
aside=ledger.log.damaged-1

cp "$tmp/good" "$log"
survives "a good file" "$all" ""
cp "$tmp/good" "$log"
line 4 | head -c 50 >>"$log"
survives "a torn line" "$all" "/var/lib/slug/ledger.log:5: the last line is not complete, keeping what came before"
head -c -20 "$tmp/good" >"$log"
survives "a truncated file" "a:PENDING b:PENDING " "/var/lib/slug/ledger.log:4: the last line is not complete"
{
  line 1
  line 2
  line 3
  line 4 | tr G H
} >"$log"
survives "a changed byte in the last line" "a:PENDING b:PENDING " "/var/lib/slug/ledger.log:4: "
{
  line 1
  line 2
  line 3 | tr G H
  line 4
} >"$log"
survives "a changed byte in the middle" "a:PENDING " "/var/lib/slug/ledger.log:3: " $aside
{
  line 1 | tr 1 2
  line 2
} >"$log"
survives "a changed byte in the head" "" "/var/lib/slug/ledger.log:1: " $aside
{
  line 1
  line 2
  head -c 5000 /dev/zero
} >"$log"
survives "zeros at the end" "a:PENDING " "/var/lib/slug/ledger.log:3: "
head -c 100000 /dev/urandom >"$log"
survives "noise" "" "/var/lib/slug/ledger.log:1: " $aside
: >"$log"
survives "an empty file" "" "/var/lib/slug/ledger.log: is empty"
line 1 >"$log"
survives "a head alone" "" ""
truncate -s 65M "$log"
survives "a file that is too large" "" "larger than slugd makes it; it is now called ledger.log.damaged-1" $aside
mkdir -p "$log/inside"
survives "a folder in its place" "" "/var/lib/slug/ledger.log: cannot be read: " $aside
ln -s ledger.log "$log"
survives "a link in a circle" "" "/var/lib/slug/ledger.log: cannot be read: " $aside
mkfifo "$log"
survives "a FIFO in its place" "" "/var/lib/slug/ledger.log: cannot be read: " $aside
echo 'precious' >"$folder/$aside"
head -c 100 /dev/urandom >"$log"
survives "a second one that is damaged" "" "it is now called ledger.log.damaged-2" "$aside ledger.log.damaged-2"
# the number is CRC-32C over what follows the blank
printf '%s\n' '35d01a52 {"version":2,"boot":"","created":0}' >"$log"
survives "a file of a later slugd" "" "later" $aside

# Nowhere to write

rmdir "$folder"
start "no folder"
contains "$(cat "$tmp/slugd.log")" "The ledger is not kept: there is no folder /var/lib/slug" "no folder: is told"
is "$(health)" LEDGER_HEALTH_VOLATILE "no folder: the ledger is volatile"
ctl allocate a --local 1Gi >/dev/null
is "$(claimed)" "a:PENDING " "no folder: claims are taken all the same"
stop "no folder"
start "no folder, then a restart"
is "$(claimed)" "" "no folder: and are gone with slugd"
stop "no folder, then a restart"
is "$(find "$root/var" -name '*slug*')" "" "no folder: none is made"
echo file >"$folder"
start "a file in the folder's place"
contains "$(cat "$tmp/slugd.log")" "The ledger is not kept: there is no folder /var/lib/slug" "a file in the folder's place: is told"
is "$(cat "$folder")" file "a file in the folder's place: stays what it was"
stop "a file in the folder's place"
done_testing
