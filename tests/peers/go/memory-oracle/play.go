// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"
)

// What a step does.
const (
	doArrive       = "arrive" // the pod is active from here on
	doLeave        = "leave"
	doHints        = "hints"
	doPodHints     = "pod-hints"
	doAllocate     = "allocate"
	doAllocatePod  = "allocate-pod"
	doAdd          = "add"
	doRemove       = "remove"
	doRestart      = "restart" // the kubelet
	doRestartSlugd = "restart-slugd"
	doImport       = "import" // the kubelet's state file is read by somebody new
)

// Step is one call, or one thing that happens. It has all that is needed to do it again.
type Step struct {
	Do          string    `json:"do"`
	PodUID      string    `json:"pod,omitempty"`
	Container   string    `json:"container,omitempty"`
	Affinity    *Affinity `json:"affinity,omitempty"`
	ContainerID string    `json:"containerId,omitempty"`
	ByName      bool      `json:"byName,omitempty"`

	pod *Pod
}

func (s *Step) String() string {
	text := s.Do
	if s.pod != nil {
		text += " " + s.pod.Name
	}
	if s.Container != "" {
		text += "/" + s.Container
	}
	if s.Affinity != nil {
		text += fmt.Sprintf(" in {%s}", s.Affinity.Nodes)
		if s.Affinity.Preferred {
			text += "*"
		}
	}
	return text
}

// side is one of the two that are compared.
type side interface {
	SetActive(pods []*Pod)
	Play(step *Step) *Answer
	Allocatable() (Blocks, error)
	State() (*State, error)
	// Import is the state of another one of the same machine, that starts with this state file of a kubelet.
	Import(file string) (*State, error)
	Close()
}

// Difference ends everything.
type Difference struct {
	About string // what was compared: one of the names in counts.go
	Text  string
}

// player plays steps on both sides, and compares after each of them.
type player struct {
	first, second side
	steps         []*Step
	active        []*Pod
	state         *State // the first side's, now
	apart         map[int]bool
	tainted       map[int]bool
	isUnclaimed   map[string]bool // by id: of a container that had no memory when it started
	counts        *Counts
	difference    *Difference
	ended         bool
}

func newPlayer(first, second side, counts *Counts) *player {
	return &player{first: first, second: second, counts: counts, apart: map[int]bool{}, tainted: map[int]bool{},
		isUnclaimed: map[string]bool{}}
}

// isOver tells whether nothing more can be learned from this sequence.
func (p *player) isOver() bool { return p.difference != nil || p.ended }

// differs ends the sequence with a difference that nobody intended.
func (p *player) differs(about, format string, arguments ...any) {
	p.difference = &Difference{about, fmt.Sprintf(format, arguments...)}
}

// begin compares what there is before the first step.
func (p *player) begin() {
	first, err := p.first.Allocatable()
	if err != nil {
		p.differs(aboutAllocatable, "the kubelet: %v", err)
		return
	}
	second, err := p.second.Allocatable()
	switch {
	case err != nil:
		p.differs(aboutAllocatable, "slugd: %v", err)
	case first.String() != second.String():
		p.differs(aboutAllocatable, "kubelet: %s\nslugd:   %s", first, second)
	default:
		p.counts.add(aboutAllocatable)
		p.compareStates()
	}
}

// do plays one step. The answer is the first side's; nil once the sequence is over.
func (p *player) do(step *Step) *Answer {
	if p.isOver() {
		return nil
	}
	p.steps = append(p.steps, step)
	switch step.Do {
	case doArrive:
		p.active = append(p.active, step.pod)
	case doLeave:
		p.active = slices.DeleteFunc(p.active, func(pod *Pod) bool { return pod == step.pod })
	}
	if step.Do == doImport {
		p.imports()
		return &Answer{}
	}
	p.first.SetActive(p.active)
	p.second.SetActive(p.active)
	first := p.first.Play(step)
	second := p.second.Play(step)
	p.compareAnswers(step, first, second)
	if !p.isOver() {
		p.compareStates()
	}
	if p.isOver() {
		return nil
	}
	return first
}

var abouts = map[string]string{doHints: aboutHints, doPodHints: aboutPodHints, doAllocate: aboutAllocate,
	doAllocatePod: aboutAllocatePod, doAdd: aboutAdd, doRemove: aboutRemove, doRestart: aboutRestart, doRestartSlugd: aboutRestart}

func (p *player) compareAnswers(step *Step, first, second *Answer) {
	about := abouts[step.Do]
	if about == "" {
		return
	}
	if step.Do == doRestart && (first.Refused || second.Refused) {
		p.intended(intendedRestart)
		return
	}
	p.counts.add(about)
	p.counts.look(step, first)
	if step.Do == doAdd {
		p.isUnclaimed[step.ContainerID] = len(first.Blocks) == 0
	}
	if first.Broken == "" && second.Broken == "" && first.String() == second.String() {
		return
	}
	if first.Broken == "" && second.Broken == "" && p.isPartOfApart(step) {
		p.intended(intendedPart)
		return
	}
	if step.Do == doRemove && !step.ByName && p.isUnclaimed[step.ContainerID] && len(second.Blocks) == 0 {
		p.intended(intendedUnknown)
		return
	}
	p.differs(about, "kubelet: %s\nslugd:   %s", first.Told(), second.Told())
}

// isPartOfApart tells whether a step is about a part of a group whose bytes both sides have on different NUMA nodes.
func (p *player) isPartOfApart(step *Step) bool {
	if step.Affinity == nil {
		return false
	}
	for _, node := range step.Affinity.Nodes {
		if p.apart[node] && len(p.state.Nodes[node].Group) > len(step.Affinity.Nodes) {
			return true
		}
	}
	return false
}

func (p *player) intended(which string) {
	p.counts.intend(which)
	p.ended = true
}

// imports compares what the second side makes of the first one's state file. A file in which a NUMA node is used alone and in a group
// does not say where the bytes are, and the kubelet itself may refuse it.
func (p *player) imports() {
	if p.isOver() || len(p.tainted) > 0 {
		return
	}
	second, err := p.second.Import(p.first.(*kubelet).stateFile())
	if err != nil {
		p.differs(aboutImport, "slugd: %v", err)
		return
	}
	p.counts.add(aboutImport)
	once := newPlayer(nil, nil, newCounts())
	once.compareStateWith(p.state, second)
	if once.difference != nil {
		p.differs(aboutImport, "%s", once.difference.Text)
	}
}

// States

func (p *player) compareStates() {
	first, err := p.first.State()
	if err != nil {
		p.differs(aboutState, "the kubelet: %v", err)
		return
	}
	second, err := p.second.State()
	if err != nil {
		p.differs(aboutState, "slugd: %v", err)
		return
	}
	p.lookForTakenOver(first)
	p.state = first
	p.counts.add(aboutState)
	p.compareStateWith(first, second)
}

// lookForTakenOver: a claim that has become smaller.
func (p *player) lookForTakenOver(now *State) {
	if p.state == nil {
		return
	}
	for key, blocks := range now.Claims {
		before := p.state.Claims[key]
		for i := range min(len(before), len(blocks)) {
			if blocks[i].Bytes < before[i].Bytes {
				p.counts.see(seenTakenOver)
			}
		}
	}
}

func (p *player) compareStateWith(first, second *State) {
	p.compareClaims(first.Claims, second.Claims)
	if !slices.Equal(slices.Sorted(maps.Keys(first.Nodes)), slices.Sorted(maps.Keys(second.Nodes))) {
		p.differs(aboutState, "the kubelet has NUMA nodes %v, slugd %v", slices.Sorted(maps.Keys(first.Nodes)),
			slices.Sorted(maps.Keys(second.Nodes)))
	}
	if !p.isOver() {
		p.compareNodes(first, second)
	}
}

func (p *player) compareClaims(first, second map[string]Blocks) {
	keys := map[string]bool{}
	for _, claims := range []map[string]Blocks{first, second} {
		for key := range claims {
			keys[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if first[key].String() != second[key].String() {
			p.differs(aboutState, "claim %s\nkubelet: %s\nslugd:   %s", key, first[key], second[key])
			return
		}
	}
}

func (p *player) compareNodes(first, second *State) {
	groups := groupsOf(first)
	for _, group := range groups {
		if group.isMixed {
			p.counts.see(seenMixed)
			for _, node := range group.nodes {
				p.tainted[node] = true
			}
		}
	}
	wasApart := p.apart
	p.apart = map[int]bool{}
	for id, a := range first.Nodes {
		b := second.Nodes[id]
		if a.String() == b.String() {
			if a.Assignments == 0 {
				delete(p.tainted, id)
			}
			continue
		}
		if a.Assignments != b.Assignments || !haveSameAllocatable(a, b) {
			p.differs(aboutState, "NUMA node %d\nkubelet: %s\nslugd:   %s", id, a, b)
			return
		}
		if p.tainted[id] {
			p.intended(intendedMixed)
			return
		}
		if a.Group.String() != b.Group.String() || !groups.contains(id) {
			p.differs(aboutState, "NUMA node %d\nkubelet: %s\nslugd:   %s", id, a, b)
			return
		}
		p.apart[id] = true
	}
	p.compareSums(groups, first, second)
	if p.difference == nil && len(p.apart) > 0 && len(wasApart) == 0 {
		p.counts.intend(intendedSplit)
	}
}

// compareSums is for the groups whose NUMA nodes differ one by one.
func (p *player) compareSums(groups groupList, first, second *State) {
	for _, group := range groups {
		a, b := map[string]uint64{}, map[string]uint64{}
		for _, node := range group.nodes {
			for name, amount := range first.Nodes[node].Amounts {
				a[name] += amount.Free
			}
			for name, amount := range second.Nodes[node].Amounts {
				b[name] += amount.Free
			}
		}
		if !maps.Equal(a, b) {
			p.differs(aboutState, "free on NUMA nodes {%s}\nkubelet: %v\nslugd:   %v", group.nodes, a, b)
			return
		}
	}
}

func haveSameAllocatable(a, b *NodeState) bool {
	if len(a.Amounts) != len(b.Amounts) {
		return false
	}
	for name, amount := range a.Amounts {
		if other, is := b.Amounts[name]; !is || other.Allocatable != amount.Allocatable {
			return false
		}
	}
	return true
}

// group is NUMA nodes that claims have bytes on together.
type group struct {
	nodes   Mask
	isMixed bool // its claims do not all have the same NUMA nodes
}

type groupList []group

func (l groupList) contains(node int) bool {
	return slices.ContainsFunc(l, func(g group) bool { return g.nodes.contains(node) })
}

// groupsOf joins the sets of all claims that have a NUMA node in common.
func groupsOf(state *State) groupList {
	var groups groupList
	for _, key := range slices.Sorted(maps.Keys(state.Claims)) {
		for _, block := range state.Claims[key] {
			joined := group{nodes: block.Nodes}
			var rest groupList
			for _, other := range groups {
				if !slices.ContainsFunc(other.nodes, joined.nodes.contains) {
					rest = append(rest, other)
					continue
				}
				joined.isMixed = joined.isMixed || other.isMixed || !slices.Equal(other.nodes, block.Nodes)
				joined.nodes = newMask(append(slices.Clone(joined.nodes), other.nodes...))
			}
			groups = append(rest, joined)
		}
	}
	return groups
}
