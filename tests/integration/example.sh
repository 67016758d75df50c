#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The example of slugd.yaml says what the code does: it has every setting, what it calls a default changes nothing, and each
# of its other examples is understood.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
example=$abs_top_srcdir/systemd/slugd.yaml.example
root=$tmp/root
"$mktree" "$machines/cxl-remote.tree" "$root" || bail_out "cannot make a machine"

# What the head of the file tells an operator to do, by sed: "#key" and "#  key" are settings, "## " begins an example's line.
sed -n '/^#\([^ #]\|  \)/s/^#//p' "$example" >"$tmp/defaults.yaml"
awk -v folder="$tmp" '
  /^## / { if (!in_block) { in_block = 1; ++n }; sub(/^## /, ""); print >(folder "/block-" n ".yaml"); next }
  { in_block = 0 }' "$example"
is "$(grep -v -E '^(#.*)?$' "$example")" "" "all of it is commented out"

# describe FILE NAME [ARGUMENT...]: the answer of a slugd with these arguments, to FILE; where a value comes from is left out
describe() {
  describe_to=$1
  describe_name=$2
  shift 2
  start_slugd --root "$root" "$@"
  if ctl -o json describe-node >"$tmp/json" 2>"$tmp/error"; then
    ok "$describe_name: understood"
  else
    not_ok "$describe_name: understood" "$(cat "$tmp/error" "$tmp/slugd.log")"
  fi
  stop_slugd TERM
  awk -f "$here/flatten.awk" "$tmp/json" | grep -v -i -E '(source|time)[a-z]* ' >"$describe_to"
}

describe "$tmp/without" "no file"
describe "$tmp/with" "every default" --config "$tmp/defaults.yaml"
is "$(diff "$tmp/without" "$tmp/with")" "" "every default is the default"
n=0
for block in "$tmp"/block-*.yaml; do
  n=$((n + 1))
  describe "$tmp/other" "example $n: $(head -n 2 "$block" | tr -s '\n ' ' ')" --config "$block"
done
is "$(sed -n 's/^\([a-zA-Z]*\):.*/\1/p' "$tmp"/block-*.yaml | sort -u | tr '\n' ' ')" "chunks classify enforce kubelet nodeName qos " \
  "there are examples of what has no default, of limits, and of kubelets"

# The tables of daemon/config name every key that has a meaning; those that are only checked are the kubelet's business,
# and hostnameOverride is a flag and no key.
cat "$abs_top_srcdir"/daemon/config/*.c | sed -n 's/.*\({ \|FIELD(\)"\([A-Za-z.-]*\)", \(parse_\|bind_\).*/\2/p' |
  grep -v -x hostnameOverride | sort -u >"$tmp/keys"
is "$(grep -c -x -E 'nodeName|configFile|numaNode|locality|limits' "$tmp/keys")" 5 "the keys could be read"
# A key as YAML has it: after a "#", a blank or a brace.
while read -r key; do
  is "$(grep -q -E "[# {]$key:( |\$)" "$example"; echo $?)" 0 "the example has '$key'"
done <"$tmp/keys"
done_testing
