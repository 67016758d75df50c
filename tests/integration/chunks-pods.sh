#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Chunks and their pods: the kubelet asks for chunks of a container that it does not name, a report names it, and whatever is
# restarted or lost in between, claims are in the end what the kubelet says. The kubelet and slug-kubelet are this script.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v curl >/dev/null || skip_all "there is no curl"
make_tmp
root=$tmp/root
boot=3b0f1a52-0000-4000-8000-000000000001
resource=sluglab.io/remote-memory-1gi
db=11111111-2222-4333-8444-555555555555
web=99999999-2222-4333-8444-555555555555
db_cgroup=kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod$(echo $db | tr - _).slice

"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"
mkdir -p "$root/var/lib/slug" "$root/etc/slug" "$root/proc/sys/kernel/random" "$root/sys/fs/cgroup"
echo "$boot" >"$root/proc/sys/kernel/random/boot_id"
echo memory >"$root/sys/fs/cgroup/cgroup.controllers"

serve() {
  start_slugd --root "$root"
  ctl describe-node >/dev/null || bail_out "slugd does not serve: $(cat "$tmp/slugd.log")"
}

# ask SERVICE/METHOD JSON: the answer, of a refusal, too
ask() {
  curl --silent --show-error --max-time 30 --unix-socket "$sock" -H 'content-type: application/json' -d "$2" "http://slug/slug.v1.$1"
}

# value PATH: of lines on standard input; a key that is not there is ""
value() {
  awk -v path="$1" '$1 == path { sub(/^[^ ]* /, ""); print; exit }'
}

# allocate ID...
allocate() {
  ids=$(printf '"%s",' "$@")
  ask ChunkService/AllocateChunks "{\"resource\":\"$resource\",\"ids\":[${ids%,}]}"
}

# claims: every one as a line "pod container state source bytes chunk..."
claims() {
  ctl -o json claims | awk -f "$here/flatten.awk" | awk '
    $1 ~ /^claims[.][0-9]+[.]/ {
      n = $1; sub(/^claims[.]/, "", n); sub(/[.].*/, "", n); if (n + 1 > count) count = n + 1
      key = $1; sub(/^claims[.][0-9]+[.]/, "", key)
      if (key ~ /^chunks[.][0-9]+$/) chunks[n] = chunks[n] " " $2
      else if (key ~ /^blocks[.][0-9]+[.]bytes$/ || key ~ /^blocks[.][0-9]+[.]sizeBytes$/) bytes[n] += $2
      else seen[n, key] = $2
    }
    END {
      for (n = 0; n < count; ++n) {
        uid = seen[n, "podUid"]; sub(/^unseen-.*/, "unseen", uid); state = seen[n, "state"]; source = seen[n, "source"]
        sub(/^CLAIM_STATE_/, "", state); sub(/^CLAIM_SOURCE_/, "", source)
        printf "%s %s %s %s %d%s\n", uid, seen[n, "container"], state, source, bytes[n] / 1073741824, chunks[n]
      }
    }'
}

# cgroup PATH POPULATED: makes one, or changes it
cgroup() {
  mkdir -p "$root/sys/fs/cgroup/$1"
  echo 0 >"$root/sys/fs/cgroup/$1/memory.current"
  echo max >"$root/sys/fs/cgroup/$1/memory.max"
  printf 'populated %s\nfrozen 0\n' "$2" >"$root/sys/fs/cgroup/$1/cgroup.events"
}

# report POD...: complete and settled, of now
sequence=0
report() {
  sequence=$((sequence + 1))
  pods=$(printf '%s,' "$@")
  known=$(ask ChunkService/ListChunks '{}' | awk -f "$here/flatten.awk" | value ledgerGeneration)
  ask PodService/ReportPods "{\"reporter\":\"${reporter:-one}\",\"sequence\":\"$sequence\",\"bootId\":\"$boot\",
    \"sources\":[{\"name\":\"runtime\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"},
      {\"name\":\"pod-resources\",\"state\":\"REPORT_SOURCE_STATE_COMPLETE\"}],
    \"ledgerGeneration\":\"${generation:-${known:-0}}\",\"settled\":${settled:-true},\"unsettledReason\":\"\",\"pods\":[${pods%,}]}" >"$tmp/reported"
}

# pod UID NAME REQUEST LIMIT ID...: of one container, which waits unless there is $running
pod() {
  uid=$1
  name=$2
  memory="{\"requests\":{\"memory\":\"$3\"},\"limits\":{\"memory\":\"$4\"}}"
  shift 4
  ids=$(printf '"%s",' "$@")
  container="\"name\":\"app\",\"resources\":$memory,\"devices\":[{\"resource\":\"$resource\",\"ids\":[${ids%,}]}]"
  sandbox=SANDBOX_STATE_UNSPECIFIED
  if [ "${running:-}" ]; then
    sandbox=SANDBOX_STATE_READY
    container="$container,\"id\":\"$running\",\"state\":\"REPORTED_CONTAINER_STATE_RUNNING\""
  fi
  printf '{"uid":"%s","namespace":"default","name":"%s","sandbox":"%s","listedByKubelet":true,"containers":[{%s}]}' \
    "$uid" "$name" "$sandbox" "$container"
}

# Conditions, for wait_until

has_claims() {
  [ "$(claims)" = "$1" ]
}
has_said() {
  grep -a -q "$1" "$tmp/slugd.log"
}

# waits NAME COMMAND...
waits() {
  name=$1
  shift
  if wait_until "$@"; then
    ok "$name"
  else
    not_ok "$name" "still not: $*" "$(claims)" "$(cat "$tmp/reported")" "$(tail -n 5 "$tmp/slugd.log")"
  fi
}

# A container is named

serve
report
allocate 1gi-n2-0000 1gi-n2-0001 >/dev/null
is "$(claims)" "unseen  PENDING DEVICE_PLUGIN 2 1gi-n2-0000 1gi-n2-0001" "chunks are claimed for nobody that is known"
generation=0 report "$(pod $db db 4Gi 6Gi 1gi-n2-0000 1gi-n2-0001)"
is "$(claims | grep -c '^unseen')" 1 "a report of before the claim does not say whose it is"
report "$(pod $db db 4Gi 6Gi 1gi-n2-0000 1gi-n2-0001)"
is "$(claims)" "$db app PENDING DEVICE_PLUGIN 4 1gi-n2-0000 1gi-n2-0001" "one of after it does: the claim is the container's, with all that it requests"
contains "$(cat "$tmp/slugd.log")" "Pod 'default/db', container 'app' has 2 chunks more, first 1gi-n2-0000, and is promised 4.00 GiB" "the journal says so"
contains "$(ask ChunkService/ListChunks '{}' | awk -f "$here/flatten.awk")" "podUid $db" "and so does the list of chunks"
ctl -o json claims | awk -f "$here/flatten.awk" >"$tmp/claims"
is "$(value claims.0.split.local.minBytes <"$tmp/claims") $(value claims.0.split.local.maxBytes <"$tmp/claims")" "2147483648 4294967296" \
  "the split is that of request and limit"
is "$(value claims.0.split.remote.minBytes <"$tmp/claims") $(value claims.0.namespace <"$tmp/claims")/$(value claims.0.pod <"$tmp/claims")" \
  "2147483648 default/db" "and the name the pod's"
cgroup kubepods.slice 1
cgroup kubepods.slice/kubepods-burstable.slice 1
cgroup "$db_cgroup" 1
db_runs=$(running=$(printf '%064d' 1) pod $db db 4Gi 6Gi 1gi-n2-0000 1gi-n2-0001)
report "$db_runs"
active="$db app ACTIVE DEVICE_PLUGIN 4 1gi-n2-0000 1gi-n2-0001"
waits "when it runs the claim is active" has_claims "$active"

# Restarts

stop_slugd KILL
serve
is "$(claims)" "$active" "after a crash the claim is what it was"
stop_slugd TERM
rm -rf "$root/var/lib/slug"
mkdir -p "$root/var/lib/slug"
serve
reporter=two
report "$db_runs"
waits "after a lost ledger the kubelet's word is enough" has_claims "$active"

# A pod leaves while slugd is killed

gone=1gi-n2-0004
waiting=$(pod $web web 2Gi 2Gi $gone)
allocate $gone >/dev/null
report "$db_runs" "$waiting"
waits "a pod waits with a chunk" has_claims "$(printf '%s\n%s' "$active" "$web app PENDING DEVICE_PLUGIN 2 $gone")"
stop_slugd KILL
serve
report "$db_runs"
report "$db_runs"
waits "it left while slugd was killed: two reports let its claim go" has_claims "$active"
allocate $gone >/dev/null
stop_slugd KILL
serve
report "$db_runs"
report "$db_runs"
unseen="unseen  PENDING DEVICE_PLUGIN 1 $gone"
allocate $gone >/dev/null
is "$(claims)" "$(printf '%s\n%s' "$active" "$unseen")" "its chunk can be given again, and is then claimed once"
report "$db_runs" "$waiting"
waits "and finds its container" has_claims "$(printf '%s\n%s' "$active" "$web app PENDING DEVICE_PLUGIN 2 $gone")"
report "$db_runs"
report "$db_runs"
waits "which goes as any other" has_claims "$active"

# Too many chunks

allocate 1gi-n2-0002 1gi-n2-0003 >/dev/null
report "$db_runs" "$(pod $web web 1Gi 1Gi 1gi-n2-0002 1gi-n2-0003)"
invalid="$web app INVALID DEVICE_PLUGIN 2 1gi-n2-0002 1gi-n2-0003"
waits "more chunks than the memory limit: the claim is invalid, and holds them" has_claims "$(printf '%s\n%s' "$active" "$invalid")"
contains "$(ctl describe-pod default/web)" "2 remote chunks of 1Gi are more than the memory limit of 1Gi" "describe-pod says why"
waits "and the journal" has_said "2 remote chunks of 1Gi are more than the memory limit of 1Gi"
report "$db_runs" "$(pod $web web 3Gi 3Gi 1gi-n2-0002 1gi-n2-0003)"
waits "a larger limit makes it valid" has_claims "$(printf '%s\n%s' "$active" "$web app PENDING DEVICE_PLUGIN 3 1gi-n2-0002 1gi-n2-0003")"

# The kubelet gives chunks of a pod that is gone to another one

allocate 1gi-n2-0002 >/dev/null
contains "$(claims)" "$web app RELEASING DEVICE_PLUGIN 2 1gi-n2-0003" "a chunk that is given again leaves its claim"
report "$db_runs"
report "$db_runs"
waits "what is left of it goes with its pod" has_claims "$(printf '%s\n%s' "$active" "unseen  PENDING DEVICE_PLUGIN 1 1gi-n2-0002")"

# A reboot

stop_slugd TERM
boot=3b0f1a52-0000-4000-8000-000000000002
echo "$boot" >"$root/proc/sys/kernel/random/boot_id"
rm -rf "$root/sys/fs/cgroup/kubepods.slice"
serve
is "$(claims | cut -d ' ' -f 3 | tr '\n' ' ')" "UNCONFIRMED UNCONFIRMED " "after a reboot nobody has confirmed them"
reporter=three
# not settled: two looks at a silence that is would take what is not confirmed, and slugd may look at any time
settled=false report
settled=false report "$(pod $db db 4Gi 6Gi 1gi-n2-0000 1gi-n2-0001)"
is "$(claims | cut -d ' ' -f 1,3)" "$(printf '%s PENDING\nunseen UNCONFIRMED' $db)" "the kubelet confirms those that it names"
report "$(pod $db db 4Gi 6Gi 1gi-n2-0000 1gi-n2-0001)"
report "$(pod $db db 4Gi 6Gi 1gi-n2-0000 1gi-n2-0001)"
waits "those of nobody go" has_claims "$db app PENDING DEVICE_PLUGIN 4 1gi-n2-0000 1gi-n2-0001"

done_testing
