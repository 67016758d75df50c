// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
	podresourcesv1 "k8s.io/kubelet/pkg/apis/podresources/v1"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
)

const (
	benchMiB    = 256 << 10 // of remote memory: 4,096 chunks
	benchRounds = 101
	benchLooks  = 5
)

// How many chunks a container asks for.
var benchSizes = []int{1, 16, 256}

// benched is a plugin that is measured, asked as a kubelet asks it.
type benched struct {
	name   string
	client deviceplugin.DevicePluginClient
	list   *deviceplugin.ListAndWatchResponse
	ids    []string
}

func dial(socket string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("localhost"))
}

func newBenched(name, socket string) (*benched, error) {
	conn, err := dial(socket)
	if err != nil {
		return nil, err
	}
	b := &benched{name: name, client: deviceplugin.NewDevicePluginClient(conn)}
	// it stays open: a plugin whose stream ends registers again
	stream, err := b.client.ListAndWatch(context.Background(), &deviceplugin.Empty{}, grpc.WaitForReady(true))
	if err != nil {
		return nil, err
	}
	if b.list, err = stream.Recv(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, device := range b.list.Devices {
		b.ids = append(b.ids, device.ID)
	}
	slices.Sort(b.ids)
	return b, nil
}

// preferred has n of all chunks chosen.
func (b *benched) preferred(n int) error {
	response, err := b.client.GetPreferredAllocation(context.Background(), &deviceplugin.PreferredAllocationRequest{
		ContainerRequests: []*deviceplugin.ContainerPreferredAllocationRequest{{AvailableDeviceIDs: b.ids, AllocationSize: int32(n)}}})
	if err == nil && len(response.ContainerResponses[0].DeviceIDs) != n {
		err = fmt.Errorf("%d chunks are preferred, not %d", len(response.ContainerResponses[0].DeviceIDs), n)
	}
	return err
}

func (b *benched) allocate(n int) error {
	_, err := b.client.Allocate(context.Background(), &deviceplugin.AllocateRequest{
		ContainerRequests: []*deviceplugin.ContainerAllocateRequest{{DevicesIds: b.ids[:n]}}})
	return err
}

func share(times []time.Duration, percent int) time.Duration {
	slices.Sort(times)
	return times[(len(times)-1)*percent/100]
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// compareCalls measures one call at both, by turns.
func compareCalls(name string, ours, stub *benched, do func(*benched, int) error) error {
	for _, n := range benchSizes {
		var times [2][]time.Duration
		for range benchRounds {
			for i, one := range []*benched{ours, stub} {
				begin := time.Now()
				if err := do(one, n); err != nil {
					return fmt.Errorf("%s of %d at %s: %w", name, n, one.name, err)
				}
				times[i] = append(times[i], time.Since(begin))
			}
		}
		fmt.Printf("%-24s %4d chunks  p50 %8.0f us  p99 %8.0f us   a stub p50 %8.0f us  p99 %8.0f us   ratio %5.2f\n", name, n,
			microseconds(share(times[0], 50)), microseconds(share(times[0], 99)), microseconds(share(times[1], 50)),
			microseconds(share(times[1], 99)), float64(share(times[0], 50))/float64(share(times[1], 50)))
	}
	return nil
}

// benchHints is what the kubelet's device manager takes to find hints.
func benchHints(n *node) {
	for _, size := range benchSizes {
		pod := n.newPod("bench", 1, 64*size+64, resource64, size)
		var times []time.Duration
		for range benchRounds {
			begin := time.Now()
			n.kubelet.devices.GetTopologyHints(pod, &pod.Spec.Containers[0])
			times = append(times, time.Since(begin))
		}
		fmt.Printf("%-24s %4d chunks  p50 %8.0f us  p99 %8.0f us\n", "the kubelet's hints", size,
			microseconds(share(times, 50)), microseconds(share(times, 99)))
	}
}

// benchAdmission is a pod's admission as a whole, with topology, CPUs, and the kubelet's checkpoint.
func benchAdmission(n *node) error {
	for _, size := range benchSizes {
		var times []time.Duration
		for range benchLooks {
			begin := time.Now()
			pod, err := n.give("bench", size)
			if err != nil {
				return err
			}
			times = append(times, time.Since(begin))
			n.removePod(pod)
		}
		fmt.Printf("%-24s %4d chunks  p50 %8.0f us\n", "admission of a pod", size, microseconds(share(times, 50)))
	}
	return nil
}

// benchChange is how long it takes from a change of a NUMA node until the kubelet's pod-resources socket tells of it.
func benchChange(n *node) error {
	conn, err := dial(n.path(podResourcesSocket))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := podresourcesv1.NewPodResourcesListerClient(conn)
	// as often as a kubelet answers
	count := func() int {
		time.Sleep(11 * time.Millisecond)
		response, err := client.GetAllocatableResources(context.Background(), &podresourcesv1.AllocatableResourcesRequest{})
		if err != nil {
			return -1
		}
		return len(response.Devices)
	}
	expander := &n.machine.nodes[2]
	whole := count()
	var times []time.Duration
	for i := range benchLooks {
		expected := whole
		expander.blocks = nil
		if i%2 == 0 {
			expected = whole / 2
			expander.blocks = make([]bool, expander.mib/blockMiB)
			for i := range len(expander.blocks) / 2 {
				expander.blocks[i] = true
			}
		}
		if err := n.machine.write(n.root); err != nil {
			return err
		}
		begin := time.Now()
		if err := n.reload(); err != nil {
			return err
		}
		if !await(func() bool { return count() == expected }) {
			return fmt.Errorf("the kubelet never lists %d chunks", expected)
		}
		times = append(times, time.Since(begin))
	}
	fmt.Printf("%-24s %4d chunks  p50 %8.0f us  max %8.0f us, until GetAllocatableResources has it\n", "a NUMA node's change", whole/2,
		microseconds(share(times, 50)), microseconds(share(times, 100)))
	return nil
}

// benchStart is a plugin's start, until the kubelet counts its chunks.
func benchStart(n *node) error {
	var times [2][]time.Duration
	for range benchLooks {
		for i, start := range []func() error{n.startPlugin, func() error { return n.stub.start(n.world, registerDevicePlugins) }} {
			begin := time.Now()
			if err := start(); err != nil {
				return err
			}
			if !await(func() bool { _, all := n.kubelet.capacity(resource64); return all == len(n.stub.devices) }) {
				return errors.New("the kubelet never counts all")
			}
			times[i] = append(times[i], time.Since(begin))
			if i == 0 {
				n.killPlugin()
			} else {
				n.stub.kill()
			}
			if !await(func() bool { _, all := n.kubelet.capacity(resource64); return all == 0 }) {
				return errors.New("the kubelet goes on counting")
			}
		}
	}
	fmt.Printf("%-24s %4d chunks  p50 %8.0f us   a stub p50 %8.0f us\n", "start and registration", len(n.stub.devices),
		microseconds(share(times[0], 50)), microseconds(share(times[1], 50)))
	return nil
}

// bench prints, and judges nothing.
func bench(o *options) error {
	n, err := newNode(o, newMachine(benchMiB), registerDevicePlugins)
	if err != nil {
		return err
	}
	defer n.end()
	n.policy = topologymanager.PolicyBestEffort
	n.stub = newStub(resource64, stubDevices(2, benchMiB/64, []int{0}))
	n.stub.name = "stub"
	if err := errors.Join(n.configure(), n.startSlugd(), n.startKubelet(), benchStart(n), n.startPlugin(), n.agree()); err != nil {
		return errors.Join(err, errors.New(n.said()))
	}
	if _, err := serve(n.stub.newServer(), n.stub.endpoint); err != nil {
		return err
	}
	ours, err := newBenched("slug-kubelet", n.path(pluginsDir+"/"+strings.ReplaceAll(resource64, "/", "-")+".sock"))
	if err != nil {
		return err
	}
	stub, err := newBenched("a stub", n.stub.endpoint)
	if err != nil {
		return err
	}
	fmt.Printf("%-24s %4d chunks  %d bytes, of %d that a kubelet takes\n", "the list", len(ours.ids), proto.Size(ours.list), 4<<20)
	benchHints(n)
	return errors.Join(compareCalls("GetPreferredAllocation", ours, stub, (*benched).preferred), benchAdmission(n), benchChange(n),
		compareCalls("Allocate", ours, stub, (*benched).allocate))
}
