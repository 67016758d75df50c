// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The JSON of slug.v1.MemoryManagerService, as far as it is needed.

type refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (r *refusal) Error() string { return r.Code + ": " + r.Message }

// isFor tells whether the kubelet would say the same by its error: a quantity that is no number of bytes is a wrong argument.
func (r *refusal) isFor(pod *Pod) bool {
	return refusals[r.Code] || (r.Code == "invalid_argument" && pod.hasOddQuantity())
}

type wireActivePods struct {
	Pods []wireActivePod `json:"pods"`
}

type wireActivePod struct {
	UID        string   `json:"uid"`
	Containers []string `json:"containers"`
}

type wireAffinity struct {
	NumaNodes string `json:"numaNodes"`
	Preferred bool   `json:"preferred"`
}

// wireRequest has the fields of all requests that have a pod; those that are not of a method stay out of its JSON.
type wireRequest struct {
	Pod         *Pod            `json:"pod"`
	Container   string          `json:"container,omitempty"`
	Mode        string          `json:"mode,omitempty"`
	Affinity    *wireAffinity   `json:"affinity,omitempty"`
	Active      *wireActivePods `json:"activePods,omitempty"`
	ContainerID string          `json:"containerId,omitempty"`
}

// number is a 64-bit number: text in proto3 JSON.
type number uint64

func (n *number) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
	*n = number(value)
	return err
}

// parseMask reads the kernel's list form.
func parseMask(text string) (Mask, error) {
	var nodes []int
	if text == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.Atoi(first)
		to := from
		if err == nil && isRange {
			to, err = strconv.Atoi(last)
		}
		if err != nil || to < from || to > 1023 {
			return nil, fmt.Errorf("'%s' is no list of NUMA nodes", text)
		}
		for ; from <= to; from++ {
			nodes = append(nodes, from)
		}
	}
	return newMask(nodes), nil
}

type wireHint struct {
	NumaNodes string  `json:"numaNodes"`
	Mask      *number `json:"mask"`
	Preferred bool    `json:"preferred"`
}

type wireHints struct {
	NoOpinion bool `json:"noOpinion"`
	Resources []struct {
		Resource string     `json:"resource"`
		Hints    []wireHint `json:"hints"`
	} `json:"resources"`
}

func (w *wireHint) hint() (Hint, error) {
	nodes, err := parseMask(w.NumaNodes)
	if err != nil {
		return Hint{}, err
	}
	bits := uint64(0)
	for _, node := range nodes {
		bits |= 1 << node
	}
	if w.Mask == nil || uint64(*w.Mask) != bits {
		return Hint{}, fmt.Errorf("the mask of a hint for '%s' is not its bits", w.NumaNodes)
	}
	return Hint{nodes, w.Preferred}, nil
}

func (w *wireHints) hints() (*Hints, error) {
	if w.NoOpinion && len(w.Resources) > 0 {
		return nil, errors.New("there is no opinion, and it has resources")
	}
	hints := &Hints{NoOpinion: w.NoOpinion, Resources: map[string][]Hint{}}
	for _, resource := range w.Resources {
		if _, is := hints.Resources[resource.Resource]; is {
			return nil, fmt.Errorf("%s is there twice", resource.Resource)
		}
		hints.Resources[resource.Resource] = nil
		for _, one := range resource.Hints {
			hint, err := one.hint()
			if err != nil {
				return nil, err
			}
			hints.Resources[resource.Resource] = append(hints.Resources[resource.Resource], hint)
		}
	}
	return hints, nil
}

type wireBlock struct {
	Type      string `json:"type"`
	NumaNodes string `json:"numaNodes"`
	Bytes     number `json:"sizeBytes"`
	Placement []struct {
		NumaNode int    `json:"numaNode"`
		Bytes    number `json:"bytes"`
	} `json:"placement"`
}

type wireBlocks struct {
	Blocks []wireBlock `json:"blocks"`
}

func (w *wireBlock) block() (Block, error) {
	nodes, err := parseMask(w.NumaNodes)
	if err != nil {
		return Block{}, err
	}
	placed := number(0)
	for _, part := range w.Placement {
		if !nodes.contains(part.NumaNode) {
			return Block{}, fmt.Errorf("bytes of a block of {%s} are on NUMA node %d", nodes, part.NumaNode)
		}
		placed += part.Bytes
	}
	if len(w.Placement) > 0 && placed != w.Bytes {
		return Block{}, fmt.Errorf("a block of %d bytes has %d placed", w.Bytes, placed)
	}
	return Block{w.Type, nodes, uint64(w.Bytes)}, nil
}

func blocksFromWire(list []wireBlock) (Blocks, error) {
	var blocks Blocks
	for _, one := range list {
		block, err := one.block()
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block)
	}
	return blocks.sorted(), nil
}

func (w *wireBlocks) blocks() (Blocks, error) { return blocksFromWire(w.Blocks) }

type wireClaim struct {
	PodUID    string      `json:"podUid"`
	Container string      `json:"container"`
	Blocks    []wireBlock `json:"blocks"`
}

func (w *wireClaim) blocks() (Blocks, error) {
	if w == nil {
		return nil, nil
	}
	return blocksFromWire(w.Blocks)
}

type wireNode struct {
	ID          int    `json:"id"`
	Assignments int    `json:"assignments"`
	Group       string `json:"group"`
	Memory      []struct {
		Type          string `json:"type"`
		Allocatable   number `json:"allocatableBytes"`
		Claimed       number `json:"claimedBytes"`
		Free          number `json:"freeBytes"`
		Overcommitted number `json:"overcommittedBytes"`
	} `json:"memory"`
}

type wireState struct {
	Nodes       []wireNode   `json:"numaNodes"`
	Claims      []*wireClaim `json:"claims"`
	ClaimsTotal number       `json:"claimsTotal"`
	Health      string       `json:"health"`
}

func (w *wireNode) node() (*NodeState, error) {
	group, err := parseMask(w.Group)
	if err != nil {
		return nil, err
	}
	if len(group) == 0 {
		group = Mask{w.ID}
	}
	node := &NodeState{Assignments: w.Assignments, Group: group, Amounts: map[string]Amount{}}
	for _, one := range w.Memory {
		if one.Free+one.Claimed != one.Allocatable || one.Overcommitted != 0 {
			return nil, fmt.Errorf("NUMA node %d: %s: %d free and %d claimed of %d", w.ID, one.Type, one.Free, one.Claimed, one.Allocatable)
		}
		node.put(one.Type, Amount{uint64(one.Allocatable), uint64(one.Free)})
	}
	return node, nil
}

func (w *wireState) state() (*State, error) {
	state := &State{Nodes: map[int]*NodeState{}, Claims: map[string]Blocks{}}
	for _, one := range w.Nodes {
		node, err := one.node()
		if err != nil {
			return nil, err
		}
		state.Nodes[one.ID] = node
	}
	for _, claim := range w.Claims {
		blocks, err := claim.blocks()
		if err != nil {
			return nil, err
		}
		if len(blocks) > 0 {
			state.Claims[claim.PodUID+"/"+claim.Container] = blocks
		}
	}
	if int(w.ClaimsTotal) != len(w.Claims) {
		return nil, fmt.Errorf("%d claims are there, and %d counted", len(w.Claims), w.ClaimsTotal)
	}
	return state, nil
}
