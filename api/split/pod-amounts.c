/* SPDX-License-Identifier: Apache-2.0 */
#include "split/pod-amounts.h"

#include <string.h>

#include "base/bytes.h"
#include "base/quantity.h"
#include "split/pod-quantity.h"
#include "split/quote.h"

/*
 * What the kubelet's Static policy counts
 *
 * Of a container: its requests of memory and huge pages, and nothing else of it; limits matter only
 * for whether it counts at all in a pod with pod-level resources, where just those whose requests
 * and limits of CPU and memory are equal have memory of their own. A request of 0 is a row of 0
 * bytes, because the kubelet gives hints for it, too.
 *
 * Of a pod: with pod-level resources those, without rows of 0. Otherwise the containers that run at
 * the same time, and that is the larger of
 *
 *      all containers and all sidecars
 *      each init container and the sidecars that were started before it
 *
 * for every kind of page that a container which is no init container names; what only init
 * containers name is not counted, as in the kubelet. A sum above 2^64-1 wraps around there and is
 * refused here.
 *
 * Source: getContainerRequestedResources() and getPodRequestedResources() in policy_static.go of
 * the memory manager, IsContainerEquivalentQOSGuaranteed() in pkg/kubelet/cm/qos and
 * IsPodLevelResourcesSet() in k8s.io/component-helpers/resource, read at 1.36.3.
 */
#define HUGEPAGES_PREFIX "hugepages-"

uint64_t *pod_amounts_get_row(PodAmounts *amounts, uint64_t page_bytes) {
        size_t at = 0;

        while (at < amounts->n_items && amounts->items[at].page_bytes < page_bytes)
                ++at;
        if (at < amounts->n_items && amounts->items[at].page_bytes == page_bytes)
                return &amounts->items[at].bytes;
        /* One place is for plain memory only. */
        if (page_bytes > 0 &&
            amounts->n_items - (amounts->n_items > 0 && amounts->items[0].page_bytes == 0) >=
                    POD_PAGE_SIZES)
                return NULL;
        memmove(&amounts->items[at + 1], &amounts->items[at],
                (amounts->n_items - at) * sizeof(amounts->items[0]));
        amounts->items[at] = (PodAmount){ .page_bytes = page_bytes };
        ++amounts->n_items;
        return &amounts->items[at].bytes;
}

static uint64_t get_bytes(const PodAmounts *amounts, uint64_t page_bytes) {
        for (size_t i = 0; i < amounts->n_items; ++i)
                if (amounts->items[i].page_bytes == page_bytes)
                        return amounts->items[i].bytes;
        return 0;
}

/* By name only: a huge page resource counts whatever its size is. */
static bool is_memory_kind(const char *resource) {
        return strcmp(resource, "memory") == 0 ||
               strncmp(resource, HUGEPAGES_PREFIX, strlen(HUGEPAGES_PREFIX)) == 0;
}

static bool has_pod_level_kind(const PodQuantity *quantities, size_t n_quantities) {
        for (size_t i = 0; i < n_quantities; ++i)
                if (is_memory_kind(quantities[i].name) || strcmp(quantities[i].name, "cpu") == 0)
                        return true;
        return false;
}

bool pod_has_resources(const Pod *pod) {
        return has_pod_level_kind(pod->resources.requests, pod->resources.n_requests) ||
               has_pod_level_kind(pod->resources.limits, pod->resources.n_limits);
}

static bool is_equal_and_some(const PodResources *resources, const char *name) {
        const PodNanos request =
                pod_quantities_get_nanos(resources->requests, resources->n_requests, name);

        return request > 0 &&
               request == pod_quantities_get_nanos(resources->limits, resources->n_limits, name);
}

static int
refuse_quantity(const Pod *pod, const char *container, const PodQuantity *request, Diag *reterr) {
        const size_t n_text = strlen(request->quantity);
        char quoted[QUOTE_MAX], canonical[QUANTITY_TEXT_MAX];
        Quantity quantity;
        bool has_better = false;
        int64_t value;

        if (quantity_parse(request->quantity, n_text, &quantity) == 0)
                has_better = pod_quantity_to_int64(quantity_format(&quantity, canonical), &value);
        pod_diag_set(reterr, pod, container,
                     "requests.%s: expected a number of bytes that the kubelet takes, found %s%s%s",
                     request->name, quote_format(request->quantity, n_text, quoted),
                     has_better ? ", which it takes as " : "", has_better ? canonical : "");
        return POD_E_INVALID;
}

/* @container: NULL: the resources of the pod itself, where a request of 0 is none */
static int collect(const Pod *pod,
                   const char *container,
                   const PodResources *resources,
                   PodAmounts *ret,
                   Diag *reterr) {
        PodAmounts amounts = {};

        for (size_t i = 0; i < resources->n_requests; ++i) {
                const PodQuantity *request = &resources->requests[i];
                uint64_t page_bytes = 0, *row;
                int64_t bytes;

                if (!is_memory_kind(request->name))
                        continue;
                if (!pod_quantity_to_int64(request->quantity, &bytes) || bytes < 0)
                        return refuse_quantity(pod, container, request, reterr);
                if (bytes == 0 && !container)
                        continue;
                row = strcmp(request->name, "memory") == 0 ||
                                      pod_parse_hugepages(request->name, &page_bytes)
                              ? pod_amounts_get_row(&amounts, page_bytes)
                              : NULL;
                if (!row) {
                        pod_diag_set(reterr, pod, container,
                                     "requests.%s: expected a page size such as hugepages-2Mi, and "
                                     "at most %u of them",
                                     request->name, POD_PAGE_SIZES);
                        return POD_E_INVALID;
                }
                *row = (uint64_t)bytes;
        }
        *ret = amounts;
        return 0;
}

int pod_get_container_amounts(const Pod *pod,
                              const PodContainer *container,
                              bool with_pod_level,
                              PodAmounts *ret,
                              Diag *reterr) {
        if (with_pod_level && pod_has_resources(pod) &&
            (!is_equal_and_some(&container->resources, "cpu") ||
             !is_equal_and_some(&container->resources, "memory"))) {
                *ret = (PodAmounts){};
                return 0;
        }
        return collect(pod, container->name, &container->resources, ret, reterr);
}

/* What is running while a pod starts and runs. */
typedef struct Sums {
        PodAmounts apps;
        PodAmounts sidecars;   /* those that were seen so far */
        PodAmounts init_peaks; /* of an init container with the sidecars before it */
} Sums;

static bool add_row(PodAmounts *sum, const PodAmount *amount) {
        uint64_t *row = pod_amounts_get_row(sum, amount->page_bytes);

        return row && bytes_add(*row, amount->bytes, row) == 0;
}

static bool raise_peak(Sums *sums, const PodAmount *amount) {
        uint64_t *row = pod_amounts_get_row(&sums->init_peaks, amount->page_bytes);
        uint64_t bytes;

        if (!row ||
            bytes_add(get_bytes(&sums->sidecars, amount->page_bytes), amount->bytes, &bytes) != 0)
                return false;
        if (bytes > *row)
                *row = bytes;
        return true;
}

static bool add_container(Sums *sums, const PodContainer *container, const PodAmounts *amounts) {
        for (size_t i = 0; i < amounts->n_items; ++i) {
                const PodAmount *amount = &amounts->items[i];
                bool is_added;

                if (!container->is_init)
                        is_added = add_row(&sums->apps, amount);
                else if (container->is_restartable)
                        is_added = add_row(&sums->sidecars, amount);
                else
                        is_added = raise_peak(sums, amount);
                if (!is_added)
                        return false;
        }
        return true;
}

static bool finish(const Sums *sums, PodAmounts *ret) {
        PodAmounts amounts = sums->apps;

        for (size_t i = 0; i < amounts.n_items; ++i) {
                PodAmount *amount = &amounts.items[i];
                const uint64_t peak = get_bytes(&sums->init_peaks, amount->page_bytes);

                if (bytes_add(amount->bytes, get_bytes(&sums->sidecars, amount->page_bytes),
                              &amount->bytes) != 0)
                        return false;
                if (amount->bytes < peak)
                        amount->bytes = peak;
        }
        *ret = amounts;
        return true;
}

static int refuse_sum(const Pod *pod, const char *container, Diag *reterr) {
        pod_diag_set(reterr, pod, container,
                     "requests: all containers together ask for more than 2^64-1 bytes of memory, "
                     "or for more than %u page sizes",
                     POD_PAGE_SIZES);
        return POD_E_INVALID;
}

int pod_get_amounts(const Pod *pod, bool with_pod_level, PodAmounts *ret, Diag *reterr) {
        Sums sums = {};

        if (with_pod_level && pod_has_resources(pod))
                return collect(pod, NULL, &pod->resources, ret, reterr);
        for (size_t i = 0; i < pod->n_containers; ++i) {
                const PodContainer *container = &pod->containers[i];
                PodAmounts amounts;
                int r = pod_get_container_amounts(pod, container, with_pod_level, &amounts, reterr);

                if (r != 0)
                        return r;
                if (!add_container(&sums, container, &amounts))
                        return refuse_sum(pod, container->name, reterr);
        }
        return finish(&sums, ret) ? 0 : refuse_sum(pod, NULL, reterr);
}
