#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Captured and replayed: what slugd says of a capture is what it says of the machine, byte for byte, for every machine of the
# fixtures; and what --mask hides is hidden, and nothing else is different.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
command -v tar >/dev/null || skip_all "there is no tar"

# describe ROOT PREFIX
describe() {
  start_slugd --root "$1"
  ctl describe-node >"$2.table" 2>/dev/null && ctl describe-node -o wide >"$2.wide" 2>/dev/null &&
    ctl topology -o wide >"$2.topology" 2>/dev/null
  described=$?
  stop_slugd TERM
  return "$described"
}

# unpack TAR FOLDER
unpack() {
  rm -rf "$2" && mkdir "$2" && tar -xf "$1" -C "$2"
}

# nodes FILE: what is said of the NUMA nodes, without what a mask changes: limits, and what pods hold
nodes() {
  sed -n '/^NUMA Nodes:/,/^Limits:/p' "$1" | sed 's/GPU [0-9a-f:.]*/GPU/' | awk '
/^  ID / { from = index($0, "Claimed"); to = index($0, "Reason") }
/^  (ID|--|[0-9]+) / { $0 = substr($0, 1, from - 1) substr($0, to) }
{ print }'
}

for tree in "$machines"/*.tree; do
  name=$(basename "$tree" .tree)
  rm -rf "$tmp/machine"
  "$mktree" "$tree" "$tmp/machine" || bail_out "cannot make $name"
  "$slugctl" capture --force --root "$tmp/machine" "$tmp/$name.tar" 2>"$tmp/capture.log"
  is "$?" 0 "$name: captured"
  "$slugctl" capture --force --mask --root "$tmp/machine" "$tmp/masked.tar" 2>>"$tmp/capture.log"
  is "$?" 0 "$name: captured with a mask"
  describe "$tmp/machine" "$tmp/live"
  unpack "$tmp/$name.tar" "$tmp/replay"
  describe "$tmp/replay" "$tmp/replayed"
  is "$(diff "$tmp/live.table" "$tmp/replayed.table" && diff "$tmp/live.wide" "$tmp/replayed.wide" &&
    diff "$tmp/live.topology" "$tmp/replayed.topology")" "" "$name: replayed, byte for byte"
  unpack "$tmp/masked.tar" "$tmp/replay"
  describe "$tmp/replay" "$tmp/masked"
  nodes "$tmp/live.table" >"$tmp/live.nodes"
  nodes "$tmp/masked.table" >"$tmp/masked.nodes"
  is "$(diff "$tmp/live.nodes" "$tmp/masked.nodes")" "" "$name: masked, the same NUMA nodes"
  rm -f "$tmp/$name.tar"
done

# A machine with all that a mask has to hide.
"$mktree" "$machines/cxl-remote.tree" "$tmp/secret" || bail_out "cannot make a machine"
mkdir -p "$tmp/secret/etc/slug" "$tmp/secret/var/lib/kubelet" "$tmp/secret/proc/77"
echo bede-secret >"$tmp/secret/proc/sys/kernel/hostname"
serial=$(cat "$tmp"/secret/sys/bus/cxl/devices/mem0/serial)
cat >"$tmp/secret/etc/slug/slugd.yaml" <<END
nodeName: node-secret
classify:
  - {cxlSerial: $serial, locality: remote}
END
cat >"$tmp/secret/var/lib/kubelet/config.yaml" <<'END'
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
clusterDNS:
- 10.96.0.10
authentication:
  x509:
    clientCAFile: /etc/secret/ca.crt
systemReserved:
  memory: 1Gi
staticPodURL: https://secret.example/token
END
"$slugctl" capture --mask --root "$tmp/secret" "$tmp/secret.tar" 2>/dev/null
unpack "$tmp/secret.tar" "$tmp/replay"
is "$(grep -r -l -i secret "$tmp/replay")" "" "a mask hides names and what is not read"
is "$(grep -r -l -w -e "${serial#0x}" -e 10.96.0.10 "$tmp/replay")" "" "a mask hides serials and addresses"
is "$(grep -n 'memory: 1Gi' "$tmp/replay/var/lib/kubelet/config.yaml")" "9:  memory: 1Gi" "a masked line stands where it stood"
describe "$tmp/replay" "$tmp/masked"
contains "$(cat "$tmp/masked.table")" "the configuration says so" "a rule by serial still finds its device"
contains "$(cat "$tmp/masked.table")" "/var/lib/kubelet/config.yaml:9" "and a value its line"
is "$(tar -tf "$tmp/secret.tar" | grep -c -E '^/|(^|/)\.\.(/|$)')" 0 "no name leads out of the folder"

# The file.
is "$("$slugctl" capture --root "$tmp/secret" "$tmp/secret.tar" 2>&1)" "slugctl: $tmp/secret.tar: is there already; choose another name, or say --force" \
  "what is there is not replaced"
is "$(stat -c %a "$tmp/secret.tar")" 600 "a capture is private"
"$slugctl" capture --root "$tmp/secret" "$tmp/none/x.tar" 2>"$tmp/error"
is "$?" 1 "a folder that is not there"
is "$("$slugctl" capture --root "$tmp/none" "$tmp/x.tar" 2>/dev/null; echo $?)" 1 "a root that is not there"
is "$("$slugctl" capture 2>/dev/null; echo $?)" 2 "no file"
is "$("$slugctl" capture --root "$tmp/secret" - 2>/dev/null | tar -tf - | grep -c proc/meminfo)" 1 "standard output is a file, too"
if [ -w /dev/full ]; then
  "$slugctl" capture --root "$tmp/secret" - >/dev/full 2>"$tmp/error"
  is "$?" 1 "a full disk is a failure"
  contains "$(cat "$tmp/error")" "cannot write the tar" "and says so"
fi
is "$(find "$tmp" -maxdepth 1 -name '*.tar.*')" "" "nothing half done is left"

# This machine, as far as it can be read.
"$slugctl" --socket "$tmp/none.sock" capture "$tmp/this.tar" 2>"$tmp/error"
is "$?" 0 "this machine can be captured"
contains "$(cat "$tmp/error")" "captured " "and how much is told"
done_testing
