// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"k8s.io/kubernetes/pkg/kubelet/cm"
)

var long = strings.Repeat("0123456789", 51)

// byHand is what a person would think of first.
var byHand = []question{
	{"name", nil},
	{"name", []string{"kubepods"}},
	{"name", []string{"kubepods", "burstable", "pod0f3a9c1e-5b7d-4e2f-8a61-d2c4b6e8f013"}},
	{"name", []string{""}},
	{"name", []string{"a", ""}},
	{"name", []string{"."}},
	{"name", []string{"..", "a"}},
	{"name", []string{"a_b"}},
	{"name", []string{"a/b"}},
	{"name", []string{"-"}},
	{"name", []string{"a.slice", "b.scope"}},
	{"name", []string{long[:255]}},
	{"name", []string{long[:256]}},
	{"name", []string{long[:249]}},
	{"name", []string{long[:250]}},
	{"name", []string{long[:255], long[:255]}},
	{"name", strings.Split(strings.Repeat("a ", 31)+"a", " ")},
	{"name", strings.Split(strings.Repeat("a ", 32)+"a", " ")},
	{"root", []string{""}},
	{"root", []string{"/"}},
	{"root", []string{"//"}},
	{"root", []string{"/a/b"}},
	{"root", []string{"a//b/"}},
	{"root", []string{"/a_b"}},
	{"root", []string{"/a-b.slice"}},
	{"root", []string{"/a/../b"}},
	{"root", []string{"/" + long[:255]}},
	{"root", []string{long[:510]}},
	{"systemd", []string{""}},
	{"systemd", []string{"/"}},
	{"systemd", []string{"-.slice"}},
	{"systemd", []string{".slice"}},
	{"systemd", []string{"a.slice/"}},
	{"systemd", []string{"kubepods"}},
	{"systemd", []string{"/kubepods.slice/kubepods-burstable.slice"}},
	{"systemd", []string{"/kubepods.slice/kubepods-pod0f3a9c1e_5b7d.slice"}},
	{"systemd", []string{"a--b.slice"}},
	{"systemd", []string{"...slice"}},
	{"systemd", []string{"_.slice"}},
	{"systemd", []string{"a.slice.slice"}},
	{"systemd", []string{long[:249] + ".slice"}},
	{"systemd", []string{long[:250] + ".slice"}},
	{"cgroupfs", []string{""}},
	{"cgroupfs", []string{"/"}},
	{"cgroupfs", []string{"//"}},
	{"cgroupfs", []string{"/kubepods/besteffort"}},
	{"cgroupfs", []string{"a/"}},
	{"cgroupfs", []string{"a//b"}},
	{"cgroupfs", []string{"a_b/kubepods"}},
	{"cgroupfs", []string{"../a"}},
	{"cgroupfs", []string{long[:255] + "/" + long[:255]}},
	{"cgroupfs", []string{"/" + long[:255] + "/" + long[:255]}},
}

// drawer draws names, most of them such as a node may have.
type drawer struct {
	r *rand.Rand
}

func newDrawer(seed uint64, number int) *drawer {
	return &drawer{rand.New(rand.NewPCG(seed, uint64(number)))}
}

func (d *drawer) chance(percent int) bool { return d.r.IntN(100) < percent }

func (d *drawer) component() string {
	switch d.r.IntN(6) {
	case 0:
		return []string{"kubepods", "burstable", "besteffort", "system", "kube-reserved"}[d.r.IntN(5)]
	case 1:
		return fmt.Sprintf("pod%08x-%04x-4%03x-8%03x-%012x", d.r.Uint32(), d.r.IntN(1<<16), d.r.IntN(1<<12), d.r.IntN(1<<12),
			d.r.Int64N(1<<48))
	}
	letters := "ab0-.:@\\ \xc3"
	if d.chance(10) {
		letters = "a_/-.\x01\x7f\n"
	}
	n := d.r.IntN(12)
	if d.chance(3) {
		n = d.r.IntN(300)
	}
	text := make([]byte, n)
	for i := range text {
		text[i] = letters[d.r.IntN(len(letters))]
	}
	return string(text)
}

func (d *drawer) components() []string {
	n := d.r.IntN(6)
	if d.chance(2) {
		n = d.r.IntN(40)
	}
	components := make([]string, n)
	for i := range components {
		components[i] = d.component()
	}
	return components
}

// path is one of the kubelet's, or something like it.
func (d *drawer) path(isSystemd bool) string {
	components := d.components()
	if isSystemd && d.chance(60) {
		made, isFine := try(func() string { return cm.CgroupName(components).ToSystemd() })
		if isFine {
			return d.damage(made)
		}
	}
	joined := strings.Join(components, "/")
	if isSystemd && d.chance(70) {
		joined += ".slice"
	}
	if d.chance(50) {
		joined = "/" + joined
	}
	return d.damage(joined)
}

// textMax is what nobody has to take: a path of the kernel's is not longer.
const textMax = 4096

func (d *drawer) damage(text string) string {
	text = text[:min(len(text), textMax)]
	if len(text) == 0 || d.chance(80) {
		return text
	}
	i := d.r.IntN(len(text))
	return text[:i] + string("-_./a\n"[d.r.IntN(6)]) + text[i+d.r.IntN(2):]
}

func (d *drawer) question(kind string) question {
	switch kind {
	case "name":
		return question{kind, d.components()}
	case "systemd":
		return question{kind, []string{d.path(true)}}
	default:
		return question{kind, []string{d.path(false)}}
	}
}
