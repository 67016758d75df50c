#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The power is lost while pods have chunks. After the boot the kubelet is there before slug-kubelet, and does with static pods
# what it always does; what slugd has is what the kubelet says, and what is wrong is told.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/kubelet.sh
. /run/slug-test/kubelet.sh

# Two findings name such a pod: while the runtime has what was there before the boot, and after that is cleared away.
# shellcheck disable=SC2317,SC2329 # wait_long calls them
is_named() {
  doctor_names "'default/$1"
}
# who is put back is not named any more, and the other one is
# shellcheck disable=SC2317,SC2329
is_named_no_more() {
  is_named other && ! is_named kept
}

before_power() {
  need_node
  need_slug
  advertised "the kubelet has chunks to give away"
  manifest kept "{cpu: 1, memory: 512Mi, $resource: 4}" x:16
  manifest other "{memory: 256Mi, $resource: 2}" x:16
  runs kept other
  equal "before the power is lost"
  sync "$kubelet_dir"/* "$kubelet_dir"/*/kubelet_internal_checkpoint "$manifests"/* /etc/slug/*
  cut_power
}

after_power() {
  start_containerd || bail_out "containerd does not start again"
  start_kubelet || bail_out "the kubelet does not start again"
  for name in kept other; do
    wait_long has_status "$name" '\(Running\|Failed\)'
    contains "$(status_of "$name")" "$resource" "$name is refused by a kubelet that is there before its devices, which names the resource"
    remark "$name: $(status_of "$name")"
  done
  need_slug
  advertised "the chunks are there again"
  equal "after the power was lost"
  is "$(cat "$tmp/given")" "" "who was refused has none"
  for name in kept other; do
    wait_long is_named "$name"
    is "$?" 0 "doctor names $name, which was refused"
  done
  sed 's/^/# | /' "$tmp/doctor"
  # A manifest that is put back is another try. Within seconds and unchanged it would be the same pod to the kubelet, and refused
  # still; with another content it is another pod.
  mv "$manifests/kept.yaml" "$manifests/.kept"
  wait_long is_gone kept
  sed -i 's/^metadata: {name: kept,/metadata: {annotations: {try: second}, name: kept,/' "$manifests/.kept"
  mv "$manifests/.kept" "$manifests/kept.yaml"
  runs kept
  equal "a static pod that was put back"
  is "$(chunks_of kept)" 4 "and has its chunks"
  wait_long is_named_no_more
  is "$?" 0 "and doctor names the other one alone"
  gone kept other
}

case $stage in
  0) before_power ;;
  *) after_power ;;
esac
done_testing
