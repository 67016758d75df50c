// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// question is a line in: a kind, and text that may be anything.
type question struct {
	kind string
	text []string
}

func (q question) String() string { return fmt.Sprintf("%s %q", q.kind, q.text) }

// tell writes text so that anything can be in it.
func tell(text string) string { return "=" + hex.EncodeToString([]byte(text)) }

func (q question) line() string {
	words := []string{q.kind}
	for _, text := range q.text {
		words = append(words, tell(text))
	}
	return strings.Join(words, " ")
}

// looker is the program that answers, which stays for all questions.
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

func (l *looker) ask(q question) (string, error) {
	if _, err := fmt.Fprintln(l.in, q.line()); err != nil {
		return "", err
	}
	line, err := l.out.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("%s has ended: %w", l.command.Path, err)
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// close returns what the program has to say about itself: a sanitizer's findings, too.
func (l *looker) close() error {
	l.in.Close()
	return l.command.Wait()
}
