/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/listed-pod.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "slugctl/claim.h"

const char *qos_class_word(Slug__V1__QosClass qos_class) {
        switch (qos_class) {
        case SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED:
                return "Guaranteed";
        case SLUG__V1__QOS_CLASS__QOS_CLASS_BURSTABLE:
                return "Burstable";
        case SLUG__V1__QOS_CLASS__QOS_CLASS_BEST_EFFORT:
                return "BestEffort";
        case SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED:
        case _SLUG__V1__QOS_CLASS_IS_INT_SIZE:
                break;
        }
        return "-";
}

const char *pod_state_word(Slug__V1__PodState state) {
        switch (state) {
        case SLUG__V1__POD_STATE__POD_STATE_PENDING:
                return "pending";
        case SLUG__V1__POD_STATE__POD_STATE_RUNNING:
                return "running";
        case SLUG__V1__POD_STATE__POD_STATE_FINISHED:
                return "finished";
        case SLUG__V1__POD_STATE__POD_STATE_GONE:
                return "gone";
        case SLUG__V1__POD_STATE__POD_STATE_UNSPECIFIED:
        case _SLUG__V1__POD_STATE_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

Tone pod_state_tone(Slug__V1__PodState state) {
        switch (state) {
        case SLUG__V1__POD_STATE__POD_STATE_RUNNING:
                return TONE_GOOD;
        case SLUG__V1__POD_STATE__POD_STATE_PENDING:
        case SLUG__V1__POD_STATE__POD_STATE_GONE:
                return TONE_NOTICE;
        case SLUG__V1__POD_STATE__POD_STATE_FINISHED:
        case SLUG__V1__POD_STATE__POD_STATE_UNSPECIFIED:
        case _SLUG__V1__POD_STATE_IS_INT_SIZE:
                break;
        }
        return TONE_PLAIN;
}

const char *pod_size_source_word(Slug__V1__PodSizeSource source) {
        switch (source) {
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_CLAIM:
                return "claim";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_REQUEST:
                return "request";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_LIMIT:
                return "limit";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_USAGE:
                return "usage";
        case SLUG__V1__POD_SIZE_SOURCE__POD_SIZE_SOURCE_UNSPECIFIED:
        case _SLUG__V1__POD_SIZE_SOURCE_IS_INT_SIZE:
                break;
        }
        return "-";
}

const char *pod_size_confidence_word(Slug__V1__PodSizeConfidence confidence) {
        switch (confidence) {
        case SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_HIGH:
                return "high";
        case SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_MEDIUM:
                return "medium";
        case SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_LOW:
                return "low";
        case SLUG__V1__POD_SIZE_CONFIDENCE__POD_SIZE_CONFIDENCE_UNSPECIFIED:
        case _SLUG__V1__POD_SIZE_CONFIDENCE_IS_INT_SIZE:
                break;
        }
        return "-";
}

const char *listed_pod_get_name(const Slug__V1__ListedPod *pod) {
        if (pod->name[0])
                return pod->name;
        return pod->uid[0] ? pod->uid : "<unknown>";
}

/* Claims */

/* What a pod was promised. Its containers' shares are in its own claim already. */
static uint64_t sum_promised(const Slug__V1__ListedPod *pod) {
        uint64_t sum = 0;

        for (size_t i = 0; i < pod->n_claims; ++i) {
                const Slug__V1__Claim *claim = pod->claims[i];

                if (claim->within_pod ||
                    claim->state == SLUG__V1__CLAIM_STATE__CLAIM_STATE_OBSERVED)
                        continue;
                for (size_t k = 0; k < claim->n_blocks; ++k)
                        sum = bytes_add_saturated(sum, claim->blocks[k]->size_bytes);
        }
        return sum;
}

static unsigned get_urgency(Slug__V1__ClaimState state) {
        switch (state) {
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_INVALID:
                return 6;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNCONFIRMED:
                return 5;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_RELEASING:
                return 4;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_PENDING:
                return 3;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_ACTIVE:
                return 2;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_OBSERVED:
                return 1;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNSPECIFIED:
        case _SLUG__V1__CLAIM_STATE_IS_INT_SIZE:
                break;
        }
        return 0;
}

static Slug__V1__ClaimState find_state(const Slug__V1__ListedPod *pod) {
        Slug__V1__ClaimState found = SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNSPECIFIED;

        for (size_t i = 0; i < pod->n_claims; ++i)
                if (get_urgency(pod->claims[i]->state) > get_urgency(found))
                        found = pod->claims[i]->state;
        return found;
}

void listed_pod_append_claims(const Slug__V1__ListedPod *pod, Buffer *buffer) {
        const Slug__V1__ClaimState state = find_state(pod);
        char text[QUANTITY_TEXT_MAX];

        if (pod->n_claims == 0)
                buffer_append_text(buffer, "<none>");
        else if (state == SLUG__V1__CLAIM_STATE__CLAIM_STATE_OBSERVED)
                buffer_append_text(buffer, claim_state_word(state));
        else
                buffer_printf(buffer, "%s %s", quantity_format_bytes(sum_promised(pod), text),
                              claim_state_word(state));
}

Tone listed_pod_get_claims_tone(const Slug__V1__ListedPod *pod) {
        return claim_state_tone(find_state(pod));
}

/* Usage */

OptU64 usage_get_bytes(const Slug__V1__PodUsage *usage) {
        return usage ? opt_u64(usage->bytes) : (OptU64){};
}

OptU64 usage_get_local(const Slug__V1__PodUsage *usage) {
        return usage ? opt_u64(usage->local_bytes) : (OptU64){};
}

OptU64 usage_get_remote(const Slug__V1__PodUsage *usage) {
        return usage ? opt_u64(usage->remote_bytes) : (OptU64){};
}

OptU64 usage_get_numa_node(const Slug__V1__PodUsage *usage, unsigned numa_node) {
        uint64_t sum = 0;

        if (!usage)
                return (OptU64){};
        for (size_t i = 0; i < usage->n_numa_nodes; ++i)
                if (usage->numa_nodes[i]->numa_node == numa_node)
                        sum = bytes_add_saturated(sum, usage->numa_nodes[i]->bytes);
        return opt_u64(sum);
}

const char *growth_format(int64_t growth, bool is_rounded, char text[static GROWTH_TEXT_MAX]) {
        const uint64_t bytes = growth < 0 ? -(uint64_t)growth : (uint64_t)growth;
        char quantity[QUANTITY_TEXT_MAX], human[BYTES_TEXT_MAX];

        (void)snprintf(text, GROWTH_TEXT_MAX, "%s%s/s",
                       growth < 0   ? "-"
                       : growth > 0 ? "+"
                                    : "",
                       is_rounded ? bytes_format(bytes, human)
                                  : quantity_format_bytes(bytes, quantity));
        return text;
}

const char *usage_format_growth(const Slug__V1__PodUsage *usage,
                                bool is_rounded,
                                char text[static GROWTH_TEXT_MAX]) {
        if (!usage || !usage->_growth_bytes_per_second_case)
                return "-";
        return growth_format(usage->growth_bytes_per_second, is_rounded, text);
}

const char *usage_format_pressure(const Slug__V1__PodUsage *usage,
                                  char text[static PRESSURE_TEXT_MAX]) {
        if (!usage || !usage->_pressure_permille_case)
                return "-";
        (void)snprintf(text, PRESSURE_TEXT_MAX, "%" PRIu32 ".%" PRIu32 "%%",
                       usage->pressure_permille / 10, usage->pressure_permille % 10);
        return text;
}

void table_add_limit(Table *table, OptU64 request, OptU64 limit) {
        if (limit.present || !request.present)
                table_add_opt_bytes(table, limit);
        else
                table_add(table, TONE_PLAIN, "<none>");
}

/* Order */

const char *const listed_pod_sort_words[] = { "name",   "usage",    "local", "remote",
                                              "growth", "pressure", "size",  NULL };

static int compare_names(const Slug__V1__ListedPod *a, const Slug__V1__ListedPod *b) {
        int r = strcmp(a->namespace_, b->namespace_);

        if (r == 0)
                r = strcmp(a->name, b->name);
        return r ? r : strcmp(a->uid, b->uid);
}

/* Only growth is below 0; shifted by 2^63 it keeps its order among unsigned numbers. */
static OptU64 get_growth(const Slug__V1__PodUsage *usage) {
        if (!usage || !usage->_growth_bytes_per_second_case)
                return (OptU64){};
        return opt_u64((uint64_t)usage->growth_bytes_per_second ^ UINT64_C(1) << 63);
}

static OptU64 get_figure(const Slug__V1__ListedPod *pod, PodSortKey key) {
        switch (key) {
        case POD_SORT_NAME:
                break;
        case POD_SORT_USAGE:
                return usage_get_bytes(pod->usage);
        case POD_SORT_LOCAL:
                return usage_get_local(pod->usage);
        case POD_SORT_REMOTE:
                return usage_get_remote(pod->usage);
        case POD_SORT_GROWTH:
                return get_growth(pod->usage);
        case POD_SORT_PRESSURE:
                return pod->usage ? MESSAGE_OPT(pod->usage, pressure_permille) : (OptU64){};
        case POD_SORT_SIZE:
                return opt_u64(pod->size_bytes);
        }
        return (OptU64){};
}

static int compare(const void *a, const void *b, void *userdata) {
        const Slug__V1__ListedPod *const *left = a, *const *right = b;
        const PodSortKey *key = userdata;
        const OptU64 x = get_figure(*left, *key), y = get_figure(*right, *key);

        if (x.present != y.present)
                return x.present ? -1 : 1;
        if (x.value != y.value)
                return x.value > y.value ? -1 : 1;
        return compare_names(*left, *right);
}

void listed_pods_sort(Slug__V1__ListedPod **pods, size_t n_pods, PodSortKey key) {
        if (n_pods > 0)
                qsort_r(pods, n_pods, sizeof(*pods), compare, &key);
}

/* Problems */

/* When slugd's own condition says that it is old, too. */
#define REPORT_OLD_USEC (180 * USEC_PER_SEC)

static void append_line(const char *what, const char *why, const Style *style, Buffer *buffer) {
        buffer_append_text(buffer, what);
        buffer_append_text(buffer, why[0] ? ": " : "");
        output_text(buffer, style, why);
        buffer_append_char(buffer, '\n');
}

static void
append_source(const Slug__V1__ReportSource *source, const Style *style, Buffer *buffer) {
        if (source->state != SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED)
                return;
        buffer_append_text(buffer, "slug-kubelet cannot read ");
        output_text(buffer, style, source->name);
        buffer_append_text(buffer, source->endpoint[0] ? " at " : "");
        output_text(buffer, style, source->endpoint);
        append_line("", source->problem, style, buffer);
}

static void
append_report(const Slug__V1__ReportStatus *report, const Style *style, Buffer *buffer) {
        if (!report || !report->has_report) {
                append_line("Names and requests are not known",
                            "no slug-kubelet has reported; systemctl enable --now slug-kubelet",
                            style, buffer);
                return;
        }
        if (report->age_usec > REPORT_OLD_USEC)
                buffer_printf(buffer,
                              "slug-kubelet has not reported for %" PRIu64 " minutes; see "
                              "'systemctl status slug-kubelet'\n",
                              report->age_usec / USEC_PER_SEC / 60);
        if (!report->settled)
                append_line("The report of slug-kubelet is not settled yet",
                            report->unsettled_reason, style, buffer);
        for (size_t i = 0; i < report->n_sources; ++i)
                append_source(report->sources[i], style, buffer);
}

void pods_problems_append(const Slug__V1__ListPodsResponse *response,
                          const Style *style,
                          Buffer *buffer) {
        append_report(response->report, style, buffer);
        if (response->cgroup_problem[0])
                append_line("Usage is not known", response->cgroup_problem, style, buffer);
        if (response->left_out_count)
                buffer_printf(buffer,
                              "%" PRIu64 " more pods are not shown: slugd cannot follow "
                              "more\n",
                              response->left_out_count);
}
