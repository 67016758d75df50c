#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real kubelet for the guests, static, built from the Go module that kubelet/go.mod and go.sum pin and kept outside the tree,
# beside the guest's image. Prints the file. It is named for what it was made of, so that it is built anew only when that changes;
# the ones that nothing names any more are removed. Go has to be in PATH (./bootstrap check-vm sees to it).
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
    -ldflags "-s -w $(stamps)" -o "$1" "$package" 2>&1 </dev/null | progress "$1.log" || {
    say "it cannot be built:"
    tail -n 20 "$1.log" >&2
    exit 1
  }
}

command -v go >/dev/null || { say "there is no go in PATH"; exit 1; }
[ -n "$version" ] || { say "$here/kubelet/go.mod names no version of k8s.io/kubernetes"; exit 1; }
key=$(cat "${BASH_SOURCE[0]}" "$here/kubelet/go.mod" "$here/kubelet/go.sum" | sha256sum | cut -c1-16)
kubelet=$cache/kubelet-$key
mkdir -p "$cache"
exec 9>"$cache/kubelet.lock"
flock -n 9 || { say "waiting for another build of it"; flock 9; }
if [ ! -x "$kubelet" ]; then
  trap 'rm -f "$cache/kubelet.new" "$cache/kubelet.new.log"' EXIT
  build "$cache/kubelet.new"
  rm -f "$cache"/kubelet-*
  mv "$cache/kubelet.new" "$kubelet"
fi
echo "$kubelet"
