/* SPDX-License-Identifier: Apache-2.0 */
#include "service/level-usage.h"

/*
 * The kernel sums up all that is below a level when its memory.numa_stat is read, so that a reader
 * who asks without end would cost everybody else: it gets one part in so many of the time, and
 * nothing newer than this.
 */
#define USAGE_MIN_USEC (200 * USEC_PER_MSEC)
#define USAGE_PARTS    10u

static void read_level(const CgroupTree *tree, const char *path, size_t level, LevelUsage *usage) {
        _cleanup_(fd_closep) int fd = -EBADF;
        uint64_t bytes;

        if (cgroup_open(tree, path, &fd))
                return;
        if (cgroup_read_u64(fd, "memory.current", &bytes) == 0)
                usage->bytes[level] = opt_u64(bytes);
        if (pods_numa_bytes_read(fd, &usage->nodes[level]))
                usage->nodes[level] = (PodsNumaBytes){};
}

void level_usage_refresh(LevelUsage *usage, const Root *root, const QosView *view) {
        _cleanup_(cgroup_tree_deinitp) CgroupTree tree = CGROUP_TREE_NULL;
        const uint64_t now_usec = clock_now_usec(&view->clock);
        const uint64_t age_usec = bytes_sub_clamped(now_usec, usage->usec);

        if (usage->is_read &&
            (age_usec < USAGE_MIN_USEC || age_usec < USAGE_PARTS * usage->duration_usec))
                return;
        *usage = (LevelUsage){ .is_read = true, .usec = now_usec };
        if (cgroup_tree_open(root, &tree) || !tree.is_v2)
                return;
        for (size_t level = 0; level < _QOS_LEVEL_N; ++level)
                if (view->places->items[level].path[0])
                        read_level(&tree, view->places->items[level].path, level, usage);
        usage->duration_usec = bytes_sub_clamped(clock_now_usec(&view->clock), now_usec);
}
