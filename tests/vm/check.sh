#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The virtual machines: every profile is booted once, its cases are run in it, and what it hands over is looked at here.
#
#     check.sh BUILD [PROFILE [CASE...]]
#
# BUILD is where slug was built for --prefix=/usr. Results stay below BUILD/results: TAP, and the console of each guest. The last
# line counts; the exit status is 0 only when nothing failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)
build=$(cd "$1" && pwd -P)
shift
results=$build/results
qemu_pid=
beside_pid=

# A python that is told to end takes its QEMU with it, and so does one whose shell is gone.
clean_up() {
  [ -z "$beside_pid" ] || kill -s KILL "$beside_pid" 2>/dev/null || true
  [ -z "$qemu_pid" ] || { kill "$qemu_pid" 2>/dev/null && wait "$qemu_pid" 2>/dev/null; } || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# make_payload FOLDER PROFILE-FILE [CASE...]: what the guest sees
make_payload() {
  rm -rf "$1"
  mkdir -p "$1/out" "$1/cases"
  make -C "$build" -s install DESTDIR="$1/root" >"$build/install.log" 2>&1 || { tail -n 20 "$build/install.log" >&2; exit 1; }
  cp "$here"/guest/*.sh "$here"/guest/*.py "$top/tests/lib/tap.sh" "$1/"
  cp "$here"/cases/*.sh "$1/cases/"
  make_programs "$1/root/usr/libexec/slug-test" "$1"
  # it takes a minute, which only the case that wants them is worth
  if needs packages "$2" && [[ $# -eq 2 || " ${*:3} " == *' package '* ]]; then
    "$here/packages.sh" "$build" "$1/packages"
  fi
}

# needs NAME PROFILE-FILE
needs() {
  grep -q "^needs \(.* \)*$1\( \|\$\)" "$2"
}

# make_programs FOLDER FOR-IMAGES: what the cases need besides slug
make_programs() {
  local name
  for name in cri cgwatch memhog memload numawatch pagemover pause reclaimer; do
    echo "tests/vm/guest/$name"
  done | xargs make -C "$build" -s tests/lib/double || exit 1
  mkdir -p "$1"
  for name in cri cgwatch memhog memload numawatch pagemover reclaimer; do
    cp "$build/tests/vm/guest/$name" "$1/"
  done
  cp "$build/tests/lib/double" "$1/"
  cp "$build/tests/vm/guest/pause" "$1/kubelet"
  for name in pause memhog; do
    "$here/container-image.sh" "$name" "$build/tests/vm/guest/$name" "$2/$name.tar"
  done
}

# run_profile FILE [CASE...]
run_profile() {
  local profile=$1 name disk image payload lock
  shift
  name=$(basename "$profile" .profile)
  payload=$build/payload/$name
  : >"$results/$name.tap" # it is there before anybody looks
  # the tree is built and installed for one at a time
  exec {lock}>"$build/payload.lock"
  flock "$lock"
  make_payload "$payload" "$profile" "$@"
  exec {lock}>&-
  image=$("$here/image.sh" "$(sed -n 's/^suite //p' "$profile")")
  disk=
  ! needs kubelet "$profile" || disk=$("$here/kubelet-binary.sh")
  python3 -B "$here/run.py" --image "$image" --payload "$payload" --results "$results" ${disk:+--disk "$disk"} \
    "$profile" "$@" >"$results/$name.tap" &
  qemu_pid=$!
  # shown as it comes; tail ends with what it follows
  tail -n +1 -f --pid="$qemu_pid" "$results/$name.tap" | sed -u "s/^/    /"
  wait "$qemu_pid" || true
  qemu_pid=
  if [ -n "$(ls -A "$payload/out")" ]; then
    sh "$here/replay.sh" "$build" "$payload/out" >"$results/$name-replay.tap"
    sed "s/^/    /" "$results/$name-replay.tap"
  fi
}

# run_profiles FILE...: one after another
run_profiles() {
  local profile
  for profile; do run_profile "$profile"; done
}

count() {
  cat "$results"/*.tap 2>/dev/null | grep -c -E "$1" || true
}

rm -rf "$results"
mkdir -p "$results"
if [ $# -gt 0 ]; then
  [ -f "$here/profiles/$1.profile" ] || {
    echo "check.sh: there is no profile '$1'; those that are there:" "$(cd "$here/profiles" && echo *.profile)" >&2
    exit 2
  }
  profile=$here/profiles/$1.profile
  shift
  run_profile "$profile" "$@"
else
  # A guest whose clock counts instructions does not mind what else there is to do: it runs beside the others, which do.
  others=() counting=()
  for profile in "$here"/profiles/*.profile; do
    # some are there for those who ask
    if needs asking "$profile"; then continue; fi
    if grep -q '^clock instructions' "$profile"; then counting+=("$profile"); else others+=("$profile"); fi
  done
  { renice -n 10 -p "$BASHPID" >/dev/null; run_profiles "${counting[@]}"; } >"$build/beside.log" 2>&1 &
  beside_pid=$!
  run_profiles "${others[@]}"
  wait "$beside_pid" || beside_failed=yes
  beside_pid=
  cat "$build/beside.log"
fi
passed=$(count '^ok ')
failed=$(count '^not ok ')
[ -z "${beside_failed:-}" ] || failed=$((failed + 1))
skipped=$(count '^ok .* # SKIP')
for tap in "$results"/*.tap; do
  # a run that ended without a plan has not told everything
  tail -n 1 "$tap" | grep -q '^1[.][.]' || { echo "$tap has no plan: its run was cut off"; failed=$((failed + 1)); }
done
grep -h '^not ok' "$results"/*.tap || true
echo "$((passed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
