/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pods DIR [PODS LOOKS]
 *
 * What looking at all pods costs, on a cgroup tree that is made in DIR: 100 and 500 pods with two
 * containers each, on a machine of four NUMA nodes. Reading the tree is set beside the floor, which
 * is the same files opened by their paths and read into nothing. With PODS and LOOKS it makes that
 * tree, looks so often, and prints nothing: for counting system calls.
 *
 * A benchmark, not a test: it prints, and judges nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/root.h"
#include "bench/memory/numbers.h"
#include "pods/reconcile.h"

#define ROUNDS       51u
#define N_NODES      4u
#define N_CONTAINERS 2u

static const unsigned sizes[] = { 100, 500 };

typedef enum Step {
        STEP_FLOOR,     /* the files, by their paths */
        STEP_TREE,      /* pods_tree_read() */
        STEP_WHO,       /* the same without usage */
        STEP_INVENTORY, /* joined with a report */
        STEP_FIRST,     /* reconciling an empty ledger */
        STEP_STEADY,    /* reconciling one in which nothing changes */
        _STEP_N,
} Step;

static const char *const step_names[_STEP_N] = {
        [STEP_FLOOR] = "the same files, read by path", [STEP_TREE] = "cgroup tree with usage",
        [STEP_WHO] = "cgroup tree, who is there",      [STEP_INVENTORY] = "joined with a report",
        [STEP_FIRST] = "reconciled, all are new",      [STEP_STEADY] = "reconciled, nothing new",
};

static void fail(const char *what, int r) {
        (void)fprintf(stderr, "pods: %s: %s\n", what, strerror(r < 0 ? -r : errno));
        exit(EXIT_FAILURE);
}

/* Making the tree */

static void make_folder(const char *path) {
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
                fail(path, -errno);
}

static void write_file(const char *folder, const char *name, const char *text) {
        char path[1024];
        FILE *file;

        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        file = fopen(path, "we");
        if (!file || fputs(text, file) < 0 || fclose(file) != 0)
                fail(path, -errno);
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
                for (unsigned node = 0; node < N_NODES; ++node)
                        n += (size_t)snprintf(text + n, sizeof(text) - n, " N%u=%" PRIu64, node,
                                              i < 2 ? (pod % 7 + node) * 4 * MIB : 4096 * node);
                n += (size_t)snprintf(text + n, sizeof(text) - n, "\n");
        }
        write_file(folder, "memory.numa_stat", text);
}

static void make_cgroup(const char *folder, unsigned pod) {
        make_folder(folder);
        write_file(folder, "cgroup.events", "populated 1\nfrozen 0\n");
        write_file(folder, "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
        write_file(folder, "memory.current", "268435456\n");
        write_file(folder, "memory.max", "max\n");
        write_file(folder, "memory.events",
                   "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n");
        write_file(folder, "memory.pressure",
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
        for (unsigned i = 0; i < N_CONTAINERS; ++i) {
                (void)snprintf(container, sizeof(container), "%s/cri-containerd-%056x%08x.scope",
                               folder, i, pod);
                make_cgroup(container, pod);
        }
}

static void make_tree(const char *dir, unsigned n_pods) {
        static const char *const parts[] = { "/sys", "/sys/fs", "/sys/fs/cgroup" };
        char path[256], burstable[320];

        make_folder(dir);
        for (size_t i = 0; i < ELEMENTSOF(parts); ++i) {
                (void)snprintf(path, sizeof(path), "%s%s", dir, parts[i]);
                make_folder(path);
        }
        write_file(path, "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
        (void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/kubepods.slice", dir);
        make_cgroup(path, 0);
        (void)snprintf(burstable, sizeof(burstable), "%s/kubepods-burstable.slice", path);
        make_cgroup(burstable, 0);
        for (unsigned i = 0; i < n_pods; ++i)
                make_pod(burstable, "kubepods-burstable", i);
}

/* The report */

static PodsReport *make_report(unsigned n_pods) {
        ReportPod *pods = calloc(n_pods, sizeof(*pods));
        ReportContainer *containers = calloc((size_t)n_pods * N_CONTAINERS, sizeof(*containers));
        char(*uids)[POD_UID_MAX] = calloc(n_pods, sizeof(*uids));
        char(*ids)[PODS_ID_MAX] = calloc((size_t)n_pods * N_CONTAINERS, sizeof(*ids));
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
                fail("preparing", -ENOMEM);
        for (unsigned i = 0; i < n_pods; ++i) {
                get_uid(i, uids[i]);
                for (unsigned k = 0; k < N_CONTAINERS; ++k) {
                        const unsigned place = i * N_CONTAINERS + k;

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
                        .containers = &containers[(size_t)i * N_CONTAINERS],
                        .n_containers = N_CONTAINERS,
                };
        }
        if (pods_report_new(&from, &report, &diag))
                fail(diag.text, -EINVAL);
        free(pods);
        free(containers);
        free(uids);
        free(ids);
        return report;
}

/* The floor */

static char **floor_paths;
static size_t n_floor_paths;

static int note_path(const char *path,
                     const struct stat *status _unused_,
                     int type,
                     struct FTW *place _unused_) {
        char **more;

        if (type != FTW_F)
                return 0;
        more = reallocarray(floor_paths, n_floor_paths + 1, sizeof(*more));
        if (!more)
                return -1;
        floor_paths = more;
        floor_paths[n_floor_paths] = strdup(path);
        return floor_paths[n_floor_paths++] ? 0 : -1;
}

static void find_paths(const char *dir) {
        if (nftw(dir, note_path, 16, FTW_PHYS) != 0)
                fail(dir, -errno);
}

static void forget_paths(void) {
        for (size_t i = 0; i < n_floor_paths; ++i)
                free(floor_paths[i]);
        free(floor_paths);
        floor_paths = NULL;
        n_floor_paths = 0;
}

static void read_paths(void) {
        char buffer[8192];

        for (size_t i = 0; i < n_floor_paths; ++i) {
                const int fd = open(floor_paths[i], O_RDONLY | O_CLOEXEC);

                if (fd < 0 || read(fd, buffer, sizeof(buffer)) < 0)
                        fail(floor_paths[i], -errno);
                (void)close(fd);
        }
}

/* Measuring */

typedef struct Bench {
        unsigned n_pods;
        Root root;
        PodsReport *report;
        PodsTree *tree;
        Inventory *inventory;
        LedgerRoomRow rows[N_NODES];
        SizePlace place;
        double seconds[_STEP_N][ROUNDS];
} Bench;

static PodsTree *read_tree(const Bench *bench, bool with_usage) {
        const TreeParams params = { .root = &bench->root,
                                    .cgroup_root = "",
                                    .with_usage = with_usage };
        PodsTree *tree;
        int r;

        r = pods_tree_read(&params, &tree);
        if (r)
                fail("reading the tree", r);
        if (!tree->is_complete || tree->n_pods != bench->n_pods)
                fail("not all pods are there", -ENOENT);
        return tree;
}

static void look(const Bench *bench, Ledger *ledger, ReconcileMemory *memory) {
        const ReconcileParams params = { .ledger = ledger,
                                         .inventory = bench->inventory,
                                         .place = bench->place,
                                         .pending_timeout_usec = 1 };
        bool is_same = false;
        int r;

        for (;;) {
                _cleanup_(reconcile_plan_deinitp) ReconcilePlan plan = {};
                bool is_incomplete;

                r = reconcile(&params, memory, is_same, &plan);
                is_incomplete = plan.is_incomplete;
                if (r == 0)
                        r = ledger_apply(ledger, &plan.change, NULL, NULL, NULL);
                if (r)
                        fail("reconciling", r);
                if (!is_incomplete)
                        return;
                is_same = true;
        }
}

static void measure(Bench *bench, unsigned round) {
        _cleanup_(ledger_freep) Ledger *ledger = NULL;
        _cleanup_(reconcile_memory_freep) ReconcileMemory *memory = NULL;
        double times[_STEP_N + 1];
        PodsTree *tree;
        int r;

        r = ledger_new(&ledger);
        if (r == 0)
                r = reconcile_memory_new(&memory);
        if (r)
                fail("preparing", r);
        times[STEP_FLOOR] = numbers_now();
        read_paths();
        times[STEP_TREE] = numbers_now();
        tree = read_tree(bench, true);
        times[STEP_WHO] = numbers_now();
        pods_tree_free(read_tree(bench, false));
        times[STEP_INVENTORY] = numbers_now();
        bench->inventory = inventory_free(bench->inventory);
        pods_tree_free(bench->tree);
        bench->tree = tree;
        r = inventory_new(bench->tree, bench->report, &bench->inventory);
        if (r)
                fail("joining", r);
        times[STEP_FIRST] = numbers_now();
        look(bench, ledger, memory);
        times[STEP_STEADY] = numbers_now();
        look(bench, ledger, memory);
        times[_STEP_N] = numbers_now();
        for (unsigned step = 0; step < _STEP_N; ++step)
                bench->seconds[step][round] = times[step + 1] - times[step];
        if (ledger_get_n_claims(ledger) != bench->n_pods)
                fail("not all pods were adopted", -ENOENT);
}

static void bench_init(Bench *bench, const char *dir, unsigned n_pods) {
        int r;

        *bench = (Bench){ .n_pods = n_pods };
        make_tree(dir, n_pods);
        r = root_init(&bench->root, dir);
        if (r)
                fail(dir, r);
        bench->report = make_report(n_pods);
        for (unsigned i = 0; i < N_NODES; ++i) {
                bench->rows[i] = (LedgerRoomRow){ .node = i, .bytes = 1024 * 1024 * MIB };
                nodeset_add(i < N_NODES / 2 ? &bench->place.local : &bench->place.remote, i);
        }
        bench->place.room = (LedgerRoom){ .rows = bench->rows, .n_rows = N_NODES };
}

static void bench_deinit(Bench *bench) {
        inventory_free(bench->inventory);
        pods_tree_free(bench->tree);
        pods_report_free(bench->report);
        root_deinit(&bench->root);
}

static void tell(Bench *bench) {
        const double floor = numbers_get(bench->seconds[STEP_FLOOR], ROUNDS, 0.5);

        (void)printf("\n%-4u pods, %zu files%17s%11s%13s\n", bench->n_pods, n_floor_paths, "median",
                     "p99", "of the floor");
        for (unsigned step = 0; step < _STEP_N; ++step) {
                const double median = numbers_get(bench->seconds[step], ROUNDS, 0.5);

                (void)printf("%-30s%9.0f us%8.0f us%13.2f\n", step_names[step], median * 1e6,
                             numbers_get(bench->seconds[step], ROUNDS, 0.99) * 1e6, median / floor);
        }
}

static void run(const char *dir, unsigned n_pods) {
        char path[512];
        Bench bench;

        (void)snprintf(path, sizeof(path), "%s/%u", dir, n_pods);
        bench_init(&bench, path, n_pods);
        find_paths(path);
        for (unsigned round = 0; round < ROUNDS; ++round)
                measure(&bench, round);
        tell(&bench);
        forget_paths();
        bench_deinit(&bench);
}

/* For whoever counts from outside. */
static void look_only(const char *dir, unsigned n_pods, unsigned n_looks) {
        char path[512];
        Bench bench;

        (void)snprintf(path, sizeof(path), "%s/count-%u", dir, n_pods);
        bench_init(&bench, path, n_pods);
        for (unsigned i = 0; i < n_looks; ++i)
                pods_tree_free(read_tree(&bench, true));
        bench_deinit(&bench);
}

int main(int argc, char **argv) {
        if (argc == 4) {
                look_only(argv[1], (unsigned)strtoul(argv[2], NULL, 10),
                          (unsigned)strtoul(argv[3], NULL, 10));
                return EXIT_SUCCESS;
        }
        if (argc != 2) {
                (void)fprintf(stderr, "usage: pods DIR [PODS LOOKS]\n");
                return 2;
        }
        (void)printf("A look at all pods, %u rounds\n", ROUNDS);
        for (size_t i = 0; i < ELEMENTSOF(sizes); ++i)
                run(argv[1], sizes[i]);
        return EXIT_SUCCESS;
}
