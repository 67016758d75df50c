/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qos DIR PODS [LOOKS]
 *
 * What it costs to keep the limits of the QoS cgroups when nothing is to be done: DIR is a machine
 * with a slugd.yaml that manages them; its cgroup tree is made here, with so many pods. The real
 * keeper writes what it plans, and then looks again and again. Set beside it are the files that it
 * manages, opened by their paths and read into nothing. With LOOKS it looks so often once all is
 * there, and prints nothing: for counting system calls.
 *
 * A benchmark, not a test: it prints, and judges nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/root.h"
#include "bench/memory/numbers.h"
#include "bench/pods/bed.h"
#include "config/config.h"
#include "manager/qos-keeper.h"
#include "sysfs/sysfs.h"

#define ROUNDS       51u
#define LOOKS        20u /* in a round: one is shorter than the clock is fine */
#define SETTLE_TURNS 200u
#define TURN_USEC    UINT64_C(50000)
#define BOOT_ID      "00000000-0000-4000-8000-000000000001"

/* Levels, and the knobs that a converged look has to read: one read for each. */
static const char *const levels[] = {
        "kubepods.slice",
        "kubepods.slice/kubepods-burstable.slice",
        "kubepods.slice/kubepods-besteffort.slice",
};
static const char *const files[] = { "memory.max",  "memory.low",     "memory.min",
                                     "cpuset.mems", "memory.current", "cgroup.events" };

typedef struct Bench {
        unsigned n_pods;
        Root root;
        sd_event *event;
        Crew *crew;
        PodsReport *report;
        PodsTree *tree;
        Inventory *inventory;
        Settings *settings;
        Snapshot snapshot;
        PodsView pods;
        QosKeeper *keeper;
} Bench;

static double cpu_now(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
        return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What the kernel has in a cgroup of its own, and a folder of pods has not. */
static void make_levels(const char *dir) {
        char path[512];

        for (size_t i = 0; i < ELEMENTSOF(levels); ++i) {
                (void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s", dir, levels[i]);
                (void)mkdir(path, 0755);
                bed_write_file(path, "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
                bed_write_file(path, "cgroup.events", "populated 1\nfrozen 0\n");
                bed_write_file(path, "memory.current", "268435456\n");
                bed_write_file(path, "memory.max", "max\n");
                bed_write_file(path, "memory.high", "max\n");
                bed_write_file(path, "memory.low", "0\n");
                bed_write_file(path, "memory.min", "0\n");
                bed_write_file(path, "cpuset.mems", "\n");
                bed_write_file(path, "memory.events",
                               "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n");
                bed_write_file(path, "memory.pressure",
                               "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
                               "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        }
}

static void set_up_pods(Bench *bench) {
        const TreeParams params = { .root = &bench->root, .cgroup_root = "", .with_usage = true };
        int r;

        r = pods_tree_read(&params, &bench->tree);
        if (r == 0) {
                bench->report = bed_make_report(bench->n_pods);
                r = inventory_new(bench->tree, bench->report, &bench->inventory);
        }
        if (r)
                bed_fail("looking at the pods", r);
        bench->pods = (PodsView){ .inventory = bench->inventory,
                                  .problem = "",
                                  .clock = clock_monotonic };
}

static void set_up_machine(Bench *bench) {
        SysfsMachine *machine;
        Config *config;
        Diag diag = {};
        int r;

        r = config_load(&bench->root, NULL, &config, &diag);
        if (r)
                bed_fail(r > 0 ? diag.text : "slugd.yaml", r > 0 ? -EINVAL : r);
        r = settings_new(config, &bench->settings);
        if (r == 0)
                r = sysfs_read(&bench->root, &machine);
        if (r == 0)
                r = snapshot_build(bench->settings, machine, 1, &bench->snapshot);
        if (r)
                bed_fail("looking at the machine", r);
}

/* What is kept is looked at, and not waited for. */
static void on_changed(void *userdata _unused_) {
}

static void set_up_keeper(Bench *bench) {
        int r;

        r = sd_event_new(&bench->event);
        if (r >= 0)
                r = crew_attach(bench->crew, bench->event, on_changed, bench);
        if (r >= 0)
                r = qos_keeper_new(&(const QosKeeperParams){ .event = bench->event,
                                                             .root = &bench->root,
                                                             .crew = bench->crew,
                                                             .pods = &bench->pods,
                                                             .boot_id = BOOT_ID,
                                                             .clock = clock_monotonic,
                                                             .may_write = true,
                                                             .changed = on_changed,
                                                             .userdata = bench },
                                   &bench->keeper);
        if (r < 0)
                bed_fail("the keeper", r);
        qos_keeper_set(bench->keeper, bench->settings, &bench->snapshot, false);
}

static size_t count_achieved(const QosView *view, size_t *ret_n_wanted) {
        size_t n = 0;

        *ret_n_wanted = 0;
        for (size_t i = 0; view->plan && i < view->plan->n_rows; ++i) {
                *ret_n_wanted += view->plan->rows[i].has_value;
                n += view->plan->rows[i].has_value && view->knobs[i].status == QOS_STATUS_ACHIEVED;
        }
        return n;
}

/* Until all that is wanted is there. */
static void settle(Bench *bench) {
        const QosView *view = qos_keeper_get_view(bench->keeper);
        size_t n_wanted = 0;

        qos_keeper_look(bench->keeper);
        for (unsigned i = 0; i < SETTLE_TURNS; ++i) {
                if (sd_event_run(bench->event, TURN_USEC) < 0)
                        bed_fail("the event loop", -EIO);
                if (count_achieved(view, &n_wanted) == n_wanted && n_wanted > 0)
                        return;
        }
        (void)fprintf(stderr, "qos: %zu of %zu knobs are there; %s\n",
                      count_achieved(view, &n_wanted), n_wanted, view->problem);
        exit(EXIT_FAILURE);
}

static void bench_init(Bench *bench, const char *dir, unsigned n_pods) {
        int r;

        *bench = (Bench){ .n_pods = n_pods };
        /* forks, so it comes first */
        r = crew_new(&bench->crew);
        if (r == 0)
                r = root_init(&bench->root, dir);
        if (r)
                bed_fail(dir, r);
        bed_make_tree(dir, n_pods);
        make_levels(dir);
        set_up_pods(bench);
        set_up_machine(bench);
        set_up_keeper(bench);
        settle(bench);
}

static void bench_deinit(Bench *bench) {
        qos_keeper_free(bench->keeper);
        sd_event_unref(bench->event);
        crew_free(bench->crew);
        snapshot_deinit(&bench->snapshot);
        settings_free(bench->settings);
        inventory_free(bench->inventory);
        pods_tree_free(bench->tree);
        pods_report_free(bench->report);
        root_deinit(&bench->root);
}

/* The floor: what is managed, and no more. Return: how many files. */
static unsigned read_files(const char *dir) {
        char path[512], buffer[4096];
        unsigned n = 0;

        for (size_t i = 0; i < ELEMENTSOF(levels); ++i)
                for (size_t k = 0; k < ELEMENTSOF(files); ++k) {
                        int fd;

                        (void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/%s/%s", dir, levels[i],
                                       files[k]);
                        fd = open(path, O_RDONLY | O_CLOEXEC);
                        if (fd < 0 || read(fd, buffer, sizeof(buffer)) < 0)
                                bed_fail(path, -errno);
                        (void)close(fd);
                        ++n;
                }
        return n;
}

static void measure(Bench *bench, const char *dir) {
        const QosView *view = qos_keeper_get_view(bench->keeper);
        const uint64_t n_writes = view->n_writes, n_bus_calls = view->n_bus_calls;
        double floor[ROUNDS], looks[ROUNDS], floor_usec, look_usec;
        unsigned n_files = 0;

        for (unsigned round = 0; round < ROUNDS; ++round) {
                double from = cpu_now();

                for (unsigned i = 0; i < LOOKS; ++i)
                        n_files = read_files(dir);
                floor[round] = (cpu_now() - from) / LOOKS;
                from = cpu_now();
                for (unsigned i = 0; i < LOOKS; ++i)
                        qos_keeper_look(bench->keeper);
                looks[round] = (cpu_now() - from) / LOOKS;
        }
        floor_usec = numbers_get(floor, ROUNDS, 0.5) * 1e6;
        look_usec = numbers_get(looks, ROUNDS, 0.5) * 1e6;
        (void)printf("%-4u pods  %3u files read by path %7.0f us, a look %7.0f us, p99 %7.0f us: "
                     "%.2f of the floor; %" PRIu64 " writes, %" PRIu64 " calls of D-Bus\n",
                     bench->n_pods, n_files, floor_usec, look_usec,
                     numbers_get(looks, ROUNDS, 0.99) * 1e6, look_usec / floor_usec,
                     view->n_writes - n_writes, view->n_bus_calls - n_bus_calls);
}

int main(int argc, char **argv) {
        Bench bench;

        if (argc != 3 && argc != 4) {
                (void)fprintf(stderr, "usage: qos DIR PODS [LOOKS]\n");
                return 2;
        }
        bench_init(&bench, argv[1], (unsigned)strtoul(argv[2], NULL, 10));
        if (argc == 4)
                for (unsigned long i = strtoul(argv[3], NULL, 10); i > 0; --i)
                        qos_keeper_look(bench.keeper);
        else
                measure(&bench, argv[1]);
        bench_deinit(&bench);
        return EXIT_SUCCESS;
}
