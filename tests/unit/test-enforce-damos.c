/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps by DAMON: turned on, watched, turned off, whatever comes in between. A kernel made of files
 * stands in for the real one; the clock and the timer are the test's.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "damon/damon.h"
#include "lib/damon-kernel.h"
#include "lib/test-main.h"
#include "manager/damos-run.h"
#include "manager/enforce-backend.h"
#include "manager/timer.h"

#define CGROUP  "kubepods.slice/a.scope"
#define S       "0/contexts/0/schemes/0/"
#define REGIONS "0/contexts/0/targets/0/regions/"
#define MARK    "18446743577968679067"
#define OTHER   ((void *)0x20)
#define TOLD    ((void *)0x10)
#define NOBODY  1000 /* no errno */

static struct {
        Folder folder;
        Root root;
        SysfsNode nodes[4];
        uint16_t distances[4][4];
        SysfsBlock blocks[6];
        SysfsMachine machine;
        Topology topology;
        Snapshot snapshot;
        EnforceFree free;
        EnforceMeans means;
        EnforcedContainer container;
        int cgroup_fd;
        void *state;
        sd_event_time_handler_t on_timer;
        void *timer_userdata;
        uint64_t now_usec, due_usec;
        int told, told_other;
} bed;

/* Doubles */

int timer_new(sd_event *event _unused_,
              uint64_t accuracy_usec _unused_,
              sd_event_time_handler_t handler,
              void *userdata,
              sd_event_source **ret) {
        bed.on_timer = handler;
        bed.timer_userdata = userdata;
        *ret = NULL;
        return 0;
}

void timer_set(sd_event_source *timer _unused_, uint64_t due_usec) {
        bed.due_usec = due_usec;
}

static uint64_t read_clock(const void *cookie _unused_) {
        return bed.now_usec;
}

static void on_done(int error, int fd, void *userdata) {
        ck_assert_int_lt(fd, 0);
        if (userdata == OTHER)
                bed.told_other = error;
        else
                bed.told = error;
}

/* The machine: nodes 0 and 1 are local, 2 and 3 remote; 3 is nearer to 0 than 2 is. */

static void
set_usage(const char *path, unsigned mib_0, unsigned mib_1, unsigned mib_2, unsigned mib_3) {
        char file[256], text[256];

        (void)snprintf(file, sizeof(file), "sys/fs/cgroup/%s/memory.numa_stat", path);
        (void)snprintf(text, sizeof(text),
                       "anon N0=%" PRIu64 " N1=%" PRIu64 " N2=%" PRIu64 " N3=%" PRIu64
                       "\nfile N0=0 N1=0 N2=0 N3=0\n",
                       mib_0 * MIB, mib_1 * MIB, mib_2 * MIB, mib_3 * MIB);
        folder_write(&bed.folder, file, text);
}

static void make_machine(void) {
        static const uint16_t nodes[] = { 0, 0, 1, 0, 2, 3 };
        static const uint16_t distances[4] = { 10, 20, 40, 30 };

        for (unsigned i = 0; i < 4; ++i) {
                bed.nodes[i] = (SysfsNode){ .id = i,
                                            .memory_bytes = opt_u64(GIB),
                                            .distances = bed.distances[i] };
                bed.free.bytes[i] = GIB / 2;
                memcpy(bed.distances[i], distances, sizeof(distances));
        }
        for (unsigned i = 0; i < ELEMENTSOF(nodes); ++i)
                bed.blocks[i] =
                        (SysfsBlock){ .id = i, .node = nodes[i], .state = SYSFS_BLOCK_ONLINE };
        bed.machine = (SysfsMachine){ .nodes = bed.nodes,
                                      .n_nodes = 4,
                                      .blocks = bed.blocks,
                                      .n_blocks = ELEMENTSOF(nodes),
                                      .host.block_bytes = opt_u64(8 * MIB) };
        bed.topology.machine = &bed.machine;
        bed.snapshot.topology = &bed.topology;
        bed.means = (EnforceMeans){ .root = &bed.root,
                                    .clock.now_usec = read_clock,
                                    .may_write = true,
                                    .snapshot = &bed.snapshot,
                                    .page_bytes = 4096,
                                    .free = &bed.free };
        nodeset_add(&bed.means.local, 0);
        nodeset_add(&bed.means.local, 1);
        nodeset_add(&bed.means.remote, 2);
        nodeset_add(&bed.means.remote, 3);
}

static void begin_bed(bool is_new) {
        log_init("test-enforce-damos", LOG_TARGET_TEXT, LOG_CRIT);
        memset(&bed, 0, sizeof(bed));
        bed.folder = folder_new();
        ck_assert_int_eq(root_init(&bed.root, bed.folder.path), 0);
        damon_kernel_init(&bed.folder, is_new);
        make_machine();
        bed.now_usec = 1000 * USEC_PER_SEC;
        bed.told = bed.told_other = NOBODY;
        (void)snprintf(bed.container.path, sizeof(bed.container.path), "%s", CGROUP);
        set_usage(CGROUP, 300, 50, 0, 0);
        ck_assert_int_eq(root_open(&bed.root, "sys/fs/cgroup/" CGROUP, O_RDONLY | O_DIRECTORY,
                                   &bed.cgroup_fd),
                         0);
        ck_assert_int_eq(enforce_damos_ops.open(&bed.means, &bed.state), 0);
}

static void setup(void) {
        begin_bed(false);
}

static void setup_new(void) {
        begin_bed(true);
}

static void close_state(void) {
        if (bed.state)
                enforce_damos_ops.close(bed.state);
        bed.state = NULL;
}

static void teardown(void) {
        close_state();
        (void)close(bed.cgroup_fd);
        root_deinit(&bed.root);
        folder_remove(&bed.folder);
}

static int begin(EnforceAction action, void *userdata) {
        static const NodeSet none;

        return enforce_damos_ops.begin(&bed.means, bed.state,
                                       &(const EnforceStep){ .container = &bed.container,
                                                             .cgroup_fd = bed.cgroup_fd,
                                                             .claimed = &none,
                                                             .action = action,
                                                             .bytes = 32 * MIB,
                                                             .lane = CREW_PAGES_2,
                                                             .done = on_done,
                                                             .userdata = userdata });
}

static void demote(void) {
        ck_assert_int_eq(begin(ENFORCE_DEMOTE, TOLD), 0);
        damon_kernel_work_all();
}

/* @msec go by, and the timer does what it was set for. */
static void pass(unsigned msec) {
        bed.now_usec += msec * USEC_PER_MSEC;
        ck_assert_uint_le(bed.due_usec, bed.now_usec);
        (void)bed.on_timer(NULL, bed.due_usec, bed.timer_userdata);
        damon_kernel_work_all();
}

START_TEST(test_step) {
        demote();
        damon_kernel_assert("0/state", "on");
        damon_kernel_assert(S "target_nid", "3"); /* the nearer one */
        damon_kernel_assert(S "action", "migrate_cold");
        damon_kernel_assert(S "filters/0/memcg_path", "/" CGROUP);
        /* node 0 has more of it, and two pieces of memory */
        damon_kernel_assert(REGIONS "nr_regions", "6");
        damon_kernel_assert(REGIONS "3/end", "16777216");
        damon_kernel_assert(REGIONS "4/start", "25165824");
        set_usage(CGROUP, 290, 50, 0, 10);
        pass(20);
        damon_kernel_assert("0/state", "on");
        ck_assert_int_eq(bed.told, NOBODY);
        set_usage(CGROUP, 300, 50, 0, 32); /* it has grown meanwhile */
        pass(20);
        ck_assert_int_eq(bed.told, 0);
        damon_kernel_assert("nr_kdamonds", "0");
        ck_assert(damon_kernel_has("0/state=off"));
}
END_TEST

START_TEST(test_up) {
        set_usage(CGROUP, 0, 0, 20, 200);
        ck_assert_int_eq(begin(ENFORCE_PROMOTE, TOLD), 0);
        damon_kernel_work_all();
        ck_assert(damon_kernel_has(S "action=migrate_hot"));
        ck_assert(damon_kernel_has(S "target_nid=0"));
        ck_assert(damon_kernel_has("0/contexts/0/targets/0/regions/0/start=41943040"));
}
END_TEST

/* Nothing is cold: more is looked at, and then all is taken. */
START_TEST(test_pace) {
        demote();
        damon_kernel_assert(S "quotas/bytes", "2097152");
        pass(220);
        damon_kernel_assert(S "quotas/bytes", "8388608");
        damon_kernel_assert(S "access_pattern/nr_accesses/max", "0");
        damon_kernel_assert("0/state", "on");
        pass(20);
        for (unsigned i = 0; i < 4; ++i)
                pass(220);
        damon_kernel_assert(S "access_pattern/nr_accesses/max", "4294967295");
        damon_kernel_assert("0/state", "on");
        for (unsigned i = 0; i < 40 && bed.told == NOBODY; ++i)
                pass(320);
        ck_assert_int_eq(bed.told, -EAGAIN);
        damon_kernel_assert("nr_kdamonds", "0");
}
END_TEST

/* The next step goes on where this one ended, until next to nothing is left. */
START_TEST(test_hand) {
        damon_kernel.looked_bytes = 20 * MIB; /* 16 of the first piece of memory, and 4 */
        demote();
        set_usage(CGROUP, 268, 50, 0, 32);
        pass(20);
        ck_assert_int_eq(bed.told, 0);
        damon_kernel.looked_bytes = 3 * MIB;
        demote();
        damon_kernel_assert(REGIONS "nr_regions", "1");
        damon_kernel_assert(REGIONS "0/start", "29360128");
        damon_kernel_assert(REGIONS "0/end", "33554432");
        set_usage(CGROUP, 236, 50, 0, 64);
        pass(20);
        demote();
        damon_kernel_assert(REGIONS "nr_regions", "6");
        damon_kernel_assert(REGIONS "0/start", "0");
}
END_TEST

/* Nothing is found from there on: on and on, and then from the beginning. */
START_TEST(test_round) {
        damon_kernel.looked_bytes = 3 * MIB;
        demote();
        set_usage(CGROUP, 268, 50, 0, 32);
        pass(20);
        bed.told = NOBODY;
        demote();
        damon_kernel_assert(REGIONS "0/start", "3145728");
        pass(220);
        damon_kernel_assert("0/state", "on");
        damon_kernel_assert(REGIONS "0/start", "6291456");
        damon_kernel_assert(S "quotas/bytes", "33554432");
        damon_kernel.looked_bytes = 100 * MIB;
        pass(220);
        damon_kernel_assert(REGIONS "0/start", "0");
        pass(220);
        damon_kernel_assert("0/state", "on");
        ck_assert_int_eq(bed.told, NOBODY);
}
END_TEST

/* Where it is not told in time: 20 ms of nothing, of which 10 are thought to be windows of 2 MiB,
 * and 1 MiB that was moved. */
START_TEST(test_guessed_hand) {
        demote();
        set_usage(CGROUP, 299, 50, 0, 1);
        pass(60);
        damon_kernel_assert("0/state", "on");
        enforce_damos_ops.cancel(bed.state, TOLD);
        pass(0);
        ck_assert(!damon_kernel_has("0/state=update_schemes_stats"));
        demote();
        damon_kernel_assert(REGIONS "0/start", "30408704");
}
END_TEST

START_TEST(test_cancelled) {
        demote();
        enforce_damos_ops.cancel(bed.state, TOLD);
        pass(0);
        ck_assert_int_eq(bed.told, NOBODY);
        damon_kernel_assert("nr_kdamonds", "0");
        /* and while it is being turned on */
        ck_assert_int_eq(begin(ENFORCE_DEMOTE, TOLD), 0);
        enforce_damos_ops.cancel(bed.state, TOLD);
        damon_kernel_work_all();
        pass(0);
        ck_assert_int_eq(bed.told, NOBODY);
        damon_kernel_assert("nr_kdamonds", "0");
}
END_TEST

START_TEST(test_one_at_a_time) {
        demote();
        ck_assert_int_eq(begin(ENFORCE_DEMOTE, OTHER), 0);
        ck_assert_uint_eq(damon_kernel.n_jobs, 0);
        set_usage(CGROUP, 268, 50, 0, 32);
        pass(20);
        ck_assert_int_eq(bed.told, 0);
        damon_kernel_assert("0/state", "on"); /* again */
        set_usage(CGROUP, 236, 50, 0, 64);
        pass(20);
        ck_assert_int_eq(bed.told_other, 0);
        damon_kernel_assert("nr_kdamonds", "0");
}
END_TEST

START_TEST(test_failures) {
        damon_kernel.fails_at = "0/state";
        damon_kernel.failure = -EBUSY;
        damon_kernel.n_failures = 1;
        demote();
        ck_assert_int_eq(bed.told, -EBUSY);
        damon_kernel_assert("nr_kdamonds", "0");
        /* it cannot be turned off for a while */
        bed.told = NOBODY;
        demote();
        set_usage(CGROUP, 268, 50, 0, 32);
        damon_kernel.fails_at = "nr_kdamonds";
        damon_kernel.n_failures = 2;
        pass(20);
        ck_assert_int_eq(bed.told, NOBODY);
        pass(100);
        ck_assert_int_eq(bed.told, NOBODY);
        pass(100);
        ck_assert_int_eq(bed.told, 0);
        damon_kernel_assert("nr_kdamonds", "0");
}
END_TEST

/* Somebody was quicker: nothing of his is touched. */
START_TEST(test_taken_meanwhile) {
        damon_kernel.fails_at = "nr_kdamonds";
        damon_kernel.failure = -EBUSY;
        damon_kernel.n_failures = 1;
        ck_assert_int_eq(begin(ENFORCE_DEMOTE, TOLD), -EBUSY);
        ck_assert_uint_eq(damon_kernel.n_jobs, 0);
        ck_assert_str_eq(damon_kernel.log, "\nnr_kdamonds=1");
        /* and when it is seen before, nothing at all is written */
        folder_write(&bed.folder, DAMON_DIR "/nr_kdamonds", "1\n");
        ck_assert_int_eq(begin(ENFORCE_DEMOTE, TOLD), -EBUSY);
        ck_assert_uint_eq(damon_kernel.n_jobs, 0);
}
END_TEST

START_TEST(test_cannot_be_used) {
        char reason[DIAG_TEXT_MAX];

        ck_assert(enforce_damos_ops.probe(&bed.means, bed.state, reason));
        ck_assert_ptr_nonnull(strstr(reason, "until slugd stops it"));
        bed.machine.n_blocks = 0;
        ck_assert(!enforce_damos_ops.probe(&bed.means, bed.state, reason));
        ck_assert_ptr_nonnull(strstr(reason, "/sys/devices/system/memory"));
        folder_delete(&bed.folder, DAMON_DIR "/nr_kdamonds");
        folder_make(&bed.folder, DAMON_DIR "/nr_kdamonds"); /* what nobody can write to */
        ck_assert(!enforce_damos_ops.probe(&bed.means, bed.state, reason));
        folder_delete(&bed.folder, DAMON_DIR "/nr_kdamonds");
        folder_write(&bed.folder, DAMON_DIR "/nr_kdamonds", "0\n");
}
END_TEST

/* Nothing of it is told or turned off; only its memory is given back. */
static void kill_slugd(void) {
        Damos *damos = bed.state;

        damon_plan_deinit(&damos->writes.plan);
        free(damos);
}

START_TEST(test_left_on) {
        char reason[DIAG_TEXT_MAX];

        ck_assert(enforce_damos_ops.probe(&bed.means, bed.state, reason));
        ck_assert_uint_eq(damon_kernel.n_jobs, 0);
        demote();
        damon_kernel_assert(S "access_pattern/sz/max", MARK);
        ck_assert(enforce_damos_ops.probe(&bed.means, bed.state, reason)); /* its own */
        damon_kernel_assert("0/state", "on");
        kill_slugd();
        ck_assert_int_eq(enforce_damos_ops.open(&bed.means, &bed.state), 0);
        ck_assert(enforce_damos_ops.probe(&bed.means, bed.state, reason));
        ck_assert_int_eq(begin(ENFORCE_DEMOTE, OTHER), 0); /* that waits */
        damon_kernel_work_all();
        ck_assert(damon_kernel_has("0/state=off\nnr_kdamonds=0\nnr_kdamonds=1"));
        damon_kernel_assert("0/state", "on");
}
END_TEST

/* Somebody took it away: there is nothing to be turned off, and it is told all the same. */
START_TEST(test_gone) {
        demote();
        folder_delete(&bed.folder, DAMON_DIR "/0");
        set_usage(CGROUP, 268, 50, 0, 32);
        pass(20);
        ck_assert_int_eq(bed.told, NOBODY);
        pass(0);
        ck_assert_int_eq(bed.told, 0);
        damon_kernel_assert("nr_kdamonds", "0");
}
END_TEST

START_TEST(test_end_of_slugd) {
        demote();
        close_state();
        ck_assert(damon_kernel_has("0/state=off"));
        damon_kernel_assert("nr_kdamonds", "0");
}
END_TEST

START_TEST(test_nowhere) {
        bed.free.bytes[2] = bed.free.bytes[3] = 0;
        demote();
        ck_assert_int_eq(bed.told, -ENOSPC);
        damon_kernel_assert("nr_kdamonds", "0");
        bed.told = NOBODY;
        ck_assert_int_eq(begin(ENFORCE_PROMOTE, TOLD), 0); /* of nothing */
        damon_kernel_work_all();
        ck_assert_int_eq(bed.told, -ENOENT);
}
END_TEST

/* Its pages are those of a cgroup below it: the only filter of 6.12 is for that one. */
START_TEST(test_below) {
        set_usage(CGROUP "/init", 10, 0, 0, 0);
        set_usage(CGROUP "/app", 280, 0, 0, 0);
        demote();
        damon_kernel_assert(S "filters/nr_filters", "1");
        damon_kernel_assert(S "filters/0/memcg_path", "/" CGROUP "/app");
}
END_TEST

START_TEST(test_new_kernel) {
        set_usage(CGROUP "/app", 290, 0, 0, 0);
        demote();
        damon_kernel_assert(S "ops_filters/nr_filters", "2");
        damon_kernel_assert(S "ops_filters/0/memcg_path", "/" CGROUP "/app");
        damon_kernel_assert(S "ops_filters/1/memcg_path", "/" CGROUP);
        damon_kernel_assert(S "quotas/bytes", "33554432");
        pass(320); /* no more than that, whatever it looks at */
        damon_kernel_assert(S "quotas/bytes", "33554432");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("enforce-damos");
        TCase *c = tcase_create("steps"), *n = tcase_create("new");

        tcase_add_checked_fixture(c, setup, teardown);
        tcase_set_timeout(c, 60); /* it makes many files */
        tcase_set_timeout(n, 60);
        tcase_add_test(c, test_step);
        tcase_add_test(c, test_up);
        tcase_add_test(c, test_pace);
        tcase_add_test(c, test_guessed_hand);
        tcase_add_test(c, test_cancelled);
        tcase_add_test(c, test_one_at_a_time);
        tcase_add_test(c, test_failures);
        tcase_add_test(c, test_taken_meanwhile);
        tcase_add_test(c, test_cannot_be_used);
        tcase_add_test(c, test_left_on);
        tcase_add_test(c, test_gone);
        tcase_add_test(c, test_end_of_slugd);
        tcase_add_test(c, test_nowhere);
        tcase_add_test(c, test_below);
        suite_add_tcase(s, c);
        tcase_add_checked_fixture(n, setup_new, teardown);
        tcase_add_test(n, test_new_kernel);
        tcase_add_test(n, test_hand);
        tcase_add_test(n, test_round);
        suite_add_tcase(s, n);
        return s;
}
