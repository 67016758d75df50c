#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ledger: a log is judged without slugd, by its bytes; with one, claims go out, come back, and are what the log has.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
unset SLUG_SOCKET
head='555dc440 {"version":1,"boot":"6a3f","created":1767225600000000}'
later='e65cce02 {"version":2,"boot":"6a3f","created":1767225600000000}'
web='df921b90 {"put":[{"uid":"u1","container":"app","ns":"default","pod":"web","state":"active","source":"memory-manager","blocks":[{"nodes":"0","page":0,"parts":[[0,67108864]]}]}]}'
db='328bc88e {"put":[{"uid":"u2","container":"app","ns":"default","pod":"db","state":"active","source":"memory-manager"}]}'
drop='e27b7035 {"drop":[{"uid":"u1","container":"app"}]}'
lost='bc761951 {"put":[{"uid":"u3","state":"lost","source":"operator"}]}'

# size LINE...: bytes of these lines
size() {
  printf '%s\n' "$@" | wc -c
}

# verify ARGUMENT...: with nobody at the socket
verify() {
  "$slugctl" --socket "$tmp/none" ledger verify "$@"
}

# judged NAME STATUS VERDICT CLAIMS PROBLEM: what is said of the log in $tmp/log
judged() {
  verify --offline "$tmp/log" >"$tmp/out" 2>&1
  is "$?" "$2" "$1: exit status"
  is "$(sed -n 's/^Verdict: *//p' "$tmp/out")" "$3" "$1: verdict"
  is "$(sed -n 's/^Claims: *//p' "$tmp/out")" "$4" "$1: claims"
  is "$(sed -n 's/^Problem: *//p' "$tmp/out")" "$5" "$1: problem"
}

printf '%s\n' "$head" "$web" "$db" "$drop" >"$tmp/log"
judged "a good log" 0 good 1 ""
contains "$(cat "$tmp/out")" "Boot ID:     6a3f" "its boot"
contains "$(cat "$tmp/out")" "2026-01-01T00:00:00.000Z" "when it was made"
printf '%s\n' "$head" "$web" "$db" "$drop" | head -c -9 >"$tmp/log"
judged "without its last bytes" 1 torn 2 "line 4, from byte $(size "$head" "$web" "$db") on: the last line is not complete"
printf '%s\n' "$head" "$web" "x$db" >"$tmp/log"
judged "a last line that is wrong" 1 torn 1 "line 3, from byte $(size "$head" "$web") on: the checksum is wrong"
printf '%s\n' "$head" "$web" "x$db" "$drop" >"$tmp/log"
judged "one in the middle" 1 damaged 1 "line 3, from byte $(size "$head" "$web") on: the checksum is wrong"
printf '%s\n' "$head" "$lost" >"$tmp/log"
judged "one that makes no sense" 1 damaged 0 "line 2, from byte $(size "$head") on: put[0].state: is a word that is not known"
printf '%s\n' "$later" "$web" >"$tmp/log"
judged "a later version" 1 "of a later version" 0 "line 1, from byte 0 on: version: is of a later slugd"
printf '%s\n' "$web" >"$tmp/log"
judged "no head" 1 damaged 0 "line 1, from byte 0 on: version: is missing"
: >"$tmp/log"
judged "nothing" 1 empty 0 ""

# as a program reads it, and from elsewhere
printf '%s\n' "$head" "$web" "x$db" "$drop" >"$tmp/log"
verify --offline -o json "$tmp/log" >"$tmp/json"
is "$?" 1 "-o json: the same exit status"
is "$(value_of verdict <"$tmp/json"):$(value_of line <"$tmp/json"):$(value_of offset <"$tmp/json")" "damaged:3:$(size "$head" "$web")" "and what there is to know"
contains "$(verify --offline -o yaml - <"$tmp/log")" 'verdict: "damaged"' "YAML, and standard input"
is "$(printf '%s\n' "$head" "$web" >"$tmp/good"; verify "$tmp/good" | sed -n 's/^slugd: *//p')" "not compared: no slugd at $tmp/none: No such file or directory; start it (systemctl start slugd), or name its socket with --socket" "nobody to compare with"
verify "$tmp/good" >/dev/null 2>&1
is "$?" 0 "is no failure"
contains "$(verify "$tmp/missing" 2>&1)" "$tmp/missing: cannot be opened: No such file" "a log that is not there"
contains "$(head -c 70000000 /dev/zero | verify - 2>&1)" "standard input: larger than 64 MiB" "one that is too large"
is "$("$slugctl" ledger mend 2>&1 | head -n 1)" "slugctl: cannot mend a ledger; what can be done: export, import, verify" "another word"
is "$("$slugctl" ledger import 2>&1 | head -n 1)" "slugctl: usage: slugctl ledger import FILE|-" "an import of nothing"
is "$("$slugctl" ledger verify --force 2>&1 | head -n 1)" "slugctl: --force is no option of 'ledger verify'" "an option of another one"
is "$("$slugctl" ledger export -o yaml 2>&1 | head -n 1)" "slugctl: an export is JSON, and no YAML" "an export as YAML"

# a slugd
"$mktree" "$machines/cxl-remote.tree" "$tmp/root" || bail_out "cannot make a machine"
mkdir -p "$tmp/root/var/lib/slug"
log=$tmp/root/var/lib/slug/ledger.log
start_slugd --root "$tmp/root"
ctl allocate bench --local 64Mi --remote 32Mi >/dev/null || bail_out "cannot claim: $(cat "$tmp/slugd.log")"
ctl allocate other --local 128Mi >/dev/null
ctl ledger verify "$log" >"$tmp/out" 2>&1
is "$?:$(sed -n 's/^slugd: *//p' "$tmp/out")" "0:has the same claims, in generation 2" "slugd has what its log has"
ctl ledger export >"$tmp/export.json"
is "$?:$(value_of version <"$tmp/export.json"):$(grep -c '"podUid"' "$tmp/export.json")" "0:1:2" "an export has all claims"
ctl ledger export "$tmp/claims.json"
is "$?:$(stat -c %a "$tmp/claims.json")" "0:600" "into a file, of its owner alone"
is "$(grep -v exportedUsec "$tmp/claims.json")" "$(grep -v exportedUsec "$tmp/export.json")" "with the same in it"
contains "$(ctl ledger export "$tmp/claims.json" 2>&1)" "$tmp/claims.json: is there already; choose another name, or say --force" "not over another one"
ctl ledger export --force "$tmp/claims.json"
is "$?" 0 "unless it is meant"
ln -s claims.json "$tmp/link"
contains "$(ctl ledger export --force "$tmp/link" 2>&1)" "is no file that can be replaced" "and never over what is no file"

ctl release bench >/dev/null
is "$(ctl ledger import --dry-run "$tmp/claims.json")" "Would import 1 claim; 1 is there already" "a dry run"
is "$(ctl claims | grep -c bench)" 0 "changes nothing"
is "$(ctl ledger import "$tmp/claims.json")" "Imported 1 claim; 1 was there already" "an import"
ctl ledger export >"$tmp/again.json"
is "$(grep -v -e exportedUsec -e generation "$tmp/again.json" | sort)" "$(grep -v -e exportedUsec -e generation "$tmp/export.json" | sort)" "brings everything back as it was"
is "$(ctl ledger import -o json - <"$tmp/claims.json" | value_of existingCount)" 2 "twice is once"
ctl ledger verify "$log" >"$tmp/out" 2>&1
is "$?" 0 "and the log has it all"
sed 's/"67108864"/"x"/' "$tmp/claims.json" >"$tmp/bad.json"
contains "$(ctl ledger import "$tmp/bad.json" 2>&1)" "$tmp/bad.json:$(grep -n '"x"' "$tmp/bad.json" | head -n 1 | cut -d: -f1):" "a mistake has its line"

# another log than slugd's
ctl ledger verify "$tmp/good" >"$tmp/out" 2>&1
is "$?:$(sed -n 's/^slugd: *//p' "$tmp/out")" "1:differs in 3 claims, in generation 4" "another log has other claims"
contains "$(cat "$tmp/out")" "only in the log" "each of them"
contains "$(cat "$tmp/out")" "only in slugd" "with where it is"
ctl ledger verify --offline "$tmp/good" >/dev/null 2>&1
is "$?" 0 "unless nobody asks"

# many claims, which go in parts
{
  printf '{"version": 1, "claims": ['
  awk 'BEGIN { for (i = 0; i < 1200; ++i) printf "%s{\"podUid\":\"many-%d\",\"state\":\"CLAIM_STATE_ACTIVE\",\"source\":\"CLAIM_SOURCE_OPERATOR\"}", i ? "," : "", i }'
  printf ']}\n'
} >"$tmp/many.json"
is "$(ctl ledger import "$tmp/many.json")" "Imported 1200 claims; 0 were there already" "more claims than a request takes"
ctl ledger verify "$log" >"$tmp/out" 2>&1
is "$?:$(sed -n 's/^Claims: *//p' "$tmp/out")" "0:1202" "are all in the log"

# after a crash, and after a start behind it
stop_slugd KILL
printf '%s' "$web" >>"$log"
verify --offline "$log" >"$tmp/out" 2>&1
is "$?:$(sed -n 's/^Verdict: *//p' "$tmp/out")" "1:torn" "what a crash leaves"
start_slugd --root "$tmp/root"
ctl ledger verify "$log" >"$tmp/out" 2>&1
is "$?:$(sed -n 's/^Claims: *//p' "$tmp/out")" "0:1202" "is mended by the next start"
stop_slugd

# one that keeps nothing
rm -r "$tmp/root/var/lib/slug"
start_slugd --root "$tmp/root"
is "$(ctl ledger verify "$tmp/good" | sed -n 's/^slugd: *//p')" "not compared: it keeps its ledger in memory only" "a slugd without a log"
done_testing
