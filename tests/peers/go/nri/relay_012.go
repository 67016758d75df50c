// SPDX-License-Identifier: Apache-2.0

//go:build !nri08 && !nri06

package main

import (
	"context"

	"github.com/containerd/nri/pkg/adaptation"
	"github.com/containerd/nri/pkg/api"
)

// byMethods: since 0.12 each event has a method of its own, and a plugin that has none of them is called by StateChange, which is
// recorded as deprecated.
const byMethods = true

func (r *runtime) PluginWarning(_ context.Context, d adaptation.Deprecation, plugin, details string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.deprecated = append(r.deprecated, plugin+" "+d.String()+" "+details)
}

func (r *runtime) deprecations() []adaptation.Option {
	return []adaptation.Option{adaptation.WithDeprecationRecorder(r)}
}

type event struct {
	name  string
	relay func(*runtime, context.Context, *api.PodSandbox, *api.Container) error
}

var events = []event{
	{"RunPodSandbox", func(r *runtime, ctx context.Context, p *api.PodSandbox, _ *api.Container) error {
		return r.RunPodSandbox(ctx, &api.RunPodSandboxRequest{Pod: p})
	}},
	{"PostCreateContainer", func(r *runtime, ctx context.Context, p *api.PodSandbox, c *api.Container) error {
		return r.PostCreateContainer(ctx, &api.PostCreateContainerRequest{Pod: p, Container: c})
	}},
	{"StartContainer", func(r *runtime, ctx context.Context, p *api.PodSandbox, c *api.Container) error {
		return r.StartContainer(ctx, &api.StartContainerRequest{Pod: p, Container: c})
	}},
	{"PostStartContainer", func(r *runtime, ctx context.Context, p *api.PodSandbox, c *api.Container) error {
		return r.PostStartContainer(ctx, &api.PostStartContainerRequest{Pod: p, Container: c})
	}},
	{"PostUpdateContainer", func(r *runtime, ctx context.Context, p *api.PodSandbox, c *api.Container) error {
		return r.PostUpdateContainer(ctx, &api.PostUpdateContainerRequest{Pod: p, Container: c})
	}},
	{"RemoveContainer", func(r *runtime, ctx context.Context, p *api.PodSandbox, c *api.Container) error {
		return r.RemoveContainer(ctx, &api.RemoveContainerRequest{Pod: p, Container: c})
	}},
	{"StopPodSandbox", func(r *runtime, ctx context.Context, p *api.PodSandbox, _ *api.Container) error {
		return r.StopPodSandbox(ctx, &api.StopPodSandboxRequest{Pod: p})
	}},
	{"RemovePodSandbox", func(r *runtime, ctx context.Context, p *api.PodSandbox, _ *api.Container) error {
		return r.RemovePodSandbox(ctx, &api.RemovePodSandboxRequest{Pod: p})
	}},
}

func (r *runtime) start(ctx context.Context, p *api.PodSandbox, c *api.Container) error {
	return r.StartContainer(ctx, &api.StartContainerRequest{Pod: p, Container: c})
}
