// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// What a file is read as.
const (
	resultRead    = "read"
	resultAbsent  = "absent"
	resultInvalid = "invalid"
)

// Resources are quantities as text, those that have to do with memory.
type Resources struct {
	Requests map[string]string `json:"requests"`
	Limits   map[string]string `json:"limits"`
}

type Pod struct {
	Resources  Resources            `json:"resources"`
	Containers map[string]Resources `json:"containers"`
}

type Allocations struct {
	Result  string         `json:"result"`
	Problem string         `json:"problem"`
	Pods    map[string]Pod `json:"pods"`
}

type Entry struct {
	Pod       string   `json:"pod"`
	Container string   `json:"container"`
	Resource  string   `json:"resource"`
	IDs       []string `json:"ids"`
}

type Devices struct {
	Result  string  `json:"result"`
	Problem string  `json:"problem"`
	Entries []Entry `json:"entries"`
}

// Answer is what there is to be read on a machine, or what was read.
type Answer struct {
	Allocations Allocations `json:"allocations"`
	Devices     Devices     `json:"devices"`
}

// looker is the program that reads, which stays for all machines.
type looker struct {
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
}

func newLooker(path string) (*looker, error) {
	l := &looker{command: exec.Command(path)}
	l.command.Stderr = os.Stderr
	in, err := l.command.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := l.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	l.in, l.out = in, bufio.NewReader(out)
	return l, l.command.Start()
}

func (l *looker) look(root string) (*Answer, error) {
	if _, err := fmt.Fprintln(l.in, root); err != nil {
		return nil, err
	}
	line, err := l.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("%s has ended: %w", l.command.Path, err)
	}
	answer := &Answer{}
	return answer, json.Unmarshal(line, answer)
}

// close returns what the program has to say about itself: a sanitizer's findings, too.
func (l *looker) close() error {
	l.in.Close()
	return l.command.Wait()
}
