// SPDX-License-Identifier: Apache-2.0

// Nri is a container runtime as far as NRI plugins see it, made of containerd/nri's own code in the version that go.mod,
// go-0.8.mod or go-0.6.mod pins, around a plugin on slug's session.
//
//	nri -peer PATH
//
// PATH is tests/peers/nri-peer. What is asked of the runtime here reaches the plugin through the code that containerd and CRI-O have:
// its mux, its ttrpc, its order of calls. One plugin is made wrong, so that it is seen that this code minds: see wrong.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/containerd/nri/pkg/log"
)

type options struct {
	peer, dir, serve string
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.peer, "peer", "", "nri-peer")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where sockets are made")
	flag.StringVar(&o.serve, "serve", "", "be a runtime on this socket, and nothing else, until it is killed")
	flag.Parse()
	if flag.NArg() > 0 || (o.peer == "") == (o.serve == "") {
		flag.Usage()
		os.Exit(2)
	}
	return o
}

// quiet leaves of what the runtime logs what is wrong.
type quiet struct{}

func (quiet) Debugf(context.Context, string, ...interface{}) {}
func (quiet) Infof(context.Context, string, ...interface{})  {}
func (quiet) Warnf(_ context.Context, format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "# runtime: "+format+"\n", args...)
}
func (quiet) Errorf(_ context.Context, format string, args ...interface{}) {
	fmt.Fprintf(os.Stderr, "# runtime: "+format+"\n", args...)
}

// checks counts what is said; see run_peer in go-peer.sh.
type checks struct{ n, failed int }

func (c *checks) say(name string, err error) {
	c.n++
	if err == nil {
		fmt.Printf("ok - %s\n", name)
		return
	}
	c.failed++
	text := strings.Join(strings.Fields(err.Error()), " ")
	fmt.Printf("not ok - %s: %s\n", name, text[:min(len(text), 2000)])
}

func main() {
	o := parse()
	log.Set(quiet{})
	if o.serve != "" {
		serve(o.serve)
	}
	c := &checks{}
	for _, part := range []func(*options, *checks){sessions, states, restarts, wrongs} {
		part(o, c)
	}
	fmt.Printf("1..%d\n", c.n)
	if c.failed > 0 {
		os.Exit(1)
	}
}
