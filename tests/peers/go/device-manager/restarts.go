// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// part is one of the three that may end at any time.
type part struct {
	name        string
	kill, start func(*node) error
}

var parts = map[byte]part{
	'k': {"kubelet", (*node).killKubelet, (*node).startKubelet},
	'p': {"slug-kubelet", (*node).killPlugin, (*node).startPlugin},
	's': {"slugd", (*node).killSlugd, (*node).startSlugd},
}

// The rows of the table: a capital is killed, a small letter is started, without waiting for anything between them.
var restarts = []string{
	"Pp", "Kk", "Ss", // one; a plugin that was left often in a short time takes its time, a new one does not
	"PKpk", "PKkp", "SPsp", "SPps", "SKsk", "SKks", // two
	"KPSkps", "KPSksp", "KPSpks", "KPSpsk", "KPSskp", "KPSspk", // all are away at once
	"KkPpSs", "KkSsPp", "PpKkSs", "PpSsKk", "SsKkPp", "SsPpKk", // each before the next one is away
}

func restartName(steps string) string {
	var words []string
	for i := range steps {
		verb := "start"
		if steps[i] < 'a' {
			verb = "kill"
		}
		words = append(words, verb+" "+parts[steps[i]|0x20].name)
	}
	return strings.Join(words, ", ")
}

func (n *node) play(steps string) error {
	for i := range steps {
		part := parts[steps[i]|0x20]
		do := part.start
		if steps[i] < 'a' {
			do = part.kill
		}
		if err := do(n); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// state is what must survive: which pod has what, and what its container is told.
func (n *node) state() (map[string][]string, error) {
	state := map[string][]string{}
	for _, pod := range n.activePods() {
		options, err := n.kubelet.options(pod)
		if err != nil {
			return nil, err
		}
		told := []string{}
		for _, one := range options.Annotations {
			told = append(told, one.Name+"="+one.Value)
		}
		for _, one := range options.Envs {
			told = append(told, one.Name+"="+one.Value)
		}
		slices.Sort(told)
		state[pod.Name] = append(n.kubelet.held(pod), told...)
	}
	return state, nil
}

// survives plays restarts among pods that have chunks, at once after another one has left, about which nobody has heard. Afterwards
// each has what it had, and a new pod is given what nobody has, the chunks of the one that left, too. It leaves without a word.
func (n *node) survives(steps string) error {
	before, err := n.state()
	if err != nil {
		return err
	}
	if err := n.play(steps); err != nil {
		return err
	}
	if err := n.survive(); err != nil {
		return err
	}
	after, err := n.state()
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(before, after) {
		return fmt.Errorf("pods had %v, and have %v", before, after)
	}
	pod, err := n.giveRest()
	if err != nil {
		return err
	}
	err = n.agree()
	n.removePod(pod)
	return err
}

// giveRest gives what is left to the last chunk, so that one given twice would be seen.
func (n *node) giveRest() (*v1.Pod, error) {
	_, free := n.kubelet.capacity(resource64)
	for _, pod := range n.activePods() {
		free -= len(n.kubelet.held(pod))
	}
	return n.give("rest", free)
}

// releases sees that a pod goes which left at once before slugd was killed, when what slugd wrote of it is in its log. Without that
// line its chunks are claimed for nobody, and stay so for minutes, unless they are given again.
func (n *node) releases(steps string) error {
	pod, err := n.giveRest()
	if err != nil {
		return err
	}
	if err := n.agree(); err != nil {
		return err
	}
	line := fmt.Sprintf(`"uid":"%s","container":"app"`, pod.UID)
	isLogged := func() bool {
		log, _ := os.ReadFile(n.path("var/lib/slug/ledger.log"))
		return strings.Contains(string(log), line)
	}
	if !await(isLogged) {
		return fmt.Errorf("slugd does not write that pod %s has chunks", pod.Name)
	}
	n.removePod(pod)
	if err := n.play(steps); err != nil {
		return err
	}
	return n.agree()
}

// restartAll plays the whole table.
func restartAll(n *node, check func(string, error)) {
	for i := range 2 {
		if _, err := n.give(fmt.Sprintf("stays-%d", i), 3+i); err != nil {
			check("pods that stay", err)
			return
		}
	}
	if err := n.agree(); err != nil {
		check("pods that stay", err)
		return
	}
	for _, steps := range restarts {
		if n.kubelet == nil || n.plugin == nil || n.slugd == nil {
			check(restartName(steps), fmt.Errorf("somebody did not start before"))
			continue
		}
		check(restartName(steps), n.survives(steps))
	}
	for _, steps := range []string{"Ss", "SPsp", "KPSksp"} {
		if n.kubelet == nil || n.plugin == nil || n.slugd == nil {
			return // that was said
		}
		check("a pod leaves, "+restartName(steps), n.releases(steps))
	}
}
