#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# make deb: a tarball of the tree, unpacked, with deploy/debian as its debian, is built as source and as binary packages. They come
# into deb/ of the build folder, with the log.
#
#     build.sh MAKE NAME-VERSION        in the build folder
#
# Unit tests are left out unless DEB_BUILD_OPTIONS says what else it wants: make check has them.
set -euo pipefail
make=$1
name=$2
out=$PWD/deb
work=$out/work
log=$out/build.log
step_pid=

clean_up() {
  [ -z "$step_pid" ] || { kill "$step_pid" 2>/dev/null && wait "$step_pid" 2>/dev/null; } || true
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# step NAME COMMAND...: quiet, into the log, with its seconds
step() {
  local title=$1 start=$SECONDS status=0
  shift
  printf 'deb: %s\n' "$title"
  "$@" </dev/null >>"$log" 2>&1 &
  step_pid=$!
  while [ -t 1 ] && kill -0 "$step_pid" 2>/dev/null; do
    printf '\r    %d s ' $((SECONDS - start))
    sleep 1
  done
  wait "$step_pid" || status=$?
  step_pid=
  [ ! -t 1 ] || printf '\r'
  printf '    %d s    \n' $((SECONDS - start))
  [ "$status" -ne 0 ] || return 0
  echo "deb: failed; the end of $log:" >&2
  tail -n 30 "$log" | sed 's/^/    /' >&2
  exit 1
}

unpack() {
  tar -xJf "$name.tar.xz" -C "$work"
  ln "$name.tar.xz" "$work/${name/-/_}.orig.tar.xz"
  # not a link: a source package has to have the files
  cp -R "$work/$name/deploy/debian" "$work/$name/debian"
  rm "$work/$name/debian/build.sh" "$work/$name/debian/local.mk"
}

build() {
  cd "$work/$name"
  unset MAKEFLAGS MFLAGS MAKELEVEL
  DEB_BUILD_OPTIONS=${DEB_BUILD_OPTIONS-nocheck parallel=$(nproc)} DEB_BUILD_PROFILES=${DEB_BUILD_PROFILES-nocheck} \
    dpkg-buildpackage -us -uc
}

for tool in dpkg-buildpackage dh; do
  command -v "$tool" >/dev/null || { echo "deb: there is no $tool; ./bootstrap deb installs what is missing" >&2; exit 1; }
done
rm -rf "$out"
mkdir -p "$work"
# the newest of packages is not the smallest: it is made for this machine
export XZ_OPT=${XZ_OPT--1}
step "packing the tree" "$make" dist-xz
step "unpacking it" unpack
step "building the packages (log: $log)" build
find "$work" -maxdepth 1 -type f -exec mv {} "$out/" \;
rm -rf "$work"
(cd "$out" && ls ./*.deb)
