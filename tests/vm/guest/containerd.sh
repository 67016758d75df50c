# shellcheck shell=sh disable=SC2034 # what is unused here is used by the cases
# SPDX-License-Identifier: Apache-2.0
# For cases with real pods: containerd with the cgroup driver that the machine's profile names, and images that are on this machine.
driver=$(sed -n 's/.*slug[.]driver=\([a-z]*\).*/\1/p' /proc/cmdline)

# pods ACTION ARGUMENT...: a kubelet's work
pods() {
  python3 -I -S "$payload/node.py" "$@"
}

# start_containerd: with its images, and the cgroups that are above all pods
start_containerd() {
  mkdir -p /etc/containerd
  # every sandbox gets a copy
  touch /etc/hosts /etc/resolv.conf
  cat >/etc/containerd/config.toml <<END
version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "slug.test/pause:1"
END
  for runtime in runc crun; do
    cat >>/etc/containerd/config.toml <<END
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$runtime]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.$runtime.options]
  BinaryName = "$runtime"
  SystemdCgroup = $([ "$driver" = systemd ] && echo true || echo false)
END
  done
  systemctl start containerd.service || return 1
  for image in pause memhog; do
    ctr -n k8s.io image import "$payload/$image.tar" >/dev/null || return 1
  done
  pods prepare "$driver"
}
