# shellcheck shell=sh disable=SC2154,SC2317,SC2329 # lib.sh comes before; wait_until calls what it is given
# SPDX-License-Identifier: Apache-2.0
# For cases with real pods: containerd with the cgroup driver that the machine's profile names, and images that are here.
driver=$(sed -n 's/.*slug[.]driver=\([a-z]*\).*/\1/p' /proc/cmdline)

# pods ACTION ARGUMENT...: a kubelet's work
pods() {
  python3 -S "$payload/node.py" "$@"
}

# agree NAME: slugd lists what is there
agree() {
  if python3 -S "$payload/pods-agree.py" >"$tmp/agree"; then
    ok "$1: slugctl pods is what the runtime and the kernel say"
  else
    not_ok "$1: slugctl pods is what the runtime and the kernel say" "$(head -n 40 "$tmp/agree")"
  fi
  remark "$1: $(tail -n 1 "$tmp/agree")"
}

# Where this runtime has what is said to it: the newest form of its configuration that it knows is 2 in containerd 1.7, 3 in 2.x.
find_sections() {
  config_version=$(containerd config default | sed -n 's/^version = //p')
  case $config_version in
    2)
      images='"io.containerd.grpc.v1.cri"'
      pause=sandbox_image
      runtimes='"io.containerd.grpc.v1.cri".containerd.runtimes'
      ;;
    *)
      images='"io.containerd.cri.v1.images".pinned_images'
      pause=sandbox
      runtimes='"io.containerd.cri.v1.runtime".containerd.runtimes'
      ;;
  esac
}

write_containerd_config() {
  find_sections
  # a runtime that starts again ends the containers of shims that do not answer in time: 5 s and 2 s, which are short here
  cat <<END
version = $config_version
[timeouts]
  "io.containerd.timeout.shim.load" = "120s"
  "io.containerd.timeout.task.state" = "60s"
[plugins.$images]
  $pause = "slug.test/pause:1"
END
  # off in 1.7 unless it is asked for, on in 2.x; the limits are 5 s and 2 s otherwise, which are short here
  [ -z "${nri:-}" ] || cat <<END
[plugins."io.containerd.nri.v1.nri"]
$([ "$config_version" != 2 ] || echo '  disable = false')
  socket_path = "/run/nri/nri.sock"
  plugin_registration_timeout = "120s"
  plugin_request_timeout = "60s"
END
  for runtime in runc crun; do
    cat <<END
[plugins.$runtimes.$runtime]
  runtime_type = "io.containerd.runc.v2"
[plugins.$runtimes.$runtime.options]
  BinaryName = "$runtime"
  SystemdCgroup = $([ "$driver" = systemd ] && echo true || echo false)
END
  done
}

# start_containerd: with its images, and the cgroups that are above all pods; one that runs with another configuration starts again
start_containerd() {
  mkdir -p /etc/containerd
  write_containerd_config >"$tmp/config.toml"
  if ! cmp -s "$tmp/config.toml" /etc/containerd/config.toml; then
    cp "$tmp/config.toml" /etc/containerd/config.toml
    systemctl try-restart containerd.service || return 1
  fi
  # it says that it is ready when it has asked all shims, and is killed when that takes longer than 90 s
  mkdir -p /run/systemd/system/containerd.service.d
  printf '[Service]\nTimeoutStartSec=600\n' >/run/systemd/system/containerd.service.d/patience.conf
  systemctl daemon-reload
  # every sandbox gets a copy
  touch /etc/hosts /etc/resolv.conf
  systemctl start containerd.service || return 1
  for image in pause memhog; do
    ctr -n k8s.io image import "$payload/$image.tar" >/dev/null || return 1
  done
  pods prepare "$driver"
  # the runtime does not write what it has unpacked before it goes on
  sync
}

# start_slug: slugd, and slug-kubelet that has no kubelet to ask; a pod is gone soon after the runtime has no more of it, which it is
# asked for each $interval
start_slug() {
  echo "SLUG_KUBELET_OPTIONS=--no-kubelet --interval ${interval:-2s} --settle-time 2s" >/etc/slug/slug-kubelet.env
  systemctl start slugd.service slug-kubelet.service
}

# registered: the runtime has told slug-nri of its containers, and asks it about new ones
registered() {
  case $(unit StatusText slug-nri.service) in
    *"has not told"*) return 1 ;;
    "containerd "*) return 0 ;;
  esac
  return 1
}

# other_process UNIT PID: it runs, and is not that one
other_process() {
  [ "$(unit MainPID "$1")" != "$2" ] && [ "$(unit ActiveState "$1")" = active ]
}

# uid_of POD: of one that the API server knows
uid_of() {
  printf '%s' "$1" | md5sum | sed 's/^\(.\{8\}\)\(.\{4\}\)\(.\{4\}\)\(.\{4\}\)\(.\{12\}\).*/\1-\2-\3-\4-\5/'
}

# nodes_promised UID: the NUMA nodes that container "main" of that pod is to have, as slugd tells whoever asks
nodes_promised() {
  printf '{"podUid":"%s","container":"main"}' "$1" |
    curl --silent --unix-socket "$sock" -H 'content-type: application/json' -d @- \
      http://slug/slug.v1.MemoryManagerService/GetMemoryNUMANodes | jq -r .numaNodes
}

# claim POD CONTAINER SIZE: as the kubelet does before it lets a pod in; the answer is printed
claim() {
  jq -n --arg uid "$(uid_of "$1")" --arg pod "$1" --arg container "$2" --arg size "$3" '{cpu: "1", memory: $size} as $amounts |
    {pod: {uid: $uid, namespace: "default", name: $pod,
           containers: [{name: $container, resources: {requests: $amounts, limits: $amounts}}]},
     container: $container, mode: "HINT_MODE_SLUG"}' |
    curl --silent --show-error --unix-socket "$sock" -H 'content-type: application/json' -d @- \
      http://slug/slug.v1.MemoryManagerService/Allocate
}

# claims: "POD CONTAINER STATE BYTES" of each that the ledger has
claims() {
  "$slugctl" --wait 60 -o json claims | jq -r '.claims[]? | [.pod, .container // "-", (.state | ltrimstr("CLAIM_STATE_")),
    ([.blocks[]?.sizeBytes | tonumber] | add // 0)] | join(" ")' | sort
}

# has_claim LINE
has_claim() {
  claims | grep -q -x "$1"
}

# has_no_claim POD
has_no_claim() {
  ! claims | grep -q "^$1 "
}

# pod NAME FILTER: jq on a pod as slugd lists it
pod() {
  "$slugctl" --wait 60 -o json pods | jq -r ".pods[]? | select(.name == \"$1\") | $2"
}
