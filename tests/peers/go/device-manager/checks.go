// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
)

const resource64 = "sluglab.io/remote-memory-64mi"

// offered is in what the kubelet and slugd do not agree on what may be given: which chunks, near to what, and how many there are.
// Nil: they agree. Errors of slugd's are differences, too: it may be about to start.
func (n *node) offered(list *chunkList, err error, name string) error {
	if err != nil {
		return err
	}
	if list.State != "CHUNKS_STATE_ADVERTISED" {
		return fmt.Errorf("slugd is in %s: %s", list.State, list.Problem)
	}
	ids, all := list.listed(name)
	if got := n.kubelet.listed(name); !reflect.DeepEqual(got, ids) {
		return fmt.Errorf("the kubelet may give %s, slugd says %s", short(got), short(ids))
	}
	if capacity, allocatable := n.kubelet.capacity(name); capacity != all || allocatable != len(ids) {
		return fmt.Errorf("the kubelet counts %d of %d, slugd %d of %d", allocatable, capacity, len(ids), all)
	}
	return nil
}

// survivors is that, and whether those that run have what the kubelet says: how many chunks that are. What pods have left is not
// looked at.
func (n *node) survivors(list *chunkList, err error, name string) (held int, wrong error) {
	if err := n.offered(list, err, name); err != nil {
		return 0, err
	}
	for _, pod := range n.runningPods() {
		got, expected := list.heldBy(string(pod.UID), "app"), n.kubelet.held(pod)
		if !slices.Equal(got, expected) {
			return 0, fmt.Errorf("%s has %d, %v, slugd says %d, %v", pod.Name, len(expected), expected[:min(len(expected), 20)], len(got),
				got[:min(len(got), 20)])
		}
		held += len(got)
	}
	return held, nil
}

// difference is that, and whether anything is claimed beside it.
func (n *node) difference(name string) error {
	list, err := n.chunks()
	held, err := n.survivors(list, err, name)
	if err == nil && list.claimed() != held {
		err = fmt.Errorf("pods have %d chunks, slugd says %d", held, list.claimed())
	}
	return err
}

func short(ids map[string][]int) string {
	text := fmt.Sprintf("%d chunks", len(ids))
	for i, id := range slices.Sorted(maps.Keys(ids)) {
		if i < 3 {
			text += fmt.Sprintf(" %s:%v", id, ids[id])
		}
	}
	return text
}

// agree waits until they do.
func (n *node) agree() error { return n.agreeOn(resource64) }

func (n *node) agreeOn(name string) error {
	return never(func() error { return n.difference(name) })
}

// offer waits until they agree on what may be given, whoever has it.
func (n *node) offer() error {
	return never(func() error {
		list, err := n.chunks()
		return n.offered(list, err, resource64)
	})
}

// survive waits until those that run have what they had.
func (n *node) survive() error {
	return never(func() error {
		list, err := n.chunks()
		_, err = n.survivors(list, err, resource64)
		return err
	})
}

// never waits until there is nothing wrong.
func never(wrong func() error) error {
	var last error
	if await(func() bool { last = wrong(); return last == nil }) {
		return nil
	}
	return fmt.Errorf("never: %w", last)
}

// give has a pod with chunks admitted, and sees that they are nobody else's.
func (n *node) give(name string, chunks int) (*v1.Pod, error) {
	pod := n.newPod(name, 1, 64*chunks+64, resource64, chunks)
	var others []string
	for _, other := range n.activePods() {
		others = append(others, n.kubelet.held(other)...)
	}
	if why := n.kubelet.admit(pod); why != "" {
		return nil, fmt.Errorf("pod %s is refused: %s", name, why)
	}
	held := n.kubelet.held(pod)
	if len(held) != chunks {
		return nil, fmt.Errorf("pod %s has %v, not %d", name, held, chunks)
	}
	for _, id := range held {
		if slices.Contains(others, id) {
			return nil, fmt.Errorf("pod %s was given %s, which another pod has", name, id)
		}
	}
	return pod, nil
}

// registers sees that the kubelet counts what slugd has.
func registers(n *node) error {
	if err := n.agree(); err != nil {
		return err
	}
	if all, allocatable := n.kubelet.capacity(resource64); all != 16 || allocatable != 16 {
		return fmt.Errorf("there are %d of %d", allocatable, all)
	}
	return nil
}

// gives sees a claim at once, with just the ids that the kubelet has chosen, and what the container is told; then as its pod's.
func gives(n *node) error { return givesSome(n, 3) }

func givesSome(n *node, chunks int) error {
	pod, err := n.give("first", chunks)
	if err != nil {
		return err
	}
	list, err := n.chunks()
	if err != nil {
		return err
	}
	held := n.kubelet.held(pod)
	for _, chunk := range list.Chunks {
		if isHeld := slices.Contains(held, chunk.ID); isHeld != (chunk.State == "CHUNK_STATE_CLAIMED") {
			return fmt.Errorf("the kubelet has given %v, and %s is %s", held, chunk.ID, chunk.State)
		}
	}
	options, err := n.kubelet.options(pod)
	if err != nil {
		return err
	}
	told := fmt.Sprint(options.Annotations, options.Envs)
	if !strings.Contains(told, held[0]) {
		return fmt.Errorf("the container is not told its claim %s: %s", held[0], told)
	}
	return n.agree()
}

// takesOver has chunks freed by a pod that leaves, and at once handed out again, before anybody has told slugd.
func takesOver(n *node) error {
	n.removePods()
	whole, err := n.give("whole", 16)
	if err != nil {
		return err
	}
	if err := n.agree(); err != nil {
		return err
	}
	n.removePod(whole)
	next, err := n.give("next", 16)
	if err != nil {
		return err
	}
	list, err := n.chunks()
	if err != nil {
		return err
	}
	if left := list.heldBy(string(whole.UID), "app"); len(left) > 0 || list.claimed() != 16 {
		return fmt.Errorf("%d are claimed, and the pod that left has %v", list.claimed(), left)
	}
	if err := n.agree(); err != nil {
		return err
	}
	n.removePod(next)
	n.kubelet.devices.UpdateAllocatedDevices()
	return n.agree()
}

// refusesTooMany sees a pod refused that asks for more than there are, and nothing claimed for it.
func refusesTooMany(n *node) error {
	pod := n.newPod("greedy", 1, 64*20, resource64, 17)
	why := n.kubelet.admit(pod)
	if why == "" {
		return fmt.Errorf("17 of 16 are given: %v", n.kubelet.held(pod))
	}
	if !strings.Contains(why, resource64) && !strings.HasPrefix(why, topologymanager.ErrorTopologyAffinity) {
		return fmt.Errorf("the reason does not name the resource: %s", why)
	}
	return n.agree()
}

// withoutSlugd keeps what the kubelet counts, and refuses pods with words, until slugd is there again.
func withoutSlugd(n *node) error {
	pod, err := n.give("before", 2)
	if err != nil {
		return err
	}
	before := n.kubelet.held(pod)
	n.killSlugd()
	refused := n.newPod("meanwhile", 1, 256, resource64, 2)
	why := n.kubelet.admit(refused)
	if !strings.Contains(why, "slugd") {
		return fmt.Errorf("a pod while slugd is away: %q", why)
	}
	if all, allocatable := n.kubelet.capacity(resource64); all != 16 || allocatable != 16 {
		return fmt.Errorf("while slugd is away there are %d of %d", allocatable, all)
	}
	if err := errors.Join(n.startSlugd(), n.agree()); err != nil {
		return err
	}
	if after := n.kubelet.held(pod); !slices.Equal(before, after) {
		return fmt.Errorf("it had %v, and has %v", before, after)
	}
	n.removePods()
	return nil
}

// goesOffline has half of the expander's memory go, and come back.
func goesOffline(n *node) error {
	expander := &n.machine.nodes[2]
	expander.blocks = make([]bool, expander.mib/blockMiB)
	for i := range expander.blocks {
		expander.blocks[i] = i%2 == 0
	}
	if err := n.reload(); err != nil {
		return err
	}
	isAllocatable := func(expected int) func() bool {
		return func() bool {
			_, allocatable := n.kubelet.capacity(resource64)
			return allocatable == expected && len(n.kubelet.listed(resource64)) == expected
		}
	}
	if !await(isAllocatable(8)) {
		return fmt.Errorf("half is offline: %w", n.difference(resource64))
	}
	err := n.agree()
	expander.blocks = nil
	err = errors.Join(err, n.reload())
	if !await(isAllocatable(16)) {
		return fmt.Errorf("all is online again: %w", n.difference(resource64))
	}
	return errors.Join(err, n.agree())
}

// fallsShort has somebody else claim remote memory: the kubelet has as many chunks, and may give fewer.
func fallsShort(n *node) error {
	pod := map[string]any{"uid": "00000000-0000-4000-9000-000000000001", "namespace": "default", "name": "other",
		"annotations": map[string]string{"memory.sluglab.io/pod": "remote=256Mi"},
		"containers": []any{map[string]any{"name": "app", "resources": map[string]any{
			"requests": map[string]string{"memory": "320Mi"}, "limits": map[string]string{"memory": "320Mi"}}}}}
	key := map[string]any{"pod": pod, "container": "app"}
	var ignored any
	if err := n.call("MemoryManagerService/Allocate", key, &ignored); err != nil {
		return err
	}
	isShort := func() bool {
		all, allocatable := n.kubelet.capacity(resource64)
		return all == 16 && allocatable == 12
	}
	if !await(isShort) {
		all, allocatable := n.kubelet.capacity(resource64)
		return fmt.Errorf("four are short: there are %d of %d", allocatable, all)
	}
	key = map[string]any{"podUid": pod["uid"], "container": "app"}
	if err := n.call("MemoryManagerService/RemoveContainer", key, &ignored); err != nil {
		return err
	}
	return n.agree()
}

// registersAgain has the plugin's socket removed under it. What it registers then stays.
func registersAgain(n *node) error {
	socket := n.path(map[string]string{registerRegistry: registryDir, registerDevicePlugins: pluginsDir}[n.register] +
		"/" + strings.ReplaceAll(resource64, "/", "-") + ".sock")
	if !exists(socket) {
		return fmt.Errorf("there is no %s", socket)
	}
	for range 2 {
		seen := events.count(connected, resource64)
		if err := removeFile(socket); err != nil {
			return err
		}
		if !await(func() bool { return exists(socket) && events.count(connected, resource64) > seen }) {
			return fmt.Errorf("%s was removed and is not registered again", socket)
		}
		if err := n.agree(); err != nil {
			return err
		}
	}
	if _, err := n.give("after", 2); err != nil {
		return err
	}
	return n.agree()
}
