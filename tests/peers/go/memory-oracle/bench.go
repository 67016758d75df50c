// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "k8s.io/api/core/v1"
)

// benchMoment is how long one of the cases is measured in a round, at the least.
const benchMoment = 5 * time.Millisecond

// benchCase is a kubelet with claims, and a container that has none yet.
type benchCase struct {
	nodes, claims int
	k             *kubelet
	pod           *v1.Pod
	container     *v1.Container
}

// bench measures the kubelet's GetTopologyHints where it has to look at all sets of NUMA nodes. Each line of standard input asks for
// a round, in which every case is measured once; its answer is lines for machines:
//
//	kubelet hints NODES CLAIMS NANOSECONDS
//	kubelet end
//
// Nothing is logged and nobody else is asked, so that it is the computation that counts; what takes stale claims away first is a part
// of the call.
func bench(o *options) {
	dir, err := os.MkdirTemp(o.dir, "oracle-")
	if err != nil {
		fail(err)
	}
	defer os.RemoveAll(dir)
	var cases []*benchCase
	for _, nodes := range []int{2, 4, 8} {
		for _, claims := range []int{0, 100, 1000} {
			one, err := newBenchCase(filepath.Join(dir, fmt.Sprintf("%d-%d", nodes, claims)), nodes, claims)
			if err != nil {
				os.RemoveAll(dir)
				fail(err)
			}
			cases = append(cases, one)
		}
	}
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		for _, one := range cases {
			fmt.Printf("kubelet hints %d %d %d\n", one.nodes, one.claims, one.measure().Nanoseconds())
		}
		fmt.Println("kubelet end")
	}
}

func newBenchCase(dir string, nodes, claims int) (*benchCase, error) {
	m := &Machine{}
	for i := range nodes {
		m.Nodes = append(m.Nodes, Node{ID: i, HasCPUs: true, KiB: 256 << 20, Reserved: 64 * mib})
	}
	k, err := newKubelet(m, dir)
	if err != nil {
		return nil, err
	}
	for i := range claims {
		pod := benchPod(i)
		k.SetActive(append(k.active, pod))
		// by turns, so that all NUMA nodes are in use
		answer := k.Play(&Step{Do: doAllocate, Container: "app", pod: pod, Affinity: &Affinity{Mask{i % nodes}, true}})
		if answer.Refused || answer.Broken != "" {
			return nil, fmt.Errorf("claim %d: %s", i, answer.Told())
		}
	}
	one := &benchCase{nodes: nodes, claims: claims, k: k}
	one.pod, one.container = k.container(benchPod(claims), "app")
	if len(k.manager.GetTopologyHints(one.pod, one.container)["memory"]) == 0 {
		return nil, fmt.Errorf("%d NUMA nodes, %d claims: there are no hints", nodes, claims)
	}
	return one, nil
}

// measure is the time of one call.
func (one *benchCase) measure() time.Duration {
	calls := 0
	begin := time.Now()
	for time.Since(begin) < benchMoment {
		one.k.manager.GetTopologyHints(one.pod, one.container)
		calls++
	}
	return time.Since(begin) / time.Duration(calls)
}

func benchPod(i int) *Pod {
	exact := map[string]string{"cpu": "1", "memory": "64Mi"}
	return &Pod{UID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i+1), Namespace: "default", Name: fmt.Sprintf("bench-%d", i),
		Containers: []Container{{Name: "app", Resources: Resources{Requests: exact, Limits: exact}}}}
}
