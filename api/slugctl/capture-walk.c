/* SPDX-License-Identifier: Apache-2.0 */
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "slugctl/capture.h"

/*
 * Files into the tar. A file of the kernel says that it has 4096 bytes and has 12, so it is read
 * first and written with what it really had. Everything has a cap: a file, all files, the depth of
 * directories.
 *
 * Links are kept as they are, so that they resolve inside the captured tree as they did outside;
 * only a device's link in /sys/bus is followed, one step, to the directory of the device. Whatever
 * was written is remembered by its path, because many links lead to the same place.
 *
 * A file that is there and cannot be read is counted and left out; a file that may not be read by
 * anybody (a switch that is only written) is no file of interest.
 */
#define PROGRESS_AFTER_USEC (2 * USEC_PER_SEC)
#define PROGRESS_EVERY_USEC (USEC_PER_SEC / 2)

static int compare_paths(const void *a, const void *b) {
        return strcmp(a, b);
}

void capture_deinit(Capture *capture) {
        if (capture->seen)
                tdestroy(capture->seen, free);
        capture->seen = NULL;
}

/* False: it was seen before. */
static int see(Capture *capture, const char *path, bool *ret_is_new) {
        char *copy = strdup(path);
        char *const *found;

        if (!copy)
                return -ENOMEM;
        found = tsearch(copy, &capture->seen, compare_paths);
        if (!found || *found != copy)
                free(copy);
        if (!found)
                return -ENOMEM;
        *ret_is_new = *found == copy;
        return 0;
}

static void show_progress(Capture *capture) {
        const uint64_t now_usec = clock_now_usec(&clock_monotonic);

        if (!capture->shows_progress || now_usec < capture->start_usec + PROGRESS_AFTER_USEC ||
            now_usec < capture->shown_usec + PROGRESS_EVERY_USEC)
                return;
        capture->shown_usec = now_usec;
        (void)fprintf(stderr, "\rslugctl: %zu files", capture->n_files);
}

/* Failure is the tar's: a full disk, above all. */
static int refuse(Capture *capture) {
        diag_set(capture->reterr, NULL, 0, 0, "cannot write the tar: %s",
                 archive_error_string(capture->tar));
        return CAPTURE_E_REFUSED;
}

static int mask_text(Capture *capture,
                     CaptureTransform *transform,
                     const char *text,
                     size_t n_text,
                     Buffer *ret) {
        int r;

        if (capture->mask && transform)
                transform(capture->mask, text, n_text, ret);
        else
                buffer_append(ret, text, n_text);
        r = buffer_finish(ret);
        if (r != -ENOSPC)
                return r;
        diag_set(capture->reterr, NULL, 0, 0, "more than %u addresses or serials to hide",
                 MASK_ENTRIES_MAX);
        return CAPTURE_E_REFUSED;
}

typedef struct Item {
        const char *path;
        mode_t type; /* S_IFREG, S_IFDIR, S_IFLNK */
        time_t mtime;
        const char *data; /* of a file */
        size_t n_data;
        const char *target; /* of a link */
} Item;

static int write_entry(Capture *capture, const Item *item, const char *path, const char *target) {
        struct archive_entry *entry = archive_entry_new();
        int r = 0;

        if (!entry)
                return -ENOMEM;
        archive_entry_set_pathname(entry, path);
        archive_entry_set_filetype(entry, item->type);
        archive_entry_set_perm(entry, item->type == S_IFREG ? 0644 : 0755);
        archive_entry_set_mtime(entry, item->mtime, 0);
        if (item->type == S_IFLNK)
                archive_entry_set_symlink(entry, target);
        else
                archive_entry_set_size(entry, (la_int64_t)item->n_data);
        if (archive_write_header(capture->tar, entry) != ARCHIVE_OK ||
            (item->n_data && archive_write_data(capture->tar, item->data, item->n_data) < 0))
                r = refuse(capture);
        archive_entry_free(entry);
        return r;
}

static int write_item(Capture *capture, const Item *item) {
        _cleanup_(buffer_deinitp) Buffer path = {}, target = {};
        int r;

        r = mask_text(capture, mask_paths, item->path, strlen(item->path), &path);
        if (r == 0 && item->target)
                r = mask_text(capture, mask_paths, item->target, strlen(item->target), &target);
        if (r == 0)
                r = write_entry(capture, item, path.data, target.data);
        if (r)
                return r;
        ++capture->n_files;
        capture->n_bytes += item->n_data;
        if (capture->n_bytes > CAPTURE_TOTAL_MAX) {
                diag_set(capture->reterr, NULL, 0, 0, "more than %u MiB", CAPTURE_TOTAL_MAX >> 20);
                return CAPTURE_E_REFUSED;
        }
        show_progress(capture);
        return 0;
}

/* Which transformation a file needs by its name alone. */
static CaptureTransform *transform_of(const char *path) {
        static const struct {
                const char *name;
                CaptureTransform *transform;
        } names[] = { { "serial", mask_serial }, { "uuid", mask_nothing_left } };
        const char *slash = strrchr(path, '/');

        for (size_t i = 0; i < ELEMENTSOF(names); ++i)
                if (strcmp(slash ? slash + 1 : path, names[i].name) == 0)
                        return names[i].transform;
        return NULL;
}

static int add_text(Capture *capture,
                    const char *path,
                    time_t mtime,
                    const char *text,
                    size_t n_text,
                    CaptureTransform *transform) {
        _cleanup_(buffer_deinitp) Buffer masked = {};
        int r;

        r = mask_text(capture, transform ? transform : transform_of(path), text, n_text, &masked);
        if (r)
                return r;
        return write_item(capture, &(const Item){ .path = path,
                                                  .type = S_IFREG,
                                                  .mtime = mtime,
                                                  .data = masked.data,
                                                  .n_data = masked.n_data });
}

/* Return: 0, also when it cannot be read, which is counted; ROOT_E_ABSENT. */
static int open_file(Capture *capture, const char *path, struct stat *ret_stat, int *ret_fd) {
        int fd = -EBADF;
        int r;

        r = root_open(capture->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd);
        if (r == ROOT_E_ABSENT || r == -ENOMEM)
                return r;
        if (r == 0 && fstat(fd, ret_stat) == 0 && S_ISREG(ret_stat->st_mode)) {
                *ret_fd = fd;
                return 0;
        }
        if (r == 0)
                (void)fd_close(fd);
        ++capture->n_unreadable;
        return 0;
}

/* As much of a file that is too large for every reader as keeps it too large. */
static int read_beginning(int fd, char *text, size_t *ret_n) {
        const ssize_t n = pread(fd, text, CAPTURE_FILE_MAX, 0);

        if (n < 0)
                return -errno;
        *ret_n = (size_t)n;
        return 0;
}

int capture_add_file(Capture *capture, const char *path, CaptureTransform *transform) {
        _cleanup_(freep) char *text = NULL;
        _cleanup_(fd_closep) int fd = -EBADF;
        struct stat stat = {};
        bool is_new;
        size_t n_text;
        int r;

        while (*path == '/')
                ++path;
        r = open_file(capture, path, &stat, &fd);
        if (r || fd < 0)
                return r == ROOT_E_ABSENT ? 0 : r;
        if ((stat.st_mode & 0444) == 0)
                return 0;
        r = see(capture, path, &is_new);
        if (r || !is_new)
                return r;
        text = malloc(CAPTURE_FILE_MAX);
        if (!text)
                return -ENOMEM;
        r = root_read_fd(fd, text, CAPTURE_FILE_MAX, &n_text);
        if (r == -ENOMEM)
                return r;
        if (r == ROOT_E_TOO_LARGE)
                r = read_beginning(fd, text, &n_text);
        if (r) {
                ++capture->n_unreadable;
                return 0;
        }
        return add_text(capture, path, stat.st_mtime, text, n_text, transform);
}

static int add_link(Capture *capture, const char *path) {
        char target[CAPTURE_PATH_MAX];
        bool is_new;
        int r;

        if (root_read_link(capture->root, path, target, sizeof(target)) != 0) {
                ++capture->n_unreadable;
                return 0;
        }
        r = see(capture, path, &is_new);
        if (r || !is_new)
                return r;
        return write_item(capture,
                          &(const Item){ .path = path, .type = S_IFLNK, .target = target });
}

/* A directory that cannot be listed; a link that leads nowhere is a finding, and kept. */
static int add_unlistable(Capture *capture, const char *path, int r) {
        char target[CAPTURE_PATH_MAX];

        if (root_read_link(capture->root, path, target, sizeof(target)) == 0)
                return add_link(capture, path);
        capture->n_unreadable += r != ROOT_E_ABSENT;
        return 0;
}

/* A name, or its beginning before a "*". */
static bool is_named(const char *const *names, const char *name) {
        if (!names)
                return true;
        for (; *names; ++names) {
                const size_t n = strcspn(*names, "*");

                if ((*names)[n] == '*' ? strncmp(*names, name, n) == 0 : strcmp(*names, name) == 0)
                        return true;
        }
        return false;
}

/* What no reader looks at, and what may be slow, or large, or private. */
static bool is_of_no_use(const char *name) {
        static const char *const useless[] = { ".",
                                               "..",
                                               "power",
                                               "uevent",
                                               "firmware",
                                               "security",
                                               "vmstat",
                                               "driver_override",
                                               "trigger_poison_list" };

        for (size_t i = 0; i < ELEMENTSOF(useless); ++i)
                if (strcmp(useless[i], name) == 0)
                        return true;
        return false;
}

static int walk(Capture *capture, const char *path, const char *const *names, unsigned depth);

static int add_entry(Capture *capture,
                     DIR *dir,
                     const char *path,
                     const char *name,
                     const char *const *names,
                     unsigned depth) {
        char inner[CAPTURE_PATH_MAX];
        struct stat stat;

        if (is_of_no_use(name) || fstatat(dirfd(dir), name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
                return 0;
        if ((size_t)snprintf(inner, sizeof(inner), "%s/%s", path, name) >= sizeof(inner)) {
                ++capture->n_unreadable;
                return 0;
        }
        if (S_ISDIR(stat.st_mode))
                return walk(capture, inner, names, depth + 1);
        if (!is_named(names, name))
                return 0;
        return S_ISLNK(stat.st_mode) ? add_link(capture, inner)
                                     : capture_add_file(capture, inner, NULL);
}

static int walk(Capture *capture, const char *path, const char *const *names, unsigned depth) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;
        bool is_new;
        int r;

        if (depth > CAPTURE_DEPTH_MAX)
                return 0;
        r = root_open_dir(capture->root, path, &dir);
        if (r)
                return r == -ENOMEM ? r : add_unlistable(capture, path, r);
        r = see(capture, path, &is_new);
        if (r == 0 && is_new)
                r = write_item(capture, &(const Item){ .path = path, .type = S_IFDIR });
        while (r == 0 && is_new && (entry = readdir(dir)))
                r = add_entry(capture, dir, path, entry->d_name, names, depth);
        return r;
}

int capture_add_directory(Capture *capture, const char *path) {
        if (!root_exists(capture->root, path))
                return 0;
        return write_item(capture, &(const Item){ .path = path, .type = S_IFDIR });
}

int capture_add_tree(Capture *capture, const char *path, const char *const *names) {
        return walk(capture, path, names, 1);
}

/* "sys/bus/cxl/devices" and "../../../devices/x" are "sys/devices/x". False: it does not fit. */
static bool resolve(const char *directory, const char *target, char ret[static CAPTURE_PATH_MAX]) {
        char text[2 * CAPTURE_PATH_MAX], *part, *rest = text;
        size_t n = 0;

        if (snprintf(text, sizeof(text), "%s/%s", target[0] == '/' ? "" : directory, target) >=
            (int)CAPTURE_PATH_MAX)
                return false;
        ret[0] = '\0';
        while ((part = strsep(&rest, "/"))) {
                if (!*part || strcmp(part, ".") == 0)
                        continue;
                if (strcmp(part, "..") == 0) {
                        while (n > 0 && ret[--n] != '/')
                                ;
                        ret[n] = '\0';
                        continue;
                }
                n += (size_t)snprintf(ret + n, CAPTURE_PATH_MAX - n, "%s%s", n ? "/" : "", part);
        }
        return n > 0;
}

static int add_device(Capture *capture, const char *directory, const char *name) {
        char path[CAPTURE_PATH_MAX], target[CAPTURE_PATH_MAX], device[CAPTURE_PATH_MAX];
        int r;

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
                return 0;
        if (root_read_link(capture->root, path, target, sizeof(target)) != 0)
                return walk(capture, path, NULL, 1);
        r = add_link(capture, path);
        if (r || !resolve(directory, target, device))
                return r;
        return walk(capture, device, NULL, 1);
}

int capture_add_devices(Capture *capture, const char *path) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;
        int r;

        r = root_open_dir(capture->root, path, &dir);
        if (r)
                return r == -ENOMEM ? r : add_unlistable(capture, path, r);
        r = write_item(capture, &(const Item){ .path = path, .type = S_IFDIR });
        while (r == 0 && (entry = readdir(dir)))
                if (!is_of_no_use(entry->d_name))
                        r = add_device(capture, path, entry->d_name);
        return r;
}
