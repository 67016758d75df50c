# shellcheck shell=sh disable=SC2154,SC2317,SC2329 # lib.sh and containerd.sh come before; wait_until calls what it is given
# SPDX-License-Identifier: Apache-2.0
# For cases with a real kubelet: stand-alone, so pods are manifests in a folder; what it decided is on its read-only port, and
# what it gave away on its pod-resources socket.
tools=/usr/libexec/slug-test
kubelet=/run/slug-test-kubelet/kubelet
kubelet_dir=/var/lib/kubelet
manifests=/etc/kubernetes/manifests
resource=sluglab.io/remote-memory-64mi
chunk_mib=64
host=$(uname -n)

# The CPU of NUMA node 0 is the system's; the other one is for pods that ask for a whole CPU.
write_kubelet_config() {
  cat <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
staticPodPath: $manifests
cgroupDriver: systemd
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
failSwapOn: false
address: 127.0.0.1
readOnlyPort: 10255
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cpuManagerPolicy: static
reservedSystemCPUs: "0"
topologyManagerPolicy: best-effort
systemReserved: {memory: 100Mi}
evictionHard: {memory.available: 60Mi}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
syncFrequency: 10s
END
}

# start_kubelet: as it was before when it has run before
start_kubelet() {
  [ -x "$kubelet" ] || { mkdir -p "${kubelet%/*}" && mount -o ro /dev/vdb "${kubelet%/*}"; } || return 1
  mkdir -p "$kubelet_dir" "$manifests" /run/systemd/system
  write_kubelet_config >"$kubelet_dir/config.yaml"
  # only its own process is ended with it, as packages of it have it
  printf '[Service]\nExecStart=%s --config=%s/config.yaml\nKillMode=process\n' "$kubelet" "$kubelet_dir" \
    >/run/systemd/system/kubelet.service
  systemctl daemon-reload
  systemctl start kubelet.service && wait_long kubelet_answers
}

# kubelet_answers: its pods and what it gave away can be asked for
kubelet_answers() {
  kubelet_pods >/dev/null 2>&1 && pod_resources List | jq -e . >/dev/null 2>&1
}

# need_node: containerd, and a kubelet without pods, whatever the cases before have left
need_node() {
  systemctl --quiet is-active containerd.service || start_containerd || bail_out "containerd does not start"
  systemctl --quiet is-active kubelet.service || start_kubelet || bail_out "the kubelet does not start"
  rm -f "$manifests"/*.yaml
  wait_long has_no_pods || bail_out "pods do not go"
}

has_no_pods() {
  [ "$(kubelet_pods | jq '.items // [] | length')" = 0 ]
}

# need_slug: slugd with chunks of $chunk_mib MiB, and slug-kubelet
need_slug() {
  mkdir -p /etc/slug
  printf 'chunks: {size: %sMi}\n' "$chunk_mib" >/etc/slug/slugd.yaml
  echo "SLUG_KUBELET_OPTIONS=--interval 2s --settle-time 5s --manifests $manifests" >/etc/slug/slug-kubelet.env
  systemctl start slugd.service slug-kubelet.service
}

# hold_splits: by demotion, from now on
hold_splits() {
  printf 'enforce:\n  settings: {demotionEnabled: true, numaBalancing: 0}\n' >>/etc/slug/slugd.yaml
  echo true >/sys/kernel/mm/numa/demotion_enabled
  echo 0 >/proc/sys/kernel/numa_balancing
  systemctl restart slugd.service
}

kubelet_pods() {
  curl --silent --fail --max-time 60 http://127.0.0.1:10255/pods
}

# pod_resources METHOD: List or GetAllocatableResources
pod_resources() {
  echo "v1.PodResourcesLister/$1 {}" | "$tools/cri" "$kubelet_dir/pod-resources/kubelet.sock" | sed -n 's/^ok //p'
}

# manifest NAME LIMITS MEMORY...: a pod; LIMITS as YAML, for one that is guaranteed; MEMORY as memhog.c has it
manifest() {
  manifest_name=$1
  manifest_limits=$2
  shift 2
  # the kubelet never sees half of it
  cat >"$manifests/.$manifest_name" <<END
apiVersion: v1
kind: Pod
metadata: {name: $manifest_name, namespace: default}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: slug.test/memhog:1
      imagePullPolicy: Never
      command: [/memhog$(printf ', "%s"' "$@")]
      resources: {limits: $manifest_limits}
END
  mv "$manifests/.$manifest_name" "$manifests/$manifest_name.yaml"
}

# status_of NAME: of a static pod, as the kubelet has it: "Running", "Failed REASON: MESSAGE"; "" when there is none
status_of() {
  kubelet_pods | jq -r --arg name "$1-$host" '.items[]? | select(.metadata.name == $name) | .status |
    if .reason then "\(.phase) \(.reason): \(.message)" else .phase end'
}

# has_status NAME PATTERN
has_status() {
  status_of "$1" | grep -q "^$2"
}

# uid_of_static NAME: as the kubelet has it
uid_of_static() {
  kubelet_pods | jq -r --arg name "$1-$host" '.items[]? | select(.metadata.name == $name) | .metadata.uid'
}

# of_container NAME FILE: of the cgroup of its one container, which is "main"; "absent" when there is none
of_container() {
  cat "/sys/fs/cgroup/$(pod "$1-$host" '.containers[] | select(.name == "main") | .cgroup')/$2" 2>/dev/null || echo absent
}

# where_it_lies NAME: anonymous memory of its container, "LOCAL REMOTE" in MiB
where_it_lies() {
  of_container "$1" memory.numa_stat | awk '$1 == "anon" {
    for (i = 2; i <= NF; i++) { split(substr($i, 2), part, "="); sum[part[1] > 1] += part[2] } }
    END { printf "%d %d\n", sum[0] / 1048576, sum[1] / 1048576 }'
}

# has_settled NAME TOUCHED CEILING: all of it is touched, and its local part is at its ceiling or a little below; all in MiB
has_settled() {
  where_it_lies "$1" >"$tmp/lies"
  read -r local remote <"$tmp/lies"
  [ "$((local + remote))" -ge "$2" ] && [ "$local" -le "$3" ] && [ "$local" -ge "$(($3 - 16))" ]
}

# is_gone NAME: neither the kubelet nor the runtime has it
is_gone() {
  [ -z "$(status_of "$1")" ] && ! given | grep -q "^$1 "
}

# given: what the kubelet's pod-resources list, "POD CONTAINER CHUNK" a line; a chunk is listed once for each NUMA node that it is
# near to
given() {
  pod_resources List | jq -r '.podResources[]? | (.name | rtrimstr("-'"$host"'")) as $pod | .containers[]? | .name as $container |
    .devices[]? | select(.resourceName | startswith("sluglab.io/")) | .deviceIds[] | "\($pod) \($container) \(.)"' | sort -u
}

# claimed: the same of slugd's ledger; "- -" is for chunks that nobody has been seen for yet, and of a claim that is neither
# active nor invalid the state is behind it
claimed() {
  "$slugctl" --wait 60 -o json claims | jq -r '
    def or_dash: if . == null or . == "" then "-" else . end;
    .claims[]? | select(.chunks) | (.pod | or_dash | rtrimstr("-'"$host"'")) as $pod | (.container | or_dash) as $container |
    (.state | ltrimstr("CLAIM_STATE_") | if . == "ACTIVE" or . == "INVALID" then "" else " " + . end) as $state |
    .chunks[] | "\($pod) \($container) \(.)\($state)"' | sort
}

# is_equal: ledger and pod-resources
is_equal() {
  given >"$tmp/given" && claimed >"$tmp/claimed" && cmp -s "$tmp/given" "$tmp/claimed"
}

# equal NAME: they are by and by, and no chunk is there twice
equal() {
  if wait_long is_equal; then ok "$1: the ledger has what pod-resources list"; else
    not_ok "$1: the ledger has what pod-resources list" "$(diff "$tmp/given" "$tmp/claimed")" "$("$slugctl" claims)"
  fi
  is "$(cut -d' ' -f3 "$tmp/given" | sort | uniq -d)" "" "$1: and no chunk twice"
}

# chunks_of POD: how many pod-resources list, in what equal has read
chunks_of() {
  grep -c "^$1 " "$tmp/given"
}

# allocatable: ids of the chunks that the kubelet may give away, a line each
allocatable() {
  pod_resources GetAllocatableResources | jq -r --arg resource "$resource" \
    '.devices[]? | select(.resourceName == $resource) | .deviceIds[]' | sort -u
}

# offered: ids of the chunks that slugd has, whoever has them; without those that are not to be given
offered() {
  "$slugctl" --wait 60 -o json chunks | jq -r '.chunks[]? | select(.state | test("FREE|CLAIMED")) | .id' | sort
}

# is_advertised: the kubelet may give away what slugd has, and that is something
is_advertised() {
  allocatable >"$tmp/allocatable" && offered >"$tmp/offered" && [ -s "$tmp/offered" ] && cmp -s "$tmp/offered" "$tmp/allocatable"
}

# advertised NAME: it is by and by
advertised() {
  if wait_long is_advertised; then ok "$1"; else
    not_ok "$1" "$(diff "$tmp/offered" "$tmp/allocatable" | head -n 20)" "$("$slugctl" chunks)"
  fi
}

# doctor_names TEXT
doctor_names() {
  "$slugctl" doctor >"$tmp/doctor"
  grep -q -F "$1" "$tmp/doctor"
}

# runs NAME...: these pods do, by and by
runs() {
  for pod_name in "$@"; do
    wait_long has_status "$pod_name" '\(Running\|Failed\)'
    is "$(status_of "$pod_name")" Running "$pod_name runs"
  done
}

# gone NAME...: by and by, when their manifests are removed
gone() {
  for pod_name in "$@"; do
    rm -f "$manifests/$pod_name.yaml"
  done
  for pod_name in "$@"; do
    wait_long is_gone "$pod_name"
    is "$(status_of "$pod_name")" "" "$pod_name is gone"
  done
}
