// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podutil "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/admissionregistration"
	admissionvalidation "k8s.io/kubernetes/pkg/apis/admissionregistration/validation"
	"k8s.io/kubernetes/pkg/apis/apps"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/rbac"
	rbacvalidation "k8s.io/kubernetes/pkg/apis/rbac/validation"
)

// validate is what the API server says of a new object.
func validate(object runtime.Object) error {
	internal, err := legacyscheme.Scheme.ConvertToVersion(object, runtime.InternalGroupVersioner)
	if err != nil {
		return err
	}
	return judge(internal).ToAggregate()
}

func judge(object runtime.Object) field.ErrorList {
	switch o := object.(type) {
	case *core.Pod:
		setNamespace(&o.ObjectMeta)
		return corevalidation.ValidatePodCreate(o, podutil.GetValidationOptionsFromPodSpecAndMeta(&o.Spec, nil, &o.ObjectMeta, nil))
	case *core.Namespace:
		return corevalidation.ValidateNamespace(o)
	case *core.ServiceAccount:
		return corevalidation.ValidateServiceAccount(o)
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(o)
	case *apps.DaemonSet:
		return appsvalidation.ValidateDaemonSet(o, podutil.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.NetworkPolicyValidationOptions{})
	case *rbac.RoleBinding:
		return rbacvalidation.ValidateRoleBinding(o)
	case *admissionregistration.ValidatingAdmissionPolicy:
		return admissionvalidation.ValidateValidatingAdmissionPolicy(o)
	case *admissionregistration.ValidatingAdmissionPolicyBinding:
		return admissionvalidation.ValidateValidatingAdmissionPolicyBinding(o)
	}
	return field.ErrorList{field.InternalError(nil, fmt.Errorf("nobody knows how to validate a %T", object))}
}

// setNamespace is what kubectl and the API server do for who names none.
func setNamespace(meta *metav1.ObjectMeta) {
	if meta.Namespace == "" {
		meta.Namespace = "default"
	}
}

func kindOf(object runtime.Object) string {
	return object.GetObjectKind().GroupVersionKind().Kind
}

// checkAll tells of every object that a stream has.
func checkAll(from string, objects []runtime.Object) {
	for _, object := range objects {
		told(fmt.Sprintf("%s: %s is one that the API server takes", from, kindOf(object)), validate(object))
	}
}

func checkManifests(o *options) error {
	for _, overlay := range overlays {
		text, err := build(o, overlay)
		told(overlay+" can be built", err)
		if err != nil {
			continue
		}
		objects, err := decode(text)
		told(overlay+" has no field that its types do not have", err)
		checkAll(overlay, objects)
		if overlay != "admission" && err == nil {
			told(overlay+": what the DaemonSet is to be", checkDaemonSet(objects))
		}
	}
	return checkExamples(o)
}

func checkExamples(o *options) error {
	paths, err := filepath.Glob(filepath.Join(o.kubernetes, "examples", "*.yaml"))
	if err != nil || len(paths) == 0 {
		return fmt.Errorf("there are no examples in %s: %w", o.kubernetes, err)
	}
	for _, path := range paths {
		objects, err := decodeFile(path)
		told(filepath.Base(path)+" has no field that its types do not have", err)
		checkAll(filepath.Base(path), objects)
	}
	return nil
}
