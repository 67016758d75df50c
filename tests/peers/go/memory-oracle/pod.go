// SPDX-License-Identifier: Apache-2.0

package main

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Pod is a pod as both sides are told of it: quantities are text, so that neither side reads what the other has written. Its JSON
// is that of slug.v1.Pod.
type Pod struct {
	UID        string      `json:"uid"`
	Namespace  string      `json:"namespace"`
	Name       string      `json:"name"`
	QOS        string      `json:"qosClass,omitempty"`
	Init       []Container `json:"initContainers,omitempty"`
	Containers []Container `json:"containers"`
	Resources  *Resources  `json:"resources,omitempty"`
}

type Container struct {
	Name          string    `json:"name"`
	Resources     Resources `json:"resources"`
	RestartPolicy string    `json:"restartPolicy,omitempty"`
}

type Resources struct {
	Requests map[string]string `json:"requests,omitempty"`
	Limits   map[string]string `json:"limits,omitempty"`
}

// all is every container, in the order in which the kubelet admits and starts them.
func (p *Pod) all() []Container {
	return append(append([]Container{}, p.Init...), p.Containers...)
}

// hasOddQuantity tells whether an amount has a part that no int64 holds, which the kubelet refuses.
func (p *Pod) hasOddQuantity() bool {
	lists := []map[string]string{}
	if p.Resources != nil {
		lists = append(lists, p.Resources.Requests)
	}
	for _, c := range p.all() {
		lists = append(lists, c.Resources.Requests)
	}
	for _, list := range lists {
		for name, text := range list {
			quantity := resource.MustParse(text)
			if _, fits := quantity.AsInt64(); name != "cpu" && !fits {
				return true
			}
		}
	}
	return false
}

func quantities(from map[string]string) v1.ResourceList {
	if from == nil {
		return nil
	}
	list := v1.ResourceList{}
	for name, text := range from {
		list[v1.ResourceName(name)] = resource.MustParse(text)
	}
	return list
}

func kubeContainers(from []Container) []v1.Container {
	var list []v1.Container
	for _, c := range from {
		one := v1.Container{Name: c.Name}
		one.Resources = v1.ResourceRequirements{Requests: quantities(c.Resources.Requests), Limits: quantities(c.Resources.Limits)}
		if c.RestartPolicy != "" {
			policy := v1.ContainerRestartPolicy(c.RestartPolicy)
			one.RestartPolicy = &policy
		}
		list = append(list, one)
	}
	return list
}

var qosNames = map[string]v1.PodQOSClass{
	"QOS_CLASS_GUARANTEED":  v1.PodQOSGuaranteed,
	"QOS_CLASS_BURSTABLE":   v1.PodQOSBurstable,
	"QOS_CLASS_BEST_EFFORT": v1.PodQOSBestEffort,
}

// kube is the pod as the kubelet has it.
func (p *Pod) kube() *v1.Pod {
	pod := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{UID: types.UID(p.UID), Namespace: p.Namespace, Name: p.Name},
		Spec:       v1.PodSpec{InitContainers: kubeContainers(p.Init), Containers: kubeContainers(p.Containers)},
		Status:     v1.PodStatus{QOSClass: qosNames[p.QOS]},
	}
	if p.Resources != nil {
		pod.Spec.Resources = &v1.ResourceRequirements{
			Requests: quantities(p.Resources.Requests), Limits: quantities(p.Resources.Limits)}
	}
	return pod
}
