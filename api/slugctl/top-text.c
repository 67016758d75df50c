/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "slugctl/enforced.h"
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

/* Splits: what the containers of a pod were promised, and may have, together */

typedef struct PodSplit {
        size_t n_containers; /* 0: it has none */
        Slug__V1__EnforcementState state;
        Slug__V1__EnforcementBackend backend;
        bool has_backends; /* several */
        EnforcedRange local, remote;
        uint64_t down, up;
        OptU64 kernel_down, kernel_up;
} PodSplit;

static void add_range(EnforcedRange *sum, EnforcedRange range) {
        sum->min = bytes_add_saturated(sum->min, range.min);
        sum->max = sum->max.present && range.max.present
                           ? opt_u64(bytes_add_saturated(sum->max.value, range.max.value))
                           : (OptU64){};
}

static void add_opt(OptU64 *sum, OptU64 bytes) {
        if (bytes.present)
                *sum = opt_u64(bytes_add_saturated(sum->value, bytes.value));
}

static void add_container(PodSplit *split, const Slug__V1__EnforcedContainer *container) {
        if (split->n_containers++ == 0)
                *split = (PodSplit){ .n_containers = 1,
                                     .backend = container->backend,
                                     .local.max = opt_u64(0),
                                     .remote.max = opt_u64(0) };
        split->state = enforcement_get_worse(split->state, container->state);
        split->has_backends |= split->backend != container->backend;
        add_range(&split->local, enforced_get_local(container));
        add_range(&split->remote, enforced_get_remote(container));
        split->down = bytes_add_saturated(split->down, container->demoted_bytes);
        split->up = bytes_add_saturated(split->up, container->promoted_bytes);
        add_opt(&split->kernel_down, MESSAGE_OPT(container, kernel_demoted_bytes));
        add_opt(&split->kernel_up, MESSAGE_OPT(container, kernel_promoted_bytes));
}

static PodSplit sum_split(const Slug__V1__ListedPod *pod) {
        PodSplit split = {};

        for (size_t i = 0; i < pod->n_containers; ++i)
                if (pod->containers[i]->enforcement)
                        add_container(&split, pod->containers[i]->enforcement);
        return split;
}

static bool has_split(const Slug__V1__ListPodsResponse *response) {
        for (size_t i = 0; i < response->n_pods; ++i)
                if (sum_split(response->pods[i]).n_containers > 0)
                        return true;
        return false;
}

/* "2.0 GiB..4.0 GiB"; one amount where both are the same. */
static void add_rounded_range(Table *table, EnforcedRange range) {
        char min[BYTES_TEXT_MAX], max[BYTES_TEXT_MAX];

        if (!range.max.present)
                table_printf(table, TONE_PLAIN, "%s..max", bytes_format(range.min, min));
        else if (range.min == range.max.value)
                table_add(table, TONE_PLAIN, bytes_format(range.min, min));
        else
                table_printf(table, TONE_PLAIN, "%s..%s", bytes_format(range.min, min),
                             bytes_format(range.max.value, max));
}

/* "1.0 GiB/0 B": to remote memory, and to local memory */
static void add_rounded_pair(Table *table, OptU64 down, OptU64 up) {
        char texts[2][BYTES_TEXT_MAX];

        if (!down.present && !up.present)
                table_add(table, TONE_PLAIN, "-");
        else
                table_printf(table, TONE_PLAIN, "%s/%s",
                             down.present ? bytes_format(down.value, texts[0]) : "-",
                             up.present ? bytes_format(up.value, texts[1]) : "-");
}

#define SPLIT_HEADERS "Local Split", "Remote Split", "Held", "Backend", "Moved", "Moved by Kernel"
#define SPLIT_COLUMNS 6u

static void add_split(Table *table, const Slug__V1__ListedPod *pod) {
        const PodSplit split = sum_split(pod);

        if (split.n_containers == 0) {
                for (size_t i = 0; i < SPLIT_COLUMNS; ++i)
                        table_add(table, TONE_PLAIN, "-");
                return;
        }
        add_rounded_range(table, split.local);
        add_rounded_range(table, split.remote);
        table_add(table, enforcement_state_tone(split.state), enforcement_state_word(split.state));
        table_add(table, TONE_PLAIN,
                  split.has_backends ? "several" : enforcement_backend_word(split.backend));
        add_rounded_pair(table, opt_u64(split.down), opt_u64(split.up));
        add_rounded_pair(table, split.kernel_down, split.kernel_up);
}

/* Pods */

static void add_pod(Table *table, const Slug__V1__ListedPod *pod, bool with_split) {
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
        if (with_split)
                add_split(table, pod);
}

void top_append(const Slug__V1__ListPodsResponse *response,
                const TopTotals *totals,
                const Style *style,
                Buffer *buffer) {
        static const char *const headers[] = { "Namespace", "Name",   "Usage",    "Local",
                                               "Remote",    "Growth", "Pressure", SPLIT_HEADERS };
        const bool with_split = has_split(response);
        _cleanup_(table_deinitp) Table table =
                table_init(style, ELEMENTSOF(headers) - (with_split ? 0 : SPLIT_COLUMNS));

        append_totals(response, totals, style, buffer);
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_pods; ++i)
                add_pod(&table, response->pods[i], with_split);
        if (response->n_pods > 0)
                table_append(&table, 0, buffer);
        else
                buffer_append_text(buffer, "No pods found\n");
        pods_problems_append(response, style, buffer);
}
