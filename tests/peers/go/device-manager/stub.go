// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

const (
	registerRegistry      = "registry"
	registerDevicePlugins = "device-plugins"
)

// stub is a device plugin that knows nothing but its devices: what the peers of slug-kubelet are tried on, and measured with.
type stub struct {
	deviceplugin.UnimplementedDevicePluginServer
	registration.UnimplementedRegistrationServer
	resource, name, endpoint string // name: of its socket
	server                   *grpc.Server
	mutex                    sync.Mutex
	devices                  []*deviceplugin.Device
	changed                  chan struct{} // closed when devices are others
}

func newStub(resource string, devices []*deviceplugin.Device) *stub {
	return &stub{resource: resource, name: strings.ReplaceAll(resource, "/", "-"), devices: devices, changed: make(chan struct{})}
}

// stubDevices is n chunks of NUMA node node, near to others.
func stubDevices(node, n int, near []int) []*deviceplugin.Device {
	var devices []*deviceplugin.Device
	for i := range n {
		one := &deviceplugin.Device{ID: fmt.Sprintf("64mi-n%d-%04d", node, i), Health: deviceplugin.Healthy}
		if len(near) > 0 {
			one.Topology = &deviceplugin.TopologyInfo{}
			for _, id := range near {
				one.Topology.Nodes = append(one.Topology.Nodes, &deviceplugin.NUMANode{ID: int64(id)})
			}
		}
		devices = append(devices, one)
	}
	return devices
}

func (s *stub) newServer() *grpc.Server {
	s.server = grpc.NewServer()
	deviceplugin.RegisterDevicePluginServer(s.server, s)
	registration.RegisterRegistrationServer(s.server, s)
	return s.server
}

// start serves, and registers in the one way or the other.
func (s *stub) start(w *world, register string) error {
	dir := pluginsDir
	if register == registerRegistry {
		dir = registryDir
	}
	s.endpoint = w.path(filepath.Join(dir, s.name+".sock"))
	if _, err := serve(s.newServer(), s.endpoint); err != nil || register == registerRegistry {
		return err
	}
	conn, err := grpc.NewClient("unix://"+w.path(kubeletSocket), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err = deviceplugin.NewRegistrationClient(conn).Register(ctx, &deviceplugin.RegisterRequest{Version: deviceplugin.Version,
		Endpoint: filepath.Base(s.endpoint), ResourceName: s.resource}, grpc.WaitForReady(true))
	return err
}

func (s *stub) kill() {
	if os.Link(s.endpoint, s.endpoint+".kept") == nil {
		defer os.Rename(s.endpoint+".kept", s.endpoint)
	}
	s.server.Stop()
}

func (s *stub) change(devices []*deviceplugin.Device) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.devices = devices
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stub) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{Type: registration.DevicePlugin, Name: s.resource,
		SupportedVersions: []string{deviceplugin.Version}}, nil
}

func (s *stub) NotifyRegistrationStatus(context.Context, *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	return &registration.RegistrationStatusResponse{}, nil
}

func (s *stub) GetDevicePluginOptions(context.Context, *deviceplugin.Empty) (*deviceplugin.DevicePluginOptions, error) {
	return &deviceplugin.DevicePluginOptions{GetPreferredAllocationAvailable: true}, nil
}

func (s *stub) ListAndWatch(_ *deviceplugin.Empty, stream deviceplugin.DevicePlugin_ListAndWatchServer) error {
	for {
		s.mutex.Lock()
		devices, changed := s.devices, s.changed
		s.mutex.Unlock()
		if err := stream.Send(&deviceplugin.ListAndWatchResponse{Devices: devices}); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return nil
		}
	}
}

// GetPreferredAllocation has the first ids in their order.
func (s *stub) GetPreferredAllocation(_ context.Context, request *deviceplugin.PreferredAllocationRequest) (
	*deviceplugin.PreferredAllocationResponse, error) {
	response := &deviceplugin.PreferredAllocationResponse{}
	for _, one := range request.ContainerRequests {
		ids := slices.Clone(one.MustIncludeDeviceIDs)
		for _, id := range slices.Sorted(slices.Values(one.AvailableDeviceIDs)) {
			if len(ids) < int(one.AllocationSize) && !slices.Contains(one.MustIncludeDeviceIDs, id) {
				ids = append(ids, id)
			}
		}
		response.ContainerResponses = append(response.ContainerResponses,
			&deviceplugin.ContainerPreferredAllocationResponse{DeviceIDs: ids})
	}
	return response, nil
}

func (s *stub) Allocate(_ context.Context, request *deviceplugin.AllocateRequest) (*deviceplugin.AllocateResponse, error) {
	response := &deviceplugin.AllocateResponse{}
	for _, one := range request.ContainerRequests {
		response.ContainerResponses = append(response.ContainerResponses, &deviceplugin.ContainerAllocateResponse{
			Envs: map[string]string{"STUB_FIRST": slices.Min(one.DevicesIds)}})
	}
	return response, nil
}
