#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The guest's system: a minimal Debian 13 with systemd, built through this machine's own mirror and kept outside the tree. Prints
# the folder that holds root.img, vmlinuz and initrd.img. A folder is named for what went into it (this file, the guest's unit, and
# the suite), so a changed recipe makes a new image and nothing is ever rebuilt in place; those of the same suite that nothing names
# any more are removed.
#
#     image.sh [SUITE]
#
# SUITE is another one of Debian's, for its kernel.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cache=${SLUG_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/slug/vm}

suite=${1:-trixie} # an empty one is none
image_mib=1600
packages=(
  systemd systemd-sysv udev dbus linux-image-amd64 kmod procps jq curl python3
  numactl ndctl daxctl cxl
  # pods, by two runtimes; started by the cases that want it
  containerd runc crun
  # what slugd and slugctl link to
  libsystemd0 libudev1 libjson-c5 libcurl3t64-gnutls libyaml-0-2 libmicrohttpd12t64 libnghttp2-14 libprotobuf-c1 libarchive13t64
)

say() { echo "image: $*" >&2; }

# The first Debian mirror that apt is told to use here, in either of the two forms of its sources.
find_mirror() {
  find /etc/apt -maxdepth 2 -type f \( -name '*.list' -o -name '*.sources' \) -exec cat {} + | awk '
    /^[[:space:]]*#/ { next }
    $1 == "deb" || $1 == "URIs:" { for (i = 2; i <= NF; i++) if ($i ~ /^https?:.*\/debian\/?$/) found = found ? found : $i }
    END { print found }'
}

build() {
  local out=$1 mirror root=$1/root.tar options=()
  # a suite that changes every day says until when it is good, and a mirror may be behind
  [ "$suite" = trixie ] || options=(--aptopt='Acquire::Check-Valid-Until "false"')
  mirror=$(find_mirror)
  [ -n "$mirror" ] || { say "apt on this machine names no Debian mirror"; exit 1; }
  say "building Debian $suite with ${#packages[@]} packages and what they need (a few minutes, once)"
  # shellcheck disable=SC2016 # the new root is the $1 of the hooks
  mmdebstrap --quiet --variant=minbase --format=tar --include="$(IFS=,; echo "${packages[*]}")" \
    --aptopt='Acquire::Languages "none"' "${options[@]}" \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
    --essential-hook='printf "%s\n" virtio_pci virtio_blk ext4 >"$1/etc/initramfs-tools/modules"' \
    --essential-hook='printf "%s\n" MODULES=list COMPRESS=gzip >"$1/etc/initramfs-tools/conf.d/small"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --customize-hook="copy-in '$here/guest/slug-test.service' /etc/systemd/system" \
    --customize-hook='echo slug-guest >"$1/etc/hostname"' \
    --customize-hook='echo "/dev/vda / ext4 defaults,noatime 0 0" >"$1/etc/fstab"' \
    --customize-hook='chroot "$1" systemctl -q enable slug-test.service' \
    --customize-hook='chroot "$1" systemctl -q mask systemd-networkd.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer getty@tty1.service serial-getty@ttyS0.service' \
    --customize-hook='chroot "$1" systemctl -q disable containerd.service' \
    --customize-hook='chroot "$1" systemd-machine-id-setup --commit >/dev/null 2>&1 || true' \
    --customize-hook='chroot "$1" passwd -q -d root' \
    --customize-hook="copy-out /boot '$out'" \
    "$suite" "$root" "deb $mirror $suite main" || { say "mmdebstrap failed"; exit 1; }
  mv "${out:?}"/boot/vmlinuz-* "$out/vmlinuz"
  mv "$out"/boot/initrd.img-* "$out/initrd.img"
  rm -rf "${out:?}/boot"
  say "making the disk"
  mkdir "$out/tree"
  # from Linux 7 on what is in /boot is linked to from beside the modules
  tar -xf "$root" -C "$out/tree" --exclude='./boot/*' --exclude='./dev/*' --exclude='./usr/lib/modules/*/vmlinuz' \
    --exclude='./usr/lib/modules/*/config' --exclude='./usr/lib/modules/*/System.map'
  truncate -s "${image_mib}M" "$out/root.img"
  mke2fs -q -t ext4 -L slug-guest -E root_owner=0:0 -d "$out/tree" "$out/root.img"
  rm -rf "$out/tree" "$root"
}

key=$suite-$(cat "${BASH_SOURCE[0]}" "$here/guest/slug-test.service" | sha256sum | cut -c1-16)
image=$cache/$key
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || { say "waiting for another build of the image"; flock 9; }
if [ ! -f "$image/root.img" ]; then
  new=$cache/new.$key
  rm -rf "$new"
  mkdir -p "$new"
  trap 'rm -rf "$new"' EXIT
  build "$new"
  mv "$new" "$image"
  trap - EXIT
  # a name without a suite is of a recipe before there were any
  for old in "$cache/$suite"-*/ "$cache"/????????????????/; do
    [ "${old%/}" = "$image" ] || rm -rf "$old"
  done
fi
echo "$image"
