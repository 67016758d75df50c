// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apiserver/pkg/cel/environment"
)

func loadPolicy(o *options) (*admissionv1.ValidatingAdmissionPolicy, *admissionv1.ValidatingAdmissionPolicyBinding, error) {
	text, err := build(o, "admission")
	if err != nil {
		return nil, nil, err
	}
	objects, err := decode(text)
	if err != nil {
		return nil, nil, err
	}
	policy, err := find[*admissionv1.ValidatingAdmissionPolicy](objects)
	if err != nil {
		return nil, nil, err
	}
	binding, err := find[*admissionv1.ValidatingAdmissionPolicyBinding](objects)
	return policy, binding, err
}

// judgeRow is nil when a pod is let in or refused as its row says. Nothing may fall back on what stands in for a message.
func (p *plugin) judgeRow(r *row) error {
	said := p.ask(r.pod, r.old)
	if len(r.refusal) == 0 {
		if said != "" {
			return fmt.Errorf("it was refused: %s", said)
		}
		return nil
	}
	if said == "" {
		return errors.New("it was let in")
	}
	for _, part := range r.refusal {
		if !strings.Contains(said, part) {
			return fmt.Errorf("there is no %q in: %s", part, said)
		}
	}
	for i := range p.policy.Spec.Validations {
		if strings.HasSuffix(said, ": "+p.policy.Spec.Validations[i].Message) {
			return fmt.Errorf("it has no message of its own: %s", said)
		}
	}
	return nil
}

func checkPolicy(o *options) error {
	policy, binding, err := loadPolicy(o)
	if err != nil {
		return err
	}
	told("the policy's types are right, as its status would say", typeCheck(policy))
	_, err = compile(policy, oldest, environment.NewExpressions)
	told(fmt.Sprintf("Kubernetes %v understands all of it", oldest), err)
	if err := checkCost(policy); err != nil {
		return err
	}
	p, err := newPlugin(policy, binding)
	if err != nil {
		return err
	}
	defer p.close()
	for i := range rows {
		told("pod: "+rows[i].name, p.judgeRow(&rows[i]))
	}
	return checkExamplePods(o, p)
}

func checkExamplePods(o *options, p *plugin) error {
	paths, err := filepath.Glob(filepath.Join(o.kubernetes, "examples", "*.yaml"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		objects, err := decodeFile(path)
		if err != nil {
			return err
		}
		found, err := find[*corev1.Pod](objects)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		told("pod: "+filepath.Base(path), p.judgeRow(&row{pod: found}))
	}
	return nil
}
