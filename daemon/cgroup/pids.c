/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/pids.h"

int cgroup_pids_read(const CgroupTree *tree, const char *path, Pids *ret) {
        _cleanup_(fd_closep) int fd = -EBADF;
        const int r = cgroup_open(tree, path, &fd);

        return r ? r : pids_read(fd, ret);
}
