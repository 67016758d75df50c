#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slug-kubelet could do if it were taken over: it reaches the container runtime, which is root's, and nothing that it does
# not need.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh

start_containerd || bail_out "containerd does not start"
start_slug
# It hides what is there when it starts, and shows the manifests that are, and where plugins have their sockets.
mkdir -p /etc/kubernetes/manifests /var/lib/kubelet/plugins_registry /var/lib/kubelet/device-plugins /var/lib/kubelet/plugins
echo 'kind: Pod' >/etc/kubernetes/manifests/pod.yaml
echo 'kind: Config' >/etc/kubernetes/admin.conf
chmod 700 /etc/kubernetes/manifests
chmod 600 /etc/kubernetes/manifests/pod.yaml /etc/kubernetes/admin.conf
systemctl restart slug-kubelet.service
is "$?" 0 "slug-kubelet starts on a node of kubeadm's"
is "$(stat -c '%a %U %G' /run/containerd/containerd.sock)" "660 root root" "the runtime's socket is root's alone"
is "$(ps -o user= -p "$(unit MainPID slug-kubelet.service)")" slug-kubelet "slug-kubelet has a user of its own"
try_sandbox slug-kubelet
is "$(journalctl -b -k -o cat | grep -c 'audit.*SECCOMP.*slug-kubelet')" 0 \
  "slug-kubelet itself has never asked for more than it may"
rm -r /etc/kubernetes/manifests /etc/kubernetes/admin.conf
done_testing
