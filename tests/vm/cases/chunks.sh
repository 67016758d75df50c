#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Chunks of remote memory, given to pods by a stock kubelet: those that fit run and are in the ledger under their names, those that do
# not are refused by the name of the resource, and what a pod had is free when it goes.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/kubelet.sh
. /run/slug-test/kubelet.sh

need_node
manifest early "{memory: 128Mi, $resource: 1}" x:8
runs early
need_slug
advertised "the kubelet may give away every chunk that slugd has"
n_chunks=$(wc -l <"$tmp/offered")
remark "$n_chunks chunks of $chunk_mib MiB"
"$slugctl" chunks | sed 's/^/# | /'

# It came before the kubelet knew the resource, and runs all the same.
wait_long doctor_names "early-$host"
is "$?" 0 "doctor names a pod that runs without the chunks that it asks for"
sed 's/^/# | /' "$tmp/doctor"
gone early

# The kubelet gives this one the CPU of NUMA node 1, and what is near to that.
manifest pinned "{cpu: 1, memory: 512Mi, $resource: 4}" x:16
manifest shared "{memory: 256Mi, $resource: 2}" x:16
runs pinned shared
equal "two pods with chunks"
is "$(chunks_of pinned) $(chunks_of shared)" "4 2" "each has as many as it asked for"
is "$(grep '^pinned ' "$tmp/given" | grep -c -v -- '-n3-')" 0 "chunks are of the NUMA node that is near to the CPUs of the pod"
is "$("$slugctl" -o json claims | jq -r --arg pod "pinned-$host" '.claims[] | select(.pod == $pod) |
  [.state, (.split | .local.maxBytes, .remote.maxBytes), (.chunks | length)] | join(" ")')" \
  "CLAIM_STATE_ACTIVE $((256 << 20)) $((256 << 20)) 4" "a part of its memory limit is remote, and the rest is local"
"$slugctl" claims | sed 's/^/# | /'

manifest large "{memory: 512Mi, $resource: 99}" x:16
wait_long has_status large Failed
contains "$(status_of large)" "$resource" "a pod that asks for more than there are is refused, and the reason names the resource"
remark "$(status_of large)"
equal "after a refusal"
is "$(chunks_of large)" 0 "who was refused has none"

manifest unlimited "{$resource: 1}" x:16
runs unlimited
equal "a pod with a chunk and no memory limit"
is "$("$slugctl" -o json claims | jq -r --arg pod "unlimited-$host" '.claims[] | select(.pod == $pod) | .state, .reason')" \
  "CLAIM_STATE_INVALID
remote chunks are a part of the memory limit, and there is none" "its claim is invalid, and says why"
"$slugctl" claims | sed 's/^/# | /'

grep '^pinned ' "$tmp/given" | cut -d' ' -f3 >"$tmp/had"
gone pinned large unlimited
equal "after pods have gone"
is "$(chunks_of pinned) $(chunks_of shared)" "0 2" "what they had is free"
manifest heir "{memory: 1Gi, $resource: $((n_chunks - 2))}" x:16
runs heir
equal "a pod that takes all that is left"
is "$(chunks_of heir)" "$((n_chunks - 2))" "it has what the others had"
gone heir shared
equal "in the end"
is "$(cat "$tmp/given")" "" "and nobody has a chunk"
done_testing
