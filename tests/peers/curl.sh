#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The protocols by hand, with curl: what goes over the wire is all here, and no library stands between it and slugd.
#
#     curl.sh SOCKET
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/peers/say.sh
. "$here/say.sh"
socket=$1
service=http://slug/slug.v1.NodeService
health=http://slug/grpc.health.v1.Health
json=(-H 'content-type: application/json')
grpc_any=(--http2-prior-knowledge -H 'te: trailers')
grpc=("${grpc_any[@]}" -H 'content-type: application/grpc')
no_such_node=4000000

# ask_once ARGUMENT...: the answer is in $tmp/body, its headers and trailers in $tmp/head, $status is HTTP's, $curl_status curl's
ask_once() {
  curl_status=0
  : >"$tmp/body"
  : >"$tmp/head"
  status=$(curl --silent --show-error --max-time 60 --unix-socket "$socket" --dump-header "$tmp/head" --output "$tmp/body" \
    --write-out '%{http_code}/%{http_version}' "$@" 2>"$tmp/error") || curl_status=$?
}

# ask ARGUMENT...: again while curl fails with 92. A server may answer over HTTP/2 before it has the whole request, and then reset
# the stream without an error; when both come at once, curl 7.88 forgets the answer.
ask() {
  local left=30
  ask_once "$@"
  while [ "$curl_status" = 92 ] && [ "$left" -gt 0 ]; do
    left=$((left - 1))
    ask_once "$@"
  done
}

body() { tr -d '\0' <"$tmp/body"; }
n_body() { stat -c %s "$tmp/body"; }

# header NAME: its value in the last answer, of headers and trailers alike
header() { tr -d '\r' <"$tmp/head" | sed -n "s/^$1: *//Ip" | tail -n 1; }

# number FILE OFFSET: the four bytes of a message's length
number() { od -A n -t u1 -j "$2" -N 4 "$1" | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }'; }

# frame FLAG FILE: the five bytes before a message, and the message
frame() {
  local n
  n=$(stat -c %s "$2")
  # shellcheck disable=SC2059 # the format is made of the number's bytes
  printf "$(printf '\\%03o' "$1" $((n >> 24 & 255)) $((n >> 16 & 255)) $((n >> 8 & 255)) $((n & 255)))"
  cat "$2"
}

# answered NAME: 200, JSON, with NUMA nodes
answered() {
  if [[ $status == 200/* && $(header content-type) == application/json* && $(body) == '{'*'"numaNodes"'*'}' ]]; then
    ok "$1"
  else
    not_ok "$1" "status $status, $(header content-type): $(body) $(cat "$tmp/error")"
  fi
}

# refused HTTP CODE NAME: an error as Connect spells it
refused() {
  if [[ $status == "$1"/* && $(body) == *"\"code\":\"$2\""* ]]; then
    ok "$3"
  else
    not_ok "$3" "status $status: $(body) $(cat "$tmp/error")"
  fi
}

# grpc_ended STATUS NAME: HTTP went well, and gRPC ended so
grpc_ended() {
  if [[ $status == 200/2 && $(header content-type) == application/grpc* && $(header grpc-status) == "$1" ]]; then
    ok "$2"
  else
    not_ok "$2" "status $status, grpc-status '$(header grpc-status)' '$(header grpc-message)': $(cat "$tmp/error")"
  fi
}

# grpc_framed NAME: the body is one message, whole, not compressed
grpc_framed() {
  if [ "$(n_body)" -gt 5 ] && [ "$(head -c 1 "$tmp/body" | od -A n -t u1 | tr -d ' ')" = 0 ] &&
    [ "$(number "$tmp/body" 1)" = $(($(n_body) - 5)) ]; then
    ok "$1"
  else
    not_ok "$1" "$(n_body) bytes, which begin with $(head -c 5 "$tmp/body" | od -A n -t x1)"
  fi
}

connect_unary() {
  local version at
  for version in http1.1 http2-prior-knowledge; do
    at="over --$version"
    ask "--$version" "${json[@]}" -d '{}' $service/DescribeNode
    answered "Connect JSON $at"
    ask "--$version" "${json[@]}" -H 'connect-protocol-version: 1' -H 'connect-timeout-ms: 60000' -d '{}' $service/DescribeNode
    answered "Connect JSON with version and deadline $at"
    ask "--$version" "${json[@]}" -H 'connect-protocol-version: 2' -d '{}' $service/DescribeNode
    refused 400 invalid_argument "an unknown version of Connect is refused $at"
    ask "--$version" "${json[@]}" -d "{\"numaNode\":$no_such_node}" $service/Explain
    refused 404 not_found "Connect JSON, an unknown NUMA node $at"
    ask "--$version" -H 'content-type: application/proto' --data-binary '' $service/DescribeNode
    if [[ $status == 200/* && $(header content-type) == application/proto && $(n_body) -gt 0 ]]; then
      ok "Connect protobuf $at"
    else
      not_ok "Connect protobuf $at" "status $status, $(header content-type), $(n_body) bytes"
    fi
    ask "--$version" "${json[@]}" -d '{}' $health/Check
    contains "$(body)" '"SERVING"' "health by Connect JSON $at"
  done
}

connect_get() {
  local version at
  for version in http1.1 http2-prior-knowledge; do
    at="over --$version"
    ask "--$version" "$service/DescribeNode?connect=v1&encoding=json&message=%7B%7D"
    answered "Connect GET $at"
    ask "--$version" "$service/DescribeNode?message=e30&base64=1&encoding=json&connect=v1&later=1"
    answered "Connect GET, base64 without padding $at"
    ask "--$version" "$service/Explain?connect=v1&encoding=json&message=%7B%22numaNode%22%3A$no_such_node%7D"
    refused 404 not_found "Connect GET, an unknown NUMA node $at"
  done
}

# What is no message, by either version: the same words for the same mistake.
connect_refuses() {
  local version at
  for version in http1.1 http2-prior-knowledge; do
    at="over --$version"
    ask "--$version" "${json[@]}" -d '{' $service/DescribeNode
    refused 400 invalid_argument "half a message $at"
    ask "--$version" -H 'content-type: text/plain' -d '{}' $service/DescribeNode
    is "${status%/*}" 415 "a content type that is not served $at"
    ask "--$version" "${json[@]}" -d '{}' http://slug/no.such.Service/Method
    is "${status%/*}" 404 "an unknown service $at"
    ask "--$version" -X DELETE $service/DescribeNode
    is "${status%/*}" 405 "a verb that is not served $at"
  done
}

grpc_unary() {
  : >"$tmp/empty"
  frame 0 "$tmp/empty" >"$tmp/request"
  ask "${grpc[@]}" --data-binary "@$tmp/request" $service/DescribeNode
  grpc_ended 0 "gRPC by hand"
  grpc_framed "gRPC by hand, the answer is one whole message"
  ask "${grpc[@]}" -H 'grpc-timeout: 60S' --data-binary "@$tmp/request" $service/GetVersion
  grpc_ended 0 "gRPC by hand, with a deadline"

  # field 1, a varint: 4000000
  printf '\010\200\222\364\001' >"$tmp/message"
  frame 0 "$tmp/message" >"$tmp/explain"
  ask "${grpc[@]}" --data-binary "@$tmp/explain" $service/Explain
  grpc_ended 5 "gRPC by hand, an unknown NUMA node"
  is "$([ -n "$(header grpc-message)" ] && echo some)" some "gRPC by hand, an unknown NUMA node has a message"
  is "$(header grpc-status), $(n_body) bytes" "5, 0 bytes" "gRPC by hand, an error has no body"
  ask "${grpc[@]}" --data-binary "@$tmp/request" $service/NoSuchMethod
  grpc_ended 12 "gRPC by hand, an unknown method"
  ask "${grpc[@]}" --data-binary '' $service/DescribeNode
  is "$([[ $(header grpc-status) =~ ^[1-9] ]] && echo failed)" failed "gRPC by hand, no message at all is a failure"
  head -c 4 "$tmp/request" >"$tmp/part"
  ask "${grpc[@]}" --data-binary "@$tmp/part" $service/DescribeNode
  is "$([[ $(header grpc-status) =~ ^[1-9] ]] && echo failed)" failed "gRPC by hand, half a frame is a failure"
}

grpc_json() {
  printf '{}' >"$tmp/message"
  frame 0 "$tmp/message" >"$tmp/request"
  ask "${grpc_any[@]}" -H 'content-type: application/grpc+json' --data-binary "@$tmp/request" $service/DescribeNode
  grpc_ended 0 "gRPC with JSON by hand"
  grpc_framed "gRPC with JSON by hand, the answer is one whole message"
  contains "$(tail -c +6 "$tmp/body")" '"numaNodes"' "gRPC with JSON by hand, the answer is JSON"
}

# Nothing but the server can end these: curl knows nothing of the deadline that it sends.
deadlines() {
  local version
  : >"$tmp/empty"
  frame 0 "$tmp/empty" >"$tmp/request"
  ask_once "${grpc[@]}" -H 'grpc-timeout: 300m' --data-binary "@$tmp/request" $service/Watch
  # 92: the stream was reset, which gRPC's servers may do at a deadline
  if [ "$(header grpc-status)" = 4 ] || [ "$curl_status" = 92 ]; then
    ok "a deadline ends a gRPC stream"
  else
    not_ok "a deadline ends a gRPC stream" "grpc-status '$(header grpc-status)', $(cat "$tmp/error")"
  fi
  printf '{}' >"$tmp/message"
  frame 0 "$tmp/message" >"$tmp/request"
  for version in http1.1 http2-prior-knowledge; do
    ask_once "--$version" -H 'content-type: application/connect+json' -H 'connect-timeout-ms: 300' \
      --data-binary "@$tmp/request" $service/Watch
    contains "$(body | tail -c 400)" '"deadline_exceeded"' "a deadline ends a Connect stream over --$version"
    is "${status%/*}" 200 "a Connect stream is HTTP's 200 however it ends over --$version"
  done
}

# The first envelope of a stream that goes on, as it comes; then the peer is gone.
connect_stream() {
  local version curl_pid n flag payload
  printf '{}' >"$tmp/message"
  frame 0 "$tmp/message" >"$tmp/request"
  for version in http1.1 http2-prior-knowledge; do
    rm -f "$tmp/stream"
    mkfifo "$tmp/stream"
    curl --silent --no-buffer --max-time 60 --unix-socket "$socket" "--$version" -H 'content-type: application/connect+json' \
      --data-binary "@$tmp/request" $service/Watch >"$tmp/stream" 2>"$tmp/error" &
    curl_pid=$!
    exec 3<"$tmp/stream"
    head -c 5 <&3 >"$tmp/prefix"
    payload='' flag=none n=0
    if [ "$(stat -c %s "$tmp/prefix")" = 5 ]; then
      flag=$(od -A n -t u1 -N 1 "$tmp/prefix" | tr -d ' ')
      n=$(number "$tmp/prefix" 1)
      payload=$(head -c "$n" <&3 | tr -d '\0')
    fi
    kill "$curl_pid" 2>/dev/null || true
    wait "$curl_pid" 2>/dev/null || true
    exec 3<&-
    if [[ $flag = 0 && ${#payload} -gt 2 && $payload == '{'*'}' ]]; then
      ok "Connect stream, the first envelope of Watch over --$version"
    else
      not_ok "Connect stream, the first envelope of Watch over --$version" "flag $flag, $n bytes: $payload"
    fi
  done
  ask "${json[@]}" -d '{}' $service/DescribeNode
  answered "a peer that left its streams stopped nobody"
}

# 5 MiB of blanks in a message: well-formed, and more than any request may be.
too_large() {
  local version
  { printf '{' && head -c 5242880 /dev/zero | tr '\0' ' ' && printf '}'; } >"$tmp/large"
  for version in http1.1 http2-prior-knowledge; do
    ask_once "--$version" "${json[@]}" --data-binary "@$tmp/large" $service/DescribeNode
    # 92: as above, and asking again would not help
    if [[ ${status%/*} == 413 || ${status%/*} == 429 || ($version == http2* && $curl_status = 92) ]]; then
      ok "a message that is too large is refused over --$version"
    else
      not_ok "a message that is too large is refused over --$version" "status $status: $(body) $(cat "$tmp/error")"
    fi
  done
}

plain() {
  local version
  for version in http1.1 http2-prior-knowledge; do
    ask "--$version" http://slug/healthz
    is "${status%/*}" 200 "GET /healthz over --$version"
    ask "--$version" http://slug/metrics
    if [[ $status == 200/* && $(header content-type) == text/plain* && $(body) == *'# TYPE slug'* ]]; then
      ok "GET /metrics over --$version"
    else
      not_ok "GET /metrics over --$version" "status $status, $(header content-type): $(head -c 300 "$tmp/body")"
    fi
  done
}

connect_unary
connect_get
connect_refuses
grpc_unary
grpc_json
deadlines
connect_stream
too_large
plain
all_said
