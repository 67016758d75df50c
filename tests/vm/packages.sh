#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packages for a guest: FOLDER/new has those of this tree, FOLDER/old the same as if they were of a version before it.
#
#     packages.sh BUILD FOLDER
set -euo pipefail
build=$1
out=$2

make -C "$build" -s deb
mkdir -p "$out/new" "$out/old"
for name in slugd slug-plugins slug-doc; do
  cp "$build/deb/${name}"_*.deb "$out/new/"
done
version=$(dpkg-deb -f "$out"/new/slugd_*.deb Version)
older=${version%-*}~0-${version##*-}
for package in "$out"/new/*.deb; do
  rm -rf "$out/tree"
  dpkg-deb -R "$package" "$out/tree"
  # its own version, and that of the package which it depends on
  sed -i "s/^\(Version: \|Depends:.* (= \)${version//./[.]}/\1$older/" "$out/tree/DEBIAN/control"
  file=$(basename "$package")
  dpkg-deb --root-owner-group -Zgzip -z1 -b "$out/tree" "$out/old/${file/$version/$older}" >/dev/null
done
rm -rf "$out/tree"
