#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The memory manager of a real kubelet against slugd: the same machines and pods for both, and all that they answer compared. See
# go/memory-oracle/main.go.
#
#     memory-oracle.sh BUILD
#
# BUILD is where slug was built. SLUG_ORACLE_SEQUENCES (300) sequences are drawn from SLUG_ORACLE_SEED (1). A case that differs is
# made small, told on standard error, and left in BUILD/results. Without Go everything is skipped, unless SLUG_PEERS_MUST is set.
# What it is made of, the kubelet's code too, is fetched through Go's proxy in the versions that go.sum pins; making it for the
# first time takes minutes.
here=$(cd "$(dirname "$0")" && pwd)
[ $# -eq 1 ] || { echo "Bail out! usage: memory-oracle.sh BUILD" && exit 1; }
abs_top_builddir=$(cd "$1" && pwd) || exit 1
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

oracle_pid=
# shellcheck disable=SC2317 # run by a trap
end_all() {
  [ -z "$oracle_pid" ] || { kill "$oracle_pid" 2>/dev/null && wait "$oracle_pid" 2>/dev/null; }
  clean_up
}

# say TEXT: one line of the oracle, numbered
say() {
  case $1 in
    "ok - "*) ok "${1#ok - }" ;;
    "not ok - "*": "*)
      said=${1#not ok - }
      not_ok "${said%%: *}" "${said#*: }"
      ;;
    *) echo "# $1" ;;
  esac
}

# run_oracle NAME ARGUMENT...: what it says on standard error goes to ours, progress for a person too
run_oracle() {
  name=$1
  shift
  said_n=$tap_n
  plan=none
  rm -f "$tmp/says"
  mkfifo "$tmp/says" || bail_out "cannot make a pipe"
  "$tmp/memory-oracle" -dir "$dir" "$@" >"$tmp/says" </dev/null &
  oracle_pid=$!
  while IFS= read -r line; do
    case $line in
      1..*) plan=${line#1..} ;;
      *) say "$line" ;;
    esac
  done <"$tmp/says"
  wait "$oracle_pid"
  status=$?
  oracle_pid=
  is "exit status $status, $((tap_n - said_n)) checks" "exit status 0, $plan checks" "$name came to its end"
}

if ! command -v go >/dev/null; then
  [ -z "${SLUG_PEERS_MUST:-}" ] || bail_out "there is no go"
  skip_all "there is no go"
fi
make_tmp
trap end_all EXIT
trap 'exit 141' PIPE
[ -x "$slugd" ] || bail_out "there is no $slugd"
# both sides write what they hold to disk at every step; memory is quicker, and as good here
dir=$tmp
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
  shm=$(mktemp -d /dev/shm/slug-oracle.XXXXXX) && dir=$shm && trap 'end_all; rm -rf "$shm"' EXIT
fi
timeout -k 10 1800 go -C "$here/go/memory-oracle" build -mod=readonly -o "$tmp/memory-oracle" . >"$tmp/made" 2>&1 </dev/null ||
  bail_out "memory-oracle cannot be made: $(tail -n 20 "$tmp/made" | tr '\n' ' ')"
mkdir -p "$abs_top_builddir/results"
run_oracle "the oracle's test of itself" -self-test -sequences 200
run_oracle "the oracle" -slugd "$slugd" -sequences "${SLUG_ORACLE_SEQUENCES:-300}" -seed "${SLUG_ORACLE_SEED:-1}" \
  -out "$abs_top_builddir/results"
done_testing
