// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	_ "unsafe" // for go:linkname

	"github.com/go-logr/logr"
	cadvisorapi "github.com/google/cadvisor/info/v1"
	"google.golang.org/grpc"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/record"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	"k8s.io/klog/v2"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
	"k8s.io/kubernetes/pkg/kubelet/cm/containermap"
	"k8s.io/kubernetes/pkg/kubelet/cm/cpumanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/devicemanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
	"k8s.io/kubernetes/pkg/kubelet/lifecycle"
	"k8s.io/kubernetes/pkg/kubelet/pluginmanager"
	"k8s.io/utils/cpuset"
)

// The kubelet's own, of which the exported one differs in the folder, a constant there: these kubelets live below a root, and never
// in the place of a real one.
//
//go:linkname newDeviceManager k8s.io/kubernetes/pkg/kubelet/cm/devicemanager.newManagerImpl
func newDeviceManager(logger klog.Logger, socket string, nodes []cadvisorapi.Node,
	store topologymanager.Store) (*devicemanager.ManagerImpl, error)

// kubelet is what a real one has around devices: the device manager with its registration server, the plugin manager with its
// watcher, the topology manager, the CPU manager, and the pod-resources socket. Its pods are those of the world.
type kubelet struct {
	world    *world
	policy   string // topologyManagerPolicy
	devices  *devicemanager.ManagerImpl
	topology topologymanager.Manager
	cpus     cpumanager.Manager
	server   *grpc.Server // of pod-resources
	stopping chan struct{}
	plugins  sync.WaitGroup
	isReady  atomic.Bool
}

// What managers ask of the sources of pods: whether all have spoken. A kubelet that starts is asked to admit its pods before that.
func (k *kubelet) AddSource(string) {}
func (k *kubelet) AllReady() bool   { return k.isReady.Load() }

// What the CPU manager asks of others.
func (k *kubelet) GetPodStatus(types.UID) (v1.PodStatus, bool) { return v1.PodStatus{}, false }
func (k *kubelet) UpdateContainerResources(context.Context, string, *cri.ContainerResources) error {
	return nil
}

// startKubelet makes managers from what the last ones have left in files, and has them admit the pods that there are.
func startKubelet(w *world, policy string) (*kubelet, error) {
	k := &kubelet{world: w, policy: policy, stopping: make(chan struct{})}
	if err := k.makeManagers(); err != nil {
		return nil, err
	}
	ctx := klog.NewContext(context.Background(), logr.Discard())
	ids, running := w.runningContainers()
	if err := k.cpus.Start(ctx, w.activePods, k, k, k, ids); err != nil {
		return nil, fmt.Errorf("the CPU manager: %w", err)
	}
	if err := k.devices.Start(logr.Discard(), w.activePods, k, ids, running); err != nil {
		return nil, fmt.Errorf("the device manager: %w", err)
	}
	for _, pod := range w.activePods() {
		if result := k.topology.Admit(&lifecycle.PodAdmitAttributes{Pod: pod}); !result.Admit {
			return nil, fmt.Errorf("a new kubelet does not admit pod %s, which runs: %s: %s", pod.Name, result.Reason, result.Message)
		}
	}
	k.isReady.Store(true)
	plugins := pluginmanager.NewPluginManager(w.path(registryDir), record.NewFakeRecorder(0))
	plugins.AddHandler(registration.DevicePlugin, k.devices.GetWatcherHandler())
	k.plugins.Go(func() { plugins.Run(ctx, k, k.stopping) })
	var err error
	k.server, err = servePodResources(w.path(podResourcesSocket), k)
	return k, err
}

func (k *kubelet) makeManagers() error {
	info := k.world.machine.info()
	var err error
	if k.topology, err = topologymanager.NewManager(info.Topology, k.policy, topologymanager.ContainerTopologyScope, nil); err != nil {
		return fmt.Errorf("the topology manager: %w", err)
	}
	if k.devices, err = newDeviceManager(logr.Discard(), k.world.path(kubeletSocket), info.Topology, k.topology); err != nil {
		return fmt.Errorf("the device manager: %w", err)
	}
	reserved := v1.ResourceList{v1.ResourceCPU: resource.MustParse("1")}
	k.cpus, err = cpumanager.NewManager(logr.Discard(), string(cpumanager.PolicyStatic), nil, time.Hour, info, cpuset.New(), reserved,
		k.world.path(kubeletDir), k.topology)
	if err != nil {
		return fmt.Errorf("the CPU manager: %w", err)
	}
	// in the kubelet's order
	k.topology.AddHintProvider(logr.Discard(), k.devices)
	k.topology.AddHintProvider(logr.Discard(), k.cpus)
	return nil
}

// kill ends the kubelet as a signal would that it cannot catch: connections end, and files stay, its socket, too.
func (k *kubelet) kill() error {
	socket := k.world.path(kubeletSocket)
	if err := os.Link(socket, socket+".kept"); err != nil {
		return err
	}
	close(k.stopping)
	k.plugins.Wait()
	k.server.Stop()
	err := k.devices.Stop(logr.Discard())
	return errors.Join(err, os.Rename(socket+".kept", socket))
}

// admit is what a kubelet does with a pod that is new. Why it is refused is a text, "" when it is not.
func (k *kubelet) admit(pod *v1.Pod) string {
	k.world.addPod(pod)
	result := k.topology.Admit(&lifecycle.PodAdmitAttributes{Pod: pod})
	if !result.Admit {
		k.world.removePod(pod)
		return result.Reason + ": " + result.Message
	}
	k.world.runPod(pod)
	return ""
}

// options is what the runtime is told of the devices of a pod's only container.
func (k *kubelet) options(pod *v1.Pod) (*devicemanager.DeviceRunContainerOptions, error) {
	ctx := klog.NewContext(context.Background(), logr.Discard())
	return k.devices.GetDeviceRunContainerOptions(ctx, pod, &pod.Spec.Containers[0])
}

// held is the devices of a pod's only container.
func (k *kubelet) held(pod *v1.Pod) []string {
	ids := sets.New[string]()
	for _, of := range k.devices.GetDevices(string(pod.UID), pod.Spec.Containers[0].Name) {
		for id := range of {
			ids.Insert(id)
		}
	}
	return sets.List(ids)
}

// capacity is what the node's status would have of a resource: all of it, and what may be given.
func (k *kubelet) capacity(name string) (all, allocatable int) {
	capacity, healthy, _ := k.devices.GetCapacity()
	of := func(list v1.ResourceList) int {
		quantity := list[v1.ResourceName(name)]
		return int(quantity.Value())
	}
	return of(capacity), of(healthy)
}

// listed is the ids of what may be given, with the NUMA nodes that they are near to.
func (k *kubelet) listed(name string) map[string][]int {
	list := map[string][]int{}
	for id, device := range k.devices.GetAllocatableDevices()[name] {
		nodes := []int{}
		for _, node := range device.GetTopology().GetNodes() {
			nodes = append(nodes, int(node.GetID()))
		}
		slices.Sort(nodes)
		list[id] = nodes
	}
	return list
}

// affinity is what the topology manager has decided for a pod's only container.
func (k *kubelet) affinity(pod *v1.Pod) string {
	hint := k.topology.GetAffinity(string(pod.UID), pod.Spec.Containers[0].Name)
	if hint.NUMANodeAffinity == nil {
		return "any"
	}
	return fmt.Sprint(hint.NUMANodeAffinity.GetBits())
}

// runningContainers is what a kubelet that starts hears of the runtime.
func (w *world) runningContainers() (containermap.ContainerMap, sets.Set[string]) {
	ids, running := containermap.NewContainerMap(), sets.New[string]()
	for _, pod := range w.runningPods() {
		for _, container := range pod.Spec.Containers {
			id := containerID(pod, container.Name)
			ids.Add(string(pod.UID), container.Name, id)
			running.Insert(id)
		}
	}
	return ids, running
}
