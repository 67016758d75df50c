/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "slugctl/describe-node.h"
#include "slugctl/listed-pod.h"

/*
 * The pods of `kubectl describe node`, without CPU and with what is used of each locality. As there
 * those that have ended are not counted; and of a pod whose request is known to be nothing the
 * limit is nothing, too.
 */
static bool is_terminated(const Slug__V1__ListedPod *pod) {
        return pod->state == SLUG__V1__POD_STATE__POD_STATE_FINISHED ||
               pod->state == SLUG__V1__POD_STATE__POD_STATE_GONE;
}

static void add_opt_share(Table *table, OptU64 bytes, uint64_t allocatable) {
        if (bytes.present)
                table_add_share(table, bytes.value, allocatable);
        else
                table_add(table, TONE_PLAIN, "-");
}

static void add_pod(Table *table, const Slug__V1__ListedPod *pod, uint64_t allocatable) {
        const OptU64 request = MESSAGE_OPT(pod, request_bytes);
        OptU64 limit = MESSAGE_OPT(pod, limit_bytes);

        if (!limit.present && request.present)
                limit = opt_u64(0);
        table_add_or(table, pod->namespace_, "-");
        table_add(table, TONE_PLAIN, listed_pod_get_name(pod));
        add_opt_share(table, request, allocatable);
        add_opt_share(table, limit, allocatable);
        table_add_opt_bytes(table, usage_get_local(pod->usage));
        table_add_opt_bytes(table, usage_get_remote(pod->usage));
}

void described_pods_append(const Slug__V1__ListPodsResponse *response,
                           uint64_t allocatable_bytes,
                           const Style *style,
                           Buffer *buffer) {
        static const char *const headers[] = { "Namespace",     "Name",       "Memory Requests",
                                               "Memory Limits", "Local Used", "Remote Used" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));
        size_t n = 0;

        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_pods; ++i) {
                if (is_terminated(response->pods[i]))
                        continue;
                add_pod(&table, response->pods[i], allocatable_bytes);
                ++n;
        }
        output_toned(buffer, style, TONE_BOLD, "Non-terminated Pods:");
        buffer_printf(buffer, "  (%zu in total)\n", n);
        if (n > 0)
                table_append(&table, 2, buffer);
}
