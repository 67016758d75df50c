// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/kubelet/allocation/state"
	"k8s.io/kubernetes/pkg/kubelet/checkpointmanager"
	"k8s.io/kubernetes/pkg/kubelet/cm/devicemanager/checkpoint"
)

const (
	allocationsName = "allocated_pods_state"
	formerName      = "pod_status_manager_state"
	devicesName     = "kubelet_internal_checkpoint"
)

func kubeletDir(root string) string      { return filepath.Join(root, "var/lib/kubelet") }
func devicesDir(root string) string      { return filepath.Join(kubeletDir(root), "device-plugins") }
func allocationsPath(root string) string { return filepath.Join(kubeletDir(root), allocationsName) }
func devicesPath(root string) string     { return filepath.Join(devicesDir(root), devicesName) }

// writeAllocations does what a kubelet does to its pods, and returns what it holds in the end. That pods go is written with the next
// one that comes.
func writeAllocations(d *drawer, root string) (Allocations, error) {
	pods := d.pods()
	logger := klog.TODO()
	kept, err := state.NewStateCheckpoint(kubeletDir(root), allocationsName)
	if err != nil {
		return Allocations{}, err
	}
	for _, uid := range slices.Sorted(maps.Keys(pods)) {
		if err := kept.SetPodResourceInfo(logger, uid, pods[uid]); err != nil {
			return Allocations{}, err
		}
		if err := change(d, kept, uid); err != nil {
			return Allocations{}, err
		}
	}
	if len(pods) > 0 && d.chance(50) { // the kubelet starts anew, and reads it itself
		if kept, err = state.NewStateCheckpoint(kubeletDir(root), allocationsName); err != nil {
			return Allocations{}, err
		}
	}
	if len(pods) == 0 && d.chance(50) {
		return Allocations{Result: resultAbsent, Pods: map[string]Pod{}}, nil
	}
	if err := kept.SetPodResourceInfo(logger, d.uid(), d.podInfo()); err != nil {
		return Allocations{}, err
	}
	return expectAllocations(kept.GetPodResourceInfoMap()), nil
}

// change is what may come after a pod: a container is resized, the pod itself is, or it goes.
func change(d *drawer, kept state.State, uid types.UID) error {
	switch d.r.IntN(6) {
	case 0:
		return kept.SetContainerResources(uid, d.label(), d.resources())
	case 1:
		resources := d.resources()
		return kept.SetPodLevelResources(uid, &resources)
	case 2:
		return kept.RemovePod(uid)
	}
	return nil
}

func writeDevices(d *drawer, root string) (Devices, error) {
	if d.chance(5) {
		return Devices{Result: resultAbsent, Entries: []Entry{}}, nil
	}
	manager, err := checkpointmanager.NewCheckpointManager(devicesDir(root))
	if err != nil {
		return Devices{}, err
	}
	entries := d.entries()
	return expectDevices(entries), manager.CreateCheckpoint(devicesName, checkpoint.New(entries, d.registered()))
}

// writeMachine makes a machine of today's kubelet below root.
func writeMachine(d *drawer, root string) (*Answer, error) {
	allocations, err := writeAllocations(d, root)
	if err != nil {
		return nil, err
	}
	devices, err := writeDevices(d, root)
	return &Answer{allocations, devices}, err
}

// Forms of earlier kubelets, which their code has in no version that is pinned here: fields and tags are as they were.

type former1_27 struct {
	AllocationEntries   map[string]map[string]v1.ResourceList `json:"allocationEntries,omitempty"`
	ResizeStatusEntries map[string]string                     `json:"resizeStatusEntries,omitempty"`
	Checksum            uint64                                `json:"checksum"`
}

type former1_31 struct {
	AllocationEntries   map[string]map[string]v1.ResourceList `json:"allocationEntries,omitempty"`
	ResizeStatusEntries map[string]string                     `json:"resizeStatusEntries,omitempty"`
}

type former1_33 struct {
	AllocationEntries map[types.UID]map[string]v1.ResourceRequirements `json:"allocationEntries,omitempty"`
}

type formerData struct {
	Data     string `json:"data"`
	Checksum uint64 `json:"checksum"`
}

type formerDevices struct {
	Data struct {
		PodDeviceEntries  []formerEntry
		RegisteredDevices map[string][]string
	}
	Checksum uint64
}

type formerEntry struct {
	PodUID, ContainerName, ResourceName string
	DeviceIDs                           []string
	AllocResp                           []byte
}

func writeJSON(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

func writeData(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return writeJSON(path, formerData{string(text), 1})
}

// writeFormer makes a machine of an earlier kubelet.
func writeFormer(d *drawer, root string) (*Answer, error) {
	pods := state.PodResourceInfoMap{}
	requests := map[string]map[string]v1.ResourceList{}
	resources := map[types.UID]map[string]v1.ResourceRequirements{}
	version := d.r.IntN(3)
	for range d.r.IntN(6) {
		uid, containers := d.uid(), d.containers()
		requests[string(uid)], resources[uid] = map[string]v1.ResourceList{}, containers
		for name, one := range containers {
			if version < 2 {
				containers[name] = v1.ResourceRequirements{Requests: one.Requests}
			}
			requests[string(uid)][name] = v1.ResourceList{}
			if one.Requests != nil {
				requests[string(uid)][name] = one.Requests
			}
		}
		pods[uid] = state.PodResourceInfo{ContainerResources: containers}
	}
	answer := &Answer{Allocations: expectAllocations(pods)}
	dir := kubeletDir(root)
	var err error
	switch version {
	case 0:
		err = writeJSON(filepath.Join(dir, formerName), former1_27{requests, nil, 1})
	case 1:
		err = writeData(filepath.Join(dir, formerName), former1_31{requests, nil})
	default:
		err = writeData(filepath.Join(dir, allocationsName), former1_33{resources})
	}
	if err != nil {
		return nil, err
	}
	answer.Devices, err = writeFormerDevices(d, root)
	return answer, err
}

func writeFormerDevices(d *drawer, root string) (Devices, error) {
	former := formerDevices{}
	entries := d.entries()
	for _, entry := range entries {
		ids := slices.Collect(func(yield func(string) bool) {
			for _, list := range entry.DeviceIDs {
				for _, id := range list {
					if !yield(id) {
						return
					}
				}
			}
		})
		former.Data.PodDeviceEntries = append(former.Data.PodDeviceEntries,
			formerEntry{entry.PodUID, entry.ContainerName, entry.ResourceName, ids, entry.AllocResp})
	}
	if err := writeJSON(devicesPath(root), former); err != nil {
		return Devices{}, fmt.Errorf("devices: %w", err)
	}
	return expectDevices(entries), nil
}
