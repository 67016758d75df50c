#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A real kubelet without an API server: static pods come from a folder, its files and its socket are its own, and its Static
# memory manager promises memory by itself. What slugd lists is compared with what the kubelet has written.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh

kubelet=/var/lib/slug-test/kubelet
dir=/var/lib/kubelet
manifests=/etc/kubernetes/manifests
exact='{requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 100m, memory: 64Mi}}'

# manifest NAME RESOURCES NODE:MIB
manifest() {
  cat >"$tmp/manifest" <<END
apiVersion: v1
kind: Pod
metadata: {name: $1, namespace: kube-system}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: slug.test/memhog:1
      imagePullPolicy: Never
      command: [/memhog, "$3"]
      resources: $2
END
  # the kubelet never sees half of it
  cp "$tmp/manifest" "$manifests/.$1" && mv "$manifests/.$1" "$manifests/$1.yaml"
}

write_kubelet() {
  mkdir -p "$dir" "$manifests" /run/systemd/system
  cat >"$dir/config.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: $manifests
cgroupDriver: systemd
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
failSwapOn: false
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
address: 127.0.0.1
memoryManagerPolicy: Static
systemReserved: {memory: 100Mi}
evictionHard: {memory.available: 60Mi}
reservedMemory: [{numaNode: 0, limits: {memory: 160Mi}}]
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
syncFrequency: 10s
END
  # only its own process is ended with it, as packages of it have it
  printf '[Service]\nExecStart=%s --config=%s/config.yaml\nKillMode=process\n' "$kubelet" "$dir" \
    >/run/systemd/system/kubelet.service
  systemctl daemon-reload
}

is_settled() {
  [ "$("$slugctl" --wait 60 -o json pods | jq -r '.report.settled // false')" = true ]
}

has_to_settle() {
  ! is_settled
}

# uid_listed POD
uid_listed() {
  pod "$1" .uid
}

# What slugd lists: "NAME STATE SIZE SOURCE STATIC LISTED"
listed() {
  "$slugctl" --wait 60 -o json pods | jq -r '.pods[]? | [.name, (.state | ltrimstr("POD_STATE_")), .sizeBytes,
    (.sizeSource | ltrimstr("POD_SIZE_SOURCE_")), .isStatic // false, .listedByKubelet // false] | join(" ")' | sort
}

lists() {
  listed >"$tmp/listed"
  [ "$(cat "$tmp/listed")" = "$1" ]
}

# expect NAME LINES: they are what is listed by and by, and it is settled. Where it is emulated a kubelet needs minutes to start.
expect() {
  wait_until lists "$2" || wait_until lists "$2" || wait_until lists "$2"
  wait_until is_settled
  is "$?" 0 "$1: the pods are those of the kubelet, and settled"
  is "$(cat "$tmp/listed")" "$2" "$1: with their sizes"
}

# What the kubelet has admitted: "UID CONTAINER REQUEST"
admitted() {
  jq -r '.data | fromjson | .entries | to_entries[] | .key as $uid | .value.ContainerResources | to_entries[] |
    [$uid, .key, .value.requests.memory // "-"] | join(" ")' "$dir/allocated_pods_state" | sort
}

# The same as slugd has it, in the kubelet's units
told() {
  "$slugctl" --wait 60 -o json pods | jq -r '.pods[]? | .uid as $uid | .containers[]? | select(.name) | [$uid, .name,
    (if .requestBytes then ((.requestBytes | tonumber) / 1048576 | tostring) + "Mi" else "-" end)] | join(" ")' | sort
}

# What its memory manager has promised: "UID CONTAINER BYTES"
promised() {
  jq -r '(if .data then .data | fromjson else . end) | .entries // {} | to_entries[] | .key as $uid | .value | to_entries[] |
    [$uid, .key, ([.value[] | select(.type == "memory").size] | add)] | join(" ")' "$dir/memory_manager_state" | sort
}

imported() {
  "$slugctl" --wait 60 -o json claims | jq -r '.claims[]? | select(.source == "CLAIM_SOURCE_CHECKPOINT") |
    [.podUid, .container, ([.blocks[].sizeBytes | tonumber] | add)] | join(" ")' | sort
}

# agree_with_kubelet NAME
agree_with_kubelet() {
  is "$(told)" "$(admitted)" "$1: uids, containers and requests are those of allocated_pods_state"
  is "$(imported)" "$(promised)" "$1: what its memory manager promised is in the ledger"
  is "$("$slugctl" -o json claims | jq -r '[.claims[]? | .podUid] | group_by(.)[] | select(length > 1)[]')" "" \
    "$1: and nothing is there twice"
}

mib=1048576
pinned="pinned-slug-guest RUNNING $((64 * mib)) CLAIM true true"

before_power() {
  [ -x "$payload/kubelet" ] || skip_all "SLUG_KUBELET names no kubelet"
  cp "$payload/kubelet" "$kubelet"
  start_containerd || bail_out "containerd does not start"
  manifest pinned "$exact" 0:16
  manifest web '{requests: {memory: 48Mi}, limits: {memory: 96Mi}}' 2:8
  echo 'SLUG_KUBELET_OPTIONS=--interval 2s --settle-time 5s' >/etc/slug/slug-kubelet.env
  write_kubelet
  systemctl start slugd.service slug-kubelet.service kubelet.service
}

run_and_restart() {
  expect "static pods" "$pinned
web-slug-guest RUNNING $((48 * mib)) REQUEST true true"
  agree_with_kubelet "static pods"
  is "$("$slugctl" -o json claims | jq -r '.claims[]? | select(.source == "CLAIM_SOURCE_CHECKPOINT") |
    [.namespace, .pod, .state] | join(" ")')" "kube-system pinned-slug-guest CLAIM_STATE_ACTIVE" \
    "the claim has the names of its pod"
  claims >"$tmp/before"
  systemctl restart kubelet.service
  wait_until has_to_settle
  is "$?" 0 "a kubelet that restarts has to settle again"
  wait_until is_settled
  is "$?" 0 "and does"
  is "$(claims | diff "$tmp/before" -)" "" "its pods have what they had"
}

change_manifests() {
  uid=$(uid_listed web-slug-guest)
  manifest web '{requests: {memory: 56Mi}, limits: {memory: 112Mi}}' 2:8
  expect "a manifest that is changed" "$pinned
web-slug-guest RUNNING $((56 * mib)) REQUEST true true"
  is "$([ "$(uid_listed web-slug-guest)" != "$uid" ] && echo other)" other "it is another pod"
  agree_with_kubelet "a manifest that is changed"
  rm "$manifests/web.yaml"
  expect "a manifest that is removed" "$pinned"
  wait_until has_no_claim web-slug-guest
  is "$?" 0 "and what it held is free"
}

after_power() {
  start_containerd || bail_out "containerd does not start again"
  systemctl start slugd.service slug-kubelet.service
  contains "$(claims)" "pinned-slug-guest main UNCONFIRMED $((64 * mib))" "what was promised before is unconfirmed"
  write_kubelet
  systemctl start kubelet.service
  expect "after the power was lost" "$pinned"
  agree_with_kubelet "after the power was lost"
  contains "$(claims)" "pinned-slug-guest main ACTIVE $((64 * mib))" "the promise is confirmed"
}

case $stage in
  0)
    before_power
    run_and_restart
    change_manifests
    sync "$dir"/* "$manifests"/* "$kubelet"
    cut_power
    ;;
  *) after_power ;;
esac
done_testing
