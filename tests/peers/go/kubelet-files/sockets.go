// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	podresourcesv1 "k8s.io/kubelet/pkg/apis/podresources/v1"
)

// Only bounds a failure: what is waited for comes at once.
const patience = 60 * time.Second

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// machine has both sockets, below a root.
type machine struct {
	agent, root string
	node        *node
	calls       watcher
	kubelet     *grpc.Server
	runtime     *grpc.Server
}

func newMachine(o *options, node *node, hasActivePods bool) (*machine, error) {
	root, err := os.MkdirTemp(o.dir, "sockets-")
	if err != nil {
		return nil, err
	}
	m := &machine{agent: o.agent, root: root, node: node}
	if m.runtime, err = serveRuntime(filepath.Join(root, "run/crio/crio.sock"), node); err != nil {
		return nil, err
	}
	return m, m.startKubelet(hasActivePods)
}

func (m *machine) socket() string {
	return filepath.Join(kubeletDir(m.root), "pod-resources/kubelet.sock")
}

func (m *machine) startKubelet(hasActivePods bool) error {
	var err error
	m.calls = make(watcher, 4096)
	m.kubelet, err = servePodResources(m.socket(), m.node, hasActivePods, m.calls)
	return err
}

func (m *machine) close() {
	m.kubelet.Stop()
	m.runtime.Stop()
	os.RemoveAll(m.root)
}

// ReportPod is a pod of a report, as far as it is compared.
type ReportPod struct {
	UID             string `json:"uid"`
	Namespace, Name string
	ListedByKubelet bool
	Containers      []struct {
		Name, State string
		Devices     []struct {
			Resource string
			IDs      []string `json:"ids"`
		}
	}
}

// Report is what slug-kubelet says.
type Report struct {
	Sources               []struct{ Name, State, Problem string }
	Pods                  []ReportPod
	HasKubeletAllocatable bool
	KubeletAllocatable    []struct{ Type, NumaNodes, SizeBytes string }
}

// run is what slug-kubelet prints when it is asked once, and what it says. That something is missing is no error.
func (m *machine) run(args ...string) ([]byte, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	command := exec.CommandContext(ctx, m.agent, append([]string{"--once", "--root", m.root}, args...)...)
	var words bytes.Buffer
	command.Stderr = &words
	text, err := command.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return nil, "", fmt.Errorf("slug-kubelet: %w: %s", err, words.String())
	}
	return text, words.String(), nil
}

func (m *machine) once() (*Report, error) {
	text, words, err := m.run()
	if err != nil {
		return nil, err
	}
	report := &Report{}
	if err := json.Unmarshal(text, report); err != nil {
		return nil, fmt.Errorf("what slug-kubelet printed: %w: %.500s%s", err, text, words)
	}
	return report, nil
}

// source is what the report says of the kubelet's socket: state, and the problem.
func (r *Report) source() (string, string) {
	for _, source := range r.Sources {
		if source.Name == "pod-resources" {
			return strings.TrimPrefix(source.State, "REPORT_SOURCE_STATE_"), source.Problem
		}
	}
	return "MISSING", ""
}

// got and expect are pods as text: what is there, and what there is to be.
func (r *Report) got() map[string]string {
	got := map[string]string{}
	for _, pod := range r.Pods {
		text := fmt.Sprintf("%s/%s listed=%t", pod.Namespace, pod.Name, pod.ListedByKubelet)
		for _, container := range pod.Containers {
			text += fmt.Sprintf(" %s(%s", container.Name, strings.TrimPrefix(container.State, "REPORTED_CONTAINER_STATE_"))
			for _, devices := range container.Devices {
				text += fmt.Sprintf(" %s=%s", devices.Resource, strings.Join(devices.IDs, ","))
			}
			text += ")"
		}
		got[pod.UID] = text
	}
	return got
}

func (n *node) expect(isListed func(*NodePod) bool) map[string]string {
	expected := map[string]string{}
	for _, pod := range n.pods {
		if !pod.hasSandbox {
			continue
		}
		state := "RUNNING"
		if pod.hasFinished {
			state = "EXITED"
		}
		text := fmt.Sprintf("%s/%s listed=%t", pod.namespace, pod.name, isListed(pod))
		for _, name := range sortedKeys(pod.devices) {
			text += fmt.Sprintf(" %s(%s", name, state)
			if ids := pod.devices[name]; len(ids) > 0 && !pod.hasFinished {
				text += fmt.Sprintf(" %s=%s", ours, strings.Join(slices.Sorted(slices.Values(ids)), ","))
			}
			text += ")"
		}
		expected[pod.uid] = text
	}
	return expected
}

func isActive(pod *NodePod) bool { return !pod.hasFinished }
func isAny(*NodePod) bool        { return true }

// compareReport wants a complete one with all pods.
func (m *machine) compareReport(isListed func(*NodePod) bool) error {
	report, err := m.once()
	if err != nil {
		return err
	}
	if state, problem := report.source(); state != "COMPLETE" {
		return fmt.Errorf("the kubelet's answer is %s: %s", state, problem)
	}
	got, expected := report.got(), m.node.expect(isListed)
	for _, uid := range sortedKeys(expected) {
		if got[uid] != expected[uid] {
			return fmt.Errorf("pod %s: expected %.300s, got %.300s", uid, expected[uid], got[uid])
		}
	}
	if !reflect.DeepEqual(got, expected) {
		return fmt.Errorf("expected %d pods, got %d", len(expected), len(got))
	}
	return nil
}

// refuses wants a report that says what is wrong with the kubelet's answer, and that it was not asked for it again.
func (m *machine) refuses(words string) error {
	report, err := m.once()
	if err != nil {
		return err
	}
	if state, problem := report.source(); state != "FAILED" || !strings.Contains(problem, words) {
		return fmt.Errorf("the kubelet's answer is %s: %s", state, problem)
	}
	m.kubelet.Stop() // what has not ended ends with it
	if n := len(m.calls); n != 1 {
		return fmt.Errorf("the kubelet was asked %d times", n)
	}
	return nil
}

// counted wants what the kubelet counts, by NUMA node and kind of page.
func (m *machine) counted(nodes int) error {
	report, err := m.once()
	if err != nil {
		return err
	}
	got, expected := "", ""
	for _, block := range report.KubeletAllocatable {
		got += fmt.Sprintf(" %s@%s=%s", block.Type, block.NumaNodes, block.SizeBytes)
	}
	for id := range nodes {
		size := uint64(id+1) << 30
		expected += fmt.Sprintf(" hugepages-2Mi@%d=%d memory@%d=%d", id, size/2, id, size)
	}
	if !report.HasKubeletAllocatable || got != expected {
		return fmt.Errorf("expected%s, got%s (%t)", expected, got, report.HasKubeletAllocatable)
	}
	return nil
}

// onePod wants pods that are asked about one by one to be those of the whole report.
func (m *machine) onePod() error {
	whole, err := m.once()
	if err != nil {
		return err
	}
	m.forget()
	for _, pod := range whole.Pods {
		text, words, err := m.run("--pod", pod.Namespace+"/"+pod.Name)
		if err != nil {
			return err
		}
		one := ReportPod{}
		if err := json.Unmarshal(text, &one); err != nil || !reflect.DeepEqual(one, pod) {
			return fmt.Errorf("%s/%s: %v: got %.500s%s", pod.Namespace, pod.Name, err, text, words)
		}
	}
	return m.await(getMethod, "OK")
}

// noPod wants a pod that the kubelet does not have to be looked for in its list, too.
func (m *machine) noPod() error {
	text, words, err := m.run("--pod", "team-a/nobody")
	if err != nil {
		return err
	}
	if len(text) > 0 || words != "slug-kubelet: there is no pod team-a/nobody\n" {
		return fmt.Errorf("got %.500s%s", text, words)
	}
	if err := m.await(getMethod, "Unknown"); err != nil {
		return err
	}
	return m.await(listMethod, "OK")
}

func someFinished(d *drawer) *node {
	node := newNode(d, 12, 3)
	for i, pod := range node.pods {
		pod.hasFinished = i%3 == 0
		pod.hasSandbox = i%6 != 0 // of some the runtime has forgotten all
	}
	return node
}

// burn asks for other things until it is told to stop, so that there is no question left for slug-kubelet.
func burn(socket string, stop chan struct{}) error {
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	client := podresourcesv1.NewPodResourcesListerClient(conn)
	for {
		select {
		case <-stop:
			return nil
		default:
			client.GetAllocatableResources(context.Background(), &podresourcesv1.AllocatableResourcesRequest{})
		}
	}
}

// forget passes over the calls that have ended.
func (m *machine) forget() {
	for len(m.calls) > 0 {
		<-m.calls
	}
}

// await waits for a call that ends so.
func (m *machine) await(method, code string) error {
	late := time.After(patience)
	for {
		select {
		case call := <-m.calls:
			if call.method == method && call.code == code {
				return nil
			}
		case <-late:
			return fmt.Errorf("no call of %s ended as %s", method, code)
		}
	}
}

// busy has others use up the kubelet's answers, until slug-kubelet was refused for it once.
func (m *machine) busy() error {
	stop, burnt := make(chan struct{}), make(chan error, 1)
	go func() { burnt <- burn(m.socket(), stop) }()
	err := m.await(allocatableMethod, "ResourceExhausted")
	seen := make(chan error, 1)
	go func() {
		seen <- m.await(listMethod, "ResourceExhausted")
		close(stop)
	}()
	// whether the limit meets this call of the report's or another one is a matter of who is faster
	for err == nil {
		err = m.compareReport(isActive)
		select {
		case late := <-seen:
			return errors.Join(err, late, <-burnt)
		default:
		}
	}
	return errors.Join(err, <-seen, <-burnt)
}

// stays runs slug-kubelet as it runs on a node, and has the kubelet end and come back.
func (m *machine) stays() error {
	command := exec.Command(m.agent, "--root", m.root, "--slugd", filepath.Join(m.root, "none.sock"), "--interval", "200ms",
		"--settle-time", "1s", "--foreground")
	if err := command.Start(); err != nil {
		return err
	}
	err := m.endAndComeBack()
	if err := errors.Join(command.Process.Signal(os.Interrupt), command.Wait()); err != nil {
		return fmt.Errorf("slug-kubelet: %w", err)
	}
	return err
}

// endAndComeBack has a new kubelet asked, several times over.
func (m *machine) endAndComeBack() error {
	for range 3 {
		if err := m.await(listMethod, "OK"); err != nil {
			return err
		}
		m.kubelet.Stop()
		if err := m.startKubelet(true); err != nil {
			return err
		}
	}
	return m.await(listMethod, "OK")
}

// sockets asks a real kubelet's socket through slug-kubelet.
func sockets(o *options) {
	d := newDrawer(o.seed, 0)
	rows := []struct {
		name          string
		node          *node
		hasActivePods bool
		run           func(*machine) error
	}{
		{"pods of a node and their devices are what the kubelet says", newNode(d, 40, 5), true,
			func(m *machine) error { return m.compareReport(isActive) }},
		{"a node without pods", newNode(d, 0, 0), true, func(m *machine) error { return m.compareReport(isActive) }},
		{"pods that have finished are not listed", someFinished(d), true, func(m *machine) error { return m.compareReport(isActive) }},
		{"a kubelet before 1.34 lists them, and they hold nothing", someFinished(d), false,
			func(m *machine) error { return m.compareReport(isAny) }},
		{"an answer of 10 MiB is read whole", newNode(d, 50, 2000), true, func(m *machine) error { return m.compareReport(isActive) }},
		{"one above 16 MiB is refused with words", newNode(d, 100, 3000), true,
			func(m *machine) error { return m.refuses("16777216 are allowed") }},
		{"what its memory manager counts is told by NUMA node", newNode(d, 3, 3).count(12), true,
			func(m *machine) error { return m.counted(12) }},
		{"a memory manager that counts nothing says so", newNode(d, 3, 3), true, func(m *machine) error { return m.counted(0) }},
		{"each pod by itself is as in the whole report", newNode(d, 9, 3), true, (*machine).onePod},
		{"a pod that is not there", newNode(d, 3, 3), true, (*machine).noPod},
		{"a kubelet that has answered too often is asked again", newNode(d, 3, 3), true, (*machine).busy},
		{"a kubelet that ends and comes back is asked again", newNode(d, 3, 3), true, (*machine).stays},
	}
	hasFailed := false
	for _, row := range rows {
		m, err := newMachine(o, row.node, row.hasActivePods)
		if err == nil {
			err = row.run(m)
			m.close()
		}
		if err != nil {
			fmt.Printf("not ok - %s: %s\n", row.name, strings.ReplaceAll(err.Error(), "\n", " "))
			hasFailed = true
			continue
		}
		fmt.Printf("ok - %s\n", row.name)
	}
	fmt.Printf("1..%d\n", len(rows))
	if hasFailed {
		os.Exit(1)
	}
}
