/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders of cgroups: what leads out of them, what is in their files, and what goes meanwhile. In a
 * tree of files, and once in a cgroup file system of the kernel's.
 *
 * The test stands between the code and libc: openat2() can be refused as a seccomp filter does it
 * or an old kernel, calls are counted, and something can be done to the tree right before one.
 */
#include "cgroup/group.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "lib/folder.h"
#include "lib/test-main.h"

#define CGROUP   CGROUP_DIR "/"
#define ALL      ((1u << _CGROUP_KNOB_N) - 1)
#define TEN      "0123456789"
#define FIFTY    TEN TEN TEN TEN TEN
#define LONGEST  FIFTY FIFTY FIFTY FIFTY FIFTY "01234" /* 255 bytes */
#define N_ERRORS 3

static const int errors[N_ERRORS] = { 0, ENOSYS, EPERM };

static Folder folder;
static Root root = ROOT_NULL;
static CgroupTree tree = CGROUP_TREE_NULL;

/* Between the code and libc */

static int openat2_error; /* 0: it is there */
static unsigned n_calls;
/* Called once, before what has that name is opened; or before the read after that. */
static void (*hook)(void);
static const char *hook_name; /* NULL: the next read */
static bool hook_is_of_read;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __wrap___openat_2(int dir_fd, const char *path, int flags); /* what _FORTIFY_SOURCE makes */
ssize_t __real_read(int fd, void *buffer, size_t size);
ssize_t __wrap_read(int fd, void *buffer, size_t size);
int __real_fstat(int fd, struct stat *stat);
int __wrap_fstat(int fd, struct stat *stat);
int __real_close(int fd);
int __wrap_close(int fd);

static void run_hook(void) {
        void (*run)(void) = hook;

        hook = NULL;
        if (run)
                run();
}

static void before_open(const char *path) {
        const bool is_due = hook && hook_name && strcmp(path, hook_name) == 0;

        if (is_due && !hook_is_of_read)
                run_hook();
        else if (is_due)
                hook_name = NULL;
}

/* openat2() alone. */
long __wrap_syscall(long number, ...) {
        va_list args;
        int dir_fd;
        const char *path;
        struct open_how *how;
        size_t size;

        ck_assert_int_eq(number, SYS_openat2);
        va_start(args, number);
        dir_fd = va_arg(args, int);
        path = va_arg(args, const char *);
        how = va_arg(args, struct open_how *);
        size = va_arg(args, size_t);
        va_end(args);
        ++n_calls;
        if (openat2_error) {
                errno = openat2_error;
                return -1;
        }
        before_open(path);
        return __real_syscall(number, dir_fd, path, how, size);
}

int __wrap_openat(int dir_fd, const char *path, int flags, ...) {
        ++n_calls;
        before_open(path);
        return __real_openat(dir_fd, path, flags, 0);
}

int __wrap___openat_2(int dir_fd, const char *path, int flags) {
        return __wrap_openat(dir_fd, path, flags);
}

ssize_t __wrap_read(int fd, void *buffer, size_t size) {
        ++n_calls;
        if (hook && !hook_name)
                run_hook();
        return __real_read(fd, buffer, size);
}

int __wrap_fstat(int fd, struct stat *stat) {
        ++n_calls;
        return __real_fstat(fd, stat);
}

int __wrap_close(int fd) {
        ++n_calls;
        return __real_close(fd);
}

static void do_before_open(const char *name, void (*what)(void)) {
        hook_name = name;
        hook = what;
        hook_is_of_read = false;
}

static void do_before_read(const char *name, void (*what)(void)) {
        do_before_open(name, what);
        hook_is_of_read = true;
}

/* The bed */

static void start(void) {
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(cgroup_tree_open(&root, &tree), 0);
}

static void setup(void) {
        openat2_error = 0;
        hook = NULL;
        folder = folder_new();
        folder_write(&folder, CGROUP "cgroup.controllers", "cpuset cpu memory pids\n");
}

static void teardown(void) {
        cgroup_tree_deinit(&tree);
        root_deinit(&root);
        folder_remove(&folder);
}

static void put(const char *cgroup, const char *file, const char *text) {
        char path[256];

        (void)snprintf(path, sizeof(path), CGROUP "%s/%s", cgroup, file);
        folder_write(&folder, path, text);
}

static void whole_path(const char *path, char whole[static 512]) {
        (void)snprintf(whole, 512, "%s/" CGROUP "%s", folder.path, path);
}

static int open_cgroup(const char *path) {
        int fd = -EBADF;

        ck_assert_int_eq(cgroup_open(&tree, path, &fd), 0);
        return fd;
}

static CgroupState look(const char *path, unsigned knobs) {
        CgroupState state;

        ck_assert_int_eq(cgroup_read_state(&tree, path, knobs, &state), 0);
        return state;
}

/* The file system */

START_TEST(a_tree_of_files_is_cgroup_v2) {
        start();
        ck_assert_int_ge(tree.fd, 0);
        ck_assert(tree.is_v2);
        ck_assert(!tree.is_unified);
        ck_assert_uint_eq(tree.page_bytes, (uint64_t)sysconf(_SC_PAGESIZE));
}
END_TEST

START_TEST(cgroup_v1_is_not_v2) {
        folder_delete(&folder, CGROUP "cgroup.controllers");
        folder_make(&folder, CGROUP "memory/kubepods");
        start();
        ck_assert_int_ge(tree.fd, 0);
        ck_assert(!tree.is_v2);
        ck_assert_int_eq(cgroup_detect_driver(&tree, ""), CGROUP_DRIVER_NONE);
}
END_TEST

START_TEST(without_cgroups_there_is_none) {
        const bool is_file = _i;
        CgroupState state;
        int fd;

        folder_delete(&folder, CGROUP "cgroup.controllers");
        folder_delete(&folder, CGROUP_DIR);
        if (is_file)
                folder_write(&folder, CGROUP_DIR, "");
        start();
        ck_assert_int_eq(tree.fd, -EBADF);
        ck_assert(!tree.is_v2 && !tree.is_unified);
        ck_assert_int_eq(cgroup_open(&tree, "", &fd), CGROUP_E_ABSENT);
        ck_assert_int_eq(cgroup_open(&tree, "kubepods", &fd), CGROUP_E_ABSENT);
        ck_assert_int_eq(cgroup_open(&tree, "..", &fd), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_read_state(&tree, "kubepods", ALL, &state), 0);
        ck_assert(!state.is_there);
        ck_assert_int_eq(cgroup_detect_driver(&tree, ""), CGROUP_DRIVER_NONE);
}
END_TEST

/* What is opened */

static const struct {
        const char *path;
        int r;
} paths[] = {
        { "", 0 },
        { "a", 0 },
        { "a/b", 0 },
        { "a/b/c", CGROUP_E_ABSENT },
        { "other", CGROUP_E_ABSENT },
        { "a/file", CGROUP_E_ABSENT },
        { "a/file/b", CGROUP_E_ABSENT },
        { LONGEST, CGROUP_E_ABSENT },
        { LONGEST "5", CGROUP_E_INVALID },
        { LONGEST "/" LONGEST, CGROUP_E_ABSENT },
        { LONGEST "/" LONGEST "/", CGROUP_E_INVALID },
        { LONGEST "/" LONGEST "/a", CGROUP_E_INVALID }, /* 512 bytes with the NUL, and more */
        { "/", CGROUP_E_INVALID },
        { "/a", CGROUP_E_INVALID },
        { "a/", CGROUP_E_INVALID },
        { "a//b", CGROUP_E_INVALID },
        { ".", CGROUP_E_INVALID },
        { "a/.", CGROUP_E_INVALID },
        { "a/./b", CGROUP_E_INVALID },
        { "..", CGROUP_E_INVALID },
        { "a/..", CGROUP_E_INVALID },
        { "a/../a", CGROUP_E_INVALID },
        { "../../../secret", CGROUP_E_INVALID },
        { "link", CGROUP_E_INVALID }, /* even to where it could be */
        { "link/b", CGROUP_E_INVALID },
        { "a/back", CGROUP_E_INVALID },
        { "a/back/a", CGROUP_E_INVALID },
        { "out", CGROUP_E_INVALID },
        { "out/self", CGROUP_E_INVALID },
        { "dangling", CGROUP_E_INVALID },
        { "loop", CGROUP_E_INVALID },
        { "loop/a", CGROUP_E_INVALID },
};

START_TEST(a_path_stays_below) {
        char long_path[4097];
        int fd;

        folder_make(&folder, CGROUP "a/b");
        put("a", "file", "");
        folder_make(&folder, "secret");
        folder_link(&folder, CGROUP "link", "a");
        folder_link(&folder, CGROUP "a/back", "..");
        folder_link(&folder, CGROUP "out", "/proc");
        folder_link(&folder, CGROUP "dangling", "nowhere");
        folder_link(&folder, CGROUP "loop", "loop");
        openat2_error = errors[_i];
        start();
        for (size_t i = 0; i < ELEMENTSOF(paths); ++i) {
                const int r = cgroup_open(&tree, paths[i].path, &fd);

                ck_assert_msg(r == paths[i].r, "%s: %d", paths[i].path, r);
                if (r)
                        continue;
                ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
                (void)fd_close(fd);
        }
        memset(long_path, 'a', sizeof(long_path) - 1);
        long_path[sizeof(long_path) - 1] = '\0';
        ck_assert_int_eq(cgroup_open(&tree, long_path, &fd), CGROUP_E_INVALID);
        for (size_t i = 1; i < sizeof(long_path) - 1; i += 2)
                long_path[i] = '/';
        ck_assert_int_eq(cgroup_open(&tree, long_path, &fd), CGROUP_E_INVALID);
}
END_TEST

/* Names of files, and what is there that is none. */
START_TEST(a_file_is_one_in_the_folder) {
        static const char *const hostile[] = {
                "", ".", "..", "/", "b/file", "../file", "/etc/passwd", "link", "out", LONGEST "5"
        };
        char path[512];
        int dir_fd, fd;

        put("a", "file", "text");
        put("a/b", "file", "text");
        folder_link(&folder, CGROUP "a/link", "file");
        folder_link(&folder, CGROUP "a/out", "/etc/passwd");
        whole_path("a/fifo", path);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        openat2_error = errors[_i];
        start();
        dir_fd = open_cgroup("a");
        for (size_t i = 0; i < ELEMENTSOF(hostile); ++i) {
                int r = cgroup_open_file(dir_fd, hostile[i], O_RDONLY, &fd);

                ck_assert_msg(r == CGROUP_E_INVALID, "%s: %d", hostile[i], r);
                r = cgroup_open_file(dir_fd, hostile[i], O_WRONLY, &fd);
                ck_assert_msg(r == CGROUP_E_INVALID, "%s: %d", hostile[i], r);
                r = cgroup_open_file(dir_fd, hostile[i], O_PATH, &fd);
                ck_assert_msg(r == CGROUP_E_INVALID, "%s: %d", hostile[i], r);
        }
        ck_assert_int_eq(cgroup_open_file(dir_fd, "other", O_WRONLY, &fd), CGROUP_E_ABSENT);
        ck_assert_int_eq(cgroup_open_file(dir_fd, LONGEST, O_RDONLY, &fd), CGROUP_E_ABSENT);
        /* Nobody reads it: who would write waited for ever. */
        ck_assert_int_eq(cgroup_open_file(dir_fd, "fifo", O_WRONLY, &fd), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_open_file(dir_fd, "fifo", O_RDWR, &fd), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_open_file(dir_fd, "b", O_WRONLY, &fd), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_open_file(dir_fd, "file", O_WRONLY, &fd), 0);
        ck_assert_int_eq(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
        (void)fd_close(fd);
        ck_assert_int_eq(cgroup_open_file(dir_fd, "file", O_RDWR, &fd), 0);
        ck_assert_int_eq(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
        (void)fd_close(fd);
        ck_assert_int_eq(cgroup_open_file(dir_fd, "file", O_PATH, &fd), 0);
        (void)fd_close(fd);
        (void)fd_close(dir_fd);
}
END_TEST

/* Someone puts a link where a folder was when it was looked at. */
static void plant_link(void) {
        char path[512], away[512];

        whole_path("a", path);
        whole_path("away", away);
        ck_assert_int_eq(rename(path, away), 0);
        ck_assert_int_eq(symlink("/proc", path), 0);
}

START_TEST(a_link_that_comes_meanwhile_is_not_followed) {
        CgroupState state;
        int fd;

        put("a/self", "memory.max", "max\n");
        openat2_error = errors[_i];
        start();
        ck_assert(look("a/self", 0).is_there);
        do_before_open(openat2_error ? "a" : "a/self", plant_link);
        ck_assert_int_eq(cgroup_open(&tree, "a/self", &fd), CGROUP_E_INVALID);
        ck_assert_ptr_null(hook);
        ck_assert_int_eq(cgroup_read_state(&tree, "a/self", ALL, &state), -EINVAL);
        ck_assert(!state.is_there);
}
END_TEST

/* What was opened stays what it was: another folder of that name is not slipped in. */
START_TEST(a_link_behind_an_open_folder_does_not_matter) {
        CgroupState state;

        put("a/self", "memory.max", "4096\n");
        put("a/self", "cgroup.events", "populated 1\n");
        openat2_error = errors[_i];
        start();
        do_before_open("memory.max", plant_link);
        state = look("a/self", ALL);
        ck_assert_ptr_null(hook);
        ck_assert(state.is_there && state.is_populated && state.has[CGROUP_MEMORY_MAX]);
        ck_assert_uint_eq(state.values[CGROUP_MEMORY_MAX].number, 4096);
}
END_TEST

/* With namespaces of one's own: false says why there can be none. */
static bool enter_namespace(void) {
        if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
                return true;
        (void)fprintf(stderr, "# skipped: no mount namespace of one's own: %s\n", strerror(errno));
        return false;
}

START_TEST(another_file_system_is_not_entered) {
        char path[512], file[512];
        CgroupState state;
        int fd, dir_fd;

        folder_make(&folder, CGROUP "a/mounted");
        put("a", "file", "text");
        put("a", "over", "text");
        openat2_error = errors[_i];
        start();
        if (!enter_namespace())
                return;
        whole_path("a/mounted", path);
        ck_assert_int_eq(mount("none", path, "tmpfs", 0, NULL), 0);
        (void)strncat(path, "/inside", sizeof(path) - strlen(path) - 1);
        ck_assert_int_eq(mkdir(path, 0755), 0);
        whole_path("a/file", file);
        ck_assert_int_eq(mount("/proc/version", file, NULL, MS_BIND, NULL), 0);
        /* The tree that was opened before does not know the new namespace's mounts. */
        cgroup_tree_deinit(&tree);
        root_deinit(&root);
        start();
        ck_assert_int_eq(cgroup_open(&tree, "a/mounted", &fd), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_open(&tree, "a/mounted/inside", &fd), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_read_state(&tree, "a/mounted", ALL, &state), -EINVAL);
        dir_fd = open_cgroup("a");
        ck_assert_int_eq(cgroup_open_file(dir_fd, "file", O_RDONLY, &fd), CGROUP_E_INVALID);
        ck_assert_int_eq(cgroup_open_file(dir_fd, "over", O_RDONLY, &fd), 0);
        (void)fd_close(fd);
        (void)fd_close(dir_fd);
        whole_path("a/mounted", path);
        ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
        ck_assert_int_eq(umount2(file, MNT_DETACH), 0);
}
END_TEST

/* What is read */

START_TEST(a_file_is_read_whole_or_not) {
        char buffer[8];
        size_t n = 4711;
        int dir_fd;

        put("a", "short", "0123456");
        put("a", "long", "01234567");
        put("a", "empty", "");
        folder_write_bytes(&folder, CGROUP "a/binary", "a\0b", 3);
        start();
        dir_fd = open_cgroup("a");
        ck_assert_int_eq(cgroup_read_file(dir_fd, "long", buffer, sizeof(buffer), &n), -EFBIG);
        ck_assert_int_eq(cgroup_read_file(dir_fd, "other", buffer, sizeof(buffer), &n),
                         CGROUP_E_ABSENT);
        ck_assert_int_eq(cgroup_read_file(dir_fd, "../a/short", buffer, sizeof(buffer), &n),
                         CGROUP_E_INVALID);
        ck_assert_uint_eq(n, 4711);
        ck_assert_int_eq(cgroup_read_file(dir_fd, "short", buffer, sizeof(buffer), &n), 0);
        ck_assert_uint_eq(n, 7);
        ck_assert_str_eq(buffer, "0123456");
        ck_assert_int_eq(cgroup_read_file(dir_fd, "empty", buffer, sizeof(buffer), &n), 0);
        ck_assert_uint_eq(n, 0);
        ck_assert_str_eq(buffer, "");
        ck_assert_int_eq(cgroup_read_file(dir_fd, "binary", buffer, sizeof(buffer), &n), 0);
        ck_assert_uint_eq(n, 3);
        (void)fd_close(dir_fd);
}
END_TEST

static const struct {
        const char *text;
        int r;
        uint64_t number;
} numbers[] = {
        { "0\n", 0, 0 },
        { "4711", 0, 4711 },
        { "max\n", 0, CGROUP_MAX },
        { "18446744073709551615\n", 0, CGROUP_MAX },
        { "18446744073709551616\n", CGROUP_E_INVALID, 0 },
        { "", CGROUP_E_INVALID, 0 },
        { "\n", CGROUP_E_INVALID, 0 },
        { "-1\n", CGROUP_E_INVALID, 0 },
        { "1\n\n", CGROUP_E_INVALID, 0 },
        { "1 2\n", CGROUP_E_INVALID, 0 },
        { "maximum\n", CGROUP_E_INVALID, 0 },
};

START_TEST(a_number_is_read) {
        uint64_t number = 17;
        int dir_fd;

        put("a", "memory.current", numbers[_i].text);
        start();
        dir_fd = open_cgroup("a");
        ck_assert_int_eq(cgroup_read_u64(dir_fd, "memory.current", &number), numbers[_i].r);
        ck_assert_uint_eq(number, numbers[_i].r ? 17 : numbers[_i].number);
        (void)fd_close(dir_fd);
}
END_TEST

static void put_all(const char *cgroup) {
        put(cgroup, "memory.max", "8589934592\n");
        put(cgroup, "memory.high", "max\n");
        put(cgroup, "memory.low", "0\n");
        put(cgroup, "memory.min", "4096\n");
        put(cgroup, "memory.current", "1048576\n");
        put(cgroup, "cpuset.mems", "0-1,3\n");
        put(cgroup, "cpu.weight", "39\n");
        put(cgroup, "pids.max", "4096\n");
        put(cgroup, "cgroup.events", "populated 1\nfrozen 0\n");
}

START_TEST(a_cgroup_is_read_in_one_go) {
        struct stat stat;
        CgroupState state;
        char path[512];

        put_all("a");
        openat2_error = errors[_i];
        start();
        state = look("a", ALL);
        whole_path("a", path);
        ck_assert_int_eq(fstatat(AT_FDCWD, path, &stat, 0), 0);
        ck_assert(state.is_there && state.is_populated);
        ck_assert_uint_eq(state.inode, stat.st_ino);
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                ck_assert(state.has[knob]);
        ck_assert_uint_eq(state.values[CGROUP_MEMORY_MAX].number, UINT64_C(8589934592));
        ck_assert_uint_eq(state.values[CGROUP_MEMORY_HIGH].number, CGROUP_MAX);
        ck_assert_uint_eq(state.values[CGROUP_MEMORY_LOW].number, 0);
        ck_assert_uint_eq(state.values[CGROUP_MEMORY_MIN].number, 4096);
        ck_assert_uint_eq(state.values[CGROUP_CPU_WEIGHT].number, 39);
        ck_assert_uint_eq(state.values[CGROUP_PIDS_MAX].number, 4096);
        ck_assert_uint_eq(nodeset_count(&state.values[CGROUP_CPUSET_MEMS].nodes), 3);
        ck_assert(opt_u64_equal(state.current_bytes, opt_u64(1048576)));

        state = look("a", 1u << CGROUP_PIDS_MAX);
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                ck_assert(state.has[knob] == (knob == CGROUP_PIDS_MAX));
        ck_assert_uint_eq(state.values[CGROUP_MEMORY_MAX].number, 0);
        ck_assert(state.current_bytes.present && state.is_populated);
}
END_TEST

/* A folder is opened, asked for its number, and closed; a file is opened, read, and closed. */
START_TEST(a_look_costs_three_calls_and_three_a_file) {
        put_all("a");
        start();
        for (unsigned n = 0; n <= _CGROUP_KNOB_N; ++n) {
                n_calls = 0;
                (void)look("a", (1u << n) - 1);
                ck_assert_uint_eq(n_calls, 3 + 3 * (n + 2));
        }
}
END_TEST

START_TEST(what_is_missing_is_absent) {
        CgroupState state;

        start();
        ck_assert(!look("a", ALL).is_there);
        folder_make(&folder, CGROUP "a");
        state = look("a", ALL);
        ck_assert(state.is_there && !state.is_populated && !state.current_bytes.present);
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                ck_assert(!state.has[knob]);
        put("a", "cgroup.events", "populated 0\nfrozen 0\n");
        put("a", "memory.max", "max\n");
        state = look("a", ALL);
        ck_assert(state.is_there && !state.is_populated && state.has[CGROUP_MEMORY_MAX] &&
                  !state.has[CGROUP_MEMORY_MIN]);
        ck_assert(look("", ALL).is_there);
}
END_TEST

START_TEST(garbage_is_no_value) {
        static char overlong[CGROUP_VALUE_TEXT_MAX + 16];
        CgroupState state;
        char path[512];

        memset(overlong, '0', sizeof(overlong) - 1);
        put("a", "memory.max", "a lot\n");
        put("a", "memory.high", overlong);
        folder_write_bytes(&folder, CGROUP "a/memory.low", "1\0002\n", 4);
        folder_make(&folder, CGROUP "a/memory.min");
        put("a", "cpuset.mems", "0-1023,1024\n");
        folder_link(&folder, CGROUP "a/cpu.weight", "pids.max");
        put("a", "pids.max", "7\n");
        whole_path("a/memory.current", path);
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        put("a", "cgroup.events", "populated many\n");
        openat2_error = errors[_i];
        start();
        state = look("a", ALL);
        ck_assert(state.is_there && !state.is_populated && !state.current_bytes.present);
        for (CgroupKnob knob = 0; knob < _CGROUP_KNOB_N; ++knob)
                ck_assert_msg(state.has[knob] == (knob == CGROUP_PIDS_MAX), "%s",
                              cgroup_knob_file(knob));
}
END_TEST

static const struct {
        const char *text;
        bool is_populated;
} events[] = {
        { "populated 1\nfrozen 0\n", true },  { "frozen 0\npopulated 1", true },
        { "populated 0\nfrozen 1\n", false }, { "", false },
        { "unpopulated 1\n", false },         { "populated  1\n", false },
        { "populated 1 1\n", false },
};

START_TEST(processes_are_told_by_events) {
        put("a", "cgroup.events", events[_i].text);
        start();
        ck_assert(look("a", 0).is_there);
        ck_assert(look("a", 0).is_populated == events[_i].is_populated);
}
END_TEST

/* What goes meanwhile */

static void remove_cgroup(void) {
        static const char *const files[] = { "memory.max", "memory.high",    "memory.low",
                                             "memory.min", "memory.current", "cpuset.mems",
                                             "cpu.weight", "pids.max",       "cgroup.events" };
        char path[256];

        for (size_t i = 0; i < ELEMENTSOF(files); ++i) {
                (void)snprintf(path, sizeof(path), CGROUP "a/%s", files[i]);
                folder_delete(&folder, path);
        }
        folder_delete(&folder, CGROUP "a");
}

static void replace_cgroup(void) {
        char path[512], away[512];

        whole_path("a", path);
        whole_path("away", away);
        ck_assert_int_eq(rename(path, away), 0);
        put_all("a");
        whole_path("away/cgroup.events", away);
        ck_assert_int_eq(unlink(away), 0);
}

START_TEST(a_cgroup_that_goes_meanwhile_is_not_there) {
        static const char *const moments[] = { "memory.max", "cpuset.mems", "memory.current",
                                               "cgroup.events" };

        openat2_error = errors[_i];
        put_all("a");
        start();
        for (size_t i = 0; i < ELEMENTSOF(moments); ++i) {
                CgroupState state;

                put_all("a");
                do_before_open(moments[i], remove_cgroup);
                state = look("a", ALL);
                ck_assert_ptr_null(hook);
                ck_assert_msg(!state.is_there && !state.is_populated && state.inode == 0 &&
                                      !state.has[CGROUP_MEMORY_MAX],
                              "%s", moments[i]);
        }
        /* Another one in its place is not the one that was looked at. */
        put_all("a");
        do_before_open("cgroup.events", replace_cgroup);
        ck_assert(!look("a", ALL).is_there);
        ck_assert_ptr_null(hook);
        ck_assert(look("a", ALL).is_there);
}
END_TEST

START_TEST(what_the_system_says_is_passed_on) {
        CgroupState state = { .is_there = true };

        put_all("a");
        start();
        openat2_error = EMFILE;
        ck_assert_int_eq(cgroup_read_state(&tree, "a", ALL, &state), -EMFILE);
        ck_assert(!state.is_there);
}
END_TEST

/* Which driver */

static const struct {
        const char *cgroup_root, *by_systemd, *by_cgroupfs;
        bool has_processes, has_other_processes;
        CgroupDriver driver;
} kubepods[] = {
        { "", NULL, NULL, false, false, CGROUP_DRIVER_NONE },
        { "", "kubepods.slice", NULL, false, false, CGROUP_DRIVER_SYSTEMD },
        { "/", NULL, "kubepods", false, false, CGROUP_DRIVER_CGROUPFS },
        { NULL, NULL, "kubepods", false, true, CGROUP_DRIVER_CGROUPFS },
        { "", "kubepods.slice", "kubepods", false, false, CGROUP_DRIVER_SYSTEMD },
        { "", "kubepods.slice", "kubepods", true, true, CGROUP_DRIVER_SYSTEMD },
        { "", "kubepods.slice", "kubepods", true, false, CGROUP_DRIVER_SYSTEMD },
        { "", "kubepods.slice", "kubepods", false, true, CGROUP_DRIVER_CGROUPFS },
        { "/a-b", "a_b.slice/a_b-kubepods.slice", NULL, true, false, CGROUP_DRIVER_SYSTEMD },
        { "/a-b", NULL, "a-b/kubepods", true, true, CGROUP_DRIVER_CGROUPFS },
        { "/a-b", "kubepods.slice", "kubepods", true, true, CGROUP_DRIVER_NONE },
        { "/..", "kubepods.slice", "kubepods", true, true, CGROUP_DRIVER_NONE },
};

START_TEST(the_driver_is_who_made_kubepods) {
        const char *by_systemd = kubepods[_i].by_systemd, *by_cgroupfs = kubepods[_i].by_cgroupfs;

        if (by_systemd)
                put(by_systemd, "cgroup.events",
                    kubepods[_i].has_processes ? "populated 1\n" : "populated 0\n");
        if (by_cgroupfs)
                put(by_cgroupfs, "cgroup.events",
                    kubepods[_i].has_other_processes ? "populated 1\n" : "populated 0\n");
        start();
        ck_assert_int_eq(cgroup_detect_driver(&tree, kubepods[_i].cgroup_root),
                         kubepods[_i].driver);
}
END_TEST

START_TEST(a_link_is_no_kubepods) {
        folder_make(&folder, CGROUP "elsewhere");
        folder_link(&folder, CGROUP "kubepods.slice", "elsewhere");
        start();
        ck_assert_int_eq(cgroup_detect_driver(&tree, ""), CGROUP_DRIVER_NONE);
}
END_TEST

/* The kernel's own */

static char kernels[512]; /* where it is mounted */
static char own_path[64]; /* a cgroup of this test, below it */
static char own_whole[600];

static void remove_own(void) {
        ck_assert_int_eq(rmdir(own_whole), 0);
}

static bool mount_kernels(void) {
        if (!enter_namespace())
                return false;
        whole_path("", kernels);
        if (mount("none", kernels, "cgroup2", 0, NULL) < 0) {
                (void)fprintf(stderr, "# skipped: no cgroup2 here: %s\n", strerror(errno));
                return false;
        }
        (void)snprintf(own_path, sizeof(own_path), "slug-test-%d", (int)getpid());
        (void)snprintf(own_whole, sizeof(own_whole), "%s%s", kernels, own_path);
        if (mkdir(own_whole, 0755) == 0)
                return true;
        (void)fprintf(stderr, "# skipped: no cgroup can be made here: %s\n", strerror(errno));
        ck_assert_int_eq(umount2(kernels, MNT_DETACH), 0);
        return false;
}

static void look_at_own(void) {
        CgroupState state = look(own_path, ALL);
        const uint64_t inode = state.inode;
        uint64_t depth = 0;
        int fd;

        ck_assert(state.is_there && !state.is_populated && inode != 0);
        fd = open_cgroup(own_path);
        ck_assert_int_eq(cgroup_read_u64(fd, "cgroup.max.depth", &depth), 0);
        ck_assert_uint_eq(depth, CGROUP_MAX);
        ck_assert_int_eq(cgroup_read_u64(fd, "other", &depth), CGROUP_E_ABSENT);

        /* It goes while a file of it is open, and before one is opened. */
        do_before_read("cgroup.events", remove_own);
        state = look(own_path, ALL);
        ck_assert_ptr_null(hook);
        ck_assert(!state.is_there);
        ck_assert_int_eq(cgroup_read_u64(fd, "cgroup.max.depth", &depth), CGROUP_E_ABSENT);
        (void)fd_close(fd);
        ck_assert_int_eq(mkdir(own_whole, 0755), 0);
        do_before_open("cgroup.events", remove_own);
        ck_assert(!look(own_path, ALL).is_there);
        ck_assert_ptr_null(hook);
        ck_assert_int_eq(mkdir(own_whole, 0755), 0);
        state = look(own_path, ALL);
        ck_assert(state.is_there && state.inode != inode);
        remove_own();
}

START_TEST(a_cgroup_of_the_kernels_is_read) {
        if (!mount_kernels())
                return;
        openat2_error = errors[_i];
        start();
        ck_assert(tree.is_v2 && tree.is_unified);
        look_at_own();
        /* or what clears up would go on in there */
        ck_assert_int_eq(umount2(kernels, MNT_DETACH), 0);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("cgroup-group");
        TCase *t = tcase_create("groups");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, a_tree_of_files_is_cgroup_v2);
        tcase_add_test(t, cgroup_v1_is_not_v2);
        tcase_add_loop_test(t, without_cgroups_there_is_none, 0, 2);
        tcase_add_loop_test(t, a_path_stays_below, 0, N_ERRORS);
        tcase_add_loop_test(t, a_file_is_one_in_the_folder, 0, N_ERRORS);
        tcase_add_loop_test(t, a_link_that_comes_meanwhile_is_not_followed, 0, N_ERRORS);
        tcase_add_loop_test(t, a_link_behind_an_open_folder_does_not_matter, 0, N_ERRORS);
        tcase_add_loop_test(t, another_file_system_is_not_entered, 0, N_ERRORS);
        tcase_add_test(t, a_file_is_read_whole_or_not);
        tcase_add_loop_test(t, a_number_is_read, 0, ELEMENTSOF(numbers));
        tcase_add_loop_test(t, a_cgroup_is_read_in_one_go, 0, N_ERRORS);
        tcase_add_test(t, a_look_costs_three_calls_and_three_a_file);
        tcase_add_test(t, what_is_missing_is_absent);
        tcase_add_loop_test(t, garbage_is_no_value, 0, N_ERRORS);
        tcase_add_loop_test(t, processes_are_told_by_events, 0, ELEMENTSOF(events));
        tcase_add_loop_test(t, a_cgroup_that_goes_meanwhile_is_not_there, 0, N_ERRORS);
        tcase_add_test(t, what_the_system_says_is_passed_on);
        tcase_add_loop_test(t, the_driver_is_who_made_kubepods, 0, ELEMENTSOF(kubepods));
        tcase_add_test(t, a_link_is_no_kubepods);
        tcase_add_loop_test(t, a_cgroup_of_the_kernels_is_read, 0, N_ERRORS);
        suite_add_tcase(s, t);
        return s;
}
