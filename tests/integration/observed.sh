#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a pod holds without having asked: it is free for nobody else, no obstacle to the pod itself, and no promise.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
gi=1073741824
free_0=33557159936 # of NUMA node 0 of the machine, when nothing is claimed
free_1=33761386496
head='555dc440 {"version":1,"boot":"6a3f","created":1767225600000000}'
# pod shop/old with the uid u9: 30Gi of NUMA node 0, 1Gi of NUMA node 1
old='26138dd5 {"put":[{"uid":"u9","ns":"shop","pod":"old","qos":"Burstable","state":"observed","source":"observed","blocks":[{"nodes":"0-1","page":0,"parts":[[0,32212254720],[1,1073741824]]}],"reason":"usage","created":1767225600000000}]}'
# pod shop/big: 40Gi of NUMA node 0, which has less
big='292b088b {"put":[{"uid":"u8","ns":"shop","pod":"big","qos":"BestEffort","state":"observed","source":"observed","blocks":[{"nodes":"0","page":0,"parts":[[0,42949672960]]}],"reason":"usage"}]}'

# cgroup NAME BYTES_0 BYTES_1: of a pod that runs, with so much on the NUMA nodes
cgroup() {
  path=$tmp/root/sys/fs/cgroup/kubepods/$1
  mkdir -p "$path"
  echo memory >"$tmp/root/sys/fs/cgroup/cgroup.controllers"
  printf '%s\n' $(($2 + $3)) >"$path/memory.current"
  echo max >"$path/memory.max"
  printf 'anon N0=%s N1=%s\n' "$2" "$3" >"$path/memory.numa_stat"
  printf 'populated 1\n' >"$path/cgroup.events"
}

# machine BOOT POD BYTES_0 BYTES_1: a slugd that has seen this pod, in that boot, and sees it again
machine() {
  rm -rf "$tmp/root"
  "$mktree" "$machines/two-nodes.tree" "$tmp/root" || bail_out "cannot make a machine"
  mkdir -p "$tmp/root/var/lib/slug" "$tmp/root/proc/sys/kernel/random"
  printf '%s\n' "$1" >"$tmp/root/proc/sys/kernel/random/boot_id"
  cgroup "$2" "$3" "$4"
  printf '%s\n' "$head" "$old" >"$tmp/root/var/lib/slug/ledger.log"
  start_slugd --root "$tmp/root"
  ctl claims >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# ask METHOD JSON: the answer, of a refusal, too
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" \
    "http://slug/slug.v1.MemoryManagerService/$1"
}

# pod UID SIZE: a Guaranteed one with container c
pod() {
  amount="{\"memory\":\"$2\",\"cpu\":\"1\"}"
  printf '"pod":{"uid":"%s","namespace":"shop","name":"p-%s","containers":[{"name":"c","resources":{"requests":%s,"limits":%s}}]}' \
    "$1" "$1" "$amount" "$amount"
}

# bytes NODE FIELD: of plain memory
bytes() {
  ctl -o json claims | awk -f "$here/flatten.awk" | awk -v n="numaNodes.$1.memory.0.$2" '$1 == n { print $2; found = 1 } END { if (!found) print 0 }'
}

# line CONTAINER: of the table, for that pod
line() {
  ctl claims | tr -s ' ' | grep "^shop old $1 "
}

# Shown

machine 6a3f burstable/podu9 $((30 * gi)) $gi
is "$(line '(pod)')" "shop old (pod) observed observed 31Gi 0 - 0-1" "it is in the list"
contains "$(ctl claims)" "shop/old is observed: usage" "and by what it was seen"
is "$(bytes 0 claimedBytes) $(bytes 0 observedBytes)" "$((30 * gi)) $((30 * gi))" "it is claimed, and observed"
is "$(bytes 0 freeBytes) $(bytes 1 freeBytes)" "$((free_0 - 30 * gi)) $((free_1 - gi))" "what is free is less by it"
contains "$(ctl -o wide describe-node)" "  Observed  " "describe-node has it when it is wide"
is "$(ctl -o json describe-node | value_of observedBytes | head -n 1)" "$((30 * gi))" "and as JSON"
contains "$(curl --silent --unix-socket "$sock" http://slug/metrics)" \
  "slug_numa_node_observed_bytes{numa_node=\"0\",page_size_bytes=\"0\"} $((30 * gi))" "it is a metric"
contains "$(ctl explain claim u9/)" "observed" "it is explained"
is "$(ask GetMemoryNUMANodes '{"podUid":"u9"}')" '{}' "it binds nobody to NUMA nodes"
is "$(ask GetState '{}' | grep -o '"group":"[^"]*"' | tr '\n' ' ')" '"group":"0" "group":"1" ' "nor NUMA nodes to each other"

# Another pod

contains "$(ask Allocate "{$(pod u1 4Gi),\"container\":\"c\",\"affinity\":{\"numaNodes\":\"0\",\"preferred\":true}}")" \
  '"code":"resource_exhausted"' "another pod is refused what it holds"
contains "$(ask GetTopologyHints "{$(pod u1 4Gi),\"container\":\"c\",\"mode\":\"HINT_MODE_KUBELET\"}")" \
  '"hints":[{"numaNodes":"1","mask":"2","preferred":true},{"numaNodes":"0-1","mask":"3"}]' "another pod has hints around it"
contains "$(ask Explain "{\"hints\":{$(pod u1 4Gi),\"container\":\"c\"}}")" '"numaNodes":"0","verdict":"alone it lacks 2950062080 bytes' "another pod is told why"

# The pod itself

contains "$(ask GetTopologyHints "{$(pod u9 20Gi),\"container\":\"c\"}")" '"hints":[{"numaNodes":"0"' "it has hints where it is"
contains "$(ask GetTopologyHints "{$(pod u9 20Gi),\"container\":\"c\",\"mode\":\"HINT_MODE_KUBELET\"}")" \
  '"hints":[{"numaNodes":"0","mask":"1","preferred":true},' "and the kubelet's policy has them, too"
contains "$(ask GetPodTopologyHints "{$(pod u9 20Gi)}")" '"hints":[{"numaNodes":"0"' "and as a whole"
contains "$(ask Explain "{\"hints\":{$(pod u9 20Gi),\"container\":\"c\"}}")" '"summary":"NUMA nodes 0 would be taken"' "it is explained so"
itself=$(pod u9 20Gi | sed 's/^"pod":{//')
contains "$(ask Simulate "{\"pods\":[{$itself]}")" '"fits":true' "it would fit"
contains "$(ask Simulate "{\"pods\":[{$(pod u9 200Gi | sed 's/^"pod":{//'),{$itself]}")" '"fitCount":1' "one that does not fit keeps what it holds"
is "$(bytes 0 observedBytes)" "$((30 * gi))" "and nothing of that changed anything"
is "$(ask Allocate "{$(pod u9 20Gi),\"container\":\"c\"}" | grep -o '"placement":\[[^]]*\]')" \
  "\"placement\":[{\"bytes\":\"$((20 * gi))\"}]" "it is promised what it asks for, where it is"
is "$(bytes 0 claimedBytes) $(bytes 0 observedBytes)" "$((30 * gi)) $((10 * gi))" "and is not counted twice"
is "$(line '(pod)')" "shop old (pod) observed observed 11Gi 0 - 0-1" "the rest of it stays observed"

# Not given back

out=$(ctl release --pod-uid u9)
is "$?" 0 "what was promised is released"
contains "$out" "What shop/old holds without a promise cannot be released: slugd observes it, and it goes when the pod does" "and what was not is told"
ctl release --pod-uid u9 >"$tmp/out" 2>&1
is "$?" 1 "where nothing was promised nothing is released"
contains "$(cat "$tmp/out")" "slugd observes it" "which is said"
is "$(bytes 0 claimedBytes)" "$((10 * gi))" "and it still counts"

# Carried over

ctl allocate a --local 1Gi >/dev/null
ctl ledger export "$tmp/claims.json"
contains "$(cat "$tmp/claims.json")" '"CLAIM_STATE_OBSERVED"' "an export has it"
contains "$(ctl ledger verify "$tmp/root/var/lib/slug/ledger.log")" "good" "the log is what slugd has"
stop_slugd TERM
start_slugd --root "$tmp/root"
is "$(line '(pod)')" "shop old (pod) observed observed 31Gi 0 - 0-1" "a restart sees it as it is"
ctl release a >/dev/null
is "$(ctl ledger import "$tmp/claims.json" | tr '\n' ' ')" \
  "Imported 1 claim; 0 were there already 1 observed claim left out: slugd observes what is there itself " "an import leaves it out"
stop_slugd TERM

# Another boot

machine 7b40 burstable/podu9 $((30 * gi)) $gi
is "$(line '(pod)')" "shop old (pod) observed observed 31Gi 0 - 0-1" "after a reboot it is seen again"
is "$(bytes 0 observedBytes)" "$((30 * gi))" "and still no promise"
contains "$(ask AllocatePod "{$(pod u9 20Gi)}")" '"claims":[{"podUid":"u9"' "a promise to the whole pod takes its place"
is "$(bytes 0 claimedBytes) $(bytes 0 observedBytes)" "$((20 * gi)) 0" "and nothing of it is left"
stop_slugd TERM

# More than there is

old=$big
machine 6a3f besteffort/podu8 $((40 * gi)) 0
contains "$(ctl describe-node | tr -s ' ')" "ClaimsCovered True ObservedBeyond" "more than there is breaks no promise"
out=$(ctl explain hints --local 1Gi)
contains "$out" " too many" "but is told"
contains "$out" "  Observed  " "as what is observed"
contains "$(ctl allocate a --local 1Gi --numa-nodes 0 2>&1)" "NUMA node 0 lacks" "nothing is promised there"
is "$(ask Allocate "{$(pod u8 8Gi),\"container\":\"c\",\"affinity\":{\"numaNodes\":\"0\",\"preferred\":true}}" | grep -o '"numaNodes":"[^"]*"')" \
  '"numaNodes":"0"' "but to the pod that holds it"
is "$(bytes 0 claimedBytes)" "$((40 * gi))" "and not twice"
stop_slugd TERM

done_testing
