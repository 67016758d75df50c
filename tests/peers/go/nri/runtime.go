// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/containerd/nri/pkg/adaptation"
	"github.com/containerd/nri/pkg/api"
)

const (
	runtimeName    = "containerd"
	runtimeVersion = "v9.8.7"
)

// runtime is the adaptation, with pods and containers of its own.
type runtime struct {
	*adaptation.Adaptation
	pods       []*api.PodSandbox
	containers []*api.Container
	synced     chan struct{} // one for each plugin
	lock       sync.Mutex
	updates    []*api.ContainerUpdate // of the last UpdateContainers
	nFailing   int                    // of them are said to have failed
	deprecated []string               // what the plugin does as plugins did before; see deprecations
}

func pod(i int) *api.PodSandbox {
	return &api.PodSandbox{Id: fmt.Sprintf("pod-%d", i), Name: "app", Namespace: "default", Uid: fmt.Sprintf("uid-%d", i)}
}

func container(i int, annotations map[string]string) *api.Container {
	return &api.Container{Id: fmt.Sprintf("container-%d", i), PodSandboxId: pod(i).Id, Name: "app", Annotations: annotations}
}

// newRuntime listens when it returns. Each of the containers has @size bytes of annotation.
func newRuntime(socket string, nPods, nContainers, size int) (*runtime, error) {
	r := &runtime{synced: make(chan struct{}, 100)}
	for i := range nPods {
		r.pods = append(r.pods, pod(i))
	}
	for i := range nContainers {
		r.containers = append(r.containers, container(i, map[string]string{"filler": strings.Repeat("x", size)}))
	}
	options := append([]adaptation.Option{adaptation.WithSocketPath(socket), adaptation.WithPluginPath("/nonexistent"),
		adaptation.WithPluginConfigPath("/nonexistent")}, r.deprecations()...)
	var err error
	r.Adaptation, err = adaptation.New(runtimeName, runtimeVersion, r.synchronize, r.update, options...)
	if err != nil {
		return nil, err
	}
	return r, r.Start()
}

// synchronize is asked by the adaptation when it starts, and for each plugin that comes.
func (r *runtime) synchronize(ctx context.Context, synchronize adaptation.SyncCB) error {
	_, err := synchronize(ctx, r.pods, r.containers)
	r.synced <- struct{}{}
	return err
}

func (r *runtime) update(_ context.Context, updates []*api.ContainerUpdate) ([]*api.ContainerUpdate, error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.updates = updates
	return updates[:min(r.nFailing, len(updates))], nil
}

// admit waits until the plugin has its place among those that are called.
func (r *runtime) admit() {
	<-r.synced
	r.settle()
}

// serve is the runtime of a process of its own. It says when it has a plugin.
func serve(socket string) {
	r, err := newRuntime(socket, 1, 1, 10)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	r.started()
	for {
		r.admit()
		fmt.Println("a plugin")
	}
}
