# shellcheck shell=sh disable=SC2034 # what is unused here is used by the cases
# SPDX-License-Identifier: Apache-2.0
# What every case begins with: the same words as tests/lib/tap.sh, for the slugd that is installed and runs under its unit.
payload=/run/slug-test
abs_top_srcdir=$payload
abs_top_builddir=/usr
# shellcheck source=tests/lib/tap.sh
. "$payload/tap.sh"
slugd=/usr/sbin/slugd
slugctl=/usr/bin/slugctl
make_tmp
sock=/run/slug/slugd.sock

# ask COMMAND JSON: of the host's QEMU; its answer is printed
ask() {
  exec 5<>/dev/virtio-ports/host
  printf '%s %s %s\n' qmp "$1" "$2" >&5
  read -r reply <&5
  exec 5>&-
  printf '%s\n' "$reply"
}

# describe [FILE]: the node as JSON
describe() {
  "$slugctl" --wait 60 -o json describe-node >"${1:-$tmp/node.json}"
}

# node FILTER: jq on the node as described last
node() {
  jq -r "$1" "$tmp/node.json"
}

# unit PROPERTY [UNIT]
unit() {
  systemctl show -P "$1" "${2:-slugd.service}"
}

# now, in microseconds, and the same for what has no clock of its own
now_usec() {
  date +%s%6N
}

# hold TEXT: a remark for whoever reads the results
remark() {
  printf '# %s\n' "$*"
}
