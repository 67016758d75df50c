# Manifests, what makes an image, and examples: for people and for tests, and nothing that make builds or installs.
EXTRA_DIST += .containerignore %D%/Containerfile %D%/README.md \
	%D%/kubernetes/base/daemonset.yaml %D%/kubernetes/base/kustomization.yaml %D%/kubernetes/base/namespace.yaml \
	%D%/kubernetes/base/networkpolicy.yaml %D%/kubernetes/base/serviceaccount.yaml %D%/kubernetes/base/slugd.yaml \
	%D%/kubernetes/admission/binding.yaml %D%/kubernetes/admission/kustomization.yaml \
	%D%/kubernetes/admission/policy.yaml \
	%D%/kubernetes/components/crio/kustomization.yaml \
	%D%/kubernetes/components/limits/daemonset.yaml %D%/kubernetes/components/limits/kustomization.yaml \
	%D%/kubernetes/components/pages/daemonset.yaml %D%/kubernetes/components/pages/kustomization.yaml \
	%D%/kubernetes/overlays/k3s/daemonset.yaml %D%/kubernetes/overlays/k3s/kustomization.yaml \
	%D%/kubernetes/overlays/k3s/slugd.yaml \
	%D%/kubernetes/overlays/kubeadm/kustomization.yaml \
	%D%/kubernetes/overlays/kubeadm-limits/kustomization.yaml %D%/kubernetes/overlays/kubeadm-limits/slugd.yaml \
	%D%/kubernetes/overlays/openshift/daemonset.yaml %D%/kubernetes/overlays/openshift/kustomization.yaml \
	%D%/kubernetes/overlays/openshift/rolebinding.yaml \
	%D%/kubernetes/examples/annotation.yaml %D%/kubernetes/examples/chunks.yaml \
	%D%/kubernetes/examples/exclusive-cpus.yaml
