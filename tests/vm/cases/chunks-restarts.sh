#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The kubelet, slug-kubelet and slugd end in several orders while pods have chunks: none is lost, and none is given twice.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/kubelet.sh
. /run/slug-test/kubelet.sh

# end UNIT: the kubelet is restarted as an upgrade of it does, the others are killed
end() {
  if [ "$1" = kubelet ]; then
    systemctl restart kubelet.service && wait_long kubelet_answers
  else
    pid=$(unit MainPID "$1.service")
    kill -s KILL "$pid" && wait_until other_process "$1.service" "$pid"
  fi || not_ok "$1 comes back"
}

need_node
need_slug
advertised "the kubelet has chunks to give away"
manifest first "{cpu: 1, memory: 512Mi, $resource: 4}" x:16
manifest second "{memory: 256Mi, $resource: 3}" x:16
runs first second
equal "before"
cp "$tmp/given" "$tmp/before"
n=0
for order in "slugd slug-kubelet kubelet" "kubelet slug-kubelet slugd"; do
  for unit in $order; do
    end "$unit"
  done
  advertised "$order: the kubelet may give away every chunk again"
  equal "$order"
  is "$(diff "$tmp/before" "$tmp/given")" "" "$order: every pod has the chunks that it had"
  n=$((n + 1))
  manifest "later-$n" "{memory: 128Mi, $resource: 1}" x:8
  runs "later-$n"
  equal "$order, and another pod"
  is "$(chunks_of "later-$n")" 1 "$order: another pod gets one that nobody has"
  cp "$tmp/given" "$tmp/before"
done
gone first second later-1 later-2
equal "in the end"
is "$(cat "$tmp/given")" "" "nobody has a chunk"
done_testing
