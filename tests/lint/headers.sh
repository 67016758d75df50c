#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone: whoever includes it need not know what it needs. $TEST_CC and $TEST_CPPFLAGS come from the build.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

[ -n "${TEST_CC:-}" ] || skip_all "run through make check, which knows the compiler"
make_tmp
find "$abs_top_srcdir/api" "$abs_top_srcdir/daemon" "$abs_top_srcdir/plugins" "$abs_top_srcdir/tests/lib" -name '*.h' 2>/dev/null |
  LC_ALL=C sort >"$tmp/headers"
while read -r header; do
  name=${header#"$abs_top_srcdir"/}
  [ "$name" != tests/lib/test-main.h ] || [ "${TEST_HAS_CHECK:-no}" = yes ] || continue
  # shellcheck disable=SC2086 # both are lists of words
  if echo "#include \"$header\"" | $TEST_CC $TEST_CPPFLAGS -fsyntax-only -x c - >"$tmp/out" 2>&1; then
    ok "$name"
  else
    not_ok "$name" "$(head -n 20 "$tmp/out")"
  fi
done <"$tmp/headers"
done_testing
