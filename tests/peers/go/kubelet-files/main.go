// SPDX-License-Identifier: Apache-2.0

// Kubelet-files writes what a kubelet keeps in files with the kubelet's own code, in the version that go.mod pins, and compares it
// with what slug reads there.
//
//	kubelet-files -look PATH [-files N] [-seed S] [-out DIR]
//	kubelet-files -look PATH -self-test
//	kubelet-files -serve FOLDER -node FILE [-active-pods=false]
//	kubelet-files -burn SOCKET
//
// PATH is tests/peers/kubelet-look, which reads what slug-kubelet reads. Files are drawn from the seed. The first one that is read as
// something else ends the run with exit status 1, and is left in DIR. With -self-test answers are made wrong, to see that it is noticed.
//
// With -serve it is the kubelet's pod-resources socket, for the pods of FILE, which is read again after SIGHUP; with -burn it uses up
// what that socket answers in a second. See serve.go.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

type options struct {
	look, dir, out, serve, node, burn string
	files                             int
	seed                              uint64
	isSelfTest, hasActivePods         bool
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.look, "look", "", "the program that reads")
	flag.IntVar(&o.files, "files", 300, "how many machines are drawn")
	flag.Uint64Var(&o.seed, "seed", 1, "what they are drawn from")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where machines are made")
	flag.StringVar(&o.out, "out", ".", "where a machine that differs is left")
	flag.BoolVar(&o.isSelfTest, "self-test", false, "make answers wrong, and see that it is noticed")
	flag.StringVar(&o.serve, "serve", "", "serve pod-resources/kubelet.sock in this folder")
	flag.StringVar(&o.node, "node", "", "the pods that are served")
	flag.BoolVar(&o.hasActivePods, "active-pods", true, "the kubelet's gate KubeletPodResourcesListUseActivePods")
	flag.StringVar(&o.burn, "burn", "", "use up what this socket answers in a second")
	flag.Parse()
	modes := 0
	for _, mode := range []string{o.look, o.serve, o.burn} {
		if mode != "" {
			modes++
		}
	}
	if flag.NArg() > 0 || modes != 1 || o.files < 1 || (o.serve != "") != (o.node != "") {
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
	case o.serve != "":
		serve(o)
	case o.burn != "":
		burn(o.burn)
	case o.isSelfTest:
		selfTest(o)
	default:
		compare(o)
	}
}
