// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	cadvisorapi "github.com/google/cadvisor/info/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	kubeletconfig "k8s.io/kubernetes/pkg/kubelet/apis/config"
)

const mib = 1 << 20

// Machine is what both sides are told of a node: NUMA nodes, huge pages, and what is kept back of plain memory.
type Machine struct {
	Nodes    []Node   `json:"nodes"`
	PageKiBs []uint64 `json:"pageKiBs"` // sizes of huge pages; every NUMA node has them all, as Linux does it
	PodLevel bool     `json:"podLevel"` // the gate PodLevelResourceManagers
}

type Node struct {
	ID       int      `json:"id"`
	HasCPUs  bool     `json:"hasCPUs"`
	KiB      uint64   `json:"kib"`
	Pages    []uint64 `json:"pages"` // by page size
	Reserved uint64   `json:"reserved"`
}

func (n *Node) hugeBytes(m *Machine) uint64 {
	sum := uint64(0)
	for i, pages := range n.Pages {
		sum += pages * m.PageKiBs[i] * 1024
	}
	return sum
}

func (m *Machine) nodeIDs() Mask {
	var ids []int
	for _, node := range m.Nodes {
		ids = append(ids, node.ID)
	}
	return newMask(ids)
}

func (m *Machine) reserved() uint64 {
	sum := uint64(0)
	for _, node := range m.Nodes {
		sum += node.Reserved
	}
	return sum
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

// newMachine makes NUMA nodes of few sizes, so that requests often just fit, or just do not.
func newMachine(r *rand.Rand, podLevel bool) *Machine {
	m := &Machine{PodLevel: podLevel}
	n := pick(r, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6)
	if chance(r, 4) {
		n = 8
	}
	if chance(r, 60) {
		m.PageKiBs = pick(r, []uint64{2048}, []uint64{2048, 1 << 20})
	}
	mibs := pick(r, []uint64{512}, []uint64{256, 512}, []uint64{512, 768, 1024}, []uint64{300, 700, 1100})
	if len(m.PageKiBs) == 2 {
		mibs = pick(r, []uint64{3072}, []uint64{2048, 4096})
	}
	id := 0
	for i := range n {
		if chance(r, 15) {
			id += 1 + r.IntN(7) // eight of them are below 64
		}
		node := Node{ID: id, HasCPUs: i == 0 || chance(r, 75), KiB: pick(r, mibs...) * 1024}
		if chance(r, 20) {
			// what the firmware keeps makes real sizes odd
			node.KiB -= uint64(r.IntN(4096))
		}
		if n > 1 && chance(r, 3) {
			node.KiB = 0
		}
		m.addPages(r, &node)
		m.Nodes = append(m.Nodes, node)
		id++
	}
	m.reserve(r)
	return m
}

func (m *Machine) addPages(r *rand.Rand, node *Node) {
	node.Pages = make([]uint64, len(m.PageKiBs))
	left := node.KiB / 2
	for i := len(m.PageKiBs) - 1; i >= 0; i-- {
		most := left / m.PageKiBs[i]
		if most > 0 && chance(r, 70) {
			node.Pages[i] = uint64(r.IntN(int(min(most, 32)))) + 1
		}
		left -= node.Pages[i] * m.PageKiBs[i]
	}
}

// reserve keeps something back somewhere: the kubelet does not start without.
func (m *Machine) reserve(r *rand.Rand) {
	for i := range m.Nodes {
		node := &m.Nodes[i]
		plain := node.KiB*1024 - node.hugeBytes(m)
		switch {
		case plain == 0:
		case chance(r, 3):
			node.Reserved = plain
		case i == 0 || chance(r, 50):
			node.Reserved = min(plain, pick(r, uint64(32*mib), 64*mib, 100*mib, 64*mib+4096))
		}
	}
	if m.reserved() == 0 {
		m.Nodes[0].KiB = max(m.Nodes[0].KiB, 512*1024)
		m.Nodes[0].Reserved = 64 * mib
	}
}

// info is the machine as cAdvisor tells the kubelet of it.
func (m *Machine) info() *cadvisorapi.MachineInfo {
	info := &cadvisorapi.MachineInfo{}
	for _, node := range m.Nodes {
		one := cadvisorapi.Node{Id: node.ID, Memory: node.KiB * 1024}
		for i, kib := range m.PageKiBs {
			one.HugePages = append(one.HugePages, cadvisorapi.HugePagesInfo{PageSize: kib, NumPages: node.Pages[i]})
		}
		info.Topology = append(info.Topology, one)
		info.MemoryCapacity += one.Memory
	}
	return info
}

// reservations is the kubelet's reservedMemory.
func (m *Machine) reservations() []kubeletconfig.MemoryReservation {
	var list []kubeletconfig.MemoryReservation
	for _, node := range m.Nodes {
		if node.Reserved == 0 {
			continue
		}
		list = append(list, kubeletconfig.MemoryReservation{
			NumaNode: int32(node.ID),
			Limits:   v1.ResourceList{v1.ResourceMemory: *resource.NewQuantity(int64(node.Reserved), resource.BinarySI)},
		})
	}
	return list
}

// files is the machine as Linux shows it, with what the kubelet and slugd were told.
func (m *Machine) files() map[string]string {
	var withCPUs, withMemory Mask
	files := map[string]string{}
	total := uint64(0)
	for i, node := range m.Nodes {
		dir := fmt.Sprintf("sys/devices/system/node/node%d/", node.ID)
		cpus := "\n"
		if node.HasCPUs {
			withCPUs = append(withCPUs, node.ID)
			cpus = fmt.Sprintf("%d-%d\n", i*4, i*4+3)
		}
		if node.KiB > 0 {
			withMemory = append(withMemory, node.ID)
		}
		total += node.KiB
		files[dir+"cpulist"] = cpus
		files[dir+"meminfo"] = fmt.Sprintf("Node %d MemTotal: %d kB\nNode %d MemFree: %d kB\n", node.ID, node.KiB, node.ID, node.KiB/2)
		files[dir+"distance"] = m.distances(i)
		for j, kib := range m.PageKiBs {
			pages := fmt.Sprintf("%shugepages/hugepages-%dkB/", dir, kib)
			files[pages+"nr_hugepages"] = fmt.Sprintf("%d\n", node.Pages[j])
			files[pages+"free_hugepages"] = fmt.Sprintf("%d\n", node.Pages[j])
			files[pages+"surplus_hugepages"] = "0\n"
		}
	}
	for name, mask := range map[string]Mask{"possible": m.nodeIDs(), "online": m.nodeIDs(), "has_cpu": withCPUs,
		"has_memory": withMemory, "has_normal_memory": withMemory} {
		files["sys/devices/system/node/"+name] = mask.String() + "\n"
	}
	files["proc/meminfo"] = fmt.Sprintf("MemTotal: %d kB\nMemFree: %d kB\nMemAvailable: %d kB\n", total, total/2, total/2)
	files["proc/sys/kernel/hostname"] = "oracle\n"
	files["proc/sys/kernel/random/boot_id"] = "6f9a1c2e-5b7d-4c3a-9e8f-0a1b2c3d4e5f\n"
	files["var/lib/kubelet/config.yaml"] = m.kubeletYAML()
	files["etc/slug/slugd.yaml"] = m.slugdYAML()
	return files
}

func (m *Machine) distances(of int) string {
	var text []string
	for i := range m.Nodes {
		if i == of {
			text = append(text, "10")
		} else {
			text = append(text, "20")
		}
	}
	return strings.Join(text, " ") + "\n"
}

// evicted is the part of the reservation that is the eviction threshold.
func (m *Machine) evicted() uint64 { return m.reserved() / 4 }

func (m *Machine) kubeletYAML() string {
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nmemoryManagerPolicy: Static\n"+
		"systemReserved:\n  memory: \"%d\"\nevictionHard:\n  memory.available: \"%d\"\n", m.reserved()-m.evicted(), m.evicted())
	fmt.Fprintf(&text, "featureGates:\n  PodLevelResourceManagers: %t\nreservedMemory:\n", m.PodLevel)
	for _, node := range m.Nodes {
		if node.Reserved > 0 {
			fmt.Fprintf(&text, "- numaNode: %d\n  limits:\n    memory: \"%d\"\n", node.ID, node.Reserved)
		}
	}
	return text.String()
}

// slugdYAML adopts the nodes without CPUs: the kubelet asks nobody before it uses them.
func (m *Machine) slugdYAML() string {
	text := "kubelet:\n  configFile: /var/lib/kubelet/config.yaml\n"
	entries := ""
	for _, node := range m.Nodes {
		if !node.HasCPUs && node.KiB > 0 {
			entries += fmt.Sprintf("  - numaNode: %d\n    locality: remote\n", node.ID)
		}
	}
	if entries != "" {
		text += "classify:\n" + entries
	}
	return text
}

// write makes the machine, with a folder for slugd to keep its ledger in.
func (m *Machine) write(root string) error {
	for path, text := range m.files() {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(root, "var/lib/slug"), 0o755)
}
