// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubernetes/pkg/kubelet/allocation/state"
	"k8s.io/kubernetes/pkg/kubelet/cm/devicemanager/checkpoint"
)

// Resources of containers, and whether slug has to do with them.
var resourceNames = []struct {
	name   string
	isKept bool
}{
	{"memory", true}, {"hugepages-2Mi", true}, {"hugepages-1Gi", true},
	{"sluglab.io/remote-memory-1gi", true}, {"sluglab.io/remote-memory-512mi", true},
	{"cpu", false}, {"ephemeral-storage", false}, {"nvidia.com/gpu", false},
	{"sluglab.io/remote-memory-", false}, {"memory.example.com/memory", false},
}

func isKept(name string) bool {
	for _, one := range resourceNames {
		if one.name == name {
			return one.isKept
		}
	}
	return false
}

// drawer draws what a node may have.
type drawer struct {
	r *rand.Rand
}

func newDrawer(seed uint64, number int) *drawer {
	return &drawer{rand.New(rand.NewPCG(seed, uint64(number)))}
}

func (d *drawer) chance(percent int) bool { return d.r.IntN(100) < percent }

func (d *drawer) uid() types.UID {
	if d.chance(20) { // of a static pod: a hash
		return types.UID(fmt.Sprintf("%016x%016x", d.r.Uint64(), d.r.Uint64()))
	}
	return types.UID(fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x",
		d.r.Uint32(), d.r.IntN(1<<16), d.r.IntN(1<<12), d.r.IntN(1<<12), d.r.Int64N(1<<48)))
}

// label is the name of a container: 63 characters at the most.
func (d *drawer) label() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	n := 1 + d.r.IntN(12)
	if d.chance(5) {
		n = 63
	}
	text := make([]byte, n)
	for i := range text {
		text[i] = letters[d.r.IntN(len(letters))]
		if i > 0 && i < n-1 && d.chance(10) {
			text[i] = '-'
		}
	}
	return string(text)
}

func (d *drawer) quantity() resource.Quantity {
	n := d.r.Int64N(4096)
	switch d.r.IntN(8) {
	case 0:
		return *resource.NewQuantity(d.r.Int64N(1<<40), resource.BinarySI)
	case 1:
		return *resource.NewQuantity(d.r.Int64(), resource.DecimalSI)
	case 2:
		return *resource.NewMilliQuantity(d.r.Int64N(1<<40), resource.DecimalSI)
	case 3:
		return resource.MustParse(fmt.Sprintf("%d.%dGi", n, d.r.IntN(1000)))
	case 4:
		return resource.MustParse(fmt.Sprintf("%de%d", n, d.r.IntN(10)))
	case 5:
		return resource.MustParse(fmt.Sprintf("%d%s", n, []string{"k", "M", "G", "T"}[d.r.IntN(4)]))
	case 6:
		return resource.MustParse("0")
	default:
		return resource.MustParse(fmt.Sprintf("%d%s", n, []string{"Ki", "Mi", "Gi", "Ti"}[d.r.IntN(4)]))
	}
}

func (d *drawer) list() v1.ResourceList {
	if d.chance(20) {
		return nil
	}
	list := v1.ResourceList{}
	for _, one := range resourceNames {
		if d.chance(35) {
			list[v1.ResourceName(one.name)] = d.quantity()
		}
	}
	return list
}

func (d *drawer) resources() v1.ResourceRequirements {
	resources := v1.ResourceRequirements{Requests: d.list(), Limits: d.list()}
	if d.chance(10) {
		resources.Claims = []v1.ResourceClaim{{Name: d.label(), Request: d.label()}}
	}
	return resources
}

func (d *drawer) containers() map[string]v1.ResourceRequirements {
	if d.chance(3) {
		return nil
	}
	containers := map[string]v1.ResourceRequirements{}
	for range d.r.IntN(6) {
		containers[d.label()] = d.resources()
	}
	return containers
}

func (d *drawer) podInfo() state.PodResourceInfo {
	info := state.PodResourceInfo{ContainerResources: d.containers()}
	if d.chance(25) {
		resources := d.resources()
		info.PodLevelResources = &resources
	}
	return info
}

func (d *drawer) pods() state.PodResourceInfoMap {
	n := d.r.IntN(12)
	if d.chance(2) {
		n = 200
	}
	pods := state.PodResourceInfoMap{}
	for range n {
		pods[d.uid()] = d.podInfo()
	}
	return pods
}

// id is whatever a device plugin makes up.
func (d *drawer) id() string {
	switch d.r.IntN(6) {
	case 0:
		return fmt.Sprintf("GPU-%x", d.r.Uint64())
	case 1:
		return fmt.Sprintf("a\"b\\c/<&>\t%d", d.r.IntN(100))
	case 2:
		return fmt.Sprintf("größe-内存-%d", d.r.IntN(100))
	case 3:
		return strings.Repeat("x", 1+d.r.IntN(255))
	default:
		return fmt.Sprintf("n2-%06d", d.r.IntN(10000))
	}
}

func (d *drawer) deviceIDs() checkpoint.DevicesPerNUMA {
	if d.chance(3) {
		return nil
	}
	devices := checkpoint.NewDevicesPerNUMA()
	for range d.r.IntN(4) {
		node := int64(d.r.IntN(8)) - 1
		for range d.r.IntN(6) {
			id := d.id()
			devices[node] = append(devices[node], id)
			if d.chance(20) { // one device of several NUMA nodes
				devices[node+1] = append(devices[node+1], id)
			}
		}
		if d.chance(10) {
			devices[node] = nil
		}
	}
	return devices
}

// entries are of one container and resource once, as the kubelet has them.
func (d *drawer) entries() []checkpoint.PodDevicesEntry {
	var entries []checkpoint.PodDevicesEntry
	for range d.r.IntN(8) {
		uid := string(d.uid())
		for i := range 1 + d.r.IntN(3) {
			container := fmt.Sprintf("%.60s-%d", d.label(), i)
			for _, one := range resourceNames {
				if !strings.Contains(one.name, "/") || !d.chance(40) {
					continue
				}
				response := make([]byte, d.r.IntN(40))
				for i := range response {
					response[i] = byte(d.r.IntN(256))
				}
				entries = append(entries, checkpoint.PodDevicesEntry{PodUID: uid, ContainerName: container, ResourceName: one.name,
					DeviceIDs: d.deviceIDs(), AllocResp: response})
			}
		}
	}
	return entries
}

func (d *drawer) registered() map[string][]string {
	registered := map[string][]string{}
	for _, one := range resourceNames {
		if strings.Contains(one.name, "/") && d.chance(50) {
			for range d.r.IntN(50) {
				registered[one.name] = append(registered[one.name], d.id())
			}
		}
	}
	return registered
}
