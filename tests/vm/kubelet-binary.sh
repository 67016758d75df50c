#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real kubelet for the guests, static, built from the Go module that kubelet/go.mod and go.sum pin and kept outside the tree,
# beside the guest's image. Prints the file, a file system with nothing but the kubelet in it. It is named for what it was made of,
# so that it is built anew only when that changes; the ones that nothing names any more are removed. Go has to be in PATH
# (./bootstrap check-vm sees to it).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cache=${SLUG_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slug/vm}
package=k8s.io/kubernetes/cmd/kubelet
version=$(awk '$1 == "require" && $2 == "k8s.io/kubernetes" { print $3 }' "$here/kubelet/go.mod")

say() { echo "kubelet: $*" >&2; }

# What a release is stamped with; without it a kubelet says that it is v0.0.0.
stamps() {
  local major minor rest name=k8s.io/component-base/version
  IFS=. read -r major minor rest <<<"${version#v}"
  echo "-X $name.gitVersion=$version -X $name.gitMajor=$major -X $name.gitMinor=$minor -X $name.gitTreeState=clean"
}

# progress LOG: a line for every hundred of the packages that are compiled; what else is said goes to LOG
progress() {
  awk -v log_file="$1" '
    /^[a-z0-9._\/-]+$/ { if (++n % 100 == 0) { print "kubelet: " n " packages are compiled"; fflush() } next }
    { print >log_file }' >&2
}

build() {
  say "building $version from the modules of go.sum (some minutes, once)"
  # -v names each package on standard error as it is compiled
  CGO_ENABLED=0 GOFLAGS='' go -C "$here/kubelet" build -mod=readonly -v -trimpath -buildvcs=false \
    -ldflags "-s -w $(stamps)" -o "$1/tree/kubelet" "$package" 2>&1 </dev/null | progress "$1/log" || {
    say "it cannot be built:"
    tail -n 20 "$1/log" >&2
    exit 1
  }
  mke2fs -q -t ext4 -O ^has_journal -m 0 -E root_owner=0:0 -d "$1/tree" "$1/image" \
    "$(($(stat -c %s "$1/tree/kubelet") / 1048576 + 16))M"
}

command -v go >/dev/null || { say "there is no go in PATH"; exit 1; }
[ -n "$version" ] || { say "$here/kubelet/go.mod names no version of k8s.io/kubernetes"; exit 1; }
key=$(cat "${BASH_SOURCE[0]}" "$here/kubelet/go.mod" "$here/kubelet/go.sum" | sha256sum | cut -c1-16)
image=$cache/kubelet-$key.img
mkdir -p "$cache"
exec 9>"$cache/kubelet.lock"
flock -n 9 || { say "waiting for another build of it"; flock 9; }
if [ ! -f "$image" ]; then
  tmp=$(mktemp -d)
  trap 'rm -rf "$tmp"' EXIT
  mkdir "$tmp/tree"
  build "$tmp"
  rm -f "$cache"/kubelet-*.img
  cp "$tmp/image" "$cache/kubelet.new"
  mv "$cache/kubelet.new" "$image"
fi
echo "$image"
