# SPDX-License-Identifier: Apache-2.0
# JSON to lines "path value", for tests that must not need more than awk: numaNodes.0.amounts.capacityBytes 1024. Text comes
# without its quotes; a key that is not there has no line.
function path(    i, text) {
  text = ""
  for (i = 1; i <= depth; ++i)
    text = text (i > 1 ? "." : "") (kind[i] == "[" ? count[i] : key[i])
  return text
}
function value(text) {
  print path() " " text
}
function opened(bracket) {
  ++depth
  kind[depth] = bracket
  count[depth] = 0
  key[depth] = ""
  wants_key = bracket == "{"
}
function closed() {
  --depth
  wants_key = 0
}
{
  line = $0
  for (;;) {
    sub(/^[ \t\r]+/, "", line)
    if (line == "")
      break
    c = substr(line, 1, 1)
    if (c == "{" || c == "[") {
      opened(c)
      line = substr(line, 2)
    } else if (c == "}" || c == "]") {
      closed()
      line = substr(line, 2)
    } else if (c == ",") {
      if (kind[depth] == "[")
        ++count[depth]
      wants_key = kind[depth] == "{"
      line = substr(line, 2)
    } else if (c == ":") {
      wants_key = 0
      line = substr(line, 2)
    } else if (c == "\"") {
      match(line, /^"([^"\\]|\\.)*"/)
      text = substr(line, 2, RLENGTH - 2)
      line = substr(line, RLENGTH + 1)
      if (wants_key)
        key[depth] = text
      else
        value(text)
    } else {
      match(line, /^[^][{},: \t]+/)
      value(substr(line, 1, RLENGTH))
      line = substr(line, RLENGTH + 1)
    }
  }
}
