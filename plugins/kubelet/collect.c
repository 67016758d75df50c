/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/collect.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "kubelet/collect-rows.h"
#include "kubelet/fingerprint.h"

#define COLLECT_UID_MAX  64u /* with the NUL, as slugd has it */
#define COLLECT_NAME_MAX 256u

void collect_complain(char problem[static DIAG_TEXT_MAX], const char *format, ...) {
        va_list args;

        if (problem[0])
                return;
        va_start(args, format);
        (void)vsnprintf(problem, DIAG_TEXT_MAX, format, args);
        va_end(args);
}

static bool is_made_of(const char *text, size_t max, const char *marks) {
        const size_t n = strlen(text);

        for (size_t i = 0; i < n; ++i)
                if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
                      (text[i] >= '0' && text[i] <= '9') || strchr(marks, text[i])))
                        return false;
        return n > 0 && n < max;
}

bool collect_is_uid(const char *text) {
        return is_made_of(text, COLLECT_UID_MAX, "-");
}

bool collect_is_name(const char *text) {
        return is_made_of(text, COLLECT_NAME_MAX, "-.");
}

bool collect_is_text(const char *text, size_t max) {
        const size_t n = strlen(text);

        return n < max && utf8_valid_length(text, n) == n;
}

/* Where @uid is, or would be. */
static size_t find_place(const Collection *collection, const char *uid, bool *ret_is_there) {
        size_t low = 0, high = collection->n_pods;

        *ret_is_there = false;
        while (low < high && !*ret_is_there) {
                const size_t middle = low + (high - low) / 2;
                const int order = strcmp(uid, collection->pods[middle].uid);

                if (order < 0)
                        high = middle;
                else if (order > 0)
                        low = middle + 1;
                else
                        low = middle;
                *ret_is_there = order == 0;
        }
        return low;
}

CollectPod *collect_find_pod(const Collection *collection, const char *uid) {
        bool is_there;
        const size_t place = find_place(collection, uid, &is_there);

        return is_there ? &collection->pods[place] : NULL;
}

CollectPod *collect_add_pod(Collection *collection, const char *uid) {
        bool is_there;
        const size_t place = find_place(collection, uid, &is_there);
        CollectPod *pod = &collection->pods[place];

        if (is_there)
                return pod;
        if (collection->n_pods == COLLECT_PODS_MAX)
                return NULL;
        memmove(pod + 1, pod, (collection->n_pods - place) * sizeof(*pod));
        *pod = (CollectPod){ .uid = uid, .namespace_name = "", .name = "" };
        ++collection->n_pods;
        return pod;
}

int collect_get_container(Collection *collection,
                          CollectPod *pod,
                          const char *name,
                          CollectContainer **ret) {
        *ret = NULL;
        for (size_t i = 0; i < pod->n_containers; ++i)
                if (strcmp(pod->containers[i].name, name) == 0) {
                        *ret = &pod->containers[i];
                        return 0;
                }
        if (pod->n_containers == COLLECT_CONTAINERS_MAX)
                return 0;
        if (!pod->containers)
                pod->containers = arena_alloc_array(collection->arena, COLLECT_CONTAINERS_MAX,
                                                    sizeof(*pod->containers));
        if (!pod->containers)
                return -ENOMEM;
        *ret = &pod->containers[pod->n_containers++];
        **ret = (CollectContainer){ .name = name };
        return 0;
}

static uint64_t mix_pod(uint64_t hash, const CollectPod *pod) {
        hash = fingerprint_add(hash, pod->uid);
        hash = fingerprint_add(hash, pod->listed ? "listed" : "");
        return fingerprint_add(hash, collect_is_ready(pod) ? "ready" : "");
}

/* A kubelet before 1.34 lists pods in no order of ours: the sum does not depend on it. */
static uint64_t sum_listed(const V1__ListPodResourcesResponse *listed) {
        uint64_t sum = 0;

        for (size_t i = 0; listed && i < listed->n_pod_resources; ++i) {
                const V1__PodResources *pod = listed->pod_resources[i];

                sum += fingerprint_add(fingerprint_add(FINGERPRINT_EMPTY, pod->namespace_),
                                       pod->name);
        }
        return sum;
}

static int judge(const Collection *collection) {
        Collected *collected = collection->collected;
        uint64_t hash = FINGERPRINT_EMPTY;
        bool lists_any = false, lists_others = false, has_others = false;

        for (size_t i = 0; i < collection->n_pods; ++i) {
                const CollectPod *pod = &collection->pods[i];
                const bool is_static = collect_is_static(pod);

                hash = mix_pod(hash, pod);
                lists_any = lists_any || pod->listed;
                lists_others = lists_others || (pod->listed && !is_static);
                has_others = has_others || !is_static;
                if (!collect_is_ready(pod) || pod->listed || collected->ready_unlisted)
                        continue;
                collected->ready_unlisted =
                        arena_printf(collection->arena, "%s/%s", pod->namespace_name, pod->name);
                if (!collected->ready_unlisted)
                        return -ENOMEM;
        }
        collected->fingerprint = hash + sum_listed(collection->input->listed);
        collected->lists_none = collection->n_pods > 0 && !lists_any;
        collected->lists_static_alone = has_others && !lists_others;
        return 0;
}

int collect(Arena *arena, const CollectInput *input, Collected *ret) {
        Collected collected = {};
        Collection collection = { .arena = arena, .input = input, .collected = &collected };
        int r;

        collection.pods = arena_alloc_array(arena, COLLECT_PODS_MAX, sizeof(*collection.pods));
        if (!collection.pods)
                return -ENOMEM;
        r = collect_runtime(&collection);
        if (r)
                return r;
        r = collect_kubelet(&collection);
        if (r)
                return r;
        r = collect_messages(&collection);
        if (r)
                return r;
        r = collect_allocatable(&collection);
        if (r)
                return r;
        r = collect_missing(&collection);
        if (r)
                return r;
        r = judge(&collection);
        if (r)
                return r;
        *ret = collected;
        return 0;
}
