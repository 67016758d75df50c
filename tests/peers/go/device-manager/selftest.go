// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
	"k8s.io/kubernetes/pkg/kubelet/cm/topologymanager"
)

// stubOn is a stub with 16 chunks of each expander of a machine.
type stubOn struct {
	*stub
	machine *Machine
	isWrong bool // it calls the other socket the near one
}

func (s *stubOn) near(setting string, expander int) []int {
	first, n := 0, 2
	if setting == "none" {
		return nil
	}
	if setting == "nearest" {
		// expanders are numbered as the sockets that they are at
		first, n = expander-2, 1
		if s.isWrong {
			first = 1 - first
		}
	}
	near := []int{}
	for i := range n {
		near = append(near, first+i)
	}
	return near
}

func (s *stubOn) advertise(k *kubelet, setting string) error {
	if setting == "auto" {
		setting = "nearest"
		if k.policy == topologymanager.PolicyRestricted {
			setting = "none"
		}
	}
	var devices []*deviceplugin.Device
	expected := map[string][]int{}
	for id, node := range s.machine.nodes {
		if node.cpus == 0 {
			for _, one := range stubDevices(id, 16, s.near(setting, id)) {
				devices = append(devices, one)
				expected[one.ID] = append([]int{}, s.near(setting, id)...)
			}
		}
	}
	s.change(devices)
	if !await(func() bool { return reflect.DeepEqual(k.listed(resource64), expected) }) {
		return fmt.Errorf("the kubelet has %s instead of %s", short(k.listed(resource64)), short(expected))
	}
	return nil
}

// stubTable is what becomes of pods whose chunks are a stub's.
func stubTable(o *options, isWrong bool) (map[string][]string, error) {
	found := map[string][]string{}
	for _, one := range merged {
		machine := one.machine(1024)
		w, err := newWorld(o.dir, machine)
		if err != nil {
			return nil, err
		}
		s := &stubOn{newStub(resource64, nil), machine, isWrong}
		if err := errors.Join(s.start(w, registerRegistry), merges(w, s, one.shapes, found)); err != nil {
			return nil, err
		}
		s.server.Stop()
		w.close()
	}
	return found, nil
}

// stubWorld is a kubelet with a stub's 16 chunks.
func stubWorld(o *options, register string) (*world, *kubelet, *stub, error) {
	w, err := newWorld(o.dir, newMachine(1024))
	if err != nil {
		return nil, nil, nil, err
	}
	k, err := startKubelet(w, topologymanager.PolicyBestEffort)
	if err != nil {
		return nil, nil, nil, err
	}
	s := newStub(resource64, stubDevices(2, 16, []int{0}))
	if err := s.start(w, register); err != nil {
		return nil, nil, nil, err
	}
	if !await(func() bool { _, n := k.capacity(resource64); return n == 16 }) {
		return nil, nil, nil, errors.New("the kubelet never counts a stub's chunks")
	}
	return w, k, s, nil
}

// stubKept has a kubelet restart among a stub's chunks.
func stubKept(o *options, register string) error {
	w, k, s, err := stubWorld(o, register)
	if err != nil {
		return err
	}
	defer w.close()
	pod := w.newPod("pod", 2, 512, resource64, 3)
	if why := k.admit(pod); why != "" {
		return errors.New(why)
	}
	held := k.held(pod)
	if err := k.kill(); err != nil {
		return err
	}
	if k, err = startKubelet(w, k.policy); err != nil {
		return err
	}
	if after := k.held(pod); len(held) != 3 || !slices.Equal(held, after) {
		return fmt.Errorf("it had %v, and has %v", held, after)
	}
	if register == registerDevicePlugins {
		s.kill() // such a plugin has to notice by itself
		err = s.start(w, register)
	}
	if !await(func() bool { _, n := k.capacity(resource64); return n == 16 }) {
		return errors.New("a new kubelet does not count them again")
	}
	s.kill()
	if !await(func() bool { _, n := k.capacity(resource64); return n == 0 }) {
		return errors.New("a plugin that is gone is counted")
	}
	return errors.Join(err, k.kill())
}

// stubRace registers a second time before the first stream has ended, which a kubelet takes for the end of the second.
func stubRace(o *options) error {
	w, k, first, err := stubWorld(o, registerDevicePlugins)
	if err != nil {
		return err
	}
	defer w.close()
	second := newStub(resource64, first.devices)
	second.name = "second"
	if err := second.start(w, registerDevicePlugins); err != nil {
		return err
	}
	first.server.Stop()
	if !await(func() bool { _, n := k.capacity(resource64); return n == 0 }) {
		return errors.New("the kubelet goes on counting them: closing the old stream first is not needed any more")
	}
	second.server.Stop()
	return k.kill()
}

func selfTest(o *options, c *checks) {
	for _, register := range []string{registerRegistry, registerDevicePlugins} {
		c.say("a stub's chunks are kept over a restart of the kubelet, "+register, stubKept(o, register))
	}
	c.say("two streams of one resource: the end of the first is that of the second", stubRace(o))
	right, err := stubTable(o, false)
	c.say("a stub's topologies", err)
	// that nothing can be made of them is seen, too
	if wrong, broken := stubTable(o, true); broken == nil && maps.EqualFunc(right, wrong, slices.Equal) {
		err = errors.New("they make no difference")
	}
	c.say("wrong topologies are seen", err)
}
