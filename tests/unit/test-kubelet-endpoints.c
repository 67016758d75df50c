/* SPDX-License-Identifier: Apache-2.0 */
/* Where the runtime and the kubelet are: what is named, and what is found on which node. */
#include "lib/test-main.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "kubelet/endpoints.h"
#include "lib/folder.h"

static Folder folder;
static Root root = ROOT_NULL;

static void setup(void) {
        folder = folder_new();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
}

static void teardown(void) {
        root_deinit(&root);
        folder_remove(&folder);
}

/* A socket that nobody listens on is one. */
static void make_socket(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char dir[ENDPOINT_MAX];
        _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
        folder_make(&folder, dir);
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", folder.path, path);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static const struct {
        const char *sockets[4];
        const char *dirs[4];
        const char *runtime, *kubelet_dir, *pod_resources;
} nodes[] = {
        { {}, {}, "", "", "" },
        { { "/run/containerd/containerd.sock" },
          { "/var/lib/kubelet" },
          "/run/containerd/containerd.sock",
          "/var/lib/kubelet",
          "/var/lib/kubelet/pod-resources/kubelet.sock" },
        { { "/run/crio/crio.sock" },
          { "/var/lib/kubelet" },
          "/run/crio/crio.sock",
          "/var/lib/kubelet",
          "/var/lib/kubelet/pod-resources/kubelet.sock" },
        { { "/var/run/crio/crio.sock" }, {}, "/var/run/crio/crio.sock", "", "" },
        /* k3s and RKE2, beside Docker's containerd */
        { { "/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock" },
          { "/var/lib/kubelet" },
          "/run/k3s/containerd/containerd.sock",
          "/var/lib/kubelet",
          "/var/lib/kubelet/pod-resources/kubelet.sock" },
        { { "/run/containerd/containerd.sock", "/run/k3s/cri-dockerd/cri-dockerd.sock" },
          {},
          "/run/k3s/cri-dockerd/cri-dockerd.sock",
          "",
          "" },
        { { "/run/containerd/containerd.sock", "/run/cri-dockerd.sock" },
          {},
          "/run/cri-dockerd.sock",
          "",
          "" },
        /* the folder for device plugins is at the usual place */
        { { "/run/containerd/containerd.sock", "/run/k0s/containerd.sock" },
          { "/var/lib/kubelet/device-plugins", "/var/lib/k0s/kubelet" },
          "/run/k0s/containerd.sock",
          "/var/lib/k0s/kubelet",
          "/var/lib/k0s/kubelet/pod-resources/kubelet.sock" },
        { { "/var/snap/microk8s/common/run/containerd.sock", "/run/containerd/containerd.sock" },
          { "/var/snap/microk8s/common/var/lib/kubelet", "/var/lib/kubelet" },
          "/var/snap/microk8s/common/run/containerd.sock",
          "/var/snap/microk8s/common/var/lib/kubelet",
          "/var/snap/microk8s/common/var/lib/kubelet/pod-resources/kubelet.sock" },
        /* a folder is no socket */
        { { "/run/containerd/containerd.sock" },
          { "/run/k3s/containerd/containerd.sock" },
          "/run/containerd/containerd.sock",
          "",
          "" },
};

START_TEST(a_node_is_known_by_its_sockets) {
        const EndpointsParams params = {};
        Endpoints found;

        for (size_t i = 0; i < ELEMENTSOF(nodes[_i].sockets) && nodes[_i].sockets[i]; ++i)
                make_socket(nodes[_i].sockets[i]);
        for (size_t i = 0; i < ELEMENTSOF(nodes[_i].dirs) && nodes[_i].dirs[i]; ++i)
                folder_make(&folder, nodes[_i].dirs[i]);
        found = endpoints_find(&root, &params);
        ck_assert_str_eq(found.runtime, nodes[_i].runtime);
        ck_assert_str_eq(found.kubelet_dir, nodes[_i].kubelet_dir);
        ck_assert_str_eq(found.pod_resources, nodes[_i].pod_resources);
}
END_TEST

static const char long_path[] =
        "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567";

static const struct {
        EndpointsParams params;
        Endpoints expected;
} named[] = {
        { { .runtime = "/run/x.sock" },
          { "/run/x.sock", "/var/lib/kubelet", "/var/lib/kubelet/pod-resources/kubelet.sock" } },
        { { .runtime = "unix:///run/x.sock" },
          { "/run/x.sock", "/var/lib/kubelet", "/var/lib/kubelet/pod-resources/kubelet.sock" } },
        { { .kubelet_dir = "/data/k" },
          { "/run/crio/crio.sock", "/data/k", "/data/k/pod-resources/kubelet.sock" } },
        { { .pod_resources = "unix:///run/p.sock" },
          { "/run/crio/crio.sock", "/var/lib/kubelet", "/run/p.sock" } },
        { { .runtime = "", .kubelet_dir = "", .pod_resources = "" }, { "", "", "" } },
        { { .runtime = long_path, .kubelet_dir = long_path }, { "", "", "" } },
};

START_TEST(what_is_named_stays) {
        Endpoints found;

        make_socket("/run/crio/crio.sock");
        folder_make(&folder, "/var/lib/kubelet");
        found = endpoints_find(&root, &named[_i].params);
        ck_assert_str_eq(found.runtime, named[_i].expected.runtime);
        ck_assert_str_eq(found.kubelet_dir, named[_i].expected.kubelet_dir);
        ck_assert_str_eq(found.pod_resources, named[_i].expected.pod_resources);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("kubelet-endpoints");
        TCase *tcase = tcase_create("all");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, a_node_is_known_by_its_sockets, 0, ELEMENTSOF(nodes));
        tcase_add_loop_test(tcase, what_is_named_stays, 0, ELEMENTSOF(named));
        suite_add_tcase(suite, tcase);
        return suite;
}
