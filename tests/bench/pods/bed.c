/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/pods/bed.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

void bed_fail(const char *what, int r) {
        (void)fprintf(stderr, "bench: %s: %s\n", what, strerror(r < 0 ? -r : errno));
        exit(EXIT_FAILURE);
}

/* Making the tree */

static void make_folder(const char *path) {
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                bed_fail(path, -errno);
}

void bed_write_file(const char *folder, const char *name, const char *text) {
        char path[1024];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        file = fopen(path, "we");
        if (!file || fputs(text, file) < 0 || fclose(file) != 0)
                bed_fail(path, -errno);
}

/* As long as the kernel's, so that it costs as much to look through. */
static void write_numa_stat(const char *folder, unsigned pod) {
        static const char *const keys[] = {
                "anon",
                "file",
                "kernel_stack",
                "pagetables",
                "sec_pagetables",
                "shmem",
                "file_mapped",
                "file_dirty",
                "file_writeback",
                "swapcached",
                "anon_thp",
                "file_thp",
                "shmem_thp",
                "inactive_anon",
                "active_anon",
                "inactive_file",
                "active_file",
                "unevictable",
                "slab_reclaimable",
                "slab_unreclaimable",
                "workingset_refault_anon",
                "workingset_refault_file",
        };
        char text[8192];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys); ++i) {
                n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", keys[i]);
                for (unsigned node = 0; node < BED_NODES; ++node)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, " N%u=%" PRIu64, node,
                                              i < 2 ? (pod % 7 + node) * 4 * MIB : 4096 * node);
                n += (size_t)snprintf(text + n, sizeof(text) - n, "\n");
        }
        bed_write_file(folder, "memory.numa_stat", text);
}

static void make_cgroup(const char *folder, unsigned pod) {
        make_folder(folder);
        bed_write_file(folder, "cgroup.events", "populated 1\nfrozen 0\n");
        bed_write_file(folder, "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
        bed_write_file(folder, "memory.current", "268435456\n");
        bed_write_file(folder, "memory.max", "max\n");
        bed_write_file(folder, "memory.events",
                       "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n");
        bed_write_file(folder, "memory.pressure",
                       "some avg10=0.12 avg60=0.05 avg300=0.01 total=12345\n"
                       "full avg10=0.00 avg60=0.00 avg300=0.00 total=2345\n");
        write_numa_stat(folder, pod);
}

static void get_uid(unsigned pod, char uid[static POD_UID_MAX]) {
        (void)snprintf(uid, POD_UID_MAX, "00000000-0000-4000-8000-%012x", pod);
}

static void make_pod(const char *parent, const char *prefix, unsigned pod) {
        char uid[POD_UID_MAX], escaped[POD_UID_MAX], folder[512], container[1024];

        get_uid(pod, uid);
        for (size_t i = 0; i < sizeof(uid); ++i)
                escaped[i] = uid[i] == '-' ? '_' : uid[i];
        (void)snprintf(folder, sizeof(folder), "%s/%s-pod%s.slice", parent, prefix, escaped);
        make_cgroup(folder, pod);
        for (unsigned i = 0; i < BED_CONTAINERS; ++i) {
                (void)snprintf(container, sizeof(container), "%s/cri-containerd-%056x%08x.scope",
                               folder, i, pod);
                make_cgroup(container, pod);
        }
}

void bed_make_tree(const char *dir, unsigned n_pods) {
        static const char *const parts[] = { "/sys", "/sys/fs", "/sys/fs/cgroup" };
        char path[256], burstable[320];

        make_folder(dir);
        for (size_t i = 0; i < ELEMENTSOF(parts); ++i) {
                (void)snprintf(path, sizeof(path), "%s%s", dir, parts[i]);
                make_folder(path);
        }
        bed_write_file(path, "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
        (void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/kubepods.slice", dir);
        make_cgroup(path, 0);
        (void)snprintf(burstable, sizeof(burstable), "%s/kubepods-burstable.slice", path);
        make_cgroup(burstable, 0);
        for (unsigned i = 0; i < n_pods; ++i)
                make_pod(burstable, "kubepods-burstable", i);
}

/* The report */

PodsReport *bed_make_report(unsigned n_pods) {
        ReportPod *pods = calloc(n_pods, sizeof(*pods));
        ReportContainer *containers = calloc((size_t)n_pods * BED_CONTAINERS, sizeof(*containers));
        char(*uids)[POD_UID_MAX] = calloc(n_pods, sizeof(*uids));
        char(*ids)[PODS_ID_MAX] = calloc((size_t)n_pods * BED_CONTAINERS, sizeof(*ids));
        ReportSource source = { .name = "runtime", .endpoint = "", .version = "", .problem = "" };
        PodsReport from = {
                .reporter = "bench",
                .sequence = 1,
                .ledger_generation = 1,
                .is_settled = true,
                .unsettled_reason = "",
                .sources = &source,
                .n_sources = 1,
                .pods = pods,
                .n_pods = n_pods,
        };
        PodsReport *report;
        Diag diag = {};

        if (!pods || !containers || !uids || !ids)
                bed_fail("preparing", -ENOMEM);
        for (unsigned i = 0; i < n_pods; ++i) {
                get_uid(i, uids[i]);
                for (unsigned k = 0; k < BED_CONTAINERS; ++k) {
                        const unsigned place = i * BED_CONTAINERS + k;

                        (void)snprintf(ids[place], sizeof(ids[place]), "%056x%08x", k, i);
                        containers[place] = (ReportContainer){
                                .name = k == 0 ? "app" : "side",
                                .id = ids[place],
                                .cgroup = "",
                                .state = REPORT_RUNNING,
                                .request_bytes = opt_u64(128 * MIB),
                        };
                }
                pods[i] = (ReportPod){
                        .uid = uids[i],
                        .namespace_name = "default",
                        .name = "bench",
                        .sandbox = REPORT_SANDBOX_READY,
                        .is_listed = true,
                        .containers = &containers[(size_t)i * BED_CONTAINERS],
                        .n_containers = BED_CONTAINERS,
                };
        }
        if (pods_report_new(&from, &report, &diag))
                bed_fail(diag.text, -EINVAL);
        free(pods);
        free(containers);
        free(uids);
        free(ids);
        return report;
}
