#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# mkmachine.sh N_NODES N_BLOCKS DIR: a machine as large as wanted, for the bench and for tests of size. Three quarters of its
# NUMA nodes have CPUs, the last quarter are CXL devices of their own, one region and one dax device each. Blocks are 2 GiB,
# shared out evenly. It is written as a .tree and made by mktree ($MKTREE, or the one that was built).
set -eu

if [ $# -ne 3 ] || [ "$1" -lt 1 ] || [ "$1" -gt 256 ] || [ "$2" -lt "$1" ]; then
  echo "usage: mkmachine.sh N_NODES N_BLOCKS DIR (1 to 256 nodes, a block each at the least)" >&2
  exit 2
fi
here=$(dirname "$0")
mktree=${MKTREE:-${abs_top_builddir:-$here/../..}/tests/lib/mktree}

awk -v n_nodes="$1" -v n_blocks="$2" '
# Not every awk can print a number of more than 32 bits as hex: an address is put together from the number of its block.
function address(block) {
  return sprintf("0x%x%s", int(block / 2), block % 2 ? "80000000" : "00000000")
}
function file(path, text) {
  print path ": " text
}
BEGIN {
  n_cxl = int(n_nodes / 4)
  n_cpu_nodes = n_nodes - n_cxl
  each = int(n_blocks / n_nodes)
  total = 0
  for (node = 0; node < n_nodes; ++node) {
    n[node] = node == n_nodes - 1 ? n_blocks - each * node : each
    # what the kernel keeps for itself of DRAM: one part in 64; a page map that lives elsewhere costs CXL nothing
    kb[node] = n[node] * 2097152
    if (node < n_cpu_nodes)
      kb[node] -= kb[node] / 64
    total += kb[node]
  }
  last = n_nodes - 1
  cpu_nodes = n_cpu_nodes > 1 ? "0-" (n_cpu_nodes - 1) : "0"
  all = n_nodes > 1 ? "0-" last : "0"
  cxl_nodes = n_cxl > 1 ? n_cpu_nodes "-" last : last

  file("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"")
  file("proc/sys/kernel/hostname", "generated")
  file("proc/sys/kernel/osrelease", "6.12.41-amd64")
  file("proc/sys/kernel/numa_balancing", "2")
  file("proc/version", "Linux version 6.12.41-amd64 (builder@example.org) #1 SMP PREEMPT_DYNAMIC")
  printf "proc/meminfo:\n  MemTotal:       %8.0f kB\n  MemFree:        %8.0f kB\n", total, total - total / 8
  file("sys/kernel/mm/numa/demotion_enabled", "true")
  file("sys/devices/system/memory/block_size_bytes", "80000000")
  file("sys/devices/system/memory/auto_online_blocks", "online_movable")
  file("sys/devices/virtual/memory_tiering/memory_tier4/nodelist", cpu_nodes)
  if (n_cxl > 0)
    file("sys/devices/virtual/memory_tiering/memory_tier22/nodelist", cxl_nodes)
  print "in sys/devices/system/node"
  file("possible", all)
  file("online", all)
  file("has_memory", all)
  file("has_normal_memory", cpu_nodes)
  file("has_cpu", cpu_nodes)
  file("has_generic_initiator", "\\e")
  print "in /"

  first = 0
  for (node = 0; node < n_nodes; ++node) {
    is_cxl = node >= n_cpu_nodes
    distances = ""
    for (to = 0; to < n_nodes; ++to)
      distances = distances (to ? "," : "") (to == node ? 10 : is_cxl || to >= n_cpu_nodes ? 30 : int(to / 4) == int(node / 4) ? 12 : 21)
    printf "node %d cpus=%s kb=%.0f distance=%s\n", node, is_cxl ? "" : node * 8 "-" node * 8 + 7, kb[node], distances
    printf "blocks %d-%d node%d online %s\n", first, first + n[node] - 1, node, is_cxl ? "Movable" : "Normal"
    printf "hugepages %d 2048 %d\nhugepages %d 1048576 0\n", node, !is_cxl && node % 4 == 0 ? 512 : 0, node
    for (class = 0; class < 2; ++class)
      printf "access %d %d %d %d %d\n", node, class, is_cxl ? (node - n_cpu_nodes) * 3 : node, is_cxl ? 270 : 95, is_cxl ? 25600 : 204800
    if (is_cxl)
      cxl(node - n_cpu_nodes, node, first, n[node])
    first += n[node]
  }
}
function cxl(i, node, block, blocks,    root, window, region, dax, port, endpoint, decoder, pci, memdev) {
  root = "sys/devices/platform/ACPI0017:00/root0"
  window = root "/decoder0." i
  region = window "/region" i
  dax = region "/dax_region" i "/dax" i ".0"
  port = root "/port" i + 1
  endpoint = port "/endpoint" i + 1000
  decoder = endpoint "/decoder" i + 1000 ".0"
  pci = sprintf("sys/devices/pci%04x:00/%04x:00:00.0/%04x:01:00.0", i, i, i)
  memdev = pci "/mem" i

  file(window "/devtype", "cxl_decoder_root")
  file(window "/start", address(block))
  file(window "/size", address(blocks))
  file(window "/interleave_ways", 1)
  file(window "/interleave_granularity", 4096)
  file(region "/devtype", "cxl_region")
  file(region "/resource", address(block))
  file(region "/size", address(blocks))
  file(region "/mode", "ram")
  file(region "/interleave_ways", 1)
  file(region "/interleave_granularity", 4096)
  file(region "/commit", 1)
  file(region "/target0", "decoder" i + 1000 ".0")
  file(dax "/size", sprintf("%.0f", blocks * 2147483648))
  file(dax "/resource", address(block))
  file(dax "/target_node", node)
  file(dax "/numa_node", -1)
  print dax "/driver -> @sys/bus/dax/drivers/kmem"
  file(endpoint "/devtype", "cxl_port")
  print endpoint "/uport -> @" memdev
  file(decoder "/devtype", "cxl_decoder_endpoint")
  file(decoder "/start", address(block))
  file(decoder "/size", address(blocks))
  file(decoder "/dpa_size", address(blocks))
  file(decoder "/mode", "ram")
  file(decoder "/region", "region" i)
  file(memdev "/ram/size", address(blocks))
  file(memdev "/pmem/size", "0x0")
  file(memdev "/serial", sprintf("0x5a10c0df%04x", i))
  file(memdev "/numa_node", 0)
  file(memdev "/firmware_version", "4.2.1")
  print "sys/bus/cxl/devices/decoder0." i " -> @" window
  print "sys/bus/cxl/devices/region" i " -> @" region
  print "sys/bus/cxl/devices/endpoint" i + 1000 " -> @" endpoint
  print "sys/bus/cxl/devices/decoder" i + 1000 ".0 -> @" decoder
  print "sys/bus/cxl/devices/mem" i " -> @" memdev
  print "sys/bus/dax/devices/dax" i ".0 -> @" dax
}' | "$mktree" - "$3"
