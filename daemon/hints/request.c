/* SPDX-License-Identifier: Apache-2.0 */
#include "hints/request.h"

/*
 * A pod asks for what its containers hold together while it runs: the largest of its init
 * containers (with the sidecars that started before it), or all others, whichever is more, for each
 * locality and kind of page on its own. Pod-level resources, where there are any, say it instead.
 */

static void set_hugepages(const PodAmounts *amounts, PodAmounts *ret) {
        ret->n_items = 0;
        for (size_t i = 0; i < amounts->n_items; ++i)
                if (amounts->items[i].page_bytes > 0)
                        ret->items[ret->n_items++] = amounts->items[i];
}

int hints_request_of_container(const Pod *pod,
                               const PodContainer *container,
                               HintsRequest *ret,
                               Diag *reterr) {
        HintsRequest request = {};
        PodAmounts amounts;
        int r;

        r = pod_get_container_amounts(pod, container, false, &amounts, reterr);
        if (r == 0)
                r = pod_get_container_split(pod, container, &request.split, reterr);
        if (r)
                return r < 0 ? r : HINTS_E_INVALID;
        set_hugepages(&amounts, &request.hugepages);
        *ret = request;
        return 0;
}

static void add_range(SplitRange *to, const SplitRange *from) {
        to->min = bytes_add_saturated(to->min, from->min);
        to->max = bytes_add_saturated(to->max, from->max);
}

static void take_larger(SplitRange *to, const SplitRange *from) {
        to->min = from->min > to->min ? from->min : to->min;
        to->max = from->max > to->max ? from->max : to->max;
}

static void add_split(Split *to, const Split *from) {
        add_range(&to->local, &from->local);
        add_range(&to->remote, &from->remote);
}

static int sum_splits(const Pod *pod, Split *ret, Diag *reterr) {
        Split lasting = {}, passing = {};

        for (size_t i = 0; i < pod->n_containers; ++i) {
                const PodContainer *container = &pod->containers[i];
                Split split, with_sidecars = lasting;
                int r;

                r = pod_get_container_split(pod, container, &split, reterr);
                if (r)
                        return r < 0 ? r : HINTS_E_INVALID;
                if (!container->is_init || container->is_restartable) {
                        add_split(&lasting, &split);
                        continue;
                }
                add_split(&with_sidecars, &split);
                take_larger(&passing.local, &with_sidecars.local);
                take_larger(&passing.remote, &with_sidecars.remote);
        }
        take_larger(&lasting.local, &passing.local);
        take_larger(&lasting.remote, &passing.remote);
        *ret = lasting;
        return 0;
}

/* The pod-level request, with the pod's annotation. */
static int split_pod_level(const Pod *pod, Split *ret, Diag *reterr) {
        /* the pod's resources as those of a container that has them all, and an annotation of no
         * container's */
        const PodContainer whole = { .name = "(pod)", .resources = pod->resources };
        const Pod alone = {
                .uid = pod->uid,
                .namespace_name = pod->namespace_name,
                .name = pod->name,
                .qos = pod->qos,
                .containers = &whole,
                .n_containers = 1,
                .annotations = pod->annotations,
                .n_annotations = pod->n_annotations,
        };
        const int r = pod_get_container_split(&alone, &whole, ret, reterr);

        return r > 0 ? HINTS_E_INVALID : r;
}

int request_of_pod(const Pod *pod, HintsRequest *ret, Diag *reterr) {
        const bool is_pod_level = pod_has_resources(pod);
        HintsRequest request = {};
        PodAmounts amounts;
        int r;

        r = pod_get_amounts(pod, is_pod_level, &amounts, reterr);
        if (r)
                return r < 0 ? r : HINTS_E_INVALID;
        r = is_pod_level ? split_pod_level(pod, &request.split, reterr)
                         : sum_splits(pod, &request.split, reterr);
        if (r)
                return r;
        set_hugepages(&amounts, &request.hugepages);
        *ret = request;
        return 0;
}

bool request_is_empty(const HintsRequest *request) {
        uint64_t sum = bytes_add_saturated(request->split.local.min, request->split.remote.min);

        for (size_t i = 0; i < request->hugepages.n_items; ++i)
                sum = bytes_add_saturated(sum, request->hugepages.items[i].bytes);
        return sum == 0;
}

PodAmounts request_get_amounts(const HintsRequest *request) {
        const uint64_t plain =
                bytes_add_saturated(request->split.local.min, request->split.remote.min);
        PodAmounts amounts = {};

        if (plain > 0)
                amounts.items[amounts.n_items++] = (PodAmount){ .bytes = plain };
        for (size_t i = 0; i < request->hugepages.n_items; ++i)
                if (amounts.n_items < ELEMENTSOF(amounts.items))
                        amounts.items[amounts.n_items++] = request->hugepages.items[i];
        return amounts;
}
