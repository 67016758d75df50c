/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "split/pod.h"

/*
 * A runtime does not tell what a container requests, only its limit; of a guaranteed pod they are
 * the same. What pods ask for beside memory is none of slugd's business here.
 */
#define ANNOTATIONS_MAX 2u

typedef Slug__V1__Pod__AnnotationsEntry PodEntry;
typedef Slug__V1__PodResources__RequestsEntry RequestsEntry;
typedef Slug__V1__PodResources__LimitsEntry LimitsEntry;

/* What is there */

static const char *find_of_container(const NriContainer *container, const char *name) {
        for (size_t i = 0; i < container->n_annotations; ++i)
                if (strcmp(container->annotations[i]->key, name) == 0)
                        return container->annotations[i]->value;
        return "";
}

static bool is_split(const char *name, const NriContainer *container) {
        const size_t n_prefix = strlen(SPLIT_ANNOTATION_CONTAINER);

        return strcmp(name, SPLIT_ANNOTATION_POD) == 0 ||
               (strncmp(name, SPLIT_ANNOTATION_CONTAINER, n_prefix) == 0 &&
                strcmp(name + n_prefix, container->name) == 0);
}

bool request_asks(const NriPod *pod, const NriContainer *container) {
        if (find_of_container(container, REQUEST_ANNOTATION_CLAIM)[0])
                return true;
        for (size_t i = 0; i < pod->n_annotations; ++i)
                if (is_split(pod->annotations[i]->key, container))
                        return true;
        return false;
}

const char *request_get_mems(const NriResources *resources) {
        return resources && resources->cpu ? resources->cpu->mems : "";
}

static const char *get_cpus(const NriResources *resources) {
        return resources && resources->cpu ? resources->cpu->cpus : "";
}

const char *request_get_unified(const NriResources *resources, const char *file) {
        for (size_t i = 0; resources && i < resources->n_unified; ++i)
                if (strcmp(resources->unified[i]->key, file) == 0)
                        return resources->unified[i]->value;
        return "";
}

static uint64_t get_limit(const NriResources *resources) {
        const int64_t limit = resources && resources->memory && resources->memory->limit
                                      ? resources->memory->limit->value
                                      : 0;

        return limit > 0 ? (uint64_t)limit : 0;
}

/* By the cgroup that the kubelet has told the runtime: "/kubepods/burstable/podUID",
 * "kubepods-burstable-podUID.slice". */
static Slug__V1__QosClass get_qos(const NriPod *pod) {
        const char *parent = pod->linux ? pod->linux->cgroup_parent : "";

        if (!strstr(parent, "kubepods"))
                return SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED;
        if (strstr(parent, "besteffort"))
                return SLUG__V1__QOS_CLASS__QOS_CLASS_BEST_EFFORT;
        return strstr(parent, "burstable") ? SLUG__V1__QOS_CLASS__QOS_CLASS_BURSTABLE
                                           : SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED;
}

/* What is asked */

static int add_annotations(Arena *arena,
                           const NriPod *pod,
                           const NriContainer *container,
                           Slug__V1__Pod *message) {
        message->annotations =
                arena_alloc_array(arena, ANNOTATIONS_MAX, sizeof(*message->annotations));
        if (!message->annotations)
                return -ENOMEM;
        for (size_t i = 0; i < pod->n_annotations && message->n_annotations < ANNOTATIONS_MAX;
             ++i) {
                PodEntry *entry;

                if (!is_split(pod->annotations[i]->key, container))
                        continue;
                entry = arena_alloc(arena, sizeof(*entry));
                if (!entry)
                        return -ENOMEM;
                slug__v1__pod__annotations_entry__init(entry);
                entry->key = pod->annotations[i]->key;
                entry->value = pod->annotations[i]->value;
                message->annotations[message->n_annotations++] = entry;
        }
        return 0;
}

static int add_limit(Arena *arena, char *quantity, Slug__V1__PodResources *message) {
        LimitsEntry *entry = arena_alloc(arena, sizeof(*entry));

        message->limits = arena_alloc(arena, sizeof(*message->limits));
        if (!entry || !message->limits)
                return -ENOMEM;
        slug__v1__pod_resources__limits_entry__init(entry);
        entry->key = (char *)"memory";
        entry->value = quantity;
        message->limits[0] = entry;
        message->n_limits = 1;
        return 0;
}

static int add_request(Arena *arena, char *quantity, Slug__V1__PodResources *message) {
        RequestsEntry *entry = arena_alloc(arena, sizeof(*entry));

        message->requests = arena_alloc(arena, sizeof(*message->requests));
        if (!entry || !message->requests)
                return -ENOMEM;
        slug__v1__pod_resources__requests_entry__init(entry);
        entry->key = (char *)"memory";
        entry->value = quantity;
        message->requests[0] = entry;
        message->n_requests = 1;
        return 0;
}

static int add_resources(Arena *arena,
                         uint64_t limit,
                         Slug__V1__QosClass qos,
                         Slug__V1__PodContainer *message) {
        char *quantity = arena_printf(arena, "%" PRIu64, limit);
        int r;

        message->resources = arena_alloc(arena, sizeof(*message->resources));
        if (!quantity || !message->resources)
                return -ENOMEM;
        slug__v1__pod_resources__init(message->resources);
        if (limit == 0)
                return 0;
        r = add_limit(arena, quantity, message->resources);
        if (r == 0 && qos == SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED)
                r = add_request(arena, quantity, message->resources);
        return r;
}

static int
build_pod(Arena *arena, const NriPod *pod, const NriContainer *container, Slug__V1__Pod *message) {
        Slug__V1__PodContainer *only = arena_alloc(arena, sizeof(*only));
        int r;

        message->containers = arena_alloc(arena, sizeof(*message->containers));
        if (!only || !message->containers)
                return -ENOMEM;
        slug__v1__pod_container__init(only);
        only->name = container->name;
        message->containers[0] = only;
        message->n_containers = 1;
        message->uid = pod->uid;
        message->namespace_ = pod->namespace_;
        message->name = pod->name;
        message->qos_class = get_qos(pod);
        r = add_resources(arena, get_limit(request_get_resources(container)), message->qos_class,
                          only);
        return r ? r : add_annotations(arena, pod, container, message);
}

int request_build(Arena *arena, const NriPod *pod, const NriContainer *container, Admitted **ret) {
        const NriResources *resources = request_get_resources(container);
        Admitted *message = arena_alloc(arena, sizeof(*message));
        Slug__V1__Pod *of = arena_alloc(arena, sizeof(*of));

        if (!message || !of)
                return -ENOMEM;
        slug__v1__admitted_container__init(message);
        slug__v1__pod__init(of);
        message->pod = of;
        message->container = container->name;
        message->container_id = container->id;
        message->claim = (char *)find_of_container(container, REQUEST_ANNOTATION_CLAIM);
        message->cpus = (char *)get_cpus(resources);
        message->numa_nodes = (char *)request_get_mems(resources);
        *ret = message;
        return build_pod(arena, pod, container, of);
}
