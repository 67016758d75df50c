#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Remote memory as the kubelet counts it: which chunks there are and who has them, claiming them, what other claims take of them,
# and that restarts, crashes and other settings lose none. The kubelet is whoever asks here.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
gi=1073741824
resource=sluglab.io/remote-memory-1gi

# machine TREE [CONFIGURATION]
machine() {
  rm -rf "$root"
  "$mktree" "$1" "$root" || bail_out "cannot make a machine of $1"
  mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/sys/fs/cgroup"
  echo memory >"$root/sys/fs/cgroup/cgroup.controllers"
  printf '%s\n' "${2:-}" >"$root/etc/slug/slugd.yaml"
  serve
}

serve() {
  start_slugd --root "$root"
  ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# configure TEXT: as slugd.yaml, then a reload
configure() {
  printf '%s\n' "$1" >"$root/etc/slug/slugd.yaml"
  kill -s HUP "$slugd_pid"
}

# ask METHOD JSON: the answer, of a refusal, too
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" \
    "http://slug/slug.v1.ChunkService/$1"
}

# allocate ID...: of $resource
allocate() {
  ids=$(printf '"%s",' "$@")
  ask AllocateChunks "{\"resource\":\"$resource\",\"ids\":[${ids%,}]}"
}

# value PATH: of lines on standard input; a key that is not there is ""
value() {
  awk -v path="$1" '$1 == path { sub(/^[^ ]* /, ""); print; exit }'
}

# list: every value of it as a line "path value"
list() {
  ask ListChunks '{}' | awk -f "$here/flatten.awk"
}

# get PATH: a value of the list
get() {
  list | value "$1"
}

# counts: of the first NUMA node's chunks those that are free, claimed, short and offline
counts() {
  list | awk -v node=numaNodes.0. 'index($1, node) == 1 { n[substr($1, length(node) + 1)] = $2 }
    END { print n["free"] + 0, n["claimed"] + 0, n["short"] + 0, n["offline"] + 0 }'
}

# ids STATE: of all chunks in that state
ids() {
  list | awk -v state="CHUNK_STATE_$1" '$1 ~ /^chunks[.][0-9]+[.]id$/ { id = $2 } $1 ~ /^chunks[.][0-9]+[.]state$/ && $2 == state { print id }' |
    tr '\n' ' '
}

# holder ID: the pod of whoever has it
holder() {
  list | awk -v id="$1" '$1 ~ /^chunks[.][0-9]+[.]id$/ { is_it = $2 == id } is_it && $1 ~ /podUid$/ { print $2 }'
}

condition() {
  ctl describe-node | sed -n 's/^  ChunksAdvertised *//p' | tr -s ' ' | cut -d ' ' -f 1-2
}

said() {
  grep -a -c "$1" "$tmp/slugd.log"
}

# Conditions, for wait_until

has_counts() {
  [ "$(counts)" = "$1" ]
}
has_value() {
  [ "$(get "$1")" = "$2" ]
}
has_said() {
  [ "$(said "$1")" -ge 1 ]
}
is_told() {
  [ "$(grep -a -o '"chunkBytes":' "$tmp/watch" | wc -l)" -ge "$1" ]
}

# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(ask ListChunks '{}')" "$(tail -n 5 "$tmp/slugd.log")"
  fi
}

# What there is

machine "$machines/cxl-remote.tree"
is "$(get state)" CHUNKS_STATE_ADVERTISED "16Gi of remote memory: there are chunks"
is "$(counts)" "16 0 0 0" "as many as there are Gi"
is "$(ids FREE | cut -d ' ' -f 1,16)" "1gi-n2-0000 1gi-n2-0015" "numbered from 0"
is "$(get resources.0.name)" "$resource" "all of one resource"
is "$(get numaNodes.0.topology.0) $(get numaNodes.0.topology.1)" "0 " "near to the nearest NUMA node with CPUs"
is "$(get numaNodes.0.distances.1.distance)" 24 "the distances of all with CPUs"
is "$(get chunkBytes) $(get configuredChunkBytes)" "$gi $gi" "of the size that is configured"
is "$(condition)" "True Advertised" "the condition says so"
waits "and so does the journal" has_said "Remote memory of NUMA nodes 2 is 16 chunks of 1Gi, resource $resource"

# Claiming

printf '\000\000\000\000\002{}' >"$tmp/request"
curl --silent --no-buffer --max-time 120 --unix-socket "$sock" -H 'content-type: application/connect+json' --data-binary "@$tmp/request" \
  http://slug/slug.v1.ChunkService/WatchChunks >"$tmp/watch" &
watcher=$!
waits "whoever watches is told all at once" is_told 1

allocate 1gi-n2-0000 1gi-n2-0001 | awk -f "$here/flatten.awk" >"$tmp/answer"
is "$(value claim <"$tmp/answer")" 1gi-n2-0000 "two chunks are claimed, and their claim goes by the first"
is "$(value numaNodes.0.numaNode <"$tmp/answer") $(value numaNodes.0.bytes <"$tmp/answer")" "2 $((2 * gi))" "with their bytes"
is "$(value split.remote.minBytes <"$tmp/answer")" $((2 * gi)) "which are remote ones"
is "$(value takenOver <"$tmp/answer")" "" "taken from nobody"
is "$(ids CLAIMED)" "1gi-n2-0000 1gi-n2-0001 " "the list has them"
first=$(holder 1gi-n2-0000)
contains "$first" "unseen-" "of a pod that nobody has named"
waits "whoever watches is told" is_told 2
contains "$(ctl claims --chunk 1gi-n2-0001)" "pending" "the claim is pending"
contains "$(ctl explain claim 1gi-n2-0001)" "NUMA nodes 2" "and explained by any of its chunks"
contains "$(ctl chunks -o wide | grep 1gi-n2-0001)" "$first (not named yet)" "slugctl lists who has it"
contains "$(ctl describe-node | sed -n '/^Chunks:/,/^[A-Z]/p')" "$resource" "describe-node has a section for chunks"

ctl allocate near --local 1Gi >/dev/null
ctl release near >/dev/null
contains "$(allocate 1gi-n2-0001 1gi-n2-0002)" '"takenOver":1' "a chunk that is claimed is taken over"
waits "whoever watches is told of that" is_told 3
is "$(grep -a -o '"chunkBytes":' "$tmp/watch" | wc -l)" 3 "and of claims that took no remote memory nothing"
is "$(counts)" "13 3 0 0" "three are claimed then"
is "$(holder 1gi-n2-0000)" "$first" "what was not taken stays where it was"
case $(holder 1gi-n2-0001) in
  "$first" | "") not_ok "what was taken has another holder" "$(ask ListChunks '{}')" ;;
  *) ok "what was taken has another holder" ;;
esac
contains "$(ctl claims --chunk 1gi-n2-0000)" "releasing" "the rest of the claim it was taken from is being released"

# refused CODE TEXT NAME ANSWER
refused() {
  contains "$4" "\"code\":\"$1\"" "$3: refused"
  contains "$4" "$2" "$3: says why"
}
refused invalid_argument "chunk" "no chunks" "$(ask AllocateChunks "{\"resource\":\"$resource\",\"ids\":[]}")"
refused invalid_argument "1gi-n2-0005" "a chunk twice" "$(allocate 1gi-n2-0005 1gi-n2-0005)"
refused invalid_argument "no-chunk" "no chunk's name" "$(allocate no-chunk)"
refused invalid_argument "2gi-n2-0000" "a chunk of another resource" "$(allocate 2gi-n2-0000)"
refused not_found "1gi-n2-0099" "a chunk that is not there" "$(allocate 1gi-n2-0099)"
is "$(counts)" "13 3 0 0" "what was refused changed nothing"

# A report names the container that has them, and one that has none

uid=11111111-2222-4333-8444-555555555555
id=$(printf '%064d' 1)
cgroup=kubepods/pod$uid/$id
mkdir -p "$root/sys/fs/cgroup/$cgroup"
for folder in kubepods "kubepods/pod$uid" "$cgroup"; do
  printf '0\n' >"$root/sys/fs/cgroup/$folder/memory.current"
  printf 'populated 1\nfrozen 0\n' >"$root/sys/fs/cgroup/$folder/cgroup.events"
done
# report SEQUENCE DEVICES [MORE]: of a static pod whose container asks for two chunks
report() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "{\"reporter\":\"one\",
    \"sequence\":\"$1\",\"settled\":true,\"ledgerGeneration\":\"$(get ledgerGeneration)\",
    \"sources\":[{\"name\":\"runtime\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"},
      {\"name\":\"pod-resources\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"}],
    \"pods\":[{\"uid\":\"$uid\",\"namespace\":\"default\",\"name\":\"db\",\"isStatic\":true,\"sandbox\":\"SANDBOX_STATE_READY\",
      \"listedByKubelet\":true,\"containers\":[{\"name\":\"app\",\"id\":\"$id\",\"cgroup\":\"$cgroup\",
      \"state\":\"REPORTED_CONTAINER_STATE_RUNNING\",\"requestedChunks\":[{\"resource\":\"$resource\",\"n\":\"2\"}],
      \"resources\":{\"requests\":{\"memory\":\"4Gi\"},\"limits\":{\"memory\":\"4Gi\"}}$2}]}]${3-}}" \
    http://slug/slug.v1.PodService/ReportPods
}
is_held_by() {
  [ "$(holder "$1")" = "$2" ]
}
contains "$(report 1 '')" '"taken":true' "a report of a container that runs without its chunks is taken"
contains "$(ctl doctor)" "PodWithoutChunks" "doctor finds it"
contains "$(ctl doctor)" "container 'app' asks for 2 of $resource and runs without any" "and says what it lacks"
contains "$(report 2 ",\"devices\":[{\"resource\":\"$resource\",\"ids\":[\"1gi-n2-0001\",\"1gi-n2-0002\"]}]")" '"taken":true' "then one that has them"
waits "its claim has found it" is_held_by 1gi-n2-0001 "$uid"
is "$(ctl doctor | grep -c PodWithoutChunks)" 0 "and doctor has nothing to say"
missing=",\"missingStaticPods\":[{\"namespace\":\"default\",\"name\":\"web\",\"file\":\"/m/web.yaml\",
  \"requested\":[{\"resource\":\"$resource\",\"n\":\"3\"}]}]"
devices=",\"devices\":[{\"resource\":\"$resource\",\"ids\":[\"1gi-n2-0001\",\"1gi-n2-0002\"]}]"
contains "$(report 3 "$devices" "$missing")" '"taken":true' "a report of a static pod that the kubelet does not have is taken"
contains "$(ctl doctor)" "StaticPodMissing" "doctor finds it"
contains "$(ctl doctor)" "static pod 'default/web' asks for 3 of $resource" "and says what it asks for"
contains "$(ctl doctor)" "move /m/web.yaml out of the kubelet's staticPodPath, and back" "and how it is tried again"
contains "$(report 4 "$devices")" '"taken":true' "then one in which none is missing"
is "$(ctl doctor | grep -c StaticPodMissing)" 0 "and doctor has nothing to say"
contains "$(ctl chunks -o wide | grep 1gi-n2-0002)" "app" "slugctl lists the container"
contains "$(ctl explain claim 1gi-n2-0002)" "db" "and explains its claim"

# Over-commit

ctl allocate big --remote 10Gi >/dev/null
is "$?" 0 "other claims take 10Gi"
is "$(counts)" "3 3 10 0" "as many chunks are short, and none that is claimed"
is "$(ids SHORT | cut -d ' ' -f 1,10)" "1gi-n2-0006 1gi-n2-0015" "those with the highest numbers"
is "$(condition)" "True SomeWithheld" "the condition says so"
refused failed_precondition "1gi-n2-0015" "a chunk that is short" "$(allocate 1gi-n2-0015)"
ctl release big >/dev/null
is "$(counts)" "13 3 0 0" "when they give it back all are free again"
kill "$watcher"
wait "$watcher" 2>/dev/null

# Restarts

before=$(ids CLAIMED)$(holder 1gi-n2-0000)$(holder 1gi-n2-0002)
stop_slugd TERM
serve
is "$(ids CLAIMED)$(holder 1gi-n2-0000)$(holder 1gi-n2-0002)" "$before" "a restart keeps who has what"
contains "$(allocate 1gi-n2-0007)" '"claim":"1gi-n2-0007"' "a claim is answered"
before=$(ids CLAIMED)$(holder 1gi-n2-0007)
stop_slugd KILL
serve
is "$(ids CLAIMED)$(holder 1gi-n2-0007)" "$before" "and what was answered survives kill -9"

# Another size

configure 'chunks: {size: 2Gi}'
waits "another size is known at once" has_value configuredChunkBytes $((2 * gi))
is "$(get chunkBytes)" "$gi" "and does not count while claims have chunks"
is "$(counts)" "12 4 0 0" "nothing happens to them"
is "$(condition)" "False HeldBack" "the condition says so"
contains "$(ctl doctor)" "ChunksHeldBack" "and doctor"
waits "and the journal" has_said "Chunks for the kubelet: chunks stay 1Gi"
contains "$(allocate 1gi-n2-0008)" '"claim":"1gi-n2-0008"' "chunks of the size before can still be claimed"
for id in 1gi-n2-0000 1gi-n2-0001 1gi-n2-0007 1gi-n2-0008; do
  ctl release "$id" >/dev/null || not_ok "$id is released"
done
waits "when the last is gone, the new size counts" has_value chunkBytes $((2 * gi))
is "$(counts)" "8 0 0 0" "there are half as many"
is "$(get resources.0.name) $(get chunks.0.id)" "sluglab.io/remote-memory-2gi 2gi-n2-0000" "of another resource"
is "$(condition)" "True Advertised" "and the condition is good"
configure 'chunks: {size: 2Gi, resources: numa-node, topology: none, preferred: spread, grace: 1m}'
waits "a resource for each NUMA node" has_value resources.0.name sluglab.io/remote-memory-2gi-numa2
is "$(get resources.0.numaNode) $(get chunks.0.id)" "2 2gi-numa2-0000" "which the ids tell, too"
is "$(get topology) $(get preference) $(get graceMs)" "CHUNK_TOPOLOGY_NONE CHUNK_PREFERENCE_SPREAD 60000" "the other settings are passed on"
is "$(get numaNodes.0.topology.0)" "" "and the kubelet is told of no NUMA node"
stop_slugd TERM

# Too many, too large, none

sed 's/kb=16777216/kb=1073741824/' "$machines/cxl-remote.tree" >"$tmp/large.tree"
machine "$tmp/large.tree" 'chunks: {size: 64Mi}'
is "$(get state)" CHUNKS_STATE_TOO_MANY "a small size on a large machine: there are too many"
is "$(get chunks.0.id)" "" "none is listed"
contains "$(get problem)" "128Mi" "a size that fits is told"
is "$(condition)" "False TooMany" "the condition says so"
contains "$(ctl doctor)" "chunks: {size: 128Mi}" "doctor has the line that mends it"
contains "$(ctl chunks)" "which is what the kubelet can be told of: no chunks" "slugctl says why there are none"
configure 'chunks: {size: 128Mi}'
waits "which then does it" has_value state CHUNKS_STATE_ADVERTISED
stop_slugd TERM

sed 's/kb=16777216/kb=1048576/' "$machines/cxl-remote.tree" >"$tmp/small.tree"
machine "$tmp/small.tree" 'chunks: {size: 2Gi}'
is "$(get state)" CHUNKS_STATE_NONE "less remote memory than a chunk: there are none"
is "$(condition)" "False LessThanAChunk" "the condition says so"
contains "$(ctl doctor)" "chunks: {size: 1Gi}" "doctor has the size that fits"
stop_slugd TERM

machine "$machines/two-nodes.tree"
is "$(get state)" CHUNKS_STATE_NONE "without remote memory there are none"
is "$(condition)" "True NoRemoteMemory" "which is good"
is "$(ctl describe-node | grep -c '^Chunks:')" 0 "and nothing more is said of it"
waits "but in the journal" has_said "Chunks for the kubelet: there is no remote memory"
kill -s HUP "$slugd_pid"
waits "when it is read again" has_said "The configuration was read again"
is "$(said "Chunks for the kubelet")" 1 "it is not said again"
stop_slugd TERM

# Before it is known what pods hold

machine "$machines/cxl-remote.tree" 'chunks: {size: 1Gi}'
contains "$(allocate 1gi-n2-0000)" '"claim"' "with a known tree of cgroups chunks are claimed"
stop_slugd TERM
kubepods=$root/sys/fs/cgroup/kubepods
i=0
while [ $i -lt 65 ]; do
  mkdir -p "$kubepods/besteffort/what$i"
  i=$((i + 1))
done
serve
is "$(get state)" CHUNKS_STATE_WAITING "with more cgroups than slugd reads nobody knows what is free"
is "$(get chunks.0.id)" "" "and no chunk is listed"
refused unavailable "nothing new is promised" "then a chunk" "$(allocate 1gi-n2-0003)"
contains "$(condition)" "Unknown Waiting" "the condition says so"
rm -rf "$kubepods"
waits "when that is over, they are" has_counts "15 1 0 0"
stop_slugd TERM

# Who may

if [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
  skip "a reader" "only root can be somebody else"
  done_testing
fi
machine "$machines/cxl-remote.tree" 'roles: {reader: {users: [65534]}, claimer: {users: [65533]}}'
chmod 711 "$tmp"
chmod 666 "$sock"
as() {
  setpriv --reuid "$1" --regid 65534 --clear-groups curl --silent --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' \
    -d "$3" "http://slug/slug.v1.ChunkService/$2"
}
one="{\"resource\":\"$resource\",\"ids\":[\"1gi-n2-0003\"]}"
contains "$(as 65534 ListChunks '{}')" '"chunkBytes"' "a reader lists chunks"
contains "$(as 65534 AllocateChunks "$one")" '"code":"permission_denied"' "a reader claims none"
contains "$(as 65533 AllocateChunks "$one")" '"claim":"1gi-n2-0003"' "a claimer does"
contains "$(as 65532 ListChunks '{}')" '"code":"permission_denied"' "somebody else sees nothing"
stop_slugd TERM
is "$slugd_status" 0 "slugd stops as asked, at the end"
done_testing
