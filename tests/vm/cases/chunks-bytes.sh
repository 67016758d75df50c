#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The pod of README.md, a sixteenth of its size: a stock kubelet gives it chunks, and its bytes end where its claim says.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/containerd.sh
. /run/slug-test/containerd.sh
# shellcheck source=tests/vm/guest/kubelet.sh
. /run/slug-test/kubelet.sh
mib=1048576

need_node
need_slug
hold_splits
advertised "the kubelet may give away every chunk that slugd has"
manifest bytes "{cpu: 1, memory: 512Mi, $resource: 4}" x:480
runs bytes
equal "a pod with chunks"
wait_long has_settled bytes 480 256
is "$?" 0 "of its bytes 256 MiB are local, as its claim allows, and the rest is remote"
remark "promised: local 256 MiB, remote 256 MiB; it has $(cat "$tmp/lies") MiB local and remote"
"$slugctl" claims | sed 's/^/# | /'
"$slugctl" describe-pod "default/bytes-$host" | sed 's/^/# | /'
is "$("$slugctl" -o json enforcement | jq -r --arg pod "bytes-$host" --argjson mib $mib '.containers[] | select(.pod == $pod) |
  [(.localBytes | tonumber) <= 257 * $mib, (.remoteBytes | tonumber) >= 220 * $mib, .state] | join(" ")')" \
  "true true ENFORCEMENT_STATE_HELD" "and slugctl says so"
gone bytes
done_testing
