/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory tiers: /sys/devices/virtual/memory_tiering (Linux 6.1)
 *
 * The id in the name is the abstract distance >> 7 and carries the order: smaller is faster. Ids
 * are sparse and change when the kernel learns performance data. A node is in at most one tier, and
 * only while it has memory online.
 */
#include <string.h>

#include "sysfs/read.h"

#define TIER_DIR "sys/devices/virtual/memory_tiering"

int sysfs_read_tiers(const AttrReader *reader, SysfsMachine *machine) {
        _cleanup_(attr_ids_deinitp) AttrIds ids = {};
        int r;

        r = attr_list_ids(reader, TIER_DIR, "memory_tier", SYSFS_TIERS_MAX, &ids);
        if (r)
                return r;
        for (size_t i = 0; i < ids.n_ids; ++i) {
                char path[ATTR_PATH_MAX];
                SysfsTier tier = { .id = ids.ids[i] };
                SysfsTier *grown;

                attr_path(path, TIER_DIR "/memory_tier%u/nodelist", tier.id);
                if (!attr_read_nodes(reader, path, &tier.nodes))
                        continue;
                grown = sysfs_array_add(machine->tiers, &machine->n_tiers, sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                machine->tiers = grown;
                machine->tiers[machine->n_tiers - 1] = tier;
        }
        return 0;
}
