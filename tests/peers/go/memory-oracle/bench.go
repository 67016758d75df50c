// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// bench measures the kubelet's GetTopologyHints where it has to look at all sets of NUMA nodes, and prints lines for machines:
//
//	kubelet hints NODES CLAIMS NANOSECONDS
//
// Nothing is logged and nobody else is asked, so that it is the computation that counts; what takes stale claims away first is a part
// of the call.
func bench(o *options) {
	testing.Init()
	for _, nodes := range []int{2, 4, 8} {
		for _, claims := range []int{0, 100, 1000} {
			nanoseconds, err := benchHints(o, nodes, claims)
			if err != nil {
				fail(err)
			}
			fmt.Printf("kubelet hints %d %d %d\n", nodes, claims, nanoseconds)
		}
	}
}

func benchHints(o *options, nodes, claims int) (int64, error) {
	dir, err := os.MkdirTemp(o.dir, "oracle-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	m := &Machine{}
	for i := range nodes {
		m.Nodes = append(m.Nodes, Node{ID: i, HasCPUs: true, KiB: 256 << 20, Reserved: 64 * mib})
	}
	k, err := newKubelet(m, filepath.Join(dir, "kubelet"))
	if err != nil {
		return 0, err
	}
	for i := range claims {
		pod := benchPod(i)
		k.SetActive(append(k.active, pod))
		// by turns, so that all NUMA nodes are in use
		answer := k.Play(&Step{Do: doAllocate, Container: "app", pod: pod, Affinity: &Affinity{Mask{i % nodes}, true}})
		if answer.Refused || answer.Broken != "" {
			return 0, fmt.Errorf("claim %d: %s", i, answer.Told())
		}
	}
	pod, container := k.container(benchPod(claims), "app")
	result := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if len(k.manager.GetTopologyHints(pod, container)["memory"]) == 0 {
				b.Fatal("there are no hints")
			}
		}
	})
	if result.N == 0 {
		return 0, fmt.Errorf("%d NUMA nodes, %d claims: there are no hints", nodes, claims)
	}
	return result.NsPerOp(), nil
}

func benchPod(i int) *Pod {
	exact := map[string]string{"cpu": "1", "memory": "64Mi"}
	return &Pod{UID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1), Namespace: "default", Name: fmt.Sprintf("bench-%d", i),
		Containers: []Container{{Name: "app", Resources: Resources{Requests: exact, Limits: exact}}}}
}
