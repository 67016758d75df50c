/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders and files of a fake tree; and cgroups of the kernel's, where they can be mounted.
 */
#include "cgroup/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "cgroup/name.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"

#define ROOT_DIR  CGROUP_DIR "/"
#define KUBEPODS  "kubepods.slice"
#define BURSTABLE KUBEPODS "/kubepods-burstable.slice"
#define MAX_BIT   (1u << CGROUP_MEMORY_MAX)
#define HIGH_BIT  (1u << CGROUP_MEMORY_HIGH)
#define WAIT_MS   60000 /* for what has happened already */

static Folder folder;
static Root root;
static CgroupTree tree;
static CgroupWatch *watch;
static unsigned n_looks; /* system calls, more or less */

int __real_cgroup_open(const CgroupTree *at, const char *path, int *ret_fd);
int __wrap_cgroup_open(const CgroupTree *at, const char *path, int *ret_fd);
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __real_inotify_rm_watch(int fd, int wd);
int __wrap_inotify_rm_watch(int fd, int wd);

int __wrap_cgroup_open(const CgroupTree *at, const char *path, int *ret_fd) {
        ++n_looks;
        return __real_cgroup_open(at, path, ret_fd);
}

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask) {
        ++n_looks;
        return __real_inotify_add_watch(fd, path, mask);
}

int __wrap_inotify_rm_watch(int fd, int wd) {
        ++n_looks;
        return __real_inotify_rm_watch(fd, wd);
}

static void setup(void) {
        folder = folder_new();
        folder_write(&folder, ROOT_DIR "cgroup.controllers", "memory\n");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(cgroup_tree_open(&root, &tree), 0);
        ck_assert_int_eq(cgroup_watch_new(&tree, &watch), 0);
}

static void teardown(void) {
        watch = cgroup_watch_free(watch);
        cgroup_tree_deinit(&tree);
        root_deinit(&root);
        folder_remove(&folder);
}

static void make(const char *path) {
        char whole[512];

        (void)snprintf(whole, sizeof(whole), ROOT_DIR "%s", path);
        folder_make(&folder, whole);
}

static void take_away(const char *path) {
        char whole[512];

        (void)snprintf(whole, sizeof(whole), ROOT_DIR "%s", path);
        folder_delete(&folder, whole);
}

/* As somebody writes who does not make a file of its own. */
static void write_file(const char *path, const char *text) {
        const int fd = openat(tree.fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
        (void)close(fd);
}

static bool follow_items(const CgroupWatchItem *items, size_t n_items) {
        bool has_grown = false;

        ck_assert_int_eq(cgroup_watch_follow(watch, items, n_items, &has_grown), 0);
        return has_grown;
}

static bool follow(const char *path, unsigned knobs) {
        return follow_items(&(CgroupWatchItem){ .path = path, .knobs = knobs }, 1);
}

/* Until nothing can have been missed. */
static void settle(const char *path, unsigned knobs) {
        unsigned n = 0;

        while (follow(path, knobs))
                ck_assert_uint_lt(++n, 10);
        (void)cgroup_watch_dispatch(watch);
        ck_assert(!follow(path, knobs));
}

static void expect_event(const char *what) {
        struct pollfd ready = { .fd = cgroup_watch_get_fd(watch), .events = POLLIN };

        ck_assert_msg(poll(&ready, 1, WAIT_MS) == 1, "%s", what);
        ck_assert_msg(cgroup_watch_dispatch(watch), "%s", what);
}

/* What has happened is in the queue when the call that made it returns. */
static void expect_no_event(const char *what) {
        ck_assert_msg(!cgroup_watch_dispatch(watch), "%s", what);
}

static unsigned count_watches(void) {
        char path[64], line[256];
        unsigned n = 0;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", cgroup_watch_get_fd(watch));
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        while (fgets(line, sizeof(line), file))
                n += strncmp(line, "inotify wd:", 11) == 0;
        (void)fclose(file);
        return n;
}

START_TEST(the_descriptor_never_blocks_and_never_leaks) {
        const int fd = cgroup_watch_get_fd(watch);

        ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
        ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        expect_no_event("nothing is watched yet");
        ck_assert(!follow_items(NULL, 0));
        ck_assert_ptr_null(cgroup_watch_free(NULL));
}
END_TEST

/* Files */

static void make_burstable(void) {
        folder_write(&folder, ROOT_DIR BURSTABLE "/memory.max", "max\n");
        folder_write(&folder, ROOT_DIR BURSTABLE "/memory.high", "max\n");
        folder_write(&folder, ROOT_DIR BURSTABLE "/memory.current", "0\n");
}

START_TEST(a_write_of_a_watched_knob_is_told_and_no_other_one) {
        make_burstable();
        ck_assert(follow(BURSTABLE, MAX_BIT));
        settle(BURSTABLE, MAX_BIT);
        write_file(BURSTABLE "/memory.max", "4096\n");
        expect_event("memory.max");
        expect_no_event("once");
        ck_assert(!follow(BURSTABLE, MAX_BIT));
        write_file(BURSTABLE "/memory.high", "4096\n");
        write_file(BURSTABLE "/memory.current", "4096\n");
        expect_no_event("what is not watched");
        ck_assert(follow(BURSTABLE, MAX_BIT | HIGH_BIT));
        write_file(BURSTABLE "/memory.high", "8192\n");
        expect_event("memory.high");
        ck_assert(!follow(BURSTABLE, MAX_BIT));
        write_file(BURSTABLE "/memory.high", "4096\n");
        expect_no_event("what is watched no more");
        write_file(BURSTABLE "/memory.max", "8192\n");
        expect_event("memory.max still");
}
END_TEST

START_TEST(the_same_cgroup_twice_is_watched_for_both) {
        const CgroupWatchItem items[] = { { BURSTABLE, MAX_BIT }, { BURSTABLE, HIGH_BIT } };

        make_burstable();
        ck_assert(follow_items(items, 2));
        ck_assert_uint_eq(count_watches(), 4);
        write_file(BURSTABLE "/memory.high", "4096\n");
        expect_event("memory.high");
        write_file(BURSTABLE "/memory.max", "4096\n");
        expect_event("memory.max");
}
END_TEST

START_TEST(what_is_watched_already_costs_no_system_call) {
        const CgroupWatchItem items[] = {
                { KUBEPODS, 0 },
                { BURSTABLE, MAX_BIT | HIGH_BIT },
                { "system.slice/kubelet.slice", MAX_BIT }, /* not there */
        };

        make_burstable();
        while (follow_items(items, 3))
                ;
        n_looks = 0;
        ck_assert(!follow_items(items, 3));
        ck_assert(!cgroup_watch_dispatch(watch));
        ck_assert_uint_eq(n_looks, 0);
        write_file(BURSTABLE "/memory.max", "4096\n");
        expect_event("memory.max");
        ck_assert(!follow_items(items, 3));
        ck_assert_uint_eq(n_looks, 0);
}
END_TEST

START_TEST(a_file_that_comes_is_watched_and_one_that_goes_is_told) {
        make(BURSTABLE);
        ck_assert(follow(BURSTABLE, MAX_BIT));
        ck_assert(!follow(BURSTABLE, MAX_BIT));
        write_file(BURSTABLE "/memory.max", "max\n");
        expect_no_event("the kernel says nothing either");
        ck_assert(follow(BURSTABLE, MAX_BIT));
        take_away(BURSTABLE "/memory.max");
        expect_event("it goes");
        ck_assert(!follow(BURSTABLE, MAX_BIT));
        write_file(BURSTABLE "/memory.max", "max\n");
        ck_assert(follow(BURSTABLE, MAX_BIT));
        write_file(BURSTABLE "/memory.max", "4096\n");
        expect_event("memory.max");
}
END_TEST

START_TEST(a_file_that_is_replaced_is_told_and_watched) {
        make_burstable();
        settle(BURSTABLE, MAX_BIT);
        write_file(BURSTABLE "/new", "4096\n");
        ck_assert_int_eq(renameat(tree.fd, BURSTABLE "/new", tree.fd, BURSTABLE "/memory.max"), 0);
        expect_event("another file");
        ck_assert(follow(BURSTABLE, MAX_BIT));
        write_file(BURSTABLE "/memory.max", "8192\n");
        expect_event("memory.max");
}
END_TEST

START_TEST(a_link_is_no_file_of_a_cgroup) {
        make(BURSTABLE);
        folder_write(&folder, "outside", "max\n");
        folder_link(&folder, ROOT_DIR BURSTABLE "/memory.max", "../../../../../outside");
        (void)follow(BURSTABLE, MAX_BIT);
        ck_assert_uint_eq(count_watches(), 2);
        folder_write(&folder, "outside", "4096\n");
        expect_no_event("what is outside");
}
END_TEST

/* Cgroups */

static const char *const steps[] = { "a", "a/b", "a/b/c" };

START_TEST(every_step_to_a_cgroup_and_back_is_told) {
        size_t n = 0;

        settle("a/b/c", 0);
        ck_assert_uint_eq(count_watches(), 1);
        for (; n < ELEMENTSOF(steps); ++n) {
                make(steps[n]);
                expect_event(steps[n]);
                ck_assert(follow("a/b/c", 0));
                settle("a/b/c", 0);
        }
        ck_assert_uint_eq(count_watches(), 3);
        while (n > 0) {
                take_away(steps[--n]);
                expect_event(steps[n]);
                settle("a/b/c", 0);
        }
        ck_assert_uint_eq(count_watches(), 1);
}
END_TEST

START_TEST(a_cgroup_that_comes_all_at_once_is_found) {
        settle(BURSTABLE, MAX_BIT);
        make_burstable();
        expect_event("kubepods");
        settle(BURSTABLE, MAX_BIT);
        write_file(BURSTABLE "/memory.max", "4096\n");
        expect_event("memory.max");
}
END_TEST

START_TEST(pods_that_come_and_go_wake_nobody) {
        const CgroupWatchItem items[] = { { KUBEPODS, 0 }, { BURSTABLE, MAX_BIT } };

        make_burstable();
        while (follow_items(items, 2))
                ;
        make(KUBEPODS "/kubepods-pod1.slice");
        make(KUBEPODS "/kubepods-burstable.slice2");
        make(KUBEPODS "/kubepods-burstable");
        make(BURSTABLE "/kubepods-burstable-pod2.slice");
        make("kubepods.slice2");
        make("kubepods");
        make("b/" BURSTABLE);
        write_file(KUBEPODS "/some.file", "");
        take_away(KUBEPODS "/kubepods-pod1.slice");
        take_away(BURSTABLE "/kubepods-burstable-pod2.slice");
        expect_no_event("pods and others");
        n_looks = 0;
        ck_assert(!follow_items(items, 2));
        ck_assert_uint_eq(n_looks, 0);
        take_away(BURSTABLE);
        expect_event("burstable");
}
END_TEST

START_TEST(what_came_between_looking_and_watching_is_growth) {
        make_burstable();
        ck_assert(follow(BURSTABLE, MAX_BIT));
        ck_assert(!follow(BURSTABLE, MAX_BIT));
        ck_assert(!follow("nobody", MAX_BIT)); /* its parent is watched already */
        ck_assert(follow("", 0));
        ck_assert(!follow("", 0));
}
END_TEST

static void expect_new_one_is_watched(void) {
        expect_event("another cgroup of that name");
        ck_assert(follow(BURSTABLE, MAX_BIT));
        settle(BURSTABLE, MAX_BIT);
        write_file(BURSTABLE "/memory.max", "4096\n");
        expect_event("memory.max of the new one");
}

START_TEST(a_cgroup_that_is_made_again_is_watched_again) {
        make_burstable();
        settle(BURSTABLE, MAX_BIT);
        take_away(BURSTABLE);
        make_burstable();
        expect_new_one_is_watched();
        take_away(KUBEPODS);
        make_burstable();
        expect_new_one_is_watched();
        ck_assert_uint_eq(count_watches(), 3);
}
END_TEST

START_TEST(a_cgroup_that_is_moved_away_is_not_the_one_that_is_there) {
        make_burstable();
        make("elsewhere");
        settle(BURSTABLE, MAX_BIT);
        ck_assert_int_eq(renameat(tree.fd, KUBEPODS, tree.fd, "elsewhere/" KUBEPODS), 0);
        make_burstable();
        expect_new_one_is_watched();
        write_file("elsewhere/" BURSTABLE "/memory.max", "8192\n");
        expect_no_event("what is elsewhere");
}
END_TEST

START_TEST(what_is_followed_no_more_is_not_watched) {
        make_burstable();
        make("a/b/c");
        settle(BURSTABLE, MAX_BIT | HIGH_BIT);
        ck_assert_uint_eq(count_watches(), 4);
        settle("a/b/c", 0);
        ck_assert_uint_eq(count_watches(), 3);
        ck_assert(!follow_items(NULL, 0));
        ck_assert_uint_eq(count_watches(), 0);
}
END_TEST

static const char *const nobodies[] = { "..", "a/../b", "/a", "a//b", "a/", "." };

START_TEST(what_is_no_path_is_never_there) {
        make("a");
        make("b");
        settle(nobodies[_i], MAX_BIT);
        ck_assert_uint_le(count_watches(), 2);
}
END_TEST

START_TEST(too_much_is_refused_and_what_is_watched_stays) {
        static CgroupWatchItem items[CGROUP_WATCH_ITEMS_MAX + 1];
        static char names[CGROUP_WATCH_ITEMS_MAX + 1][16];
        char path[CGROUP_PATH_MAX + 1];
        bool has_grown;

        make_burstable();
        settle(BURSTABLE, MAX_BIT);
        for (size_t i = 0; i < ELEMENTSOF(items); ++i) {
                (void)snprintf(names[i], sizeof(names[i]), "%zu", i);
                items[i] = (CgroupWatchItem){ .path = names[i] };
        }
        ck_assert_int_eq(cgroup_watch_follow(watch, items, ELEMENTSOF(items), &has_grown), -E2BIG);
        memset(path, 'a', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        ck_assert_int_eq(
                cgroup_watch_follow(watch, &(CgroupWatchItem){ .path = path }, 1, &has_grown),
                -EINVAL);
        write_file(BURSTABLE "/memory.max", "4096\n");
        expect_event("memory.max");
        ck_assert(!follow_items(items, CGROUP_WATCH_ITEMS_MAX));
        make("255");
        expect_event("the last one");
}
END_TEST

START_TEST(when_events_are_lost_everything_is_looked_at) {
        unsigned max = 0;
        FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fscanf(file, "%u", &max), 1);
        (void)fclose(file);
        if (max > 100000)
                return; /* it would take too long */
        make_burstable();
        settle(BURSTABLE, MAX_BIT);
        write_file(KUBEPODS "/0", "");
        for (unsigned i = 0; i < max / 2 + 1; ++i) /* of a file: two events, and no news */
                ck_assert_int_eq(renameat(tree.fd, i % 2 ? KUBEPODS "/1" : KUBEPODS "/0", tree.fd,
                                          i % 2 ? KUBEPODS "/0" : KUBEPODS "/1"),
                                 0);
        take_away(BURSTABLE); /* nobody is told */
        make_burstable();
        expect_new_one_is_watched();
}
END_TEST

/* Random */

#define ACTIONS_N 1500u

static const char *const groups[] = { "a", "a/b", "a/c", "a/b/d", "e" };
static const CgroupWatchItem some[] = { { "a", HIGH_BIT },
                                        { "a/b", MAX_BIT | HIGH_BIT },
                                        { "a/b/d", MAX_BIT } };

static void remove_group(const char *path) {
        if (faccessat(tree.fd, path, F_OK, 0) == 0)
                take_away(path);
}

static void move_group(const char *from, const char *to) {
        (void)renameat(tree.fd, from, tree.fd, to); /* often it cannot be */
}

static void write_knob(const char *path, const char *file, unsigned number) {
        char whole[128], text[32];

        if (faccessat(tree.fd, path, F_OK, 0) < 0)
                return;
        (void)snprintf(whole, sizeof(whole), "%s/%s", path, file);
        (void)snprintf(text, sizeof(text), "%010u\n", number);
        write_file(whole, text);
}

static void act(unsigned n) {
        const char *group = groups[(unsigned)random() % ELEMENTSOF(groups)];

        switch (random() % 8) {
        case 0:
                remove_group(group);
                break;
        case 1:
                move_group(group, groups[(unsigned)random() % ELEMENTSOF(groups)]);
                break;
        case 2:
        case 3:
                make(group);
                break;
        default:
                write_knob(group, random() % 2 ? "memory.max" : "memory.high", n);
        }
}

/* All that whoever looks would see of what is followed. */
static void look(char text[static 1024]) {
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(some); ++i) {
                CgroupState state;

                ck_assert_int_eq(cgroup_read_state(&tree, some[i].path, some[i].knobs, &state), 0);
                n += (size_t)snprintf(text + n, 1024 - n, "%d", state.is_there);
                for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                        if (state.has[knob])
                                n += (size_t)snprintf(
                                        text + n, 1024 - n, " %u=%llu", knob,
                                        (unsigned long long)state.values[knob].number);
        }
}

/* As its owner does: take what happened, follow, look; once more when something grew. */
static bool is_worth_a_look(void) {
        bool is_worth = cgroup_watch_dispatch(watch);

        return follow_items(some, ELEMENTSOF(some)) || is_worth;
}

START_TEST(no_change_is_ever_missed) {
        char known[1024] = "", now[1024];

        srandom((unsigned)_i);
        for (unsigned n = 1; n <= ACTIONS_N; ++n) {
                act(n);
                if (random() % 3 == 0)
                        continue;
                while (is_worth_a_look())
                        look(known);
                look(now);
                ck_assert_msg(strcmp(known, now) == 0, "seed %d, action %u: '%s' is '%s'", _i, n,
                              known, now);
        }
}
END_TEST

/* Without what it needs */

static bool limit_watches(const char *limit) {
        bool is_done;
        int fd;

        if (unshare(CLONE_NEWUSER) < 0)
                return false;
        fd = open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC);
        is_done = fd >= 0 && write(fd, limit, strlen(limit)) == (ssize_t)strlen(limit);
        (void)fd_close(fd);
        return is_done;
}

/* With a user namespace's own limit; return: whether all is as it is to be. */
static bool is_limit_told(void) {
        const CgroupWatchItem item = { BURSTABLE, MAX_BIT | HIGH_BIT };
        bool has_grown = false;

        watch = cgroup_watch_free(watch);
        if (!limit_watches("3"))
                return true; /* no namespaces here */
        if (cgroup_watch_new(&tree, &watch) ||
            cgroup_watch_follow(watch, &item, 1, &has_grown) != -ENOSPC || !has_grown)
                return false;
        if (cgroup_watch_follow(watch, &item, 1, &has_grown) != -ENOSPC || has_grown)
                return false;
        write_file(BURSTABLE "/memory.max", "4096\n");
        return cgroup_watch_dispatch(watch) && count_watches() == 3;
}

static void expect_in_child(bool (*is_so)(void)) {
        int status;
        pid_t pid = fork();

        if (pid == 0)
                _exit(is_so() ? 0 : 1);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}

START_TEST(too_many_watches_are_said_and_the_first_ones_stay) {
        make_burstable();
        expect_in_child(is_limit_told);
}
END_TEST

START_TEST(without_memory_what_is_watched_stays) {
        CgroupWatch *another = NULL;
        const CgroupWatchItem item = { "a", 0 };
        bool has_grown;
        unsigned n = 0;
        int r;

        failmalloc_arm(0);
        r = cgroup_watch_new(&tree, &another);
        (void)failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
        make_burstable();
        settle(BURSTABLE, MAX_BIT);
        do {
                failmalloc_arm(n++);
                r = cgroup_watch_follow(watch, &item, 1, &has_grown);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
                ck_assert_uint_eq(count_watches(), r ? 3 : 1);
        } while (r == -ENOMEM);
        ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(without_cgroups_nothing_is_watched) {
        CgroupTree none = CGROUP_TREE_NULL;

        watch = cgroup_watch_free(watch);
        ck_assert_int_eq(cgroup_watch_new(&none, &watch), 0);
        settle(BURSTABLE, MAX_BIT);
        ck_assert_uint_eq(count_watches(), 0);
}
END_TEST

/* The kernel's own. Their knobs may be missing: with cgroup v1 the controllers are there. */

static char real_path[64], real_child[128];

static bool is_told(const char *what) {
        struct pollfd ready = { .fd = cgroup_watch_get_fd(watch), .events = POLLIN };

        if (poll(&ready, 1, WAIT_MS) == 1 && cgroup_watch_dispatch(watch))
                return true;
        (void)fprintf(stderr, "not told: %s\n", what);
        return false;
}

static bool follows_real(bool *ret_grew) {
        const CgroupWatchItem items[] = { { real_path, MAX_BIT }, { real_child, MAX_BIT } };

        return cgroup_watch_follow(watch, items, 2, ret_grew) == 0;
}

static bool are_real_ones_told(void) {
        bool has_grown;

        if (!follows_real(&has_grown) || mkdirat(tree.fd, real_path, 0755) < 0 ||
            !is_told("coming") || !follows_real(&has_grown) || !has_grown)
                return false;
        if (mkdirat(tree.fd, real_child, 0755) < 0 || !is_told("a child's coming") ||
            !follows_real(&has_grown) || !has_grown)
                return false;
        if (unlinkat(tree.fd, real_child, AT_REMOVEDIR) < 0 ||
            mkdirat(tree.fd, real_child, 0755) < 0 || !is_told("a child that is made again") ||
            !follows_real(&has_grown))
                return false;
        if (unlinkat(tree.fd, real_child, AT_REMOVEDIR) < 0 || !is_told("a child's going"))
                return false;
        if (unlinkat(tree.fd, real_path, AT_REMOVEDIR) < 0 ||
            mkdirat(tree.fd, real_path, 0755) < 0 || !is_told("making again") ||
            !follows_real(&has_grown) || !has_grown)
                return false;
        return mkdirat(tree.fd, real_child, 0755) == 0 && is_told("a child in the new one");
}

/* In a mount namespace of its own; what it makes has its pid in its name. */
static bool is_kernel_told(void) {
        char path[128];
        bool is_so;

        (void)snprintf(path, sizeof(path), "%s/" CGROUP_DIR, folder.path);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("none", path, "cgroup2", 0, NULL) < 0)
                return true; /* not here */
        (void)snprintf(real_path, sizeof(real_path), "slug-test-%d", (int)getpid());
        (void)snprintf(real_child, sizeof(real_child), "%s/child", real_path);
        watch = cgroup_watch_free(watch);
        cgroup_tree_deinit(&tree);
        root_deinit(&root); /* it sees the mounts of before */
        if (root_init(&root, folder.path) || cgroup_tree_open(&root, &tree) || !tree.is_unified ||
            cgroup_watch_new(&tree, &watch))
                return false;
        is_so = are_real_ones_told();
        (void)unlinkat(tree.fd, real_child, AT_REMOVEDIR);
        (void)unlinkat(tree.fd, real_path, AT_REMOVEDIR);
        return is_so;
}

START_TEST(the_kernels_own_cgroups_are_told) {
        expect_in_child(is_kernel_told);
}
END_TEST

static TCase *new_case(Suite *s, const char *name) {
        TCase *t = tcase_create(name);

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        suite_add_tcase(s, t);
        return t;
}

Suite *suite(void) {
        Suite *s = suite_create("cgroup-watch");
        TCase *t = new_case(s, "files");

        tcase_add_test(t, the_descriptor_never_blocks_and_never_leaks);
        tcase_add_test(t, a_write_of_a_watched_knob_is_told_and_no_other_one);
        tcase_add_test(t, the_same_cgroup_twice_is_watched_for_both);
        tcase_add_test(t, what_is_watched_already_costs_no_system_call);
        tcase_add_test(t, a_file_that_comes_is_watched_and_one_that_goes_is_told);
        tcase_add_test(t, a_file_that_is_replaced_is_told_and_watched);
        tcase_add_test(t, a_link_is_no_file_of_a_cgroup);
        t = new_case(s, "cgroups");
        tcase_add_test(t, every_step_to_a_cgroup_and_back_is_told);
        tcase_add_test(t, a_cgroup_that_comes_all_at_once_is_found);
        tcase_add_test(t, pods_that_come_and_go_wake_nobody);
        tcase_add_test(t, what_came_between_looking_and_watching_is_growth);
        tcase_add_test(t, a_cgroup_that_is_made_again_is_watched_again);
        tcase_add_test(t, a_cgroup_that_is_moved_away_is_not_the_one_that_is_there);
        tcase_add_test(t, what_is_followed_no_more_is_not_watched);
        tcase_add_loop_test(t, what_is_no_path_is_never_there, 0, ELEMENTSOF(nobodies));
        tcase_add_test(t, too_much_is_refused_and_what_is_watched_stays);
        tcase_add_test(t, when_events_are_lost_everything_is_looked_at);
        tcase_add_loop_test(t, no_change_is_ever_missed, 0, 4);
        t = new_case(s, "without");
        tcase_add_test(t, too_many_watches_are_said_and_the_first_ones_stay);
        tcase_add_test(t, without_memory_what_is_watched_stays);
        tcase_add_test(t, without_cgroups_nothing_is_watched);
        tcase_add_test(t, the_kernels_own_cgroups_are_told);
        return s;
}
