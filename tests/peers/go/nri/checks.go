// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/containerd/nri/pkg/api"
)

var ctx = context.Background()

// bed is one runtime and one plugin that it has admitted.
type bed struct {
	*runtime
	*peer
}

// begin waits for the plugin, and for nothing that it says.
func begin(o *options, nPods, nContainers, size int, arguments ...string) (*bed, error) {
	socket := filepath.Join(o.dir, "nri.sock")
	r, err := newRuntime(socket, nPods, nContainers, size)
	if err != nil {
		return nil, err
	}
	r.started()
	p, err := startPeer(o, append(arguments, socket)...)
	if err != nil {
		return nil, err
	}
	r.admit()
	return &bed{r, p}, nil
}

func (b *bed) end() {
	b.peer.end()
	b.Stop()
}

func (b *bed) greeted() error {
	return b.expectLines("connected "+runtimeName+" "+runtimeVersion,
		fmt.Sprintf("Synchronize %d %d", len(b.pods), len(b.containers)))
}

// create asks for a container, and wants an annotation of so many bytes in the answer.
func (b *bed) create(i, size int) error {
	c := container(i, map[string]string{"answer": strconv.Itoa(size)})
	answer, err := b.CreateContainer(ctx, &api.CreateContainerRequest{Pod: pod(i), Container: c})
	if err != nil {
		return err
	}
	got, is := answer.GetAdjust().GetAnnotations()["answered"]
	if !is || len(got) != size {
		return fmt.Errorf("container %d: %d bytes of an answer, expected are %d (there is one: %v)", i, len(got), size, is)
	}
	for k := range len(got) {
		if got[k] != byte('a'+k%26) {
			return fmt.Errorf("container %d: byte %d of %d is %q", i, k, size, got[k])
		}
	}
	return nil
}

func (b *bed) createMany() error {
	for i := range 100 {
		if err := b.create(i, 4500+100*i); err != nil {
			return err
		}
	}
	return nil
}

func (b *bed) createAround() error {
	for size := 4000; size < 4120; size++ {
		if err := b.create(size, size); err != nil {
			return err
		}
	}
	return nil
}

func (b *bed) createLarge() error {
	c := container(1, map[string]string{"answer": "2000000"})
	c.Env = []string{"A=" + strings.Repeat("x", 3000000)}
	answer, err := b.CreateContainer(ctx, &api.CreateContainerRequest{Pod: pod(1), Container: c})
	if err == nil && len(answer.GetAdjust().GetAnnotations()["answered"]) != 2000000 {
		err = errors.New("there is no answer of 2000000 bytes")
	}
	return err
}

// changeMany lets the plugin ask for updates of so many containers, of which some fail.
func (b *bed) changeMany(n, nFailing int) error {
	b.lock.Lock()
	b.updates, b.nFailing = nil, nFailing
	b.lock.Unlock()
	if err := b.start(ctx, pod(1), container(1, map[string]string{"update": strconv.Itoa(n)})); err != nil {
		return err
	}
	if err := b.expectLines(fmt.Sprintf("updated, %d failed", nFailing)); err != nil {
		return err
	}
	b.lock.Lock()
	defer b.lock.Unlock()
	if len(b.updates) != n || b.updates[n-1].ContainerId != fmt.Sprintf("container-%d", n-1) {
		return fmt.Errorf("%d updates, %d are expected", len(b.updates), n)
	}
	return nil
}

func (b *bed) tellEvents() error {
	for i, e := range events {
		if err := e.relay(b.runtime, ctx, pod(i), container(i, nil)); err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		who := "container"
		if strings.HasSuffix(e.name, "Sandbox") {
			who = "pod"
		}
		if err := b.expectLines(fmt.Sprintf("%s %s-%d", e.name, who, i)); err != nil {
			return err
		}
	}
	if len(b.deprecated) > 0 {
		return fmt.Errorf("the runtime has recorded %q", b.deprecated)
	}
	return nil
}

func (b *bed) tellRequests() error {
	_, err := b.UpdateContainer(ctx, &api.UpdateContainerRequest{Pod: pod(1), Container: container(1, nil)})
	if err == nil {
		_, err = b.StopContainer(ctx, &api.StopContainerRequest{Pod: pod(2), Container: container(2, nil)})
	}
	if err != nil {
		return err
	}
	return b.expectLines("UpdateContainer container-1", "StopContainer container-2")
}

// waitFor: a plugin whose owner is silent has answered, and has its place still.
func (b *bed) waitFor() error {
	began := time.Now()
	silent := container(1, map[string]string{"silent": ""})
	answer, err := b.CreateContainer(ctx, &api.CreateContainerRequest{Pod: pod(1), Container: silent})
	took := time.Since(began)
	if err != nil || answer.GetAdjust() != nil && len(answer.Adjust.Annotations) > 0 {
		return fmt.Errorf("%v, %v", answer, err)
	}
	if took < time.Second || took > 2*time.Second {
		return fmt.Errorf("it took %v", took)
	}
	if err := b.expectLines("a call is gone"); err != nil {
		return err
	}
	return b.create(1, 10)
}

func sessions(o *options, c *checks) {
	b, err := begin(o, 600, 1200, 1700)
	if err != nil {
		c.say("a session", err)
		return
	}
	defer b.end()
	way := "StateChange"
	if byMethods {
		way = "methods of their own"
	}
	c.say("it registers, is configured, and takes 1200 containers in 2 MB", b.greeted())
	c.say("100 containers with answers of 4.5 to 14.5 KB", b.createMany())
	c.say("answers of every length from 4000 to 4119", b.createAround())
	c.say("a request of 3 MB, and an answer of 2 MB", b.createLarge())
	c.say("an update of 2 containers", b.changeMany(2, 0))
	c.say("an update of 200 containers, more than 4096 bytes, of which 7 fail", b.changeMany(200, 7))
	c.say("an update of 100000 containers, 2 MB, of which all fail", b.changeMany(100000, 100000))
	c.say("events, by "+way, b.tellEvents())
	c.say("UpdateContainer and StopContainer", b.tellRequests())
	c.say("an owner that says nothing: answered within 2 s, and the plugin stays", b.waitFor())
}

// states is a state that is larger than a message may be.
func states(o *options, c *checks) {
	if !hasParts {
		return
	}
	b, err := begin(o, 1000, 4000, 2500)
	if err != nil {
		c.say("a state in parts", err)
		return
	}
	defer b.end()
	c.say("a state of 10 MB, in parts", b.greeted())
	c.say("and a container after it", b.create(1, 5000))
}

// served is a runtime that can be killed.
type served struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startServed(o *options, socket string) (*served, error) {
	s := &served{cmd: exec.Command(os.Args[0], "-serve", socket)}
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	s.lines = bufio.NewScanner(out)
	return s, err
}

func (s *served) admits() error {
	if !s.lines.Scan() || s.lines.Text() != "a plugin" {
		return fmt.Errorf("the runtime says %q", s.lines.Text())
	}
	return nil
}

func (s *served) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// restarts: the plugin is there before the runtime is, and stays when that is killed and comes again.
func restarts(o *options, c *checks) {
	dir := filepath.Join(o.dir, "run", "nri")
	socket := filepath.Join(dir, "nri.sock")
	p, err := startPeer(o, socket)
	if err != nil {
		c.say("restarts", err)
		return
	}
	defer p.end()
	_, err = p.expect("lost: " + socket)
	c.say("a plugin that is there before its runtime", err)
	for i := range 5 {
		s, err := startServed(o, socket)
		if err == nil {
			err = s.admits()
		}
		if err == nil {
			err = p.expectLines("connected "+runtimeName+" "+runtimeVersion, "Synchronize 1 1")
		}
		c.say(fmt.Sprintf("runtime %d: registered", i+1), err)
		s.kill()
		c.say(fmt.Sprintf("runtime %d, killed: it is seen", i+1), p.expectLines("lost: the runtime has closed the connection"))
	}
}
