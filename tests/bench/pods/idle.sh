#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slugd and slug-kubelet cost while nothing happens: processor time over a minute with 100 pods of two containers each, on a
# tree of files, with a double of the container runtime and one of the kubelet.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${abs_top_builddir:=$(cd "$here/../../.." && pwd)}"
tmp=$(mktemp -d /dev/shm/slug-bench-XXXXXX)
pids=
clean_up() {
  # shellcheck disable=SC2086 # a list
  [ -z "$pids" ] || { kill $pids 2>/dev/null && wait $pids 2>/dev/null; } || true
  rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

root=$tmp/machine
kubelet_sock=$root/var/lib/kubelet/pod-resources/kubelet.sock
n=100
"$abs_top_builddir/tests/lib/mktree" "$here/../../fixtures/machines/cxl-remote.tree" "$root"
"$abs_top_builddir/tests/bench/pods/pods" "$tmp" "$n" 1
rm -rf "$root/sys/fs"
mv "$tmp/count-$n/sys/fs" "$root/sys/fs"
mkdir -p "$root/run/containerd" "$root/var/lib/kubelet/pod-resources" "$root/proc/sys/kernel/random" "$tmp/runtime" "$tmp/kubelet"
echo 00000000-0000-4000-8000-000000000001 >"$root/proc/sys/kernel/random/boot_id"
echo '{"runtimeName":"containerd","runtimeVersion":"v1.7.24"}' >"$tmp/runtime/version.json"

awk -v n="$n" -v dir="$tmp" 'BEGIN {
  for (i = 0; i < n; ++i) {
    uid = sprintf("00000000-0000-4000-8000-%012x", i)
    named = sprintf("\"name\":\"pod-%d\",\"namespace\":\"default\"", i)
    sandboxes = sandboxes (i ? "," : "") \
      sprintf("{\"id\":\"s%d\",\"metadata\":{%s,\"uid\":\"%s\"},\"state\":\"SANDBOX_READY\"}", i, named, uid)
    listed = listed (i ? "," : "") "{" named "}"
    for (k = 0; k < 2; ++k)
      containers = containers (i + k ? "," : "") \
        sprintf("{\"id\":\"%056x%08x\",\"podSandboxId\":\"s%d\",\"metadata\":{\"name\":\"%s\"},", k, i, i, k ? "side" : "app") \
        "\"state\":\"CONTAINER_RUNNING\"}"
  }
  print "{\"items\":[" sandboxes "]}" > (dir "/runtime/sandboxes.json")
  print "{\"containers\":[" containers "]}" > (dir "/runtime/containers.json")
  print "{\"podResources\":[" listed "]}" > (dir "/kubelet/list.json")
}'

"$abs_top_builddir/tests/lib/double" runtime "$root/run/containerd/containerd.sock" "$tmp/runtime" 2>"$tmp/runtime.log" &
pids="$pids $!"
"$abs_top_builddir/tests/lib/double" pod-resources "$kubelet_sock" "$tmp/kubelet" 2>"$tmp/kubelet.log" &
pids="$pids $!"
"$abs_top_builddir/slugd" --foreground --root "$root" --socket "$tmp/slugd.sock" 2>"$tmp/slugd.log" &
slugd=$!
"$abs_top_builddir/slug-kubelet" --foreground --root "$root" --slugd "$tmp/slugd.sock" 2>"$tmp/slug-kubelet.log" &
kubelet=$!
pids="$pids $slugd $kubelet"

# settled: the last that happens of itself
for _ in $(seq 240); do
  "$abs_top_builddir/slugctl" --socket "$tmp/slugd.sock" describe-node 2>/dev/null | grep -q 'PodsKnown  *True' && break
  sleep 0.5
done
"$abs_top_builddir/slugctl" --socket "$tmp/slugd.sock" describe-node 2>/dev/null | grep 'PodsKnown' | sed 's/^ *//'

ticks() { cut -d')' -f2- "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
from_slugd=$(ticks "$slugd") from_kubelet=$(ticks "$kubelet")
echo "A minute without anything to do, with $n pods ..."
sleep 60
tell() {
  awk -v name="$1" -v ticks="$2" -v hz="$(getconf CLK_TCK)" \
    'BEGIN { printf "%-13s %5.0f ms of processor time, %.3f %% of a core\n", name, ticks * 1000 / hz, ticks * 100 / hz / 60 }'
}
tell slugd $(($(ticks "$slugd") - from_slugd))
tell slug-kubelet $(($(ticks "$kubelet") - from_kubelet))
