#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fails when a module includes what layers.txt and doors.txt do not grant it. Looks at every .c, .h and .proto-made file of api,
# daemon and plugins, at any depth. With an argument: at that tree, printing what is wrong and nothing else.
here=$(cd "$(dirname "$0")" && pwd)

look() {
  (
    cd "$1" || exit 1
    find api daemon plugins -name '*.[ch]' -type f 2>/dev/null | LC_ALL=C sort
  ) | awk -v top="$1" -v layers="$here/layers.txt" -v doors="$here/doors.txt" '
function complain(text) {
  print text
}
function read_tables(    line, parts, name) {
  while ((getline line <layers) > 0) {
    if (line ~ /^#/ || line == "")
      continue
    split(line, parts, ":")
    name = parts[1]
    sub(/^.*\//, "", name)
    if (name in tree_of)
      complain("layers.txt: \047" name "\047 stands in two trees")
    tree_of[name] = parts[1]
    row[parts[1]] = parts[2] " "
  }
  while ((getline line <doors) > 0) {
    if (line ~ /^#/ || line == "")
      continue
    split(line, parts, ":")
    door[parts[1]] = parts[2] " "
  }
}
# The folder below api, daemon or plugins; for a file that lies there itself, its own name.
function module_of(file,    parts, n) {
  n = split(file, parts, "/")
  if (n == 2)
    sub(/\.[ch]$/, "", parts[2])
  return parts[1] "/" parts[2]
}
function exists(file,    line, n) {
  n = (getline line <file)
  close(file)
  return n >= 0
}
# The module that a header belongs to, "" when it is none of ours. Without a folder it can only be one that lies in daemon/.
function owner_of(header,    first) {
  first = header
  sub(/\/.*/, "", first)
  if (first == header) {
    if (!exists(top "/daemon/" header))
      return ""
    sub(/\.h$/, "", first)
  }
  if (first == "slug" || header ~ /^(grpc|google|cri|k8s|containerd)\/.*\.pb-c\.h$/)
    first = "proto"
  return first in tree_of ? tree_of[first] : ""
}
function check_ours(where, module, header, owner,    name) {
  name = owner
  sub(/^.*\//, "", name)
  if (owner == module || index(row[module], " " name " "))
    return
  if (index(row[module], " * ") && owner !~ /^plugins\//)
    return
  complain(where ": \047" module "\047 may not include \047" header "\047")
}
function check_outside(where, module, header,    key) {
  key = header
  if (!(key in door))
    sub(/\/.*/, "/", key)
  if (key in door) {
    if (!index(door[key], " " module " "))
      complain(where ": \047" header "\047 has its door elsewhere:" door[key])
  } else if (header ~ /\// && header !~ /^(sys|linux|asm|arpa|net|netinet)\//)
    complain(where ": \047" header "\047 is of a library that is not in doors.txt")
}
function check_include(where, module, text,    quote, header, owner) {
  quote = substr(text, 1, 1)
  if (quote != "\"" && quote != "<") {
    complain(where ": an include must be spelled out")
    return
  }
  header = substr(text, 2)
  sub(/[">].*/, "", header)
  owner = owner_of(header)
  if (header ~ /(^|\/)\.\.?(\/|$)/ || header ~ /^\//)
    complain(where ": \047" header "\047 leaves its folder")
  else if (quote == "<" && owner != "")
    complain(where ": \047" header "\047 goes round the table: it is ours and wants quotes")
  else if (quote == "<")
    check_outside(where, module, header)
  else if (header !~ /\// && owner == "")
    complain(where ": \047" header "\047 needs its folder")
  else if (owner == "")
    complain(where ": \047" header "\047 is of no module in layers.txt")
  else
    check_ours(where, module, header, owner)
}
BEGIN {
  read_tables()
}
{
  file = $0
  module = module_of(file)
  if (!(module in row)) {
    complain(file ": \047" module "\047 is not in layers.txt")
    next
  }
  number = 0
  while ((getline line <(top "/" file)) > 0) {
    ++number
    if (line !~ /^[ \t]*(#|%:)[ \t]*(include|include_next|import)([^a-z_]|$)/)
      continue
    sub(/^[ \t]*(#|%:)[ \t]*(include_next|include|import)[ \t]*/, "", line)
    check_include(file ":" number, module, line)
  }
  close(top "/" file)
}'
}

if [ $# -gt 0 ]; then
  look "$1"
  exit 0
fi

# shellcheck source=tests/lib/tap.sh
. "$here/../lib/tap.sh"
wrong=$(look "$abs_top_srcdir")
if [ -z "$wrong" ]; then
  ok "every include is one that the table grants"
else
  not_ok "every include is one that the table grants" "$wrong"
fi
done_testing
