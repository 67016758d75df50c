// SPDX-License-Identifier: Apache-2.0

// Memory-oracle plays the same pods on the memory manager of a real kubelet and on slugd, and compares what they answer.
//
//	memory-oracle -slugd PATH [-sequences N] [-seed S] [-parallel N] [-out DIR]
//	memory-oracle -slugd PATH -replay FILE
//	memory-oracle -self-test
//	memory-oracle -bench
//
// The kubelet's half is its own code, in the version that go.mod pins, behind its exported Manager interface; slugd's half is the
// daemon, on its socket. Machines, pods and what happens to them are drawn from the seed. After each step the answers are compared
// and then all that each side holds. Differences that are meant have a reason in counts.go; any other ends the run with exit status
// 1, and leaves a file that -replay takes.
//
// Without -slugd the kubelet is compared with itself. With -plant answers of the second side are made wrong, to see that a difference
// is found; -self-test does so with all that can be planted.
package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/klog/v2"
)

type options struct {
	sequences, parallel int
	seed                uint64
	slugd, dir, out     string
	replay, plant       string
	shrinkFor           time.Duration
	isBench, isSelfTest bool
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func parse() *options {
	o := &options{}
	flag.IntVar(&o.sequences, "sequences", 300, "how many sequences")
	flag.Uint64Var(&o.seed, "seed", 1, "what they are drawn from")
	flag.IntVar(&o.parallel, "parallel", 2, "how many at a time")
	flag.StringVar(&o.slugd, "slugd", "", "the daemon; without it the kubelet is compared with itself")
	flag.StringVar(&o.dir, "dir", os.TempDir(), "where machines and states are made")
	flag.StringVar(&o.out, "out", ".", "where a case that differs is written")
	flag.StringVar(&o.replay, "replay", "", "a case to play again")
	flag.StringVar(&o.plant, "plant", "", "make this of the second side wrong: "+plantNames())
	flag.DurationVar(&o.shrinkFor, "shrink", 60*time.Second, "how long a case that differs may be made smaller")
	flag.BoolVar(&o.isSelfTest, "self-test", false, "compare the kubelet with itself, then with itself being wrong")
	flag.BoolVar(&o.isBench, "bench", false, "measure the kubelet's hints")
	flag.Parse()
	if flag.NArg() > 0 || o.sequences < 1 || o.parallel < 1 || !isPlant(o.plant) {
		flag.Usage()
		os.Exit(2)
	}
	return o
}

func main() {
	o := parse()
	klog.SetLogger(logr.Discard())
	switch {
	case o.isBench:
		bench(o)
	case o.isSelfTest:
		selfTest(o)
	case o.replay != "":
		replay(o)
	default:
		compare(o)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "memory-oracle: %v\n", err)
	os.Exit(1)
}

// setGate is for the whole process, as the kubelet has it: all sequences that run at a time have the same.
func setGate(isOn bool) {
	if err := utilfeature.DefaultMutableFeatureGate.Set(fmt.Sprintf("PodLevelResourceManagers=%t", isOn)); err != nil {
		fail(err)
	}
}

// newSides makes the two that are compared, and a player for them.
func newSides(o *options, m *Machine, dir string, counts *Counts) (*player, error) {
	first, err := newKubelet(m, filepath.Join(dir, "kubelet"))
	if err != nil {
		return nil, fmt.Errorf("the kubelet does not start: %w", err)
	}
	var second side
	if o.slugd != "" {
		second, err = newSlugd(o.slugd, m, dir)
	} else {
		second, err = newKubelet(m, filepath.Join(dir, "second"))
	}
	if err != nil {
		return nil, err
	}
	if o.plant != "" {
		second = &planted{side: second, what: o.plant}
	}
	return newPlayer(first, second, counts), nil
}

func (p *player) close() {
	p.first.Close()
	p.second.Close()
}

func replay(o *options) {
	c, err := readCase(o.replay)
	if err != nil {
		fail(err)
	}
	setGate(c.Machine.PodLevel)
	p, err := c.play(o)
	if err != nil {
		fail(err)
	}
	if p.difference == nil {
		fmt.Println("both sides agree")
		return
	}
	c.Steps = p.steps
	fmt.Print(c.tell(p.difference))
	os.Exit(1)
}

// found is a sequence that differs.
type found struct {
	one        *Case
	difference *Difference
}

// run is all sequences.
type run struct {
	o      *options
	counts *Counts
	next   atomic.Int64
	found  atomic.Pointer[found]
	failed atomic.Pointer[error]
}

// runAll plays all sequences, or up to the first difference.
func runAll(o *options) *run {
	r := &run{o: o, counts: newCounts()}
	// one sequence of three has the gate on
	split := o.sequences - o.sequences/3
	r.part(0, split, false)
	r.part(split, o.sequences, true)
	if err := r.failed.Load(); err != nil {
		fail(*err)
	}
	return r
}

func compare(o *options) {
	r := runAll(o)
	var difference *Difference
	if found := r.found.Load(); found != nil {
		difference = found.one.shrink(o, found.difference)
		path := found.one.path(o)
		if err := found.one.write(path); err != nil {
			fail(err)
		}
		fmt.Fprintf(os.Stderr, "%splay it again with: -replay %s\n", found.one.tell(difference), path)
	}
	fmt.Printf("seed %d: %d sequences, %d steps\n", o.seed, r.counts.sequences, r.counts.steps)
	n := r.counts.say(os.Stdout, difference, o.sequences >= 100)
	fmt.Printf("1..%d\n", n)
	if difference != nil {
		os.Exit(1)
	}
}

// part plays the sequences from one number up to another, several at a time.
func (r *run) part(from, to int, podLevel bool) {
	if r.found.Load() != nil || r.failed.Load() != nil {
		return
	}
	done := r.progress()
	defer close(done)
	setGate(podLevel)
	r.next.Store(int64(from))
	var group sync.WaitGroup
	for range min(r.o.parallel, to-from) {
		group.Go(func() {
			for r.found.Load() == nil && r.failed.Load() == nil {
				number := int(r.next.Add(1)) - 1
				if number >= to {
					return
				}
				if err := r.play(number, podLevel); err != nil {
					err = fmt.Errorf("seed %d, sequence %d: %w", r.o.seed, number, err)
					r.failed.CompareAndSwap(nil, &err)
				}
			}
		})
	}
	group.Wait()
}

func (r *run) play(number int, podLevel bool) error {
	dir, err := os.MkdirTemp(r.o.dir, "oracle-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	q, machine := newSequence(r.o.seed, number, podLevel)
	p, err := newSides(r.o, machine, dir, r.counts)
	if err != nil {
		return err
	}
	defer p.close()
	q.run(p)
	r.counts.finish(len(p.steps))
	if p.difference != nil {
		r.found.CompareAndSwap(nil, &found{newCase(r.o.seed, number, machine, p.steps), p.difference})
	}
	return nil
}

// progress shows a person how far it is.
func (r *run) progress() chan struct{} {
	done := make(chan struct{})
	about, err := os.Stderr.Stat()
	if err != nil || about.Mode()&os.ModeCharDevice == 0 {
		return done
	}
	go func() {
		for tick := time.NewTicker(500 * time.Millisecond); ; {
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
				r.counts.mutex.Lock()
				fmt.Fprintf(os.Stderr, "\r%d of %d sequences, %d steps ", r.counts.sequences, r.o.sequences, r.counts.steps)
				r.counts.mutex.Unlock()
			}
		}
	}()
	return done
}
