// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/cm/containermap"
	"k8s.io/kubernetes/pkg/kubelet/cm/memorymanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/memorymanager/state"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager/bitmask"
)

// kubelet is the memory manager of a real kubelet, with everything around it that it asks: which pods there are, and what the
// topology manager has decided.
type kubelet struct {
	machine *Machine
	dir     string
	manager memorymanager.Manager
	hint    topologymanager.TopologyHint
	active  []*Pod
	ids     map[string][2]string // the runtime's containers
	pods    map[string]*v1.Pod
}

type ready struct{}

func (ready) AddSource(string) {}
func (ready) AllReady() bool   { return true }

// What the memory manager asks of a topology manager.
func (k *kubelet) GetAffinity(string, string) topologymanager.TopologyHint { return k.hint }
func (k *kubelet) GetPolicy() topologymanager.Policy                       { return nil }
func (k *kubelet) Name() string                                            { return "oracle" }

func newKubelet(m *Machine, dir string) (*kubelet, error) {
	k := &kubelet{machine: m, dir: dir, ids: map[string][2]string{}, pods: map[string]*v1.Pod{}}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	return k, k.start()
}

// start makes a memory manager from what the last one has left in its state file.
func (k *kubelet) start() error {
	reservation := v1.ResourceList{v1.ResourceMemory: *resource.NewQuantity(int64(k.machine.reserved()), resource.BinarySI)}
	manager, err := memorymanager.NewManager(logr.Discard(), "Static", k.machine.info(), reservation, k.machine.reservations(), k.dir, k)
	if err != nil {
		return err
	}
	ids := containermap.NewContainerMap()
	for id, of := range k.ids {
		ids.Add(of[0], of[1], id)
	}
	k.manager = manager
	return manager.Start(klog.NewContext(context.Background(), logr.Discard()), k.activePods, ready{}, nil, nil, ids)
}

func (k *kubelet) activePods() []*v1.Pod {
	var pods []*v1.Pod
	for _, pod := range k.active {
		pods = append(pods, k.kube(pod))
	}
	return pods
}

func (k *kubelet) kube(pod *Pod) *v1.Pod {
	if k.pods[pod.UID] == nil {
		k.pods[pod.UID] = pod.kube()
	}
	return k.pods[pod.UID]
}

func (k *kubelet) container(pod *Pod, name string) (*v1.Pod, *v1.Container) {
	of := k.kube(pod)
	for _, list := range [][]v1.Container{of.Spec.InitContainers, of.Spec.Containers} {
		for i := range list {
			if list[i].Name == name {
				return of, &list[i]
			}
		}
	}
	panic("a step names a container that its pod has not")
}

func (k *kubelet) decide(affinity *Affinity) {
	k.hint = topologymanager.TopologyHint{}
	if affinity == nil {
		return
	}
	k.hint.Preferred = affinity.Preferred
	if len(affinity.Nodes) > 0 {
		k.hint.NUMANodeAffinity, _ = bitmask.NewBitMask(affinity.Nodes...)
	}
}

func hintsOf(from map[string][]topologymanager.TopologyHint) *Hints {
	if from == nil {
		return &Hints{NoOpinion: true}
	}
	hints := &Hints{Resources: map[string][]Hint{}}
	for name, list := range from {
		hints.Resources[name] = nil
		for _, hint := range list {
			hints.Resources[name] = append(hints.Resources[name], Hint{newMask(hint.NUMANodeAffinity.GetBits()), hint.Preferred})
		}
	}
	return hints
}

func blocksOf(from []state.Block) Blocks {
	var blocks Blocks
	for _, b := range from {
		blocks = append(blocks, Block{string(b.Type), newMask(b.NUMAAffinity), b.Size})
	}
	return blocks.sorted()
}

func (k *kubelet) SetActive(pods []*Pod) { k.active = pods }

func (k *kubelet) Play(s *Step) (answer *Answer) {
	answer = &Answer{}
	defer func() {
		if why := recover(); why != nil {
			answer = &Answer{Broken: fmt.Sprint("the kubelet panics: ", why)}
		}
	}()
	switch s.Do {
	case doHints:
		answer.Hints = hintsOf(k.manager.GetTopologyHints(k.container(s.pod, s.Container)))
	case doPodHints:
		answer.Hints = hintsOf(k.manager.GetPodTopologyHints(k.kube(s.pod)))
	case doAllocate:
		k.allocate(s, answer)
	case doAllocatePod:
		k.allocatePod(s, answer)
	case doAdd:
		pod, container := k.container(s.pod, s.Container)
		k.ids[s.ContainerID] = [2]string{s.pod.UID, s.Container}
		k.manager.AddContainer(logr.Discard(), pod, container, s.ContainerID)
		answer.Blocks = blocksOf(k.manager.GetMemory(s.pod.UID, s.Container))
	case doRemove:
		answer.Blocks = blocksOf(k.manager.GetMemory(s.pod.UID, s.Container))
		delete(k.ids, s.ContainerID)
		if err := k.manager.RemoveContainer(logr.Discard(), s.ContainerID); err != nil {
			answer.Broken = err.Error()
		}
	case doRestart:
		if err := k.start(); err != nil {
			answer.Refused, answer.Why = true, err.Error()
		}
	}
	return answer
}

func (k *kubelet) allocate(s *Step, answer *Answer) {
	pod, container := k.container(s.pod, s.Container)
	answer.Existed = k.manager.GetMemory(s.pod.UID, s.Container) != nil // of nothing, too
	k.decide(s.Affinity)
	if err := k.manager.Allocate(pod, container); err != nil {
		answer.Refused, answer.Why = true, err.Error()
		return
	}
	answer.Blocks = blocksOf(k.manager.GetMemory(s.pod.UID, s.Container))
	answer.Nodes = newMask(k.manager.GetMemoryNUMANodes(logr.Discard(), pod, container).UnsortedList())
}

func (k *kubelet) allocatePod(s *Step, answer *Answer) {
	k.decide(s.Affinity)
	if err := k.manager.AllocatePod(k.kube(s.pod)); err != nil {
		answer.Refused, answer.Why = true, err.Error()
		return
	}
	answer.Blocks = blocksOf(k.manager.State().GetPodMemoryBlocks(s.pod.UID))
	answer.Shares = map[string]Blocks{}
	for _, c := range s.pod.all() {
		if blocks := k.manager.GetMemory(s.pod.UID, c.Name); len(blocks) > 0 {
			answer.Shares[c.Name] = blocksOf(blocks)
		}
	}
}

func (k *kubelet) Allocatable() (Blocks, error) {
	return blocksOf(k.manager.GetAllocatableMemory()), nil
}

func (k *kubelet) State() (*State, error) {
	s := &State{Nodes: map[int]*NodeState{}, Claims: map[string]Blocks{}}
	for id, node := range k.manager.State().GetMachineState() {
		one := &NodeState{Assignments: node.NumberOfAssignments, Group: newMask(node.Cells), Amounts: map[string]Amount{}}
		for name, table := range node.MemoryMap {
			one.put(string(name), Amount{table.Allocatable, table.Free})
		}
		s.Nodes[id] = one
	}
	for uid, of := range k.manager.State().GetMemoryAssignments() {
		for name, blocks := range of {
			if len(blocks) > 0 {
				s.Claims[uid+"/"+name] = blocksOf(blocks)
			}
		}
	}
	for uid, of := range k.manager.State().GetPodMemoryAssignments() {
		if len(of.MemoryBlocks) > 0 {
			s.Claims[uid+"/"] = blocksOf(of.MemoryBlocks)
		}
	}
	return s, nil
}

func (k *kubelet) stateFile() string { return filepath.Join(k.dir, "memory_manager_state") }

func (k *kubelet) Import(file string) (*State, error) {
	dir, err := os.MkdirTemp(k.dir, "import-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := copyFile(file, filepath.Join(dir, "memory_manager_state")); err != nil {
		return nil, err
	}
	other, err := newKubelet(k.machine, dir)
	if err != nil {
		return nil, err
	}
	return other.State()
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o600)
}

func (k *kubelet) Close() {}
