// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// overlays are all that can be applied as they are.
var overlays = []string{"overlays/kubeadm", "overlays/kubeadm-limits", "overlays/k3s", "overlays/openshift", "base", "admission"}

// Unknown and doubled fields are errors, as with kubectl apply --validate=strict.
var strict = serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// build is what "kubectl kustomize" prints.
func build(o *options, overlay string) ([]byte, error) {
	kustomizer := krusty.MakeKustomizer(krusty.MakeDefaultOptions())
	built, err := kustomizer.Run(filesys.MakeFsOnDisk(), filepath.Join(o.kubernetes, overlay))
	if err != nil {
		return nil, err
	}
	return built.AsYaml()
}

// decode has every document of a stream as the type that it says it is, with the defaults of the API server.
func decode(text []byte) ([]runtime.Object, error) {
	var objects []runtime.Object
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		object, kind, err := strict.Decode(document, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", kind, err)
		}
		legacyscheme.Scheme.Default(object)
		objects = append(objects, object)
	}
}

func decodeFile(path string) ([]runtime.Object, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decode(text)
}

// find is the first object of a type.
func find[T runtime.Object](objects []runtime.Object) (T, error) {
	for _, object := range objects {
		if found, is := object.(T); is {
			return found, nil
		}
	}
	var none T
	return none, fmt.Errorf("there is no %T", none)
}
