/* SPDX-License-Identifier: Apache-2.0 */
/* Which events of cgroups make a line, and what is followed, kept and told of a real tree. */
#include "manager/qos-events.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"
#include "manager/event-lines.h"

#define CGROUP "sys/fs/cgroup/"
#define SEC    USEC_PER_SEC

/* Lines */

static EventLines lines;
static EventLine told[EVENT_LINES_MAX];

static void note_one(QosLevel level, CgroupEventKind kind, uint64_t count, uint64_t own) {
        event_lines_note(
                &lines,
                &(const CgroupEvent){ .tag = level, .kind = kind, .count = count, .own = own }, 1);
}

static void setup_lines(void) {
        lines = (EventLines){};
}

START_TEST(a_storm_is_a_line_every_ten_seconds) {
        unsigned n = 0;
        uint64_t sum = 0;

        for (uint64_t usec = 5 * SEC; usec < 65 * SEC; usec += SEC / 100) {
                note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 1, 1);
                if (event_lines_take(&lines, usec, told) == 0)
                        continue;
                ++n;
                sum += told[0].count;
                ck_assert_uint_eq(told[0].count, n == 1 ? 1 : 1000);
                ck_assert_int_eq(told[0].level, QOS_LEVEL_BURSTABLE);
        }
        ck_assert_uint_eq(n, 6);
        ck_assert_uint_eq(event_lines_get_due(&lines), 65 * SEC);
        ck_assert_uint_eq(event_lines_take(&lines, 65 * SEC, told), 1);
        ck_assert_uint_eq(sum + told[0].count, 6000); /* nothing is lost */
        ck_assert_uint_eq(event_lines_get_due(&lines), EVENT_LINES_NEVER);
}
END_TEST

START_TEST(what_is_urgent_waits_for_a_second_at_most) {
        note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 1, 1);
        note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_OOM_KILL, 1, 0);
        ck_assert_uint_eq(event_lines_take(&lines, 100 * SEC, told), 2);
        note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_OOM_KILL, 2, 0);
        note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 1, 1);
        ck_assert_uint_eq(event_lines_get_due(&lines), 101 * SEC);
        ck_assert_uint_eq(event_lines_take(&lines, 101 * SEC - 1, told), 0);
        ck_assert_uint_eq(event_lines_take(&lines, 101 * SEC, told), 1);
        ck_assert_int_eq(told[0].kind, CGROUP_EVENT_OOM_KILL);
        ck_assert_uint_eq(told[0].count, 2);
        ck_assert_uint_eq(event_lines_get_due(&lines), 110 * SEC);
}
END_TEST

START_TEST(limits_of_containers_are_no_news) {
        note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 50, 0);
        note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_OOM, 5, 0);
        ck_assert_uint_eq(event_lines_take(&lines, SEC, told), 0);
        note_one(QOS_LEVEL_BURSTABLE, CGROUP_EVENT_MAX, 50, 2);
        ck_assert_uint_eq(event_lines_take(&lines, SEC, told), 1);
        ck_assert_uint_eq(told[0].count, 2);
}
END_TEST

START_TEST(who_was_killed_is_told_once) {
        const CgroupEvent kills[] = {
                { .tag = QOS_LEVEL_KUBEPODS, .kind = CGROUP_EVENT_OOM_KILL, .count = 6 },
                { .tag = QOS_LEVEL_BURSTABLE, .kind = CGROUP_EVENT_OOM_KILL, .count = 3 },
                { .tag = QOS_LEVEL_BESTEFFORT, .kind = CGROUP_EVENT_OOM_KILL, .count = 2 },
                { .tag = QOS_LEVEL_KUBE_RESERVED, .kind = CGROUP_EVENT_OOM_KILL, .count = 4 },
        };
        static const uint64_t expected[_QOS_LEVEL_N] = { 1, 3, 2, 0, 4 };
        size_t n;

        event_lines_note(&lines, kills, ELEMENTSOF(kills));
        n = event_lines_take(&lines, SEC, told);
        ck_assert_uint_eq(n, 4);
        for (size_t i = 0; i < n; ++i)
                ck_assert_uint_eq(told[i].count, expected[told[i].level]);
        event_lines_note(&lines, kills + 1, 2); /* kubepods has not counted them yet */
        ck_assert_uint_eq(event_lines_take(&lines, 5 * SEC, told), 2);
}
END_TEST

/* A tree */

static Folder folder;
static Root root;
static sd_event *event;
static QosPlaces places;
static QosView view;
static CgroupHistory history;
static QosEvents *events;
static unsigned n_changes;

static uint64_t read_wall_clock(const void *cookie _unused_) {
        return 42;
}

static void on_changed(void *userdata _unused_) {
        ++n_changes;
}

static int create(QosEvents **ret) {
        return qos_events_new(
                &(const QosEventsParams){ .event = event,
                                          .root = &root,
                                          .view = &view,
                                          .history = &history,
                                          .clock = clock_monotonic,
                                          .wall_clock = { .now_usec = read_wall_clock },
                                          .changed = on_changed },
                ret);
}

static void setup(void) {
        log_init("test-qos-events", LOG_TARGET_TEXT, LOG_ERR);
        folder = folder_new();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_ge(sd_event_new(&event), 0);
        folder_write(&folder, CGROUP "cgroup.controllers", "memory\n");
        history = (CgroupHistory){};
        view = (QosView){};
        places = (QosPlaces){};
        n_changes = 0;
        ck_assert_int_eq(create(&events), 0);
}

static void teardown(void) {
        events = qos_events_free(events);
        event = sd_event_unref(event);
        root_deinit(&root);
        folder_remove(&folder);
}

static void count(const char *cgroup, unsigned max) {
        char path[512], text[64];

        (void)snprintf(path, sizeof(path), CGROUP "%s/memory.events", cgroup);
        (void)snprintf(text, sizeof(text), "max %u\n", max);
        folder_write(&folder, path, text);
}

/* As the keeper's look finds it. */
static void look(void) {
        view.places = &places;
        for (size_t i = 0; i < _QOS_LEVEL_N; ++i) {
                char path[1024];
                struct stat stat;

                (void)snprintf(path, sizeof(path), "%s/" CGROUP "%s", folder.path,
                               places.items[i].path);
                places.items[i].state.is_there = places.items[i].path[0] && lstat(path, &stat) == 0;
                if (places.items[i].state.is_there)
                        places.items[i].state.inode = stat.st_ino;
        }
        qos_events_follow(events);
}

static void place(QosLevel level, const char *path) {
        (void)snprintf(places.items[level].path, sizeof(places.items[level].path), "%s", path);
}

static void run_until(unsigned n) {
        while (n_changes < n)
                ck_assert_int_gt(sd_event_run(event, 60 * SEC), 0);
}

START_TEST(before_the_first_look_there_is_nothing) {
        qos_events_follow(events);
        ck_assert_uint_eq(n_changes, 0);
        ck_assert(!history.is_followed[QOS_LEVEL_KUBEPODS]);
        ck_assert_ptr_null(qos_events_free(NULL));
}
END_TEST

START_TEST(what_happens_is_kept_and_told) {
        count("kubepods", 5);
        count("kubepods/burstable", 5);
        place(QOS_LEVEL_KUBEPODS, "kubepods");
        place(QOS_LEVEL_BURSTABLE, "kubepods/burstable");
        look();
        ck_assert_uint_eq(n_changes, 0);
        count("kubepods/burstable", 7);
        run_until(1);
        ck_assert_uint_eq(history.n_entries, 1);
        ck_assert_uint_eq(history.entries[0].event.tag, QOS_LEVEL_BURSTABLE);
        ck_assert_uint_eq(history.entries[0].event.count, 2);
        ck_assert_uint_eq(history.entries[0].time_usec, 42);
        ck_assert_str_eq(history.entries[0].path, "kubepods/burstable");
        ck_assert(history.is_followed[QOS_LEVEL_BURSTABLE]);
        ck_assert(!history.is_followed[QOS_LEVEL_BESTEFFORT]);
}
END_TEST

START_TEST(a_storm_is_taken_in_pieces) {
        unsigned n = 0;

        count("kubepods", 0);
        place(QOS_LEVEL_KUBEPODS, "kubepods");
        look();
        for (unsigned turn = 1; turn <= 3; ++turn) {
                for (unsigned i = 0; i < 200; ++i) {
                        count("kubepods", ++n);
                        (void)sd_event_run(event, 0);
                }
                run_until(turn);
        }
        while (history.counts[QOS_LEVEL_KUBEPODS][CGROUP_EVENT_MAX] < n)
                ck_assert_int_gt(sd_event_run(event, 60 * SEC), 0);
        ck_assert_uint_le(n_changes, 8); /* of 600; how many depends on how slow this machine is */
        count("kubepods", n + 1);        /* and it hears of what comes after */
        run_until(n_changes + 1);
}
END_TEST

START_TEST(a_reserved_cgroup_is_followed_where_it_is_configured) {
        count("system", 0);
        place(QOS_LEVEL_SYSTEM_RESERVED, "system");
        look();
        ck_assert(!history.is_followed[QOS_LEVEL_SYSTEM_RESERVED]);
        places.items[QOS_LEVEL_SYSTEM_RESERVED].is_configured = true;
        look();
        ck_assert(history.is_followed[QOS_LEVEL_SYSTEM_RESERVED]);
        count("system", 1);
        run_until(1);
        ck_assert_uint_eq(history.entries[0].event.tag, QOS_LEVEL_SYSTEM_RESERVED);
}
END_TEST

START_TEST(a_cgroup_that_is_made_later_is_followed) {
        place(QOS_LEVEL_KUBEPODS, "kubepods");
        look();
        count("kubepods", 3);
        look();
        ck_assert_uint_eq(n_changes, 1);
        ck_assert_uint_eq(history.entries[0].event.count, 3);
        count("kubepods", 4);
        run_until(2);
}
END_TEST

START_TEST(without_cgroup_v2_nothing_is_heard_until_it_is_there) {
        folder_delete(&folder, CGROUP "cgroup.controllers");
        count("kubepods", 1);
        place(QOS_LEVEL_KUBEPODS, "kubepods");
        look();
        count("kubepods", 2);
        ck_assert_int_eq(sd_event_run(event, 0), 0);
        folder_write(&folder, CGROUP "cgroup.controllers", "memory\n");
        look();
        count("kubepods", 3);
        run_until(1);
}
END_TEST

START_TEST(without_memory_there_is_none) {
        QosEvents *another = NULL;
        unsigned n = 0;
        int r;

        do {
                failmalloc_arm(n++);
                r = create(&another);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
        } while (r == -ENOMEM);
        ck_assert_uint_gt(n, 1);
        ck_assert_ptr_null(qos_events_free(another));
        count("kubepods", 1);
        place(QOS_LEVEL_KUBEPODS, "kubepods");
        failmalloc_arm(0);
        look();
        (void)failmalloc_disarm();
        look(); /* the next one succeeds */
        count("kubepods", 2);
        run_until(1);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("qos-events");
        TCase *t = tcase_create("lines");

        tcase_add_checked_fixture(t, setup_lines, NULL);
        tcase_add_test(t, a_storm_is_a_line_every_ten_seconds);
        tcase_add_test(t, what_is_urgent_waits_for_a_second_at_most);
        tcase_add_test(t, limits_of_containers_are_no_news);
        tcase_add_test(t, who_was_killed_is_told_once);
        suite_add_tcase(s, t);

        t = tcase_create("tree");
        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, before_the_first_look_there_is_nothing);
        tcase_add_test(t, what_happens_is_kept_and_told);
        tcase_add_test(t, a_storm_is_taken_in_pieces);
        tcase_add_test(t, a_reserved_cgroup_is_followed_where_it_is_configured);
        tcase_add_test(t, a_cgroup_that_is_made_later_is_followed);
        tcase_add_test(t, without_cgroup_v2_nothing_is_heard_until_it_is_there);
        tcase_add_test(t, without_memory_there_is_none);
        suite_add_tcase(s, t);
        return s;
}
