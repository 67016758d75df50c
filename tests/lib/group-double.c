/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup/group.h as far as a test of its users needs it, on plain files. */
#include <fcntl.h>

#include "cgroup/group.h"

int cgroup_tree_open(const Root *root, CgroupTree *ret) {
        *ret = (CgroupTree)CGROUP_TREE_NULL;
        ret->is_v2 = root_exists(root, CGROUP_DIR "/cgroup.controllers");
        return root_open(root, CGROUP_DIR, O_PATH | O_DIRECTORY, &ret->fd);
}

void cgroup_tree_deinit(CgroupTree *tree) {
        tree->fd = fd_close(tree->fd);
}

int cgroup_open(const CgroupTree *tree, const char *path, int *ret_fd) {
        *ret_fd = openat(tree->fd, path[0] ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (*ret_fd < 0)
                return errno == ENOENT ? CGROUP_E_ABSENT : -errno;
        return 0;
}

int cgroup_open_file(int dir_fd, const char *file, int flags, int *ret_fd) {
        *ret_fd = openat(dir_fd, file, flags | O_NOFOLLOW | O_CLOEXEC);
        if (*ret_fd < 0)
                return errno == ENOENT ? CGROUP_E_ABSENT : -errno;
        return 0;
}

int cgroup_read_file(int dir_fd, const char *file, char *buffer, size_t size, size_t *ret_n) {
        _cleanup_(fd_closep) int fd = -EBADF;
        int r;

        r = cgroup_open_file(dir_fd, file, O_RDONLY, &fd);
        if (r)
                return r;
        r = root_read_fd(fd, buffer, size, ret_n);
        return r > 0 ? -EFBIG : r;
}
