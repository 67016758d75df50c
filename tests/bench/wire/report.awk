# SPDX-License-Identifier: Apache-2.0
# Turns lines "ROW SERVER VALUE" and "fact KEY TEXT..." into a table, or with -v output=json into JSON. The ratio is the median of
# the rounds' ratios, because the two figures of one round were measured right after one another.

# add_row KEY TEXT UNIT DIVISOR DIGITS: what is measured in another unit than it is shown in is divided
function add_row(key, text, unit, divisor, digits) {
  keys[++rows] = key
  text_of[key] = text
  unit_of[key] = unit
  divisor_of[key] = divisor
  digits_of[key] = digits
}

# The aim is about the ratio, or about slugd's own median.
function add_aim(key, subject, relation, limit, text) {
  subject_of[key] = subject
  relation_of[key] = relation
  limit_of[key] = limit
  aim_of[key] = text
}

function sort(list, n,    i, j, value) {
  for (i = 2; i <= n; i++) {
    value = list[i]
    for (j = i - 1; j >= 1 && list[j] > value; j--)
      list[j + 1] = list[j]
    list[j + 1] = value
  }
}

# Into smallest, middle and largest.
function summarise(list, n) {
  sort(list, n)
  smallest = list[1]
  largest = list[n]
  middle = n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}

function summarise_server(key, server,    i, n, list) {
  n = count[key, server]
  for (i = 1; i <= n; i++)
    list[i] = values[key, server, i] / divisor_of[key]
  summarise(list, n)
}

function summarise_ratio(key,    i, n, list) {
  n = count[key, "slugd"]
  for (i = 1; i <= n; i++)
    list[i] = values[key, "slugd", i] / values[key, "grpc-go", i]
  summarise(list, n)
}

# With three digits that count.
function short(ratio) {
  return sprintf(ratio >= 10 ? "%.1f" : ratio >= 1 ? "%.2f" : "%.3f", ratio)
}

function is_met(key) {
  if (subject_of[key] == "slugd")
    summarise_server(key, "slugd")
  else
    summarise_ratio(key)
  if (relation_of[key] == ">=")
    return middle >= limit_of[key]
  return relation_of[key] == "<=" ? middle <= limit_of[key] : middle < limit_of[key]
}

function figures(key, server,    form) {
  summarise_server(key, server)
  form = "%." digits_of[key] "f"
  return sprintf(form " (" form ".." form ")", middle, smallest, largest)
}

function set_line(a, b, c, d, e, f,    i) {
  lines++
  cell[lines, 1] = a; cell[lines, 2] = b; cell[lines, 3] = c
  cell[lines, 4] = d; cell[lines, 5] = e; cell[lines, 6] = f
  for (i = 1; i <= 6; i++)
    if (length(cell[lines, i]) > width[i])
      width[i] = length(cell[lines, i])
}

function print_table(    i, j, key, line) {
  for (i = 1; i <= facts; i++)
    printf "%-9s %s\n", fact_name[i] ":", fact[i]
  print ""
  set_line("ROW", fact_of["first"], fact_of["second"], "RATIO", "AIM", "")
  for (i = 1; i <= rows; i++) {
    key = keys[i]
    summarise_ratio(key)
    j = short(middle)
    set_line(text_of[key] ", " unit_of[key], figures(key, "slugd"), figures(key, "grpc-go"), j, aim_of[key],
      aim_of[key] == "" ? "" : is_met(key) ? "met" : "missed")
  }
  for (i = 1; i <= lines; i++) {
    line = ""
    for (j = 1; j <= 6; j++)
      line = line sprintf("%-" (width[j] + 2) "s", cell[i, j])
    sub(/ +$/, "", line)
    print line
  }
  print ""
  print "A figure is the median of the rounds, with the smallest and the largest; a ratio is the median of the rounds' ratios."
}

function quote(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/"/, "\\\"", text)
  gsub(/[\001-\037]/, " ", text)
  return "\"" text "\""
}

function json_values(key, server,    i, text) {
  for (i = 1; i <= count[key, server]; i++)
    text = text (i > 1 ? ", " : "") sprintf("%.6g", values[key, server, i] / divisor_of[key])
  return "[" text "]"
}

function json_server(key, server) {
  summarise_server(key, server)
  return sprintf("{\"median\": %.6g, \"min\": %.6g, \"max\": %.6g, \"rounds\": %s}",
    middle, smallest, largest, json_values(key, server))
}

function json_aim(key) {
  return sprintf(", \"aim\": {\"text\": %s, \"of\": %s, \"relation\": %s, \"limit\": %.6g, \"met\": %s}", quote(aim_of[key]),
    quote(subject_of[key]), quote(relation_of[key]), limit_of[key], is_met(key) ? "true" : "false")
}

function print_json(    i, key) {
  print "{"
  for (i = 1; i <= facts; i++)
    printf "  %s: %s,\n", quote(tolower(fact_name[i])), quote(fact[i])
  print "  \"rows\": ["
  for (i = 1; i <= rows; i++) {
    key = keys[i]
    summarise_ratio(key)
    printf "    {\"name\": %s, \"text\": %s, \"unit\": %s, \"ratio\": %.6g,\n",
      quote(key), quote(text_of[key]), quote(unit_of[key]), middle
    printf "     %s: %s,\n", quote(fact_of["first"]), json_server(key, "slugd")
    printf "     %s: %s%s}%s\n", quote(fact_of["second"]), json_server(key, "grpc-go"),
      aim_of[key] == "" ? "" : json_aim(key), i < rows ? "," : ""
  }
  print "  ]\n}"
}

$1 == "fact" {
  text = $0
  sub(/^fact [^ ]+ /, "", text)
  if ($2 ~ /^[a-z]/) {
    fact_of[$2] = text
  } else {
    fact_name[++facts] = $2
    fact[facts] = text
  }
  next
}

{ values[$1, $2, ++count[$1, $2]] = $3 }

END {
  add_row("throughput", "4 connections x 25 streams", "calls/s", 1, 0)
  add_row("cpu", "CPU of the server meanwhile", "us/call", 1, 1)
  add_row("rss", "VmRSS after it", "MiB", 1024, 1)
  add_row("anon", "RssAnon after it", "MiB", 1024, 1)
  add_row("peak", "VmHWM after it", "MiB", 1024, 1)
  add_row("p50", "one outstanding call of grpc-go, p50", "us", 1, 1)
  add_row("p99", "one outstanding call of grpc-go, p99", "us", 1, 1)
  add_row("light", "one outstanding call of h2load, p50", "us", 1, 0)
  add_row("idle", fact_of["connections"] " idle connections, VmRSS", "MiB", 1024, 1)
  add_row("idle-anon", fact_of["connections"] " idle connections, RssAnon", "MiB", 1024, 1)
  if (fact_of["first"] == "slugd") {
    add_aim("throughput", "ratio", ">=", 3, ">= 3x")
    add_aim("p50", "ratio", "<=", 0.5, "<= 1/2")
    add_aim("rss", "ratio", "<=", 0.2, "<= 1/5")
    # an aim for so many connections only
    if (fact_of["connections"] == 1000)
      add_aim("idle", "slugd", "<", 32, "slugd < 32 MiB")
  }
  for (i = 1; i <= rows; i++)
    if (count[keys[i], "slugd"] == 0 || count[keys[i], "slugd"] != count[keys[i], "grpc-go"]) {
      print "report.awk: rounds are missing in row " keys[i] >"/dev/stderr"
      exit 1
    }
  if (output == "json")
    print_json()
  else
    print_table()
}
