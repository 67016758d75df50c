// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// check is one of the things that are looked at for every machine: it goes well for all of them, or is told once.
type check struct {
	name   string
	n      int // how often it was looked at
	failed string
}

func (c *check) note(difference string) {
	c.n++
	if c.failed == "" {
		c.failed = difference
	}
}

// session is a run over all machines.
type session struct {
	o      *options
	looker *looker
	plant  func(*Answer) // makes an answer wrong; nil for none

	now, former, cut, zeros, torn, replaced check
	before                                  machineText // of the machine before
}

func newSession(o *options, plant func(*Answer)) (*session, error) {
	looker, err := newLooker(o.look)
	return &session{
		o: o, looker: looker, plant: plant,
		now:      check{name: "what the kubelet of now has written is read as it was meant"},
		former:   check{name: "what kubelets have written since 1.27 is, too"},
		cut:      check{name: "a file that is cut off is never taken for a whole one"},
		zeros:    check{name: "nor is one whose end was never written"},
		torn:     check{name: "one that is made of two is refused, or is what any reader of JSON takes it for"},
		replaced: check{name: "one that is replaced while it is read is read whole"},
	}, err
}

func (s *session) checks() []*check {
	return []*check{&s.now, &s.former, &s.cut, &s.zeros, &s.torn, &s.replaced}
}

func (s *session) look(root string) (*Answer, error) {
	answer, err := s.looker.look(root)
	if err == nil && s.plant != nil {
		s.plant(answer)
	}
	return answer, err
}

// expect looks at root, and notes what differs.
func (s *session) expect(c *check, number int, root string, expected *Answer) error {
	got, err := s.look(root)
	if err != nil {
		return err
	}
	difference := differ(expected, got)
	if difference != "" && c.failed == "" {
		difference = fmt.Sprintf("machine %d of seed %d, left in %s: %s", number, s.o.seed, s.leave(number, root), difference)
	}
	c.note(difference)
	return nil
}

// leave keeps a machine that differs for a person to look at.
func (s *session) leave(number int, root string) string {
	if s.plant != nil {
		return root
	}
	kept := filepath.Join(s.o.out, fmt.Sprintf("kubelet-files-%d-%d", s.o.seed, number))
	err := os.RemoveAll(kept)
	if err == nil {
		err = os.CopyFS(kept, os.DirFS(root))
	}
	if err != nil {
		return err.Error()
	}
	return kept
}

func (s *session) machine(number int) error {
	root, err := os.MkdirTemp(s.o.dir, "machine-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(root)
	d := newDrawer(s.o.seed, number)
	if number%4 == 3 {
		expected, err := writeFormer(d, root)
		if err != nil {
			return err
		}
		return s.expect(&s.former, number, root, expected)
	}
	expected, err := writeMachine(d, root)
	if err != nil {
		return err
	}
	if err := s.expect(&s.now, number, root, expected); err != nil {
		return err
	}
	return s.damage(d, number, root)
}

// run is all machines, or up to the first that differs.
func (s *session) run() error {
	for number := range s.o.files {
		if err := s.machine(number); err != nil {
			return fmt.Errorf("machine %d of seed %d: %w", number, s.o.seed, err)
		}
		for _, c := range s.checks() {
			if c.failed != "" {
				return nil
			}
		}
	}
	return s.replace()
}

func compare(o *options) {
	s, err := newSession(o, nil)
	if err == nil {
		err = s.run()
	}
	if err != nil {
		fail(err)
	}
	n, hasFailed := 0, false
	for _, c := range s.checks() {
		n++
		switch {
		case c.failed != "":
			fmt.Printf("not ok - %s: %s\n", c.name, c.failed)
			hasFailed = true
		case c.n == 0 && !hasFailed:
			fmt.Printf("not ok - %s: it was never looked at\n", c.name)
		default:
			fmt.Printf("ok - %s\n", c.name)
		}
		fmt.Printf("looked at %d times\n", c.n)
	}
	if err := s.looker.close(); err != nil {
		fail(err)
	}
	fmt.Printf("1..%d\n", n)
	if hasFailed {
		os.Exit(1)
	}
}
