#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A lint that never complains is worth nothing: each kind of wrong include is planted in a copy of the tree, and must be reported.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

# plant FILE LINE EXPECTED NAME: puts a line into a fresh copy and looks for the complaint
plant() {
  rm -rf "$tmp/tree"
  cp -R "$tmp/clean" "$tmp/tree"
  mkdir -p "$(dirname "$tmp/tree/$1")"
  printf '%s\n' "$2" >>"$tmp/tree/$1"
  seen=$("$here/layers.sh" "$tmp/tree")
  case $seen in
    "$1"*"$3"*) ok "$4" ;;
    *) not_ok "$4" "planted in $1: $2" "expected: $3" "reported: ${seen:-nothing}" ;;
  esac
}

make_tmp
mkdir "$tmp/clean"
for tree in api daemon plugins; do
  (cd "$abs_top_srcdir" && find $tree -name '*.[ch]' -type f 2>/dev/null) | while read -r file; do
    mkdir -p "$tmp/clean/$(dirname "$file")"
    grep -E '^[[:space:]]*#[[:space:]]*include' "$abs_top_srcdir/$file" >"$tmp/clean/$file"
  done
done
is "$("$here/layers.sh" "$tmp/clean")" "" "the copy is clean before anything is planted"

plant api/base/planted.c '#include "topology/topology.h"' "'api/base' may not include 'topology/topology.h'" "the ground floor may not look up"
plant daemon/topology/planted.c '#include "capacity/capacity.h"' "may not include" "no module may include one that comes after it"
plant daemon/qos/planted.c '#include "enforce/plan.h"' "may not include" "qos and enforce may not include each other"
plant daemon/sysfs/planted.h '#include "manager/manager.h"' "may not include 'manager/manager.h'" "nobody includes the manager"
plant api/rpc/planted.c '#include "service/node-service.h"' "may not include" "api may not include the daemon"
plant plugins/kubelet/planted.c '#include "ledger/ledger.h"' "may not include" "a plugin may not include the daemon"
plant plugins/kubelet/planted.c '#include "nri/nri.h"' "may not include" "a plugin may not include another"
plant daemon/manager/planted.c '#include "nri/nri.h"' "may not include" "the manager may not include a plugin"
plant api/base/deep/down/planted.c '#include "rpc/server.h"' "may not include" "depth is no way round"
plant daemon/capacity/planted.c '#include "slug/v1/node.pb-c.h"' "may not include" "generated code counts as a module"
plant daemon/capacity/planted.c '  #  include   "rpc/json.h"' "may not include" "blanks are no way round"
plant daemon/capacity/planted.c '#include <sysfs/sysfs.h>' "goes round the table" "angle brackets are no way round"
plant daemon/capacity/planted.c '#include <manager/manager.h>' "goes round the table" "angle brackets are no way round for the manager either"
plant daemon/capacity/planted.c '#include "../topology/topology.h"' "leaves its folder" "a path may not go up"
plant daemon/capacity/planted.c '#include "topology/../sysfs/sysfs.h"' "leaves its folder" "a path may not go up in the middle"
plant daemon/capacity/planted.c '#include "/usr/include/yaml.h"' "leaves its folder" "a path may not be absolute"
plant daemon/capacity/planted.c '#include "capacity.h"' "needs its folder" "an include carries its folder"
plant daemon/capacity/planted.c '#include "config.h"' "needs its folder" "config.h comes from the build alone"
plant daemon/capacity/planted.c '#include "nowhere/thing.h"' "is of no module" "an include names a module that is in the table"
plant daemon/capacity/planted.c '#include CAPACITY_HEADER' "must be spelled out" "an include is spelled out"
plant daemon/novelty/planted.c '#include "base/bytes.h"' "'daemon/novelty' is not in layers.txt" "a new folder needs a row"
plant daemon/planted.c '#include "base/bytes.h"' "'daemon/planted' is not in layers.txt" "a new file beside main.c needs a row"
plant daemon/topology/planted.c '#include <yaml.h>' "has its door elsewhere" "libyaml has one door"
plant daemon/service/planted.c '#include <microhttpd.h>' "has its door elsewhere" "libmicrohttpd has one door"
plant daemon/service/planted.c '#include <curl/curl.h>' "has its door elsewhere" "libcurl has one door"
plant daemon/service/planted.c '#include <json-c/json.h>' "has its door elsewhere" "json-c has one door"
plant daemon/sysfs/planted.c '#include <systemd/sd-journal.h>' "has its door elsewhere" "the journal has one door"
plant daemon/sysfs/planted.c '#include <protobuf-c/protobuf-c.h>' "has its door elsewhere" "messages stay at the edge"
plant daemon/sysfs/planted.c '#include <numa.h>' "has its door elsewhere" "libnuma is not for reading sysfs"
plant daemon/sysfs/planted.c '#include <check.h>' "has its door elsewhere" "check is for tests"
plant daemon/sysfs/planted.c '#include <openssl/ssl.h>' "not in doors.txt" "a new library needs a door"
done_testing
