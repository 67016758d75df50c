// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// What is asked, and what it is told to be.
var kinds = []struct{ kind, name string }{
	{"name", "components become the kubelet's paths, and what it panics at is refused"},
	{"root", "a cgroupRoot has its kubepods where the kubelet has it"},
	{"systemd", "a path of the systemd driver is the kubelet's name"},
	{"cgroupfs", "a path of the cgroupfs driver is the kubelet's name"},
}

// questions are those of one kind, by hand and drawn.
func questions(o *options, kind string) []question {
	var all []question
	for _, q := range byHand {
		if q.kind == kind {
			all = append(all, q)
		}
	}
	for number := range o.names {
		all = append(all, newDrawer(o.seed, number).question(kind))
	}
	return all
}

// plant makes an answer wrong, in one of a few ways.
func plant(answer string, number int) string {
	if answer == refused {
		return []string{"+", "=61 =61"}[number%2]
	}
	return []string{answer + "61", answer + " =61", refused}[number%3]
}

// tally is how many questions of a kind there were, how many slug refused, and the first difference.
type tally struct {
	n, refused, unseen int
	difference         string
}

func ask(o *options, l *looker, kind string) (*tally, error) {
	t := &tally{}
	for number, q := range questions(o, kind) {
		got, err := l.ask(q)
		if err != nil {
			return nil, err
		}
		if got == refused {
			t.refused++
		}
		if o.isSelfTest {
			got = plant(got, number)
		}
		t.n++
		expected := expect(q)
		if got == expected {
			t.unseen++
		} else if t.difference == "" {
			t.difference = fmt.Sprintf("%v: expected %s, got %s", q, expected, got)
		}
	}
	return t, nil
}

// run asks all, and tells a line for each kind.
func run(o *options, l *looker) error {
	for _, kind := range kinds {
		t, err := ask(o, l, kind.kind)
		if err != nil {
			return err
		}
		switch {
		case o.isSelfTest && t.unseen > 0:
			fmt.Printf("not ok - %s: %d wrong answers of %d were not seen\n", kind.kind, t.unseen, t.n)
		case o.isSelfTest:
			fmt.Printf("ok - %s, %d answers made wrong: all of them are seen\n", kind.kind, t.n)
		case t.difference != "":
			fmt.Printf("not ok - %s: seed %d, %s\n", kind.name, o.seed, t.difference)
		case t.refused == 0 || t.refused == t.n:
			fmt.Printf("not ok - %s: %d of %d were refused\n", kind.name, t.refused, t.n)
		default:
			fmt.Printf("ok - %s (%d, %d of them refused)\n", kind.name, t.n, t.refused)
		}
	}
	fmt.Printf("1..%d\n", len(kinds))
	return nil
}
