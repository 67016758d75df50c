#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Captured machines, where the folder with them is ($SLUG_MACHINES, or ../shared/machines beside this tree): what must be true of
# each, and the numbers of three of them that are known by hand.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

folder=${SLUG_MACHINES:-$abs_top_srcdir/../shared/machines}
[ -d "$folder" ] || skip_all "there is no folder of captured machines; name one in SLUG_MACHINES"
make_tmp

# unpack TAR: into $root, without the one folder that some keep theirs in
unpack() {
  rm -rf "$tmp/root"
  mkdir "$tmp/root"
  tar -xf "$1" -C "$tmp/root" || return 1
  root=$tmp/root
  [ -d "$root/sys" ] || root=$(find "$tmp/root" -mindepth 1 -maxdepth 1 -type d | head -n 1)
}

# What the machine's own files say, read by nothing of ours: "file 0 capacity 1024".
files() {
  for node in "$root"/sys/devices/system/node/node[0-9]*; do
    id=${node##*/node}
    [ -f "$node/meminfo" ] || continue
    awk -v id="$id" '/MemTotal:/ { printf "file %d capacity %.0f\n", id, $4 * 1024 }' "$node/meminfo"
    for pool in "$node"/hugepages/hugepages-*kB; do
      [ ! -f "$pool/nr_hugepages" ] || echo "${pool##*-} $(cat "$pool/nr_hugepages")"
    done | awk -v id="$id" '{ sum += $1 * 1024 * $2 } END { printf "file %d hugepages %.0f\n", id, sum }'
  done
}

# value PATH: out of the flat answer
value() {
  awk -v path="$1" '$1 == path { sub(/^[^ ]* ?/, ""); print; exit }' "$tmp/flat"
}

# node ID KEY: of a NUMA node, by its id; an id of 0 is not written
node() {
  index=$(awk -v id="$1" '
    $1 ~ /^numaNodes\.[0-9]+\.numaNode\.id$/ && $2 == id { split($1, part, "."); print part[2]; exit }' "$tmp/flat")
  value "numaNodes.${index:-0}.$2"
}

# all KEY-PATTERN: every value of such a path, on one line
all() {
  awk -v pattern="^$1\$" '$1 ~ pattern { sub(/^[^ ]* ?/, ""); printf "%s%s", n++ ? " " : "", $0 }' "$tmp/flat"
}

kib() {
  awk -v bytes="${1:-0}" 'BEGIN { printf "%.0f", bytes / 1024 }'
}

check_2dram_2remote() {
  is "$(node 0 numaNode.locality) $(node 1 numaNode.locality)" "LOCALITY_LOCAL LOCALITY_LOCAL" "$1: NUMA nodes 0 and 1 are local"
  is "$(node 0 numaNode.kind) $(node 1 numaNode.kind)" "MEMORY_KIND_DRAM MEMORY_KIND_DRAM" "$1: NUMA nodes 0 and 1 are DRAM"
  is "$(node 2 numaNode.locality) $(node 3 numaNode.locality)" "LOCALITY_REMOTE LOCALITY_REMOTE" "$1: NUMA nodes 2 and 3 are remote"
  is "$(kib "$(node 0 amounts.capacityBytes)") $(kib "$(node 1 amounts.capacityBytes)")" "992884 966060" "$1: local capacity to the byte"
  is "$(kib "$(node 2 amounts.capacityBytes)") $(kib "$(node 3 amounts.capacityBytes)")" "1032020 1030192" "$1: remote capacity to the byte"
  contains "$(node 2 numaNode.reason)" "tier" "$1: NUMA node 2 is remote for its tier"
  contains "$(node 3 numaNode.reason)" "tier" "$1: NUMA node 3 is remote for its tier"
  is "$(kib "$(node 1 amounts.hugepagesBytes)")" 131072 "$1: 64 huge pages of NUMA node 1 are taken off"
  is "$(kib "$(node 0 amounts.hugepagesBytes)")" 0 "$1: NUMA node 0 has none"
}

check_3memdev_after() {
  is "$(node 1 numaNode.locality) $(node 1 numaNode.kind)" "LOCALITY_REMOTE MEMORY_KIND_CXL" "$1: NUMA node 1 is remote CXL"
  is "$(kib "$(node 1 amounts.capacityBytes)")" 1572864 "$1: its capacity to the byte"
  contains "$(node 1 numaNode.reason)" "region0" "$1: its reason names region0"
  contains "$(node 1 numaNode.reason)" "region1" "$1: its reason names region1"
  is "$(node 1 numaNode.movableOnly)" true "$1: it is movable-only"
  ctl -o json topology | awk -f "$here/flatten.awk" >"$tmp/flat"
  is "$(all '.*cxlRegions[.]0[.]memdevs[.][0-9]+' | wc -w | tr -d ' ')" 2 "$1: region0 interleaves two devices"
  is "$(all '.*cxlRegions[.]1[.]memdevs[.][0-9]+' | wc -w | tr -d ' ')" 1 "$1: region1 is one device"
}

check_3memdev_before() {
  is "$(all 'numaNodes[.][0-9]+[.]numaNode[.]locality')" "LOCALITY_LOCAL" "$1: one NUMA node, and it is local"
  is "$(all 'unusedMemory[.][0-9]+[.]name')" "mem0 mem1 mem2" "$1: three CXL devices are not in use"
}

for tar in "$folder"/*.tar.*; do
  machine=$(basename "$tar")
  machine=${machine%.tar.*}
  if ! unpack "$tar" 2>"$tmp/error"; then
    not_ok "$machine: unpacked" "$(cat "$tmp/error")"
    continue
  fi
  start_slugd --root "$root"
  if ! ctl -o json describe-node >"$tmp/json" 2>"$tmp/error"; then
    not_ok "$machine: described" "$(cat "$tmp/error" "$tmp/slugd.log")"
    stop_slugd KILL
    rm -f "$sock"
    continue
  fi
  awk -f "$here/flatten.awk" "$tmp/json" >"$tmp/flat"
  files >"$tmp/files"
  is "$(cat "$tmp/flat" "$tmp/files" | awk -f "$here/amounts.awk")" "" "$machine: all amounts add up and are those of the files"
  for evidence in $(all 'numaNodes[.][0-9]+[.]numaNode[.]evidence'); do
    if [ ! -e "$root/$evidence" ] && [ ! -L "$root/$evidence" ]; then
      not_ok "$machine: the evidence is there" "$evidence"
    fi
  done
  case $machine in
    vm-hmat-2dram-2remote) check_2dram_2remote "$machine" ;;
    vm-cxl-3memdev-after) check_3memdev_after "$machine" ;;
    vm-cxl-3memdev-before) check_3memdev_before "$machine" ;;
  esac
  is "$(ctl describe-node >/dev/null 2>&1; echo $?)" 0 "$machine: described for people"
  is "$(ctl -o wide describe-node >/dev/null 2>&1; echo $?)" 0 "$machine: described in full"
  is "$(ctl -o yaml describe-node >/dev/null 2>&1; echo $?)" 0 "$machine: described as YAML"
  is "$(ctl topology >/dev/null 2>&1; echo $?)" 0 "$machine: its topology"
  stop_slugd TERM
  is "$slugd_status" 0 "$machine: slugd stopped as asked"
done
done_testing
