// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Case is a sequence as it was played: what is needed to play it again.
type Case struct {
	Seed     uint64          `json:"seed"`
	Sequence int             `json:"sequence"`
	Machine  *Machine        `json:"machine"`
	Pods     map[string]*Pod `json:"pods"`
	Steps    []*Step         `json:"steps"`
}

func newCase(seed uint64, number int, m *Machine, steps []*Step) *Case {
	c := &Case{Seed: seed, Sequence: number, Machine: m, Steps: steps}
	c.keepUsedPods()
	return c
}

func (c *Case) keepUsedPods() {
	c.Pods = map[string]*Pod{}
	for _, step := range c.Steps {
		if step.pod != nil {
			c.Pods[step.pod.UID] = step.pod
		}
	}
}

func readCase(path string) (*Case, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &Case{}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, err
	}
	for i, step := range c.Steps {
		step.pod = c.Pods[step.PodUID]
		if step.PodUID != "" && step.pod == nil {
			return nil, fmt.Errorf("%s: step %d has a pod that is not there", path, i)
		}
	}
	return c, nil
}

func (c *Case) write(path string) error {
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// play plays the steps on sides of its own.
func (c *Case) play(o *options) (*player, error) {
	dir, err := os.MkdirTemp(o.dir, "case-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	p, err := newSides(o, c.Machine, dir, newCounts())
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.begin()
	for _, step := range c.Steps {
		p.do(step)
	}
	return p, nil
}

// shrink leaves steps out as long as there is a difference of the same kind without them. Later ones go first: they are the likeliest
// not to matter.
func (c *Case) shrink(o *options, difference *Difference) *Difference {
	deadline := time.Now().Add(o.shrinkFor)
	for chunk := max(len(c.Steps)/2, 1); ; {
		isSmaller := false
		for end := len(c.Steps); end > 0 && time.Now().Before(deadline); end -= chunk {
			without := arrived(slices.Delete(slices.Clone(c.Steps), max(end-chunk, 0), end))
			p, err := (&Case{Machine: c.Machine, Steps: without}).play(o)
			if err == nil && p.difference != nil && p.difference.About == difference.About {
				c.Steps, difference, isSmaller = p.steps, p.difference, true
			}
			end = min(end, len(c.Steps)+chunk)
		}
		if !isSmaller && chunk == 1 || time.Now().After(deadline) {
			break
		}
		chunk = max(chunk/2, 1)
	}
	c.keepUsedPods()
	return difference
}

// arrived leaves out what is done with pods that are not there: the kubelet is never asked about one, and would answer by accident.
func arrived(steps []*Step) []*Step {
	var kept []*Step
	is := map[string]bool{"": true, nobody.UID: true}
	for _, step := range steps {
		if step.Do == doArrive {
			is[step.PodUID] = true
		}
		if is[step.PodUID] {
			kept = append(kept, step)
		}
		if step.Do == doLeave {
			delete(is, step.PodUID)
		}
	}
	return kept
}

// tell prints a case for a person.
func (c *Case) tell(difference *Difference) string {
	text := fmt.Sprintf("seed %d, sequence %d: %s differ\n", c.Seed, c.Sequence, difference.About)
	for _, node := range c.Machine.Nodes {
		text += fmt.Sprintf("  NUMA node %d: %d KiB, pages %v of %v KiB, %d bytes reserved\n", node.ID, node.KiB, node.Pages,
			c.Machine.PageKiBs, node.Reserved)
	}
	for i, step := range c.Steps {
		text += fmt.Sprintf("  step %d: %s\n", i+1, step)
	}
	for _, uid := range sortedKeys(c.Pods) {
		spec, _ := json.Marshal(c.Pods[uid])
		text += fmt.Sprintf("  %s\n", spec)
	}
	return text + "after the last step:\n" + difference.Text + "\n"
}

func (c *Case) path(o *options) string {
	return filepath.Join(o.out, fmt.Sprintf("memory-oracle-%d-%d.json", c.Seed, c.Sequence))
}
