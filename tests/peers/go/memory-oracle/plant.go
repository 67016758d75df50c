// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// planted is a side that answers wrong: what finds no difference there finds none anywhere.
type planted struct {
	side
	what string
}

// What can be wrong. Each is the smallest of its kind; it is done to every answer that it can be done to.
var plants = map[string]func(step *Step, answer *Answer, state *State){
	"preferred": func(_ *Step, answer *Answer, _ *State) {
		if list := hintsIn(answer); len(list) > 0 {
			list[len(list)-1].Preferred = !list[len(list)-1].Preferred
		}
	},
	"order": func(_ *Step, answer *Answer, _ *State) {
		if list := hintsIn(answer); len(list) > 1 {
			list[0], list[1] = list[1], list[0]
		}
	},
	"nil-hints": func(_ *Step, answer *Answer, _ *State) {
		if answer != nil && answer.Hints != nil && len(answer.Hints.Resources) == 0 {
			answer.Hints.NoOpinion = !answer.Hints.NoOpinion
		}
	},
	"refusal": func(step *Step, answer *Answer, _ *State) {
		if answer != nil && step.Do == doAllocate && answer.Refused {
			answer.Refused = false
		}
	},
	"block": func(step *Step, answer *Answer, _ *State) {
		if answer != nil && step.Do == doAllocate && len(answer.Blocks) > 0 {
			answer.Blocks[0].Bytes++
		}
	},
	"share": func(_ *Step, answer *Answer, _ *State) {
		if answer != nil && len(answer.Shares) > 0 {
			delete(answer.Shares, slices.Sorted(maps.Keys(answer.Shares))[0])
		}
	},
	"free": func(_ *Step, _ *Answer, state *State) {
		for id := range nodesOf(state) {
			if amount := state.Nodes[id].Amounts["memory"]; state.Nodes[id].Assignments > 1 {
				state.Nodes[id].Amounts["memory"] = Amount{amount.Allocatable, amount.Free + 1}
			}
		}
	},
	"assignments": func(_ *Step, _ *Answer, state *State) {
		for id := range nodesOf(state) {
			if state.Nodes[id].Assignments > 2 {
				state.Nodes[id].Assignments--
			}
		}
	},
	"group": func(_ *Step, _ *Answer, state *State) {
		for id := range nodesOf(state) {
			if len(state.Nodes[id].Group) > 1 {
				state.Nodes[id].Group = Mask{id}
			}
		}
	},
	"import": func(*Step, *Answer, *State) {}, // see Import
	"claim": func(_ *Step, _ *Answer, state *State) {
		if state != nil && len(state.Claims) > 3 {
			delete(state.Claims, slices.Sorted(maps.Keys(state.Claims))[0])
		}
	},
}

func plantNames() string { return strings.Join(slices.Sorted(maps.Keys(plants)), ", ") }

func isPlant(name string) bool { return name == "" || plants[name] != nil }

func hintsIn(answer *Answer) []Hint {
	if answer == nil || answer.Hints == nil {
		return nil
	}
	return answer.Hints.memory()
}

func nodesOf(state *State) map[int]*NodeState {
	if state == nil {
		return nil
	}
	return state.Nodes
}

func (p *planted) Play(step *Step) *Answer {
	answer := p.side.Play(step)
	plants[p.what](step, answer, nil)
	return answer
}

func (p *planted) State() (*State, error) {
	state, err := p.side.State()
	if err == nil {
		plants[p.what](nil, nil, state)
	}
	return state, err
}

func (p *planted) Import(file string) (*State, error) {
	state, err := p.side.Import(file)
	if err == nil && p.what == "import" && len(state.Claims) > 0 {
		delete(state.Claims, slices.Sorted(maps.Keys(state.Claims))[0])
	}
	return state, err
}

// selfTest sees the kubelet agree with itself, and every plant be found.
func selfTest(o *options) {
	isGood := true
	check := func(is bool, name, why string) {
		if is {
			fmt.Printf("ok - %s\n", name)
		} else {
			fmt.Printf("not ok - %s: %s\n", name, why)
			isGood = false
		}
	}
	o.slugd, o.plant = "", ""
	found := runAll(o).found.Load()
	check(found == nil, "the kubelet agrees with itself", "it does not")
	for _, o.plant = range slices.Sorted(maps.Keys(plants)) {
		found := runAll(o).found.Load()
		check(found != nil, "a wrong answer is found; planted: "+o.plant, "nothing was found")
	}
	fmt.Printf("1..%d\n", 1+len(plants))
	if !isGood {
		os.Exit(1)
	}
}
