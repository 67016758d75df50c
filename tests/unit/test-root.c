/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/root.h"
#include "lib/failmalloc.h"

/*
 * A tree in a folder beside a secret, and every question asked twice: of openat2() and of the walk
 * that stands in for it. Where the kernel has no openat2(), both are the walk.
 */
#define MODES 2

static char folder[PATH_MAX]; /* holds "root" and "secret" */
static int tree_fd = -EBADF;
static Root root = ROOT_NULL;

static void put(const char *path, const void *data, size_t n_data) {
        int fd = openat(tree_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(write(fd, data, n_data), (ssize_t)n_data);
        (void)fd_close(fd);
}

static void put_link(const char *path, const char *text) {
        ck_assert_int_eq(symlinkat(text, tree_fd, path), 0);
}

static void put_socket(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/socket",
                       tree_fd);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        (void)fd_close(fd);
}

/* chain-1 leads to a file, chain-n to chain-(n-1): n links to follow. */
static void put_chain(void) {
        put_link("chain-1", "a/file");
        for (unsigned i = 2; i <= 41; ++i) {
                char path[16], text[16];

                (void)snprintf(path, sizeof(path), "chain-%u", i);
                (void)snprintf(text, sizeof(text), "chain-%u", i - 1);
                put_link(path, text);
        }
}

static void setup(void) {
        char text[PATH_MAX + 16];

        (void)snprintf(folder, sizeof(folder), "%s/slug-test-root-XXXXXX",
                       getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        tree_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        put("secret", "secret\n", 7);
        ck_assert_int_eq(mkdirat(tree_fd, "root", 0700), 0);
        (void)fd_close(tree_fd);
        (void)snprintf(text, sizeof(text), "%s/root", folder);
        tree_fd = open(text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(tree_fd, 0);
        ck_assert_int_eq(root_init(&root, text), 0);

        ck_assert_int_eq(mkdirat(tree_fd, "a", 0700), 0);
        ck_assert_int_eq(mkdirat(tree_fd, "a/b", 0700), 0);
        put("a/file", "hello\n", 6);
        put("a/b/deep", "deep\n", 5);
        put("empty", "", 0);
        put("binary", "a\0b\xff", 4);
        put_link("relative", "a/file");
        put_link("absolute", "/a/file");
        put_link("above", "../../../../a/file");
        put_link("slashes", "//a/.//b///");
        put_link("folder", "a/b");
        put_link("absolute-folder", "/a/b");
        put_link("a/b/back", "../..");
        put_link("a/b/top", "/");
        put_link("dangling", "nowhere");
        put_link("itself", "itself");
        put_link("ping", "pong");
        put_link("pong", "ping");
        put_link("out-above", "../secret");
        (void)snprintf(text, sizeof(text), "%s/secret", folder);
        put_link("out-absolute", text);
        ck_assert_int_eq(mkfifoat(tree_fd, "fifo", 0600), 0);
        put_socket();
        put_chain();
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
        (void)stat;
        (void)type;
        (void)ftw;
        return remove(path);
}

static void teardown(void) {
        root_deinit(&root);
        tree_fd = fd_close(tree_fd);
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const struct {
        const char *path;
        int r;
        const char *text;
} files[] = {
        { "a/file", 0, "hello\n" },
        { "/a/file", 0, "hello\n" },
        { "///a//file", 0, "hello\n" },
        { "./a/./file", 0, "hello\n" },
        { "a/b/../file", 0, "hello\n" },
        { "../../a/file", 0, "hello\n" },
        { "a/../../../a/b/deep", 0, "deep\n" },
        { "a/b/../../a/b/deep", 0, "deep\n" },
        { "empty", 0, "" },
        { "relative", 0, "hello\n" },
        { "absolute", 0, "hello\n" },
        { "above", 0, "hello\n" },
        { "folder/deep", 0, "deep\n" },
        { "absolute-folder/deep", 0, "deep\n" },
        { "slashes/deep", 0, "deep\n" },
        { "folder/../file", 0, "hello\n" },
        { "folder/back/a/file", 0, "hello\n" },
        { "folder/back/folder/back/empty", 0, "" },
        { "folder/top/a/file", 0, "hello\n" },
        { "folder/top/../a/file", 0, "hello\n" },
        { "chain-40", 0, "hello\n" },
        { "chain-41", -ELOOP, NULL },
        { "itself", -ELOOP, NULL },
        { "ping", -ELOOP, NULL },
        { "ping/x", -ELOOP, NULL },
        { "", ROOT_E_ABSENT, NULL },
        { "nothing", ROOT_E_ABSENT, NULL },
        { "nothing/file", ROOT_E_ABSENT, NULL },
        { "nothing/../a/file", ROOT_E_ABSENT, NULL },
        { "dangling", ROOT_E_ABSENT, NULL },
        { "dangling/x", ROOT_E_ABSENT, NULL },
        { "out-above", ROOT_E_ABSENT, NULL },
        { "out-absolute", ROOT_E_ABSENT, NULL },
        { "../secret", ROOT_E_ABSENT, NULL },
        { "../../../../../../../../etc/passwd", ROOT_E_ABSENT, NULL },
        { "a/file/", ROOT_E_ABSENT, NULL },
        { "a/file/.", ROOT_E_ABSENT, NULL },
        { "a/file/..", ROOT_E_ABSENT, NULL },
        { "a/file/x", ROOT_E_ABSENT, NULL },
        { "relative/", ROOT_E_ABSENT, NULL },
        { "/", -EISDIR, NULL },
        { ".", -EISDIR, NULL },
        { "..", -EISDIR, NULL },
        { "a", -EISDIR, NULL },
        { "a/", -EISDIR, NULL },
        { "folder", -EISDIR, NULL },
        { "folder/", -EISDIR, NULL },
        { "folder/top", -EISDIR, NULL },
        { "fifo", -EINVAL, NULL },
        { "socket", -EINVAL, NULL },
};

START_TEST(path_is_resolved_inside_the_root) {
        size_t i = (size_t)_i / MODES, n = 4711;
        char buffer[64];
        int r;

        root.walk_itself |= _i % MODES;
        r = root_read(&root, files[i].path, buffer, sizeof(buffer), &n);
        ck_assert_msg(r == files[i].r, "%s: %d", files[i].path, r);
        if (r != 0) {
                ck_assert_uint_eq(n, 4711);
                return;
        }
        ck_assert_str_eq(buffer, files[i].text);
        ck_assert_uint_eq(n, strlen(files[i].text));
}
END_TEST

START_TEST(names_and_paths_may_be_too_long) {
        char name[NAME_MAX + 2], path[2 * PATH_MAX], buffer[16];
        size_t n;

        root.walk_itself |= _i;
        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        ck_assert_int_eq(root_read(&root, name, buffer, sizeof(buffer), &n), -ENAMETOOLONG);
        memset(path, '/', sizeof(path));
        memcpy(path + PATH_MAX - 7, "a/file", 7);
        ck_assert_int_eq(root_read(&root, path, buffer, sizeof(buffer), &n), 0);
        memcpy(path + PATH_MAX - 6, "a/file", 7);
        ck_assert_int_eq(root_read(&root, path, buffer, sizeof(buffer), &n), -ENAMETOOLONG);
}
END_TEST

START_TEST(deep_folders_are_no_problem) {
        char path[3 * 200 + 8] = "";
        size_t n;
        char buffer[16];

        root.walk_itself |= _i;
        for (size_t i = 0; i < 200; ++i) {
                memcpy(path + 2 * i, "d/", 3);
                ck_assert_int_eq(mkdirat(tree_fd, path, 0700), 0);
        }
        memcpy(path + 400, "f", 2);
        put(path, "x", 1);
        ck_assert_int_eq(root_read(&root, path, buffer, sizeof(buffer), &n), 0);
        ck_assert_str_eq(buffer, "x");
}
END_TEST

START_TEST(file_may_hold_any_bytes) {
        char buffer[16];
        size_t n;

        root.walk_itself |= _i;
        ck_assert_int_eq(root_read(&root, "binary", buffer, sizeof(buffer), &n), 0);
        ck_assert_uint_eq(n, 4);
        ck_assert_mem_eq(buffer, "a\0b\xff", 5);
}
END_TEST

START_TEST(file_needs_room_for_its_nul) {
        char buffer[16];
        size_t n = 4711;

        ck_assert_int_eq(root_read(&root, "a/file", buffer, 7, &n), 0);
        ck_assert_uint_eq(n, 6);
        n = 4711;
        for (size_t size = 0; size < 7; ++size) {
                ck_assert_int_eq(root_read(&root, "a/file", buffer, size, &n), ROOT_E_TOO_LARGE);
                ck_assert_uint_eq(n, 4711);
        }
        ck_assert_int_eq(root_read(&root, "empty", buffer, 1, &n), 0);
        ck_assert_str_eq(buffer, "");
}
END_TEST

#define LARGE (10u * 1024 * 1024)

START_TEST(large_file_is_whole_or_too_large) {
        _cleanup_(freep) char *data = malloc(LARGE), *buffer = malloc(LARGE + 1);
        size_t n;

        ck_assert(data && buffer);
        for (size_t i = 0; i < LARGE; ++i)
                data[i] = (char)('a' + i % 23);
        put("large", data, LARGE);
        ck_assert_int_eq(root_read(&root, "large", buffer, LARGE + 1, &n), 0);
        ck_assert_uint_eq(n, LARGE);
        ck_assert(memcmp(data, buffer, LARGE) == 0);
        ck_assert_int_eq(buffer[LARGE], '\0');
        ck_assert_int_eq(root_read(&root, "large", buffer, LARGE, &n), ROOT_E_TOO_LARGE);
}
END_TEST

/* The linker calls this instead of read(): one byte at a time, and errors as planned. */
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);

static int planned_errno;
static unsigned n_good_reads;
static bool reads_are_short;

ssize_t __wrap_read(int fd, void *buffer, size_t size) {
        if (planned_errno && n_good_reads-- == 0) {
                errno = planned_errno;
                planned_errno = 0;
                return -1;
        }
        return __real_read(fd, buffer, reads_are_short && size > 1 ? 1 : size);
}

static const struct {
        int error, r;
} errors[] = {
        { EINTR, 0 },
        { ENODEV, ROOT_E_ABSENT },
        { ENXIO, ROOT_E_ABSENT },
        { ESRCH, ROOT_E_ABSENT },
        { EIO, -EIO },
        { EACCES, -EACCES },
};

START_TEST(reading_goes_on_after_a_short_read_and_ends_at_an_error) {
        for (unsigned i = 0; i < 5; ++i) {
                char buffer[16];
                size_t n = 4711;
                int r;

                planned_errno = errors[_i].error;
                n_good_reads = i;
                reads_are_short = true;
                r = root_read(&root, "a/file", buffer, sizeof(buffer), &n);
                planned_errno = 0;
                reads_are_short = false;
                ck_assert_int_eq(r, errors[_i].r);
                ck_assert_uint_eq(n, r == 0 ? 6 : 4711);
                if (r == 0)
                        ck_assert_str_eq(buffer, "hello\n");
        }
}
END_TEST

static const struct {
        const char *path;
        size_t size;
        int r;
        const char *text;
} links[] = {
        { "relative", 64, 0, "a/file" },
        { "/relative", 64, 0, "a/file" },
        { "relative", 7, 0, "a/file" },
        { "relative", 6, ROOT_E_TOO_LARGE, NULL },
        { "relative", 0, ROOT_E_TOO_LARGE, NULL },
        { "dangling", 64, 0, "nowhere" },
        { "itself", 64, 0, "itself" },
        { "out-above", 64, 0, "../secret" },
        { "folder/back", 64, 0, "../.." },
        { "a/b/../b/top", 64, 0, "/" },
        { "chain-2", 64, 0, "chain-1" },
        { "a/file", 64, -EINVAL, NULL },
        { "a", 64, -EINVAL, NULL },
        { "folder/", 64, -EINVAL, NULL },
        { "fifo", 64, -EINVAL, NULL },
        { "/", 64, -EINVAL, NULL },
        { "dangling/", 64, ROOT_E_ABSENT, NULL },
        { "nothing", 64, ROOT_E_ABSENT, NULL },
        { "itself/x", 64, -ELOOP, NULL },
};

START_TEST(link_tells_where_it_leads) {
        size_t i = (size_t)_i / MODES;
        char buffer[64];
        int r;

        root.walk_itself |= _i % MODES;
        r = root_read_link(&root, links[i].path, buffer, links[i].size);
        ck_assert_msg(r == links[i].r, "%s: %d", links[i].path, r);
        if (r == 0)
                ck_assert_str_eq(buffer, links[i].text);
}
END_TEST

static const struct {
        const char *path;
        int flags, r;
} opens[] = {
        { "a/file", O_RDONLY, 0 },
        { "a/file", O_RDWR, 0 },
        { "a/file", O_PATH, 0 },
        { "relative", O_RDONLY, 0 },
        { "relative", O_RDONLY | O_NOFOLLOW, -ELOOP },
        { "relative", O_PATH | O_NOFOLLOW, 0 },
        { "a/file", O_RDONLY | O_NOFOLLOW, 0 },
        { "folder/deep", O_RDONLY | O_NOFOLLOW, 0 },
        { "folder", O_RDONLY | O_DIRECTORY, 0 },
        { "folder", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, ROOT_E_ABSENT },
        { "folder/", O_RDONLY | O_NOFOLLOW, 0 },
        { "a/file", O_RDONLY | O_DIRECTORY, ROOT_E_ABSENT },
        { "a", O_WRONLY, -EISDIR },
        { "/", O_WRONLY, -EISDIR },
        { "/", O_PATH, 0 },
        { "fifo", O_RDONLY, 0 },
        { "socket", O_RDONLY, -ENXIO },
        { "nothing", O_RDWR, ROOT_E_ABSENT },
};

START_TEST(open_takes_flags_and_always_closes_on_exec) {
        size_t i = (size_t)_i / MODES;
        _cleanup_(fd_closep) int fd = -EBADF;
        bool is_reading = opens[i].flags == O_RDONLY;
        int r;

        root.walk_itself |= _i % MODES;
        r = root_open(&root, opens[i].path, opens[i].flags, &fd);
        ck_assert_msg(r == opens[i].r, "%s: %d", opens[i].path, r);
        if (r != 0) {
                ck_assert_int_eq(fd, -EBADF);
                return;
        }
        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
        if (is_reading || opens[i].flags == O_RDWR)
                ck_assert_int_eq(!!(fcntl(fd, F_GETFL) & O_NONBLOCK), is_reading);
}
END_TEST

START_TEST(folder_is_listed_through_links) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        unsigned n_entries = 0;
        DIR *none = NULL;

        root.walk_itself |= _i;
        ck_assert_int_eq(root_open_dir(&root, "absolute-folder", &dir), 0);
        for (struct dirent *entry; (entry = readdir(dir));)
                if (entry->d_name[0] != '.')
                        ++n_entries;
        ck_assert_uint_eq(n_entries, 3);
        ck_assert_int_eq(root_open_dir(&root, "a/file", &none), ROOT_E_ABSENT);
        ck_assert_int_eq(root_open_dir(&root, "nothing", &none), ROOT_E_ABSENT);
        ck_assert_int_eq(root_open_dir(&root, "itself", &none), -ELOOP);
        ck_assert_ptr_null(none);
}
END_TEST

START_TEST(what_dangles_does_not_exist) {
        root.walk_itself |= _i;
        ck_assert(root_exists(&root, "a"));
        ck_assert(root_exists(&root, "/"));
        ck_assert(root_exists(&root, "above"));
        ck_assert(root_exists(&root, "fifo"));
        ck_assert(!root_exists(&root, "dangling"));
        ck_assert(!root_exists(&root, "itself"));
        ck_assert(!root_exists(&root, "out-absolute"));
        ck_assert(!root_exists(&root, "nothing"));
        ck_assert(!root_exists(&root, ""));
}
END_TEST

/* How many descriptors are open below 64. */
static unsigned count_fds(void) {
        unsigned n = 0;

        for (int fd = 0; fd < 64; ++fd)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

START_TEST(no_descriptor_is_left_behind) {
        unsigned n_before = count_fds();

        root.walk_itself |= _i;
        for (size_t i = 0; i < ELEMENTSOF(files); ++i) {
                char buffer[64];
                size_t n;

                (void)!root_read(&root, files[i].path, buffer, sizeof(buffer), &n);
                (void)!root_read_link(&root, files[i].path, buffer, sizeof(buffer));
                (void)root_exists(&root, files[i].path);
        }
        ck_assert_uint_eq(count_fds(), n_before);
}
END_TEST

START_TEST(live_machine_is_the_root_slash) {
        _cleanup_(root_deinitp) Root host = ROOT_NULL, roundabout = ROOT_NULL;
        char buffer[8192];
        size_t n;

        ck_assert_int_eq(root_init(&host, "/"), 0);
        ck_assert_int_eq(root_init(&roundabout, "/proc/.."), 0);
        ck_assert(host.is_host);
        ck_assert(roundabout.is_host);
        ck_assert_str_eq(roundabout.path, "/proc/..");
        ck_assert(!root.is_host);
        host.walk_itself |= _i;
        ck_assert_int_eq(root_read(&host, "/proc/self/stat", buffer, sizeof(buffer), &n), 0);
        ck_assert_uint_gt(n, 0);
        ck_assert_int_eq(root_read(&host, "/proc/mounts", buffer, 2, &n), ROOT_E_TOO_LARGE);
}
END_TEST

START_TEST(links_that_jump_are_read_but_not_followed) {
        _cleanup_(root_deinitp) Root host = ROOT_NULL;
        char buffer[PATH_MAX];
        size_t n;

        ck_assert_int_eq(root_init(&host, "/"), 0);
        host.walk_itself |= _i;
        ck_assert_int_eq(root_read_link(&host, "/proc/self/exe", buffer, sizeof(buffer)), 0);
        ck_assert_ptr_nonnull(strstr(buffer, "test-root"));
        ck_assert_int_eq(root_read(&host, "/proc/self/exe", buffer, 16, &n), -ELOOP);
        ck_assert_int_eq(root_read(&host, "/proc/self/root/proc/stat", buffer, 16, &n), -ELOOP);
        ck_assert_int_eq(root_read(&host, "/proc/self/ns/mnt", buffer, 16, &n), -ELOOP);
}
END_TEST

START_TEST(root_must_be_a_folder) {
        Root none = ROOT_NULL;
        char path[PATH_MAX + 16];

        (void)snprintf(path, sizeof(path), "%s/secret", folder);
        ck_assert_int_eq(root_init(&none, path), -ENOTDIR);
        (void)snprintf(path, sizeof(path), "%s/nothing", folder);
        ck_assert_int_eq(root_init(&none, path), -ENOENT);
        ck_assert_int_eq(none.fd, -EBADF);
        ck_assert_ptr_null(none.path);
        root_deinit(&none);
}
END_TEST

START_TEST(init_without_memory_changes_nothing) {
        Root other = ROOT_NULL;
        unsigned n_before = count_fds();

        for (unsigned n = 0;; ++n) {
                bool has_failed;
                int r;

                failmalloc_arm(n);
                r = root_init(&other, folder);
                has_failed = failmalloc_disarm();
                if (!has_failed) {
                        ck_assert_int_eq(r, 0);
                        ck_assert_uint_gt(n, 0);
                        break;
                }
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_int_eq(other.fd, -EBADF);
                ck_assert_ptr_null(other.path);
                ck_assert_uint_eq(count_fds(), n_before);
        }
        root_deinit(&other);
        ck_assert_int_eq(other.fd, -EBADF);
        ck_assert_uint_eq(count_fds(), n_before);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("root");
        TCase *tcase = tcase_create("root");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, path_is_resolved_inside_the_root, 0, MODES * ELEMENTSOF(files));
        tcase_add_loop_test(tcase, names_and_paths_may_be_too_long, 0, MODES);
        tcase_add_loop_test(tcase, deep_folders_are_no_problem, 0, MODES);
        tcase_add_loop_test(tcase, file_may_hold_any_bytes, 0, MODES);
        tcase_add_test(tcase, file_needs_room_for_its_nul);
        tcase_add_test(tcase, large_file_is_whole_or_too_large);
        tcase_add_loop_test(tcase, reading_goes_on_after_a_short_read_and_ends_at_an_error, 0,
                            ELEMENTSOF(errors));
        tcase_add_loop_test(tcase, link_tells_where_it_leads, 0, MODES * ELEMENTSOF(links));
        tcase_add_loop_test(tcase, open_takes_flags_and_always_closes_on_exec, 0,
                            MODES * ELEMENTSOF(opens));
        tcase_add_loop_test(tcase, folder_is_listed_through_links, 0, MODES);
        tcase_add_loop_test(tcase, what_dangles_does_not_exist, 0, MODES);
        tcase_add_loop_test(tcase, no_descriptor_is_left_behind, 0, MODES);
        tcase_add_loop_test(tcase, live_machine_is_the_root_slash, 0, MODES);
        tcase_add_loop_test(tcase, links_that_jump_are_read_but_not_followed, 0, MODES);
        tcase_add_test(tcase, root_must_be_a_folder);
        tcase_add_test(tcase, init_without_memory_changes_nothing);
        suite_add_tcase(suite, tcase);
        return suite;
}
