// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"os"
	"path/filepath"

	"google.golang.org/grpc"
	v1 "k8s.io/api/core/v1"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	podresourcesv1 "k8s.io/kubelet/pkg/apis/podresources/v1"
	apisgrpc "k8s.io/kubernetes/pkg/kubelet/apis/grpc"
	"k8s.io/kubernetes/pkg/kubelet/apis/podresources"
	"k8s.io/kubernetes/pkg/kubelet/cm/devicemanager"
)

// listen removes what stands there first, as the kubelet and plugins do.
func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return net.Listen("unix", path)
}

func serve(server *grpc.Server, path string) (*grpc.Server, error) {
	listener, err := listen(path)
	if err != nil {
		return nil, err
	}
	go server.Serve(listener)
	return server, nil
}

// servePodResources is what a kubelet serves there: its server, behind its limit of questions, of what its managers say.
func servePodResources(path string, k *kubelet) (*grpc.Server, error) {
	ctx := context.Background()
	server := grpc.NewServer(apisgrpc.WithRateLimiter(ctx, "podresources", podresources.DefaultQPS, podresources.DefaultBurstTokens))
	provider := &provider{k}
	podresourcesv1.RegisterPodResourcesListerServer(server, podresources.NewV1PodResourcesServer(ctx, podresources.PodResourcesProviders{
		Pods: provider, Devices: provider, Cpus: provider, Memory: provider, DynamicResources: provider}))
	return serve(server, path)
}

// provider is what a kubelet's container manager makes of its managers for the server of pod-resources.
type provider struct{ *kubelet }

func (p *provider) GetActivePods() []*v1.Pod { return p.world.activePods() }
func (p *provider) GetPods() []*v1.Pod       { return p.world.activePods() }
func (p *provider) GetPodByName(namespace, name string) (*v1.Pod, bool) {
	for _, pod := range p.world.activePods() {
		if pod.Namespace == namespace && pod.Name == name {
			return pod, true
		}
	}
	return nil, false
}

func (p *provider) UpdateAllocatedDevices() { p.devices.UpdateAllocatedDevices() }
func (p *provider) GetDevices(uid, container string) []*podresourcesv1.ContainerDevices {
	return containerDevices(p.devices.GetDevices(uid, container))
}
func (p *provider) GetAllocatableDevices() []*podresourcesv1.ContainerDevices {
	return containerDevices(p.devices.GetAllocatableDevices())
}

// containerDevices has an entry for each NUMA node of each device, and none for a device that has a topology of none.
func containerDevices(from devicemanager.ResourceDeviceInstances) []*podresourcesv1.ContainerDevices {
	var list []*podresourcesv1.ContainerDevices
	for name, devices := range from {
		for id, device := range devices {
			if device.GetTopology() == nil {
				list = append(list, &podresourcesv1.ContainerDevices{ResourceName: name, DeviceIds: []string{id}})
			}
			for _, node := range device.GetTopology().GetNodes() {
				list = append(list, &podresourcesv1.ContainerDevices{ResourceName: name, DeviceIds: []string{id},
					Topology: &podresourcesv1.TopologyInfo{Nodes: []*podresourcesv1.NUMANode{{ID: node.GetID()}}}})
			}
		}
	}
	return list
}

func wide(from []int) []int64 {
	var list []int64
	for _, one := range from {
		list = append(list, int64(one))
	}
	return list
}

func (p *provider) GetCPUs(uid, container string) []int64 {
	return wide(p.cpus.GetExclusiveCPUs(uid, container).UnsortedList())
}
func (p *provider) GetAllocatableCPUs() []int64 {
	return wide(p.cpus.GetAllocatableCPUs().UnsortedList())
}
func (p *provider) GetMemory(string, string) []*podresourcesv1.ContainerMemory { return nil }
func (p *provider) GetAllocatableMemory() []*podresourcesv1.ContainerMemory    { return nil }
func (p *provider) GetDynamicResources(*v1.Pod, *v1.Container) []*podresourcesv1.DynamicResource {
	return nil
}

// criServer is a runtime with the world's running pods.
type criServer struct {
	cri.UnimplementedRuntimeServiceServer
	world *world
}

func serveRuntime(path string, w *world) (*grpc.Server, error) {
	server := grpc.NewServer()
	cri.RegisterRuntimeServiceServer(server, &criServer{world: w})
	return serve(server, path)
}

func (s *criServer) Version(context.Context, *cri.VersionRequest) (*cri.VersionResponse, error) {
	return &cri.VersionResponse{Version: "0.1.0", RuntimeName: "peer", RuntimeVersion: "1", RuntimeApiVersion: "v1"}, nil
}

func (s *criServer) ListPodSandbox(context.Context, *cri.ListPodSandboxRequest) (*cri.ListPodSandboxResponse, error) {
	response := &cri.ListPodSandboxResponse{}
	for _, pod := range s.world.runningPods() {
		response.Items = append(response.Items, &cri.PodSandbox{Id: "sandbox-" + string(pod.UID), CreatedAt: 1,
			State:    cri.PodSandboxState_SANDBOX_READY,
			Metadata: &cri.PodSandboxMetadata{Uid: string(pod.UID), Namespace: pod.Namespace, Name: pod.Name}})
	}
	return response, nil
}

func (s *criServer) ListContainers(context.Context, *cri.ListContainersRequest) (*cri.ListContainersResponse, error) {
	response := &cri.ListContainersResponse{}
	for _, pod := range s.world.runningPods() {
		for _, container := range pod.Spec.Containers {
			response.Containers = append(response.Containers, &cri.Container{Id: containerID(pod, container.Name),
				PodSandboxId: "sandbox-" + string(pod.UID), State: cri.ContainerState_CONTAINER_RUNNING, CreatedAt: 1,
				Metadata: &cri.ContainerMetadata{Name: container.Name}})
		}
	}
	return response, nil
}

func (s *criServer) ContainerStatus(_ context.Context, request *cri.ContainerStatusRequest) (*cri.ContainerStatusResponse, error) {
	for _, pod := range s.world.runningPods() {
		for _, container := range pod.Spec.Containers {
			if request.ContainerId == containerID(pod, container.Name) {
				linux := &cri.LinuxContainerResources{MemoryLimitInBytes: container.Resources.Limits.Memory().Value()}
				return &cri.ContainerStatusResponse{Status: &cri.ContainerStatus{Id: request.ContainerId,
					Resources: &cri.ContainerResources{Linux: linux}}}, nil
			}
		}
	}
	return nil, os.ErrNotExist
}
