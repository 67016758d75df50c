// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	cadvisorapi "github.com/google/cadvisor/info/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
)

var (
	policies = []string{topologymanager.PolicyNone, topologymanager.PolicyBestEffort, topologymanager.PolicyRestricted,
		topologymanager.PolicySingleNumaNode}
	settings = []string{"auto", "nearest", "all-cpu-nodes", "none"}
)

// advertiser is a plugin whose chunks can be said to be near to what a setting says, under a kubelet's policy.
type advertiser interface {
	advertise(k *kubelet, setting string) error
}

// shape is a kind of pod, on a kind of machine. What it comes to is "refused", where its CPUs are, or "runs" when
// it has none of its own.
type shape struct {
	name string
	make func(k *kubelet) (string, error)
}

// fill has a pod that has to be admitted, so that the one that matters finds less.
func (k *kubelet) fill(cpus, chunks int, isGood func(*v1.Pod) bool) error {
	pod := k.world.newPod("filler", cpus, 64*chunks+64, resource64, chunks)
	if why := k.admit(pod); why != "" {
		return fmt.Errorf("the pod that comes first is refused: %s", why)
	}
	if !isGood(pod) {
		return fmt.Errorf("the pod that comes first has CPUs on %s and %v", k.cpuNodes(pod), k.held(pod))
	}
	return nil
}

// outcome has a pod admitted or not.
func (k *kubelet) outcome(cpus, chunks int) (string, error) {
	pod := k.world.newPod("pod", cpus, 64*chunks+64, resource64, chunks)
	switch why := k.admit(pod); {
	case strings.HasPrefix(why, topologymanager.ErrorTopologyAffinity+":"):
		return "refused", nil
	case why != "":
		return "", fmt.Errorf("refused, but for another reason: %s", why)
	}
	if held := k.held(pod); len(held) != chunks {
		return "", fmt.Errorf("it has %v instead of %d chunks", held, chunks)
	}
	if cpus == 0 {
		return "runs", nil
	}
	return k.cpuNodes(pod), nil
}

// cpuNodes is the NUMA nodes of a pod's exclusive CPUs.
func (k *kubelet) cpuNodes(pod *v1.Pod) string {
	owned := k.cpus.GetExclusiveCPUs(string(pod.UID), "app")
	var nodes []string
	for _, node := range k.world.machine.info().Topology {
		if slices.ContainsFunc(node.Cores, func(core cadvisorapi.Core) bool { return owned.Contains(core.Threads[0]) }) {
			nodes = append(nodes, fmt.Sprint(node.Id))
		}
	}
	return strings.Join(nodes, ",")
}

// chunksOf is how many chunks of a NUMA node there are.
func (k *kubelet) chunksOf(node int) int {
	n := 0
	for id := range k.listed(resource64) {
		if strings.HasPrefix(id, fmt.Sprintf("64mi-n%d-", node)) {
			n++
		}
	}
	return n
}

func (k *kubelet) hasAllOf(node int) func(*v1.Pod) bool {
	return func(pod *v1.Pod) bool {
		for _, id := range k.held(pod) {
			if !strings.HasPrefix(id, fmt.Sprintf("64mi-n%d-", node)) {
				return false
			}
		}
		return len(k.held(pod)) == k.chunksOf(node)
	}
}

var shapesOfOne = []shape{
	{"CPUs of two sockets and few chunks", func(k *kubelet) (string, error) { return k.outcome(10, 2) }},
	{"few chunks, and the CPUs near to them are taken", func(k *kubelet) (string, error) {
		if err := k.fill(7, 0, func(pod *v1.Pod) bool { return k.cpuNodes(pod) == "0" }); err != nil {
			return "", err
		}
		return k.outcome(4, 2)
	}},
}

var shapesOfTwo = []shape{
	{"chunks of both expanders", func(k *kubelet) (string, error) { return k.outcome(2, k.chunksOf(2)+4) }},
	{"few chunks, of the second expander, because the first is full", func(k *kubelet) (string, error) {
		if err := k.fill(0, k.chunksOf(2), k.hasAllOf(2)); err != nil {
			return "", err
		}
		return k.outcome(4, 2)
	}},
	{"chunks of both expanders, and no CPUs", func(k *kubelet) (string, error) { return k.outcome(0, k.chunksOf(2)+4) }},
}

// The machines of the table, and the columns that each has.
var merged = []struct {
	name    string
	machine func(mib int) *Machine
	shapes  []shape
}{
	{"a machine of one expander", newMachine, shapesOfOne},
	{"a machine of two expanders", newMachineOfTwo, shapesOfTwo},
}

// merges is what becomes of shapes, by policy and setting, on one machine.
func merges(w *world, plugin advertiser, shapes []shape, found map[string][]string) error {
	for _, policy := range policies {
		k, err := startKubelet(w, policy)
		if err != nil {
			return err
		}
		for _, setting := range settings {
			if err := plugin.advertise(k, setting); err != nil {
				return fmt.Errorf("%s, %s: %w", policy, setting, err)
			}
			for _, shape := range shapes {
				outcome, err := shape.make(k)
				if err != nil {
					return fmt.Errorf("%s, %s, %s: %w", policy, setting, shape.name, err)
				}
				found[policy+" "+setting] = append(found[policy+" "+setting], outcome)
				w.removePods()
			}
		}
		if err := k.kill(); err != nil {
			return err
		}
	}
	return nil
}

// A row of the manual's table: policy, setting, and five outcomes.
var row = regexp.MustCompile(`(?m)^\.It ([a-z-]+) Ta ([a-z-]+) Ta ([0-9,a-z]+) Ta ([0-9,a-z]+) Ta ([0-9,a-z]+) Ta ([0-9,a-z]+) Ta ([0-9,a-z]+)$`)

// expected is the table in the manual: what people are told is what is looked for.
func expected(manual string) (map[string][]string, error) {
	text, err := os.ReadFile(manual)
	if err != nil {
		return nil, err
	}
	table := map[string][]string{}
	for _, cells := range row.FindAllStringSubmatch(string(text), -1) {
		table[cells[1]+" "+cells[2]] = cells[3:]
	}
	return table, nil
}
