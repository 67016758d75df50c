// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// slugd is the real daemon on a machine of files, asked over its socket.
type slugd struct {
	machine *Machine
	dir     string
	path    string
	process *exec.Cmd
	ended   chan error
	client  *http.Client
	active  []*Pod
}

// Nothing here takes so long; it bounds a failure.
const patience = 30 * time.Second

// What slugd answers when it does what the kubelet does by refusing. Everything else is a fault.
var refusals = map[string]bool{"resource_exhausted": true, "failed_precondition": true}

func newSlugd(path string, m *Machine, dir string) (*slugd, error) {
	s := &slugd{machine: m, dir: dir, path: path}
	if err := m.write(filepath.Join(dir, "root")); err != nil {
		return nil, err
	}
	return s, s.start()
}

// start runs slugd and waits until it says that it is ready.
func (s *slugd) start() error {
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(s.dir, "notify"), Net: "unixgram"})
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Join(s.dir, "notify"))
	defer notify.Close()
	log, err := os.OpenFile(s.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	socket := filepath.Join(s.dir, "socket")
	s.process = exec.Command(s.path, "--root", filepath.Join(s.dir, "root"), "--socket", socket, "--foreground", "--log-level", "notice")
	s.process.Env = append(os.Environ(), "NOTIFY_SOCKET="+filepath.Join(s.dir, "notify"))
	s.process.Stdout, s.process.Stderr = log, log
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		return err
	}
	s.ended = make(chan error, 1)
	go func() { s.ended <- s.process.Wait() }()
	if err := s.waitReady(notify); err != nil {
		s.end(syscall.SIGKILL)
		said, _ := os.ReadFile(s.logPath())
		return fmt.Errorf("%w; slugd says: %s", err, bytes.TrimSpace(said))
	}
	s.client = &http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}}
	return nil
}

func (s *slugd) logPath() string { return filepath.Join(s.dir, "slugd.log") }

func (s *slugd) waitReady(notify *net.UnixConn) error {
	ready := make(chan error, 1)
	go func() {
		said := make([]byte, 4096)
		for {
			n, err := notify.Read(said)
			if err != nil || strings.Contains("\n"+string(said[:n]), "\nREADY=1") {
				ready <- err
				return
			}
		}
	}()
	select {
	case err := <-ready:
		return err
	case err := <-s.ended:
		s.ended <- err
		return fmt.Errorf("slugd ends instead of starting: %v", err)
	case <-time.After(patience):
		return errors.New("slugd does not say that it is ready")
	}
}

// end sends a signal, and waits.
func (s *slugd) end(signal os.Signal) error {
	if s.client != nil {
		s.client.CloseIdleConnections()
	}
	s.process.Process.Signal(signal)
	return <-s.ended
}

func (s *slugd) Close() { s.end(syscall.SIGTERM) }

// call makes one call of Connect. A refusal is a *refusal.
func (s *slugd) call(method string, request, response any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	url := "http://slug/slug.v1.MemoryManagerService/" + method
	answer, err := s.client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	decoder := json.NewDecoder(answer.Body)
	if answer.StatusCode != http.StatusOK {
		var e refusal
		if err := decoder.Decode(&e); err != nil || e.Code == "" {
			return fmt.Errorf("%s: HTTP status %d", method, answer.StatusCode)
		}
		return &e
	}
	if err := decoder.Decode(response); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

func (s *slugd) SetActive(pods []*Pod) { s.active = pods }

func (s *slugd) activePods() *wireActivePods {
	list := &wireActivePods{Pods: []wireActivePod{}}
	for _, pod := range s.active {
		one := wireActivePod{UID: pod.UID}
		for _, c := range pod.all() {
			one.Containers = append(one.Containers, c.Name)
		}
		list.Pods = append(list.Pods, one)
	}
	return list
}

func (s *slugd) request(step *Step) *wireRequest {
	request := &wireRequest{Pod: step.pod, Container: step.Container, Mode: "HINT_MODE_KUBELET", Active: s.activePods()}
	if step.Affinity != nil {
		request.Affinity = &wireAffinity{step.Affinity.Nodes.String(), step.Affinity.Preferred}
	}
	return request
}

func (s *slugd) Play(step *Step) *Answer {
	answer := &Answer{}
	var err error
	switch step.Do {
	case doHints:
		answer.Hints, err = s.hints("GetTopologyHints", s.request(step))
	case doPodHints:
		answer.Hints, err = s.hints("GetPodTopologyHints", s.request(step))
	case doAllocate:
		err = s.allocate(step, answer)
	case doAllocatePod:
		err = s.allocatePod(step, answer)
	case doAdd:
		err = s.add(step, answer)
	case doRemove:
		err = s.remove(step, answer)
	case doRestart:
		// it is the kubelet that restarts: slugd stays
	case doRestartSlugd:
		if err = s.end(syscall.SIGTERM); err == nil {
			err = s.start()
		}
	}
	var no *refusal
	switch {
	case errors.As(err, &no) && (step.Do == doAllocate || step.Do == doAllocatePod) && no.isFor(step.pod):
		answer.Refused, answer.Why = true, no.Error()
	case err != nil:
		answer.Broken = err.Error()
	}
	return answer
}

func (s *slugd) hints(method string, request *wireRequest) (*Hints, error) {
	var response wireHints
	if err := s.call(method, request, &response); err != nil {
		return nil, err
	}
	return response.hints()
}

func (s *slugd) allocate(step *Step, answer *Answer) error {
	var response struct {
		Claim   *wireClaim `json:"claim"`
		Existed bool       `json:"existed"`
	}
	if err := s.call("Allocate", s.request(step), &response); err != nil {
		return err
	}
	answer.Existed = response.Existed
	var err error
	if answer.Blocks, err = response.Claim.blocks(); err != nil {
		return err
	}
	ref := map[string]string{"podUid": step.pod.UID, "container": step.Container}
	var nodes struct {
		NumaNodes string `json:"numaNodes"`
	}
	if err := s.call("GetMemoryNUMANodes", ref, &nodes); err != nil {
		return err
	}
	if answer.Nodes, err = parseMask(nodes.NumaNodes); err != nil {
		return err
	}
	var memory wireBlocks
	if err := s.call("GetMemory", ref, &memory); err != nil {
		return err
	}
	blocks, err := memory.blocks()
	if err == nil && blocks.String() != answer.Blocks.String() {
		err = fmt.Errorf("Allocate answers %s, and GetMemory %s", answer.Blocks, blocks)
	}
	return err
}

func (s *slugd) allocatePod(step *Step, answer *Answer) error {
	var response struct {
		Claims []*wireClaim `json:"claims"`
	}
	request := s.request(step)
	request.Container = ""
	if err := s.call("AllocatePod", request, &response); err != nil {
		return err
	}
	answer.Shares = map[string]Blocks{}
	for _, claim := range response.Claims {
		blocks, err := claim.blocks()
		if err != nil {
			return err
		}
		if claim.Container == "" {
			answer.Blocks = blocks
		} else if len(blocks) > 0 {
			answer.Shares[claim.Container] = blocks
		}
	}
	return nil
}

func (s *slugd) add(step *Step, answer *Answer) error {
	var response struct {
		Claim *wireClaim `json:"claim"`
	}
	request := &wireRequest{Pod: step.pod, Container: step.Container, ContainerID: step.ContainerID}
	err := s.call("AddContainer", request, &response)
	if err == nil {
		answer.Blocks, err = response.Claim.blocks()
	}
	return err
}

func (s *slugd) remove(step *Step, answer *Answer) error {
	var response struct {
		Released []*wireClaim `json:"released"`
	}
	request := map[string]string{"containerId": step.ContainerID}
	if step.ByName {
		request = map[string]string{"podUid": step.pod.UID, "container": step.Container}
	}
	if err := s.call("RemoveContainer", request, &response); err != nil {
		return err
	}
	for _, claim := range response.Released {
		blocks, err := claim.blocks()
		if err != nil {
			return err
		}
		if claim.Container == step.Container {
			answer.Blocks = blocks
		}
	}
	return nil
}

func (s *slugd) Allocatable() (Blocks, error) {
	var response wireBlocks
	if err := s.call("GetAllocatableMemory", struct{}{}, &response); err != nil {
		return nil, err
	}
	return response.blocks()
}

func (s *slugd) State() (*State, error) {
	var response wireState
	if err := s.call("GetState", struct{}{}, &response); err != nil {
		return nil, err
	}
	return response.state()
}

func (s *slugd) Import(file string) (*State, error) {
	dir, err := os.MkdirTemp(s.dir, "import-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	root := filepath.Join(dir, "root")
	if err := s.machine.write(root); err != nil {
		return nil, err
	}
	if err := copyFile(file, filepath.Join(root, "var/lib/kubelet/memory_manager_state")); err != nil {
		return nil, err
	}
	other, err := newSlugd(s.path, s.machine, dir)
	if err != nil {
		return nil, err
	}
	defer other.Close()
	return other.State()
}
