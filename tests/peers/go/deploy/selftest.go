// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"strings"
)

// Damage of the manifests that has to be noticed, by whom.
var damages = []struct{ name, overlay, from, to string }{
	{"a field that is not there", "base", "hostPID:", "hostPid:"},
	{"a field twice", "base", "hostPID: true", "hostPID: true\n      hostPID: true"},
	{"an unknown propagation", "base", "HostToContainer", "HostToPod"},
	{"a mount without a volume", "base",
		"type: Directory\n        name: plugins-registry",
		"type: Directory\n        name: nowhere"},
	{"two slugds on a node", "base",
		"maxSurge: 0\n      maxUnavailable: 1",
		"maxSurge: 1\n      maxUnavailable: 0"},
	{"a container that is privileged", "base",
		"readOnlyRootFilesystem: true",
		"readOnlyRootFilesystem: true\n          privileged: true"},
	{"volumes of pods that are seen", "base",
		"mountPath: /var/lib/kubelet/pods",
		"mountPath: /var/lib/kubelet/puds"},
	{"a token", "base",
		"automountServiceAccountToken: false\n      containers",
		"automountServiceAccountToken: true\n      containers"},
	{"CEL that is none", "admission", "size(variables.beyond) == 0", "size(variables.beyond) = 0"},
}

// isNoticed is nil when something that was damaged is refused.
func isNoticed(o *options, overlay, from, to string) error {
	text, err := build(o, overlay)
	if err != nil {
		return err
	}
	damaged := strings.ReplaceAll(string(text), from, to)
	if damaged == string(text) {
		return fmt.Errorf("there is no %q to be damaged", from)
	}
	objects, err := decode([]byte(damaged))
	if err != nil {
		return nil
	}
	for _, object := range objects {
		if validate(object) != nil {
			return nil
		}
	}
	if overlay != "admission" && checkDaemonSet(objects) != nil {
		return nil
	}
	return errors.New("nobody noticed")
}

// selfTest: each damage is noticed, and each validation of the policy is one that some row needs.
func selfTest(o *options) error {
	for _, d := range damages {
		told("damage: "+d.name, isNoticed(o, d.overlay, d.from, d.to))
	}
	policy, binding, err := loadPolicy(o)
	if err != nil {
		return err
	}
	for i := range policy.Spec.Validations {
		less := policy.DeepCopy()
		less.Spec.Validations = append(less.Spec.Validations[:i], less.Spec.Validations[i+1:]...)
		p, err := newPlugin(less, binding)
		if err != nil {
			return err
		}
		noticed := errors.New("no pod notices")
		for j := range rows {
			if p.judgeRow(&rows[j]) != nil {
				noticed = nil
			}
		}
		p.close()
		told(fmt.Sprintf("without validation %d", i), noticed)
	}
	return nil
}
