#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A container image with one static binary in it, in the form of `docker save`, for `ctr image import`.
#
#     container-image.sh NAME BINARY TAR
set -eu
name=$1
binary=$2
out=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mkdir "$tmp/layer" "$tmp/image"
install -m 0755 "$binary" "$tmp/layer/$name"
# the root of a container is owned by root, whoever builds it
tar -C "$tmp/layer" --owner=0 --group=0 --mtime=@0 -cf "$tmp/image/layer.tar" "$name"
layer=$(sha256sum "$tmp/image/layer.tar" | cut -d' ' -f1)
cat >"$tmp/image/config.json" <<END
{"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/$name"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}}
END
cat >"$tmp/image/manifest.json" <<END
[{"Config": "config.json", "RepoTags": ["slug.test/$name:1"], "Layers": ["layer.tar"]}]
END
tar -C "$tmp/image" -cf "$out" manifest.json config.json layer.tar
