#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Debian's packages against the tree: every file that is installed is in exactly one package (or left out by name), they have the
# tree's version, and what the build needs is what configure looks for. It takes no tool of Debian; make deb builds them.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

[ -f "$abs_top_builddir/Makefile" ] || skip_all "run through make check, which knows the build"
debian=$abs_top_srcdir/deploy/debian
make_tmp
units=usr/lib/systemd/system

# Installed as the packages' rules do it, whatever this build is for. The make that runs this one shares nothing with it.
unset MAKEFLAGS MFLAGS MAKELEVEL
zsh=$(sed -n 's/.*\(zshcompletiondir=[^ ]*\).*/\1/p' "$debian/rules")
make -C "$abs_top_builddir" -s install DESTDIR="$tmp/root" prefix=/usr sysconfdir=/etc systemdsystemunitdir=/$units \
  systemdcatalogdir=/usr/lib/systemd/catalog sysusersdir=/usr/lib/sysusers.d tmpfilesdir=/usr/lib/tmpfiles.d "$zsh" \
  >"$tmp/install.log" 2>&1 || bail_out "make install failed: $(tail -n 5 "$tmp/install.log")"
(cd "$tmp/root" && find . ! -type d | sed 's,^\./,,' | LC_ALL=C sort) >"$tmp/installed"
contains "$(cat "$tmp/installed")" usr/sbin/slugd "something is installed"

# packages LIST FOLDER: "PACKAGE FILE" for all that the lists in FOLDER take out of the listing; a pattern stands for what begins
# with it, too, because a folder brings what is in it. "PACKAGE !PATTERN" is one that takes nothing.
packages() {
  for list in "$2"/*.install "$2"/not-installed; do
    sed -e '/^#/d' -e '/^$/d' -e "s,\${env:SLUG_UNITS},$units," "$list" |
      awk -v package="$(basename "$list" .install)" 'NR == FNR { line[++n] = $1; next }
        $1 ~ /^deploy\// { next } # of the source, and not of the installation
        { any = 0
          for (i = 1; i <= n; i++)
            if (line[i] == $1 || index(line[i], $1 "/") == 1) { print package, line[i]; any = 1 }
          if (!any) print package, "!" $1 }' "$1" -
  done
}

packages "$tmp/installed" "$debian" >"$tmp/packed"
is "$(sed -n 's/^[^ ]* !/&/p' "$tmp/packed")" "" "no package wants a file that is not installed"
grep -v ' !' "$tmp/packed" | cut -d ' ' -f 2 | LC_ALL=C sort >"$tmp/owned"
is "$(uniq -d "$tmp/owned")" "" "no file is in two packages"
is "$(uniq "$tmp/owned" | LC_ALL=C comm -23 "$tmp/installed" -)" "" "every file is in a package, or left out by name"

sed -n 's,^\(deploy/[^ ]*\).*,\1,p' "$debian"/*.install >"$tmp/sources"
is "$(while read -r source; do [ -e "$abs_top_srcdir/$source" ] || echo "$source"; done <"$tmp/sources")" "" "what comes from the tree is there"

# Each of the three finds what it is there for.
mkdir "$tmp/planted"
cp "$debian"/*.install "$debian/not-installed" "$tmp/planted/"
echo usr/sbin/slugd >>"$tmp/planted/slug-plugins.install"
echo usr/bin/nothing >>"$tmp/planted/slug-plugins.install"
sed -i '/slugctl[.]1/d' "$tmp/planted/slugd.install"
packages "$tmp/installed" "$tmp/planted" >"$tmp/packed"
grep -v ' !' "$tmp/packed" | cut -d ' ' -f 2 | LC_ALL=C sort >"$tmp/owned"
is "$(grep ' !' "$tmp/packed") $(uniq -d "$tmp/owned") $(uniq "$tmp/owned" | LC_ALL=C comm -23 "$tmp/installed" -)" \
  "slug-plugins !usr/bin/nothing usr/sbin/slugd usr/share/man/man1/slugctl.1" "a list with three mistakes is found out"

# Packages, and who brings what.
sed -n 's/^Package: //p' "$debian/control" >"$tmp/names"
for list in "$debian"/*.install "$debian"/*.prerm "$debian"/*.postrm; do
  name=$(basename "$list" | sed 's/[.][a-z]*$//')
  is "$(grep -x "$name" "$tmp/names")" "$name" "$(basename "$list") is of a package that is there"
done
sed -n 's,.*/\([a-z-]*[.]\(service\|socket\)\)$,\1,p' "$debian"/*.install >"$tmp/units"
while read -r unit; do
  is "$(grep -c "dh_installsystemd .*\($unit\|-pslug-plugins$\)" "$debian/rules" | sed 's/^[1-9].*/yes/')" yes "rules starts $unit"
done <"$tmp/units"

# The version.
is "$(sed -n '1s/^slug (\(.*\)-[0-9]*) .*/\1/p' "$debian/changelog")" \
  "$(sed -n 's/^AC_INIT(\[slug\], \[\(.*\)\])/\1/p' "$abs_top_srcdir/configure.ac")" "changelog has configure.ac's version"
contains "$(cat "$abs_top_srcdir/NEWS")" "$(sed -n '1s/^slug (\(.*\)-[0-9]*) .*/\1/p' "$debian/changelog")" "which NEWS tells of"

# What the build needs is what bootstrap installs for it.
sed -n '/^build_needs="/,/^"/s/^  \(module\|command:protoc[a-z-]*\):.*:\([a-z0-9-]*\)$/\2/p' "$abs_top_srcdir/bootstrap" >"$tmp/needs"
is "$([ "$(wc -l <"$tmp/needs")" -gt 8 ] && echo many)" many "bootstrap names what the build needs"
sed -n '/^Build-Depends:/,/^Standards-Version:/p' "$debian/control" | tr -d ' ,' | sed 's/[<|].*//' >"$tmp/build-depends"
is "$(grep -v -x -F -f "$tmp/build-depends" "$tmp/needs")" "" "and the packages' build needs it, too"
done_testing
