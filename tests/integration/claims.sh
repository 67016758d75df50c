#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Claims, as people and as a kubelet make them, on several machines: which NUMA nodes, how many bytes, who may, and what is said.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
gi=1073741824

# machine NAME: a slugd for it, with a ledger
machine() {
  rm -rf "$tmp/root"
  "$mktree" "$machines/$1.tree" "$tmp/root" || bail_out "cannot make $1"
  mkdir -p "$tmp/root/var/lib/slug" "$tmp/root/etc/slug"
  printf '%s\n' "${2:-}" >"$tmp/root/etc/slug/slugd.yaml"
  start_slugd --root "$tmp/root"
  ctl claims >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# ask METHOD JSON: the answer, of a refusal, too
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" \
    "http://slug/slug.v1.MemoryManagerService/$1"
}

# of OUTPUT FIELD: the rest of the line that begins with it
of() {
  printf '%s\n' "$1" | sed -n "s/^$2: *//p" | head -n 1
}

# refused NAME PART COMMAND...: ends with 1 and says so
refused() {
  name=$1
  part=$2
  shift 2
  "$@" >"$tmp/out" 2>&1
  is "$?" 1 "$name: exit status"
  contains "$(cat "$tmp/out")" "$part" "$name: says why"
}

# free NODE: bytes of plain memory
free() {
  ctl -o json claims | awk -f "$here/flatten.awk" | awk -v n="numaNodes.$1.memory.0.freeBytes" '$1 == n { print $2; found = 1 } END { if (!found) print 0 }'
}

# Two local NUMA nodes

machine two-nodes
is "$(ctl hints --local 2Gi | sed 1,2d | tr -s ' ')" "0 yes 1.00x 0:2Gi 0
1 yes 1.00x 1:2Gi 1" "two-nodes: hints"
out=$(ctl allocate a --local 1Gi)
is "$(of "$out" 'NUMA Nodes')" 0 "two-nodes: the first claim lies on the first NUMA node"
is "$(of "$out" Placement)" "0:1Gi" "two-nodes: all of it"
is "$(free 0)" $((33557159936 - gi)) "two-nodes: what is free there is less by so much"
is "$(free 1)" 33761386496 "two-nodes: and not elsewhere"
out=$(ctl allocate a --local 5Gi)
contains "$out" "It was claimed already" "two-nodes: a name that has a claim keeps it"
is "$(of "$out" Local)" 1Gi "two-nodes: also when more is asked"
is "$(of "$(ctl allocate far --local 2Gi --numa-nodes 1)" Placement)" "1:2Gi" "two-nodes: from where it is wanted"
is "$(of "$(ctl allocate wide --local 40Gi)" Placement)" "0:31722088Ki, 1:10220952Ki" "two-nodes: what no NUMA node has alone comes from both"
is "$(($(free 0) + $(free 1)))" $((33557159936 + 33761386496 - 43 * gi)) "two-nodes: the sum is exact"
refused "two-nodes: too much" "NUMA nodes 0-1 together lack 6769639424 bytes (6.30 GiB) of memory: 27917287424 asked, 21147648000 free" \
  ctl allocate more --local 26Gi
refused "two-nodes: too much of one" "NUMA node 0 lacks" ctl allocate more --local 1Gi --numa-nodes 0
refused "two-nodes: remote memory" "no NUMA node that may be used is remote" ctl allocate more --remote 1Gi
is "$(ctl claims | tail -n 1)" "3 claims: local 43Gi, remote 0" "two-nodes: the sum under the table"
is "$(ctl describe-node | awk '/^  (0|1) .*dram/ { print $10 }' | tr '\n' ' ')" "32770664Ki 12318104Ki " "two-nodes: describe-node has what is claimed"
contains "$(ctl explain claim far | head -n 1)" "2147483648 bytes (2.00 GiB) on NUMA nodes 1" "two-nodes: a claim is explained"
contains "$(ctl release far)" "Released:" "two-nodes: a claim is given back"
ctl release far >/dev/null 2>&1
is "$?" 1 "two-nodes: once"
ctl release wide >/dev/null
ctl release a >/dev/null
is "$(free 0) $(free 1)" "33557159936 33761386496" "two-nodes: and everything is free again"
is "$(ctl claims)" "No claims" "two-nodes: nothing is left"
stop_slugd TERM

# Remote memory

machine cxl-remote
out=$(ctl allocate a --local 4Gi --remote 8Gi..12Gi)
is "$(of "$out" Placement)" "0:4Gi, 2:8Gi" "cxl-remote: a split claim lies on both"
is "$(of "$out" Split)" "local=4Gi,remote=8Gi..12Gi" "cxl-remote: with its ceiling"
refused "cxl-remote: too much" "NUMA node 2 lacks 1073741824 bytes (1.00 GiB) of memory: 9663676416 asked, 8589934592 free" ctl allocate b --remote 9Gi
is "$(ctl hints --local 31Gi --remote 4Gi | sed 1,2d | awk '{ print $1, $2, $4, $5 }')" "1-2 yes 1:31Gi, 2:4Gi" "cxl-remote: hints of a split"
is "$(ctl describe-node | awk '$1 == "2" { print $2, $3, $10 }')" "cxl remote 8Gi" "cxl-remote: describe-node has what is claimed"
contains "$(ctl describe-node | grep 'memory (remote) ' | tr -s ' ')" "8Gi (50%) 12Gi (75%)" "cxl-remote: and the ceiling among the limits"
printf '%s\n' 'kind: Pod' 'metadata: {name: one, annotations: {memory.sluglab.io/container.c: "local=1Gi,remote=6Gi"}}' \
  'spec: {containers: [{name: c, resources: {limits: {memory: 7Gi, cpu: 1}}}]}' --- \
  'kind: Pod' 'metadata: {name: two, annotations: {memory.sluglab.io/container.c: "local=1Gi,remote=6Gi"}}' \
  'spec: {containers: [{name: c, resources: {limits: {memory: 7Gi, cpu: 1}}}]}' >"$tmp/pods.yaml"
is "$(ctl simulate "$tmp/pods.yaml" | awk '$1 ~ /^default/ { print $1, $2, $3, $4, $5 }')" "default/one yes 0,2 1Gi 6Gi
default/two no <none> 0 0" "cxl-remote: of two pods one fits beside the claim"
contains "$(ctl simulate "$tmp/pods.yaml")" "NUMA node 2 lacks 4294967296 bytes" "cxl-remote: and what the other lacks is told"
is "$(ctl claims | tail -n 1)" "1 claim: local 4Gi, remote 8Gi" "cxl-remote: simulating claims nothing"
stop_slugd TERM

machine hmat-tiers
is "$(of "$(ctl allocate a --remote 10Gi)" Placement)" "2:10Gi" "hmat-tiers: the faster of two remote NUMA nodes"
is "$(of "$(ctl allocate b --remote 10Gi)" Placement)" "3:10Gi" "hmat-tiers: then the slower one"
is "$(of "$(ctl allocate c --remote 10Gi)" Placement)" "2:6Gi, 3:4Gi" "hmat-tiers: then what is left of both"
refused "hmat-tiers: then nothing" "NUMA nodes 2-3 together lack 8589934592 bytes (8.00 GiB) of memory: 10737418240 asked, 2147483648 free" \
  ctl allocate d --remote 10Gi
stop_slugd TERM

# Memory that nobody knows, and huge pages

machine cpuless-no-evidence
refused "cpuless-no-evidence: no remote memory" "no NUMA node that may be used is remote" ctl allocate a --remote 1Gi
refused "cpuless-no-evidence: excluded memory counts for nothing" "NUMA node 0 lacks" ctl allocate a --local 40Gi
stop_slugd TERM
machine cpuless-no-evidence 'classify: [{numaNode: 1, locality: remote}]'
is "$(of "$(ctl allocate a --remote 1Gi)" Placement)" "1:1Gi" "cpuless-no-evidence: once adopted, it is used"
stop_slugd TERM

machine hugepages-one-node
pages='"pod":{"uid":"u","name":"p","containers":[{"name":"c","resources":{"requests":{"memory":"1Gi","cpu":"1","hugepages-2Mi":"512Mi"},"limits":{"memory":"1Gi","cpu":"1","hugepages-2Mi":"512Mi"}}}]}'
answer=$(ask Allocate "{$pages,\"container\":\"c\"}")
contains "$answer" '"type":"hugepages-2Mi","numaNodes":"1","sizeBytes":"536870912"' "hugepages-one-node: huge pages from where they are"
contains "$answer" '"type":"memory","numaNodes":"1","sizeBytes":"1073741824"' "hugepages-one-node: and memory beside them"
contains "$(ask Allocate "{$(echo "$pages" | sed 's/"u"/"v"/; s/512Mi/768Mi/g'),\"container\":\"c\"}")" \
  'lack 268435456 bytes (256.00 MiB) of hugepages-2Mi' "hugepages-one-node: a refusal names the page size"
stop_slugd TERM

# As a kubelet: the life of a pod

machine two-nodes
amount() {
  printf '"resources":{"requests":{"memory":"%s","cpu":"1"},"limits":{"memory":"%s","cpu":"1"}}' "$1" "$1"
}
pod="\"pod\":{\"uid\":\"u1\",\"namespace\":\"n\",\"name\":\"p\",\"initContainers\":[{\"name\":\"i\",$(amount 3Gi)}],\"containers\":[{\"name\":\"c\",$(amount 2Gi)},{\"name\":\"d\",$(amount 1Gi)}]}"
contains "$(ask GetTopologyHints "{$pod,\"container\":\"c\"}")" '"resource":"memory","hints":[{"numaNodes":"0","mask":"1","preferred":true' "a pod: hints"
contains "$(ask GetTopologyHints "{$pod,\"container\":\"c\",\"mode\":\"HINT_MODE_KUBELET\"}")" \
  '"hints":[{"numaNodes":"0","mask":"1","preferred":true},{"numaNodes":"1","mask":"2","preferred":true},{"numaNodes":"0-1","mask":"3"}]' "a pod: hints of the kubelet's policy"
contains "$(ask Allocate "{$pod,\"container\":\"i\",\"affinity\":{\"numaNodes\":\"1\",\"preferred\":true}}")" '"numaNodes":"1","sizeBytes":"3221225472"' "a pod: its init container"
contains "$(ask Allocate "{$pod,\"container\":\"c\",\"affinity\":{\"numaNodes\":\"1\",\"preferred\":true}}")" '"state":"CLAIM_STATE_PENDING"' "a pod: its container"
contains "$(ask Allocate "{$pod,\"container\":\"c\"}")" '"existed":true' "a pod: asked twice is claimed once"
ask Allocate "{$pod,\"container\":\"d\",\"affinity\":{\"numaNodes\":\"1\",\"preferred\":true}}" >/dev/null
is "$(ask GetMemoryNUMANodes '{"podUid":"u1","container":"c"}')" '{"numaNodes":"1"}' "a pod: what belongs into cpuset.mems"
before=$(ask GetState '{}' | value_of generation)
contains "$(ask AddContainer "{$pod,\"container\":\"c\",\"containerId\":\"containerd://77\"}")" '"state":"CLAIM_STATE_ACTIVE"' "a pod: its container exists"
is "$(ask GetMemoryNUMANodes '{"podUid":"u1","container":"i"}')" '{}' "a pod: init containers have run by then"
since=$(ask GetState "{\"afterGeneration\":\"$before\"}")
contains "$since" "\"dropped\":[{\"podUid\":\"u1\",\"container\":\"i\",\"generation\":\"$((before + 1))\"}]" "a pod: who asks for changes sees what went"
is "$(printf '%s\n' "$since" | grep -o '"containerId":"[^"]*"')" '"containerId":"containerd://77"' "a pod: and what changed"
is "$(printf '%s\n' "$since" | grep -o '"podUid":"u1"' | wc -l | tr -d ' ')" 2 "a pod: and nothing else"
contains "$(ask RemoveContainer '{"containerId":"containerd://77"}')" '"released":[{"podUid":"u1","container":"c"' "a pod: its container is gone"
is "$(ask RemoveContainer '{"containerId":"containerd://77"}')" '{}' "a pod: one that is not known is no error"
contains "$(ask GetTopologyHints "{$pod,\"container\":\"c\",\"activePods\":{\"pods\":[]}}")" '"hints"' "a pod: hints with the pods that are active"
is "$(ask GetState '{}' | value_of claimsTotal)" "" "a pod: whatever is not active goes first"
is "$(free 1)" 33761386496 "a pod: and its bytes with it"
whole="\"pod\":{\"uid\":\"u2\",\"namespace\":\"n\",\"name\":\"whole\",$(amount 4Gi),\"containers\":[{\"name\":\"c\",$(amount 1Gi)},{\"name\":\"d\"}]}"
contains "$(ask AllocatePod "{$whole}")" '"numaNodes":"0","sizeBytes":"4294967296"' "a pod as a whole"
is "$(free 0)" $((33557159936 - 4 * gi)) "a pod as a whole: is counted once"
contains "$(ask RemoveContainer '{"podUid":"u2"}')" '"released"' "a pod as a whole: goes as one"
is "$(free 0)" 33557159936 "a pod as a whole: with all its bytes"

# What is no request
contains "$(ask Allocate '{}')" '"code":"invalid_argument"' "no pod"
contains "$(ask Allocate "{$pod,\"container\":\"x\"}")" "has no container 'x'" "no such container"
contains "$(ask Allocate "{$(echo "$pod" | sed 's/2Gi/2GB/g'),\"container\":\"c\"}")" '"code":"invalid_argument"' "no quantity"
contains "$(ask Allocate "{$pod,\"container\":\"c\",\"affinity\":{\"numaNodes\":\"7\"}}")" '"code":' "no such NUMA node"
contains "$(ask RemoveContainer '{}')" "names neither a container_id nor a pod_uid nor a chunk" "nothing to remove"
is "$(ask GetState '{}' | value_of claimsTotal)" "" "and nothing was claimed by any of that"
stop_slugd TERM

# Who may

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
  skip "a reader" "only root can be somebody else"
  done_testing
fi
machine two-nodes 'roles: {reader: {users: [65534]}, claimer: {users: [65533]}}'
chmod 711 "$tmp"
chmod 666 "$sock"
as() {
  user=$1
  shift
  setpriv --reuid "$user" --regid 65534 --clear-groups curl --silent --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' \
    -d "$2" "http://slug/slug.v1.MemoryManagerService/$1"
}
contains "$(as 65534 GetState '{}')" '"health"' "a reader sees the state"
contains "$(as 65534 GetTopologyHints "{$pod,\"container\":\"c\"}")" '"hints"' "a reader gets hints"
contains "$(as 65534 GetTopologyHints "{$pod,\"container\":\"c\",\"activePods\":{}}")" '"code":"permission_denied"' "a reader lets no claims go by active_pods"
for method in Allocate AllocatePod AddContainer RemoveContainer ImportClaims; do
  contains "$(as 65534 $method "{}")" '"code":"permission_denied"' "a reader and $method"
done
contains "$(as 65533 Allocate "{$pod,\"container\":\"c\"}")" '"claim"' "a claimer allocates"
contains "$(as 65533 ImportClaims '{}')" '"code":"permission_denied"' "a claimer does not import"
contains "$(as 65532 GetState '{}')" '"code":"permission_denied"' "somebody else sees nothing"
is "$(ask GetState '{}' | value_of claimsTotal)" 1 "only the claimer's is there"
stop_slugd TERM
is "$slugd_status" 0 "slugd stops as asked"
done_testing
