// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools keeps what is built here in go.mod: the kubelet of the virtual machines.
package tools

import _ "k8s.io/kubernetes/cmd/kubelet"
