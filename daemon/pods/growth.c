/* SPDX-License-Identifier: Apache-2.0 */
#include "pods/growth.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

/* Signed, and a rate that no machine has is as good as the largest that fits. */
static int64_t get_rate(uint64_t before, uint64_t now, uint64_t elapsed_usec) {
        const uint64_t bytes = now > before ? now - before : before - now;
        const unsigned __int128 rate = (unsigned __int128)bytes * USEC_PER_SEC / elapsed_usec;
        const int64_t clamped = rate > INT64_MAX ? INT64_MAX : (int64_t)rate;

        return now > before ? clamped : -clamped;
}

int pods_growth_new(const PodsTree *before, const PodsTree *now, PodsGrowth **ret) {
        PodsGrowth *growth = calloc(now->n_pods + 1, sizeof(*growth));

        if (!growth)
                return -ENOMEM;
        for (size_t i = 0; before && now->usec > before->usec && i < now->n_pods; ++i) {
                const OptU64 bytes = now->pods[i].usage.bytes;
                const TreePod *pod = pods_tree_find(before, now->pods[i].uid);

                if (!pod || !pod->usage.bytes.present || !bytes.present)
                        continue;
                growth[i] = (PodsGrowth){
                        .is_known = true,
                        .bytes_per_second = get_rate(pod->usage.bytes.value, bytes.value,
                                                     now->usec - before->usec),
                };
        }
        *ret = growth;
        return 0;
}
