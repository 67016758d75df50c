/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where the runtime and the kubelet are
 *
 * What the operator has named, or the first of the usual places of the distributions where there is
 * a socket, or a folder: kubeadm with containerd or CRI-O, k3s, RKE2, k0s, MicroK8s.
 */
#include "base/root.h"

#define ENDPOINT_MAX 256u

typedef struct EndpointsParams {
        const char *runtime;       /* a path, or unix:// and a path; NULL: probed */
        const char *kubelet_dir;   /* NULL: probed */
        const char *pod_resources; /* NULL: pod-resources/kubelet.sock in the kubelet's folder */
} EndpointsParams;

/* "": there is none. What was named stays, whether it is there or not. */
typedef struct Endpoints {
        char runtime[ENDPOINT_MAX];
        char kubelet_dir[ENDPOINT_MAX];
        char pod_resources[ENDPOINT_MAX];
} Endpoints;

Endpoints endpoints_find(const Root *root, const EndpointsParams *params);
/* The places that are probed, in their order; NULL ends. For messages, and the man page's test. */
extern const char *const endpoints_runtimes[];
extern const char *const endpoints_kubelet_dirs[];
