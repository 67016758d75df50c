# shellcheck shell=sh disable=SC2034,SC2154 # what comes from tap.sh, and what is for those who read this
# SPDX-License-Identifier: Apache-2.0
# For scripts whose counterpart is one program in Go with a module of its own, behind tests/lib/tap.sh: makes it, runs it, and has
# what it says as tests. It says what clients.sh wants of clients. What it is made of, the kubelet's code too, is fetched through
# Go's proxy in the versions that go.sum pins; making it for the first time takes minutes.
peer_pid=
# shellcheck disable=SC2317 # run by a trap
end_peer() {
  [ -z "$peer_pid" ] || { kill "$peer_pid" 2>/dev/null && wait "$peer_pid" 2>/dev/null; }
  [ -z "${shm:-}" ] || rm -rf "$shm"
  clean_up
}

# make_peer FOLDER NAME: $tmp/NAME, and $dir for what it writes. Without Go all is skipped, unless SLUG_PEERS_MUST is set.
make_peer() {
  if ! command -v go >/dev/null; then
    [ -z "${SLUG_PEERS_MUST:-}" ] || bail_out "there is no go"
    skip_all "there is no go"
  fi
  make_tmp
  trap end_peer EXIT
  trap 'exit 141' PIPE
  # what is written is synced at every step; memory is quicker, and as good here
  dir=$tmp
  if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    shm=$(mktemp -d /dev/shm/sp.XXXXXX) && dir=$shm # short: a path of a socket has 107 bytes
  fi
  add_peer "$1" "$2"
}

# add_peer FOLDER NAME: one more program, $tmp/NAME
add_peer() {
  # without cgo and paths, as the kubelet of the virtual machines is made: what is compiled once serves both
  CGO_ENABLED=0 timeout -k 10 1800 go -C "$1" build -mod=readonly -trimpath -o "$tmp/$2" . >"$tmp/made" 2>&1 </dev/null ||
    bail_out "$2 cannot be made: $(tail -n 20 "$tmp/made" | tr '\n' ' ')"
}

# say TEXT: one line of the program, numbered
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

# run_peer NAME COMMAND...: what it says on standard error goes to ours, progress for a person too
run_peer() {
  name=$1
  shift
  said_n=$tap_n
  plan=none
  rm -f "$tmp/says"
  mkfifo "$tmp/says" || bail_out "cannot make a pipe"
  "$@" >"$tmp/says" </dev/null &
  peer_pid=$!
  while IFS= read -r line; do
    case $line in
      1..*) plan=${line#1..} ;;
      *) say "$line" ;;
    esac
  done <"$tmp/says"
  wait "$peer_pid"
  status=$?
  peer_pid=
  is "exit status $status, $((tap_n - said_n)) checks" "exit status 0, $plan checks" "$name came to its end"
}
