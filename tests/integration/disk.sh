#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A disk that is full, cannot be written, fails or hangs, below a slugd that runs: what is in disk.py, in a mount namespace of its
# own where that may be made.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

command -v python3 >/dev/null || skip_all "there is no python3"
export PYTHONDONTWRITEBYTECODE=1
make_tmp
mkdir "$tmp/mounted"
if unshare -m mount -t tmpfs none "$tmp/mounted" 2>/dev/null; then
  unshare -m python3 "$here/disk.py" "$tmp" mounts
else
  python3 "$here/disk.py" "$tmp"
fi
