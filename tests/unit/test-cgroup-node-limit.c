/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of limits by NUMA node in a tree of files: what is read, what is written, what is never
 * followed; and folders that come.
 */
#include "cgroup/node-limit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/folder.h"
#include "lib/test-main.h"

#define CGROUP CGROUP_DIR "/"

static Folder folder;
static Root root = ROOT_NULL;
static CgroupTree tree = CGROUP_TREE_NULL;
static CgroupNodeLimitTree files;
static char names[512]; /* that were told, each with a blank behind it */

/* The kernel has no more watches. */
static bool is_full;

int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);

int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask) {
        if (is_full) {
                errno = ENOSPC;
                return -1;
        }
        return __real_inotify_add_watch(fd, path, mask);
}

static void make(const char *path) {
        char file[256];

        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node) {
                (void)snprintf(file, sizeof(file), CGROUP "%s/%s", path,
                               cgroup_node_limit_file(node));
                folder_write(&folder, file, "0\n");
        }
}

static void setup(void) {
        folder = folder_new();
        folder_write(&folder, CGROUP "cgroup.controllers", "memory\n");
        make("a");
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(cgroup_tree_open(&root, &tree), 0);
        files = (CgroupNodeLimitTree){ .tree = &tree };
        names[0] = '\0';
        is_full = false;
}

static void teardown(void) {
        files.watch = folder_watch_free(files.watch);
        cgroup_tree_deinit(&tree);
        root_deinit(&root);
        folder_remove(&folder);
}

static CgroupNodeLimits read_a(void) {
        CgroupNodeLimits limits = {};

        ck_assert_int_eq(cgroup_node_limit_ops.read(&files, "a", &limits), 0);
        return limits;
}

static int add_name(const char *name, void *userdata _unused_) {
        const size_t n = strlen(names);

        (void)snprintf(names + n, sizeof(names) - n, "%s ", name);
        return 0;
}

static void add_path(const char *path, void *userdata _unused_) {
        (void)add_name(path, NULL);
}

/* Text */

static const struct {
        const char *text;
        uint64_t mib;
} texts[] = {
        { "0\n", 0 },
        { "512\n", 512 },
        { "512", 512 },
        { "2147483647\n", 2147483647 },
        { "-5\n", 0 },
        { "max\n", 0 },
        { "", 0 },
        { "\n", 0 },
        { "5 6\n", 0 },
        { "5\n6\n", 0 },
        { "0x10\n", 0 },
        { "99999999999999999999999\n", 0 },
        { "                                        5\n", 0 },
};

START_TEST(what_is_no_number_is_nothing) {
        folder_write(&folder, CGROUP "a/memory.node_limit2", texts[_i].text);
        ck_assert_uint_eq(cgroup_node_limit_parse(texts[_i].text, strlen(texts[_i].text)),
                          texts[_i].mib);
        ck_assert_uint_eq(read_a().mib[1], texts[_i].mib);
        ck_assert_uint_eq(read_a().files, 0xf);
}
END_TEST

START_TEST(files_that_are_not_there_are_told) {
        folder_delete(&folder, CGROUP "a/memory.node_limit3");
        ck_assert_uint_eq(read_a().files, 0xb);
        folder_delete(&folder, CGROUP "a/memory.node_limit1");
        ck_assert_uint_eq(read_a().files, 0);
}
END_TEST

START_TEST(a_write_is_a_plain_number_and_nothing_is_left_behind_it) {
        uint64_t found = 0;
        char text[64] = "", path[128];
        FILE *file;

        folder_write(&folder, CGROUP "a/memory.node_limit2", "123456789\n");
        ck_assert_int_eq(cgroup_node_limit_ops.write(&files, "a", 1, 77, &found), 0);
        ck_assert_uint_eq(found, 77);
        (void)snprintf(path, sizeof(path), "%s/" CGROUP "a/memory.node_limit2", folder.path);
        file = fopen(path, "r");
        ck_assert_ptr_nonnull(file);
        ck_assert_uint_eq(fread(text, 1, sizeof(text) - 1, file), 3);
        (void)fclose(file);
        ck_assert_str_eq(text, "77\n");
}
END_TEST

START_TEST(what_is_not_there_or_leads_out_is_not_written) {
        CgroupNodeLimits limits;
        uint64_t found = 5;

        folder_write(&folder, "outside/memory.node_limit1", "0\n");
        folder_link(&folder, CGROUP "link", "../../../outside");
        folder_link(&folder, CGROUP "b/memory.node_limit1", "../a/memory.node_limit1");
        ck_assert_int_eq(cgroup_node_limit_ops.write(&files, "gone", 0, 7, &found),
                         CGROUP_E_ABSENT);
        ck_assert_int_eq(cgroup_node_limit_ops.touch(&files, "gone"), CGROUP_E_ABSENT);
        ck_assert_int_eq(cgroup_node_limit_ops.write(&files, "link", 0, 7, &found),
                         CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_node_limit_ops.write(&files, "../../../outside", 0, 7, &found),
                         CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_node_limit_ops.write(&files, "b", 0, 7, &found), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_node_limit_ops.read(&files, "b", &limits), 0);
        ck_assert_uint_eq(limits.files, 0);
        ck_assert_uint_eq(found, 5);
        ck_assert_uint_eq(read_a().mib[0], 0);
}
END_TEST

START_TEST(usage_is_read_where_there_is_any) {
        ck_assert_int_eq(cgroup_node_limit_ops.touch(&files, "a"), CGROUP_E_ABSENT);
        folder_write(&folder, CGROUP "a/memory.numa_stat", "anon N0=0\n");
        ck_assert_int_eq(cgroup_node_limit_ops.touch(&files, "a"), 0);
}
END_TEST

START_TEST(a_list_has_folders_and_no_links) {
        folder_make(&folder, CGROUP "a/one");
        folder_link(&folder, CGROUP "a/two", "one");
        folder_make(&folder, CGROUP "a/.three");
        ck_assert_int_eq(cgroup_node_limit_ops.list(&files, "a", add_name, NULL), 0);
        ck_assert_str_eq(names, "one ");
        ck_assert_int_eq(cgroup_node_limit_ops.list(&files, "gone", add_name, NULL),
                         CGROUP_E_ABSENT);
}
END_TEST

START_TEST(a_kernel_is_known_by_any_cgroup_in_the_root) {
        ck_assert_uint_eq(cgroup_node_limit_probe(&tree), 0xf);
        folder_delete(&folder, CGROUP "a/memory.node_limit1");
        ck_assert_uint_eq(cgroup_node_limit_probe(&tree), 0);
        /* not by one further down, since there the controller comes from above */
        make("a/b");
        ck_assert_uint_eq(cgroup_node_limit_probe(&tree), 0);
        make("c");
        ck_assert_uint_eq(cgroup_node_limit_probe(&tree), 0xf);
        ck_assert_uint_eq(cgroup_node_limit_probe(&(const CgroupTree)CGROUP_TREE_NULL), 0);
}
END_TEST

/* Folders that come */

/* Waits for the kernel, which tells at once. */
static bool dispatch(void) {
        struct pollfd poll_fd = { .fd = folder_watch_get_fd(files.watch), .events = POLLIN };

        names[0] = '\0';
        if (poll(&poll_fd, 1, 0) == 0)
                return false;
        return folder_watch_dispatch(files.watch, add_path, NULL);
}

static void list(const char *path) {
        ck_assert_int_eq(cgroup_node_limit_ops.list(&files, path, add_name, NULL), 0);
}

START_TEST(folders_that_come_are_told_with_their_path) {
        ck_assert_int_eq(folder_watch_new(&files.watch), 0);
        list("");
        list("a");
        list("a");
        folder_make(&folder, CGROUP "new");
        folder_make(&folder, CGROUP "a/new");
        folder_write(&folder, CGROUP "a/file", "");
        ck_assert(!dispatch());
        ck_assert_str_eq(names, "new a/new ");
        folder_make(&folder, CGROUP "a/new/unwatched");
        ck_assert(!dispatch());
        ck_assert_str_eq(names, "");
        ck_assert_int_eq(folder_watch_get_problem(files.watch), 0);
}
END_TEST

START_TEST(a_folder_that_is_made_anew_is_watched_when_it_is_listed) {
        ck_assert_int_eq(folder_watch_new(&files.watch), 0);
        for (unsigned i = 0; i < 200; ++i) {
                folder_make(&folder, CGROUP "x");
                list("x");
                folder_make(&folder, CGROUP "x/y");
                ck_assert(!dispatch());
                ck_assert_str_eq(names, "x/y ");
                folder_delete(&folder, CGROUP "x/y");
                folder_delete(&folder, CGROUP "x");
                ck_assert(!dispatch());
                ck_assert_str_eq(names, "");
        }
}
END_TEST

START_TEST(too_many_folders_are_told_until_one_goes) {
        ck_assert_int_eq(folder_watch_new(&files.watch), 0);
        list("a");
        folder_make(&folder, CGROUP "b");
        is_full = true;
        list("b");
        ck_assert_int_eq(folder_watch_get_problem(files.watch), ENOSPC);
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node) {
                char file[64];

                (void)snprintf(file, sizeof(file), CGROUP "a/%s", cgroup_node_limit_file(node));
                folder_delete(&folder, file);
        }
        folder_delete(&folder, CGROUP "a");
        ck_assert(!dispatch());
        ck_assert_int_eq(folder_watch_get_problem(files.watch), 0);
        is_full = false;
        list("b");
        folder_make(&folder, CGROUP "b/x");
        ck_assert(!dispatch());
        ck_assert_str_eq(names, "b/x ");
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-node-limit");
        TCase *t = tcase_create("files"), *w = tcase_create("watch");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, what_is_no_number_is_nothing, 0, ELEMENTSOF(texts));
        tcase_add_test(t, files_that_are_not_there_are_told);
        tcase_add_test(t, a_write_is_a_plain_number_and_nothing_is_left_behind_it);
        tcase_add_test(t, what_is_not_there_or_leads_out_is_not_written);
        tcase_add_test(t, usage_is_read_where_there_is_any);
        tcase_add_test(t, a_list_has_folders_and_no_links);
        tcase_add_test(t, a_kernel_is_known_by_any_cgroup_in_the_root);
        suite_add_tcase(s, t);
        tcase_add_checked_fixture(w, setup, teardown);
        tcase_add_test(w, folders_that_come_are_told_with_their_path);
        tcase_add_test(w, a_folder_that_is_made_anew_is_watched_when_it_is_listed);
        tcase_add_test(w, too_many_folders_are_told_until_one_goes);
        suite_add_tcase(s, w);
        return s;
}
