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
#include "bench/pods/bed.h"
#include "pods/reconcile.h"

#define ROUNDS 51u

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
                bed_fail(dir, -errno);
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
                        bed_fail(floor_paths[i], -errno);
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
        LedgerRoomRow rows[BED_NODES];
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
                bed_fail("reading the tree", r);
        if (!tree->is_complete || tree->n_pods != bench->n_pods)
                bed_fail("not all pods are there", -ENOENT);
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
                        bed_fail("reconciling", r);
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
                bed_fail("preparing", r);
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
                bed_fail("joining", r);
        times[STEP_FIRST] = numbers_now();
        look(bench, ledger, memory);
        times[STEP_STEADY] = numbers_now();
        look(bench, ledger, memory);
        times[_STEP_N] = numbers_now();
        for (unsigned step = 0; step < _STEP_N; ++step)
                bench->seconds[step][round] = times[step + 1] - times[step];
        if (ledger_get_n_claims(ledger) != bench->n_pods)
                bed_fail("not all pods were adopted", -ENOENT);
}

static void bench_init(Bench *bench, const char *dir, unsigned n_pods) {
        int r;

        *bench = (Bench){ .n_pods = n_pods };
        bed_make_tree(dir, n_pods);
        r = root_init(&bench->root, dir);
        if (r)
                bed_fail(dir, r);
        bench->report = bed_make_report(n_pods);
        for (unsigned i = 0; i < BED_NODES; ++i) {
                bench->rows[i] = (LedgerRoomRow){ .node = i, .bytes = 1024 * 1024 * MIB };
                nodeset_add(i < BED_NODES / 2 ? &bench->place.local : &bench->place.remote, i);
        }
        bench->place.room = (LedgerRoom){ .rows = bench->rows, .n_rows = BED_NODES };
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
