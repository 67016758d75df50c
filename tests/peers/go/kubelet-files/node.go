// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	podresources "k8s.io/kubelet/pkg/apis/podresources/v1"
)

const ours = "sluglab.io/remote-memory-1gi"

// NodePod is a pod as the kubelet and the runtime have it.
type NodePod struct {
	uid, namespace, name string
	hasFinished          bool
	hasSandbox           bool
	devices              map[string][]string // by container
}

// node is what both sockets tell of; it stands in for the kubelet's managers.
type node struct {
	mutex  sync.Mutex
	pods   []*NodePod
	memory []*podresources.ContainerMemory // what the Static memory manager counts
}

// count has n NUMA nodes counted, with two kinds of page each, in the order of a map.
func (n *node) count(nodes int) *node {
	amounts := map[int64]uint64{}
	for id := range nodes {
		amounts[int64(id)] = uint64(id+1) << 30
	}
	for id, size := range amounts {
		topology := &podresources.TopologyInfo{Nodes: []*podresources.NUMANode{{ID: id}}}
		n.memory = append(n.memory, &podresources.ContainerMemory{MemoryType: "memory", Size: size, Topology: topology},
			&podresources.ContainerMemory{MemoryType: "hugepages-2Mi", Size: size / 2, Topology: topology})
	}
	return n
}

func newNode(d *drawer, n, devices int) *node {
	node := &node{}
	for i := range n {
		pod := &NodePod{uid: string(d.uid()), namespace: "team-" + string(rune('a'+i%3)), name: fmt.Sprintf("pod-%d", i),
			hasSandbox: true, devices: map[string][]string{}}
		for c := range 1 + i%3 {
			name := fmt.Sprintf("c%d", c)
			pod.devices[name] = []string{}
			for k := range devices {
				pod.devices[name] = append(pod.devices[name], fmt.Sprintf("n2-%06d-%d-%d", i, c, k))
			}
		}
		node.pods = append(node.pods, pod)
	}
	return node
}

// The kubelet's half: what podresources.PodResourcesProviders wants.

func (n *node) list(isWanted func(*NodePod) bool) []*v1.Pod {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	var pods []*v1.Pod
	for _, one := range n.pods {
		if !isWanted(one) {
			continue
		}
		pod := &v1.Pod{ObjectMeta: metav1.ObjectMeta{UID: types.UID(one.uid), Namespace: one.namespace, Name: one.name}}
		for _, name := range sortedKeys(one.devices) {
			pod.Spec.Containers = append(pod.Spec.Containers, v1.Container{Name: name})
		}
		pods = append(pods, pod)
	}
	return pods
}

func (n *node) GetActivePods() []*v1.Pod {
	return n.list(func(pod *NodePod) bool { return !pod.hasFinished })
}

func (n *node) GetPods() []*v1.Pod { return n.list(func(*NodePod) bool { return true }) }

func (n *node) GetPodByName(namespace, name string) (*v1.Pod, bool) {
	pods := n.list(func(pod *NodePod) bool { return pod.namespace == namespace && pod.name == name })
	if len(pods) == 0 {
		return nil, false
	}
	return pods[0], true
}

func (n *node) UpdateAllocatedDevices() {}

// GetDevices has one entry for each device, as the kubelet's device manager does.
func (n *node) GetDevices(uid, container string) []*podresources.ContainerDevices {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	var devices []*podresources.ContainerDevices
	for _, pod := range n.pods {
		if pod.uid != uid || pod.hasFinished {
			continue
		}
		for _, id := range pod.devices[container] {
			devices = append(devices, &podresources.ContainerDevices{ResourceName: ours, DeviceIds: []string{id},
				Topology: &podresources.TopologyInfo{Nodes: []*podresources.NUMANode{{ID: 0}}}})
		}
	}
	return devices
}

func (n *node) GetAllocatableDevices() []*podresources.ContainerDevices  { return nil }
func (n *node) GetCPUs(string, string) []int64                           { return []int64{0, 1} }
func (n *node) GetAllocatableCPUs() []int64                              { return []int64{0, 1, 2, 3} }
func (n *node) GetMemory(string, string) []*podresources.ContainerMemory { return nil }
func (n *node) GetAllocatableMemory() []*podresources.ContainerMemory    { return n.memory }
func (n *node) GetDynamicResources(*v1.Pod, *v1.Container) []*podresources.DynamicResource {
	return nil
}

// criServer is the runtime's half: what a kubelet's pods look like in a runtime.
type criServer struct {
	cri.UnimplementedRuntimeServiceServer
	node *node
}

func (s *criServer) Version(context.Context, *cri.VersionRequest) (*cri.VersionResponse, error) {
	return &cri.VersionResponse{Version: "0.1.0", RuntimeName: "peer", RuntimeVersion: "1", RuntimeApiVersion: "v1"}, nil
}

func (s *criServer) ListPodSandbox(context.Context, *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	s.node.mutex.Lock()
	defer s.node.mutex.Unlock()
	response := &cri.ListPodSandboxResponse{}
	for _, pod := range s.node.pods {
		if !pod.hasSandbox {
			continue
		}
		state := cri.PodSandboxState_SANDBOX_READY
		if pod.hasFinished {
			state = cri.PodSandboxState_SANDBOX_NOTREADY
		}
		response.Items = append(response.Items, &cri.PodSandbox{Id: "sandbox-" + pod.uid, State: state, CreatedAt: 1,
			Metadata: &cri.PodSandboxMetadata{Uid: pod.uid, Namespace: pod.namespace, Name: pod.name}})
	}
	return response, nil
}

func (s *criServer) container(pod *NodePod, name string) *cri.Container {
	state := cri.ContainerState_CONTAINER_RUNNING
	if pod.hasFinished {
		state = cri.ContainerState_CONTAINER_EXITED
	}
	return &cri.Container{Id: name + "-" + pod.uid, PodSandboxId: "sandbox-" + pod.uid, State: state, CreatedAt: 1,
		Metadata: &cri.ContainerMetadata{Name: name}}
}

func (s *criServer) ListContainers(context.Context, *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	s.node.mutex.Lock()
	defer s.node.mutex.Unlock()
	response := &cri.ListContainersResponse{}
	for _, pod := range s.node.pods {
		for _, name := range sortedKeys(pod.devices) {
			if pod.hasSandbox {
				response.Containers = append(response.Containers, s.container(pod, name))
			}
		}
	}
	return response, nil
}

func (s *criServer) ContainerStatus(_ context.Context, request *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	linux := &cri.LinuxContainerResources{MemoryLimitInBytes: 1 << 30}
	return &cri.ContainerStatusResponse{Status: &cri.ContainerStatus{Id: request.ContainerId,
		Resources: &cri.ContainerResources{Linux: linux}}}, nil
}
