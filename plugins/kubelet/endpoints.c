/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/endpoints.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SCHEME "unix://"

/*
 * What only one distribution has comes first, what anybody may have brought last: a containerd at
 * its own place is there with every Docker, and with a cluster that was before this one, while the
 * kubelet of k3s talks to the one of k3s. Who has installed CRI-O or cri-dockerd has done so for
 * the kubelet; below cri-dockerd there is a containerd, too, which knows no pods. Sockets in /run
 * are of this boot; MicroK8s has its own in /var, where a dead one may be left.
 */
const char *const endpoints_runtimes[] = {
        "/run/k3s/containerd/containerd.sock", /* RKE2, too */
        "/run/k3s/cri-dockerd/cri-dockerd.sock",
        "/run/k0s/containerd.sock",
        "/run/crio/crio.sock",
        "/var/run/crio/crio.sock",
        "/run/cri-dockerd.sock",
        "/var/snap/microk8s/common/run/containerd.sock",
        "/run/containerd/containerd.sock",
        NULL,
};

/* Every kubelet makes the last one, for device plugins, wherever its own folder is. */
const char *const endpoints_kubelet_dirs[] = {
        "/var/lib/k0s/kubelet",
        "/var/snap/microk8s/common/var/lib/kubelet",
        "/var/lib/kubelet",
        NULL,
};

static bool is_of_type(const Root *root, const char *path, mode_t type) {
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat st;

        return root_open(root, path, O_PATH, &fd) == 0 && fstat(fd, &st) == 0 &&
               (st.st_mode & S_IFMT) == type;
}

static const char *probe(const Root *root, const char *const *places, mode_t type) {
        for (; *places; ++places)
                if (is_of_type(root, *places, type))
                        return *places;
        return "";
}

/* A path that does not fit is none: part of it would be another one. */
static void set(char endpoint[static ENDPOINT_MAX], const char *dir, const char *name) {
        if (snprintf(endpoint, ENDPOINT_MAX, "%s%s", dir, name) >= (int)ENDPOINT_MAX)
                endpoint[0] = '\0';
}

static const char *skip_scheme(const char *endpoint) {
        const size_t n = strlen(SCHEME);

        return strncmp(endpoint, SCHEME, n) == 0 ? endpoint + n : endpoint;
}

Endpoints endpoints_find(const Root *root, const EndpointsParams *params) {
        Endpoints found = {};

        set(found.runtime,
            params->runtime ? skip_scheme(params->runtime)
                            : probe(root, endpoints_runtimes, S_IFSOCK),
            "");
        set(found.kubelet_dir,
            params->kubelet_dir ? params->kubelet_dir
                                : probe(root, endpoints_kubelet_dirs, S_IFDIR),
            "");
        if (params->pod_resources)
                set(found.pod_resources, skip_scheme(params->pod_resources), "");
        else if (found.kubelet_dir[0])
                set(found.pod_resources, found.kubelet_dir, "/pod-resources/kubelet.sock");
        return found;
}
