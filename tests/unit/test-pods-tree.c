/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cgroup trees made of ordinary files, and the kernel's own where there is one to write to.
 */
#include "pods/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <linux/magic.h>

#include "base/nodeset.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"

#define CGROUP    "sys/fs/cgroup/"
#define UUID      "0f3a9c1e-5b7d-4e2f-8a61-d2c4b6e8f013"
#define UUID_UNIT "0f3a9c1e_5b7d_4e2f_8a61_d2c4b6e8f013"
#define DIGEST    "5a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define ID_A      "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ID_B      "aa112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UNITS     "kubepods.slice"
#define BURSTABLE UNITS "/kubepods-burstable.slice"

static Folder folder;
static Root root;
static PodsTree *tree;

static void setup(void) {
        folder = folder_new();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        folder_write(&folder, CGROUP "cgroup.controllers", "memory hugetlb\n");
        tree = NULL;
}

static void teardown(void) {
        tree = pods_tree_free(tree);
        root_deinit(&root);
        folder_remove(&folder);
}

static void look_below(const char *cgroup_root) {
        tree = pods_tree_free(tree);
        ck_assert_int_eq(pods_tree_read(&(const TreeParams){ .root = &root,
                                                             .cgroup_root = cgroup_root,
                                                             .with_usage = true },
                                        &tree),
                         0);
        ck_assert(tree->is_complete == (tree->problem.text[0] == '\0'));
        ck_assert(!tree->is_complete || tree->n_left_out == 0);
}

static void look(void) {
        look_below("");
}

static void put(const char *cgroup, const char *file, const char *text) {
        char path[512];

        (void)snprintf(path, sizeof(path), CGROUP "%s/%s", cgroup, file);
        folder_write(&folder, path, text);
}

static void make(const char *cgroup, bool is_populated) {
        put(cgroup, "cgroup.events", is_populated ? "populated 1\nfrozen 0\n" : "populated 0\n");
}

static const TreePod *expect_pod(const char *uid, QosClass qos, const char *path) {
        const TreePod *pod = pods_tree_find(tree, uid);

        ck_assert_msg(pod != NULL, "%s: %s", uid, tree->problem.text);
        ck_assert_int_eq(pod->qos, qos);
        ck_assert_str_eq(pod->path, path);
        return pod;
}

static void expect_problem(const char *source, const char *text) {
        ck_assert(!tree->is_complete);
        ck_assert_msg(strstr(tree->problem.source, source) != NULL, "%s", tree->problem.source);
        ck_assert_msg(strstr(tree->problem.text, text) != NULL, "%s", tree->problem.text);
}

START_TEST(without_kubepods_there_are_no_pods) {
        look();
        ck_assert(tree->is_complete);
        ck_assert_int_eq(tree->driver, CGROUP_DRIVER_NONE);
        ck_assert_uint_eq(tree->n_pods, 0);
        ck_assert_ptr_null(pods_tree_find(tree, UUID));
}
END_TEST

START_TEST(without_cgroups_there_are_no_pods) {
        folder_delete(&folder, CGROUP "cgroup.controllers");
        look();
        ck_assert(tree->is_complete);
        ck_assert_uint_eq(tree->n_pods, 0);
}
END_TEST

START_TEST(cgroup_v1_is_no_evidence) {
        folder_delete(&folder, CGROUP "cgroup.controllers");
        folder_make(&folder, CGROUP "memory/kubepods/pod" UUID);
        look();
        expect_problem("/sys/fs/cgroup", "is no cgroup v2");
        ck_assert_uint_eq(tree->n_pods, 0);
}
END_TEST

START_TEST(slices_are_read) {
        const TreePod *pod;

        make(UNITS "/kubepods-pod" UUID_UNIT ".slice", true);
        make(BURSTABLE "/kubepods-burstable-pod" DIGEST ".slice", false);
        make(UNITS "/kubepods-besteffort.slice/kubepods-besteffort-podcafe.slice", false);
        make(UNITS "/kubepods-pod" UUID_UNIT ".slice/cri-containerd-" ID_B ".scope", false);
        make(UNITS "/kubepods-pod" UUID_UNIT ".slice/cri-containerd-" ID_A ".scope", true);
        make(UNITS "/kubepods-pod" UUID_UNIT ".slice/crio-conmon-" ID_A ".scope", true);
        make(UNITS "/kubepods-pod" UUID_UNIT ".slice/cri-containerd-" ID_A ".scope/init", true);
        look();
        ck_assert_msg(tree->is_complete, "%s", tree->problem.text);
        ck_assert_str_eq(cgroup_driver_name(tree->driver), "systemd");
        ck_assert_uint_eq(tree->n_pods, 3);
        (void)expect_pod("cafe", QOS_BEST_EFFORT,
                         UNITS "/kubepods-besteffort.slice/kubepods-besteffort-podcafe.slice");
        (void)expect_pod(DIGEST, QOS_BURSTABLE,
                         BURSTABLE "/kubepods-burstable-pod" DIGEST ".slice");
        pod = expect_pod(UUID, QOS_GUARANTEED, UNITS "/kubepods-pod" UUID_UNIT ".slice");
        ck_assert(pod->is_populated);
        ck_assert_uint_eq(pod->n_containers, 2);
        ck_assert_str_eq(pod->containers[0].id, ID_A);
        ck_assert(pod->containers[0].is_populated);
        ck_assert_str_eq(pod->containers[1].id, ID_B);
        ck_assert(!pod->containers[1].is_populated);
        ck_assert_str_eq(pod->containers[1].path,
                         UNITS "/kubepods-pod" UUID_UNIT ".slice/cri-containerd-" ID_B ".scope");
}
END_TEST

START_TEST(plain_folders_are_read) {
        const TreePod *pod;

        make("kubepods/pod" UUID "/" ID_A, true);
        make("kubepods/pod" UUID, true);
        make("kubepods/burstable/pod" DIGEST, false);
        make("kubepods/besteffort/podcafe", false);
        folder_link(&folder, CGROUP "kubepods/podlink", "pod" UUID);
        put("kubepods", "podfile", "");
        look();
        ck_assert_str_eq(cgroup_driver_name(tree->driver), "cgroupfs");
        ck_assert_uint_eq(tree->n_pods, 3);
        (void)expect_pod(DIGEST, QOS_BURSTABLE, "kubepods/burstable/pod" DIGEST);
        (void)expect_pod("cafe", QOS_BEST_EFFORT, "kubepods/besteffort/podcafe");
        pod = expect_pod(UUID, QOS_GUARANTEED, "kubepods/pod" UUID);
        ck_assert_uint_eq(pod->n_containers, 1);
        ck_assert_str_eq(pod->containers[0].path, "kubepods/pod" UUID "/" ID_A);
        ck_assert(!pod->usage.bytes.present);
}
END_TEST

static const struct {
        const char *cgroup_root, *kubepods;
        CgroupDriver driver;
} places[] = {
        { "/", "kubepods.slice/kubepods-pod1.slice", CGROUP_DRIVER_SYSTEMD },
        { "/a/b", "a.slice/a-b.slice/a-b-kubepods.slice/a-b-kubepods-pod1.slice",
          CGROUP_DRIVER_SYSTEMD },
        { "/a-b", "a_b.slice/a_b-kubepods.slice/a_b-kubepods-pod1.slice", CGROUP_DRIVER_SYSTEMD },
        { "/a/b", "a/b/kubepods/pod1", CGROUP_DRIVER_CGROUPFS },
};

START_TEST(kubepods_is_below_cgroup_root) {
        make(places[_i].kubepods, true);
        look_below(places[_i].cgroup_root);
        ck_assert_int_eq(tree->driver, places[_i].driver);
        ck_assert_uint_eq(tree->n_pods, 1);
        look_below("/elsewhere");
        ck_assert(tree->is_complete);
        ck_assert_uint_eq(tree->n_pods, 0);
}
END_TEST

START_TEST(a_cgroup_root_that_is_none_is_said) {
        make("kubepods/pod1", true);
        look_below("/../kubepods");
        expect_problem("/sys/fs/cgroup", "cgroupRoot '/../kubepods'");
}
END_TEST

START_TEST(the_driver_is_the_one_with_pods) {
        folder_make(&folder, CGROUP "kubepods.slice/kubepods-burstable.slice");
        folder_make(&folder, CGROUP "kubepods");
        look();
        ck_assert_int_eq(tree->driver, CGROUP_DRIVER_SYSTEMD);
        make("kubepods/pod1", true);
        look();
        ck_assert_int_eq(tree->driver, CGROUP_DRIVER_CGROUPFS);
        make(UNITS "/kubepods-pod1.slice", false);
        make(UNITS "/kubepods-pod2.slice", true);
        look();
        ck_assert_int_eq(tree->driver, CGROUP_DRIVER_SYSTEMD);
        ck_assert_uint_eq(tree->n_pods, 2);
        (void)expect_pod("1", QOS_GUARANTEED, "kubepods/pod1"); /* where its processes are */
}
END_TEST

START_TEST(one_foreign_level_is_looked_into) {
        make(UNITS "/kubepods-foo.slice/kubepods-foo-pod1.slice", true);
        make(BURSTABLE "/kubepods-burstable-foo.slice/kubepods-burstable-foo-pod2.slice", true);
        make(UNITS "/init.scope/kubepods-pod3.slice", true);
        make(UNITS "/kubepods-foo.slice/x.service", true);
        look();
        ck_assert_msg(tree->is_complete, "%s", tree->problem.text);
        ck_assert_uint_eq(tree->n_pods, 2);
        ck_assert_int_eq(pods_tree_find(tree, "1")->qos, QOS_UNKNOWN);
        ck_assert_int_eq(pods_tree_find(tree, "2")->qos, QOS_BURSTABLE);
        make(UNITS "/kubepods-foo.slice/kubepods-foo-bar.slice/kubepods-foo-bar-pod4.slice", true);
        look();
        expect_problem("kubepods-foo-bar.slice", "deeper");
        ck_assert_uint_eq(tree->n_left_out, 1);
        ck_assert_uint_eq(tree->n_pods, 2);
}
END_TEST

#define POD       "kubepods/pod1"
#define CONTAINER POD "/" ID_A

static const char numa_stat[] = "anon N0=4096 N3=8192 N1023=0\n"
                                "file N0=100 N3=0 N1023=7\n"
                                "kernel_stack N0=10 N3=0\n"
                                "pagetables N0=20\n"
                                "sec_pagetables N0=30\n"
                                "shmem N0=999999\n"
                                "vmalloc N0=999999\n"
                                "file_mapped N0=999999\n"
                                "inactive_anon N0=999999\n"
                                "slab_reclaimable N0=40 N3=1\n"
                                "slab_unreclaimable N0=50\n"
                                "workingset_refault_anon N0=999999\n";

static void put_usage(const char *cgroup) {
        make(cgroup, true);
        put(cgroup, "memory.current", "123456\n");
        put(cgroup, "memory.max", "200000\n");
        put(cgroup, "memory.numa_stat", numa_stat);
        put(cgroup, "memory.pressure",
            "some avg10=12.34 avg60=0.00 avg300=0.00 total=1\n"
            "full avg10=99.00 avg60=0.00 avg300=0.00 total=1\n");
        put(cgroup, "memory.events", "low 0\noom 9\noom_kill 3\noom_group_kill 8\n");
        put(cgroup, "hugetlb.2MB.current", "4194304\n");
        put(cgroup, "hugetlb.2MB.rsvd.current", "6291456\n");
        put(cgroup, "hugetlb.1GB.current", "0\n");
}

static void expect_nodes(const PodsUsage *usage) {
        static const PodsNodeBytes expected[] = { { 0, 4346 }, { 3, 8193 }, { 1023, 7 } };

        ck_assert_uint_eq(usage->n_nodes, ELEMENTSOF(expected));
        for (size_t i = 0; i < ELEMENTSOF(expected); ++i) {
                ck_assert_uint_eq(usage->nodes[i].node, expected[i].node);
                ck_assert_uint_eq(usage->nodes[i].bytes, expected[i].bytes);
        }
}

static void expect_hugepages(const PodsUsage *usage, uint64_t of_2m) {
        ck_assert_uint_eq(usage->n_hugepages, 2);
        ck_assert_uint_eq(usage->hugepages[0].page_bytes, 2 * MIB);
        ck_assert_uint_eq(usage->hugepages[0].bytes, of_2m);
        ck_assert_uint_eq(usage->hugepages[1].page_bytes, GIB);
        ck_assert_uint_eq(usage->hugepages[1].bytes, 0);
}

START_TEST(usage_is_read) {
        const TreePod *pod;

        put_usage("kubepods");
        put_usage(POD);
        put_usage(CONTAINER);
        put(CONTAINER, "memory.max", "max\n");
        put(CONTAINER, "hugetlb.2MB.current", "2097152\n");
        look();
        ck_assert_msg(tree->is_complete, "%s", tree->problem.text);
        pod = expect_pod("1", QOS_GUARANTEED, POD);
        ck_assert_uint_eq(pod->usage.bytes.value, 123456);
        ck_assert_uint_eq(pod->usage.max_bytes.value, 200000);
        ck_assert_uint_eq(pod->usage.pressure_permille.value, 123);
        ck_assert_uint_eq(pod->usage.oom_kills, 3);
        expect_nodes(&pod->usage);
        expect_hugepages(&pod->usage, 4 * MIB);
        ck_assert_uint_eq(pod->containers[0].usage.bytes.value, 123456);
        ck_assert(!pod->containers[0].usage.max_bytes.present);
        ck_assert(!pod->containers[0].usage.pressure_permille.present);
        ck_assert_uint_eq(pod->containers[0].usage.oom_kills, 0);
        expect_nodes(&pod->containers[0].usage);
        expect_hugepages(&pod->containers[0].usage, 2 * MIB);
}
END_TEST

START_TEST(who_is_there_costs_no_usage) {
        put_usage(POD);
        put_usage(CONTAINER);
        ck_assert_int_eq(pods_tree_read(&(const TreeParams){ .root = &root }, &tree), 0);
        ck_assert_uint_eq(tree->n_pods, 1);
        ck_assert(tree->pods[0].is_populated);
        ck_assert(tree->pods[0].containers[0].is_populated);
        ck_assert(!tree->pods[0].usage.bytes.present);
        ck_assert_uint_eq(tree->pods[0].usage.n_nodes, 0);
}
END_TEST

static const struct {
        const char *file, *text;
        OptU64 bytes, max, pressure;
        uint64_t oom_kills;
        size_t n_nodes;
        bool is_populated;
} odd_files[] = {
#define NUMBER(x)                                                                                  \
        { x, true }
#define NONE                                                                                       \
        { 0, false }
#define REST NUMBER(123456), NUMBER(200000), NUMBER(123), 3
        { "memory.current", "12 potatoes\n", NONE, NONE, NONE, 0, 0, true },
        { "memory.current", "", NONE, NONE, NONE, 0, 0, true },
        { "memory.current", "18446744073709551616\n", NONE, NONE, NONE, 0, 0, true },
        { "memory.max", "-1\n", NUMBER(123456), NONE, NUMBER(123), 3, 3, true },
        { "memory.max", "max\n", NUMBER(123456), NONE, NUMBER(123), 3, 3, true },
        { "memory.max", "18446744073709551615", NUMBER(123456), NUMBER(UINT64_MAX), NUMBER(123), 3,
          3, true },
        { "memory.pressure", "full avg10=1.00 \n", NUMBER(123456), NUMBER(200000), NONE, 3, 3,
          true },
        { "memory.pressure", "some avg10=1.0 \nsome avg10=x\nsome avg10=0.99 avg60=0\n",
          NUMBER(123456), NUMBER(200000), NUMBER(9), 3, 3, true },
        { "memory.pressure", "some avg10=100.00 avg60=0\n", NUMBER(123456), NUMBER(200000),
          NUMBER(1000), 3, 3, true },
        { "memory.pressure", "some avg10=101.00 avg60=0\n", NUMBER(123456), NUMBER(200000), NONE, 3,
          3, true },
        { "memory.events", "oom_kill x\noom_kill 1 2\noom_kill 5", NUMBER(123456), NUMBER(200000),
          NUMBER(123), 5, 3, true },
        { "memory.events", "", NUMBER(123456), NUMBER(200000), NUMBER(123), 0, 3, true },
        { "memory.numa_stat", "", REST, 0, true },
        { "memory.numa_stat", "anon\nanon \nanon N\nanon N1\nanon N1=\nanon 1=2\n", REST, 0, true },
        { "memory.numa_stat", "anon N0=1 N1=x\nfile N1=1  N2=1\nfile N1024=1\n", REST, 0, true },
        { "memory.numa_stat", "anon N0=1 \n anon N1=1\nanonymous N2=1\nano N3=1\n", REST, 0, true },
        { "memory.numa_stat", "anon N7=18446744073709551615\nfile N7=1\nfile N6=2", REST, 2, true },
        { "memory.numa_stat", "\n\n\nfile N6=2", REST, 1, true },
        { "cgroup.events", "populated 0\n", REST, 3, false },
        { "cgroup.events", "populated\nfrozen 1\n", REST, 3, false },
        { "cgroup.events", "", REST, 3, false },
};

START_TEST(garbage_is_absent) {
        const PodsUsage *usage;

        put_usage(POD);
        put(POD, odd_files[_i].file, odd_files[_i].text);
        look();
        ck_assert_msg(tree->is_complete, "%s", tree->problem.text);
        ck_assert_uint_eq(tree->n_pods, 1);
        usage = &tree->pods[0].usage;
        ck_assert(opt_u64_equal(usage->bytes, odd_files[_i].bytes));
        ck_assert(opt_u64_equal(usage->max_bytes, odd_files[_i].max));
        ck_assert(opt_u64_equal(usage->pressure_permille, odd_files[_i].pressure));
        ck_assert_uint_eq(usage->oom_kills, odd_files[_i].oom_kills);
        ck_assert_uint_eq(usage->n_nodes, odd_files[_i].n_nodes);
        ck_assert(tree->pods[0].is_populated == odd_files[_i].is_populated);
}
END_TEST

START_TEST(sums_do_not_pass_from_pod_to_pod) {
        put_usage("kubepods/pod1");
        put_usage("kubepods/pod2");
        put("kubepods/pod3", "memory.current", "1\n");
        look();
        expect_nodes(&pods_tree_find(tree, "1")->usage);
        expect_nodes(&pods_tree_find(tree, "2")->usage);
        ck_assert_uint_eq(pods_tree_find(tree, "3")->usage.n_nodes, 0);
        ck_assert_ptr_null(pods_tree_find(tree, "4"));
}
END_TEST

static void put_nodes(unsigned n) {
        char text[32 * NODESET_MAX];
        size_t n_text = (size_t)snprintf(text, sizeof(text), "anon");

        for (unsigned i = 0; i < n; ++i)
                n_text += (size_t)snprintf(text + n_text, sizeof(text) - n_text, " N%u=1",
                                           NODESET_MAX - 1 - 2 * i);
        put(POD, "memory.numa_stat", text);
}

START_TEST(numa_nodes_have_a_cap) {
        put_usage(POD);
        put_nodes(PODS_USAGE_NODES);
        look();
        ck_assert(tree->is_complete);
        ck_assert_uint_eq(tree->pods[0].usage.n_nodes, PODS_USAGE_NODES);
        put_nodes(PODS_USAGE_NODES + 1);
        look();
        expect_problem("/sys/fs/cgroup/" POD, "more NUMA nodes than 64");
        ck_assert_uint_eq(tree->pods[0].usage.n_nodes, PODS_USAGE_NODES);
}
END_TEST

START_TEST(files_have_a_cap) {
        static char text[300 * 1024];

        put_usage(POD);
        memset(text, '\n', sizeof(text) - 1);
        put(POD, "memory.numa_stat", text);
        look();
        expect_problem("/sys/fs/cgroup/" POD, "a file of 262144 bytes");
        ck_assert_uint_eq(tree->n_pods, 1);
        ck_assert_uint_eq(tree->pods[0].usage.n_nodes, 0);
}
END_TEST

START_TEST(containers_have_a_cap) {
        for (unsigned i = 0; i < PODS_CONTAINERS_MAX + 2; ++i) {
                char path[128];

                (void)snprintf(path, sizeof(path), CGROUP POD "/c%u", i);
                if (i == PODS_CONTAINERS_MAX) {
                        look();
                        ck_assert(tree->is_complete);
                }
                folder_make(&folder, path);
        }
        look();
        expect_problem("/sys/fs/cgroup/" POD, "more than 64 containers");
        ck_assert_uint_eq(tree->n_left_out, 2);
        ck_assert_uint_eq(tree->pods[0].n_containers, PODS_CONTAINERS_MAX);
}
END_TEST

START_TEST(pods_have_a_cap) {
        for (unsigned i = 0; i < PODS_MAX + 3; ++i) {
                char path[128];

                (void)snprintf(path, sizeof(path), CGROUP "kubepods/pod%u", i);
                if (i == PODS_MAX) {
                        look();
                        ck_assert(tree->is_complete);
                        ck_assert_uint_eq(tree->n_pods, PODS_MAX);
                }
                folder_make(&folder, path);
        }
        look();
        expect_problem("/sys/fs/cgroup/kubepods", "more than 1024 pods");
        ck_assert_uint_eq(tree->n_left_out, 3);
        ck_assert_uint_eq(tree->n_pods, PODS_MAX);
}
END_TEST

START_TEST(foreign_folders_have_a_cap) {
        for (unsigned i = 0; i < 65; ++i) {
                char path[128];

                (void)snprintf(path, sizeof(path), CGROUP "kubepods/x%u", i);
                folder_make(&folder, path);
                look();
                ck_assert(tree->is_complete == (i < 64));
        }
        expect_problem("/sys/fs/cgroup/kubepods", "more than 64 folders that are no pods");
}
END_TEST

START_TEST(entries_have_a_cap) {
        char first[128], other[128];

        put("kubepods", "0", "");
        (void)snprintf(first, sizeof(first), "%s/" CGROUP "kubepods/0", folder.path);
        for (unsigned i = 1; i < 4100; ++i) {
                (void)snprintf(other, sizeof(other), "%s/" CGROUP "kubepods/%u", folder.path, i);
                if (link(first, other) < 0)
                        ck_abort_msg("%s", other);
        }
        look();
        expect_problem("/sys/fs/cgroup/kubepods", "more than 4096 entries");
}
END_TEST

START_TEST(page_sizes_have_a_cap) {
        static const char *const files[] = { "hugetlb.64KB.current", "hugetlb.2MB.current",
                                             "hugetlb.32MB.current", "hugetlb.1GB.current",
                                             "hugetlb.16GB.current" };

        make(POD, true);
        for (size_t i = 0; i < ELEMENTSOF(files); ++i) {
                put("kubepods", files[i], "0\n");
                put(POD, files[i], "0\n");
                look();
                ck_assert(tree->is_complete == (i < POD_PAGE_SIZES));
        }
        expect_problem("/sys/fs/cgroup/kubepods", "more than 4 sizes of huge pages");
        ck_assert_uint_eq(tree->pods[0].usage.n_hugepages, POD_PAGE_SIZES);
}
END_TEST

/* A path that folder.h has no room for. */
static void make_deep(unsigned n_parts, const char *part, const char *last) {
        char path[sizeof(folder.path) + 32];
        int fd;

        (void)snprintf(path, sizeof(path), "%s/" CGROUP, folder.path);
        fd = open(path, O_PATH | O_CLOEXEC);
        for (unsigned i = 0; i <= n_parts + 1; ++i) {
                const char *name = i < n_parts ? part : i == n_parts ? "kubepods" : last;
                int next;

                ck_assert(mkdirat(fd, name, 0755) == 0 || errno == EEXIST);
                next = openat(fd, name, O_PATH | O_CLOEXEC);
                ck_assert_int_ge(next, 0);
                (void)fd_close(fd);
                fd = next;
        }
        (void)fd_close(fd);
}

START_TEST(paths_have_a_cap) {
        static const char part[] = "0123456789012345678901234567890123456789012345678";
        char cgroup_root[PODS_PATH_MAX] = "";

        for (unsigned i = 0; i < 9; ++i)
                (void)snprintf(cgroup_root + strlen(cgroup_root),
                               sizeof(cgroup_root) - strlen(cgroup_root), "/%s", part);
        make_deep(9, part, "pod1");
        look_below(cgroup_root);
        ck_assert(tree->is_complete);
        ck_assert_uint_eq(tree->n_pods, 1);
        make_deep(9, part, "pod01234567890123456789012345678901234567890123456789");
        look_below(cgroup_root);
        expect_problem("/sys/fs/cgroup/"
                       "0123",
                       "more than 511 bytes");
        ck_assert_uint_eq(tree->n_pods, 1);
        ck_assert_uint_eq(tree->n_left_out, 1);
}
END_TEST

START_TEST(what_cannot_be_listed_is_said) {
        struct rlimit before, few;
        const int next_fd = fcntl(root.fd, F_DUPFD_CLOEXEC, 0);

        make(POD, true);
        make("kubepods/burstable/pod2", true);
        (void)fd_close(next_fd);
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
        few = (struct rlimit){ .rlim_cur = (rlim_t)next_fd + 1, .rlim_max = before.rlim_max };
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        look(); /* kubepods alone can be opened */
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
        expect_problem("/sys/fs/cgroup/kubepods/", "cannot be listed: Too many open files");
        ck_assert_uint_eq(tree->n_pods, 1);
        (void)expect_pod("1", QOS_GUARANTEED, POD);
}
END_TEST

/* Folders without anything in them: they go in one stroke, as cgroups do. */
static void flicker(const char *pod, const char *container) {
        for (unsigned i = 0; i < 100; ++i) {
                (void)mkdir(pod, 0755);
                (void)mkdir(container, 0755);
                (void)rmdir(container);
                (void)rmdir(pod);
        }
}

static void come_and_go(void) {
        char pod[128], container[128];

        (void)snprintf(pod, sizeof(pod), "%s/" CGROUP "kubepods/pod4", folder.path);
        (void)snprintf(container, sizeof(container), "%s/" CGROUP POD "/c2", folder.path);
        for (;;) {
                put_usage("kubepods/pod2");
                put_usage("kubepods/pod2/" ID_A);
                put_usage("kubepods/burstable/pod3");
                folder_delete(&folder, CGROUP "kubepods/burstable");
                folder_delete(&folder, CGROUP "kubepods/pod2");
                flicker(pod, container);
        }
}

/* Pods come and go as fast as can be; the one that stays is seen by every look. */
START_TEST(pods_may_vanish_at_any_moment) {
        pid_t pid;

        put_usage(CONTAINER);
        put_usage(POD);
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0)
                come_and_go();
        for (unsigned i = 0; i < 2000; ++i) {
                const TreePod *pod;

                look();
                ck_assert_msg(tree->is_complete, "%s", tree->problem.text);
                pod = expect_pod("1", QOS_GUARANTEED, POD);
                expect_nodes(&pod->usage);
                ck_assert_uint_ge(pod->n_containers, 1);
                ck_assert_str_eq(pod->containers[0].id, ID_A);
        }
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(reading_without_memory_is_not_reading) {
        const TreeParams params = { .root = &root, .with_usage = true };
        unsigned n = 0;
        int r;

        put_usage("kubepods");
        put_usage(POD);
        put_usage(CONTAINER);
        put_usage("kubepods/burstable/pod2");
        do {
                failmalloc_arm(n++);
                r = pods_tree_read(&params, &tree);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
        } while (r == -ENOMEM);
        ck_assert_uint_ge(n, 5);
        ck_assert_uint_eq(tree->n_pods, 2);
        ck_assert(tree->is_complete);
}
END_TEST

/*
 * The kernel's own, below a cgroup of ours. Nothing is asserted before it is removed: a test that
 * fails must leave none behind.
 */
#define OWN_POD       "/kubepods/burstable/pod" DIGEST
#define OWN_CONTAINER OWN_POD "/" ID_A

static const char *const own_cgroups[] = { "", "/kubepods", "/kubepods/burstable", OWN_POD,
                                           OWN_CONTAINER };
static char own[64]; /* "/slug-test-PID" */

static const char *in_own(const char *path, char buffer[static 256]) {
        (void)snprintf(buffer, 256, "/" CGROUP "%s%s", own + 1, path);
        return buffer;
}

static bool make_own(void) {
        struct statfs statfs_buffer;
        char full[256];

        (void)snprintf(own, sizeof(own), "/slug-test-%d", (int)getpid());
        if (statfs("/" CGROUP, &statfs_buffer) < 0 || statfs_buffer.f_type != CGROUP2_SUPER_MAGIC)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(own_cgroups); ++i)
                if (mkdir(in_own(own_cgroups[i], full), 0755) < 0)
                        return false;
        return true;
}

static void remove_own(void) {
        char full[256];

        for (size_t i = ELEMENTSOF(own_cgroups); i > 0; --i)
                (void)rmdir(in_own(own_cgroups[i - 1], full));
}

static PodsTree *read_own(void) {
        PodsTree *read = NULL;

        if (pods_tree_read(&(const TreeParams){ .root = &root, .cgroup_root = own }, &read))
                return NULL;
        return read;
}

static bool join_own(void) {
        char full[256];
        const int fd = open(in_own(OWN_CONTAINER "/cgroup.procs", full), O_WRONLY | O_CLOEXEC);
        const bool is_done = fd >= 0 && write(fd, "0", 1) == 1;

        (void)fd_close(fd);
        return is_done;
}

/* A process is in the container until its pipe ends. */
static PodsTree *read_own_with_process(void) {
        int ready[2], end[2];
        PodsTree *read_tree = NULL;
        char byte = 0;
        pid_t pid;

        if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(end, O_CLOEXEC) < 0)
                return NULL;
        pid = fork();
        if (pid == 0) {
                (void)fd_close(end[1]);
                byte = join_own();
                (void)!write(ready[1], &byte, 1);
                (void)!read(end[0], &byte, 1);
                _exit(0);
        }
        if (pid > 0 && read(ready[0], &byte, 1) == 1 && byte)
                read_tree = read_own();
        (void)fd_close(end[1]);
        if (pid > 0)
                (void)waitpid(pid, NULL, 0);
        (void)fd_close(end[0]);
        (void)fd_close(ready[0]);
        (void)fd_close(ready[1]);
        return read_tree;
}

static void expect_own(const PodsTree *read, bool is_populated) {
        const TreePod *pod = pods_tree_find(read, DIGEST);

        ck_assert_msg(read->is_complete, "%s", read->problem.text);
        ck_assert_int_eq(read->driver, CGROUP_DRIVER_CGROUPFS);
        ck_assert_ptr_nonnull(pod);
        ck_assert(pod->is_populated == is_populated);
        ck_assert_uint_eq(pod->n_containers, 1);
        ck_assert(pod->containers[0].is_populated == is_populated);
}

START_TEST(the_kernels_cgroups_are_read) {
        PodsTree *empty = NULL, *busy = NULL;
        bool is_made;

        root_deinit(&root);
        ck_assert_int_eq(root_init(&root, "/"), 0);
        is_made = make_own();
        if (is_made) {
                empty = read_own();
                busy = read_own_with_process();
        }
        remove_own();
        if (!is_made)
                return; /* no cgroup v2 that we may write to */
        ck_assert_ptr_nonnull(empty);
        expect_own(empty, false);
        if (busy) /* a process may not be let into it */
                expect_own(busy, true);
        pods_tree_free(empty);
        pods_tree_free(busy);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("pods-tree");
        TCase *t = tcase_create("tree");

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, without_kubepods_there_are_no_pods);
        tcase_add_test(t, without_cgroups_there_are_no_pods);
        tcase_add_test(t, cgroup_v1_is_no_evidence);
        tcase_add_test(t, slices_are_read);
        tcase_add_test(t, plain_folders_are_read);
        tcase_add_loop_test(t, kubepods_is_below_cgroup_root, 0, ELEMENTSOF(places));
        tcase_add_test(t, a_cgroup_root_that_is_none_is_said);
        tcase_add_test(t, the_driver_is_the_one_with_pods);
        tcase_add_test(t, one_foreign_level_is_looked_into);
        tcase_add_test(t, usage_is_read);
        tcase_add_test(t, who_is_there_costs_no_usage);
        tcase_add_loop_test(t, garbage_is_absent, 0, ELEMENTSOF(odd_files));
        tcase_add_test(t, sums_do_not_pass_from_pod_to_pod);
        tcase_add_test(t, numa_nodes_have_a_cap);
        tcase_add_test(t, files_have_a_cap);
        tcase_add_test(t, containers_have_a_cap);
        tcase_add_test(t, pods_have_a_cap);
        tcase_add_test(t, foreign_folders_have_a_cap);
        tcase_add_test(t, entries_have_a_cap);
        tcase_add_test(t, page_sizes_have_a_cap);
        tcase_add_test(t, paths_have_a_cap);
        tcase_add_test(t, what_cannot_be_listed_is_said);
        tcase_add_test(t, pods_may_vanish_at_any_moment);
        tcase_add_test(t, reading_without_memory_is_not_reading);
        tcase_add_test(t, the_kernels_cgroups_are_read);
        suite_add_tcase(s, t);
        return s;
}
