// SPDX-License-Identifier: Apache-2.0

// Kubelet-files writes what a kubelet keeps in files with the kubelet's own code, in the version that go.mod pins, and compares it
// with what slug reads there.
//
//	kubelet-files -look PATH [-files N] [-seed S] [-out DIR]
//	kubelet-files -look PATH -self-test
//	kubelet-files -agent PATH [-seed S]
//
// PATH is tests/peers/kubelet-look, which reads what slug-kubelet reads. Files are drawn from the seed. The first one that is read
// as something else ends the run with exit status 1, and is left in DIR. With -self-test answers are made wrong, to see that it is
// noticed.
//
// With -agent it is the kubelet's pod-resources socket and a runtime's, and PATH is slug-kubelet, which asks them. See sockets.go.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

type options struct {
	look, agent, dir, out string
	files                 int
	seed                  uint64
	isSelfTest            bool
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.look, "look", "", "the program that reads")
	flag.IntVar(&o.files, "files", 300, "how many machines are drawn")
	flag.Uint64Var(&o.seed, "seed", 1, "what they are drawn from")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where machines are made")
	flag.StringVar(&o.out, "out", ".", "where a machine that differs is left")
	flag.BoolVar(&o.isSelfTest, "self-test", false, "make answers wrong, and see that it is noticed")
	flag.StringVar(&o.agent, "agent", "", "slug-kubelet")
	flag.Parse()
	if flag.NArg() > 0 || (o.look == "") == (o.agent == "") || o.files < 1 {
		flag.Usage()
		os.Exit(2)
	}
	return o
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "kubelet-files: %v\n", err)
	os.Exit(1)
}

func main() {
	o := parse()
	klog.SetLogger(logr.Discard())
	switch {
	case o.agent != "":
		sockets(o)
	case o.isSelfTest:
		selfTest(o)
	default:
		compare(o)
	}
}
