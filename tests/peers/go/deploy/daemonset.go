// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// checkDaemonSet is what deploy/README.md promises of it, and what is easily lost in a patch.
func checkDaemonSet(objects []runtime.Object) error {
	set, err := find[*appsv1.DaemonSet](objects)
	if err != nil {
		return err
	}
	var wrong []error
	pod := &set.Spec.Template.Spec
	if pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken {
		wrong = append(wrong, errors.New("it has a token of the API server"))
	}
	if pod.HostNetwork || pod.HostIPC {
		wrong = append(wrong, errors.New("it is in the network or the IPC of the host"))
	}
	if pod.HostUsers != nil && !*pod.HostUsers {
		wrong = append(wrong, errors.New("it has users of its own and hears no uevent"))
	}
	if surge := set.Spec.UpdateStrategy.RollingUpdate.MaxSurge; surge.IntValue() != 0 || surge.String() != "0" {
		wrong = append(wrong, errors.New("there would be two slugds on a node"))
	}
	volumes := map[string]*corev1.Volume{}
	for i := range pod.Volumes {
		volumes[pod.Volumes[i].Name] = &pod.Volumes[i]
	}
	for _, container := range append(pod.InitContainers, pod.Containers...) {
		wrong = append(wrong, checkContainer(&container, volumes)...)
	}
	return errors.Join(wrong...)
}

// What may be written to.
var writable = map[string]string{
	"slugd /run/slug":                                "the socket",
	"slugd /var/lib/slug":                            "the ledger",
	"slugd /sys/fs/cgroup":                           "limits, with the component of that name",
	"slug-kubelet /var/lib/kubelet/plugins_registry": "a socket for every resource",
	"node-name /etc/slug":                            "the name of the node",
	"node-name /run/slug":                            "the mark for systemd's units",
}

func checkContainer(container *corev1.Container, volumes map[string]*corev1.Volume) []error {
	var wrong []error
	context := container.SecurityContext
	if context == nil || context.Privileged != nil && *context.Privileged || context.AllowPrivilegeEscalation == nil ||
		*context.AllowPrivilegeEscalation || context.ReadOnlyRootFilesystem == nil || !*context.ReadOnlyRootFilesystem ||
		context.Capabilities == nil || len(context.Capabilities.Add) > 0 || len(context.Capabilities.Drop) != 1 {
		wrong = append(wrong, fmt.Errorf("%s is not confined", container.Name))
	}
	seesSecrets := false
	covers := map[string]bool{}
	for _, mount := range container.VolumeMounts {
		what := container.Name + " " + mount.MountPath
		if !mount.ReadOnly && writable[what] == "" {
			wrong = append(wrong, fmt.Errorf("%s can be written to", what))
		}
		volume := volumes[mount.Name]
		seesSecrets = seesSecrets || volume.HostPath != nil && volume.HostPath.Path == "/var/lib/kubelet"
		covers[mount.MountPath] = volume.EmptyDir != nil
		if volume.HostPath != nil && holdsMounts(volume.HostPath.Path) && mount.MountPropagation == nil {
			wrong = append(wrong, fmt.Errorf("%s would keep mounts busy that the host lets go", what))
		}
	}
	if seesSecrets && !covers["/var/lib/kubelet/pods"] {
		wrong = append(wrong, fmt.Errorf("%s sees the volumes of pods", container.Name))
	}
	return wrong
}

// holdsMounts are folders of the host below which mounts come and go.
func holdsMounts(path string) bool {
	return path == "/var/lib/kubelet" || path == "/run/containerd" || path == "/run/crio" || path == "/run/k3s/containerd"
}

// printMounts has a line for each mount, the outer before the inner: container, kind, source or configuration, target, ro or rw.
func printMounts(o *options) error {
	text, err := build(o, o.mounts)
	if err != nil {
		return err
	}
	objects, err := decode(text)
	if err != nil {
		return err
	}
	set, err := find[*appsv1.DaemonSet](objects)
	if err != nil {
		return err
	}
	pod := &set.Spec.Template.Spec
	volumes := map[string]corev1.Volume{}
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = volume
	}
	for _, container := range append(pod.InitContainers, pod.Containers...) {
		mounts := container.VolumeMounts
		sort.SliceStable(mounts, func(a, b int) bool { return depth(mounts[a].MountPath) < depth(mounts[b].MountPath) })
		for _, mount := range mounts {
			mode := "rw"
			if mount.ReadOnly {
				mode = "ro"
			}
			kind, source := sourceOf(volumes[mount.Name])
			fmt.Printf("%s\t%s\t%s\t%s\t%s\n", container.Name, kind, source, mount.MountPath, mode)
		}
	}
	return nil
}

func depth(path string) int {
	return strings.Count(path, "/")
}

func sourceOf(volume corev1.Volume) (kind, source string) {
	switch {
	case volume.HostPath != nil && *volume.HostPath.Type == corev1.HostPathFile:
		return "file", volume.HostPath.Path
	case volume.HostPath != nil:
		return "host", volume.HostPath.Path
	case volume.ConfigMap != nil:
		return "config", volume.Name
	default:
		return "empty", volume.Name
	}
}
