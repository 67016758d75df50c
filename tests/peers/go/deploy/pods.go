// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const chunks = "sluglab.io/remote-memory-"

// limits are names and amounts in turn: limits("memory", "4Gi", chunks+"1gi", "2").
func limits(pairs ...string) corev1.ResourceList {
	list := corev1.ResourceList{}
	for i := 0; i < len(pairs); i += 2 {
		list[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
	}
	return list
}

func container(name string, pairs ...string) corev1.Container {
	return corev1.Container{
		Name:      name,
		Image:     "registry.example/it:1",
		Resources: corev1.ResourceRequirements{Limits: limits(pairs...)},
	}
}

func pod(containers ...corev1.Container) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "it", Namespace: "default"},
		Spec:       corev1.PodSpec{Containers: containers},
	}
}

func withInit(p *corev1.Pod, inits ...corev1.Container) *corev1.Pod {
	p.Spec.InitContainers = inits
	return p
}

func sidecar(c corev1.Container) corev1.Container {
	always := corev1.ContainerRestartPolicyAlways
	c.RestartPolicy = &always
	return c
}

func withPodLimits(p *corev1.Pod, pairs ...string) *corev1.Pod {
	p.Spec.Resources = &corev1.ResourceRequirements{Limits: limits(pairs...)}
	return p
}

func manyContainers(n, kinds int) *corev1.Pod {
	sizes := []string{"64mi", "128mi", "256mi", "512mi", "1gi", "2gi", "4gi", "8gi", "16gi"}
	p := pod()
	for i := range n {
		pairs := []string{"memory", "64Gi", "cpu", "1"}
		for _, size := range sizes[:kinds] {
			pairs = append(pairs, chunks+size+"-numa2", "1")
		}
		p.Spec.Containers = append(p.Spec.Containers, container(fmt.Sprintf("c%d", i), pairs...))
	}
	return p
}

// row is a pod, and what is to be found in the words of the refusal; none: it is let in.
type row struct {
	name     string
	pod, old *corev1.Pod
	refusal  []string
}

var rows = []row{
	{name: "nothing asked for", pod: pod(corev1.Container{Name: "a", Image: "registry.example/it:1"})},
	{name: "a limit alone", pod: pod(container("a", "memory", "1Gi"))},
	{name: "somebody else's resource without a limit", pod: pod(container("a", "example.com/gpu", "4"))},
	{name: "the issue's pod", pod: pod(container("a", "memory", "16Gi", chunks+"1gi", "8"))},
	{name: "all of the limit", pod: pod(container("a", "memory", "8Gi", chunks+"1gi", "8"))},
	{name: "a chunk too many", pod: pod(container("db", "memory", "8Gi", chunks+"1gi", "9")),
		refusal: []string{"container db", "9216Mi", "9 of " + chunks + "1gi", "memory limit of 8Gi"}},
	{name: "a byte too little", pod: pod(container("db", "memory", "8589934591", chunks+"1gi", "8")),
		refusal: []string{"container db", "8192Mi", "memory limit of 8589934591"}},
	{name: "a limit with a fraction holds it", pod: pod(container("a", "memory", "1.5Gi", chunks+"512mi", "3"))},
	{name: "a limit with a fraction does not", pod: pod(container("a", "memory", "1.4Gi", chunks+"512mi", "3")),
		refusal: []string{"container a", "1536Mi"}},
	{name: "a decimal limit", pod: pod(container("a", "memory", "1G", chunks+"1gi", "1")),
		refusal: []string{"1024Mi", "memory limit of 1G"}},
	{name: "the smallest chunks", pod: pod(container("a", "memory", "128Mi", chunks+"64mi", "2"))},
	{name: "the smallest chunks, too many", pod: pod(container("a", "memory", "128Mi", chunks+"64mi", "3")),
		refusal: []string{"192Mi"}},
	{name: "the largest chunks", pod: pod(container("a", "memory", "32Gi", chunks+"16gi", "2"))},
	{name: "the largest chunks, too many", pod: pod(container("a", "memory", "32Gi", chunks+"16gi", "3")),
		refusal: []string{"49152Mi"}},
	{name: "chunks of a NUMA node", pod: pod(container("a", "memory", "4Gi", chunks+"1gi-numa2", "4"))},
	{name: "chunks of a NUMA node, too many", pod: pod(container("a", "memory", "4Gi", chunks+"1gi-numa12", "5")),
		refusal: []string{"5120Mi", "5 of " + chunks + "1gi-numa12"}},
	{name: "two NUMA nodes together",
		pod: pod(container("a", "memory", "4Gi", chunks+"1gi-numa2", "2", chunks+"1gi-numa3", "2"))},
	{name: "two NUMA nodes together, too many",
		pod:     pod(container("a", "memory", "4Gi", chunks+"1gi-numa2", "3", chunks+"1gi-numa3", "2")),
		refusal: []string{"5120Mi"}},
	{name: "no limit", pod: pod(container("db", chunks+"1gi", "1")),
		refusal: []string{"container db", "without a memory limit", "resources.limits.memory"}},
	{name: "no limit, in the second container", pod: pod(container("a", "memory", "1Gi"), container("b", chunks+"1gi", "1")),
		refusal: []string{"container b", "without a memory limit"}},
	{name: "no chunks are none", pod: pod(container("a", "memory", "1Gi", chunks+"1gi", "0"))},
	{name: "an amount that overflows", pod: pod(container("a", "memory", "1Gi", chunks+"16gi", "9223372036854775807")),
		refusal: []string{"container a asks for 16384000000Mi"}},
	{name: "an amount with a suffix", pod: pod(container("a", "memory", "1Ti", chunks+"1gi", "1k"))},
	{name: "an amount with a suffix, too many", pod: pod(container("a", "memory", "1Ti", chunks+"1gi", "2k")),
		refusal: []string{"2048000Mi"}},
	{name: "two containers, each within its limit",
		pod: pod(container("a", "memory", "2Gi", chunks+"1gi", "2"), container("b", "memory", "2Gi", chunks+"1gi", "1"))},
	{name: "two containers, both beyond",
		pod:     pod(container("a", "memory", "2Gi", chunks+"1gi", "3"), container("b", "memory", "2Gi", chunks+"1gi", "4")),
		refusal: []string{"container a asks for 3072Mi", "container b asks for 4096Mi"}},
	{name: "an init container",
		pod: withInit(pod(container("a", "memory", "1Gi")), container("i", "memory", "2Gi", chunks+"1gi", "2"))},
	{name: "an init container beyond",
		pod:     withInit(pod(container("a", "memory", "1Gi")), container("i", "memory", "2Gi", chunks+"1gi", "3")),
		refusal: []string{"container i asks for 3072Mi"}},
	{name: "an init container without a limit", pod: withInit(pod(container("a")), container("i", chunks+"1gi", "3")),
		refusal: []string{"container i", "without a memory limit"}},
	{name: "within the pod's limit", pod: withPodLimits(
		pod(container("a", "memory", "4Gi", chunks+"1gi", "4"), container("b", "memory", "4Gi", chunks+"1gi", "2")), "memory", "6Gi")},
	{name: "beyond the pod's limit", pod: withPodLimits(
		pod(container("a", "memory", "4Gi", chunks+"1gi", "4"), container("b", "memory", "4Gi", chunks+"1gi", "3")), "memory", "6Gi"),
		refusal: []string{"the containers of this pod ask for 7168Mi", "limit of 6Gi"}},
	{name: "a sidecar counts beside the others", pod: withPodLimits(withInit(
		pod(container("a", "memory", "4Gi", chunks+"1gi", "4")), sidecar(container("s", "memory", "4Gi", chunks+"1gi", "3"))), "memory", "6Gi"),
		refusal: []string{"7168Mi"}},
	{name: "an init container gives back before", pod: withPodLimits(withInit(
		pod(container("a", "memory", "4Gi", chunks+"1gi", "4")), container("i", "memory", "4Gi", chunks+"1gi", "3")), "memory", "6Gi")},
	{name: "the pod's limit is not the container's",
		pod:     withPodLimits(pod(container("a", chunks+"1gi", "1")), "memory", "6Gi"),
		refusal: []string{"container a", "without a memory limit"}},
	{name: "a size that is none", pod: pod(container("a", "memory", "16Gi", chunks+"3gi", "1")),
		refusal: []string{"container a asks for " + chunks + "3gi", "64mi"}},
	{name: "another spelling of a size", pod: pod(container("a", "memory", "16Gi", chunks+"1024mi", "1")),
		refusal: []string{"1024mi"}},
	{name: "a size that is too large", pod: pod(container("a", "memory", "64Gi", chunks+"32gi", "1")),
		refusal: []string{"32gi"}},
	{name: "a NUMA node that is none", pod: pod(container("a", "memory", "64Gi", chunks+"1gi-numa02", "1")),
		refusal: []string{"1gi-numa02"}},
	{name: "a resize within", pod: pod(container("a", "memory", "8Gi", chunks+"1gi", "8")),
		old: pod(container("a", "memory", "16Gi", chunks+"1gi", "8"))},
	{name: "a resize below its chunks", pod: pod(container("a", "memory", "7Gi", chunks+"1gi", "8")),
		old: pod(container("a", "memory", "16Gi", chunks+"1gi", "8")), refusal: []string{"8192Mi", "memory limit of 7Gi"}},
	{name: "100 containers", pod: manyContainers(100, 9)},
}
