// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
)

// change has slugd told of settings, and waits until the kubelet has what follows.
func (n *node) change(settings Settings, is func(*chunkList) bool) error {
	n.settings = settings
	if err := n.reload(); err != nil {
		return err
	}
	if !await(func() bool { list, err := n.chunks(); return err == nil && is(list) }) {
		return fmt.Errorf("slugd does not take %+v", settings)
	}
	return n.agree()
}

func idsOf(node, n int) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("64mi-n%d-%04d", node, i))
	}
	return ids
}

// prefers has chunks given in each of the ways to choose them. What the kubelet would take by itself is not sorted. Where another way
// gives others the topology is another one, too: it shows that slug-kubelet has heard of both.
func prefers(n *node) error {
	spread := append(idsOf(2, 4), idsOf(3, 4)...)
	for _, row := range []struct {
		preferred, topology string
		expected            []string
	}{
		{"pack", "none", idsOf(2, 8)},
		{"spread", "all-cpu-nodes", spread},
		{"spread", "none", spread},
		{"near", "nearest", idsOf(2, 8)},
		{"spread", "nearest", idsOf(2, 8)}, // the kubelet asks for some of those that are near to the CPUs
	} {
		wanted := "CHUNK_PREFERENCE_" + upper(row.preferred)
		err := n.change(Settings{topology: row.topology, preferred: row.preferred}, func(list *chunkList) bool {
			return list.Preference == wanted && list.TopologySetting == "CHUNK_TOPOLOGY_"+upper(row.topology)
		})
		if err != nil {
			return err
		}
		pod, err := n.give(row.preferred, 8)
		if err != nil {
			return err
		}
		if held := n.kubelet.held(pod); !slices.Equal(held, row.expected) {
			return fmt.Errorf("%s with topology %s gives %v", row.preferred, row.topology, held)
		}
		if err := n.agree(); err != nil {
			return err
		}
		n.removePod(pod)
		n.kubelet.devices.UpdateAllocatedDevices()
	}
	return n.agree()
}

// resourcesByNode has chunks counted by NUMA node, and as one resource again. The other kind has none to give meanwhile.
func resourcesByNode(n *node) error {
	one := func(list *chunkList) bool { return len(list.Resources) == 1 }
	two := func(list *chunkList) bool { return len(list.Resources) == 2 }
	byNode := []string{resource64 + "-numa2", resource64 + "-numa3"}
	n.settings = Settings{resources: "numa-node"}
	if err := n.reload(); err != nil {
		return err
	}
	if !await(func() bool { list, err := n.chunks(); return err == nil && two(list) }) {
		return errors.New("slugd goes on counting all as one")
	}
	for _, name := range byNode {
		if err := n.agreeOn(name); err != nil {
			return err
		}
	}
	if err := n.gone(resource64); err != nil {
		return err
	}
	if err := n.change(Settings{}, one); err != nil {
		return err
	}
	return errors.Join(n.gone(byNode[0]), n.gone(byNode[1]))
}

func (n *node) gone(name string) error {
	if !await(func() bool { _, healthy := n.kubelet.capacity(name); return healthy == 0 }) {
		return fmt.Errorf("the kubelet may go on giving %s", name)
	}
	return nil
}

// topologiesReported sees claims find their pods whatever the kubelet is told of NUMA nodes: it lists a chunk once for each that it
// is near to, and one that is said to be near to an empty list of them not at all.
func topologiesReported(n *node) error {
	for _, topology := range []string{"all-cpu-nodes", "none", "nearest"} {
		err := n.change(Settings{topology: topology}, func(list *chunkList) bool {
			return list.TopologySetting == "CHUNK_TOPOLOGY_"+upper(topology)
		})
		if err != nil {
			return err
		}
		listed := map[string]bool{}
		for _, devices := range (&provider{n.kubelet}).GetAllocatableDevices() {
			listed[devices.DeviceIds[0]] = true
		}
		if len(listed) != 32 {
			return fmt.Errorf("%s: pod-resources lists %d chunks", topology, len(listed))
		}
		if _, err := n.give(topology, 3); err != nil {
			return err
		}
		if err := n.agree(); err != nil {
			return err
		}
	}
	return nil
}
