#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every message id has an entry in the catalog that says what happened, what slugd did and what to do, and the other way round.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

header=$abs_top_srcdir/api/base/messages.h
catalog=$abs_top_srcdir/systemd/slug.catalog
make_tmp
sed -n 's/^#define *\(SLUG_MESSAGE_[A-Z_]*\) *"\(.*\)".*/\2 \1/p' "$header" | sort >"$tmp/defined"
sed -n 's/^-- \([^ ]*\).*/\1/p' "$catalog" | sort >"$tmp/explained"
cut -d ' ' -f 1 "$tmp/defined" >"$tmp/ids"

is "$(grep -c '#define *SLUG_MESSAGE_' "$header")" "$(grep -c . "$tmp/defined")" "every definition could be read"
is "$(grep -v -E '^[0-9a-f]{32} ' "$tmp/defined")" "" "an id is 32 hex digits"
is "$(uniq -d "$tmp/ids")" "" "no id is used twice"
is "$(uniq -d "$tmp/explained")" "" "no id is explained twice"
is "$(comm -23 "$tmp/ids" "$tmp/explained")" "" "every id is explained in the catalog"
is "$(comm -13 "$tmp/ids" "$tmp/explained")" "" "every entry of the catalog has an id"

# What an entry must have: the two headers, a blank line, and then text.
awk '
function finish() {
  if (id != "" && (!subject || !defined_by || n_text < 2))
    print id " lacks " (!subject ? "Subject" : !defined_by ? "Defined-By: slug" : "a text")
}
/^-- / { finish(); id = $2; subject = defined_by = in_text = n_text = 0; next }
in_text && NF { ++n_text }
id != "" && !NF { in_text = 1 }
!in_text && /^Subject: ./ { subject = 1 }
!in_text && /^Defined-By: slug$/ { defined_by = 1 }
END { finish() }' "$catalog" >"$tmp/incomplete"
is "$(cat "$tmp/incomplete")" "" "every entry has a subject, its origin and a text"

# What an entry tells people to run has to be there; man.sh sees to it that the page has the verbs that slugctl has.
sed -n 's/^\.It Cm \([a-z-]*\).*/\1/p' "$abs_top_srcdir/api/slugctl/slugctl.1" | sort -u >"$tmp/verbs"
contains "$(cat "$tmp/verbs")" "describe-node" "the verbs of slugctl can be read"
grep -o '"slugctl [a-z-]*' "$catalog" | cut -d' ' -f2 | sort -u >"$tmp/named"
is "$(comm -13 "$tmp/verbs" "$tmp/named")" "" "slugctl has every verb that an entry names"
done_testing
