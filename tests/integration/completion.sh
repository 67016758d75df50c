#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The completion scripts, in real shells: every verb, every option, every value that --help names is offered.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

make_tmp
command -v bash >/dev/null || skip_all "there is no bash"
"$slugctl" completion bash >"$tmp/bash"
"$slugctl" completion zsh >"$tmp/zsh"
is "$(bash -n "$tmp/bash" 2>&1)" "" "bash can read its script"
if command -v zsh >/dev/null; then
  is "$(zsh -n "$tmp/zsh" 2>&1)" "" "zsh can read its script"
else
  skip "zsh can read its script" "there is no zsh"
fi

# offered WORD...: what bash offers for the last of these words
offered() {
  # shellcheck disable=SC2016 # it is bash that expands them
  bash -c 'source "$1"; shift; COMP_WORDS=(slugctl "$@"); COMP_CWORD=$#; _slugctl; printf "%s\n" "${COMPREPLY[@]}"' _ "$tmp/bash" "$@" |
    grep . | LC_ALL=C sort | tr '\n' ' '
}

"$slugctl" --help >"$tmp/help"
verbs=$(sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p' "$tmp/help" | LC_ALL=C sort | tr '\n' ' ')
is "$(offered '' | tr ' ' '\n' | grep -v '^-' | tr '\n' ' ' | sed 's/^ *//; s/  *$/ /')" "$verbs" "every verb of --help, and no other"
sed -n '/^Options:/,/^$/s/.*\(--[a-z-]*\).*/\1/p' "$tmp/help" >"$tmp/options"
while read -r option; do
  contains " $(offered --)" " $option " "$option"
done <"$tmp/options"
for verb in $verbs; do
  "$slugctl" "$verb" --help | sed -n '/^Options of/,/^$/s/^ *\(-.,\)\{0,1\} *\(--[A-Za-z0-9-]*\).*/\2/p' >"$tmp/options"
  while read -r option; do
    contains " $(offered "$verb" --)" " $option " "$verb $option"
    is "$(offered topology "$option")" "" "$verb $option: not with another verb"
  done <"$tmp/options"
done
is "$(offered -o '')" "diff json table wide yaml " "the words of -o"
is "$(offered describe-node --output j)" "json " "the words of --output, behind a verb"
is "$(offered describe-node --output = y)" "yaml " "and behind an equals sign"
is "$(offered expl)" "explain " "the beginning of a verb"
is "$(offered explain numa)" "numa-node " "what can be explained"
is "$(offered explain '' | tr ' ' '\n' | grep -v '^-' | tr '\n' ' ' | sed 's/^ *//; s/  *$/ /')" "claim container hints numa-node " "and all of it"
is "$(offered hints --mode '')" "kubelet slug " "the words of an option of several verbs"
is "$(offered hints --huge)" "--hugepages-1Gi --hugepages-2Mi " "options with digits in them"
is "$(offered completion z)" "zsh " "the shells"
mkdir "$tmp/files" && : >"$tmp/files/node.tar"
is "$(offered capture "$tmp/files/no")" "$tmp/files/node.tar " "files, where one is wanted"
is "$(offered --socket "$tmp/files/no")" "$tmp/files/node.tar " "and paths of options"
is "$(offered simulate "$tmp/files/no")" "$tmp/files/node.tar " "and a manifest"
is "$(offered ledger '' | tr ' ' '\n' | grep -v '^-' | tr '\n' ' ' | sed 's/^ *//; s/  *$/ /')" "export import verify " "what can be done with a ledger, and no file yet"
is "$(offered ledger verify "$tmp/files/no")" "$tmp/files/node.tar " "and behind that a file"
is "$("$slugctl" completion fish 2>&1 >/dev/null | head -n 1)" "slugctl: no completion for 'fish'; one of bash, zsh" "another shell"
done_testing
