// SPDX-License-Identifier: Apache-2.0

// Deploy builds what is in deploy/kubernetes with kustomize's own code, decodes it strictly into Kubernetes' own types and has
// the API server's own validation look at it; and lets the API server's own admission plugin judge pods by our
// ValidatingAdmissionPolicy.
//
//	deploy -kubernetes DIR [-self-test]
//	deploy -kubernetes DIR -mounts OVERLAY
//
// With -mounts it prints what each container of an overlay's DaemonSet sees, one mount a line, for a test that tries it. With
// -self-test the manifests and the policy are damaged, to see that it is noticed.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"k8s.io/klog/v2"
)

type options struct {
	kubernetes string
	mounts     string
	isSelfTest bool
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.kubernetes, "kubernetes", "", "deploy/kubernetes")
	flag.StringVar(&o.mounts, "mounts", "", "print what is mounted in this overlay's containers")
	flag.BoolVar(&o.isSelfTest, "self-test", false, "damage what is looked at, and see that it is noticed")
	flag.Parse()
	if flag.NArg() > 0 || o.kubernetes == "" {
		flag.Usage()
		os.Exit(2)
	}
	return o
}

// said is what was told as TAP without numbers: tests/peers/go-peer.sh gives them.
var said int

// told is one check: err is what is wrong.
func told(name string, err error) {
	said++
	if err == nil {
		fmt.Printf("ok - %s\n", name)
		return
	}
	fmt.Printf("not ok - %s: %s\n", name, oneLine(err.Error()))
}

func oneLine(text string) string {
	out := []rune(text)
	for i, r := range out {
		if r == '\n' {
			out[i] = ' '
		}
	}
	return string(out)
}

func run(o *options) error {
	if o.mounts != "" {
		return printMounts(o)
	}
	if o.isSelfTest {
		return selfTest(o)
	}
	if err := checkManifests(o); err != nil {
		return err
	}
	return checkPolicy(o)
}

func main() {
	o := parse()
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := run(o); err != nil {
		fmt.Fprintf(os.Stderr, "deploy: %v\n", err)
		os.Exit(1)
	}
	if o.mounts == "" {
		fmt.Printf("1..%d\n", said)
	}
}
