// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// What the kubelet gives a device plugin for connecting, HTTP/2's settings included.
const dialTimeout = 10 * time.Second

// Far away: only bounds a failure.
const far = 60 * time.Second

type client struct {
	socket  string
	methods methods
	conn    *grpc.ClientConn
	goaways atomic.Int32 // frames seen on all connections of conn
}

// A dial is one way in which programs come to the socket.
type dial struct {
	name    string
	target  func(socket string) string
	options []grpc.DialOption
	custom  bool // with a dialer of its own, as a target without a scheme needs
}

func bare(socket string) string { return socket }

var dials = []dial{
	{name: "dialed as the kubelet does", target: bare, custom: true, options: []grpc.DialOption{grpc.WithAuthority("localhost")}},
	// ":authority" is the path then, with every slash as %2F
	{name: "dialed by a bare path alone", target: bare, custom: true},
	{name: "dialed by a unix target", target: func(socket string) string { return "unix://" + socket }},
}

// open connects, and returns when slugd's settings have arrived. seen is told the bytes that come, or nil.
func (d dial) open(socket string, seen func() *frames) (*grpc.ClientConn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	options := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithBlock(), //nolint:staticcheck // it is what the kubelet does
	}, d.options...)
	if d.custom {
		options = append(options, grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "unix", address)
			if err != nil || seen == nil {
				return conn, err
			}
			return &watched{Conn: conn, frames: seen()}, nil
		}))
	}
	return grpc.DialContext(ctx, d.target(socket), options...) //nolint:staticcheck // it is what the kubelet does
}

// connect makes the connection that all calls share, as the kubelet would.
func (c *client) connect() (err error) {
	c.conn, err = dials[0].open(c.socket, func() *frames { return &frames{goaways: &c.goaways} })
	return err
}

// dialed: a connection of its own, and one call.
func (c *client) dialed(d dial) error {
	conn, err := d.open(c.socket, nil)
	if err != nil {
		return err
	}
	defer conn.Close()
	other := &client{socket: c.socket, methods: c.methods, conn: conn}
	return other.describeNode()
}
