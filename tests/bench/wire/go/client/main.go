// SPDX-License-Identifier: Apache-2.0

// Client asks a server on a Unix socket for slug.v1.NodeService/GetVersion through grpc-go.
//
//	client check --socket PATH         one call, as soon as somebody listens there
//	client call  --socket PATH -n N    N calls, one outstanding
//	client idle  --socket PATH -n N    N connections with one call each, then quiet until standard input ends
//
// What it found out is JSON, one line.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"runtime"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"slug/tests/bench/wire/slugv1"
)

const (
	method        = "/slug.v1.NodeService/GetVersion"
	startTimeout  = 30 * time.Second
	prefixBytes   = 5 // of a gRPC message: a flag and a length
	warmUpDivisor = 10
)

func dial(socket string) (*grpc.ClientConn, error) {
	impatient := backoff.Config{BaseDelay: 5 * time.Millisecond, Multiplier: 1, MaxDelay: 5 * time.Millisecond}
	return grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: impatient, MinConnectTimeout: startTimeout}))
}

func getVersion(ctx context.Context, conn *grpc.ClientConn, options ...grpc.CallOption) (*slugv1.GetVersionResponse, error) {
	out := new(slugv1.GetVersionResponse)
	err := conn.Invoke(ctx, method, new(slugv1.GetVersionRequest), out, options...)
	return out, err
}

func check(socket string) (any, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := dial(socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	answer, err := getVersion(ctx, conn, grpc.WaitForReady(true))
	if err != nil {
		return nil, err
	}
	if answer.Version == "" {
		return nil, errors.New("the answer names no version")
	}
	return struct {
		Version string `json:"version"`
		Root    string `json:"root"`
		Bytes   int    `json:"bytes"` // of the answer in DATA frames
		GRPCGo  string `json:"grpcGo"`
		Go      string `json:"go"`
	}{answer.Version, answer.Root, prefixBytes + proto.Size(answer), grpc.Version, runtime.Version()}, nil
}

// microseconds is the smallest of the sorted times that a share of them does not exceed.
func microseconds(sorted []time.Duration, percent int) float64 {
	rank := (len(sorted)*percent + 99) / 100
	return float64(sorted[rank-1].Nanoseconds()) / 1e3
}

func call(socket string, n int) (any, error) {
	ctx := context.Background()
	conn, err := dial(socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	for range n / warmUpDivisor {
		if _, err := getVersion(ctx, conn); err != nil {
			return nil, err
		}
	}
	times := make([]time.Duration, n)
	for i := range times {
		begin := time.Now()
		if _, err := getVersion(ctx, conn); err != nil {
			return nil, err
		}
		times[i] = time.Since(begin)
	}
	slices.Sort(times)
	return struct {
		Calls int     `json:"calls"`
		P50   float64 `json:"p50"`
		P99   float64 `json:"p99"`
	}{n, microseconds(times, 50), microseconds(times, 99)}, nil
}

// idle says when the connections are open, and at the end whether they still were: a server that closes them needs no memory.
func idle(socket string, n int) (any, error) {
	conns := make([]*grpc.ClientConn, n)
	for i := range conns {
		conn, err := dial(socket)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		if _, err := getVersion(context.Background(), conn); err != nil {
			return nil, fmt.Errorf("connection %d: %w", i+1, err)
		}
		conns[i] = conn
	}
	fmt.Println("open")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return nil, err
	}
	for i, conn := range conns {
		if state := conn.GetState(); state != connectivity.Ready {
			return nil, fmt.Errorf("connection %d is %v, it did not stay open", i+1, state)
		}
	}
	return struct {
		Connections int `json:"connections"`
	}{n}, nil
}

func run(verb, socket string, n int) (any, error) {
	switch verb {
	case "check":
		return check(socket)
	case "call":
		return call(socket, n)
	case "idle":
		return idle(socket, n)
	}
	return nil, fmt.Errorf("there is no %q", verb)
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("client: ")
	if len(os.Args) < 2 {
		log.Fatal("usage: client check|call|idle --socket PATH [-n N]")
	}
	flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	socket := flags.String("socket", "", "`path` of the server's Unix socket")
	n := flags.Int("n", 1, "calls or connections")
	_ = flags.Parse(os.Args[2:])
	if *n < 1 {
		log.Fatal("-n wants a number above 0")
	}
	result, err := run(os.Args[1], *socket, *n)
	if err != nil {
		log.Fatal(err)
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}
