// SPDX-License-Identifier: Apache-2.0

// Kubelet-dial connects to slugd as the kubelet connects to a device plugin, and speaks gRPC with it as grpc-go does.
//
//	kubelet-dial SOCKET DESCRIPTOR-SET
//
// It says on standard output what it found, and asks there for slugd to be ended and started again: see clients.sh.
package main

import (
	"fmt"
	"os"
	"strings"
)

var checks int

// check runs one check and says what became of it.
func check(name string, run func() error) {
	checks++
	if err := run(); err != nil {
		fmt.Printf("not ok - %s: %s\n", name, strings.Join(strings.Fields(err.Error()), " "))
		return
	}
	fmt.Printf("ok - %s\n", name)
}

func main() {
	if len(os.Args) != 3 {
		fail(fmt.Errorf("usage: kubelet-dial SOCKET DESCRIPTOR-SET"))
	}
	methods, err := readMethods(os.Args[2])
	if err != nil {
		fail(err)
	}
	c := &client{socket: os.Args[1], methods: methods}
	for _, dial := range dials {
		check(dial.name, func() error { return c.dialed(dial) })
	}
	if err := c.connect(); err != nil {
		fail(err)
	}
	defer c.conn.Close()
	for _, one := range calls {
		check(one.name, func() error { return one.run(c) })
	}
	for _, signal := range []string{"TERM", "KILL"} {
		check("the channel outlives a slugd that is ended by SIG"+signal, func() error { return c.outlives(signal) })
	}
	fmt.Printf("1..%d\n", checks)
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "kubelet-dial: %v\n", err)
	os.Exit(1)
}
