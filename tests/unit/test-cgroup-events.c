/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel counts of cgroups is heard of; they are ordinary folders and files here, but for
 * triggers.
 */
#include "cgroup/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"

#define CGROUP  "sys/fs/cgroup/"
#define WAIT_MS 60000 /* for what has happened already */
#define ALL     "low 0\nhigh 0\nmax %u\noom %u\noom_kill %u\noom_group_kill 0\nsock_throttled 7\n"

/* Texts */

static const struct {
        const char *text;
        bool is_good;
        uint64_t max, oom_kill; /* from 1 and 2 */
} texts[] = {
        { "", true, 1, 2 },
        { "low 0\nhigh 0\nmax 5\noom 0\noom_kill 6\noom_group_kill 0\n", true, 5, 6 },
        { "max 5\noom_kill 6", true, 5, 6 },
        { "oom_kill 6\nmax 5\n", true, 5, 6 },
        { "later 9\nmaxi 3\nma 3\nmax 5\n", true, 5, 2 },
        { "max 18446744073709551615\n", true, UINT64_MAX, 2 },
        { "max 18446744073709551616\n", false, 1, 2 },
        { "max 5\noom_kill\n", false, 1, 2 },
        { "max -5\n", false, 1, 2 },
        { "max 5 \n", false, 1, 2 },
        { "max  5\n", false, 1, 2 },
        { " 5\n", false, 1, 2 },
        { "max 5\n\n", false, 1, 2 },
        { "max 5x\n", false, 1, 2 },
};

START_TEST(memory_events_are_keys_and_numbers) {
        CgroupEventCounts counts = {
                .totals = { [CGROUP_EVENT_MAX] = 1, [CGROUP_EVENT_OOM_KILL] = 2 }
        };
        const int r =
                cgroup_event_counts_parse_memory(&counts, texts[_i].text, strlen(texts[_i].text));

        ck_assert_int_eq(r, texts[_i].is_good ? 0 : CGROUP_EVENT_E_MALFORMED);
        ck_assert_uint_eq(counts.totals[CGROUP_EVENT_MAX], texts[_i].max);
        ck_assert_uint_eq(counts.totals[CGROUP_EVENT_OOM_KILL], texts[_i].oom_kill);
}
END_TEST

static const struct {
        const char *text;
        bool is_good, is_populated; /* from true */
} flips[] = {
        { "populated 0\nfrozen 0\n", true, false },
        { "frozen 1\npopulated 1\n", true, true },
        { "populated 0", true, false },
        { "frozen 0\n", true, true },
        { "", true, true },
        { "populated\n", false, true },
        { "populated 0\nfrozen", false, true },
};

START_TEST(cgroup_events_tell_who_is_in_it) {
        CgroupEventCounts counts = { .is_populated = true };
        const int r =
                cgroup_event_counts_parse_cgroup(&counts, flips[_i].text, strlen(flips[_i].text));

        ck_assert_int_eq(r, flips[_i].is_good ? 0 : CGROUP_EVENT_E_MALFORMED);
        ck_assert_int_eq(counts.is_populated, flips[_i].is_populated);
}
END_TEST

START_TEST(what_differs_is_told_in_order) {
        const CgroupEventCounts before = { .totals = { 1, 2, 3, 4, 5, 6 } };
        const CgroupEventCounts now = { .totals = { 1, 1, 13, 0, 6, 6 }, .is_populated = true };
        CgroupEvent events[_CGROUP_EVENT_KIND_N];

        ck_assert_uint_eq(cgroup_event_counts_compare(&before, &before, 3, events), 0);
        ck_assert_uint_eq(cgroup_event_counts_compare(&before, &now, 3, events), 4);
        ck_assert_int_eq(events[0].kind, CGROUP_EVENT_HIGH);
        ck_assert_uint_eq(events[0].count, 1); /* it began anew */
        ck_assert_int_eq(events[1].kind, CGROUP_EVENT_MAX);
        ck_assert_uint_eq(events[1].count, 10);
        ck_assert_uint_eq(events[1].total, 13);
        ck_assert_int_eq(events[2].kind, CGROUP_EVENT_OOM_KILL);
        ck_assert_int_eq(events[3].kind, CGROUP_EVENT_POPULATED);
        ck_assert_uint_eq(events[3].count, 1);
        ck_assert_uint_eq(events[3].total, 0);
        ck_assert_uint_eq(events[3].tag, 3);
}
END_TEST

START_TEST(a_limit_of_its_own_is_told_apart) {
        CgroupEventCounts before = {}, now = {};
        CgroupEvent events[_CGROUP_EVENT_KIND_N];

        ck_assert_int_eq(cgroup_event_counts_parse_memory(&now, "max 7\noom 2\n", 12), 0);
        ck_assert_uint_eq(cgroup_event_counts_compare(&before, &now, 0, events), 2);
        ck_assert_uint_eq(events[0].own, 7); /* nobody tells */
        ck_assert_int_eq(cgroup_event_counts_parse_own(&now, "max x", 5), CGROUP_EVENT_E_MALFORMED);
        ck_assert(!now.has_own);
        ck_assert_int_eq(cgroup_event_counts_parse_own(&now, "max 3\noom 0\n", 12), 0);
        ck_assert_uint_eq(cgroup_event_counts_compare(&before, &now, 0, events), 2);
        ck_assert_uint_eq(events[0].own, 3);
        ck_assert_uint_eq(events[1].own, 0);
        before = now;
        now.own[CGROUP_EVENT_MAX] = 5; /* it was read after the other file */
        now.totals[CGROUP_EVENT_MAX] = 8;
        ck_assert_uint_eq(cgroup_event_counts_compare(&before, &now, 0, events), 1);
        ck_assert_uint_eq(events[0].own, 1);
}
END_TEST

START_TEST(kinds_have_the_names_of_the_kernel) {
        ck_assert_str_eq(cgroup_event_kind_name(CGROUP_EVENT_OOM_GROUP_KILL), "oom_group_kill");
        ck_assert_str_eq(cgroup_event_kind_name(CGROUP_EVENT_POPULATED), "populated");
        ck_assert_str_eq(cgroup_event_kind_name(CGROUP_EVENT_PRESSURE), "pressure");
        for (unsigned i = 0; i < _CGROUP_EVENT_KIND_N; ++i)
                ck_assert_str_ne(cgroup_event_kind_name((CgroupEventKind)i), "");
}
END_TEST

/* Cgroups */

static Folder folder;
static Root root;
static CgroupTree tree;
static CgroupEvents *events;
static CgroupEvent told[CGROUP_EVENTS_MAX];
static CgroupEventsItem items[CGROUP_EVENTS_ITEMS_MAX];
static size_t n_items;
static unsigned n_triggered, n_untriggered;
static int trigger_fd;

static int on_triggered(unsigned tag _unused_, int fd, void *userdata) {
        ck_assert_ptr_eq(userdata, &events);
        ++n_triggered;
        trigger_fd = fd;
        return 0;
}

static void on_untriggered(unsigned tag _unused_, void *userdata) {
        ck_assert_ptr_eq(userdata, &events);
        ++n_untriggered;
}

static int create(CgroupEvents **ret) {
        return cgroup_events_new(&(const CgroupEventsParams){ .tree = &tree,
                                                              .triggered = on_triggered,
                                                              .untriggered = on_untriggered,
                                                              .userdata = &events },
                                 ret);
}

static void setup(void) {
        folder = folder_new();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        folder_write(&folder, CGROUP "cgroup.controllers", "memory\n");
        ck_assert_int_eq(cgroup_tree_open(&root, &tree), 0);
        ck_assert_int_eq(create(&events), 0);
        n_items = 0;
        n_triggered = n_untriggered = 0;
}

static void teardown(void) {
        events = cgroup_events_free(events);
        cgroup_tree_deinit(&tree);
        root_deinit(&root);
        folder_remove(&folder);
}

static void write_file(const char *cgroup, const char *file, const char *text) {
        char path[512];

        (void)snprintf(path, sizeof(path), CGROUP "%s/%s", cgroup, file);
        folder_write(&folder, path, text);
}

static void count(const char *cgroup, unsigned max, unsigned oom, unsigned oom_kill) {
        char text[256];

        (void)snprintf(text, sizeof(text), ALL, max, oom, oom_kill);
        write_file(cgroup, "memory.events", text);
}

static void populate(const char *cgroup, bool is_populated) {
        write_file(cgroup, "cgroup.events",
                   is_populated ? "populated 1\nfrozen 0\n" : "populated 0\nfrozen 0\n");
}

static void make(const char *cgroup, unsigned max) {
        count(cgroup, max, 0, 0);
        populate(cgroup, false);
}

/* It stays, so that its number is not taken anew. */
static void move_away(const char *cgroup) {
        char from[512], to[512];

        (void)snprintf(from, sizeof(from), "%s/" CGROUP "%s", folder.path, cgroup);
        (void)snprintf(to, sizeof(to), "%s/old", folder.path);
        ck_assert_int_eq(rename(from, to), 0);
}

static uint64_t get_inode(const char *cgroup) {
        char path[512];
        struct stat stat;

        (void)snprintf(path, sizeof(path), "%s/" CGROUP "%s", folder.path, cgroup);
        return lstat(path, &stat) == 0 ? stat.st_ino : 0;
}

/* As a look finds it now. */
static void want(unsigned tag, const char *cgroup) {
        items[n_items++] =
                (CgroupEventsItem){ .tag = tag, .path = cgroup, .inode = get_inode(cgroup) };
}

static size_t follow(void) {
        for (size_t i = 0; i < n_items; ++i)
                items[i].inode = get_inode(items[i].path);
        ck_assert_int_eq(cgroup_events_follow(events, items, n_items), 0);
        return cgroup_events_take(events, told);
}

static size_t wait_and_take(void) {
        struct pollfd ready = { .fd = cgroup_events_get_fd(events), .events = POLLIN };

        ck_assert_int_eq(poll(&ready, 1, WAIT_MS), 1);
        return cgroup_events_take(events, told);
}

static void expect(size_t i, unsigned tag, CgroupEventKind kind, uint64_t n, uint64_t total) {
        ck_assert_uint_eq(told[i].tag, tag);
        ck_assert_str_eq(cgroup_event_kind_name(told[i].kind), cgroup_event_kind_name(kind));
        ck_assert_uint_eq(told[i].count, n);
        ck_assert_uint_eq(told[i].total, total);
}

START_TEST(what_was_before_is_not_told_and_what_comes_is) {
        make("kubepods", 5);
        want(2, "kubepods");
        ck_assert_uint_eq(follow(), 0);
        ck_assert_uint_eq(cgroup_events_take(events, told), 0);
        count("kubepods", 8, 1, 1);
        ck_assert_uint_eq(wait_and_take(), 3);
        expect(0, 2, CGROUP_EVENT_MAX, 3, 8);
        expect(1, 2, CGROUP_EVENT_OOM, 1, 1);
        expect(2, 2, CGROUP_EVENT_OOM_KILL, 1, 1);
        populate("kubepods", true);
        ck_assert_uint_eq(wait_and_take(), 1);
        expect(0, 2, CGROUP_EVENT_POPULATED, 1, 0);
        populate("kubepods", false);
        ck_assert_uint_eq(wait_and_take(), 1);
        expect(0, 2, CGROUP_EVENT_EMPTY, 1, 0);
}
END_TEST

START_TEST(each_cgroup_is_told_apart) {
        make("kubepods", 0);
        make("kubepods/burstable", 0);
        want(0, "kubepods");
        want(1, "kubepods/burstable");
        ck_assert_uint_eq(follow(), 0);
        count("kubepods/burstable", 2, 0, 0);
        count("kubepods", 3, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 2);
        expect(0, 0, CGROUP_EVENT_MAX, 3, 3);
        expect(1, 1, CGROUP_EVENT_MAX, 2, 2);
        ck_assert_uint_eq(follow(), 0);
}
END_TEST

START_TEST(those_of_the_cgroup_alone_are_read_too) {
        make("kubepods", 5);
        write_file("kubepods", "memory.events.local", "max 2\n");
        want(0, "kubepods");
        ck_assert_uint_eq(follow(), 0);
        write_file("kubepods", "memory.events.local", "max 3\n");
        count("kubepods", 15, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 1);
        expect(0, 0, CGROUP_EVENT_MAX, 10, 15);
        ck_assert_uint_eq(told[0].own, 1);
}
END_TEST

START_TEST(a_cgroup_that_is_made_is_told_from_its_beginning) {
        want(1, "kubepods");
        ck_assert_uint_eq(follow(), 0);
        make("kubepods", 4);
        populate("kubepods", true);
        ck_assert_uint_eq(follow(), 2);
        expect(0, 1, CGROUP_EVENT_MAX, 4, 4);
        expect(1, 1, CGROUP_EVENT_POPULATED, 1, 0);
        count("kubepods", 5, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 1);
        expect(0, 1, CGROUP_EVENT_MAX, 1, 5);
}
END_TEST

START_TEST(another_cgroup_at_the_path_is_another_one) {
        make("kubepods", 9);
        want(1, "kubepods");
        ck_assert_uint_eq(follow(), 0);
        move_away("kubepods");
        make("kubepods", 3);
        ck_assert_uint_eq(follow(), 1);
        expect(0, 1, CGROUP_EVENT_MAX, 3, 3);
        folder_write(&folder, "old/memory.events", "max 50\n");
        ck_assert_uint_eq(cgroup_events_take(events, told), 0);
        count("kubepods", 4, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 1);
}
END_TEST

START_TEST(one_that_was_replaced_since_the_look_is_not_taken_for_it) {
        make("kubepods", 9);
        items[0] = (CgroupEventsItem){ .path = "kubepods", .inode = get_inode("kubepods") + 1 };
        ck_assert_int_eq(cgroup_events_follow(events, items, 1), 0);
        ck_assert_uint_eq(cgroup_events_take(events, told), 0);
        count("kubepods", 10, 0, 0);
        ck_assert_uint_eq(cgroup_events_take(events, told), 0);
        want(0, "kubepods");
        ck_assert_uint_eq(follow(), 1);
        expect(0, 0, CGROUP_EVENT_MAX, 10, 10);
}
END_TEST

START_TEST(a_controller_that_comes_later_is_heard_of) {
        populate("kubepods", true);
        want(0, "kubepods");
        ck_assert_uint_eq(follow(), 0);
        count("kubepods", 1, 0, 0);
        ck_assert_uint_eq(follow(), 1);
        count("kubepods", 2, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 1);
        expect(0, 0, CGROUP_EVENT_MAX, 1, 2);
}
END_TEST

START_TEST(what_is_not_followed_any_more_is_silent) {
        make("kubepods", 0);
        make("system", 0);
        want(0, "kubepods");
        want(1, "system");
        ck_assert_uint_eq(follow(), 0);
        n_items = 1;
        ck_assert_uint_eq(follow(), 0);
        count("system", 5, 0, 0);
        ck_assert_uint_eq(cgroup_events_take(events, told), 0);
        n_items = 2;
        ck_assert_uint_eq(follow(), 0);
        count("system", 6, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 1);
}
END_TEST

START_TEST(two_names_of_one_cgroup_are_both_told) {
        make("reserved", 0);
        want(3, "reserved");
        want(4, "reserved");
        ck_assert_uint_eq(follow(), 0);
        count("reserved", 1, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 2);
        n_items = 1; /* one goes, and what it shared with the other */
        ck_assert_uint_eq(follow(), 0);
        ck_assert_uint_eq(follow(), 0);
        count("reserved", 2, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 1);
        expect(0, 3, CGROUP_EVENT_MAX, 1, 2);
}
END_TEST

START_TEST(garbage_changes_nothing) {
        make("kubepods", 5);
        want(0, "kubepods");
        ck_assert_uint_eq(follow(), 0);
        write_file("kubepods", "memory.events", "max x\n");
        write_file("kubepods", "cgroup.events", "populated\n");
        ck_assert_uint_eq(wait_and_take(), 0);
        count("kubepods", 6, 0, 0);
        ck_assert_uint_eq(wait_and_take(), 1);
        expect(0, 0, CGROUP_EVENT_MAX, 1, 6);
}
END_TEST

START_TEST(nothing_is_written_in_a_tree_of_plain_files) {
        struct stat before, after;
        char path[256];

        make("kubepods", 0);
        write_file("kubepods", "memory.pressure", "some avg10=0.00\n");
        (void)snprintf(path, sizeof(path), "%s/" CGROUP "kubepods/memory.pressure", folder.path);
        ck_assert_int_eq(stat(path, &before), 0);
        want(0, "kubepods");
        ck_assert_uint_eq(follow(), 0);
        ck_assert_int_eq(stat(path, &after), 0);
        ck_assert_int_eq(before.st_size, after.st_size);
        ck_assert_uint_eq(n_triggered, 0);
        ck_assert(!cgroup_events_take_pressure(events, 0, false, told));
}
END_TEST

/* A plain file takes what a trigger is told with, and is never ready. */
START_TEST(a_trigger_comes_and_goes_with_its_cgroup) {
        char path[256], text[64] = "";
        FILE *file;

        tree.is_unified = true;
        make("kubepods", 0);
        write_file("kubepods", "memory.pressure", "");
        make("without", 0);
        want(0, "kubepods");
        want(1, "without");
        ck_assert_uint_eq(follow(), 0);
        ck_assert_uint_eq(n_triggered, 1);
        ck_assert(fcntl(trigger_fd, F_GETFD) & FD_CLOEXEC);
        (void)snprintf(path, sizeof(path), "%s/" CGROUP "kubepods/memory.pressure", folder.path);
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        ck_assert_uint_eq(fread(text, 1, sizeof(text), file), sizeof("some 200000 2000000"));
        (void)fclose(file);
        ck_assert_str_eq(text, "some 200000 2000000");

        ck_assert(cgroup_events_take_pressure(events, 0, false, told));
        expect(0, 0, CGROUP_EVENT_PRESSURE, 1, 0);
        ck_assert(!cgroup_events_take_pressure(events, 1, false, told));
        ck_assert(!cgroup_events_take_pressure(events, 99, false, told));
        ck_assert_uint_eq(follow(), 0);
        ck_assert_uint_eq(n_triggered, 1);
        ck_assert(!cgroup_events_take_pressure(events, 0, true, told));
        ck_assert_uint_eq(n_untriggered, 1);
        ck_assert(!cgroup_events_take_pressure(events, 0, false, told));
        n_items = 0;
        ck_assert_uint_eq(follow(), 0);
        ck_assert_uint_eq(n_untriggered, 1);
}
END_TEST

START_TEST(what_cannot_be_is_refused) {
        items[0] = (CgroupEventsItem){ .tag = CGROUP_EVENTS_ITEMS_MAX, .path = "kubepods" };
        ck_assert_int_eq(cgroup_events_follow(events, items, 1), -EINVAL);
        ck_assert_ptr_null(cgroup_events_free(NULL));
}
END_TEST

START_TEST(without_memory_there_is_none) {
        CgroupEvents *another = NULL;
        int r;

        failmalloc_arm(0);
        r = create(&another);
        (void)failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
        ck_assert_ptr_null(another);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-events");
        TCase *t = tcase_create("texts");

        tcase_add_loop_test(t, memory_events_are_keys_and_numbers, 0, ELEMENTSOF(texts));
        tcase_add_loop_test(t, cgroup_events_tell_who_is_in_it, 0, ELEMENTSOF(flips));
        tcase_add_test(t, what_differs_is_told_in_order);
        tcase_add_test(t, a_limit_of_its_own_is_told_apart);
        tcase_add_test(t, kinds_have_the_names_of_the_kernel);
        suite_add_tcase(s, t);

        t = tcase_create("cgroups");
        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, what_was_before_is_not_told_and_what_comes_is);
        tcase_add_test(t, each_cgroup_is_told_apart);
        tcase_add_test(t, those_of_the_cgroup_alone_are_read_too);
        tcase_add_test(t, a_cgroup_that_is_made_is_told_from_its_beginning);
        tcase_add_test(t, another_cgroup_at_the_path_is_another_one);
        tcase_add_test(t, one_that_was_replaced_since_the_look_is_not_taken_for_it);
        tcase_add_test(t, a_controller_that_comes_later_is_heard_of);
        tcase_add_test(t, what_is_not_followed_any_more_is_silent);
        tcase_add_test(t, two_names_of_one_cgroup_are_both_told);
        tcase_add_test(t, garbage_changes_nothing);
        tcase_add_test(t, nothing_is_written_in_a_tree_of_plain_files);
        tcase_add_test(t, a_trigger_comes_and_goes_with_its_cgroup);
        tcase_add_test(t, what_cannot_be_is_refused);
        tcase_add_test(t, without_memory_there_is_none);
        suite_add_tcase(s, t);
        return s;
}
