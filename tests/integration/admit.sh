#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What containers are given when they are created: by annotation, by chunks whose container nobody has named, and again.
# slug-nri and the kubelet are this script.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
gi=1073741824
db=11111111-2222-4333-8444-555555555555
web=99999999-2222-4333-8444-555555555555
chunk=sluglab.io/remote-memory-1gi
disk=$tmp/disk

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/sys/fs/cgroup/kubepods"
echo memory >"$root/sys/fs/cgroup/cgroup.controllers"
for file in memory.current cgroup.events; do
  echo 'populated 0' >"$root/sys/fs/cgroup/kubepods/$file"
done

serve() {
  start_slugd --root "$root"
  ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# ask SERVICE/METHOD JSON: the answer, of a refusal, too
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" "http://slug/slug.v1.$1"
}

# container UID POD NAME LIMIT ANNOTATIONS [MORE]: one of a request; annotations are JSON without braces
container() {
  printf '{"pod":{"uid":"%s","namespace":"default","name":"%s","annotations":{%s},"containers":[{"name":"%s","resources":{"limits":{"memory":"%s"}}}]},"container":"%s"%s}' \
    "$1" "$2" "$5" "$3" "$4" "$3" "${6:+,$6}"
}

# admit CONTAINER...: the answer into $tmp/answer
admit() {
  list=$(printf '%s,' "$@")
  ask EnforcementService/AdmitContainers "{\"containers\":[${list%,}]}" >"$tmp/raw"
  awk -f "$here/flatten.awk" "$tmp/raw" >"$tmp/answer"
}

# given N KEY: of the Nth placement; "" when it is not there
given() {
  awk -v path="placements.$1.$2" '$1 == path { sub(/^[^ ]* /, ""); print; exit }' "$tmp/answer"
}

n_claims() {
  ctl -o json claims | awk -f "$here/flatten.awk" | grep -c '^claims[.][0-9]*[.]podUid '
}

serve
split='"memory.sluglab.io/container.db":"local=1Gi..2Gi,remote=2Gi..3Gi"'
asked=$(container $db db db 8Gi "$split")

# Whoever asks for nothing
admit "$(container $web web web 1Gi '')"
is "$(given 0 podUid) $(given 0 container)" "$web web" "it is named"
is "$(given 0 hasClaim)$(given 0 numaNodes)$(given 0 refusal)" "" "a container that asks for nothing is left alone"
is "$(ctl claims)" "No claims" "and is promised nothing"

# By annotation
admit "$asked" "$(container $web web web 1Gi '')"
is "$(given 0 hasClaim)" true "a split by annotation is promised"
is "$(given 0 numaNodes)" "0,2" "its mask has where its claim lies"
is "$(given 0 unified.memory.low)" $((3 * gi)) "what was promised is protected"
is "$(given 0 split.local.minBytes) $(given 0 split.local.maxBytes)" "$gi $((2 * gi))" "the split: local"
is "$(given 0 split.remote.minBytes) $(given 0 split.remote.maxBytes)" "$((2 * gi)) $((3 * gi))" "the split: remote"
is "$(given 0 refusal)" "" "nothing is refused"
is "$(given 1 container)$(given 1 hasClaim)" "web" "the answers are in the order of the questions"
is "$(n_claims)" 1 "there is one claim"
contains "$(ctl claims)" "2Gi" "as people see it"
admit "$asked"
is "$(given 0 numaNodes) $(given 0 unified.memory.low)" "0,2 $((3 * gi))" "asked again it is given the same"
is "$(n_claims)" 1 "and has the claim that it had"
is "$(ctl -o json claims | grep -c CLAIM_SOURCE_MEMORY_MANAGER)" 1 "its claim is like those of the memory manager"

# A container whose annotation cannot be read or met
admit "$(container $web web web 8Gi '"memory.sluglab.io/container.web":"local=1Gi,remote=x"')"
contains "$(given 0 refusal)" "memory.sluglab.io/container.web:1:18" "an annotation that is no split: the column is said"
is "$(given 0 hasClaim)$(given 0 numaNodes)" "" "and nothing is given"
admit "$(container $web web web 1Gi '"memory.sluglab.io/container.web":"local=1Gi,remote=2Gi"')"
contains "$(given 0 refusal)" "more than the memory limit of 1Gi" "one that does not fit the limit is refused"
admit "$(container $web web web 4096Gi '"memory.sluglab.io/container.web":"remote=2048Gi"')" "$asked"
contains "$(given 0 refusal)" "NUMA node" "one that no NUMA node has room for is refused"
is "$(given 1 numaNodes)" "0,2" "and the others of the same call are not"
admit "$(container $web web 'no name' 1Gi '"memory.sluglab.io/pod":"local=1Gi"')"
contains "$(given 0 refusal)" "no name" "a pod that cannot be read is refused"
is "$(n_claims)" 1 "nothing was promised by all that"

# The pod's annotation
all='"memory.sluglab.io/pod":"local=1Gi,remote=1Gi"'
admit "$(container $web web one 8Gi "$all")" "$(container $web web two 8Gi "$all")"
is "$(given 0 hasClaim)" true "the pod's annotation is for its container"
contains "$(given 1 refusal)" "container 'one' has it" "and for one of them"
ask MemoryManagerService/RemoveContainer "{\"podUid\":\"$web\"}" >"$tmp/out"

# Chunks: the kubelet asks for them and does not say for whom
ask ChunkService/AllocateChunks "{\"resource\":\"$chunk\",\"ids\":[\"1gi-n2-0000\",\"1gi-n2-0001\"]}" >"$tmp/out"
contains "$(cat "$tmp/out")" '"claim":"1gi-n2-0000"' "chunks are claimed"
admit "$(container $web web web 6Gi '' '"claim":"1gi-n2-0000","containerId":"c1","cpus":"0"')"
is "$(given 0 hasClaim)" true "a claim that nobody was named with is found by its chunk"
is "$(given 0 split.remote.minBytes) $(given 0 split.local.maxBytes)" "$((2 * gi)) $((4 * gi))" "its split is resolved of the limit"
contains "$(given 0 numaNodes)" "2" "its mask has the remote NUMA node"
contains "$(given 0 numaNodes)" "0" "and a local one"
is "$(given 0 containerId)" c1 "the runtime's name of it comes back"
contains "$(ctl -o json claims)" '"podUid": "unseen-' "the claim stays for slug-kubelet to name"
admit "$(container $web web web 6Gi '' '"claim":"1gi-n2-0000","numaNodes":"0"')"
is "$(given 0 numaNodes)" "0,2" "local NUMA nodes that the kubelet has chosen stay"
admit "$(container $web web web 6Gi '"memory.sluglab.io/container.web":"remote=3Gi"' '"claim":"1gi-n2-0000"')"
contains "$(given 0 refusal)" "more than the chunks of 2Gi" "an annotation beyond its chunks is refused"
is "$(given 0 split.remote.minBytes)" $((2 * gi)) "and its chunks are what it has"
admit "$(container $web web web 1Gi '' '"claim":"1gi-n2-0000"')"
contains "$(given 0 refusal)" "more than the memory limit of 1Gi" "so are chunks beyond the limit"
admit "$(container $web web web 6Gi '' '"claim":"1gi-n2-0009"')"
contains "$(given 0 refusal)" "nobody has claimed the chunk '1gi-n2-0009'" "a chunk that nobody has"
is "$(given 0 hasClaim)" "" "has no claim"

# After a restart all is as it was
stop_slugd TERM
serve
admit "$asked"
is "$(given 0 numaNodes) $(given 0 unified.memory.low)" "0,2 $((3 * gi))" "a slugd that was restarted gives the same"

# Who may, and how many
big=$(awk 'BEGIN { for (i = 0; i < 4097; ++i) printf "%s{}", i ? "," : "" }')
contains "$(ask EnforcementService/AdmitContainers "{\"containers\":[$big]}")" "at most 4096" "more than 4096 are not admitted at once"
is "$(ask EnforcementService/AdmitContainers '{}' | grep -c generation)" 1 "none is no mistake"
stop_slugd TERM

# A ledger that cannot be written promises nothing, and gives what is there. The workers' syncs fail: 5 is EIO.
mkdir "$disk"
if [ "${TEST_IS_SANITIZED:-no}" = no ]; then
  BAD_DISK=$disk LD_PRELOAD=$abs_top_builddir/tests/lib/bad-disk.so
  export BAD_DISK LD_PRELOAD
  serve
  unset LD_PRELOAD
  echo 5 >"$disk/fail"
  new=$(container new new new 8Gi '"memory.sluglab.io/container.new":"local=1Gi,remote=1Gi"')
  admit "$asked" "$new"
  is "$(given 0 numaNodes) $(given 0 refusal)" "0,2 " "a disk that fails: what is there is given"
  contains "$(given 1 refusal)" "the ledger cannot be written, so nothing new is promised" "a disk that fails: nothing new is promised"
  is "$(given 1 hasClaim)$(given 1 numaNodes)$(given 1 split.local.minBytes)" "" "a disk that fails: and nothing of it given"
  is "$(ctl -o json claims | grep -c '"podUid": "new"')" 0 "a disk that fails: the claim was taken back"
  admit "$new"
  contains "$(given 0 refusal)" "the ledger cannot be written" "a disk that fails: asked again, the same"
  rm "$disk/fail"
  is_promised() {
    admit "$new" && [ "$(given 0 hasClaim)" = true ]
  }
  if wait_until is_promised; then ok "a disk that works again"; else not_ok "a disk that works again" "$(cat "$tmp/raw")"; fi
  stop_slugd TERM
else
  skip "a disk that fails" "a sanitizer build has nothing preloaded"
fi
done_testing
