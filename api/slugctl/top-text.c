/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "slugctl/top.h"

/*
 * Sizes are rounded here: they are another in a moment, and what counts is which are large. The
 * sums stand above the pods, because it is the end of the list that a window cuts off.
 */
static void add_rounded(Table *table, OptU64 bytes) {
        char text[BYTES_TEXT_MAX];

        table_add(table, TONE_PLAIN, bytes.present ? bytes_format(bytes.value, text) : "-");
}

TopTotals top_get_totals(const Slug__V1__DescribeNodeResponse *node) {
        TopTotals totals = {};

        for (size_t i = 0; i < node->n_allocated_resources; ++i) {
                const Slug__V1__AllocatedResource *resource = node->allocated_resources[i];

                if (strcmp(resource->resource, "memory (local)") == 0) {
                        totals.local_allocatable = opt_u64(resource->allocatable_bytes);
                        totals.local_claimed = opt_u64(resource->requested_bytes);
                } else if (strcmp(resource->resource, "memory (remote)") == 0) {
                        totals.remote_allocatable = opt_u64(resource->allocatable_bytes);
                        totals.remote_claimed = opt_u64(resource->requested_bytes);
                }
        }
        return totals;
}

void top_append_head(const TopHead *head, const Style *style, Buffer *buffer) {
        char time[TIME_TEXT_MAX];

        output_toned(buffer, style, TONE_BOLD, "Pods:");
        buffer_printf(buffer, "  %zu, by %s, every %us, %s\n", head->n_pods,
                      listed_pod_sort_words[head->sort], head->interval_sec,
                      time_format(head->now_usec, time));
        if (!head->problem)
                return;
        output_toned(buffer, style, TONE_BAD, head->problem);
        buffer_append_char(buffer, '\n');
}

static OptU64 sum_usage(const Slug__V1__ListPodsResponse *response,
                        OptU64 (*get)(const Slug__V1__PodUsage *usage)) {
        OptU64 sum = {};

        for (size_t i = 0; i < response->n_pods; ++i) {
                const OptU64 bytes = get(response->pods[i]->usage);

                if (bytes.present)
                        sum = opt_u64(bytes_add_saturated(sum.value, bytes.value));
        }
        return sum;
}

static void append_totals(const Slug__V1__ListPodsResponse *response,
                          const TopTotals *totals,
                          const Style *style,
                          Buffer *buffer) {
        static const char *const headers[] = { "Memory", "Used", "Claimed", "Allocatable" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        table_add(&table, TONE_PLAIN, "local");
        add_rounded(&table, sum_usage(response, usage_get_local));
        add_rounded(&table, totals->local_claimed);
        add_rounded(&table, totals->local_allocatable);
        table_add(&table, TONE_FAR, "remote");
        add_rounded(&table, sum_usage(response, usage_get_remote));
        add_rounded(&table, totals->remote_claimed);
        add_rounded(&table, totals->remote_allocatable);
        table_append(&table, 0, buffer);
        buffer_append_char(buffer, '\n');
}

static void add_pod(Table *table, const Slug__V1__ListedPod *pod) {
        const Slug__V1__PodUsage *usage = pod->usage;
        char growth[GROWTH_TEXT_MAX], pressure[PRESSURE_TEXT_MAX];

        table_add_or(table, pod->namespace_, "-");
        table_add(table, TONE_PLAIN, listed_pod_get_name(pod));
        add_rounded(table, usage_get_bytes(usage));
        add_rounded(table, usage_get_local(usage));
        add_rounded(table, usage_get_remote(usage));
        table_add(table, TONE_PLAIN, usage_format_growth(usage, true, growth));
        table_add(table, usage && usage->pressure_permille ? TONE_NOTICE : TONE_PLAIN,
                  usage_format_pressure(usage, pressure));
}

void top_append(const Slug__V1__ListPodsResponse *response,
                const TopTotals *totals,
                const Style *style,
                Buffer *buffer) {
        static const char *const headers[] = { "Namespace", "Name",   "Usage",   "Local",
                                               "Remote",    "Growth", "Pressure" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        append_totals(response, totals, style, buffer);
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_pods; ++i)
                add_pod(&table, response->pods[i]);
        if (response->n_pods > 0)
                table_append(&table, 0, buffer);
        else
                buffer_append_text(buffer, "No pods found\n");
        pods_problems_append(response, style, buffer);
}
