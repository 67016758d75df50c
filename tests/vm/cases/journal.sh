#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What slugd says in the journal: every entry has an id that the catalog explains, and the fields of the dictionary.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh

journalctl -b -u slugd.service -o json >"$tmp/all"
jq -c 'select(.SYSLOG_IDENTIFIER == "slugd" and (.PRIORITY | tonumber) <= 6)' "$tmp/all" >"$tmp/journal"
is "$([ -s "$tmp/journal" ] && echo some)" some "slugd has said something"
is "$(jq -r 'select(.MESSAGE_ID == null) | .MESSAGE' "$tmp/journal")" "" "every entry has a message id"
journalctl --list-catalog >"$tmp/catalog"
is "$(jq -r .MESSAGE_ID "$tmp/journal" | sort -u | while read -r id; do grep -q "^$id slug: " "$tmp/catalog" || echo "$id"; done)" ""   "and every id is in the catalog"
is "$(grep -c ' slug: ' "$tmp/catalog")" "$(grep -c '^-- ' /usr/lib/systemd/catalog/slug.catalog)" "the catalog is installed whole"
is "$(jq -r 'select(.MESSAGE_ID == "4d2c1b9fb6a44a5b8c0cf4a9b3a41e01") | .SLUG_VERSION' "$tmp/journal" | sort -u)"   "$("$slugd" --version | sed 's/slugd //')" "READY comes with the version"
is "$(jq -r 'select(.MESSAGE_ID == "4d2c1b9fb6a44a5b8c0cf4a9b3a41e06" and (.SLUG_GENERATION == null or .SLUG_NODE_COUNT == null or .SLUG_LOCAL_BYTES == null or .SLUG_REMOTE_BYTES == null)) | .MESSAGE' "$tmp/journal")" ""   "a topology comes with generation, count and bytes"
describe
is "$(jq -r 'select(.MESSAGE_ID == "4d2c1b9fb6a44a5b8c0cf4a9b3a41e06") | .SLUG_LOCAL_BYTES' "$tmp/journal" | tail -n 1)" "$(node .capacity.localBytes)"   "the bytes are those of describe-node"
contains "$(journalctl -b -u slugd.service -x --no-pager)" "has read the machine, holds topology generation" "journalctl -x explains it"
done_testing
