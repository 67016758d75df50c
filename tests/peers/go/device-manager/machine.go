// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	cadvisorapi "github.com/google/cadvisor/info/v1"
)

const (
	mib      = 1 << 20
	blockMiB = 128 // of memory that is onlined at once
)

// Machine is what the kubelet and slugd are told of a node.
type Machine struct {
	nodes []Node // NUMA node i is the i-th
	pods  string // the kubelet's policies, as in its configuration
}

// Node is a NUMA node. One without CPUs is an expander: remote memory.
type Node struct {
	cpus, mib int
	distances []int
	blocks    []bool // of an expander: which of its memory blocks are online; nil: all
}

// One expander at the first of two sockets.
func newMachine(expanderMiB int) *Machine {
	return &Machine{nodes: []Node{
		{cpus: 8, mib: 16 << 10, distances: []int{10, 21, 14}},
		{cpus: 8, mib: 16 << 10, distances: []int{21, 10, 24}},
		{mib: expanderMiB, distances: []int{14, 24, 10}},
	}}
}

// One expander at each of two sockets.
func newMachineOfTwo(expanderMiB int) *Machine {
	return &Machine{nodes: []Node{
		{cpus: 8, mib: 16 << 10, distances: []int{10, 21, 14, 24}},
		{cpus: 8, mib: 16 << 10, distances: []int{21, 10, 24, 14}},
		{mib: expanderMiB, distances: []int{14, 24, 10, 26}},
		{mib: expanderMiB, distances: []int{24, 14, 26, 10}},
	}}
}

func (n *Node) onlineMiB() int {
	if n.blocks == nil {
		return n.mib
	}
	sum := 0
	for _, isOnline := range n.blocks {
		if isOnline {
			sum += blockMiB
		}
	}
	return sum
}

// info is the machine as cAdvisor tells the kubelet of it.
func (m *Machine) info() *cadvisorapi.MachineInfo {
	info := &cadvisorapi.MachineInfo{}
	for id, node := range m.nodes {
		one := cadvisorapi.Node{Id: id, Memory: uint64(node.mib) * mib}
		for range node.cpus {
			one.Cores = append(one.Cores, cadvisorapi.Core{Id: info.NumCores, SocketID: id, Threads: []int{info.NumCores}})
			info.NumCores++
		}
		for _, distance := range node.distances {
			one.Distances = append(one.Distances, uint64(distance))
		}
		if node.cpus > 0 {
			info.NumSockets++
		}
		info.Topology = append(info.Topology, one)
		info.MemoryCapacity += one.Memory
	}
	info.NumPhysicalCores = info.NumCores
	return info
}

func rangeText(first, n int) string {
	if n == 0 {
		return "\n"
	}
	return fmt.Sprintf("%d-%d\n", first, first+n-1)
}

// nodeFiles is NUMA node id with its memory blocks, as Linux shows it.
func (m *Machine) nodeFiles(files map[string]string, id, firstCPU, firstBlock int) {
	node := &m.nodes[id]
	dir := fmt.Sprintf("sys/devices/system/node/node%d/", id)
	kib := node.onlineMiB() << 10
	files[dir+"cpulist"] = rangeText(firstCPU, node.cpus)
	files[dir+"meminfo"] = fmt.Sprintf("Node %d MemTotal: %d kB\nNode %d MemFree: %d kB\n", id, kib, id, kib)
	files[dir+"distance"] = strings.Trim(fmt.Sprint(node.distances), "[]") + "\n"
	for i := range node.mib / blockMiB {
		state := "online"
		if node.blocks != nil && !node.blocks[i] {
			state = "offline"
		}
		memory := fmt.Sprintf("sys/devices/system/memory/memory%d/", firstBlock+i)
		files[memory+"state"] = state + "\n"
		files[memory+"valid_zones"] = "Normal\n"
		files[memory+"phys_index"] = fmt.Sprintf("%08x\n", firstBlock+i)
		files[memory+"removable"] = "1\n"
	}
}

// files is the machine as Linux shows it, with what the kubelet was told. What slugd is told is not there.
func (m *Machine) files() map[string]string {
	files := map[string]string{}
	cpus, block, sum, sockets := 0, 0, 0, 0
	for id, node := range m.nodes {
		m.nodeFiles(files, id, cpus, block)
		cpus += node.cpus
		block += node.mib / blockMiB
		sum += node.onlineMiB()
		if node.cpus > 0 {
			sockets++
		}
	}
	for name, n := range map[string]int{"possible": len(m.nodes), "online": len(m.nodes), "has_cpu": sockets,
		"has_memory": len(m.nodes), "has_normal_memory": len(m.nodes)} {
		files["sys/devices/system/node/"+name] = rangeText(0, n)
	}
	files["sys/devices/system/memory/block_size_bytes"] = fmt.Sprintf("%x\n", blockMiB*mib)
	files["proc/meminfo"] = fmt.Sprintf("MemTotal: %d kB\nMemFree: %d kB\nMemAvailable: %d kB\n", sum<<10, sum<<10, sum<<10)
	files["proc/sys/kernel/hostname"] = "peer\n"
	files["proc/sys/kernel/random/boot_id"] = "6f9a1c2e-5b7d-4c3a-9e8f-0a1b2c3d4e5f\n"
	return files
}

// write makes the machine below root, or brings it up to date: a file is there whole or not at all.
func (m *Machine) write(root string) error {
	for path, text := range m.files() {
		if err := putFile(filepath.Join(root, path), text); err != nil {
			return err
		}
	}
	return m.link(root)
}

// link makes the links between NUMA nodes and their memory blocks.
func (m *Machine) link(root string) error {
	block := 0
	for id, node := range m.nodes {
		for range node.mib / blockMiB {
			name := fmt.Sprintf("memory%d", block)
			err := os.Symlink("../../memory/"+name, filepath.Join(root, fmt.Sprintf("sys/devices/system/node/node%d", id), name))
			if err != nil && !os.IsExist(err) {
				return err
			}
			block++
		}
	}
	return nil
}

func putFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
