#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build.sh FOLDER: builds the grpc-go server and client into FOLDER/server and FOLDER/client, from a copy of this folder. What
# protoc-gen-go makes of the contract goes with that copy; versions are those of go.mod. Go's own cache makes a second run short.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
top=$(cd "$here/../../../.." && pwd -P)
out=$1
proto=$top/api/proto
# where Go is unpacked to when nobody says otherwise
go=${GO:-$(PATH=$PATH:/usr/local/go/bin command -v go)} || { echo "build.sh: there is no go; set GO to it" >&2; exit 1; }
command -v protoc >/dev/null || { echo "build.sh: there is no protoc (Debian: protobuf-compiler)" >&2; exit 1; }

package=slug/tests/bench/wire/slugv1
mapping=()
for file in "$proto"/slug/v1/*.proto; do
  mapping+=("--go_opt=M${file#"$proto"/}=$package")
done

mkdir -p "$out"
out=$(cd "$out" && pwd -P)
# another run at the same time has a folder of its own; programs are put in place whole
work=$(mktemp -d "$out/src.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
cp -R "$here"/* "$work"
cd "$work"
"$go" build -trimpath -o protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go
protoc --plugin=./protoc-gen-go -I "$proto" --go_out=. "--go_opt=module=slug/tests/bench/wire" "${mapping[@]}" \
  slug/v1/node.proto slug/v1/topology.proto
for program in server client; do
  "$go" build -trimpath -o "$program.new" "./$program"
  mv "$program.new" "$out/$program"
done
