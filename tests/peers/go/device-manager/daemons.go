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
	"slices"
	"strings"
	"syscall"
	"time"
)

// daemon is one of ours as a process.
type daemon struct {
	process *exec.Cmd
	ended   chan error
}

// startDaemon has a program run that dies with us; it waits until it says that it is ready.
func startDaemon(dir, path string, args ...string) (*daemon, error) {
	name := filepath.Join(dir, filepath.Base(path))
	os.Remove(name + ".notify")
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name + ".notify", Net: "unixgram"})
	if err != nil {
		return nil, err
	}
	defer notify.Close()
	log, err := os.OpenFile(name+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	d := &daemon{process: exec.Command(path, args...), ended: make(chan error, 1)}
	d.process.Env = append(os.Environ(), "NOTIFY_SOCKET="+name+".notify")
	d.process.Stdout, d.process.Stderr = log, log
	d.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := d.process.Start(); err != nil {
		return nil, err
	}
	go func() { d.ended <- d.process.Wait() }()
	if err := d.waitReady(notify); err != nil {
		d.kill()
		said, _ := os.ReadFile(name + ".log")
		return nil, fmt.Errorf("%w; it says: %s", err, bytes.TrimSpace(said))
	}
	return d, nil
}

func (d *daemon) waitReady(notify *net.UnixConn) error {
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
	case err := <-d.ended:
		d.ended <- err
		return fmt.Errorf("%s ends instead of starting: %v", d.process.Path, err)
	case <-time.After(patience):
		return fmt.Errorf("%s does not say that it is ready", d.process.Path)
	}
}

func (d *daemon) end(signal os.Signal) error {
	if d == nil {
		return nil
	}
	d.process.Process.Signal(signal)
	return <-d.ended
}

func (d *daemon) kill() { d.end(syscall.SIGKILL) }

// Settings is what slugd is told of chunks, beside their size.
type Settings struct{ topology, preferred, resources string }

func (s *Settings) yaml(m *Machine) string {
	var text strings.Builder
	text.WriteString("chunks:\n  size: 64Mi\n")
	for key, value := range map[string]string{"topology": s.topology, "preferred": s.preferred, "resources": s.resources} {
		if value != "" {
			fmt.Fprintf(&text, "  %s: %s\n", key, value)
		}
	}
	text.WriteString("classify:\n")
	for id, node := range m.nodes {
		if node.cpus == 0 {
			fmt.Fprintf(&text, "  - numaNode: %d\n    locality: remote\n", id)
		}
	}
	return text.String()
}

// node is a world with our two daemons in it: slugd on its machine, and slug-kubelet between slugd and the kubelet.
type node struct {
	*world
	programs *options
	register string
	settings Settings
	policy   string
	slugd    *daemon
	plugin   *daemon
	kubelet  *kubelet
	stub     *stub // beside the plugin, for comparison
	client   *http.Client
}

func newNode(o *options, machine *Machine, register string) (*node, error) {
	w, err := newWorld(o.dir, machine)
	if err != nil {
		return nil, err
	}
	n := &node{world: w, programs: o, register: register, policy: "best-effort"}
	n.client = &http.Client{Timeout: patience, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", n.socket())
		}}}
	return n, n.configure()
}

func (n *node) socket() string { return n.path("slugd.sock") }

// configure writes what slugd and the kubelet are told; it is read at a start and a reload.
func (n *node) configure() error {
	kubelet := "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncpuManagerPolicy: static\n" +
		"topologyManagerPolicy: " + n.policy + "\n"
	return errors.Join(putFile(n.path(kubeletDir+"/config.yaml"), kubelet),
		putFile(n.path("etc/slug/slugd.yaml"), n.settings.yaml(n.machine)))
}

func (n *node) startSlugd() error {
	var err error
	n.slugd, err = startDaemon(n.root, n.programs.slugd, "--root", n.root, "--socket", n.socket(), "--foreground")
	return err
}

func (n *node) startPlugin() error {
	var err error
	n.plugin, err = startDaemon(n.root, n.programs.agent, "--root", n.root, "--slugd", n.socket(), "--register", n.register,
		"--interval", "200ms", "--settle-time", "400ms", "--foreground")
	return err
}

func (n *node) startKubelet() error {
	var err error
	n.kubelet, err = startKubelet(n.world, n.policy)
	return err
}

func (n *node) killSlugd() error {
	n.client.CloseIdleConnections()
	n.slugd.kill()
	n.slugd = nil
	return nil
}

func (n *node) killPlugin() error {
	n.plugin.kill()
	n.plugin = nil
	return nil
}

func (n *node) killKubelet() error {
	err := n.kubelet.kill()
	n.kubelet = nil
	return err
}

// start has all three run.
func (n *node) start() error {
	return errors.Join(n.startSlugd(), n.startKubelet(), n.startPlugin())
}

// end stops what runs. What the daemons said stays where a failure is looked into.
func (n *node) end() {
	if n.kubelet != nil {
		n.kubelet.kill()
	}
	n.plugin.kill()
	n.slugd.kill()
	n.world.close()
}

// reload has slugd read its configuration and its machine again.
func (n *node) reload() error {
	return errors.Join(n.configure(), n.machine.write(n.root), n.slugd.process.Process.Signal(syscall.SIGHUP))
}

// said is the last lines of both daemons, for whoever looks into a failure.
func (n *node) said() string {
	text := ""
	for _, path := range []string{n.programs.slugd, n.programs.agent} {
		all, _ := os.ReadFile(filepath.Join(n.root, filepath.Base(path)) + ".log")
		lines := strings.Split(strings.TrimSpace(string(all)), "\n")
		text += fmt.Sprintf(" | %s: %s", filepath.Base(path), strings.Join(lines[max(0, len(lines)-8):], " / "))
	}
	return text
}

// call makes one call of Connect.
func (n *node) call(method string, request, response any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	answer, err := n.client.Post("http://slug/slug.v1."+method, "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		var refusal struct{ Code, Message string }
		json.NewDecoder(answer.Body).Decode(&refusal)
		return fmt.Errorf("%s: %d %s: %s", method, answer.StatusCode, refusal.Code, refusal.Message)
	}
	return json.NewDecoder(answer.Body).Decode(response)
}

// chunkList is slugd's word on chunks, as far as it is compared.
type chunkList struct {
	State, Problem            string
	TopologySetting, Topology string
	Preference                string
	Resources                 []struct{ Name string }
	NumaNodes                 []struct {
		NumaNode int
		Topology []int
	}
	Chunks []struct {
		ID                string `json:"id"`
		State             string
		NumaNode          int
		Resource          int
		PodUID, Container string
	}
}

func (n *node) chunks() (*chunkList, error) {
	list := &chunkList{}
	return list, n.call("ChunkService/ListChunks", struct{}{}, list)
}

func isHealthy(state string) bool {
	return state == "CHUNK_STATE_FREE" || state == "CHUNK_STATE_CLAIMED"
}

// listed is what a kubelet should have of a resource: healthy ids, with the NUMA nodes that they are near to; and how many in all.
func (l *chunkList) listed(name string) (ids map[string][]int, all int) {
	near := map[int][]int{}
	for _, node := range l.NumaNodes {
		near[node.NumaNode] = append([]int{}, node.Topology...)
		slices.Sort(near[node.NumaNode])
	}
	ids = map[string][]int{}
	for _, chunk := range l.Chunks {
		if l.Resources[chunk.Resource].Name != name {
			continue
		}
		all++
		if isHealthy(chunk.State) {
			ids[chunk.ID] = near[chunk.NumaNode]
		}
	}
	return ids, all
}

// heldBy is what slugd says that a container has.
func (l *chunkList) heldBy(uid, container string) []string {
	ids := []string{}
	for _, chunk := range l.Chunks {
		if chunk.PodUID == uid && chunk.Container == container {
			ids = append(ids, chunk.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func (l *chunkList) claimed() int {
	n := 0
	for _, chunk := range l.Chunks {
		if chunk.PodUID != "" {
			n++
		}
	}
	return n
}
