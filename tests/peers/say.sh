# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# How a client that is a shell script says what it found: see clients.sh. It has a folder of its own, $tmp, that goes with it.
export LC_ALL=C
said=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

ok() {
  said=$((said + 1))
  echo "ok - $1"
}

# not_ok NAME WHY: on one line, and no more of it than can be read
not_ok() {
  said=$((said + 1))
  printf 'not ok - %s: %s\n' "$1" "$(tr -s '[:space:]' ' ' <<<"${2:0:2000}" | tr -cd '[:print:]')"
}

# is GOT EXPECTED NAME
is() {
  if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "got '$1', expected '$2'"; fi
}

# contains TEXT PART NAME
contains() {
  if [[ $1 == *"$2"* ]]; then ok "$3"; else not_ok "$3" "there is no '$2' in '$1'"; fi
}

all_said() { echo "1..$said"; }
