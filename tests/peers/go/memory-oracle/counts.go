// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"sync"
)

// What is compared.
const (
	aboutHints       = "hints of containers"
	aboutPodHints    = "hints of pods"
	aboutAllocate    = "allocations and refusals of containers"
	aboutAllocatePod = "allocations and refusals of pods"
	aboutAdd         = "containers that start"
	aboutRemove      = "containers that are removed"
	aboutRestart     = "restarts"
	aboutImport      = "claims out of the kubelet's state file"
	aboutAllocatable = "allocatable memory"
	aboutState       = "claims, NUMA nodes and their groups after every step"
)

var allAbouts = []string{aboutHints, aboutPodHints, aboutAllocate, aboutAllocatePod, aboutAdd, aboutRemove, aboutRestart,
	aboutImport, aboutAllocatable, aboutState}

// What a run has to have met, for its agreement to mean something.
const (
	seenPreferred   = "hints that are preferred"
	seenOther       = "hints that are not preferred"
	seenNoOpinion   = "no opinion"
	seenEmpty       = "an opinion without resources: nothing fits"
	seenImpossible  = "a resource without hints"
	seenGroup       = "memory of more than one NUMA node"
	seenHuge        = "huge pages"
	seenRefused     = "refusals"
	seenExisted     = "claims that a container had before"
	seenPodRefused  = "refusals of pods as a whole"
	seenPodLevel    = "pods as a whole"
	seenTakenOver   = "memory of init containers that others take over"
	seenMixed       = "NUMA nodes that are used alone and in a group"
	seenReadmission = "kubelets that start again"
)

var allSeen = []string{seenPreferred, seenOther, seenNoOpinion, seenEmpty, seenImpossible, seenGroup, seenHuge, seenRefused,
	seenExisted, seenPodRefused, seenPodLevel, seenTakenOver, seenMixed, seenReadmission}

// Differences that are meant. Each of them but the first ends its sequence: both sides hold different things from there on.
const (
	intendedSplit   = "bytes within a group"
	intendedMixed   = "a NUMA node alone and in a group"
	intendedPart    = "an affinity within such a group"
	intendedRestart = "a kubelet that does not start"
	intendedUnknown = "the id of a container that had no memory"
)

var allIntended = []struct{ name, reason string }{
	{intendedSplit, "when a claim on several NUMA nodes goes, the kubelet takes its bytes back from the lowest of them that has any, " +
		"whoever held them (kubernetes#113130); slugd takes back what the claim held. The sums of the group are compared instead"},
	{intendedMixed, "the kubelet lets a NUMA node of a group be used alone when the topology manager says so, and loses count of its " +
		"bytes and of its group when one of the claims goes (the same issue); slugd counts what is held"},
	{intendedPart, "whether a part of a group has room depends on which of its NUMA nodes the bytes are on, see the first"},
	{intendedUnknown, "the kubelet knows the id of every container that has started, slugd that of a claim: an init container that runs " +
		"again, is given memory when the kubelet has started anew, and goes by the id of before, keeps it in slugd until its pod goes"},
	{intendedRestart, "the kubelet does not take its own state file once it has lost count so; slugd has no such file"},
}

// Counts is shared by all sequences that run.
type Counts struct {
	mutex                    sync.Mutex
	compared, seen, intended map[string]int
	sequences, steps         int
}

func newCounts() *Counts {
	return &Counts{compared: map[string]int{}, seen: map[string]int{}, intended: map[string]int{}}
}

func (c *Counts) up(in map[string]int, name string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	in[name]++
}

func (c *Counts) add(about string)    { c.up(c.compared, about) }
func (c *Counts) see(what string)     { c.up(c.seen, what) }
func (c *Counts) intend(which string) { c.up(c.intended, which) }

func (c *Counts) finish(steps int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.sequences++
	c.steps += steps
}

// look notes what an answer has that is worth having seen.
func (c *Counts) look(step *Step, answer *Answer) {
	switch {
	case answer.Hints != nil:
		c.lookAtHints(answer.Hints)
	case answer.Refused && step.Do == doAllocatePod:
		c.see(seenPodRefused)
	case answer.Refused:
		c.see(seenRefused)
	case step.Do == doAllocatePod && len(answer.Blocks) > 0:
		c.see(seenPodLevel)
	case step.Do == doRestart:
		c.see(seenReadmission)
	}
	if answer.Existed {
		c.see(seenExisted)
	}
	for _, block := range answer.Blocks {
		if len(block.Nodes) > 1 {
			c.see(seenGroup)
		}
		if block.Type != "memory" {
			c.see(seenHuge)
		}
	}
}

func (c *Counts) lookAtHints(hints *Hints) {
	if hints.NoOpinion {
		c.see(seenNoOpinion)
	} else if len(hints.Resources) == 0 {
		c.see(seenEmpty)
	}
	for _, list := range hints.Resources {
		if len(list) == 0 {
			c.see(seenImpossible)
		}
		for _, hint := range list {
			if hint.Preferred {
				c.see(seenPreferred)
			} else {
				c.see(seenOther)
			}
		}
	}
}

// say tells everything in the form of clients.sh, and returns the number of checks. A run that was cut short by a difference is asked
// for nothing else.
func (c *Counts) say(out io.Writer, difference *Difference, isLong bool) int {
	n := 0
	check := func(isGood bool, name, why string) {
		n++
		if isGood {
			fmt.Fprintf(out, "ok - %s\n", name)
		} else {
			fmt.Fprintf(out, "not ok - %s: %s\n", name, why)
		}
	}
	for _, about := range allAbouts {
		switch {
		case difference != nil && difference.About == about:
			check(false, about, "they differ")
		case difference == nil && isLong:
			check(c.compared[about] > 0, about, "none were compared")
		case c.compared[about] > 0:
			check(true, about, "")
		}
	}
	if difference == nil && isLong {
		missing := ""
		for _, what := range allSeen {
			if c.seen[what] == 0 {
				missing += "; " + what
			}
		}
		check(missing == "", "what has to be met was met", "this was not"+missing)
	}
	c.note(out)
	return n
}

// note tells how often what was met, and why which differences are none.
func (c *Counts) note(out io.Writer) {
	for _, about := range allAbouts {
		fmt.Fprintf(out, "compared %d times: %s\n", c.compared[about], about)
	}
	for _, what := range allSeen {
		fmt.Fprintf(out, "met %d times: %s\n", c.seen[what], what)
	}
	for _, one := range allIntended {
		fmt.Fprintf(out, "intended, %d times: %s: %s\n", c.intended[one.name], one.name, one.reason)
	}
}
