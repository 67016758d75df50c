// SPDX-License-Identifier: Apache-2.0

//go:build nri06

package main

import (
	"context"
	"time"

	"github.com/containerd/nri/pkg/api"
)

const hasParts = false

func (r *runtime) started() {}

// settle asks until the plugin answers: nothing says when it is one of those that are called.
func (r *runtime) settle() {
	for {
		answer, err := r.CreateContainer(context.Background(), &api.CreateContainerRequest{Pod: pod(0),
			Container: container(0, map[string]string{"answer": "1"})})
		if err == nil && answer.GetAdjust().GetAnnotations()["answered"] != "" {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
