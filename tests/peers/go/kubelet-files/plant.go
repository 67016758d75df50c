// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"slices"
)

// What can be wrong with an answer. Each is the smallest of its kind; what finds no difference there finds none anywhere.
var plants = []struct {
	name string
	make func(*Answer)
}{
	{"a pod is missing", func(a *Answer) {
		for uid := range a.Allocations.Pods {
			delete(a.Allocations.Pods, uid)
			return
		}
	}},
	{"a container without memory is missing", func(a *Answer) {
		for _, pod := range a.Allocations.Pods {
			for name, resources := range pod.Containers {
				if len(resources.Requests) == 0 && len(resources.Limits) == 0 {
					delete(pod.Containers, name)
					return
				}
			}
		}
	}},
	{"a limit is a request", func(a *Answer) {
		for _, pod := range a.Allocations.Pods {
			for name, resources := range pod.Containers {
				pod.Containers[name] = Resources{resources.Limits, resources.Requests}
			}
		}
	}},
	{"a quantity is written otherwise", func(a *Answer) {
		for _, pod := range a.Allocations.Pods {
			for name := range pod.Resources.Requests {
				pod.Resources.Requests[name] = "1024" + pod.Resources.Requests[name]
			}
		}
	}},
	{"a resource is kept that is none of ours", func(a *Answer) {
		for _, pod := range a.Allocations.Pods {
			pod.Resources.Limits["cpu"] = "1"
		}
	}},
	{"a device is missing", func(a *Answer) {
		for i, entry := range a.Devices.Entries {
			if len(entry.IDs) > 0 {
				a.Devices.Entries[i].IDs = entry.IDs[1:]
				return
			}
		}
	}},
	{"a device is there twice", func(a *Answer) {
		for i, entry := range a.Devices.Entries {
			if len(entry.IDs) > 0 {
				a.Devices.Entries[i].IDs = append(entry.IDs, entry.IDs[0])
				return
			}
		}
	}},
	{"devices are another container's", func(a *Answer) {
		for i := range a.Devices.Entries {
			a.Devices.Entries[i].Container += "x"
		}
	}},
	{"entries are in another order", func(a *Answer) { slices.Reverse(a.Devices.Entries) }},
	{"what is damaged is read as nothing", func(a *Answer) {
		if a.Allocations.Result == resultInvalid {
			a.Allocations.Result, a.Allocations.Problem = resultRead, ""
		}
	}},
	{"what is damaged is not there", func(a *Answer) {
		if a.Devices.Result == resultInvalid {
			a.Devices.Result, a.Devices.Problem = resultAbsent, ""
		}
	}},
	{"a complaint has no words", func(a *Answer) { a.Devices.Problem = "" }},
}

// selfTest compares with answers that are wrong, one way after the other.
func selfTest(o *options) {
	hasFailed := false
	for _, plant := range plants {
		s, err := newSession(o, plant.make)
		if err == nil {
			err = s.run()
		}
		if err != nil {
			fail(err)
		}
		isFound := slices.ContainsFunc(s.checks(), func(c *check) bool { return c.failed != "" })
		if isFound {
			fmt.Printf("ok - it is noticed that %s\n", plant.name)
		} else {
			fmt.Printf("not ok - it is noticed that %s: it is not\n", plant.name)
			hasFailed = true
		}
		if err := s.looker.close(); err != nil {
			fail(err)
		}
	}
	fmt.Printf("1..%d\n", len(plants))
	if hasFailed {
		os.Exit(1)
	}
}
