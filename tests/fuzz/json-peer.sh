#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Our JSON against Python's, where the system's Python has protobuf.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

python=/usr/bin/python3
pipe=$abs_top_builddir/tests/fuzz/json-pipe
descriptors=$abs_top_builddir/api/proto/gen/descriptors.pb

"$python" -c 'import google.protobuf.json_format' 2>/dev/null || skip_all "there is no $python with protobuf"
[ -x "$pipe" ] || bail_out "there is no $pipe: make check builds it"
[ -f "$descriptors" ] || bail_out "there is no $descriptors: make builds it"
exec "$python" "$here/json-peer.py" "$pipe" "$descriptors"
