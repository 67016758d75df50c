// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
	podresourcesv1 "k8s.io/kubelet/pkg/apis/podresources/v1"
	apisgrpc "k8s.io/kubernetes/pkg/kubelet/apis/grpc"
	"k8s.io/kubernetes/pkg/kubelet/apis/podresources"
)

const (
	listMethod        = "/v1.PodResourcesLister/List"
	getMethod         = "/v1.PodResourcesLister/Get"
	allocatableMethod = "/v1.PodResourcesLister/GetAllocatableResources"
)

// call is one that has ended.
type call struct {
	method, code string
}

// watcher hears of calls; it is told on a channel that nobody has to read.
type watcher chan call

type methodKey struct{}

func (w watcher) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, methodKey{}, info.FullMethodName)
}

func (w watcher) HandleRPC(ctx context.Context, s stats.RPCStats) {
	end, ok := s.(*stats.End)
	if !ok {
		return
	}
	method, _ := ctx.Value(methodKey{}).(string)
	if method != listMethod && len(w) > 0 {
		return // of those that use up the limit one is enough, and there is room for all others
	}
	select {
	case w <- call{method, status.Code(end.Error).String()}:
	default:
	}
}

func (w watcher) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (w watcher) HandleConn(context.Context, stats.ConnStats)                       {}

func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	// as the kubelet does before it listens
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return net.Listen("unix", path)
}

// servePodResources is what a kubelet serves there: its server, behind its limit of questions. w hears of what was refused, too.
func servePodResources(path string, node *node, hasActivePods bool, w watcher) (*grpc.Server, error) {
	gate := fmt.Sprintf("KubeletPodResourcesListUseActivePods=%t", hasActivePods)
	if err := utilfeature.DefaultMutableFeatureGate.Set(gate); err != nil {
		return nil, err
	}
	ctx := context.Background()
	server := grpc.NewServer(grpc.StatsHandler(w),
		apisgrpc.WithRateLimiter(ctx, "podresources", podresources.DefaultQPS, podresources.DefaultBurstTokens))
	podresourcesv1.RegisterPodResourcesListerServer(server, podresources.NewV1PodResourcesServer(ctx,
		podresources.PodResourcesProviders{Pods: node, Devices: node, Cpus: node, Memory: node, DynamicResources: node}))
	listener, err := listen(path)
	if err != nil {
		return nil, err
	}
	go server.Serve(listener)
	return server, nil
}

func serveRuntime(path string, node *node) (*grpc.Server, error) {
	server := grpc.NewServer()
	cri.RegisterRuntimeServiceServer(server, &criServer{node: node})
	listener, err := listen(path)
	if err != nil {
		return nil, err
	}
	go server.Serve(listener)
	return server, nil
}
