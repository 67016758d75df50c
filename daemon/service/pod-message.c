/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pods and requests from messages
 *
 * Borrowed as far as they go: a Pod points into the message that it came from.
 */
#include <inttypes.h>
#include <string.h>

#include "service/memory-messages.h"

static int read_requests(Arena *arena, const Slug__V1__PodResources *message, PodResources *ret) {
        PodQuantity *requests =
                arena_alloc_array(arena, message->n_requests + 1, sizeof(*requests));
        PodQuantity *limits = arena_alloc_array(arena, message->n_limits + 1, sizeof(*limits));

        if (!requests || !limits)
                return -ENOMEM;
        for (size_t i = 0; i < message->n_requests; ++i)
                requests[i] = (PodQuantity){ .name = message->requests[i]->key,
                                             .quantity = message->requests[i]->value };
        for (size_t i = 0; i < message->n_limits; ++i)
                limits[i] = (PodQuantity){ .name = message->limits[i]->key,
                                           .quantity = message->limits[i]->value };
        *ret = (PodResources){
                .requests = requests,
                .n_requests = message->n_requests,
                .limits = limits,
                .n_limits = message->n_limits,
        };
        return 0;
}

static int read_container(Arena *arena,
                          const Slug__V1__PodContainer *message,
                          bool is_init,
                          PodContainer *ret) {
        *ret = (PodContainer){
                .name = message->name,
                .is_init = is_init,
                .is_restartable = is_init && strcmp(message->restart_policy, "Always") == 0,
        };
        return message->resources ? read_requests(arena, message->resources, &ret->resources) : 0;
}

static int read_containers(Arena *arena, const Slug__V1__Pod *message, Pod *pod) {
        const size_t n = message->n_init_containers + message->n_containers;
        PodContainer *containers = arena_alloc_array(arena, n + 1, sizeof(*containers));
        int r = 0;

        if (!containers)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < message->n_init_containers; ++i)
                r = read_container(arena, message->init_containers[i], true, &containers[i]);
        for (size_t i = 0; r == 0 && i < message->n_containers; ++i)
                r = read_container(arena, message->containers[i], false,
                                   &containers[message->n_init_containers + i]);
        pod->containers = containers;
        pod->n_containers = n;
        return r;
}

static QosClass read_qos(Slug__V1__QosClass qos) {
        switch (qos) {
        case SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED:
                return QOS_GUARANTEED;
        case SLUG__V1__QOS_CLASS__QOS_CLASS_BURSTABLE:
                return QOS_BURSTABLE;
        case SLUG__V1__QOS_CLASS__QOS_CLASS_BEST_EFFORT:
                return QOS_BEST_EFFORT;
        case SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED:
        case _SLUG__V1__QOS_CLASS_IS_INT_SIZE:
                break;
        }
        return QOS_UNKNOWN;
}

int memory_read_pod(Arena *arena, const Slug__V1__Pod *message, Pod *ret, Diag *reterr) {
        PodAnnotation *annotations;
        int r;

        if (!message) {
                diag_set(reterr, NULL, 0, 0, "the request has no pod");
                return MEMORY_E_INVALID;
        }
        *ret = (Pod){
                .uid = message->uid,
                .namespace_name = message->namespace_,
                .name = message->name,
                .qos = read_qos(message->qos_class),
                .n_annotations = message->n_annotations,
        };
        annotations = arena_alloc_array(arena, message->n_annotations + 1, sizeof(*annotations));
        if (!annotations)
                return -ENOMEM;
        for (size_t i = 0; i < message->n_annotations; ++i)
                annotations[i] = (PodAnnotation){ .name = message->annotations[i]->key,
                                                  .value = message->annotations[i]->value };
        ret->annotations = annotations;
        r = read_containers(arena, message, ret);
        if (r == 0 && message->resources)
                r = read_requests(arena, message->resources, &ret->resources);
        if (r)
                return r;
        r = pod_check(ret, reterr);
        return r > 0 ? MEMORY_E_INVALID : r;
}

static int
read_range(const char *what, const Slug__V1__MemoryRange *message, SplitRange *ret, Diag *reterr) {
        if (!message)
                return 0;
        ret->min = message->min_bytes;
        ret->max = message->_max_bytes_case == SLUG__V1__MEMORY_RANGE___MAX_BYTES_MAX_BYTES
                           ? message->max_bytes
                           : SPLIT_UNLIMITED;
        if (ret->min <= ret->max)
                return 0;
        diag_set(reterr, NULL, 0, 0, "%s: min %" PRIu64 " is above max %" PRIu64, what, ret->min,
                 ret->max);
        return MEMORY_E_INVALID;
}

int memory_read_request(const Slug__V1__MemoryRequest *message, HintsRequest *ret, Diag *reterr) {
        HintsRequest request = {};
        int r = 0;

        if (message->split)
                r = read_range("local", message->split->local, &request.split.local, reterr);
        if (r == 0 && message->split)
                r = read_range("remote", message->split->remote, &request.split.remote, reterr);
        if (r == 0 && message->n_hugepages > POD_PAGE_SIZES) {
                diag_set(reterr, NULL, 0, 0, "%zu sizes of huge pages; at most %u are taken",
                         message->n_hugepages, POD_PAGE_SIZES);
                r = MEMORY_E_INVALID;
        }
        for (size_t i = 0; r == 0 && i < message->n_hugepages; ++i) {
                if (message->hugepages[i]->page_size_bytes == 0) {
                        diag_set(reterr, NULL, 0, 0, "huge pages have no size");
                        r = MEMORY_E_INVALID;
                        break;
                }
                request.hugepages.items[request.hugepages.n_items++] = (PodAmount){
                        .page_bytes = message->hugepages[i]->page_size_bytes,
                        .bytes = message->hugepages[i]->bytes,
                };
        }
        if (r == 0)
                *ret = request;
        return r;
}

int memory_read_affinity(const Slug__V1__Affinity *message, HintsAffinity *ret, Diag *reterr) {
        ret->is_preferred = message->preferred;
        ret->nodes = (NodeSet){};
        if (message->numa_nodes[0] == '\0' ||
            nodeset_parse(message->numa_nodes, strlen(message->numa_nodes), &ret->nodes) == 0)
                return 0;
        diag_set(reterr, NULL, 0, 0, "affinity: '%.64s' is no list of NUMA nodes such as 0-1,4",
                 message->numa_nodes);
        return MEMORY_E_INVALID;
}

bool memory_read_mode(Slug__V1__HintMode mode, HintsMode *ret) {
        switch (mode) {
        case SLUG__V1__HINT_MODE__HINT_MODE_UNSPECIFIED:
        case SLUG__V1__HINT_MODE__HINT_MODE_SLUG:
                *ret = HINTS_SLUG;
                return true;
        case SLUG__V1__HINT_MODE__HINT_MODE_KUBELET:
                *ret = HINTS_KUBELET;
                return true;
        case _SLUG__V1__HINT_MODE_IS_INT_SIZE:
                break;
        }
        return false;
}
