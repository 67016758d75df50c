/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/pages.h"

#include <errno.h>

#include "base/cleanup.h"

int pages_move(int cgroup_fd _unused_, const PagesRequest *request _unused_) {
        return -EOPNOTSUPP;
}
