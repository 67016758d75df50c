/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/numa-bytes.h"

#include <stdlib.h>

#include "cgroup/group.h"
#include "pods/usage.h"

int pods_numa_bytes_read(int dir_fd, PodsNumaBytes *ret) {
        /* some 260 KiB, for a moment: the loop has no room for it on its stack */
        _cleanup_(freep) UsageScratch *scratch = calloc(1, sizeof(*scratch));
        PodsNumaBytes bytes = {};
        NodeSet nodes;
        size_t n;

        if (!scratch)
                return -ENOMEM;
        *ret = bytes;
        if (cgroup_read_file(dir_fd, "memory.numa_stat", scratch->text, sizeof(scratch->text), &n))
                return 0;
        nodes = usage_parse_numa_stat(scan_init(scratch->text, n), scratch->sums);
        NODESET_FOREACH (node, &nodes) {
                if (scratch->sums[node] == 0 || bytes.n_items == PODS_USAGE_NODES)
                        continue;
                bytes.items[bytes.n_items++] =
                        (PodsNodeBytes){ .node = node, .bytes = scratch->sums[node] };
        }
        bytes.is_known = true;
        *ret = bytes;
        return 0;
}
