// SPDX-License-Identifier: Apache-2.0

//go:build nri08 || nri06

package main

import (
	"context"

	"github.com/containerd/nri/pkg/adaptation"
	"github.com/containerd/nri/pkg/api"
)

// byMethods: before 0.12 all events come by StateChange, with a number.
const byMethods = false

func (r *runtime) deprecations() []adaptation.Option { return nil }

type event struct {
	name  string
	relay func(*runtime, context.Context, *api.PodSandbox, *api.Container) error
}

type relay func(*adaptation.Adaptation, context.Context, *api.StateChangeEvent) error

func change(name string, f relay) event {
	return event{name, func(r *runtime, ctx context.Context, p *api.PodSandbox, c *api.Container) error {
		if name == "RunPodSandbox" || name == "StopPodSandbox" || name == "RemovePodSandbox" {
			c = nil
		}
		return f(r.Adaptation, ctx, &api.StateChangeEvent{Pod: p, Container: c})
	}}
}

var events = []event{
	change("RunPodSandbox", (*adaptation.Adaptation).RunPodSandbox),
	change("PostCreateContainer", (*adaptation.Adaptation).PostCreateContainer),
	change("StartContainer", (*adaptation.Adaptation).StartContainer),
	change("PostStartContainer", (*adaptation.Adaptation).PostStartContainer),
	change("PostUpdateContainer", (*adaptation.Adaptation).PostUpdateContainer),
	change("RemoveContainer", (*adaptation.Adaptation).RemoveContainer),
	change("StopPodSandbox", (*adaptation.Adaptation).StopPodSandbox),
	change("RemovePodSandbox", (*adaptation.Adaptation).RemovePodSandbox),
}

func (r *runtime) start(ctx context.Context, p *api.PodSandbox, c *api.Container) error {
	return r.StartContainer(ctx, &api.StateChangeEvent{Pod: p, Container: c})
}
