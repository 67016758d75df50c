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
  # a manifest that is put back is another try
  mv "$manifests/kept.yaml" "$manifests/.kept"
  wait_long is_gone kept
  mv "$manifests/.kept" "$manifests/kept.yaml"
  runs kept
  equal "a static pod that was put back"
  is "$(chunks_of kept)" 4 "and has its chunks"
  gone kept other
}

case $stage in
  0) before_power ;;
  *) after_power ;;
esac
done_testing
