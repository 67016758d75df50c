// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
)

// podMaker makes pods that are about as large as what the machine has left, so that they collide.
type podMaker struct {
	r       *rand.Rand
	machine *Machine
	n       int
}

// request is what a container of a Guaranteed pod has: equal requests and limits.
type request map[string]uint64

func (p *podMaker) next(state *State) *Pod {
	p.n++
	pod := &Pod{
		UID:       fmt.Sprintf("%08x-0000-4000-8000-%012x", p.r.Uint32(), p.n),
		Namespace: "default",
		Name:      fmt.Sprintf("pod-%d", p.n),
	}
	if p.machine.PodLevel && chance(p.r, 50) || chance(p.r, 8) {
		p.fillPodLevel(pod, state)
		return pod
	}
	switch {
	case chance(p.r, 6):
		pod.Containers = []Container{{Name: "app"}}
		p.name(pod, "QOS_CLASS_BEST_EFFORT")
	case chance(p.r, 7):
		p.fill(pod, state, 35)
		p.loosen(pod)
		p.name(pod, "QOS_CLASS_BURSTABLE")
	default:
		p.fill(pod, state, 35)
		p.name(pod, "QOS_CLASS_GUARANTEED")
	}
	return pod
}

// name writes the class down, as the API server does it, or leaves it to who wants to know.
func (p *podMaker) name(pod *Pod, class string) {
	if chance(p.r, 50) {
		pod.QOS = class
	}
}

// fill gives it containers, and init containers to some of a hundred.
func (p *podMaker) fill(pod *Pod, state *State, withInit int) {
	largest := p.size(state)
	if chance(p.r, withInit) {
		for i := range 1 + p.r.IntN(3) {
			c := Container{Name: fmt.Sprintf("init-%d", i), Resources: p.exact(p.request(largest))}
			if chance(p.r, 35) {
				c.RestartPolicy = "Always"
			}
			pod.Init = append(pod.Init, c)
		}
	}
	for i := range pick(p.r, 1, 1, 1, 2, 2, 3) {
		pod.Containers = append(pod.Containers, Container{Name: fmt.Sprintf("app-%d", i), Resources: p.exact(p.request(largest))})
	}
}

// size is what one container is asked to be at the most.
func (p *podMaker) size(state *State) uint64 {
	ids := p.machine.nodeIDs()
	memory := state.Nodes[pick(p.r, ids...)].Amounts["memory"]
	other := state.Nodes[pick(p.r, ids...)].Amounts["memory"]
	size := pick(p.r, memory.Allocatable, memory.Free, memory.Allocatable/2, memory.Allocatable/3, memory.Free/2, 64*mib, 128*mib,
		memory.Allocatable+other.Allocatable, memory.Free+other.Free, memory.Allocatable+memory.Allocatable/2)
	switch {
	case chance(p.r, 5):
		size++
	case chance(p.r, 30):
		size = size / mib * mib
	}
	return max(size, 1)
}

func (p *podMaker) request(largest uint64) request {
	amount := pick(p.r, largest, largest, largest/2, largest/4, 32*mib)
	if chance(p.r, 2) {
		amount = 1 + p.r.Uint64N(4096)
	}
	request := request{"memory": max(amount, 1)}
	for i, kib := range p.machine.PageKiBs {
		if chance(p.r, 25) {
			most := uint64(1)
			for _, node := range p.machine.Nodes {
				most = max(most, node.Pages[i])
			}
			request[pageNames[kib]] = (1 + p.r.Uint64N(most+most/4+1)) * kib * 1024
		} else if chance(p.r, 2) {
			request[pageNames[kib]] = 0
		}
	}
	return request
}

var pageNames = map[uint64]string{2048: "hugepages-2Mi", 1 << 20: "hugepages-1Gi"}

// exact is a request that is its own limit.
func (p *podMaker) exact(request request) Resources {
	resources := Resources{Requests: map[string]string{}, Limits: map[string]string{}}
	cpu := pick(p.r, "1", "2", "500m")
	resources.Requests["cpu"], resources.Limits["cpu"] = cpu, cpu
	for name, bytes := range request {
		resources.Requests[name], resources.Limits[name] = p.spell(bytes), p.spell(bytes)
	}
	return resources
}

// spell writes a number in one of the ways that Kubernetes takes.
func (p *podMaker) spell(bytes uint64) string {
	switch pick(p.r, 0, 0, 0, 1, 1, 2, 3) {
	case 1:
		for _, unit := range []struct {
			bytes uint64
			name  string
		}{{1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}} {
			if bytes > 0 && bytes%unit.bytes == 0 {
				return fmt.Sprintf("%d%s", bytes/unit.bytes, unit.name)
			}
		}
	case 2:
		if bytes > 0 && bytes%(mib/2) == 0 {
			return fmt.Sprintf("%d.%dMi", bytes/mib, bytes%mib*10/mib)
		}
		if bytes > 0 && bytes%1000 == 0 {
			return pick(p.r, fmt.Sprintf("%dk", bytes/1000), fmt.Sprintf("%de3", bytes/1000))
		}
	case 3:
		if chance(p.r, 3) {
			// a whole number, and the kubelet takes it for none
			return fmt.Sprintf("%d000m", bytes)
		}
	}
	return fmt.Sprintf("%d", bytes)
}

// loosen takes something away that a Guaranteed pod needs.
func (p *podMaker) loosen(pod *Pod) {
	resources := &pod.Containers[0].Resources
	switch p.r.IntN(4) {
	case 0:
		delete(resources.Limits, "memory")
	case 1:
		delete(resources.Limits, "cpu")
	case 2:
		delete(resources.Requests, "memory")
	case 3:
		resources.Requests["cpu"] = "100m"
	}
}

// Pods with resources of their own

func (p *podMaker) fillPodLevel(pod *Pod, state *State) {
	p.fill(pod, state, 70)
	for _, list := range [][]Container{pod.Init, pod.Containers} {
		for i := range list {
			switch {
			case chance(p.r, 35):
				list[i].Resources = Resources{}
			case chance(p.r, 15):
				delete(list[i].Resources.Limits, "memory")
			}
		}
	}
	total := p.total(pod)
	if chance(p.r, 70) {
		total["memory"] += p.size(state) / 4
	}
	total["memory"] = max(total["memory"], 16*mib)
	exact := p.exact(total)
	exact.Requests["cpu"], exact.Limits["cpu"] = "8", "8"
	pod.Resources = &exact
	if chance(p.r, 10) {
		delete(pod.Resources.Limits, pick(p.r, "memory", "cpu"))
		p.name(pod, "QOS_CLASS_BURSTABLE")
		return
	}
	p.name(pod, "QOS_CLASS_GUARANTEED")
}

// total is what the containers of a pod need at any one time; the API server takes no pod that says less of itself.
func (p *podMaker) total(pod *Pod) request {
	sidecars, highest, apps := request{}, request{}, request{}
	for _, c := range pod.Init {
		for name, quantity := range quantities(c.Resources.Requests) {
			of := string(name)
			if c.RestartPolicy == "Always" {
				sidecars[of] += uint64(quantity.Value())
			}
			at := sidecars[of]
			if c.RestartPolicy != "Always" {
				at += uint64(quantity.Value())
			}
			highest[of] = max(highest[of], at)
		}
	}
	for _, c := range pod.Containers {
		for name, quantity := range quantities(c.Resources.Requests) {
			apps[string(name)] += uint64(quantity.Value())
		}
	}
	total := request{}
	for _, part := range []request{sidecars, highest, apps} {
		for name := range part {
			if name != "cpu" {
				total[name] = max(highest[name], apps[name]+sidecars[name])
			}
		}
	}
	return total
}
