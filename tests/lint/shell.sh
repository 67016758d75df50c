#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No script gives shellcheck anything to say.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v shellcheck >/dev/null || skip_all "there is no shellcheck"
cd "$abs_top_srcdir" || bail_out "there is no $abs_top_srcdir"
for script in bootstrap .ci/run $(find tests systemd deploy -name '*.sh' -type f 2>/dev/null | LC_ALL=C sort); do
  [ -f "$script" ] || continue
  is "$(shellcheck -x -P . "$script" 2>&1)" "" "$script"
done
done_testing
