#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slugctl doctor finds on a machine where much is at odds, and that each line it gives makes its finding go away: a
# setting is written as a drop-in of the file that is named, a command is what the kernel would have done.
# shellcheck disable=SC2317,SC2329 # wait_until calls what it is given
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
root=$tmp/root
"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"

# put FILE: what comes in is in that file of the machine
put() {
  mkdir -p "$root/${1%/*}" || bail_out "cannot make the folder of $1"
  cat >"$root/$1" || bail_out "cannot write $1"
}

put etc/slug/slugd.yaml <<'END'
refreshInterval: 100ms
qos:
  manage: [memory.max, memory.min, cpuset.mems, memory.node_limit]
  cpusetMems: {burstable: local}
kubelet: {configDir: /etc/kubelet.d}
END
put etc/kubelet.d/00.conf <<'END'
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
END
put var/lib/kubelet/config.yaml <<'END'
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
systemReserved: {memory: 1Gi}
evictionHard: {memory.available: 1Gi}
memoryManagerPolicy: Static
reservedMemory:
  - numaNode: 0
    limits: {memory: 1Gi}
topologyManagerPolicy: restricted
cpuManagerPolicy: static
qosReserved: {memory: 50%}
featureGates: {QOSReserved: true, MemoryQoS: true}
END
put sys/fs/cgroup/cgroup.controllers <<'END'
cpuset cpu memory
END
sed -i 's/^SwapTotal: .*/SwapTotal: 1024 kB/' "$root/proc/meminfo"

# find: types, one a line, of what is found
find_types() {
  ctl -o json doctor >"$tmp/answer" 2>"$tmp/error"
  sed -n -e '/"conditions"/,$d' -e 's/^ *"type": "\(.*\)",*$/\1/p' "$tmp/answer" | sort -u | tr '\n' ' '
}

# fix_of TYPE
fix_of() {
  sed -n -e "/\"type\": \"$1\"/,/\"fix\"/s/^ *\"fix\": \"\\(.*\\)\",*\$/\\1/p" "$tmp/answer" | sed 's/\\"/"/g' | head -n 1
}

# gone TYPE: it is found no more
gone() {
  case " $(find_types)" in
    *" $1 "*) return 1 ;;
  esac
}

# mended TYPE HOW
mended() {
  if wait_until gone "$1"; then
    ok "$1 is mended: $2"
  else
    not_ok "$1 is mended: $2" "$(cat "$tmp/answer" "$tmp/slugd.log")"
  fi
}

# apply TYPE: writes what its line says into the file that it names, as a drop-in, and has slugd read it
apply() {
  find_types >/dev/null
  fix=$(fix_of "$1")
  file=${fix%%: *}
  line=${fix#*: }
  line=${line%%; then: *}
  n=$((n + 1))
  case $file in
    /etc/slug/slugd.yaml) echo "$line" | put "etc/slug/slugd.yaml.d/$n.yaml" ;;
    /var/lib/kubelet/config.yaml)
      { printf 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n' && echo "$line"; } | put "etc/kubelet.d/$n.conf"
      ;;
    *) not_ok "$1 names a file" "$fix" && return ;;
  esac
  kill -HUP "$slugd_pid"
  mended "$1" "$line"
}

n=10
start_slugd --root "$root"
found=$(find_types)
is "$found" "BalancingIgnoresLimit CpulessNumaNode DemotionIgnoresMask KubeletOwnsKnob RemoteMemoryUnmovable ReservedMemorySum SwapOn " \
  "what is at odds is found"
ctl doctor >"$tmp/answer" 2>&1
is "$?" 1 "something to mend is exit status 1"
is "$(sed -n '1s/ .*//p' "$tmp/answer")" ERROR "the worst comes first"
is "$(tr -d -c '\033' <"$tmp/answer")" "" "there is no colour where there is no terminal"

apply ReservedMemorySum
apply KubeletOwnsKnob
apply CpulessNumaNode

# what the commands do
find_types >/dev/null
is "$(fix_of DemotionIgnoresMask)" "echo 0 >/sys/kernel/mm/numa/demotion_enabled" "demotion is switched off by a command"
echo false | put sys/kernel/mm/numa/demotion_enabled
mended DemotionIgnoresMask "the command"
is "$(fix_of BalancingIgnoresLimit)" "sysctl -w kernel.numa_balancing=0" "so is balancing"
echo 0 | put proc/sys/kernel/numa_balancing
mended BalancingIgnoresLimit "the command"
sed -i 's/^SwapTotal: .*/SwapTotal: 0 kB/' "$root/proc/meminfo"
mended SwapOn "no swap"
is "$(find_types)" "RemoteMemoryUnmovable " "nothing else is left, and it is not slugd's to change"
stop_slugd TERM
done_testing
