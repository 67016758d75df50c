// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// What both sides answer, in one form. Everything in here has one order, so that equal means the same text.

// Mask is a set of NUMA nodes, by rising id.
type Mask []int

func (m Mask) String() string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint([]int(m)), "[]"), " ", ",")
}

func (m Mask) contains(node int) bool { return slices.Contains(m, node) }

func (m Mask) isSubsetOf(of Mask) bool {
	for _, node := range m {
		if !of.contains(node) {
			return false
		}
	}
	return true
}

func newMask(nodes []int) Mask {
	mask := slices.Clone(nodes)
	sort.Ints(mask)
	return slices.Compact(mask)
}

// Affinity is what a topology manager decides. One that is nil decides nothing; one without nodes has looked and found no
// preference among NUMA nodes.
type Affinity struct {
	Nodes     Mask `json:"nodes"`
	Preferred bool `json:"preferred"`
}

type Hint struct {
	Nodes     Mask
	Preferred bool
}

// Hints has three kinds of nothing: no opinion (nil), no resources (empty), and a resource without hints.
type Hints struct {
	NoOpinion bool
	Resources map[string][]Hint
}

func (h *Hints) String() string {
	if h.NoOpinion {
		return "no opinion"
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h.Resources)) {
		fmt.Fprintf(&text, "%s:", name)
		for _, hint := range h.Resources[name] {
			fmt.Fprintf(&text, " {%s}", hint.Nodes)
			if hint.Preferred {
				text.WriteString("*")
			}
		}
		text.WriteString("; ")
	}
	if text.Len() == 0 {
		return "no resources"
	}
	return text.String()
}

// memory is the list that a topology manager would decide by.
func (h *Hints) memory() []Hint { return h.Resources["memory"] }

type Block struct {
	Type  string
	Nodes Mask
	Bytes uint64
}

// Blocks is by rising type: the kubelet's own order is that of a Go map.
type Blocks []Block

func (b Blocks) sorted() Blocks {
	sort.Slice(b, func(i, j int) bool {
		if b[i].Type != b[j].Type {
			return b[i].Type < b[j].Type
		}
		return slices.Compare(b[i].Nodes, b[j].Nodes) < 0
	})
	return b
}

func (b Blocks) String() string {
	var text []string
	for _, block := range b {
		text = append(text, fmt.Sprintf("%s %d of {%s}", block.Type, block.Bytes, block.Nodes))
	}
	if len(text) == 0 {
		return "nothing"
	}
	return strings.Join(text, ", ")
}

// Amount is what there is of one kind of page on one NUMA node.
type Amount struct {
	Allocatable, Free uint64
}

type NodeState struct {
	Assignments int
	Group       Mask
	Amounts     map[string]Amount
}

// put leaves out what there is nothing of: one side has a row for it, the other has none.
func (n *NodeState) put(name string, amount Amount) {
	if amount != (Amount{}) {
		n.Amounts[name] = amount
	}
}

func (n *NodeState) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d blocks, group {%s}", n.Assignments, n.Group)
	for _, name := range slices.Sorted(maps.Keys(n.Amounts)) {
		fmt.Fprintf(&text, ", %s %d free of %d", name, n.Amounts[name].Free, n.Amounts[name].Allocatable)
	}
	return text.String()
}

type State struct {
	Nodes  map[int]*NodeState
	Claims map[string]Blocks // "UID/CONTAINER"; "UID/" is the pod as a whole
}

// Answer is what one step brought. Which fields count depends on the step.
type Answer struct {
	Broken  string // what no side may answer: a panic, a failed call, a malformed answer
	Refused bool
	Why     string // of the refusal; not compared
	Existed bool
	Hints   *Hints
	Blocks  Blocks
	Nodes   Mask // where the memory of the container is
	Shares  map[string]Blocks
}

func (a *Answer) String() string {
	switch {
	case a.Broken != "":
		return "BROKEN: " + a.Broken
	case a.Refused:
		return "refused"
	case a.Hints != nil:
		return a.Hints.String()
	}
	text := a.Blocks.String()
	if a.Existed {
		text += " (as before)"
	}
	if len(a.Nodes) > 0 {
		text += " on {" + a.Nodes.String() + "}"
	}
	for _, name := range slices.Sorted(maps.Keys(a.Shares)) {
		text += fmt.Sprintf("; %s: %s", name, a.Shares[name])
	}
	return text
}

// Told is the answer with what is not compared.
func (a *Answer) Told() string {
	if a.Why != "" {
		return a.String() + " (" + a.Why + ")"
	}
	return a.String()
}
