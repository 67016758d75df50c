/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/node-limit.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/scan.h"

#define TEXT_MAX   32u
#define PROBED_MAX 256u  /* cgroups that are asked whether they have such files */
#define STAT_MAX   4096u /* of memory.numa_stat: the kernel counts all for the first byte */

static const char *const files[CGROUP_NODE_LIMITS] = { "memory.node_limit1", "memory.node_limit2",
                                                       "memory.node_limit3", "memory.node_limit4" };

const char *cgroup_node_limit_file(unsigned node) {
        assert(node < CGROUP_NODE_LIMITS);
        return files[node];
}

uint64_t cgroup_node_limit_parse(const char *text, size_t n_text) {
        Scan scan = scan_init(text, n_text);
        uint64_t mib;

        if (!scan_u64(&scan, &mib))
                return 0;
        (void)scan_char(&scan, '\n');
        return scan_is_done(&scan) ? mib : 0;
}

/* Listing */

static bool is_folder(int dir_fd, const struct dirent *entry) {
        struct stat stat;

        if (entry->d_type != DT_UNKNOWN)
                return entry->d_type == DT_DIR;
        return fstatat(dir_fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
               S_ISDIR(stat.st_mode);
}

static int list_folders(DIR *dir, int (*found)(const char *, void *), void *userdata) {
        for (;;) {
                const struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(dir);
                if (!entry)
                        return errno == ENODEV || errno == ENOENT ? CGROUP_E_ABSENT : -errno;
                if (entry->d_name[0] == '.' || !is_folder(dirfd(dir), entry))
                        continue;
                r = found(entry->d_name, userdata);
                if (r)
                        return r;
        }
}

/* Watched first and listed then, so that whatever comes is either told or found. */
static int
list(void *userdata, const char *path, int (*found)(const char *, void *), void *found_userdata) {
        const CgroupNodeLimitTree *self = userdata;
        int fd = -EBADF, r;
        DIR *dir;

        r = cgroup_open(self->tree, path, &fd);
        if (r)
                return r;
        if (self->watch)
                folder_watch_add(self->watch, fd, path);
        dir = fdopendir(fd);
        if (!dir) {
                r = -errno;
                (void)fd_close(fd);
                return r;
        }
        r = list_folders(dir, found, found_userdata);
        (void)closedir(dir);
        return r;
}

/* Reading and writing */

static int read_one(int dir_fd, unsigned node, uint64_t *ret) {
        char text[TEXT_MAX];
        size_t n;
        int r;

        r = cgroup_read_file(dir_fd, files[node], text, sizeof(text), &n);
        if (r == 0)
                *ret = cgroup_node_limit_parse(text, n);
        else if (r == -EFBIG)
                *ret = 0;
        return r == -EFBIG ? 0 : r;
}

static int read_all(void *userdata, const char *path, CgroupNodeLimits *ret) {
        const CgroupNodeLimitTree *self = userdata;
        _cleanup_(fd_closep) int fd = -EBADF;
        CgroupNodeLimits limits = {};
        int r;

        r = cgroup_open(self->tree, path, &fd);
        if (r)
                return r;
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node) {
                r = read_one(fd, node, &limits.mib[node]);
                if (r < 0)
                        return r;
                if (r == 0)
                        limits.files |= 1u << node;
                else if (node == 0)
                        break; /* they come together */
        }
        *ret = limits;
        return 0;
}

/* A file of the kernel's is 0 bytes long; one that keeps what is written is cut off behind it. */
static int put(int fd, uint64_t mib) {
        char text[TEXT_MAX];
        struct stat stat;
        ssize_t n;
        int length;

        length = snprintf(text, sizeof(text), "%" PRIu64 "\n", mib);
        n = pwrite(fd, text, (size_t)length, 0);
        if (n < 0)
                return errno == ENODEV ? CGROUP_E_ABSENT : -errno;
        if (n != length)
                return -EIO;
        if (fstat(fd, &stat) < 0)
                return -errno;
        if (stat.st_size > n && ftruncate(fd, n) < 0)
                return -errno;
        return 0;
}

static int
write_one(void *userdata, const char *path, unsigned node, uint64_t mib, uint64_t *ret_found) {
        const CgroupNodeLimitTree *self = userdata;
        _cleanup_(fd_closep) int dir_fd = -EBADF, fd = -EBADF;
        int r;

        assert(mib > 0);
        r = cgroup_open(self->tree, path, &dir_fd);
        if (r == 0)
                r = cgroup_open_file(dir_fd, files[node], O_WRONLY, &fd);
        if (r == 0)
                r = put(fd, mib);
        if (r == 0)
                r = read_one(dir_fd, node, ret_found);
        return r;
}

static int touch(void *userdata, const char *path) {
        const CgroupNodeLimitTree *self = userdata;
        _cleanup_(fd_closep) int dir_fd = -EBADF, fd = -EBADF;
        char text[STAT_MAX];
        int r;

        r = cgroup_open(self->tree, path, &dir_fd);
        if (r == 0)
                r = cgroup_open_file(dir_fd, "memory.numa_stat", O_RDONLY, &fd);
        if (r)
                return r;
        if (read(fd, text, sizeof(text)) < 0)
                return errno == ENODEV ? CGROUP_E_ABSENT : -errno;
        return 0;
}

typedef struct Probe {
        const CgroupTree *tree;
        unsigned n_probed, files;
} Probe;

/* Return: above 0 ends it. */
static int probe_one(const char *name, void *userdata) {
        Probe *probe = userdata;
        CgroupNodeLimitTree self = { .tree = probe->tree };
        CgroupNodeLimits limits = {};

        if (read_all(&self, name, &limits) == 0)
                probe->files = limits.files;
        return probe->files || ++probe->n_probed >= PROBED_MAX ? 1 : 0;
}

unsigned cgroup_node_limit_probe(const CgroupTree *tree) {
        CgroupNodeLimitTree self = { .tree = tree };
        Probe probe = { .tree = tree };

        if (tree->is_v2)
                (void)list(&self, "", probe_one, &probe);
        return probe.files;
}

const CgroupNodeLimitOps cgroup_node_limit_ops = {
        .list = list,
        .read = read_all,
        .write = write_one,
        .touch = touch,
};
