/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Pods of PodService in words and cells
 *
 * What the verbs that show pods say alike, and the order they show them in.
 */
#include "base/quantity.h"
#include "slug/v1/pod.pb-c.h"
#include "slugctl/output.h"
#include "slugctl/words.h"

const char *qos_class_word(Slug__V1__QosClass qos_class);
const char *pod_state_word(Slug__V1__PodState state);
Tone pod_state_tone(Slug__V1__PodState state);
const char *pod_size_source_word(Slug__V1__PodSizeSource source);
const char *pod_size_confidence_word(Slug__V1__PodSizeConfidence confidence);

/* Its name, or its uid while nobody has said the name. */
const char *listed_pod_get_name(const Slug__V1__ListedPod *pod);
/* "512Mi pending": the bytes that were promised, and the state that deserves attention most;
 * "observed": it holds memory and was promised none; "<none>". */
void listed_pod_append_claims(const Slug__V1__ListedPod *pod, Buffer *buffer);
Tone listed_pod_get_claims_tone(const Slug__V1__ListedPod *pod);

/* Of usage that may be missing */
OptU64 usage_get_bytes(const Slug__V1__PodUsage *usage);
OptU64 usage_get_local(const Slug__V1__PodUsage *usage);
OptU64 usage_get_remote(const Slug__V1__PodUsage *usage);
/* Plain memory on one NUMA node; absent: nothing is known of it. */
OptU64 usage_get_numa_node(const Slug__V1__PodUsage *usage, unsigned numa_node);

/* "+4Ki/s", or rounded "+4.00 KiB/s" */
#define GROWTH_TEXT_MAX (QUANTITY_TEXT_MAX + sizeof("+/s"))
const char *growth_format(int64_t growth, bool is_rounded, char text[static GROWTH_TEXT_MAX]);
/* The same; "-" when it is not known */
const char *usage_format_growth(const Slug__V1__PodUsage *usage,
                                bool is_rounded,
                                char text[static GROWTH_TEXT_MAX]);
/* "1.5%"; "-" when it is not known */
#define PRESSURE_TEXT_MAX 24u
const char *usage_format_pressure(const Slug__V1__PodUsage *usage,
                                  char text[static PRESSURE_TEXT_MAX]);

/* Where there is no limit, and where nobody knows whether there is one. */
void table_add_limit(Table *table, OptU64 request, OptU64 limit);

/* Numbers: the largest first, and what has none last; then by namespace, name and uid. */
typedef enum PodSortKey {
        POD_SORT_NAME,
        POD_SORT_USAGE,
        POD_SORT_LOCAL,
        POD_SORT_REMOTE,
        POD_SORT_GROWTH,
        POD_SORT_PRESSURE,
        POD_SORT_SIZE,
} PodSortKey;

/* In the order of PodSortKey, ended by NULL. */
extern const char *const listed_pod_sort_words[];
void listed_pods_sort(Slug__V1__ListedPod **pods, size_t n_pods, PodSortKey key);

/* What makes the list less than it could be, a line each; nothing when there is nothing. */
void pods_problems_append(const Slug__V1__ListPodsResponse *response,
                          const Style *style,
                          Buffer *buffer);
