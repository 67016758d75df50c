#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The programs are hardened in fact, not only according to configure's log.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

[ "${TEST_IS_SANITIZED:-no}" = no ] || skip_all "a sanitizer build is not hardened"
command -v readelf >/dev/null || skip_all "there is no readelf"
for program in slugd slug-kubelet slug-nri slugctl; do
  file=$abs_top_builddir/$program
  contains "$(readelf -hW "$file")" "DYN" "$program is position independent"
  dynamic=$(readelf -dW "$file")
  contains "$dynamic" "PIE" "$program is an executable that can be anywhere"
  contains "$dynamic" "NOW" "$program binds all symbols at its start"
  segments=$(readelf -lW "$file")
  contains "$segments" "GNU_RELRO" "$program has its relocations read-only"
  is "$(echo "$segments" | sed -n 's/.*GNU_STACK.* \(R[W ]*E*\) .*/\1/p')" "RW " "$program has no executable stack"
  is "$(echo "$dynamic" | grep -c TEXTREL)" 0 "$program needs no change of its code"
done
done_testing
