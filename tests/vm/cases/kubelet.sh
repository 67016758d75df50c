#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A kubelet with a file, drop-ins and flags: its reservations are slugd's, each with its source; a drop-in that changes them is
# seen when the kubelet is restarted or slugd is told to reload. Only its name, command line and files matter here, so a program
# that waits stands in for it.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

source_of() {
  node ".reserved.parts[] | select(.name == \"$1\") | .source"
}
bytes_of() {
  node ".reserved.parts[] | select(.name == \"$1\") | .bytes // \"0\""
}
has_bytes() {
  describe && [ "$(bytes_of "$1")" = "$2" ]
}
condition() {
  node ".conditions[] | select(.type == \"$1\") | .reason"
}
has_reason() {
  describe && [ "$(condition "$1")" = "$2" ]
}

mkdir -p /var/lib/kubelet /etc/kubernetes/kubelet.conf.d /run/systemd/system
chmod 0700 /var/lib/kubelet
head='apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration'
printf '%s\nsystemReserved: {memory: 32Mi}\nkubeReserved: {memory: 16Mi}\n' "$head" >/var/lib/kubelet/config.yaml
chmod 0600 /var/lib/kubelet/config.yaml
printf '%s\nkubeReserved: {memory: 24Mi}\n' "$head" >/etc/kubernetes/kubelet.conf.d/10-node.conf
cat >/run/systemd/system/kubelet.service <<'END'
[Service]
ExecStart=/usr/libexec/slug-test/kubelet --config=/var/lib/kubelet/config.yaml --config-dir=/etc/kubernetes/kubelet.conf.d --eviction-hard=memory.available<48Mi
END
printf 'refreshInterval: 1s\n' >/etc/slug/slugd.yaml
systemctl daemon-reload
systemctl reload slugd.service
describe
is "$(condition KubeletMemoryCurrent)" NoKubelet "no kubelet runs yet"
systemctl start kubelet.service
wait_until has_bytes hard-eviction $((48 * 1048576))
is "$?" 0 "a kubelet that starts is seen"
is "$(source_of hard-eviction)" "kubelet flag --eviction-hard" "its flag"
is "$(bytes_of system-reserved) $(source_of system-reserved)" "$((32 * 1048576)) /var/lib/kubelet/config.yaml:3" "its file, which only root may read"
is "$(bytes_of kube-reserved) $(source_of kube-reserved)" "$((24 * 1048576)) /etc/kubernetes/kubelet.conf.d/10-node.conf:3" "its drop-in"
is "$(condition KubeletConfigurationRead) $(condition KubeletMemoryCurrent)" "Read Current" "the conditions are good"
"$slugctl" config >"$tmp/config"
contains "$(cat "$tmp/config")" "process $(systemctl show -P MainPID kubelet.service)" "slugctl config names the process"
contains "$(tr -s ' ' <"$tmp/config")" "/etc/kubernetes/kubelet.conf.d/10-node.conf read" "and the files"
hand_over kubelet

printf '%s\nsystemReserved: {memory: 64Mi}\n' "$head" >/etc/kubernetes/kubelet.conf.d/20-more.conf
systemctl restart kubelet.service
wait_until has_bytes system-reserved $((64 * 1048576))
is "$?" 0 "a drop-in that changes reservations is seen when the kubelet is restarted"
is "$(source_of system-reserved)" /etc/kubernetes/kubelet.conf.d/20-more.conf:3 "with its place"
contains "$("$slugctl" changes)" "kubelet.systemReserved.memory is 64Mi (/etc/kubernetes/kubelet.conf.d/20-more.conf:3), was 32Mi (/var/lib/kubelet/config.yaml:3)" \
  "the changes tell it"
printf '%s\nsystemReserved: {memory: 80Mi}\n' "$head" >/etc/kubernetes/kubelet.conf.d/20-more.conf
systemctl reload slugd.service
wait_until has_bytes system-reserved $((80 * 1048576))
is "$?" 0 "or when slugd is told to reload"

printf 'kind: Pod\n' >/etc/kubernetes/kubelet.conf.d/20-more.conf
systemctl reload slugd.service
wait_until has_reason KubeletConfigurationRead Invalid
is "$?" 0 "a drop-in that the kubelet would refuse is a condition"
is "$(bytes_of system-reserved) $(source_of system-reserved)" "0 kubelet default" "and the defaults stand in"
rm /etc/kubernetes/kubelet.conf.d/20-more.conf

# Memory that came after the kubelet.
if [ -e /sys/devices/system/node/node1 ] && [ "$(cat /sys/devices/system/node/node1/cpulist)" = "" ] && [ -d /sys/bus/virtio/drivers/virtio_mem ]; then
  resize=$(ask qom-set '{"path": "/machine/peripheral/vm0", "property": "requested-size", "value": 805306368}')
  contains "$resize" '"return"' "the machine grows"
  wait_until has_reason KubeletMemoryCurrent MemoryChanged
  is "$?" 0 "memory that came after the kubelet is a condition"
  systemctl restart slugd.service
  describe
  is "$(condition KubeletMemoryCurrent)" MemoryChanged "also for a slugd that came later"
  systemctl restart kubelet.service
  wait_until has_reason KubeletMemoryCurrent Current
  is "$?" 0 "until the kubelet is restarted"
fi
systemctl stop kubelet.service
wait_until has_reason KubeletMemoryCurrent NoKubelet
is "$?" 0 "a kubelet that stops is seen"
rm -f /etc/slug/slugd.yaml /etc/kubernetes/kubelet.conf.d/10-node.conf /var/lib/kubelet/config.yaml
systemctl reload slugd.service
done_testing
