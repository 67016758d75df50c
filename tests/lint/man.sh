#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The man pages are good roff, and say of options, verbs, settings and conditions what the programs say: all of them, and none
# that is not there. What a page claims is in its macros: .It Fl is an option, .It Cm a verb, Ic a key of slugd.yaml.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"

slugd_page=$abs_top_srcdir/daemon/slugd.8
kubelet_page=$abs_top_srcdir/plugins/kubelet/slug-kubelet.8
nri_page=$abs_top_srcdir/plugins/nri/slug-nri.8
slugctl_page=$abs_top_srcdir/api/slugctl/slugctl.1
yaml_page=$abs_top_srcdir/daemon/config/slugd.yaml.5
config=$abs_top_srcdir/daemon/config

# Verbs that a page may have before slugctl has them.
awaited=

# tokens MACRO PAGE: what stands behind a macro in running text and in tags, one a line
tokens() {
  awk -v macro="$1" '
/^\./ {
  is_on = 0
  sub(/^\./, "")
  for (i = 1; i <= NF; ++i)
    if ($i == macro)
      is_on = 1
    else if ($i ~ /^[A-Z][a-z]$/)
      is_on = 0
    else if (is_on && $i ~ /[[:alnum:]]/)
      print $i
}' "$2" | sort -u
}

# section NAME PAGE: that section of a page
section() {
  awk -v name="$1" '/^\.Sh / { is_in = substr($0, 5) == name; next } is_in' "$2"
}

# options_of_help: of a help text on standard input, "-o" and "--output", one a line
options_of_help() {
  sed -n -E -e 's/^ +(-[a-z]), (--[A-Za-z0-9-]+).*/\1\n\2/p' -e 's/^ +(--[A-Za-z0-9-]+).*/\1/p' | sort -u
}

# options_of_page: of a part of a page on standard input, those that have a tag
options_of_page() {
  grep '^\.It Fl ' >"$tmp/tags"
  tokens Fl "$tmp/tags" | sed 's/^/-/' | sort -u
}

# same FILE FILE NAME: the page's, what there is
same() {
  is "$(comm -23 "$1" "$2")" "" "$3 of the page: there is none that is not"
  is "$(comm -13 "$1" "$2")" "" "$3 of the page: none is missing"
}

# known PAGE FILE NAME: no option in the text of a page that is not in the file
known() {
  tokens Fl "$1" | sed 's/^/-/' | sort -u | comm -23 - "$2" >"$tmp/strange"
  is "$(cat "$tmp/strange")" "" "$3"
}

make_tmp
for page in "$slugd_page" "$kubelet_page" "$nri_page" "$slugctl_page" "$yaml_page"; do
  name=${page##*/}
  if command -v mandoc >/dev/null; then
    is "$(mandoc -Tlint -Wwarning "$page" 2>&1)" "" "$name gives mandoc nothing to say"
  else
    skip "$name gives mandoc nothing to say" "there is no mandoc"
  fi
  is "$(awk 'length > 80' "$page")" "" "$name has short lines"
done

# slugd(8)
"$slugd" --help | options_of_help >"$tmp/slugd"
contains "$(cat "$tmp/slugd")" "--socket" "the options of slugd --help can be read"
options_of_page <"$slugd_page" >"$tmp/page"
same "$tmp/page" "$tmp/slugd" "options of slugd"
known "$slugd_page" "$tmp/slugd" "slugd.8 speaks of options that there are"
sed -n 's/^ *{ "\([A-Za-z]*\)", \(condition_\)*tell_.*/\1/p' "$abs_top_srcdir/daemon/service/conditions.c" | sort -u >"$tmp/conditions"
contains "$(cat "$tmp/conditions")" "TopologyComplete" "the conditions can be read"
section CONDITIONS "$slugd_page" | sed -n 's/^\.It Sy //p' | sort -u >"$tmp/page"
same "$tmp/page" "$tmp/conditions" "conditions"
sed -n '/words\[_PODS_KNOWN_N\]/,/};/s/.*{ "\([A-Za-z]*\)",.*/\1/p' "$abs_top_srcdir/daemon/service/conditions.c" |
  sort >"$tmp/reasons"
contains "$(cat "$tmp/reasons")" "CgroupsOnly" "the reasons of PodsKnown can be read"
# reasons_of_page CONDITION: up to the next one
reasons_of_page() {
  section CONDITIONS "$slugd_page" | awk -v head=".It Sy $1" '/^\.It Sy / { is_in = $0 == head } is_in' |
    sed -n 's/^\.Ql \([A-Z][A-Za-z]*\).*/\1/p' | grep -v -x Unknown | sort
}
reasons_of_page PodsKnown >"$tmp/page"
same "$tmp/page" "$tmp/reasons" "reasons of PodsKnown"
grep -o '"[A-Z][A-Za-z]*"' "$abs_top_srcdir/daemon/service/conditions-chunks.c" | tr -d '"' | sort -u >"$tmp/reasons"
contains "$(cat "$tmp/reasons")" "HeldBack" "the reasons of ChunksAdvertised can be read"
reasons_of_page ChunksAdvertised >"$tmp/page"
same "$tmp/page" "$tmp/reasons" "reasons of ChunksAdvertised"

sed -n 's/^ *{ "\([A-Za-z0-9]*\)", FINDING_.*/\1/p' "$abs_top_srcdir/daemon/service/findings.c" | sort >"$tmp/findings"
contains "$(cat "$tmp/findings")" "KubeletOwnsKnob" "the findings can be read"
section FINDINGS "$slugd_page" | sed -n 's/^\.It Sy //p' | sort >"$tmp/page"
same "$tmp/page" "$tmp/findings" "findings"

# slug-kubelet(8)
"$abs_top_builddir/slug-kubelet" --help | options_of_help >"$tmp/kubelet"
contains "$(cat "$tmp/kubelet")" "--runtime-endpoint" "the options of slug-kubelet --help can be read"
options_of_page <"$kubelet_page" >"$tmp/page"
same "$tmp/page" "$tmp/kubelet" "options of slug-kubelet"
known "$kubelet_page" "$tmp/kubelet" "slug-kubelet.8 speaks of options that there are"
sed -n '/^const char \*const endpoints_/,/^};/s/^ *"\(.*\)",.*/\1/p' "$abs_top_srcdir/plugins/kubelet/endpoints.c" | sort >"$tmp/places"
contains "$(cat "$tmp/places")" "/run/crio/crio.sock" "the places that are probed can be read"
section ENDPOINTS "$kubelet_page" | sed -n 's/^\.It Pa //p' | sort >"$tmp/page"
same "$tmp/page" "$tmp/places" "places that are probed"

# slug-nri(8)
"$abs_top_builddir/slug-nri" --help | options_of_help >"$tmp/nri"
contains "$(cat "$tmp/nri")" "--when-slugd-is-away" "the options of slug-nri --help can be read"
options_of_page <"$nri_page" >"$tmp/page"
same "$tmp/page" "$tmp/nri" "options of slug-nri"
known "$nri_page" "$tmp/nri" "slug-nri.8 speaks of options that there are"

# slugctl(1)
"$slugctl" --help >"$tmp/help"
options_of_help <"$tmp/help" >"$tmp/general"
contains "$(cat "$tmp/general")" "--output" "the options of slugctl --help can be read"
section OPTIONS "$slugctl_page" | options_of_page >"$tmp/page"
same "$tmp/page" "$tmp/general" "options of slugctl"
awk '/^Verbs:/ { is_in = 1; next } !NF { is_in = 0 } is_in { print $1 }' "$tmp/help" | sort -u >"$tmp/verbs"
contains "$(cat "$tmp/verbs")" "describe-node" "the verbs of slugctl --help can be read"
section VERBS "$slugctl_page" >"$tmp/section"
sed -n 's/^\.It Cm \([^ ]*\).*/\1/p' "$tmp/section" | sort -u >"$tmp/page-verbs"
is "$(comm -13 "$tmp/page-verbs" "$tmp/verbs")" "" "every verb has its paragraph"
comm -23 "$tmp/page-verbs" "$tmp/verbs" >"$tmp/strange-verbs"
while read -r verb; do
  case " $awaited " in
    *" $verb "*) skip "slugctl $verb is as its paragraph says" "slugctl has no such verb yet" ;;
    *) not_ok "slugctl $verb is as its paragraph says" "slugctl has no such verb" ;;
  esac
done <"$tmp/strange-verbs"
cp "$tmp/general" "$tmp/all"
while read -r verb; do
  "$slugctl" "$verb" --help | options_of_help >"$tmp/of-verb"
  awk -v verb="$verb" '/^\.It Cm / { is_in = $3 == verb } is_in' "$tmp/section" | options_of_page >"$tmp/page"
  same "$tmp/page" "$tmp/of-verb" "options of slugctl $verb"
  cat "$tmp/of-verb" >>"$tmp/all"
done <"$tmp/verbs"
sort -u -o "$tmp/all" "$tmp/all"
known "$slugctl_page" "$tmp/all" "slugctl.1 speaks of options that there are"

# slugd.yaml(5)

# rows TYPE: the names in all tables of that type; those of kubelet_bind_names() are the kubelet's and not slugd.yaml's
rows() {
  awk -v start="static const $1 " '
/^int kubelet_bind_names/ { is_other = 1 }
/^}/ { is_other = 0 }
index($0, start) { is_in = !is_other }
is_in {
  line = $0
  while (match(line, /([{] *|FIELD[(])"[^"]*"/)) {
    name = substr(line, RSTART, RLENGTH - 1)
    sub(/^[^"]*"/, "", name)
    if (name != "")
      print name
    line = substr(line, RSTART + RLENGTH)
  }
}
/};$/ { is_in = 0 }' "$config/chunks.c" "$config/config.c" "$config/enforce.c" "$config/kubelet.c" "$config/managers.c" \
    "$config/qos.c" "$config/reserved.c" "$config/roles.c" | sort -u
}

rows BindField >"$tmp/keys"
contains "$(cat "$tmp/keys")" "refreshInterval" "the keys that slugd binds can be read"
# the sizes of huge pages are no rows of a table
tokens Ic "$yaml_page" | grep -v -x 'hugepages-' >"$tmp/page"
same "$tmp/page" "$tmp/keys" "keys of slugd.yaml"
sed -n -E 's/^#([a-z]|  +[a-z]|# )/\1/p' "$abs_top_srcdir/systemd/slugd.yaml.example" | grep -o -E '[A-Za-z][A-Za-z0-9.-]*:( |$)' |
  sed -e 's/: *$//' -e '/^hugepages-/d' | sort -u >"$tmp/example"
contains "$(cat "$tmp/example")" "nodeName" "the keys of the example can be read"
is "$(comm -23 "$tmp/example" "$tmp/page")" "" "every key of the example is in the page"
rows BindWord >"$tmp/words"
contains "$(cat "$tmp/words")" "local-first" "the words that slugd knows can be read"
tokens Cm "$yaml_page" >"$tmp/page"
same "$tmp/page" "$tmp/words" "words in slugd.yaml"
sed -n 's/.*{ FLAG("\([a-z-]*\)").*/--\1/p' "$config/flags.c" >"$tmp/flags"
contains "$(cat "$tmp/flags")" "--config-dir" "the flags of the kubelet can be read"
sort -u -o "$tmp/flags" "$tmp/flags" "$tmp/slugd"
known "$yaml_page" "$tmp/flags" "slugd.yaml.5 speaks of options and flags that there are"

# each as a drop-in, because one of them shows what only a drop-in can do
echo 'refreshInterval: 1m' >"$tmp/slugd.yaml"
mkdir "$tmp/slugd.yaml.d"
section EXAMPLES "$yaml_page" | awk -v top="$tmp" '
/^\.Bd -literal/ { file = top "/example-" ++n; next }
/^\.Ed/ { file = "" }
file { print >file }'
for file in "$tmp"/example-*; do
  cp "$file" "$tmp/slugd.yaml.d/example.yaml"
  is "$("$slugd" --check-config "$tmp/slugd.yaml" 2>&1)" "$tmp/slugd.yaml: ok" "slugd takes the page's ${file##*/}"
done
done_testing
