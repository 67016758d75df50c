#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a person does who has the socket and nothing else: 'buf curl' learns the services from slugd's reflection, then calls them.
#
#     buf-curl.sh BUF SOCKET DESCRIPTOR-SET
#
# The descriptor set is only for comparing, and for HTTP/1.1, over which there is no reflection.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/peers/say.sh
. "$here/say.sh"
buf=$1
socket=$2
schema=$3
base=http://localhost
service=$base/slug.v1.NodeService
export BUF_CACHE_DIR=$tmp/cache

# ask ARGUMENT...: the answer is in $answer, what went wrong in $error and $status
ask() {
  status=0
  answer=$(timeout 60 "$buf" curl --unix-socket "$socket" "$@" 2>"$tmp/error") || status=$?
  error=$(<"$tmp/error")
}

# answered PART NAME
answered() {
  if [[ $status = 0 && $answer == *"$1"* ]]; then
    ok "$2"
  else
    not_ok "$2" "exit status $status, no '$1' in '$answer' $error"
  fi
}

# refused GRPC-CODE NAME: buf's exit status is eight times the code
refused() {
  if [[ $status = $(($1 * 8)) && $error == *'"message"'* ]]; then
    ok "$2"
  else
    not_ok "$2" "exit status $status: $answer $error"
  fi
}

# What reflection tells is what the .proto files say, by either version of it.
reflection() {
  local version expected
  expected=$("$buf" curl --schema "$schema" --list-methods | grep '^slug[.]' | sort)
  for version in grpc-v1 grpc-v1alpha; do
    ask --http2-prior-knowledge --reflect-protocol "$version" --list-services $base
    answered slug.v1.NodeService "$version lists our service"
    answered grpc.health.v1.Health "$version lists the health service"
    ask --http2-prior-knowledge --reflect-protocol "$version" --list-methods $base
    is "$(grep '^slug[.]' <<<"$answer" | sort)" "$expected" "$version lists the methods of the .proto files"
    answered grpc.health.v1.Health/Watch "$version lists the methods of the health service"
    ask --http2-prior-knowledge --reflect-protocol "$version" --protocol grpc $service/DescribeNode
    answered '"numaNodes"' "DescribeNode by what $version tells"
    ask --http2-prior-knowledge --reflect-protocol "$version" $base/no.such.Service/Method
    if [ "$status" != 0 ] && [ "$status" != 124 ]; then
      ok "$version does not know what is not there"
    else
      not_ok "$version does not know what is not there" "exit status $status: $answer"
    fi
  done
}

calls() {
  local protocol
  for protocol in grpc connect; do
    ask --http2-prior-knowledge --protocol $protocol $service/DescribeNode
    answered '"numaNodes"' "$protocol over HTTP/2, DescribeNode"
    ask --http2-prior-knowledge --protocol $protocol -d '{"numaNode": 4000000}' $service/Explain
    refused 5 "$protocol over HTTP/2, an unknown NUMA node"
    ask --http2-prior-knowledge --protocol $protocol $base/grpc.health.v1.Health/Check
    answered '"SERVING"' "$protocol over HTTP/2, health"
  done
  # without the flag: the protocol alone asks for HTTP/2
  ask --protocol grpc $service/GetVersion
  answered '"version"' "grpc, GetVersion"
  ask --protocol connect --schema "$schema" $service/DescribeNode
  answered '"numaNodes"' "connect over HTTP/1.1, DescribeNode"
  ask --protocol connect --schema "$schema" -d '{"numaNode": 4000000}' $service/Explain
  refused 5 "connect over HTTP/1.1, an unknown NUMA node"
}

reflection
calls
all_said
