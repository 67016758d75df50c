# SPDX-License-Identifier: Apache-2.0
# What must be true of every machine: reads flatten.awk's lines of DescribeNode, and of the machine's own files the lines
# "file NUMA-NODE capacity|hugepages BYTES" (unless -v no_files=1), and prints what is not. Counts up to 2^53 are exact here.
function number(path) {
  return path in at ? at[path] + 0 : 0
}
function want(what, got, expected) {
  if (got != expected)
    printf "%s: %.0f, expected %.0f\n", what, got, expected
}
$1 == "file" {
  from_file[$3, $2] = $4
  if (!($2 in has_file))
    has_file[$2] = 1
  next
}
{
  name = $1
  sub(/^[^ ]* ?/, "")
  at[name] = $0
  if (match(name, /^numaNodes\.[0-9]+/)) {
    split(name, parts, ".")
    if (parts[2] + 1 > n_nodes)
      n_nodes = parts[2] + 1
  }
}
END {
  for (i = 0; i < n_nodes; ++i) {
    node = "numaNodes." i ".numaNode."
    amounts = "numaNodes." i ".amounts."
    id = number(node "id")
    name = "NUMA node " id
    capacity = number(amounts "capacityBytes")
    want(name " adds up", capacity, number(amounts "hugepagesBytes") + number(amounts "reservedBytes") + number(amounts "allocatableBytes") + number(amounts "withheldBytes"))
    want(name " says the same twice", number(node "capacityBytes"), capacity)
    if (number(amounts "id") != id)
      print name " has the amounts of another"
    if (!no_files && has_file[id]) {
      want(name " has what its meminfo says", capacity, from_file["capacity", id] + 0)
      if (capacity > 0)
        want(name " keeps its huge pages apart", number(amounts "hugepagesBytes"), from_file["hugepages", id] + 0)
    }
    locality = at[node "locality"]
    if (capacity > 0 && (at[node "reason"] == "" || locality == ""))
      print name " has memory, and no locality or no reason"
    if (capacity == 0 && locality != "")
      print name " has no memory, and yet a locality"
    if (locality == "LOCALITY_EXCLUDED" && number(amounts "allocatableBytes") > 0)
      print name " is excluded, and yet promised"
    sum[locality] += capacity
    promised[locality] += number(amounts "allocatableBytes")
    placed += number(amounts "reservedBytes")
  }
  want("what is placed", number("reserved.placedBytes"), placed)
  want("placed and unplaced", number("reserved.placedBytes") + number("reserved.unplacedBytes"), number("reserved.totalBytes"))
  want("local capacity", number("capacity.localBytes"), sum["LOCALITY_LOCAL"] + 0)
  want("remote capacity", number("capacity.remoteBytes"), sum["LOCALITY_REMOTE"] + 0)
  want("excluded capacity", number("capacity.excludedBytes"), sum["LOCALITY_EXCLUDED"] + 0)
  want("local allocatable", number("allocatable.localBytes"), promised["LOCALITY_LOCAL"] + 0)
  want("remote allocatable", number("allocatable.remoteBytes"), promised["LOCALITY_REMOTE"] + 0)
  if (n_nodes == 0)
    print "there are no NUMA nodes"
}
