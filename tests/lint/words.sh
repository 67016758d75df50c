#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What has no place in the tree: marks of unfinished work, calls that cannot be made safe, lines that are too long, blanks at
# the end of a line, comments of the kind that never reaches a commit.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

cd "$abs_top_srcdir" || bail_out "there is no $abs_top_srcdir"
make_tmp
find api daemon plugins tests -name '*.[ch]' -type f 2>/dev/null | LC_ALL=C sort >"$tmp/code"
find api daemon plugins tests systemd m4 deploy -type f \( -name '*.sh' -o -name '*.mk' -o -name '*.m4' -o -name '*.in' \
  -o -name '*.tree' -o -name '*.proto' -o -name '*.txt' -o -name '*.catalog' -o -name '*.yaml' -o -name '*.py' \
  -o -name '*.socket' -o -name '*.conf' -o -name '*.example' -o -name '*.[158]' \) 2>/dev/null |
  grep -v -E '^tests/(golden|fuzz/corpus|fixtures/(config|wire|checkpoint))/.*[.](txt|yaml|json)$' | LC_ALL=C sort >"$tmp/text"
for file in bootstrap .ci/run configure.ac Makefile.am README.md HACKING.md NEWS; do
  [ ! -f "$file" ] || echo "$file"
done >>"$tmp/text"
cat "$tmp/code" "$tmp/text" >"$tmp/all"
is "$([ -s "$tmp/code" ] && echo some)" some "there is code to look at"

# none LIST PATTERN NAME: no line of the listed files matches
none() {
  is "$(xargs grep -n -E "$2" <"$1" /dev/null | head -n 40)" "" "$3"
}

none "$tmp/all" '(^|[^A-Za-z_])(TO[D]O|FIX[M]E|X[X]X|HA[C]K)([^A-Za-z_]|$)' "nothing is marked as unfinished"
none "$tmp/code" '(^|[^A-Za-z_])(system|popen|v?s[p]rintf|s[t]rcpy|stpcpy|s[t]rcat|gets|atoi|atoll?|atof|s[t]rtok)[[:space:]]*\(' \
  "no call that cannot be made safe"
none "$tmp/code" '^.{101,}$' "no line of code is longer than 100 columns"
none "$tmp/all" '[[:blank:]]+$' "no line ends in blanks"
none "$tmp/code" '	' "code is indented with blanks"
none "$tmp/code" '^[[:space:]]*//[^/]*$' "comments are of the other kind"
done_testing
