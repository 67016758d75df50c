#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# slugd next to a grpc-go server that gives the same answer to slug.v1.NodeService/GetVersion, over Unix sockets. Both are
# measured in one run and in turn, so that the ratio holds when the machine's speed drifts. Every single measurement starts its
# server anew, and only one server runs at a time.
#
# A benchmark, not a test: the aims stand beside the figures, and a missed one is no failure. A measurement that failed is one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../../.." && pwd -P)
cache=${SLUG_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slug}/wire
method=slug.v1.NodeService/GetVersion
export LC_ALL=C

output=table
rounds=7
requests=200000
calls=20000
connections=1000
pin=yes
first=slugd
build=
version=none
tmp=
server_pid=
client_pid=
ticker_pid=

usage() {
  cat <<'END'
Usage: wire.sh [OPTION...] BUILD-DIR

  -o table|json      what to print (table)
  --rounds N         how often everything is measured (7)
  --requests N       of one throughput measurement: 4 connections, 25 streams each (200000)
  --calls N          of one latency measurement, one outstanding (20000)
  --connections N    idle ones (1000)
  --no-pin           lets the scheduler choose the CPUs; otherwise the server has one and the
                     client another
  --null             measures grpc-go against itself, which shows what noise alone does;
                     BUILD-DIR gives the machine only

BUILD-DIR is where slug was built, with 'make slugd tests/lib/mktree'. Needs go, protoc,
h2load (Debian: nghttp2-client) and taskset. The Go programs are built once and kept in
~/.cache/slug/wire, or in wire below $SLUG_CACHE. Progress is shown on a terminal.
END
}

die() {
  end_line
  printf 'wire.sh: %s\n' "$*" >&2
  exit 1
}

# tell TEXT: in place of what was told before
tell() {
  [ ! -t 2 ] || printf '\r\033[K%s' "$*" >&2
}

end_line() {
  tell ''
}

# end_process PID [SIGNAL]
end_process() {
  [ -n "$1" ] || return 0
  kill -s "${2:-TERM}" "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

clean_up() {
  end_process "$ticker_pid"
  end_process "$client_pid"
  end_process "$server_pid" KILL
  [ -z "$tmp" ] || rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# show_end LOG: on standard error, as the reason for what is said next
show_end() {
  end_line
  tail -n 20 "$1" | sed 's/^/    /' >&2
}

# run NAME COMMAND...: into $tmp/out and $tmp/err; ends when it fails
run() {
  local name=$1 status=0
  shift
  "$@" </dev/null >"$tmp/out" 2>"$tmp/err" &
  client_pid=$!
  wait "$client_pid" || status=$?
  client_pid=
  [ "$status" -eq 0 ] && return 0
  show_end "$tmp/err"
  die "$name failed with exit status $status"
}

# with_seconds NAME COMMAND...: run, and count the seconds meanwhile
with_seconds() {
  local name=$1 begin=$SECONDS
  if [ -t 2 ]; then
    while sleep 1; do tell "$name: $((SECONDS - begin)) s"; done &
    ticker_pid=$!
  fi
  run "$@"
  end_process "$ticker_pid"
  ticker_pid=
  end_line
}

# The machine

# each_cpu LIST: its CPUs, one a line
each_cpu() {
  tr , '\n' <<<"$1" | while IFS=- read -r from to; do seq "$from" "${to:-$from}"; done
}

# Server and client share no core where there are two.
choose_cpus() {
  local allowed siblings cpu
  on_server=() on_client=() server_cpu='' client_cpu=''
  [ "$pin" = yes ] || return 0
  allowed=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
  server_cpu=$(each_cpu "$allowed" | sed -n 1p)
  siblings=$(cat "/sys/devices/system/cpu/cpu$server_cpu/topology/thread_siblings_list" 2>/dev/null || echo "$server_cpu")
  for cpu in $(each_cpu "$allowed"); do
    [ "$cpu" != "$server_cpu" ] || continue
    : "${client_cpu:=$cpu}"
    each_cpu "$siblings" | grep -q -x "$cpu" || { client_cpu=$cpu; break; }
  done
  if [ -z "$client_cpu" ]; then
    server_cpu=
    return 0
  fi
  on_server=(taskset -c "$server_cpu")
  on_client=(taskset -c "$client_cpu")
}

# Servers

# start SERVER: slugd or grpc-go; returns when a call was answered. Sets server_pid, and answer_bytes from the check.
start() {
  local who=$1 answered=0
  sock=$tmp/$1.sock
  rm -f "$sock"
  case $1 in
    slugd) set -- "$build/slugd" --foreground --socket "$sock" --root "$tmp/machine" --log-level err ;;
    *) set -- "$cache/server" --socket "$sock" --version "$version" --root "$tmp/machine" ;;
  esac
  "${on_server[@]}" "$@" </dev/null >"$tmp/server.log" 2>&1 &
  server_pid=$!
  "$cache/client" check --socket "$sock" </dev/null >"$tmp/check" 2>"$tmp/err" &
  client_pid=$!
  # whoever ends first: the client with the answer, or the server because it could not start
  wait -n "$client_pid" "$server_pid" || answered=$?
  if ! kill -0 "$server_pid" 2>/dev/null; then
    show_end "$tmp/server.log"
    server_pid=
    die "$who did not start"
  fi
  client_pid=
  if [ "$answered" -ne 0 ]; then
    show_end "$tmp/err"
    die "$who does not answer /$method to a gRPC client"
  fi
}

# What slugd answers, grpc-go answers, too.
learn_answer() {
  [ "$first" = slugd ] || return 0
  start slugd
  version=$(checked version)
  [ "$(checked root)" = "$tmp/machine" ] || die "slugd answers another root than it was given"
  stop
}

stop() {
  end_process "$server_pid"
  server_pid=
}

# checked KEY: from the answer to the check that start made
checked() {
  sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p' "$tmp/check"
}

# in_status KEY: KiB
in_status() {
  sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB/\1/p" "/proc/$server_pid/status"
}

# CPU time of the server so far, all threads, in ticks. The name in parentheses may hold blanks.
server_ticks() {
  sed 's/.*) //' "/proc/$server_pid/stat" | awk '{ print $12 + $13 }'
}

# Measuring. Each writes lines "ROW SERVER VALUE".

record() {
  printf '%s %s %s\n' "$1" "$name" "$2" >>"$tmp/values"
}

# load N CONNECTIONS STREAMS [OPTION]
load() {
  run "h2load against $name" "${on_client[@]}" h2load -n "$1" -c "$2" -m "$3" -t 1 ${4:+"$4"} -H 'te: trailers' \
    -H 'content-type: application/grpc' -d "$tmp/body.bin" --base-uri="unix:$sock" "http://localhost/$method"
}

# h2load sees HTTP only: a call that failed is 200, too. That each answer brought its message is seen in the bytes of DATA.
expect_answers() {
  local succeeded data bytes
  bytes=$(checked bytes)
  succeeded=$(sed -n 's/^requests:.* \([0-9]*\) succeeded.*/\1/p' "$tmp/out")
  data=$(sed -n 's/^traffic:.*(\([0-9]*\)) data.*/\1/p' "$tmp/out")
  [ "$succeeded" = "$1" ] || { show_end "$tmp/out"; die "$name: ${succeeded:-none} of $1 requests succeeded"; }
  [ "$data" = $(($1 * bytes)) ] || die "$name: $1 answers of $bytes bytes came as ${data:-no} bytes of data"
}

measure_load() {
  local before after
  load $((requests / 20 + 100)) 4 25
  before=$(server_ticks)
  load "$requests" 4 25
  expect_answers "$requests"
  after=$(server_ticks)
  record throughput "$(sed -n 's/^finished in .*, \([0-9.]*\) req\/s.*/\1/p' "$tmp/out")"
  record cpu "$(awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v n="$requests" \
    'BEGIN { print ticks / hz / n * 1e6 }')"
  record rss "$(in_status VmRSS)"
  record anon "$(in_status RssAnon)"
  record peak "$(in_status VmHWM)"
}

measure_latency() {
  run "the client of $name" "${on_client[@]}" "$cache/client" call --socket "$sock" -n "$calls"
  record p50 "$(sed -n 's/.*"p50":\([0-9.]*\).*/\1/p' "$tmp/out")"
  record p99 "$(sed -n 's/.*"p99":\([0-9.]*\).*/\1/p' "$tmp/out")"
}

# The same with a client that does next to nothing: what is left is the server and the kernel.
measure_light() {
  rm -f "$tmp/times"
  load $((calls / 10 + 1)) 1 1
  load "$calls" 1 1 --log-file="$tmp/times"
  expect_answers "$calls"
  record light "$(cut -f 3 "$tmp/times" | sort -n | sed -n "$(((calls + 1) / 2))p")"
}

# The connections stay open for as long as somebody may write to the client.
measure_idle() {
  local said='' status=0
  rm -f "$tmp/in" "$tmp/said"
  mkfifo "$tmp/in" "$tmp/said"
  "${on_client[@]}" "$cache/client" idle --socket "$sock" -n "$connections" <"$tmp/in" >"$tmp/said" 2>"$tmp/err" &
  client_pid=$!
  exec 3>"$tmp/in" 4<"$tmp/said"
  read -r said <&4 || true
  if [ "$said" = open ]; then
    record idle "$(in_status VmRSS)"
    record idle-anon "$(in_status RssAnon)"
  fi
  exec 3>&-
  cat <&4 >"$tmp/out"
  exec 4<&-
  wait "$client_pid" || status=$?
  client_pid=
  [ "$status" -eq 0 ] && return 0
  show_end "$tmp/err"
  die "$name does not keep $connections idle connections"
}

what_is() {
  case $1 in
    load) echo "$requests calls, 4 connections x 25 streams" ;;
    latency) echo "$calls calls, one outstanding" ;;
    light) echo "$calls calls of h2load, one outstanding" ;;
    idle) echo "$connections idle connections" ;;
  esac
}

measure() {
  local round=$1 what=$2
  name=$3
  tell "round $round of $rounds, $SECONDS s: $name, $(what_is "$what")"
  if [ "$name" = slugd ]; then start "$first"; else start "$name"; fi
  "measure_$what"
  stop
}

# Who comes first changes from round to round.
measure_all() {
  local round what
  for ((round = 1; round <= rounds; round++)); do
    for what in load latency light idle; do
      if ((round % 2)); then
        measure "$round" "$what" slugd
        measure "$round" "$what" grpc-go
      else
        measure "$round" "$what" grpc-go
        measure "$round" "$what" slugd
      fi
    done
  done
  end_line
}

# What was measured with what

facts() {
  local pinned='not pinned'
  [ -z "$server_cpu" ] || pinned="server on CPU $server_cpu, clients on CPU $client_cpu"
  printf 'fact %s %s\n' \
    Kernel "$(uname -srm)" \
    CPUs "$(nproc), $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | sed -n 1p); $pinned" \
    Load "$load_before at the start, $(cut -d ' ' -f 1-3 /proc/loadavg) at the end" \
    Versions "slugd $version, grpc-go $(checked grpcGo) ($(checked go)), $(h2load --version)" \
    Answer "$(checked bytes) bytes" \
    Rounds "$rounds, in turn; a new server for each measurement" \
    first "$first" \
    second grpc-go \
    connections "$connections"
}

# Arguments

wrong_usage() {
  printf 'wire.sh: %s\n' "$1" >&2
  usage >&2
  exit 2
}

# set_number VARIABLE OPTION VALUE
set_number() {
  [[ $3 =~ ^[1-9][0-9]{0,8}$ ]] || wrong_usage "$2 wants a number above 0"
  printf -v "$1" %s "$3"
}

set_output() {
  case $1 in
    table | json) output=$1 ;;
    *) wrong_usage "-o wants table or json" ;;
  esac
}

parse() {
  while [ $# -gt 0 ]; do
    case $1 in
      -o) set_output "${2:-}" && shift ;;
      --rounds | --requests | --calls | --connections) set_number "${1#--}" "$1" "${2:-}" && shift ;;
      --no-pin) pin=no ;;
      --null) first='grpc-go again' ;;
      -h | --help)
        usage
        exit 0
        ;;
      -*) wrong_usage "there is no option '$1'" ;;
      *)
        [ -z "$build" ] || wrong_usage "one BUILD-DIR is enough"
        build=$1
        ;;
    esac
    shift
  done
  [ -n "$build" ] || wrong_usage "which BUILD-DIR?"
}

# Before anything takes time
look_for_needs() {
  local need program
  for need in h2load:nghttp2-client taskset:util-linux protoc:protobuf-compiler; do
    command -v "${need%:*}" >/dev/null || die "there is no ${need%:*} (Debian: ${need#*:})"
  done
  [ -d "$build" ] || die "there is no folder '$build'"
  build=$(cd "$build" && pwd -P)
  for program in slugd tests/lib/mktree; do
    [ -x "$build/$program" ] || die "there is no $build/$program; make -C $build $program"
  done
  allow_files $((connections + 100))
}

# allow_files N: for this script and all that it starts
allow_files() {
  [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -lt "$1" ] || return 0
  ulimit -S -n "$1" 2>/dev/null || die "$1 open files are not allowed here; the limit is $(ulimit -Hn)"
}

main() {
  parse "$@"
  look_for_needs
  tmp=$(mktemp -d)
  with_seconds "building the Go programs" "$here/go/build.sh" "$cache"
  "$build/tests/lib/mktree" "$top/tests/fixtures/machines/two-nodes.tree" "$tmp/machine"
  printf '\0\0\0\0\0' >"$tmp/body.bin"
  choose_cpus
  load_before=$(cut -d ' ' -f 1-3 /proc/loadavg)
  learn_answer
  measure_all
  facts >>"$tmp/values"
  awk -v output="$output" -f "$here/report.awk" "$tmp/values"
}

main "$@"
