#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# simulate: a mistake in the file is told before anybody is asked, and a slugd of slugctl's own leaves nothing behind, however
# slugctl ends.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
mkdir "$tmp/folders"
export TMPDIR="$tmp/folders"
unset SLUGD
"$mktree" "$machines/cxl-remote.tree" "$tmp/root" || bail_out "cannot make a machine"
printf 'kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, resources: {limits: {memory: 1Gi}}}]}\n' >"$tmp/pod.yaml"
sed 's/1Gi/1GB/' "$tmp/pod.yaml" >"$tmp/bad.yaml"

# nobody is there at this socket, and with a good file that is what is said
sim() {
  "$slugctl" --socket "$tmp/none" simulate "$@"
}
sim "$tmp/pod.yaml" >"$tmp/out" 2>&1
is "$?" 3 "a good file: slugd is asked"
sim "$tmp/bad.yaml" >"$tmp/out" 2>&1
is "$?" 1 "a bad file: nobody is asked"
is "$(cat "$tmp/out")" "slugctl: $tmp/bad.yaml:3:60: '1GB' is no quantity for 'memory'; write it as 4Gi, 512M, 2 or 500m" "its place and its mend"
contains "$(sim - <"$tmp/bad.yaml" 2>&1)" "slugctl: standard input:3:60: " "standard input"
contains "$(sim "$tmp/missing" 2>&1)" "$tmp/missing: cannot be opened: No such file" "a file that is not there"
contains "$(sim "$tmp" 2>&1)" "$tmp: cannot be read: Is a directory" "a folder"
is "$(sim >/dev/null 2>&1; echo $?)" 2 "no file at all"
is "$(sim --mode best "$tmp/pod.yaml" 2>&1 | head -n 1)" "slugctl: unknown mode 'best'; one of slug, kubelet" "another mode"
is "$(ls "$tmp/folders")" "" "no folder was made for any of that"

# a slugd of its own
sim --root "$tmp/root" "$tmp/pod.yaml" >"$tmp/out" 2>&1
case $?:$(cat "$tmp/out") in
  3:* | *"cannot start"*) not_ok "a slugd is started for a machine" "$(cat "$tmp/out")" ;;
  *) ok "a slugd is started for a machine" ;;
esac
is "$(ls "$tmp/folders")" "" "and leaves nothing behind"
sim --root "$tmp/nowhere" "$tmp/pod.yaml" >"$tmp/out" 2>&1
is "$?" 1 "a machine that is not there"
contains "$(cat "$tmp/out")" "cannot start a slugd: " "is told"
contains "$(cat "$tmp/out")" "No such file or directory" "by what slugd said"
is "$(ls "$tmp/folders")" "" "and leaves nothing behind"
contains "$(SLUGD=$tmp/nowhere sim --root "$tmp/root" "$tmp/pod.yaml" 2>&1)" "cannot start a slugd: $tmp/nowhere: No such file" "no such program"
contains "$(SLUGD=false sim --root "$tmp/root" "$tmp/pod.yaml" 2>&1)" "it ended without a word" "one that ends at once"
is "$(ls "$tmp/folders")" "" "and leaves nothing behind"

# one that never gets ready, while slugctl is killed
printf '#!/bin/sh\necho $$ >"%s"\nexec sleep 1000\n' "$tmp/pid" >"$tmp/hanging"
chmod +x "$tmp/hanging"
for signal in INT TERM HUP KILL; do
  rm -f "$tmp/pid"
  # a shell's background job ignores SIGINT, and so would what it starts
  env -u SLUG_SOCKET --default-signal=INT SLUGD="$tmp/hanging" "$slugctl" simulate --root "$tmp/root" "$tmp/pod.yaml" >"$tmp/out" 2>&1 &
  pid=$!
  wait_until test -s "$tmp/pid" || not_ok "SIG$signal: it was started" "$(cat "$tmp/out")"
  kill -s "$signal" "$pid"
  wait "$pid" 2>/dev/null
  # the last to go is the folder, and then the one above it is empty
  if wait_until rmdir "$tmp/folders" 2>/dev/null && ! kill -0 "$(cat "$tmp/pid")" 2>/dev/null; then
    ok "SIG$signal: neither folder nor process is left"
  else
    not_ok "SIG$signal: neither folder nor process is left" "$(ls "$tmp/folders")"
  fi
  mkdir -p "$tmp/folders"
done
done_testing
