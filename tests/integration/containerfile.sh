#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The image of deploy/Containerfile, as far as it can be told without building it: its packages exist, what the programs are
# linked to is in the list of the second stage, and what bootstrap needs to build is in that of the first.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
file=$abs_top_srcdir/deploy/Containerfile
[ -f "$file" ] || bail_out "there is no $file"

# packages STAGE: what its apt-get install names, one a line
packages() {
  awk -v stage="$1" '
/^FROM/ { n++ }
n == stage && /apt-get install/ { is_on = 1; sub(/.*--no-install-recommends/, "") }
n == stage && /^ && rm/ { is_on = 0 }
is_on { gsub(/\\/, ""); for (i = 1; i <= NF; i++) print $i }' "$file"
}
packages 1 | sort >"$tmp/build"
packages 2 | sort >"$tmp/run"
is "$([ -s "$tmp/build" ] && [ -s "$tmp/run" ] && echo both)" both "there are two lists"

# what bootstrap says that the build needs: kind:name:package; xz and bzip2 are for captured machines
sed -n '/^build_needs="/,/^"/p' "$abs_top_srcdir/bootstrap" | sed -n 's/^  [a-z]*:.*:\([^:]*\)$/\1/p' |
  grep -v -x -e xz-utils -e bzip2 | sort >"$tmp/needed"
[ -s "$tmp/needed" ] || bail_out "bootstrap has no list build_needs"
is "$(comm -13 "$tmp/build" "$tmp/needed" | tr '\n' ' ')" "" "what bootstrap needs for a build is installed"

# the base that it names, and the machine that this is
base=$(sed -n 's/^ARG BASE=.*debian:\([0-9]*\)-slim$/\1/p' "$file")
# shellcheck disable=SC1091 # of this machine
this=$(. /etc/os-release 2>/dev/null && echo "${ID:-}:${VERSION_ID:-}")
if [ "$this" != "debian:$base" ] || ! command -v apt-cache >/dev/null; then
  skip "the packages exist" "this is ${this:-no system that is known}, the image is debian:$base"
  skip "the programs' libraries are in the image" "as above"
  done_testing
fi
if [ -z "$(apt-cache policy zlib1g 2>/dev/null)" ]; then
  skip "the packages exist" "apt has no lists"
else
  sort -u "$tmp/build" "$tmp/run" >"$tmp/named"
  xargs apt-cache show --no-all-versions <"$tmp/named" 2>/dev/null | sed -n 's/^Package: //p' | sort -u >"$tmp/known"
  is "$(comm -23 "$tmp/named" "$tmp/known" | tr '\n' ' ')" "" "the packages exist"
fi

# libraries PROGRAM: the packages of what it is linked to, libc and sanitizers apart
libraries() {
  readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r library; do
    dpkg -S "*/$library" 2>/dev/null | sed 's/:.*//' | sort -u | grep -v -e '^libc6' -e '^libasan' -e '^libubsan'
  done
}
for program in "$slugd" "$slugctl" "$abs_top_builddir/slug-kubelet" "$abs_top_builddir/slug-nri"; do
  libraries "$program"
done | sort -u >"$tmp/linked"
is "$([ "$(wc -l <"$tmp/linked")" -ge 5 ] && echo some)" some "the programs are linked to libraries"
is "$(comm -13 "$tmp/run" "$tmp/linked" | tr '\n' ' ')" "" "the programs' libraries are in the image"
is "$(comm -23 "$tmp/run" "$tmp/linked" | tr '\n' ' ')" "" "and no others"
done_testing
