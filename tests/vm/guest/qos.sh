# shellcheck shell=sh disable=SC2154,SC2317,SC2329 # lib.sh and containerd.sh come before; wait_until calls what it is given
# SPDX-License-Identifier: Apache-2.0
# For cases about the limits of the QoS cgroups: a kubelet's part of them, what should be there by the formula, and a witness of
# every write to the cgroup file system.
cgroups=/sys/fs/cgroup
tools=/usr/libexec/slug-test
page=$(getconf PAGE_SIZE)

# level NAME: its cgroup, below the cgroup root
level() {
  case $driver/$1 in
    systemd/kubepods) echo kubepods.slice ;;
    systemd/*) echo "kubepods.slice/kubepods-$1.slice" ;;
    */kubepods) echo kubepods ;;
    *) echo "kubepods/$1" ;;
  esac
}

# value PATH: of a file below the cgroup root; "absent" when it is not there
value() {
  cat "$cgroups/$1" 2>/dev/null || echo absent
}

# counter CGROUP KEY [FILE]: of memory.events
counter() {
  awk -v key="$2" '$1 == key { print $2 }' "$cgroups/$1/${3:-memory.events}"
}

# numa_bytes CGROUP NODES: anonymous memory on these NUMA nodes, a list like "0 1"
numa_bytes() {
  awk -v nodes=" $2 " '$1 == "anon" { for (i = 2; i <= NF; i++) { split(substr($i, 2), part, "="); if (index(nodes, " " part[1] " ")) sum += part[2] } }
    END { printf "%d\n", sum }' "$cgroups/$1/memory.numa_stat"
}

# start_kubelet: what slug-kubelet asks of one; before start_containerd. It settles soon.
start_kubelet() {
  mkdir -p /var/lib/slug-test/kubelet /var/lib/kubelet/pod-resources
  systemd-run --quiet --collect --unit=slug-test-kubelet "$tools/double" pod-resources \
    /var/lib/kubelet/pod-resources/kubelet.sock /var/lib/slug-test/kubelet
  echo 'SLUG_KUBELET_OPTIONS=--interval 2s --settle-time 2s' >/etc/slug/slug-kubelet.env
}

stop_kubelet() {
  systemctl stop slug-test-kubelet.service
  rm -rf /var/lib/slug-test/kubelet /var/lib/kubelet/pod-resources /var/lib/kubelet/allocated_pods_state
}

# set_limit LEVEL KNOB PROPERTY VALUE: as the kubelet sets one, whichever its driver is
set_limit() {
  if [ "$driver" = systemd ]; then
    systemctl set-property --runtime "$(basename "$(level "$1")")" "$3=$4"
  else
    echo "$4" >"$cgroups/$(level "$1")/$2"
  fi
}

# configure SYSTEM-RESERVED PERCENT [MASK-OF-BESTEFFORT]
configure() {
  cat >/etc/slug/slugd.yaml <<END
kubelet:
  systemReserved: {memory: "$1"}
  featureGates: {MemoryQoS: false}
qos:
  manage: [memory.max, memory.min, memory.low, cpuset.mems]
  reserved: {memory: "$2%"}
  cpusetMems: {burstable: all, besteffort: ${3:-remote}}
END
}

# want ALLOCATABLE PERCENT GUARANTEED BURSTABLE BESTEFFORT-NODES: what should be in the files by the formula, with requests in
# bytes; reckoned here and not by slugd
want() {
  want_burstable=$(($1 - $3 * $2 / 100))
  want_besteffort=$((want_burstable - $4 * $2 / 100))
  cat >"$tmp/wanted" <<END
$(level burstable)/memory.max $((want_burstable / page * page))
$(level besteffort)/memory.max $((want_besteffort / page * page))
$(level kubepods)/memory.min $((($3 + $4) / page * page))
$(level burstable)/memory.low $(($4 / page * page))
$(level burstable)/cpuset.mems 0-3
$(level besteffort)/cpuset.mems $5
END
}

# wrong: what is not as it is wanted
wrong() {
  while read -r file wanted; do
    [ "$(value "$file")" = "$wanted" ] || echo "$file has '$(value "$file")', not '$wanted'"
  done <"$tmp/wanted"
}

is_right() {
  [ -z "$(wrong)" ]
}

# plan FILTER: jq on the plan
plan() {
  "$slugctl" --wait 60 -o json plan | jq -r "$1"
}

# metrics: of limits
metrics() {
  curl --silent --unix-socket "$sock" http://slug/metrics | grep '^slug_limit'
}

# status LEVEL KNOB
status() {
  plan ".knobs[] | select(.level == \"$1\" and .knob == \"$2\") | .status | ltrimstr(\"KNOB_STATUS_\")"
}

# has_status LEVEL KNOB STATUS
has_status() {
  [ "$(status "$1" "$2")" = "$3" ]
}

is_achieved() {
  is_right && [ "$(plan '[.knobs[] | select(.owner == "KNOB_OWNER_SLUGD" and has("intended")) | .status] |
    length >= 6 and all(. == "KNOB_STATUS_ACHIEVED")')" = true ]
}

# achieved NAME: all that is wanted is there by and by, and slugd says so
achieved() {
  if wait_until is_achieved; then ok "$1"; else not_ok "$1" "$(wrong)" "$(plan .)"; fi
}

# The witness: $writes has every write to the cgroup file system, see cgwatch.c.
start_witness() {
  writes=$tmp/writes
  kill_file=$tmp/kill
  "$tools/cgwatch" "$cgroups" /system.slice/slugd.service "$kill_file" >"$writes" 2>"$tmp/cgwatch.err" &
  witness_pid=$!
  trap 'kill "$witness_pid" 2>/dev/null; clean_up' EXIT
  wait_until grep -q -x ready "$writes" || bail_out "nobody watches: $(cat "$tmp/cgwatch.err")"
}

# hear_all: all that was written until now is in $writes, because what is written last is
hear_all() {
  mark_n=$((${mark_n:-0} + 1))
  mark="/system.slice/slug-test.service/memory.high $((1073741824 + mark_n * page))"
  echo "${mark#* }" >"$cgroups/${mark% *}"
  wait_until grep -q -F " $mark" "$writes"
}

# wrote_outside UNIT: what it wrote elsewhere than to the knobs of the levels, or made, or removed; and what was written to
# limits outside the levels by somebody of whom nothing is known
wrote_outside() {
  hear_all
  awk -v unit="/system.slice/$1" -v kubepods="/$(level kubepods)/" -v burstable="/$(level burstable)/" \
    -v besteffort="/$(level besteffort)/" '
    function is_knob(path,    file, folder) {
      file = path
      sub(/.*\//, "", file)
      folder = substr(path, 1, length(path) - length(file))
      return (folder == kubepods || folder == burstable || folder == besteffort) && file ~ /^(memory[.](max|high|low|min|pressure)|cpuset[.]mems)$/
    }
    NF != 7 { next }
    # a child of the service manager, on its way into the service
    $4 ~ /^[(]/ && $6 ~ /[/]cgroup[.]procs$/ { next }
    $3 == unit && ($5 != "w" || !is_knob($6)) { print }
    $3 == "?" && $5 == "w" && index($6, kubepods) != 1 && $6 !~ /\/cgroup[.](procs|threads)$/ { print }' "$writes"
}

# only_inside: the verdict
only_inside() {
  is "$(wrote_outside slugd.service)" "" "nothing but the knobs of the levels was ever written by slugd"
  remark "writes by slugd: $(grep -c ' /system.slice/slugd.service .* w ' "$writes"), by all: $(grep -c ' w ' "$writes")"
}

# back_msec FROM FILE: how long after FROM slugd wrote this file for the last time, in milliseconds; "-" when it never did
back_msec() {
  hear_all
  awk -v from="$1" -v file="/$2" '$1 >= from && $3 == "/system.slice/slugd.service" && $6 == file { last = $1 }
    END { if (last) printf "%d\n", (last - from) / 1000; else print "-" }' "$writes"
}
