#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A slugd with many clients at once, that is killed again and again: what is in kills.py.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v python3 >/dev/null || skip_all "there is no python3"
export PYTHONDONTWRITEBYTECODE=1
make_tmp
python3 "$here/kills.py" "$tmp"
