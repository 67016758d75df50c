// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
	podresourcesv1 "k8s.io/kubelet/pkg/apis/podresources/v1"
)

const (
	benchRounds  = 101
	benchLooks   = 11
	stubResource = "stub.example/memory-64mi"
)

// How many chunks a container asks for.
var benchSizes = []int{1, 16, 256}

// benched is a plugin that is measured: the same kubelet has it in, and what is asked goes over that kubelet's own connection, for a
// plugin takes the end of any other watch for the end of the kubelet's.
type benched struct {
	name, resource string
	client         deviceplugin.DevicePluginClient
	ids            []string
	n              *node
	daemons        []*daemon // whose processor time counts
	next           int       // of ids, the first that is asked for
}

func (n *node) newBenched(name, resource string, daemons ...*daemon) (*benched, error) {
	client, err := n.kubelet.client(resource)
	ids := slices.Sorted(maps.Keys(n.kubelet.listed(resource)))
	if err == nil && len(ids) != manyChunks {
		err = fmt.Errorf("%s has %d chunks", name, len(ids))
	}
	return &benched{name: name, resource: resource, client: client, ids: ids, n: n, daemons: daemons}, err
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

// allocate asks for the next n: of nobody, until all were asked for once.
func (b *benched) allocate(n int) error {
	if b.next+n > len(b.ids) {
		b.next = 0
	}
	ids := b.ids[b.next : b.next+n]
	b.next += n
	_, err := b.client.Allocate(context.Background(), &deviceplugin.AllocateRequest{
		ContainerRequests: []*deviceplugin.ContainerAllocateRequest{{DevicesIds: ids}}})
	return err
}

// hints is what the kubelet's device manager does before a pod is admitted; it asks no plugin.
func (b *benched) hints(n int) error {
	pod := b.n.newPod("hints", 1, 64*n+64, b.resource, n)
	if len(b.n.kubelet.devices.GetTopologyHints(pod, &pod.Spec.Containers[0])[b.resource]) == 0 {
		return errors.New("there are none")
	}
	return nil
}

// admission is a pod's as a whole, with topology, CPUs, and the kubelet's checkpoint. The pod leaves again.
func (b *benched) admission(n int) error {
	pod := b.n.newPod("bench", 1, 64*n+64, b.resource, n)
	if why := b.n.kubelet.admit(pod); why != "" {
		return errors.New(why)
	}
	held := len(b.n.kubelet.held(pod))
	b.n.removePod(pod)
	if held != n {
		return fmt.Errorf("%d chunks were given", held)
	}
	return nil
}

func share(times []time.Duration, percent int) time.Duration {
	slices.Sort(times)
	return times[(len(times)-1)*percent/100]
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// processorTimes of daemons so far, in ticks.
func (b *benched) processorTimes() []int {
	var times []int
	for _, d := range b.daemons {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.process.Process.Pid))
		_, after, _ := strings.Cut(string(stat), ") ")
		var state string
		var ignored, user, system int
		fmt.Sscan(after, &state, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored, &ignored,
			&user, &system)
		times = append(times, user+system)
	}
	return times
}

// measured is what one call took at one plugin.
type measured struct {
	times  []time.Duration
	before []int // processor time
}

// compare measures one call at all, by turns, and prints the ratio to the last.
func compare(name string, all []*benched, do func(*benched, int) error) error {
	for _, n := range benchSizes {
		took := make([]measured, len(all))
		for i, one := range all {
			took[i].before = one.processorTimes()
		}
		for range benchRounds {
			for i, one := range all {
				begin := time.Now()
				if err := do(one, n); err != nil {
					return fmt.Errorf("%s of %d at %s: %w", name, n, one.name, err)
				}
				took[i].times = append(took[i].times, time.Since(begin))
			}
		}
		base := share(took[len(all)-1].times, 50)
		for i, one := range all {
			p50 := share(took[i].times, 50)
			fmt.Printf("%-22s %4d chunks  %-24s p50 %7.0f us  p99 %7.0f us  ratio %6.2f%s\n", name, n, one.name, microseconds(p50),
				microseconds(share(took[i].times, 99)), float64(p50)/float64(base), one.processorText(took[i].before))
		}
	}
	return nil
}

// processorText is of each daemon, for each call since; a tick is 10 ms.
func (b *benched) processorText(before []int) string {
	text := ""
	for i, after := range b.processorTimes() {
		text += fmt.Sprintf("  %s %.1f ms", b.daemons[i].process.Args[0][strings.LastIndex(b.daemons[i].process.Args[0], "/")+1:],
			float64(after-before[i])*10/benchRounds)
	}
	if text != "" {
		text = "  processor:" + text
	}
	return text
}

// benchSync is what it takes to make as much durable as a claim is, where the ledgers are.
func benchSync(worlds map[string]*node) error {
	for _, name := range slices.Sorted(maps.Keys(worlds)) {
		file, err := os.Create(worlds[name].path("sync"))
		if err != nil {
			return err
		}
		defer file.Close()
		var times []time.Duration
		for range benchRounds {
			begin := time.Now()
			if _, err = file.Write(make([]byte, 256)); err == nil {
				err = syscall.Fdatasync(int(file.Fd()))
			}
			if err != nil {
				return err
			}
			times = append(times, time.Since(begin))
		}
		fmt.Printf("%-22s  256 bytes   %-24s p50 %7.0f us  p99 %7.0f us\n", "a write and fdatasync", name, microseconds(share(times, 50)),
			microseconds(share(times, 99)))
	}
	return nil
}

func dial(socket string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithAuthority("localhost"))
}

// benchChange is how long it takes from the reload that sees a change of a NUMA node until the kubelet's pod-resources socket tells
// of it. Files are changed before: what is measured begins with SIGHUP.
func benchChange(n *node) error {
	conn, err := dial(n.path(podResourcesSocket))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := podresourcesv1.NewPodResourcesListerClient(conn)
	count := func() int {
		time.Sleep(11 * time.Millisecond) // as often as a kubelet answers
		response, err := client.GetAllocatableResources(context.Background(), &podresourcesv1.AllocatableResourcesRequest{})
		if err != nil {
			return -1
		}
		n := 0
		for _, device := range response.Devices {
			if device.ResourceName == resource64 {
				n += len(device.DeviceIds)
			}
		}
		return n
	}
	expander := &n.machine.nodes[2]
	var times []time.Duration
	for i := range benchLooks {
		expected := manyChunks
		expander.blocks = nil
		if i%2 == 0 {
			expected = manyChunks / 2
			expander.blocks = slices.Concat(slices.Repeat([]bool{true}, manyMiB/blockMiB/2), make([]bool, manyMiB/blockMiB/2))
		}
		if err := n.machine.write(n.root); err != nil {
			return err
		}
		begin := time.Now()
		n.slugd.process.Process.Signal(syscall.SIGHUP)
		if !await(func() bool { return count() == expected }) {
			return fmt.Errorf("the kubelet never lists %d chunks", expected)
		}
		times = append(times, time.Since(begin))
	}
	expander.blocks = nil
	fmt.Printf("%-22s %4d chunks  p50 %7.0f us  max %7.0f us, from SIGHUP until GetAllocatableResources has it, asked every 16 ms\n",
		"a NUMA node's change", manyChunks/2, microseconds(share(times, 50)), microseconds(share(times, 100)))
	return errors.Join(n.reload(), n.offer())
}

// timed is how long it takes from a plugin's start until the kubelet may give all of its chunks.
func (n *node) timed(resource string, start func() error) (time.Duration, error) {
	begin := time.Now()
	if err := start(); err != nil {
		return 0, err
	}
	if !await(func() bool { _, all := n.kubelet.capacity(resource); return all == manyChunks }) {
		return 0, fmt.Errorf("the kubelet never counts all of %s: %s", resource, n.said())
	}
	return time.Since(begin), nil
}

// benchStart leaves both running.
func benchStart(n *node) error {
	var times [2][]time.Duration
	for i := range benchLooks {
		for j, start := range []func() error{n.startPlugin, func() error { return n.stub.start(n.world, registerDevicePlugins) }} {
			took, err := n.timed([]string{resource64, stubResource}[j], start)
			if err != nil {
				return err
			}
			times[j] = append(times[j], took)
		}
		if i == benchLooks-1 {
			break
		}
		n.killPlugin()
		n.stub.kill()
		isGone := func(resource string) bool { _, all := n.kubelet.capacity(resource); return all == 0 }
		if !await(func() bool { return isGone(resource64) && isGone(stubResource) }) {
			return errors.New("the kubelet goes on counting")
		}
	}
	fmt.Printf("%-22s %4d chunks  p50 %7.0f us from its start, with its process; a stub that is there already p50 %7.0f us\n",
		"start and registration", manyChunks, microseconds(share(times[0], 50)), microseconds(share(times[1], 50)))
	return nil
}

// newBench is a node with all chunks, where the kubelet does not wait for them.
func newBench(o *options, dir string) (*node, error) {
	where := *o
	where.dir = dir
	n, err := newNode(&where, newMachine(manyMiB), registerDevicePlugins)
	if err != nil {
		return nil, err
	}
	n.stub = newStub(stubResource, stubDevices(2, manyChunks, []int{0}))
	if err := errors.Join(n.startSlugd(), n.startKubelet()); err != nil {
		n.end()
		return nil, err
	}
	return n, nil
}

// bench prints, and judges nothing. Where the ledger is on a disk makes a difference to Allocate alone.
func bench(o *options) error {
	n, err := newBench(o, o.dir)
	if err != nil {
		return err
	}
	defer n.end()
	if err := errors.Join(benchStart(n), n.agree()); err != nil {
		return err
	}
	ours, err := n.newBenched("slug-kubelet", resource64, n.slugd, n.plugin)
	if err != nil {
		return err
	}
	stub, err := n.newBenched("a stub", stubResource)
	if err != nil {
		return err
	}
	both := []*benched{ours, stub}
	fmt.Printf("%-22s %4d chunks  %d bytes, of %d that a kubelet takes\n", "the list", manyChunks, n.kubelet.listBytes(resource64), 4<<20)
	return errors.Join(compare("the kubelet's hints", both, (*benched).hints),
		compare("GetPreferredAllocation", both, (*benched).preferred), compare("admission of a pod", both, (*benched).admission),
		benchChange(n), benchAllocate(o, n, ours, stub))
}

func benchAllocate(o *options, n *node, ours, stub *benched) error {
	if o.disk == "" {
		return compare("Allocate", []*benched{ours, stub}, (*benched).allocate)
	}
	d, err := newBench(o, o.disk)
	if err != nil {
		return err
	}
	defer d.end()
	if _, err := d.timed(resource64, d.startPlugin); err != nil {
		return err
	}
	onDisk, err := d.newBenched("slug-kubelet, disk", resource64, d.slugd, d.plugin)
	if err != nil {
		return err
	}
	ours.name = "slug-kubelet, memory"
	return errors.Join(compare("Allocate", []*benched{onDisk, ours, stub}, (*benched).allocate),
		benchSync(map[string]*node{"disk": d, "memory": n}))
}
