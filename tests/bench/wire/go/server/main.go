// SPDX-License-Identifier: Apache-2.0

// Server answers slug.v1.NodeService/GetVersion on a Unix socket with grpc-go as it comes: no option is set. The service is
// registered as generated code does it.
package main

import (
	"context"
	"flag"
	"log"
	"net"

	"google.golang.org/grpc"

	"slug/tests/bench/wire/slugv1"
)

type versioner interface {
	GetVersion(context.Context, *slugv1.GetVersionRequest) (*slugv1.GetVersionResponse, error)
}

type node struct{ version, root string }

func (n *node) GetVersion(context.Context, *slugv1.GetVersionRequest) (*slugv1.GetVersionResponse, error) {
	return &slugv1.GetVersionResponse{Version: n.version, Root: n.root}, nil
}

func getVersion(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
	in := new(slugv1.GetVersionRequest)
	if err := decode(in); err != nil {
		return nil, err
	}
	if intercept == nil {
		return srv.(versioner).GetVersion(ctx, in)
	}
	info := &grpc.UnaryServerInfo{Server: srv, FullMethod: "/slug.v1.NodeService/GetVersion"}
	return intercept(ctx, in, info, func(ctx context.Context, in any) (any, error) {
		return srv.(versioner).GetVersion(ctx, in.(*slugv1.GetVersionRequest))
	})
}

var nodeService = grpc.ServiceDesc{
	ServiceName: "slug.v1.NodeService",
	HandlerType: (*versioner)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "GetVersion", Handler: getVersion}},
	Metadata:    "slug/v1/node.proto",
}

func main() {
	socket := flag.String("socket", "", "`path` of the Unix socket to listen on")
	version := flag.String("version", "", "what to answer as version")
	root := flag.String("root", "", "what to answer as root")
	flag.Parse()

	listener, err := net.Listen("unix", *socket)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	server.RegisterService(&nodeService, &node{*version, *root})
	log.Fatal(server.Serve(listener))
}
