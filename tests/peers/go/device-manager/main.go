// SPDX-License-Identifier: Apache-2.0

// Device-manager is the part of a kubelet that has to do with devices, made of its own code in the version that go.mod pins, around
// slugd and slug-kubelet.
//
//	device-manager -slugd PATH -agent PATH -register registry|device-plugins
//	device-manager -slugd PATH -agent PATH -manual slug-kubelet.8
//	device-manager -slugd PATH -agent PATH -bench [-disk DIR]
//	device-manager -self-test
//
// Device manager, plugin manager, topology manager and CPU manager are the kubelet's, and so is the server of pod-resources; they
// live below a root, with a machine of files that slugd looks at, and a runtime that has the pods that the kubelet admits. Nothing is
// done to the machine that this runs on.
//
// With -register it is registration, allocation and restarts; see checks.go and restarts.go. With -manual it is what the topology
// manager makes of pods, by its policy and slugd's setting chunks.topology: the table in the manual is what is expected. With
// -self-test a plugin of ten lines stands in for ours.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

type options struct {
	slugd, agent, dir string
	disk              string
	register, manual  string
	isSelfTest        bool
	isBench           bool
}

func parse() *options {
	o := &options{}
	flag.StringVar(&o.slugd, "slugd", "", "the daemon")
	flag.StringVar(&o.agent, "agent", "", "slug-kubelet")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where machines are made")
	flag.StringVar(&o.register, "register", "", "how slug-kubelet registers: registry or device-plugins")
	flag.StringVar(&o.manual, "manual", "", "where the table of topologies is")
	flag.BoolVar(&o.isSelfTest, "self-test", false, "with another plugin, which is made wrong, too")
	flag.BoolVar(&o.isBench, "bench", false, "measure")
	flag.StringVar(&o.disk, "disk", "", "where a machine is made whose ledger is on a disk, to be measured")
	flag.Parse()
	modes := 0
	for _, is := range []bool{o.register != "", o.manual != "", o.isSelfTest, o.isBench} {
		if is {
			modes++
		}
	}
	if flag.NArg() > 0 || modes != 1 || !o.isSelfTest && (o.slugd == "" || o.agent == "") {
		flag.Usage()
		os.Exit(2)
	}
	return o
}

// checks is what was found so far.
type checks struct{ n, failed int }

func (c *checks) say(name string, err error) {
	c.n++
	if err == nil {
		fmt.Printf("ok - %s\n", name)
		return
	}
	c.failed++
	fmt.Printf("not ok - %s: %s\n", name, oneLine(err))
}

func main() {
	o := parse()
	klog.SetLoggerWithOptions(logr.New(events), klog.ContextualLogger(true))
	if o.isBench {
		if err := bench(o); err != nil {
			fmt.Fprintf(os.Stderr, "device-manager: %s\n", oneLine(err))
			os.Exit(1)
		}
		return
	}
	c := &checks{}
	switch {
	case o.isSelfTest:
		selfTest(o, c)
	case o.manual != "":
		topologies(o, c)
	default:
		registrations(o, c)
	}
	fmt.Printf("1..%d\n", c.n)
	if c.failed > 0 {
		os.Exit(1)
	}
}
