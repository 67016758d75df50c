// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Below a world's root.
const (
	kubeletDir         = "var/lib/kubelet"
	pluginsDir         = kubeletDir + "/device-plugins"
	registryDir        = kubeletDir + "/plugins_registry"
	kubeletSocket      = pluginsDir + "/kubelet.sock"
	podResourcesSocket = kubeletDir + "/pod-resources/kubelet.sock"
	runtimeSocket      = "run/crio/crio.sock"
)

// Only bounds a failure: what is waited for comes at once.
const patience = 60 * time.Second

// await waits until it is so. Who it waits for has no way to say when.
func await(is func() bool) bool {
	for late := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(late) {
			return false
		}
	}
	return true
}

// world is a machine below a root, with the pods that it has. It stays while kubelets come and go.
type world struct {
	root    string
	machine *Machine
	runtime *grpc.Server

	mutex   sync.Mutex
	pods    []*v1.Pod
	running map[types.UID]bool // those that the runtime has
	n       int
}

func newWorld(dir string, machine *Machine) (*world, error) {
	root, err := os.MkdirTemp(dir, "w")
	if err != nil {
		return nil, err
	}
	w := &world{root: root, machine: machine, running: map[types.UID]bool{}}
	for _, folder := range []string{pluginsDir, registryDir, "var/lib/slug"} {
		if err := os.MkdirAll(w.path(folder), 0o755); err != nil {
			return nil, err
		}
	}
	if err := machine.write(root); err != nil {
		return nil, err
	}
	w.runtime, err = serveRuntime(w.path(runtimeSocket), w)
	return w, err
}

func (w *world) path(below string) string { return filepath.Join(w.root, below) }

func (w *world) close() {
	w.runtime.Stop()
	os.RemoveAll(w.root)
}

// newPod makes a Guaranteed pod of one container. No CPUs of its own: cpus is 0.
func (w *world) newPod(name string, cpus, mib int, resourceName string, chunks int) *v1.Pod {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.n++
	amounts := v1.ResourceList{v1.ResourceMemory: resource.MustParse(fmt.Sprintf("%dMi", mib))}
	amounts[v1.ResourceCPU] = resource.MustParse("100m")
	if cpus > 0 {
		amounts[v1.ResourceCPU] = *resource.NewQuantity(int64(cpus), resource.DecimalSI)
	}
	if chunks > 0 {
		amounts[v1.ResourceName(resourceName)] = *resource.NewQuantity(int64(chunks), resource.DecimalSI)
	}
	return &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default", UID: types.UID(fmt.Sprintf("00000000-0000-4000-8000-%012d", w.n))},
		Spec: v1.PodSpec{Containers: []v1.Container{{Name: "app",
			Resources: v1.ResourceRequirements{Requests: amounts, Limits: amounts}}}},
		Status: v1.PodStatus{QOSClass: v1.PodQOSGuaranteed},
	}
}

func containerID(pod *v1.Pod, name string) string { return name + "-" + string(pod.UID) }

func (w *world) addPod(pod *v1.Pod) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.pods = append(w.pods, pod)
}

// runPod has the runtime make the pod's container.
func (w *world) runPod(pod *v1.Pod) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.running[pod.UID] = true
}

// removePod ends a pod: neither the kubelet nor the runtime has it any more.
func (w *world) removePod(pod *v1.Pod) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.pods = slices.DeleteFunc(w.pods, func(one *v1.Pod) bool { return one.UID == pod.UID })
	delete(w.running, pod.UID)
}

func (w *world) removePods() {
	for _, pod := range w.activePods() {
		w.removePod(pod)
	}
}

func (w *world) activePods() []*v1.Pod {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return slices.Clone(w.pods)
}

func (w *world) runningPods() []*v1.Pod {
	return slices.DeleteFunc(w.activePods(), func(pod *v1.Pod) bool {
		w.mutex.Lock()
		defer w.mutex.Unlock()
		return !w.running[pod.UID]
	})
}
