// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/kubelet/allocation/state"
	"k8s.io/kubernetes/pkg/kubelet/cm/devicemanager/checkpoint"
)

// What is to be read, of what the kubelet has in memory.

func expectList(list v1.ResourceList) map[string]string {
	kept := map[string]string{}
	for name, quantity := range list {
		if isKept(string(name)) {
			kept[string(name)] = quantity.String()
		}
	}
	return kept
}

func expectResources(resources v1.ResourceRequirements) Resources {
	return Resources{Requests: expectList(resources.Requests), Limits: expectList(resources.Limits)}
}

func expectAllocations(pods state.PodResourceInfoMap) Allocations {
	expected := Allocations{Result: resultRead, Pods: map[string]Pod{}}
	for uid, info := range pods {
		pod := Pod{Resources: expectResources(v1.ResourceRequirements{}), Containers: map[string]Resources{}}
		if info.PodLevelResources != nil {
			pod.Resources = expectResources(*info.PodLevelResources)
		}
		for name, resources := range info.ContainerResources {
			pod.Containers[name] = expectResources(resources)
		}
		expected.Pods[string(uid)] = pod
	}
	return expected
}

func expectDevices(entries []checkpoint.PodDevicesEntry) Devices {
	expected := Devices{Result: resultRead, Entries: []Entry{}}
	for _, entry := range entries {
		if !isKept(entry.ResourceName) {
			continue
		}
		ids := slices.Sorted(maps.Keys(entry.DeviceIDs.Devices()))
		if ids == nil {
			ids = []string{}
		}
		expected.Entries = append(expected.Entries, Entry{entry.PodUID, entry.ContainerName, entry.ResourceName, ids})
	}
	slices.SortFunc(expected.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Container, b.Container), cmp.Compare(a.Resource, b.Resource))
	})
	return expected
}

// differ compares all but the words of a complaint, which has some when there is one.
func differ(expected, got *Answer) string {
	one, other := *expected, *got
	for _, answer := range []*Answer{&one, &other} {
		answer.Allocations.Problem, answer.Devices.Problem = "", ""
	}
	switch {
	case !reflect.DeepEqual(one, other):
		return fmt.Sprintf("expected %s, got %s", describe(&one), describe(got))
	case (got.Allocations.Result == resultInvalid) != (got.Allocations.Problem != ""),
		(got.Devices.Result == resultInvalid) != (got.Devices.Problem != ""):
		return "a complaint without words, or words without a complaint: " + describe(got)
	}
	return ""
}

func describe(answer *Answer) string {
	text, err := json.Marshal(answer)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
