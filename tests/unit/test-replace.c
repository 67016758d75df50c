/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/replace.h"

/* The linker calls these instead of libc's: each system call that replacing makes can be failed. */
typedef enum Step {
        STEP_WRITE,
        STEP_FCHMOD,
        STEP_FSYNC_FILE,
        STEP_RENAMEAT,
        STEP_FSYNC_DIR,
        _STEP_N,
} Step;

ssize_t __real_write(int fd, const void *data, size_t n_data);
ssize_t __wrap_write(int fd, const void *data, size_t n_data);
int __real_fchmod(int fd, mode_t mode);
int __wrap_fchmod(int fd, mode_t mode);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);

static bool is_watching, writes_are_short;
static Step failing = _STEP_N;
static int failing_errno;
static char steps[256]; /* a letter for each call seen, in order */
static size_t n_steps;

static bool must_fail(Step step) {
        if (!is_watching)
                return false;
        if (n_steps + 1 < sizeof(steps))
                steps[n_steps++] = "wcfrd"[step];
        if (failing != step)
                return false;
        errno = failing_errno;
        failing = _STEP_N;
        return true;
}

ssize_t __wrap_write(int fd, const void *data, size_t n_data) {
        if (must_fail(STEP_WRITE))
                return failing_errno ? -1 : 0;
        return __real_write(fd, data, is_watching && writes_are_short && n_data > 1 ? 1 : n_data);
}

int __wrap_fchmod(int fd, mode_t mode) {
        return must_fail(STEP_FCHMOD) ? -1 : __real_fchmod(fd, mode);
}

int __wrap_fsync(int fd) {
        struct stat stat;
        bool is_dir = fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode);

        return must_fail(is_dir ? STEP_FSYNC_DIR : STEP_FSYNC_FILE) ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to) {
        return must_fail(STEP_RENAMEAT) ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

static char folder[PATH_MAX];
static int dir_fd = -EBADF;

static void setup(void) {
        (void)snprintf(folder, sizeof(folder), "%s/slug-test-replace-XXXXXX",
                       getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
        ck_assert_ptr_nonnull(mkdtemp(folder));
        dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(dir_fd, 0);
        ck_assert_int_eq(file_replace(dir_fd, "file", "old", 3, 0640), 0);
        n_steps = 0;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw) {
        (void)stat;
        (void)type;
        (void)ftw;
        return remove(path);
}

static void teardown(void) {
        is_watching = false;
        dir_fd = fd_close(dir_fd);
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int replace_watched(const char *name, const void *data, size_t n_data, mode_t mode) {
        int r;

        is_watching = true;
        r = file_replace(dir_fd, name, data, n_data, mode);
        is_watching = false;
        return r;
}

static void assert_file(const char *name, const char *text) {
        _cleanup_(fd_closep) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        char buffer[64];
        ssize_t n;

        ck_assert_int_ge(fd, 0);
        n = read(fd, buffer, sizeof(buffer) - 1);
        ck_assert_int_ge(n, 0);
        buffer[n] = '\0';
        ck_assert_str_eq(buffer, text);
}

static mode_t mode_of(const char *name) {
        struct stat stat;

        ck_assert_int_eq(fstatat(dir_fd, name, &stat, AT_SYMLINK_NOFOLLOW), 0);
        return stat.st_mode;
}

static unsigned count_entries(void) {
        DIR *dir = opendir(folder);
        unsigned n = 0;

        ck_assert_ptr_nonnull(dir);
        while (readdir(dir))
                ++n;
        (void)closedir(dir);
        return n - 2;
}

START_TEST(new_bytes_and_mode_take_the_place_of_the_old) {
        mode_t mask = umask(077);

        ck_assert_int_eq(replace_watched("file", "new bytes", 9, 0644), 0);
        (void)umask(mask);
        assert_file("file", "new bytes");
        ck_assert_uint_eq(mode_of("file"), S_IFREG | 0644);
        ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(steps_come_in_the_order_that_survives_a_crash) {
        ck_assert_int_eq(replace_watched("file", "new", 3, 0600), 0);
        steps[n_steps] = '\0';
        ck_assert_str_eq(steps, "wcfrd");
}
END_TEST

START_TEST(file_that_was_not_there_is_made) {
        ck_assert_int_eq(replace_watched("other", NULL, 0, 0400), 0);
        assert_file("other", "");
        ck_assert_uint_eq(mode_of("other"), S_IFREG | 0400);
        assert_file("file", "old");
        ck_assert_uint_eq(count_entries(), 2);
}
END_TEST

START_TEST(short_and_interrupted_writes_go_on) {
        writes_are_short = true;
        failing = STEP_WRITE;
        failing_errno = EINTR;
        ck_assert_int_eq(replace_watched("file", "new bytes", 9, 0600), 0);
        writes_are_short = false;
        ck_assert_int_eq(failing, _STEP_N);
        assert_file("file", "new bytes");
}
END_TEST

static const struct {
        const char *name;
        Step step;
        int error, r;
} failures[] = {
        { "disk full", STEP_WRITE, ENOSPC, -ENOSPC },   { "nothing written", STEP_WRITE, 0, -EIO },
        { "mode refused", STEP_FCHMOD, EPERM, -EPERM }, { "sync", STEP_FSYNC_FILE, EIO, -EIO },
        { "rename", STEP_RENAMEAT, EROFS, -EROFS },
};

START_TEST(failure_keeps_the_old_file_and_no_temporary) {
        int r;

        failing = failures[_i].step;
        failing_errno = failures[_i].error;
        r = replace_watched("file", "new", 3, 0600);
        ck_assert_msg(r == failures[_i].r, "%s: %d", failures[_i].name, r);
        assert_file("file", "old");
        ck_assert_uint_eq(mode_of("file"), S_IFREG | 0640);
        ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(folder_that_cannot_be_synced_is_told) {
        failing = STEP_FSYNC_DIR;
        failing_errno = EIO;
        ck_assert_int_eq(replace_watched("file", "new", 3, 0600), -EIO);
        assert_file("file", "new");
        ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

static const char *const bad_names[] = { "", ".", "..", "a/b", "/file", "file/" };

START_TEST(name_with_a_path_is_refused) {
        ck_assert_int_eq(replace_watched(bad_names[_i], "new", 3, 0600), -EINVAL);
        ck_assert_uint_eq(count_entries(), 1);
        ck_assert_uint_eq(n_steps, 0);
}
END_TEST

START_TEST(name_too_long_leaves_nothing) {
        char name[NAME_MAX + 2];

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        ck_assert_int_eq(replace_watched(name, "new", 3, 0600), -ENAMETOOLONG);
        ck_assert_uint_eq(count_entries(), 1);
        name[NAME_MAX] = '\0';
        ck_assert_int_eq(replace_watched(name, "new", 3, 0600), 0);
        ck_assert_uint_eq(count_entries(), 2);
}
END_TEST

START_TEST(link_is_replaced_and_not_followed) {
        ck_assert_int_eq(symlinkat("file", dir_fd, "link"), 0);
        ck_assert_int_eq(replace_watched("link", "new", 3, 0600), 0);
        ck_assert_uint_eq(mode_of("link"), S_IFREG | 0600);
        assert_file("link", "new");
        assert_file("file", "old");
}
END_TEST

START_TEST(folder_may_be_held_by_path_only) {
        _cleanup_(fd_closep) int fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);

        ck_assert_int_eq(file_replace(fd, "file", "new", 3, 0600), 0);
        assert_file("file", "new");
        ck_assert_int_eq(file_replace(-EBADF, "file", "new", 3, 0600), -EBADF);
}
END_TEST

START_TEST(sweeping_takes_what_crashes_left_and_nothing_else) {
        static const char *const names[] = {
                ".slug-0123456789abcdef.tmp", ".slug-ffffffffffffffff.tmp", /* these */
                ".slug-0123456789abcde.tmp",  ".slug-0123456789abcdef0.tmp",
                ".slug-0123456789abcdef",     "slug-0123456789abcdef.tmp",
                ".slug-0123456789ABCDEF.tmp",
        };
        const unsigned n_before = count_entries();

        for (size_t i = 0; i < ELEMENTSOF(names); ++i)
                (void)close(openat(dir_fd, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        ck_assert_int_eq(file_replace_sweep(dir_fd), 0);
        ck_assert_uint_eq(count_entries(), n_before + ELEMENTSOF(names) - 2);
        for (size_t i = 0; i < ELEMENTSOF(names); ++i)
                ck_assert_int_eq(faccessat(dir_fd, names[i], F_OK, 0), i < 2 ? -1 : 0);
        ck_assert_int_eq(file_replace_sweep(-EBADF), -EBADF);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("replace");
        TCase *tcase = tcase_create("replace");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, new_bytes_and_mode_take_the_place_of_the_old);
        tcase_add_test(tcase, steps_come_in_the_order_that_survives_a_crash);
        tcase_add_test(tcase, file_that_was_not_there_is_made);
        tcase_add_test(tcase, short_and_interrupted_writes_go_on);
        tcase_add_loop_test(tcase, failure_keeps_the_old_file_and_no_temporary, 0,
                            ELEMENTSOF(failures));
        tcase_add_test(tcase, folder_that_cannot_be_synced_is_told);
        tcase_add_loop_test(tcase, name_with_a_path_is_refused, 0, ELEMENTSOF(bad_names));
        tcase_add_test(tcase, name_too_long_leaves_nothing);
        tcase_add_test(tcase, link_is_replaced_and_not_followed);
        tcase_add_test(tcase, folder_may_be_held_by_path_only);
        tcase_add_test(tcase, sweeping_takes_what_crashes_left_and_nothing_else);
        suite_add_tcase(suite, tcase);
        return suite;
}
