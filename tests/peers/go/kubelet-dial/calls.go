// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

const (
	noSuchNode  = 4000000
	nGoroutines = 64
	nCalls      = 50
)

var calls = []struct {
	name string
	run  func(*client) error
}{
	{"DescribeNode", (*client).describeNode},
	{"an unknown NUMA node is NOT_FOUND, with a message", (*client).unknownNode},
	{"an unknown method or service is UNIMPLEMENTED", (*client).unknownMethod},
	{"a message that is too large is RESOURCE_EXHAUSTED", (*client).tooLarge},
	{"Watch has a first message", (*client).firstMessage},
	{"a cancelled Watch leaves the channel alone", (*client).cancelled},
	{"a deadline ends a stream", (*client).deadline},
	{"health Check", (*client).healthCheck},
	{"health Watch has a first message", (*client).healthWatch},
	{fmt.Sprintf("%d goroutines with %d calls each", nGoroutines, nCalls), (*client).many},
}

func soon() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), far)
}

// is: err has that code. A failure that has no message is one of its own, since nobody could act on it.
func is(err error, code codes.Code) error {
	if status.Code(err) != code {
		return fmt.Errorf("%v, not %v: %w", status.Code(err), code, orNone(err))
	}
	if err != nil && status.Convert(err).Message() == "" {
		return fmt.Errorf("%v has no message", code)
	}
	return nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("it was answered")
	}
	return err
}

// call has fill, unless it is nil, make the request of an empty one.
func (c *client) call(
	ctx context.Context, name string, fill func(*dynamicpb.Message), options ...grpc.CallOption,
) (*dynamicpb.Message, error) {
	request, answer, err := c.methods.prepare(name)
	if err != nil {
		return nil, err
	}
	if fill != nil {
		fill(request)
	}
	return answer, c.conn.Invoke(ctx, path(name), request, answer, options...)
}

func (c *client) describeNode() error {
	ctx, cancel := soon()
	defer cancel()
	return c.describeNodeIn(ctx)
}

func (c *client) describeNodeIn(ctx context.Context, options ...grpc.CallOption) error {
	answer, err := c.call(ctx, "DescribeNode", nil, options...)
	if err != nil {
		return err
	}
	if answer.Get(field(answer, "numa_nodes")).List().Len() == 0 {
		return errors.New("no NUMA nodes")
	}
	return nil
}

func (c *client) unknownNode() error {
	ctx, cancel := soon()
	defer cancel()
	_, err := c.call(ctx, "Explain", func(request *dynamicpb.Message) {
		request.Set(field(request, "numa_node"), protoreflect.ValueOfUint32(noSuchNode))
	})
	return is(err, codes.NotFound)
}

func (c *client) unknownMethod() error {
	ctx, cancel := soon()
	defer cancel()
	request, answer, err := c.methods.prepare("DescribeNode")
	if err != nil {
		return err
	}
	for _, path := range []string{path("NoSuchMethod"), "/no.such.Service/Method"} {
		if err := is(c.conn.Invoke(ctx, path, request, answer), codes.Unimplemented); err != nil {
			return err
		}
	}
	return nil
}

// 5 MiB in a field that nobody knows: more than gRPC takes by default, and so than slugd takes.
func (c *client) tooLarge() error {
	ctx, cancel := soon()
	defer cancel()
	_, err := c.call(ctx, "DescribeNode", func(request *dynamicpb.Message) {
		request.SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 15, protowire.BytesType), make([]byte, 5<<20)))
	})
	if err := is(err, codes.ResourceExhausted); err != nil {
		return err
	}
	return c.describeNode()
}

// watch opens a Watch and reads its first message.
func (c *client) watch(ctx context.Context) (grpc.ClientStream, error) {
	request, answer, err := c.methods.prepare("Watch")
	if err != nil {
		return nil, err
	}
	stream, err := c.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, path("Watch"))
	if err != nil {
		return nil, err
	}
	if err := stream.SendMsg(request); err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	if err := stream.RecvMsg(answer); err != nil {
		return nil, err
	}
	if proto.Size(answer) == 0 {
		return nil, errors.New("the first message is empty")
	}
	return stream, nil
}

// end reads a stream to its end.
func (c *client) end(stream grpc.ClientStream) error {
	for {
		_, answer, err := c.methods.prepare("Watch")
		if err != nil {
			return err
		}
		if err := stream.RecvMsg(answer); err != nil {
			return err
		}
	}
}

func (c *client) firstMessage() error {
	ctx, cancel := soon()
	defer cancel()
	_, err := c.watch(ctx)
	return err
}

func (c *client) cancelled() error {
	ctx, cancel := soon()
	defer cancel()
	stream, err := c.watch(ctx)
	if err != nil {
		return err
	}
	cancel()
	if err := is(c.end(stream), codes.Canceled); err != nil {
		return err
	}
	return c.describeNode()
}

func (c *client) deadline() error {
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	stream, err := c.watch(ctx)
	if err != nil {
		return err
	}
	return is(c.end(stream), codes.DeadlineExceeded)
}

func (c *client) healthCheck() error {
	ctx, cancel := soon()
	defer cancel()
	answer, err := health.NewHealthClient(c.conn).Check(ctx, &health.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if answer.Status != health.HealthCheckResponse_SERVING {
		return fmt.Errorf("the server is %v", answer.Status)
	}
	_, err = health.NewHealthClient(c.conn).Check(ctx, &health.HealthCheckRequest{Service: "no.such.Service"})
	return is(err, codes.NotFound)
}

func (c *client) healthWatch() error {
	for name, expected := range map[string]health.HealthCheckResponse_ServingStatus{
		"":                health.HealthCheckResponse_SERVING,
		"no.such.Service": health.HealthCheckResponse_SERVICE_UNKNOWN,
	} {
		ctx, cancel := soon()
		defer cancel()
		stream, err := health.NewHealthClient(c.conn).Watch(ctx, &health.HealthCheckRequest{Service: name})
		if err != nil {
			return err
		}
		answer, err := stream.Recv()
		if err != nil {
			return err
		}
		if answer.Status != expected {
			return fmt.Errorf("the first of '%s' is %v", name, answer.Status)
		}
	}
	return nil
}

func (c *client) many() error {
	ctx, cancel := soon()
	defer cancel()
	failures := make(chan error, nGoroutines)
	var group sync.WaitGroup
	for range nGoroutines {
		group.Go(func() {
			for range nCalls {
				if err := c.describeNodeIn(ctx); err != nil {
					failures <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failures)
	return <-failures
}

// outlives has slugd ended and started again under an open stream: the stream fails as one that may be asked for again, and the
// same channel serves the next call. One that ends as asked says so before, by GOAWAY.
func (c *client) outlives(signal string) error {
	ctx, cancel := soon()
	defer cancel()
	if err := c.describeNodeIn(ctx, grpc.WaitForReady(true)); err != nil {
		return err
	}
	stream, err := c.watch(ctx)
	if err != nil {
		return err
	}
	before := c.goaways.Load()
	fmt.Printf("restart %s\n", signal)
	if err := is(c.end(stream), codes.Unavailable); err != nil {
		return err
	}
	for state := c.conn.GetState(); state == connectivity.Ready; state = c.conn.GetState() {
		if !c.conn.WaitForStateChange(ctx, state) {
			return errors.New("the connection stays as it is")
		}
	}
	if signal == "TERM" && c.goaways.Load() == before {
		return errors.New("the connection was closed without a GOAWAY")
	}
	if err := c.describeNodeIn(ctx, grpc.WaitForReady(true)); err != nil {
		return err
	}
	_, err = c.watch(ctx)
	return err
}
