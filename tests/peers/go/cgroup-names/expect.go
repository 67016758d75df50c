// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path"
	"strings"

	"k8s.io/kubernetes/pkg/kubelet/cm"
)

// The caps of daemon/cgroup/name.h, without the NUL.
const (
	pathMax       = 511
	unitMax       = 255
	componentMax  = 255
	componentsMax = 32
)

const refused = "-"

// isStrict tells what slug takes for no component though the kubelet does: it would lead out, or is no name of a folder.
func isStrict(component string) bool {
	if component == "" || component == "." || component == ".." || len(component) > componentMax {
		return true
	}
	return strings.ContainsFunc(component, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func isAnyStrict(name cm.CgroupName) bool {
	for _, component := range name {
		if isStrict(component) {
			return true
		}
	}
	return len(name) > componentsMax
}

// try is what f returns, or false when it panics, as the kubelet does at names that it does not like.
func try[T any](f func() T) (result T, isFine bool) {
	defer func() { isFine = recover() == nil }()
	return f(), true
}

// tellPath is a path of the kubelet's as slug tells it: below the cgroup root, and not longer than there is room.
func tellPath(made string, isFine bool) string {
	made = strings.TrimPrefix(made, "/")
	if !isFine || len(made) > pathMax {
		return refused
	}
	if strings.HasSuffix(made, ".slice") && len(path.Base(made)) > unitMax {
		return refused
	}
	return tell(made)
}

func tellPaths(name cm.CgroupName) string {
	return tellPath(try(name.ToSystemd)) + " " + tellPath(try(name.ToCgroupfs))
}

// expectName: components that are put together.
func expectName(components []string) string {
	name, isFine := try(func() cm.CgroupName { return cm.NewCgroupName(cm.RootCgroupName, components...) })
	if !isFine || isAnyStrict(name) {
		return refused
	}
	return tellPaths(name)
}

// expectRoot: where kubepods is. Doubled slashes, and one at the end, are empty components to the kubelet: with cgroupfs they make
// no difference, with systemd it panics. Slug takes them for none with both.
func expectRoot(root string) string {
	name := cm.CgroupName{}
	for _, component := range cm.ParseCgroupfsToCgroupName(root) {
		if component != "" {
			name = append(name, component)
		}
	}
	name, isFine := try(func() cm.CgroupName { return cm.NewCgroupName(name, "kubepods") })
	if !isFine || isAnyStrict(name) || len(root) > pathMax {
		return refused
	}
	return tellPaths(name)
}

func tellName(name cm.CgroupName) string {
	words := []string{"+"}
	for _, component := range name {
		words = append(words, tell(component))
	}
	return strings.Join(words, " ")
}

// expectSystemd: the kubelet takes anything for a slice, with a slash behind it or without ".slice", and knows no root.
func expectSystemd(from string) string {
	if from == "" || from == "/" {
		return "+"
	}
	name := cm.ParseSystemdToCgroupName(from)
	unit := path.Base(from)
	if strings.HasSuffix(from, "/") || !strings.HasSuffix(unit, ".slice") || unit == ".slice" || len(unit) > unitMax ||
		len(from) > pathMax || isAnyStrict(name) {
		return refused
	}
	return tellName(name)
}

func expectCgroupfs(from string) string {
	name := cm.ParseCgroupfsToCgroupName(from)
	if len(from) > pathMax || isAnyStrict(name) {
		return refused
	}
	return tellName(name)
}

func expect(q question) string {
	switch q.kind {
	case "name":
		return expectName(q.text)
	case "root":
		return expectRoot(q.text[0])
	case "systemd":
		return expectSystemd(q.text[0])
	default:
		return expectCgroupfs(q.text[0])
	}
}
