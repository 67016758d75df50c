/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "kubelet/collect-rows.h"

/*
 * Rows into messages. Go walks over its maps in another order each time; everything that comes of
 * one is sorted here, so that a report says the same as the one before when it is the same.
 */
#define OUR_ANNOTATIONS "memory.sluglab.io/"
#define ANNOTATIONS_MAX 128u
#define ANNOTATION_MAX  4096u /* bytes of one */
#define BLOCKS_MAX      64u

/* Requests and limits */

/* Entries of a map of text, of @descriptor: a key and a value. */
static int build_map(Arena *arena,
                     const PodQuantity *quantities,
                     size_t n,
                     const ProtobufCMessageDescriptor *descriptor,
                     void *ret_entries,
                     size_t *ret_n) {
        ProtobufCMessage **entries;

        *ret_n = n;
        if (n == 0)
                return 0;
        entries = arena_alloc_array(arena, n, sizeof(*entries));
        if (!entries)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                char *entry = arena_alloc(arena, descriptor->sizeof_message);

                if (!entry)
                        return -ENOMEM;
                entries[i] = (ProtobufCMessage *)(void *)entry;
                protobuf_c_message_init(descriptor, entries[i]);
                *(const char **)(void *)(entry + descriptor->fields[0].offset) = quantities[i].name;
                *(const char **)(void *)(entry + descriptor->fields[1].offset) =
                        quantities[i].quantity;
        }
        memcpy(ret_entries, &entries, sizeof(entries));
        return 0;
}

static int
build_resources(Arena *arena, const PodResources *resources, Slug__V1__PodResources **ret) {
        Slug__V1__PodResources *message = arena_alloc(arena, sizeof(*message));
        int r;

        if (!message)
                return -ENOMEM;
        slug__v1__pod_resources__init(message);
        r = build_map(arena, resources->requests, resources->n_requests,
                      &slug__v1__pod_resources__requests_entry__descriptor, &message->requests,
                      &message->n_requests);
        if (r)
                return r;
        r = build_map(arena, resources->limits, resources->n_limits,
                      &slug__v1__pod_resources__limits_entry__descriptor, &message->limits,
                      &message->n_limits);
        if (r)
                return r;
        *ret = message;
        return 0;
}

/* Memory of the Static policy */

int collect_build_block(Arena *arena,
                        const V1__ContainerMemory *memory,
                        NodeSet *ret_nodes,
                        Slug__V1__MemoryBlock **ret) {
        Slug__V1__MemoryBlock *block = arena_alloc(arena, sizeof(*block));
        char text[NODESET_TEXT_MAX];
        NodeSet nodes = {};

        if (!block)
                return -ENOMEM;
        slug__v1__memory_block__init(block);
        for (size_t i = 0; memory->topology && i < memory->topology->n_nodes; ++i) {
                const int64_t id = memory->topology->nodes[i]->id;

                if (id >= 0 && id < (int64_t)NODESET_MAX)
                        nodeset_add(&nodes, (unsigned)id);
        }
        block->type = memory->memory_type;
        block->size_bytes = memory->size;
        block->numa_nodes = arena_strdup(arena, nodeset_format(&nodes, text));
        *ret_nodes = nodes;
        *ret = block;
        return block->numa_nodes ? 0 : -ENOMEM;
}

static int add_memory(Arena *arena,
                      const V1__ContainerResources *listed,
                      Slug__V1__ReportedContainer *message) {
        const size_t n = listed ? listed->n_memory : 0;
        NodeSet nodes;
        int r = 0;

        if (n == 0 || n > BLOCKS_MAX)
                return 0;
        message->memory = arena_alloc_array(arena, n, sizeof(*message->memory));
        if (!message->memory)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < n; ++i) {
                if (!collect_is_text(listed->memory[i]->memory_type, COLLECT_ID_MAX))
                        continue;
                r = collect_build_block(arena, listed->memory[i], &nodes,
                                        &message->memory[message->n_memory]);
                if (r == 0)
                        ++message->n_memory;
        }
        return r;
}

/* Containers */

static Slug__V1__ReportedContainerState get_state(const CollectContainer *container) {
        if (!container->runtime)
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNSPECIFIED;
        switch (container->runtime->state) {
        case RUNTIME__V1__CONTAINER_STATE__CONTAINER_CREATED:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_CREATED;
        case RUNTIME__V1__CONTAINER_STATE__CONTAINER_RUNNING:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_RUNNING;
        case RUNTIME__V1__CONTAINER_STATE__CONTAINER_EXITED:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_EXITED;
        case RUNTIME__V1__CONTAINER_STATE__CONTAINER_UNKNOWN:
        default:
                return SLUG__V1__REPORTED_CONTAINER_STATE__REPORTED_CONTAINER_STATE_UNKNOWN;
        }
}

static void add_detail(const Detail *detail, Slug__V1__ReportedContainer *message) {
        if (!detail)
                return;
        if (detail->spec.memory_limit_bytes.present) {
                message->_memory_limit_bytes_case =
                        SLUG__V1__REPORTED_CONTAINER___MEMORY_LIMIT_BYTES_MEMORY_LIMIT_BYTES;
                message->memory_limit_bytes = detail->spec.memory_limit_bytes.value;
        }
        if (detail->has_oom_score_adj) {
                message->_oom_score_adj_case =
                        SLUG__V1__REPORTED_CONTAINER___OOM_SCORE_ADJ_OOM_SCORE_ADJ;
                message->oom_score_adj = detail->oom_score_adj;
        }
        message->cgroup = (char *)detail->spec.cgroup;
}

static int build_container(Collection *collection,
                           const CollectPod *pod,
                           const CollectContainer *container,
                           Slug__V1__ReportedContainer **ret) {
        Slug__V1__ReportedContainer *message = arena_alloc(collection->arena, sizeof(*message));
        int r = 0;

        if (!message)
                return -ENOMEM;
        slug__v1__reported_container__init(message);
        message->name = (char *)container->name;
        message->state = get_state(container);
        if (container->runtime && collect_is_name(container->runtime->id) &&
            strlen(container->runtime->id) < COLLECT_ID_MAX) {
                message->id = container->runtime->id;
                if (collection->input->details)
                        add_detail(details_find(collection->input->details, message->id), message);
        }
        if (container->allocated)
                r = build_resources(collection->arena, &container->allocated->resources,
                                    &message->resources);
        if (r == 0)
                r = collect_devices(collection, pod, container, message);
        if (r == 0)
                r = collect_requested(collection, container, message);
        if (r == 0)
                r = add_memory(collection->arena, container->listed, message);
        *ret = message;
        return r;
}

static int compare_containers(const void *a, const void *b) {
        return strcmp(((const CollectContainer *)a)->name, ((const CollectContainer *)b)->name);
}

static int
build_containers(Collection *collection, const CollectPod *pod, Slug__V1__ReportedPod *message) {
        int r = 0;

        if (pod->n_containers == 0)
                return 0;
        qsort(pod->containers, pod->n_containers, sizeof(*pod->containers), compare_containers);
        message->containers = arena_alloc_array(collection->arena, pod->n_containers,
                                                sizeof(*message->containers));
        if (!message->containers)
                return -ENOMEM;
        message->n_containers = pod->n_containers;
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i)
                r = build_container(collection, pod, &pod->containers[i], &message->containers[i]);
        return r;
}

/* Pods */

static int compare_annotations(const void *a, const void *b) {
        return strcmp((*(Slug__V1__ReportedPod__AnnotationsEntry *const *)a)->key,
                      (*(Slug__V1__ReportedPod__AnnotationsEntry *const *)b)->key);
}

static bool is_our_annotation(const Runtime__V1__PodSandbox__AnnotationsEntry *entry) {
        return strncmp(entry->key, OUR_ANNOTATIONS, strlen(OUR_ANNOTATIONS)) == 0 &&
               collect_is_text(entry->key, ANNOTATION_MAX) &&
               collect_is_text(entry->value, ANNOTATION_MAX);
}

static int add_annotations(Arena *arena,
                           const Runtime__V1__PodSandbox *sandbox,
                           Slug__V1__ReportedPod *message) {
        for (size_t i = 0; i < sandbox->n_annotations && message->n_annotations < ANNOTATIONS_MAX;
             ++i) {
                Slug__V1__ReportedPod__AnnotationsEntry *entry;

                if (!is_our_annotation(sandbox->annotations[i]))
                        continue;
                if (!message->annotations)
                        message->annotations = arena_alloc_array(arena, ANNOTATIONS_MAX,
                                                                 sizeof(*message->annotations));
                entry = arena_alloc(arena, sizeof(*entry));
                if (!message->annotations || !entry)
                        return -ENOMEM;
                slug__v1__reported_pod__annotations_entry__init(entry);
                entry->key = sandbox->annotations[i]->key;
                entry->value = sandbox->annotations[i]->value;
                message->annotations[message->n_annotations++] = entry;
        }
        if (message->n_annotations > 0)
                qsort(message->annotations, message->n_annotations, sizeof(*message->annotations),
                      compare_annotations);
        return 0;
}

static Slug__V1__SandboxState get_sandbox(const CollectPod *pod) {
        if (!pod->sandbox)
                return SLUG__V1__SANDBOX_STATE__SANDBOX_STATE_UNSPECIFIED;
        return collect_is_ready(pod) ? SLUG__V1__SANDBOX_STATE__SANDBOX_STATE_READY
                                     : SLUG__V1__SANDBOX_STATE__SANDBOX_STATE_NOT_READY;
}

static int build_pod(Collection *collection, const CollectPod *pod, Slug__V1__ReportedPod **ret) {
        Slug__V1__ReportedPod *message = arena_alloc(collection->arena, sizeof(*message));
        const AllocatedPod *allocated = pod->allocated;
        int r = 0;

        if (!message)
                return -ENOMEM;
        slug__v1__reported_pod__init(message);
        message->uid = (char *)pod->uid;
        message->namespace_ = (char *)pod->namespace_name;
        message->name = (char *)pod->name;
        message->is_static = collect_is_static(pod);
        message->sandbox = get_sandbox(pod);
        message->listed_by_kubelet = pod->listed != NULL;
        if (allocated && allocated->resources.n_requests + allocated->resources.n_limits > 0)
                r = build_resources(collection->arena, &allocated->resources, &message->resources);
        if (r == 0 && pod->sandbox)
                r = add_annotations(collection->arena, pod->sandbox, message);
        if (r == 0)
                r = build_containers(collection, pod, message);
        *ret = message;
        return r;
}

int collect_messages(Collection *collection) {
        Collected *collected = collection->collected;
        int r = 0;

        collected->pods = arena_alloc_array(collection->arena, collection->n_pods + 1,
                                            sizeof(*collected->pods));
        if (!collected->pods)
                return -ENOMEM;
        collected->n_pods = collection->n_pods;
        for (size_t i = 0; r == 0 && i < collection->n_pods; ++i)
                r = build_pod(collection, &collection->pods[i], &collected->pods[i]);
        return r;
}
