// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// The oldest Kubernetes that has ValidatingAdmissionPolicy in v1.
var oldest = version.MajorMinor(1, 30)

// compiled are the expressions and the messages of a policy, in an environment of some version of Kubernetes.
type compiled struct {
	expressions, messages cel.ConditionEvaluator
}

func compile(policy *admissionv1.ValidatingAdmissionPolicy, of *version.Version, env environment.Type) (*compiled, error) {
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(of))
	if err != nil {
		return nil, err
	}
	var variables []cel.NamedExpressionAccessor
	var expressions, messages []cel.ExpressionAccessor
	for _, variable := range policy.Spec.Variables {
		variables = append(variables, &validating.Variable{Name: variable.Name, Expression: variable.Expression})
	}
	for _, validation := range policy.Spec.Validations {
		expressions = append(expressions, &validating.ValidationCondition{Expression: validation.Expression})
		messages = append(messages, &validating.MessageExpressionCondition{MessageExpression: validation.MessageExpression})
	}
	none := cel.OptionalVariableDeclarations{}
	compiler.CompileAndStoreVariables(variables, none, env)
	c := &compiled{
		expressions: compiler.CompileCondition(expressions, none, env),
		messages:    compiler.CompileCondition(messages, none, env),
	}
	return c, errors.Join(append(c.expressions.CompilationErrors(), c.messages.CompilationErrors()...)...)
}

// cost is what the expressions cost for one pod, and their messages, of celconfig.RuntimeCELCostBudget.
func (c *compiled) cost(pod *corev1.Pod) (int64, error) {
	attributes := attributes(pod, nil)
	versioned, err := admission.NewVersionedAttributes(attributes, attributes.GetKind(),
		admission.NewObjectInterfacesFromScheme(legacyscheme.Scheme))
	if err != nil {
		return 0, err
	}
	request := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(attributes.GetResource()),
		metav1.GroupVersionKind(attributes.GetKind()))
	left := int64(celconfig.RuntimeCELCostBudget)
	for _, evaluator := range []cel.ConditionEvaluator{c.expressions, c.messages} {
		results, rest, err := evaluator.ForInput(context.Background(), versioned, request, cel.OptionalVariableBindings{}, nil, left)
		if err != nil {
			return 0, err
		}
		for _, result := range results {
			if result.Error != nil {
				return 0, result.Error
			}
		}
		left = rest
	}
	return celconfig.RuntimeCELCostBudget - left, nil
}

// checkCost has the largest pods that anybody makes cost a tenth of what there is, or less.
func checkCost(policy *admissionv1.ValidatingAdmissionPolicy) error {
	c, err := compile(policy, environment.DefaultCompatibilityVersion(), environment.StoredExpressions)
	if err != nil {
		return err
	}
	for _, large := range []struct {
		name string
		pod  *corev1.Pod
	}{
		{"100 containers without chunks", manyContainers(100, 0)},
		{"100 containers with chunks of 9 kinds", manyContainers(100, 9)},
	} {
		cost, err := c.cost(large.pod)
		if err == nil && cost > celconfig.RuntimeCELCostBudget/10 {
			err = fmt.Errorf("it costs %d of %d", cost, celconfig.RuntimeCELCostBudget)
		}
		told(fmt.Sprintf("%s cost %d of %d", large.name, cost, celconfig.RuntimeCELCostBudget), err)
	}
	return nil
}
