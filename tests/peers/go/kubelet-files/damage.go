// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/kubernetes/pkg/kubelet/allocation/state"
	"k8s.io/kubernetes/pkg/kubelet/checkpointmanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/devicemanager/checkpoint"
)

// machineText is the text of a machine's two files; nil for one that is not there.
type machineText struct {
	allocations, devices []byte
}

func readText(root string) (machineText, error) {
	var text machineText
	for path, ret := range map[string]*[]byte{allocationsPath(root): &text.allocations, devicesPath(root): &text.devices} {
		var err error
		if *ret, err = os.ReadFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return text, err
		}
	}
	return text, nil
}

// with is what becomes of both files.
func (t machineText) with(change func([]byte) []byte) machineText {
	return machineText{change(t.allocations), change(t.devices)}
}

func (t machineText) write(root string) error {
	for path, text := range map[string][]byte{allocationsPath(root): t.allocations, devicesPath(root): t.devices} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// damage makes of the files of a machine what a crash, a full disk or a writer without care would.
func (s *session) damage(d *drawer, number int, root string) error {
	text, err := readText(root)
	before := s.before
	s.before = text
	if err != nil || text.allocations == nil || text.devices == nil {
		return err
	}
	refused := &Answer{Allocations{Result: resultInvalid, Pods: map[string]Pod{}}, Devices{Result: resultInvalid, Entries: []Entry{}}}
	for i := range 4 {
		// none of it, all but the last byte, and what is between
		cut := text.with(func(b []byte) []byte { return b[:[]int{0, len(b) - 1, d.r.IntN(len(b))}[min(i, 2)]] })
		if err := errors.Join(cut.write(root), s.expect(&s.cut, number, root, refused)); err != nil {
			return err
		}
	}
	for range 2 {
		zeros := text.with(func(b []byte) []byte {
			n := d.r.IntN(len(b))
			return append(b[:n:n], make([]byte, len(b)-n)...)
		})
		if err := errors.Join(zeros.write(root), s.expect(&s.zeros, number, root, refused)); err != nil {
			return err
		}
	}
	if before.allocations == nil || before.devices == nil {
		return nil
	}
	for range 4 {
		torn := machineText{tear(d, text.allocations, before.allocations), tear(d, text.devices, before.devices)}
		if err := errors.Join(torn.write(root), s.mayRead(number, root, torn)); err != nil {
			return err
		}
	}
	return nil
}

// tear puts the end of one file behind the beginning of another, as one does who writes over it in place.
func tear(d *drawer, text, before []byte) []byte {
	n := d.r.IntN(len(text))
	return append(text[:n:n], before[min(n, len(before)):]...)
}

// mayRead notes a file that was accepted and is not what Go's reader of JSON makes of it.
func (s *session) mayRead(number int, root string, text machineText) error {
	got, err := s.look(root)
	if err != nil {
		return err
	}
	expected := &Answer{decodeAllocations(text.allocations), decodeDevices(text.devices)}
	canonicalize(got)
	// what is of a form that is not known may be refused where Go passes it over
	if got.Allocations.Result == resultInvalid {
		expected.Allocations = got.Allocations
	}
	if got.Devices.Result == resultInvalid {
		expected.Devices = got.Devices
	}
	if difference := differ(expected, got); difference != "" {
		s.torn.note(fmt.Sprintf("machine %d of seed %d, left in %s: %s", number, s.o.seed, s.leave(number, root), difference))
		return nil
	}
	s.torn.note("")
	return nil
}

// canonicalize writes quantities as Go does; a kubelet has done so, a file that is made of two has others, too.
func canonicalize(answer *Answer) {
	for _, pod := range answer.Allocations.Pods {
		all := append(slices.Collect(maps.Values(pod.Containers)), pod.Resources)
		for _, resources := range all {
			for _, list := range []map[string]string{resources.Requests, resources.Limits} {
				for name, text := range list {
					if quantity, err := resource.ParseQuantity(text); err == nil {
						list[name] = quantity.String()
					}
				}
			}
		}
	}
}

// simplify is the document without the first of keys that come twice, which Go would merge, and without what is not looked into.
func simplify(text []byte) ([]byte, error) {
	var document any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&document); err != nil {
		return nil, err
	}
	if decoder.More() {
		return nil, errors.New("something comes behind")
	}
	passOver(document)
	return json.Marshal(document)
}

// passOver takes claims out of resources, and all but its resource out of an entry of others' devices.
func passOver(value any) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			passOver(item)
		}
	case map[string]any:
		delete(value, "claims")
		delete(value, "AllocResp")
		if name, ok := value["ResourceName"].(string); ok && !isKept(name) {
			clear(value)
			value["ResourceName"] = name
		}
		for _, item := range value {
			passOver(item)
		}
	}
}

func decodeAllocations(text []byte) Allocations {
	kept := &state.Checkpoint{}
	text, err := simplify(text)
	if err == nil {
		err = kept.UnmarshalCheckpoint(text)
	}
	if err == nil {
		text, err = simplify([]byte(kept.Data))
		kept.Data = string(text)
	}
	if err == nil {
		if info, err := kept.GetPodResourceCheckpointInfo(); err == nil {
			return expectAllocations(info.Entries)
		}
	}
	return Allocations{Result: resultInvalid, Pods: map[string]Pod{}}
}

func decodeDevices(text []byte) Devices {
	kept := &checkpoint.Data{}
	text, err := simplify(text)
	if err == nil {
		err = kept.UnmarshalCheckpoint(text)
	}
	if err != nil {
		return Devices{Result: resultInvalid, Entries: []Entry{}}
	}
	entries, _ := kept.GetData()
	return expectDevices(entries)
}

// side is one of two states of a machine that take turns.
type side struct {
	answer      Answer
	allocations *state.Checkpoint
	devices     checkpoint.DeviceManagerCheckpoint
}

func newSide(d *drawer, n int) (*side, error) {
	pods := state.PodResourceInfoMap{}
	var entries []checkpoint.PodDevicesEntry
	for len(pods) < n {
		pods[d.uid()] = d.podInfo()
		if len(pods) <= 20 {
			entries = append(entries, d.entries()...)
		}
	}
	allocations, err := state.NewCheckpoint(&state.PodResourceCheckpointInfo{Entries: pods})
	return &side{Answer{expectAllocations(pods), expectDevices(entries)}, allocations, checkpoint.New(entries, d.registered())}, err
}

func (s *side) write(root string) error {
	allocations, err := checkpointmanager.NewCheckpointManager(kubeletDir(root))
	if err != nil {
		return err
	}
	devices, err := checkpointmanager.NewCheckpointManager(devicesDir(root))
	if err != nil {
		return err
	}
	return errors.Join(allocations.CreateCheckpoint(allocationsName, s.allocations), devices.CreateCheckpoint(devicesName, s.devices))
}

// replace has a kubelet write two states in turns while both files are read.
func (s *session) replace() error {
	root, err := os.MkdirTemp(s.o.dir, "machine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	d := newDrawer(s.o.seed, s.o.files)
	small, err := newSide(d, 1)
	if err != nil {
		return err
	}
	large, err := newSide(d, 100)
	if err != nil {
		return err
	}
	if err := small.write(root); err != nil {
		return err
	}
	stop, stopped := make(chan struct{}), make(chan error, 1)
	go func() { stopped <- writeInTurns(root, []*side{large, small}, stop) }()
	err = s.lookAtBoth(root, small, large)
	close(stop)
	return errors.Join(err, <-stopped)
}

func writeInTurns(root string, sides []*side, stop chan struct{}) error {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		if err := sides[i%len(sides)].write(root); err != nil {
			return err
		}
	}
}

// lookAtBoth looks until each state of each file was seen often, and not for ever.
func (s *session) lookAtBoth(root string, small, large *side) error {
	const often, most = 20, 2000
	seen := map[string]int{"small allocations": 0, "large allocations": 0, "small devices": 0, "large devices": 0}
	for slices.Min(slices.Collect(maps.Values(seen))) < often && s.replaced.n < most {
		got, err := s.look(root)
		if err != nil {
			return err
		}
		n := 0
		for name, one := range map[string]*side{"small": small, "large": large} {
			if reflect.DeepEqual(got.Allocations, one.answer.Allocations) {
				seen[name+" allocations"]++
				n++
			}
			if reflect.DeepEqual(got.Devices, one.answer.Devices) {
				seen[name+" devices"]++
				n++
			}
		}
		if n != 2 {
			s.replaced.note("neither of the two: " + describe(got))
			return nil
		}
		s.replaced.note("")
	}
	if s.replaced.n == most {
		s.replaced.note(fmt.Sprintf("both states were not seen often: %v", seen))
	}
	return nil
}
