// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

const patience = 20 * time.Second

// peer is the plugin, and what it says.
type peer struct {
	cmd   *exec.Cmd
	lines chan string
}

func startPeer(o *options, arguments ...string) (*peer, error) {
	p := &peer{cmd: exec.Command(o.peer, arguments...), lines: make(chan string, 10000)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	go func() {
		defer close(p.lines)
		for in := bufio.NewScanner(out); in.Scan(); {
			p.lines <- in.Text()
		}
	}()
	return p, nil
}

func (p *peer) end() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// expect is the next line that begins so; what comes before it is not looked at.
func (p *peer) expect(begin string) (string, error) {
	var before []string
	limit := time.After(patience)
	for {
		select {
		case line, is := <-p.lines:
			switch {
			case !is:
				return "", fmt.Errorf("the plugin has ended; there was no %q, but %q", begin, before)
			case strings.HasPrefix(line, begin):
				return line, nil
			}
			before = append(before, line)
		case <-limit:
			return "", fmt.Errorf("the plugin does not say %q, but %q", begin, before)
		}
	}
}

// expectLines is expect for each of them, one after the other.
func (p *peer) expectLines(lines ...string) error {
	for _, line := range lines {
		got, err := p.expect(line)
		if err != nil {
			return err
		}
		if got != line {
			return fmt.Errorf("the plugin says %q, not %q", got, line)
		}
	}
	return nil
}
