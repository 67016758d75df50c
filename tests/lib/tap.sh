# shellcheck shell=sh disable=SC2034 # what is unused here is used by the tests
# SPDX-License-Identifier: Apache-2.0
# What every shell test begins with: TAP out, a folder of its own that goes on every way out, and slugd started and stopped by
# its process id. The plan comes last, so that nobody counts by hand.
set -u
: "${abs_top_srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${abs_top_builddir:=$abs_top_srcdir}"
slugd=$abs_top_builddir/slugd
slugctl=$abs_top_builddir/slugctl
mktree=$abs_top_builddir/tests/lib/mktree
machines=$abs_top_srcdir/tests/fixtures/machines

tap_n=0
tmp=
slugd_pid=
sock=
export LC_ALL=C

ok() {
  tap_n=$((tap_n + 1))
  echo "ok $tap_n - $1"
}

# not_ok NAME [WHAT...]: every further argument becomes lines of explanation
not_ok() {
  tap_n=$((tap_n + 1))
  echo "not ok $tap_n - $1"
  shift
  [ $# -eq 0 ] || printf '%s\n' "$@" | sed 's/^/# /'
}

skip() {
  tap_n=$((tap_n + 1))
  echo "ok $tap_n - $1 # SKIP $2"
}

# is GOT EXPECTED NAME
is() {
  if [ "$1" = "$2" ]; then
    ok "$3"
  else
    not_ok "$3" "got:      $1" "expected: $2"
  fi
}

# contains TEXT PART NAME
contains() {
  case $1 in
    *"$2"*) ok "$3" ;;
    *) not_ok "$3" "there is no '$2' in:" "$1" ;;
  esac
}

done_testing() {
  echo "1..$tap_n"
  exit 0
}

skip_all() {
  echo "1..0 # SKIP $1"
  exit 0
}

bail_out() {
  echo "Bail out! $1"
  exit 1
}

clean_up() {
  if [ -n "$slugd_pid" ]; then
    kill -s KILL "$slugd_pid" 2>/dev/null
    wait "$slugd_pid" 2>/dev/null
  fi
  [ -z "$tmp" ] || rm -rf "$tmp"
}

make_tmp() {
  tmp=$(mktemp -d) || bail_out "cannot make a folder"
  sock=$tmp/slugd.sock
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
}

# start_slugd ARGUMENT...: in the background; its words go to $tmp/slugd.log
start_slugd() {
  "$slugd" --socket "$sock" --foreground "$@" >"$tmp/slugd.log" 2>&1 &
  slugd_pid=$!
}

# stop_slugd [SIGNAL]: leaves its exit status in $slugd_status
stop_slugd() {
  kill -s "${1:-TERM}" "$slugd_pid" 2>/dev/null
  wait "$slugd_pid"
  slugd_status=$?
  slugd_pid=
}

# ctl ARGUMENT...: asks the slugd that was started
ctl() {
  "$slugctl" --socket "$sock" --wait 60 "$@"
}

# wait_until COMMAND...: until it succeeds, for two minutes; nothing here is timed, this only bounds a failure, also on a machine with
# much to do
wait_until() {
  wait_left=1200
  until "$@"; do
    wait_left=$((wait_left - 1))
    [ "$wait_left" -gt 0 ] || return 1
    sleep 0.1
  done
}

# value_of KEY: the first value of a key in JSON on standard input; 64-bit numbers come as text there
value_of() {
  sed -n 's/.*"'"$1"'": *"\{0,1\}\([^",}]*\)"\{0,1\}.*/\1/p' | head -n 1
}
