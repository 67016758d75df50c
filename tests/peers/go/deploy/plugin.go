// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/generated/openapi"
)

// plugin is the API server's own, with our policy and our binding as if they were in a cluster.
type plugin struct {
	*validating.Plugin
	policy *admissionv1.ValidatingAdmissionPolicy
	stop   chan struct{}
}

func newPlugin(
	policy *admissionv1.ValidatingAdmissionPolicy, binding *admissionv1.ValidatingAdmissionPolicyBinding,
) (*plugin, error) {
	made, err := validating.NewPlugin(nil)
	if err != nil {
		return nil, err
	}
	p := &plugin{Plugin: made, policy: policy, stop: make(chan struct{})}
	client := fake.NewSimpleClientset(policy, binding, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}})
	factory := informers.NewSharedInformerFactory(client, 0)
	made.SetExternalKubeClientSet(client)
	made.SetExternalKubeInformerFactory(factory)
	made.SetDynamicClient(dynamicfake.NewSimpleDynamicClient(scheme.Scheme))
	made.SetRESTMapper(testrestmapper.TestOnlyStaticRESTMapper(scheme.Scheme))
	made.SetAuthorizer(authorizerfactory.NewAlwaysDenyAuthorizer())
	made.SetDrainedNotification(p.stop)
	if err := made.ValidateInitialization(); err != nil {
		return nil, err
	}
	factory.Start(p.stop)
	factory.WaitForCacheSync(p.stop)
	if !made.WaitForReady() {
		return nil, errors.New("the plugin does not get ready")
	}
	return p, nil
}

func (p *plugin) close() {
	close(p.stop)
}

// attributes are those of a request: a new pod, or for a resize what it is to become.
func attributes(pod, old *corev1.Pod) admission.Attributes {
	subresource, operation, options := "", admission.Create, runtime.Object(&metav1.CreateOptions{})
	var before runtime.Object
	if old != nil {
		subresource, operation, options, before = "resize", admission.Update, &metav1.UpdateOptions{}, old
	}
	return admission.NewAttributesRecord(pod, before, corev1.SchemeGroupVersion.WithKind("Pod"), "default", pod.Name,
		corev1.SchemeGroupVersion.WithResource("pods"), subresource, operation, options, false, &user.DefaultInfo{Name: "somebody"})
}

// ask is "" for a pod that is let in, and otherwise what whoever made it is told.
func (p *plugin) ask(pod, old *corev1.Pod) string {
	interfaces := admission.NewObjectInterfacesFromScheme(legacyscheme.Scheme)
	if err := p.Validate(context.Background(), attributes(pod, old), interfaces); err != nil {
		return err.Error()
	}
	return ""
}

// typeCheck is what the API server would write into the policy's status.
func typeCheck(policy *admissionv1.ValidatingAdmissionPolicy) error {
	checker := &validating.TypeChecker{
		SchemaResolver: resolver.NewDefinitionsSchemaResolver(openapi.GetOpenAPIDefinitions, scheme.Scheme),
		RestMapper:     testrestmapper.TestOnlyStaticRESTMapper(scheme.Scheme),
	}
	var wrong []error
	for _, warning := range checker.Check(policy) {
		wrong = append(wrong, fmt.Errorf("%s: %s", warning.FieldRef, warning.Warning))
	}
	return errors.Join(wrong...)
}
