/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel tells of folders that come and go; they are ordinary ones here.
 */
#include "pods/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"

#define CGROUP  "sys/fs/cgroup/"
#define WAIT_MS 60000 /* for what has happened already */

static Folder folder;
static Root root;
static PodsTree *tree;
static PodsWatch *watch;
static const char *cgroup_root;

static void setup(void) {
        folder = folder_new();
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        folder_write(&folder, CGROUP "cgroup.controllers", "memory\n");
        cgroup_root = "";
        ck_assert_int_eq(pods_watch_new(&root, cgroup_root, &watch), 0);
        tree = NULL;
}

static void teardown(void) {
        watch = pods_watch_free(watch);
        tree = pods_tree_free(tree);
        root_deinit(&root);
        folder_remove(&folder);
}

static void start_below(const char *path) {
        watch = pods_watch_free(watch);
        cgroup_root = path;
        ck_assert_int_eq(pods_watch_new(&root, cgroup_root, &watch), 0);
}

static void look(void) {
        const TreeParams params = { .root = &root, .cgroup_root = cgroup_root };

        tree = pods_tree_free(tree);
        ck_assert_int_eq(pods_tree_read(&params, &tree), 0);
}

static bool follow(void) {
        bool has_grown;

        look();
        ck_assert_int_eq(pods_watch_follow(watch, tree, &has_grown), 0);
        return has_grown;
}

/* Looks until nothing can have been missed. */
static void settle(void) {
        unsigned n = 0;

        while (follow())
                ck_assert_uint_lt(++n, 10);
        (void)pods_watch_dispatch(watch);
        ck_assert(!follow());
}

static void make(const char *cgroup) {
        char path[512];

        (void)snprintf(path, sizeof(path), CGROUP "%s", cgroup);
        folder_make(&folder, path);
}

static void take_away(const char *cgroup) {
        char path[512];

        (void)snprintf(path, sizeof(path), CGROUP "%s", cgroup);
        folder_delete(&folder, path);
}

static void expect_event(const char *what) {
        struct pollfd ready = { .fd = pods_watch_get_fd(watch), .events = POLLIN };

        ck_assert_msg(poll(&ready, 1, WAIT_MS) == 1, "%s", what);
        ck_assert_msg(pods_watch_dispatch(watch), "%s", what);
}

/* What has happened is in the queue when the call that made it returns. */
static void expect_no_event(const char *what) {
        ck_assert_msg(!pods_watch_dispatch(watch), "%s", what);
}

static unsigned count_watches(void) {
        char path[64], line[256];
        unsigned n = 0;
        FILE *file;

        (void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pods_watch_get_fd(watch));
        file = fopen(path, "re");
        ck_assert_ptr_nonnull(file);
        while (fgets(line, sizeof(line), file))
                n += strncmp(line, "inotify wd:", 11) == 0;
        (void)fclose(file);
        return n;
}

START_TEST(the_descriptor_never_blocks_and_never_leaks) {
        const int fd = pods_watch_get_fd(watch);

        ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
        ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        expect_no_event("nothing is watched yet");
        ck_assert_ptr_null(pods_watch_free(NULL));
}
END_TEST

static const struct {
        const char *cgroup_root;
        const char *steps[6];
} ways[] = {
        { "",
          { "kubepods", "kubepods/burstable", "kubepods/burstable/pod1",
            "kubepods/burstable/pod1/c1" } },
        { "/",
          { "kubepods.slice", "kubepods.slice/kubepods-besteffort.slice",
            "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice",
            "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/"
            "crio-1.scope" } },
        { "/a/b", { "a", "a/b", "a/b/kubepods", "a/b/kubepods/pod1", "a/b/kubepods/pod1/c1" } },
        { "/a/b",
          { "a.slice", "a.slice/a-b.slice", "a.slice/a-b.slice/a-b-kubepods.slice",
            "a.slice/a-b.slice/a-b-kubepods.slice/a-b-kubepods-pod1.slice",
            "a.slice/a-b.slice/a-b-kubepods.slice/a-b-kubepods-pod1.slice/crio-1.scope" } },
};

START_TEST(every_step_to_a_container_and_back_is_seen) {
        unsigned n = 0;

        start_below(ways[_i].cgroup_root);
        settle();
        expect_no_event("nothing");
        for (; ways[_i].steps[n]; ++n) {
                make(ways[_i].steps[n]);
                expect_event(ways[_i].steps[n]);
                settle();
        }
        ck_assert_uint_eq(tree->n_pods, 1);
        ck_assert_uint_eq(tree->pods[0].n_containers, 1);
        while (n > 0) {
                take_away(ways[_i].steps[--n]);
                expect_event(ways[_i].steps[n]);
                settle();
        }
        ck_assert_int_eq(tree->driver, CGROUP_DRIVER_NONE);
        ck_assert_uint_eq(count_watches(), 1);
}
END_TEST

START_TEST(the_folder_of_cgroups_may_be_missing) {
        folder_delete(&folder, "sys");
        settle();
        folder_make(&folder, "sys");
        expect_event("sys");
        settle();
        folder_make(&folder, "sys/fs");
        expect_event("sys/fs");
        settle();
        make("kubepods/pod1");
        expect_event("all at once");
        settle();
        ck_assert_uint_eq(tree->n_pods, 1);
}
END_TEST

START_TEST(what_changes_no_pod_is_not_heard_of) {
        make("kubepods/burstable/pod1/c1");
        settle();
        folder_write(&folder, CGROUP "kubepods/burstable/pod1/memory.current", "1\n");
        folder_write(&folder, CGROUP "kubepods/memory.max", "1\n");
        make("kubepods/burstable/pod1/c1/nested");
        take_away("kubepods/burstable/pod1/c1/nested");
        make("elsewhere/deeper");
        expect_event("a folder beside kubepods");
        make("elsewhere/deeper/still");
        expect_no_event("all that is elsewhere");
}
END_TEST

START_TEST(pods_between_reading_and_watching_are_looked_for) {
        bool has_grown;

        make("kubepods/burstable/pod1");
        look();
        make("kubepods/burstable/pod2");
        take_away("kubepods/burstable/pod1");
        ck_assert_int_eq(pods_watch_follow(watch, tree, &has_grown), 0);
        ck_assert(has_grown);
        settle();
        ck_assert_uint_eq(tree->n_pods, 1);
        make("kubepods/burstable/pod2/c1");
        expect_event("a container");
}
END_TEST

START_TEST(watches_follow_the_tree) {
        char path[64];

        make("kubepods/burstable");
        settle();
        ck_assert_uint_eq(count_watches(), 3); /* and where kubepods.slice would appear */
        make("kubepods/foo/pod1");
        make("kubepods/burstable/bar/podother");
        settle();
        ck_assert_uint_eq(count_watches(), 7);
        take_away("kubepods/foo");
        settle();
        ck_assert_uint_eq(count_watches(), 5);
        for (unsigned i = 0; i < PODS_MAX + 5; ++i) {
                (void)snprintf(path, sizeof(path), "kubepods/pod%u", i);
                make(path);
        }
        settle();
        ck_assert_uint_eq(tree->n_pods, PODS_MAX);
        ck_assert_uint_le(count_watches(), PODS_MAX + 8);
        take_away("kubepods");
        settle();
        ck_assert_uint_eq(count_watches(), 1);
}
END_TEST

static void expect_new_pod_is_watched(void) {
        expect_event("another folder with the same name");
        ck_assert(follow());
        settle();
        make("kubepods/pod1/c1");
        expect_event("a container in it");
}

START_TEST(a_pod_that_is_made_again_is_watched_again) {
        make("kubepods/pod1");
        settle();
        take_away("kubepods/pod1");
        make("kubepods/pod1");
        expect_new_pod_is_watched();
}
END_TEST

START_TEST(a_folder_that_is_moved_away_is_not_the_one_that_is_there) {
        char from[128], to[128];

        make("kubepods/pod1");
        settle();
        (void)snprintf(from, sizeof(from), "%s/" CGROUP "kubepods/pod1", folder.path);
        (void)snprintf(to, sizeof(to), "%s/elsewhere", folder.path);
        ck_assert_int_eq(rename(from, to), 0);
        make("kubepods/pod1");
        expect_new_pod_is_watched();
        folder_make(&folder, "elsewhere/c2");
        settle();
        folder_make(&folder, "elsewhere/c3");
        expect_no_event("what is elsewhere");
}
END_TEST

START_TEST(when_events_are_lost_everything_is_looked_at) {
        unsigned max = 0;
        char names[2][128];
        FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");

        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fscanf(file, "%u", &max), 1);
        (void)fclose(file);
        if (max > 100000)
                return; /* it would take too long */
        make("kubepods/pod1");
        settle();
        folder_write(&folder, CGROUP "kubepods/0", "");
        for (unsigned i = 0; i < 2; ++i)
                (void)snprintf(names[i], sizeof(names[i]), "%s/" CGROUP "kubepods/%u", folder.path,
                               i);
        for (unsigned i = 0; i < max / 2 + 1; ++i) /* of a file: two events, and no news */
                if (rename(names[i % 2], names[!(i % 2)]) < 0)
                        ck_abort_msg("%s", names[i % 2]);
        take_away("kubepods/pod1"); /* nobody is told */
        make("kubepods/pod1");
        expect_new_pod_is_watched();
        expect_no_event("more");
}
END_TEST

START_TEST(a_cgroup_root_that_is_none_is_not_watched) {
        start_below("/..");
        ck_assert(!follow());
        ck_assert_uint_eq(count_watches(), 0);
}
END_TEST

static bool limit_watches(const char *limit) {
        int fd;
        bool is_done;

        if (unshare(CLONE_NEWUSER) < 0)
                return false;
        fd = open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC);
        is_done = fd >= 0 && write(fd, limit, strlen(limit)) == (ssize_t)strlen(limit);
        (void)fd_close(fd);
        return is_done;
}

/* With a user namespace's own limit; return: whether all is as it is to be. */
static bool is_limit_told(void) {
        bool has_grown = false;

        watch = pods_watch_free(watch);
        if (!limit_watches("3"))
                return true; /* no namespaces here */
        if (pods_watch_new(&root, cgroup_root, &watch) ||
            pods_watch_follow(watch, tree, &has_grown) != -ENOSPC || !has_grown)
                return false;
        if (pods_watch_follow(watch, tree, &has_grown) != -ENOSPC || has_grown)
                return false;
        make("kubepods/pod9"); /* kubepods comes before its pods */
        return count_watches() == 3;
}

START_TEST(too_many_watches_are_said_and_the_first_ones_stay) {
        int status;
        pid_t pid;

        make("kubepods/pod1");
        make("kubepods/pod2");
        make("kubepods/pod3");
        look();
        pid = fork();
        if (pid == 0)
                _exit(is_limit_told() ? 0 : 1);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(without_memory_what_is_watched_stays) {
        PodsWatch *another = NULL;
        bool has_grown;
        unsigned n = 0;
        int r;

        do {
                failmalloc_arm(n++);
                r = pods_watch_new(&root, "", &another);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
        } while (r == -ENOMEM);
        pods_watch_free(another);
        ck_assert_uint_ge(n, 3);
        make("kubepods/pod1");
        settle();
        make("kubepods/pod2");
        look();
        failmalloc_arm(0);
        r = pods_watch_follow(watch, tree, &has_grown);
        (void)failmalloc_disarm();
        ck_assert_int_eq(r, -ENOMEM);
        expect_event("the second pod");
        make("kubepods/pod1/c1");
        expect_event("a container of the first");
        ck_assert(follow());
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("pods-watch");
        TCase *t = tcase_create("watch");

        tcase_set_timeout(t, 120);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_descriptor_never_blocks_and_never_leaks);
        tcase_add_loop_test(t, every_step_to_a_container_and_back_is_seen, 0, ELEMENTSOF(ways));
        tcase_add_test(t, the_folder_of_cgroups_may_be_missing);
        tcase_add_test(t, what_changes_no_pod_is_not_heard_of);
        tcase_add_test(t, pods_between_reading_and_watching_are_looked_for);
        tcase_add_test(t, watches_follow_the_tree);
        tcase_add_test(t, a_pod_that_is_made_again_is_watched_again);
        tcase_add_test(t, a_folder_that_is_moved_away_is_not_the_one_that_is_there);
        tcase_add_test(t, when_events_are_lost_everything_is_looked_at);
        tcase_add_test(t, a_cgroup_root_that_is_none_is_not_watched);
        tcase_add_test(t, too_many_watches_are_said_and_the_first_ones_stay);
        tcase_add_test(t, without_memory_what_is_watched_stays);
        suite_add_tcase(s, t);
        return s;
}
