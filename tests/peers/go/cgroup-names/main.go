// SPDX-License-Identifier: Apache-2.0

// Cgroup-names has the kubelet's own code, in the version that go.mod pins, make paths of names of cgroups and names of paths, and
// compares that with what slug makes of them.
//
//	cgroup-names -look PATH [-names N] [-seed S]
//	cgroup-names -look PATH -self-test
//
// PATH is tests/peers/cgroup-look, which answers what daemon/cgroup does. Names are written down by hand and drawn from the seed.
// Where slug is stricter than the kubelet is written in expect.go, rule by rule. With -self-test answers are made wrong, to see
// that it is noticed.
package main

import (
	"flag"
	"fmt"
	"os"
)

type options struct {
	look       string
	names      int
	seed       uint64
	isSelfTest bool
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.look, "look", "", "the program that answers")
	flag.IntVar(&o.names, "names", 5000, "how many questions of each kind are drawn")
	flag.Uint64Var(&o.seed, "seed", 1, "what they are drawn from")
	flag.BoolVar(&o.isSelfTest, "self-test", false, "make answers wrong, and see that it is noticed")
	flag.Parse()
	if flag.NArg() > 0 || o.look == "" || o.names < 1 {
		flag.Usage()
		os.Exit(2)
	}
	return o
}

func main() {
	o := parse()
	l, err := newLooker(o.look)
	if err == nil {
		err = run(o, l)
	}
	if err == nil {
		err = l.close()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "cgroup-names: %v\n", err)
		os.Exit(1)
	}
}
