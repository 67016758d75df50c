// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// A sequence is a machine, and 10 to 60 steps or a few more: pods come, start, restart and go, and the kubelet starts again. What is
// done next depends on the kubelet's answers only, so that a seed and a number make the same sequence each time.
type sequence struct {
	r       *rand.Rand
	machine *Machine
	player  *player
	maker   podMaker
	pods    []*admitted
	n       int // of container ids
}

// admitted is a pod that the kubelet has taken.
type admitted struct {
	pod       *Pod
	isPodWide bool     // allocated as a whole
	started   int      // containers that have been started, in their order
	ids       []string // by container, "" for those that are removed
	isThinned bool     // one of its containers was removed
}

func newSequence(seed uint64, number int, podLevel bool) (*sequence, *Machine) {
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	machine := newMachine(r, podLevel)
	return &sequence{r: r, machine: machine, maker: podMaker{r: r, machine: machine}}, machine
}

func (q *sequence) run(p *player) {
	q.player = p
	p.begin()
	most := 10 + q.r.IntN(51)
	for len(p.steps) < most && !p.isOver() {
		q.next()
	}
	if chance(q.r, 30) {
		q.player.do(&Step{Do: doImport})
	}
	// in the end all of them go, and nothing may be left; any call will do for that to be seen
	for len(q.pods) > 0 && !p.isOver() {
		q.leave(q.pods[0])
	}
	if !p.isOver() {
		q.player.do(&Step{Do: doHints, PodUID: nobody.UID, Container: "app", pod: nobody})
	}
}

var nobody = &Pod{UID: "00000000-0000-4000-8000-000000000000", Namespace: "default", Name: "nobody", Containers: []Container{{Name: "app"}}}

func (q *sequence) next() {
	what := q.r.IntN(100)
	switch {
	case len(q.pods) == 0 || what < 45:
		q.arrive()
	case what < 65:
		one := pick(q.r, q.pods...)
		for range 1 + q.r.IntN(3) {
			q.start(one)
		}
	case what < 72:
		q.remove(pick(q.r, q.pods...))
	case what < 86:
		q.leave(pick(q.r, q.pods...))
	case what < 94:
		q.readmit(pick(q.r, q.pods...))
	case what < 97:
		q.restart()
	default:
		q.player.do(&Step{Do: doRestartSlugd})
	}
}

func (q *sequence) step(do string, pod *Pod, container string, affinity *Affinity) *Answer {
	return q.player.do(&Step{Do: do, PodUID: pod.UID, Container: container, Affinity: affinity, pod: pod})
}

// arrive admits a pod as the topology manager does it, in one of its two scopes; one that is refused leaves.
func (q *sequence) arrive() {
	one := &admitted{pod: q.maker.next(q.player.state)}
	one.ids = make([]string, len(one.pod.all()))
	q.step(doArrive, one.pod, "", nil)
	if q.admit(one) {
		q.pods = append(q.pods, one)
	} else {
		q.step(doLeave, one.pod, "", nil)
	}
}

func (q *sequence) admit(one *admitted) bool {
	if !chance(q.r, 25) && !(one.isPodWide || one.pod.Resources != nil && chance(q.r, 60)) {
		return q.admitContainers(one, nil)
	}
	answer := q.step(doPodHints, one.pod, "", nil)
	if answer == nil {
		return false
	}
	affinity := q.decide(answer.Hints)
	if one.pod.Resources == nil || !q.machine.PodLevel {
		return q.admitContainers(one, &decided{affinity})
	}
	one.isPodWide = true
	answer = q.step(doAllocatePod, one.pod, "", affinity)
	return answer != nil && !answer.Refused
}

// decided is a decision for all containers of a pod.
type decided struct{ affinity *Affinity }

func (q *sequence) admitContainers(one *admitted, decided *decided) bool {
	for _, c := range one.pod.all() {
		var affinity *Affinity
		if decided != nil {
			affinity = decided.affinity
		} else {
			answer := q.step(doHints, one.pod, c.Name, nil)
			if answer == nil {
				return false
			}
			affinity = q.decide(answer.Hints)
		}
		answer := q.step(doAllocate, one.pod, c.Name, affinity)
		if answer == nil || answer.Refused {
			return false
		}
	}
	return true
}

// decide makes a decision out of hints as a topology manager could: its own policy, other providers of hints and their masks are
// all that is between them.
func (q *sequence) decide(hints *Hints) *Affinity {
	list := hints.memory()
	all := q.machine.nodeIDs()
	switch what := q.r.IntN(100); {
	case what < 12:
		return nil
	case what < 15:
		return &Affinity{nil, chance(q.r, 50)}
	case what < 20:
		return &Affinity{q.part(all), chance(q.r, 30)}
	case len(list) == 0:
		return &Affinity{all, hints.NoOpinion || len(hints.Resources) == 0}
	case what < 75:
		return bestOf(list)
	case what < 88:
		hint := pick(q.r, list...)
		return &Affinity{hint.Nodes, hint.Preferred}
	default:
		return &Affinity{q.part(pick(q.r, list...).Nodes), chance(q.r, 20)}
	}
}

// part is some of the NUMA nodes, and not none.
func (q *sequence) part(of Mask) Mask {
	var some []int
	for _, node := range of {
		if chance(q.r, 50) {
			some = append(some, node)
		}
	}
	if len(some) == 0 {
		some = append(some, pick(q.r, of...))
	}
	return newMask(some)
}

func bestOf(list []Hint) *Affinity {
	best := list[0]
	for _, hint := range list[1:] {
		if hint.Preferred && !best.Preferred || hint.Preferred == best.Preferred && len(hint.Nodes) < len(best.Nodes) {
			best = hint
		}
	}
	return &Affinity{best.Nodes, best.Preferred}
}

// start starts the next container of a pod, or an earlier one once more.
func (q *sequence) start(one *admitted) {
	all := one.pod.all()
	i := one.started
	if i == len(all) {
		i = q.r.IntN(len(all))
		if one.ids[i] != "" {
			return
		}
	} else {
		one.started++
	}
	for j := range min(i, len(one.pod.Init)) {
		if all[j].RestartPolicy == "" {
			// it is done, and the kubelet has taken its memory back
			one.ids[j] = ""
		}
	}
	q.n++
	one.ids[i] = fmt.Sprintf("containerd-%08x%04d", q.r.Uint32(), q.n)
	q.player.do(&Step{Do: doAdd, PodUID: one.pod.UID, Container: all[i].Name, ContainerID: one.ids[i], pod: one.pod})
}

func (q *sequence) remove(one *admitted) {
	i := q.r.IntN(len(one.ids))
	if one.ids[i] == "" {
		return
	}
	one.isThinned = true
	q.player.do(&Step{Do: doRemove, PodUID: one.pod.UID, Container: one.pod.all()[i].Name, ContainerID: one.ids[i],
		ByName: chance(q.r, 50), pod: one.pod})
	one.ids[i] = ""
}

func (q *sequence) leave(one *admitted) {
	q.step(doLeave, one.pod, "", nil)
	q.pods = slices.DeleteFunc(q.pods, func(other *admitted) bool { return other == one })
}

// readmit is what a kubelet does with all pods after its start; as long as no init container is done, nothing changes by it.
func (q *sequence) readmit(one *admitted) {
	if one.isPodWide || one.isThinned || len(one.pod.Init) > 0 && one.started > 1 {
		return
	}
	q.player.do(&Step{Do: doPodHints, PodUID: one.pod.UID, pod: one.pod})
	if !q.admitContainers(one, nil) && !q.player.isOver() {
		q.leave(one)
	}
}

// restart starts the kubelet again: it admits all of its pods once more, even those whose init containers are done. A pod that it
// allocates as a whole is left as it is: it would count its bytes twice. One that has lost a container goes: no kubelet has such.
func (q *sequence) restart() {
	q.player.do(&Step{Do: doRestart})
	for _, one := range slices.Clone(q.pods) {
		if q.player.isOver() {
			return
		}
		if one.isPodWide {
			continue
		}
		if one.isThinned || !q.admitContainers(one, nil) {
			q.leave(one)
		}
	}
}
