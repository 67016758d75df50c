/* SPDX-License-Identifier: Apache-2.0 */
#include "split/pod.h"

#include <string.h>

#include "base/quantity.h"
#include "split/chunk.h"
#include "split/pod-quantity.h"
#include "split/quote.h"

/*
 * The split of a container
 *
 * Its memory request and limit and its chunks are in its resources, the rest is in annotations. The
 * pod's annotation is for the one container that runs as long as the pod does: an init container
 * that ends before has its own annotation or none. Memory that is no whole number is rounded up and
 * a memory limit of 0 is no limit, as for the kubelet.
 */
typedef struct Reading {
        const Pod *pod;
        const PodContainer *container;
        Diag *reterr;
} Reading;

static int refuse(const Reading *reading,
                  const char *field,
                  const PodQuantity *quantity,
                  const char *expected) {
        char quoted[QUOTE_MAX];

        pod_diag_set(reading->reterr, reading->pod, reading->container->name,
                     "%s.%s: expected %s, found %s", field, quantity->name, expected,
                     quote_format(quantity->quantity, strlen(quantity->quantity), quoted));
        return POD_E_INVALID;
}

/* @must_be_whole: of chunks, where half a one is nothing */
static bool read_number(const char *text, bool must_be_whole, uint64_t *ret) {
        Quantity quantity;

        return quantity_parse(text, strlen(text), &quantity) == 0 &&
               (!must_be_whole || quantity.exponent >= 0) && quantity_to_u64(&quantity, ret) == 0;
}

/* Chunks of several NUMA nodes have a resource each, and add up. */
static int read_chunks(const Reading *reading,
                       const char *field,
                       const PodQuantity *quantity,
                       const ChunkResourceName *name,
                       SplitRequest *request,
                       uint64_t *sum) {
        uint64_t n_chunks;

        if (!read_number(quantity->quantity, true, &n_chunks))
                return refuse(reading, field, quantity, "a number of chunks");
        if (n_chunks == 0)
                return 0;
        if (request->n_chunks + *sum > 0 && request->chunk_bytes != name->bytes) {
                pod_diag_set(reading->reterr, reading->pod, reading->container->name,
                             "%s.%s: chunks of another size stand there already", field,
                             quantity->name);
                return POD_E_INVALID;
        }
        *sum = bytes_add_saturated(*sum, n_chunks);
        request->chunk_bytes = name->bytes;
        return 0;
}

/* @memory_bytes: left alone when there is none */
static int read_list(const Reading *reading,
                     const char *field,
                     const PodQuantity *quantities,
                     size_t n_quantities,
                     uint64_t *memory_bytes,
                     SplitRequest *request) {
        uint64_t n_chunks = 0;

        for (size_t i = 0; i < n_quantities; ++i) {
                ChunkResourceName name;
                int r = 0;

                if (strcmp(quantities[i].name, "memory") == 0) {
                        if (!read_number(quantities[i].quantity, false, memory_bytes))
                                r = refuse(reading, field, &quantities[i],
                                           "an amount of bytes such as 4Gi");
                } else if (chunk_resource_parse(quantities[i].name, &name)) {
                        r = read_chunks(reading, field, &quantities[i], &name, request, &n_chunks);
                }
                if (r != 0)
                        return r;
        }
        if (n_chunks > 0)
                request->n_chunks = n_chunks;
        return 0;
}

static int read_resources(const Reading *reading, SplitRequest *ret) {
        const PodResources *resources = &reading->container->resources;
        SplitRequest request = {};
        int r;

        r = read_list(reading, "requests", resources->requests, resources->n_requests,
                      &request.request_bytes, &request);
        if (r == 0)
                r = read_list(reading, "limits", resources->limits, resources->n_limits,
                              &request.limit_bytes, &request);
        if (r != 0)
                return r;
        if (request.limit_bytes == 0)
                request.limit_bytes = SPLIT_UNLIMITED;
        *ret = request;
        return 0;
}

static bool is_lasting(const PodContainer *container) {
        return !container->is_init || container->is_restartable;
}

static const PodAnnotation *find(const Reading *reading, const char *name, const char *suffix) {
        return pod_find_annotation(reading->pod->annotations, reading->pod->n_annotations, name,
                                   suffix);
}

/* @ret: NULL when the pod's annotation says nothing about this container */
static int find_for_pod(const Reading *reading, const PodAnnotation **ret) {
        const PodAnnotation *annotation = find(reading, SPLIT_ANNOTATION_POD, "");
        size_t n_lasting = 0;

        *ret = NULL;
        if (!annotation || !is_lasting(reading->container))
                return 0;
        for (size_t i = 0; i < reading->pod->n_containers; ++i)
                n_lasting += is_lasting(&reading->pod->containers[i]);
        if (n_lasting > 1) {
                pod_diag_set(reading->reterr, reading->pod, reading->container->name,
                             "annotation %s: expected one for each of %zu containers, %sNAME",
                             SPLIT_ANNOTATION_POD, n_lasting, SPLIT_ANNOTATION_CONTAINER);
                return POD_E_INVALID;
        }
        *ret = annotation;
        return 0;
}

/* @ret_has: false: there is none */
static int read_annotation(const Reading *reading, SplitText *ret, bool *ret_has) {
        const PodAnnotation *found =
                find(reading, SPLIT_ANNOTATION_CONTAINER, reading->container->name);
        int r;

        if (!found) {
                r = find_for_pod(reading, &found);
                if (r != 0)
                        return r;
        }
        *ret_has = found;
        if (!found)
                return 0;
        r = split_parse(found->name, found->value, strlen(found->value), ret, reading->reterr);
        return r > 0 ? POD_E_INVALID : r;
}

int pod_get_container_split(const Pod *pod,
                            const PodContainer *container,
                            Split *ret,
                            Diag *reterr) {
        const Reading reading = { pod, container, reterr };
        SplitRequest request;
        SplitText annotation = {};
        bool has_annotation;
        Diag diag;
        int r;

        r = read_resources(&reading, &request);
        if (r != 0)
                return r;
        r = read_annotation(&reading, &annotation, &has_annotation);
        if (r != 0)
                return r;
        if (has_annotation)
                request.annotation = &annotation;
        r = split_resolve(&request, ret, &diag);
        if (r <= 0)
                return r;
        pod_diag_set(reterr, pod, container->name, "%s", diag.text);
        return POD_E_INVALID;
}
