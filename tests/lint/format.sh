#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What clang-format 14 prints is the style; other versions print other things, so they are not asked.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

for tool in clang-format-14 clang-format; do
  case $("$tool" --version 2>/dev/null) in
    *"version 14."*) break ;;
    *) tool= ;;
  esac
done
[ -n "$tool" ] || skip_all "there is no clang-format 14"
cd "$abs_top_srcdir" || bail_out "there is no $abs_top_srcdir"
wrong=$(find api daemon plugins tests -name '*.[ch]' -type f -print0 2>/dev/null |
  xargs -0 "$tool" --style=file --dry-run -Werror 2>&1 | grep -E 'error:' | sort -u | head -n 40)
is "$wrong" "" "every .c and .h is as clang-format prints it"
done_testing
