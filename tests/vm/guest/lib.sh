# shellcheck shell=sh disable=SC2034 # what is unused here is used by the cases
# SPDX-License-Identifier: Apache-2.0
# What every case begins with: the same words as tests/lib/tap.sh, for the slugd that is installed and runs under its unit.
payload=/run/slug-test
abs_top_srcdir=$payload
abs_top_builddir=/usr
# shellcheck source=tests/lib/tap.sh
. "$payload/tap.sh"
slugd=/usr/sbin/slugd
slugctl=/usr/bin/slugctl
make_tmp
sock=/run/slug/slugd.sock

# ask COMMAND JSON: of the host's QEMU; its answer is printed
ask() {
  exec 5<>/dev/virtio-ports/host
  printf '%s %s %s\n' qmp "$1" "$2" >&5
  read -r reply <&5
  exec 5>&-
  printf '%s\n' "$reply"
}

# Which part of a case this is: 0, and one more after every cut_power. The numbers of its results go on.
stage=0
[ ! -e /var/lib/slug-test/stage ] || read -r stage tap_n </var/lib/slug-test/stage

# cut_power: of the whole machine; nobody is warned, and what was not written is lost. The case begins anew after the boot.
cut_power() {
  echo "$((stage + 1)) $tap_n" >/var/lib/slug-test/stage
  sync /var/lib/slug-test/stage /var/lib/slug-test/cases.list
  exit 75
}

# wait_long COMMAND...: for what takes minutes where the processor is emulated: a kubelet that starts, a hundred containers; to ask
# takes much of a processor there, too, and who is waited for needs it
wait_long() {
  wait_end=$(($(date +%s) + 300))
  until "$@"; do
    [ "$(date +%s)" -lt "$wait_end" ] || return 1
    sleep 2
  done
}

# describe: the node as JSON, for node()
describe() {
  "$slugctl" --wait 60 -o json describe-node >"$tmp/node.json"
}

# node FILTER: jq on the node as described last
node() {
  jq -r "$1" "$tmp/node.json"
}

# unit PROPERTY [UNIT]
unit() {
  systemctl show -P "$1" "${2:-slugd.service}"
}

# now, in microseconds since 1970
now_usec() {
  date +%s%6N
}

# remark TEXT: for whoever reads the results
remark() {
  printf '# %s\n' "$*"
}

# watch_events: from here on the kernel's events are noted, with their times
watch_events() {
  udevadm monitor --kernel --subsystem-match=memory --subsystem-match=node --subsystem-match=memory_tiering --subsystem-match=dax \
    --subsystem-match=cxl >"$tmp/events" 2>/dev/null &
  events_pid=$!
  wait_until grep -q '^KERNEL - ' "$tmp/events"
}

# in_journal TEXT ARGUMENT...: journalctl with those arguments prints it. What was done just now may not have been said yet, and what
# was said is on its way: to be asked with wait_until.
in_journal() {
  journal_text=$1
  shift
  journalctl -b --no-pager "$@" | grep -q -F -e "$journal_text"
}

# look_usec: how long slugd's last look at this machine took, in microseconds
look_usec() {
  curl --silent --unix-socket /run/slug/slugd.sock http://slug/metrics | awk '$1 == "slug_look_duration_seconds" { printf "%d\n", $2 * 1000000 }'
}

# try_sandbox NAME: a helper runs in the sandbox of NAME.service, line by line the same unit but for what is started, and tries what
# it could do there
try_sandbox() {
  helper=slug-sandbox-$1.service
  systemctl cat "$1.service" | grep -v -E '^(#|Exec|Type|NotifyAccess|Restart|Watchdog|Timeout|Requires|Wants|After|Before|Documentation|Description|WantedBy|Also|Runtime|State|Environment)' |
    sed "s,^\[Service\]\$,&\nType=oneshot\nExecStart=/usr/bin/python3 $payload/sandbox.py $1\nStandardOutput=file:/run/slug-sandbox.out\nStandardError=file:/run/slug-sandbox.out," \
      >"/run/systemd/system/$helper"
  systemctl daemon-reload
  is "$(unit ProtectSystem "$helper") $(unit PrivateNetwork "$helper") $(unit User "$helper")" \
    "$(unit ProtectSystem "$1.service") $(unit PrivateNetwork "$1.service") $(unit User "$1.service")" "the helper's unit has $1's sandbox"
  systemctl start "$helper"
  is "$?" 0 "the helper runs in it"
  while read -r line; do
    case $line in
      "good "*) ok "${line#good }" ;;
      *) not_ok "${line#bad }" ;;
    esac
  done </run/slug-sandbox.out
  is "$([ "$(grep -c '^good ' /run/slug-sandbox.out)" -gt 15 ] && echo many)" many "it tried all that it should"
}

# settled NAME COMMAND...: it succeeds by and by, and slugd's newest generation came soon after the kernel's last event: a look that is
# under way, the 250 ms of silence, and the look after them. That is well within a second where a look takes milliseconds; in an
# emulated machine it takes tens of times as long, so the bound is made of what a look takes here.
settled() {
  settled_name=$1
  shift
  if wait_until "$@"; then ok "$settled_name: slugd has the new numbers"; else not_ok "$settled_name: slugd has the new numbers" "$(cat "$tmp/node.json")"; fi
  kill "$events_pid"
  wait "$events_pid" 2>/dev/null
  # "KERNEL[12.345678] online /devices/...", seconds of the monotonic clock, as the journal's
  last=$(sed -n 's/^KERNEL\[\([0-9]*\)[.]\([0-9]*\)\].*/\1\2/p' "$tmp/events" | tail -n 1)
  told=$(journalctl -b -u slugd.service -o json MESSAGE_ID=4d2c1b9fb6a44a5b8c0cf4a9b3a41e06 | jq -r .__MONOTONIC_TIMESTAMP | tail -n 1)
  remark "$settled_name: $(grep -c '^KERNEL\[' "$tmp/events") events, new numbers $(((told - last) / 1000)) ms after the last"
  look=$(look_usec)
  remark "$settled_name: a look takes $((look / 1000)) ms here"
  is "$([ -n "$last" ] && [ -n "$look" ] && [ $((told - last)) -le $((500000 + 3 * look)) ] && echo soon)" soon "$settled_name: soon after the last event"
}

# hand_over NAME: a capture of this machine, and what slugctl says of it, for the host to compare
hand_over() {
  mkdir -p "$payload/out/$1"
  "$slugctl" capture --force "$payload/out/$1/capture.tar" 2>"$tmp/capture.log"
  is "$?" 0 "$1: captured"
  "$slugctl" capture --force --mask "$payload/out/$1/masked.tar" 2>>"$tmp/capture.log"
  is "$?" 0 "$1: captured with a mask"
  "$slugctl" describe-node >"$payload/out/$1/table.txt"
  "$slugctl" describe-node -o wide >"$payload/out/$1/wide.txt"
  "$slugctl" topology -o wide >"$payload/out/$1/topology.txt"
}

# as_list: the documents of cxl or daxctl, which say nothing at all where there is nothing
as_list() {
  jq -s 'flatten'
}

# cxl_agrees WHEN: slugctl's topology is what cxl and daxctl list
cxl_agrees() {
  "$slugctl" -o json topology >"$tmp/topology.json"
  is "$(jq -c '[.topology.cxlMemdevs[]? | [.name, .ramBytes]] | sort' "$tmp/topology.json" | tr -d '"')" \
    "$(cxl list -M | as_list | jq -c '[.[] | [.memdev, .ram_size]] | sort' | tr -d '"')" "$1: the CXL memory devices are those of cxl list"
  is "$(jq -c '[.topology.cxlRegions[]? | [.name, .sizeBytes, .interleaveWays]] | sort' "$tmp/topology.json" | tr -d '"')" \
    "$(cxl list -R | as_list | jq -c '[.[] | [.region, .size, .interleave_ways]] | sort' | tr -d '"')" "$1: the CXL regions are those of cxl list"
  is "$(jq -c '[.topology.daxDevices[]? | [.name, .sizeBytes, .targetNode]] | sort' "$tmp/topology.json" | tr -d '"')" \
    "$(daxctl list | as_list | jq -c '[.[] | [.chardev, .size, .target_node]] | sort' | tr -d '"')" "$1: the dax devices are those of daxctl list"
}
