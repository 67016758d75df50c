/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/answer.h"

#include <errno.h>
#include <inttypes.h>

#include "base/nodeset.h"
#include "split/split.h"

typedef V1beta1__ContainerAllocateResponse Answer;
typedef V1beta1__ContainerAllocateResponse__EnvsEntry Env;
typedef V1beta1__ContainerAllocateResponse__AnnotationsEntry Annotation;

#define ENTRIES_MAX 4u

/* Return: false when there is no memory, or no @value for want of it. */
static bool add_env(Answer *answer, Arena *arena, const char *key, char *value) {
        Env *env = arena_alloc(arena, sizeof(*env));

        if (!env || !value)
                return false;
        v1beta1__container_allocate_response__envs_entry__init(env);
        env->key = (char *)key;
        env->value = value;
        answer->envs[answer->n_envs++] = env;
        return true;
}

static bool add_annotation(Answer *answer, Arena *arena, const char *key, char *value) {
        Annotation *annotation = arena_alloc(arena, sizeof(*annotation));

        if (!annotation || !value)
                return false;
        v1beta1__container_allocate_response__annotations_entry__init(annotation);
        annotation->key = (char *)key;
        annotation->value = value;
        answer->annotations[answer->n_annotations++] = annotation;
        return true;
}

static bool add_cdi_device(Answer *answer, Arena *arena, const char *name) {
        V1beta1__CDIDevice *device = arena_alloc(arena, sizeof(*device));

        answer->cdi_devices = arena_alloc(arena, sizeof(*answer->cdi_devices));
        if (!device || !answer->cdi_devices)
                return false;
        v1beta1__cdidevice__init(device);
        device->name = arena_strdup(arena, name);
        answer->cdi_devices[answer->n_cdi_devices++] = device;
        return device->name;
}

static SplitRange get_range(const Slug__V1__MemoryRange *range) {
        if (!range)
                return (SplitRange){};
        return (SplitRange){
                .min = range->min_bytes,
                .max = range->_max_bytes_case == SLUG__V1__MEMORY_RANGE___MAX_BYTES_MAX_BYTES
                               ? range->max_bytes
                               : SPLIT_UNLIMITED,
        };
}

static char *format_split(const Slug__V1__MemorySplit *message, Arena *arena) {
        const Split split = { .local = get_range(message ? message->local : NULL),
                              .remote = get_range(message ? message->remote : NULL) };
        char text[SPLIT_TEXT_MAX];

        return arena_strdup(arena, split_format(&split, text));
}

static char *format_bytes(const Slug__V1__AllocateChunksResponse *response, Arena *arena) {
        uint64_t bytes = 0;

        for (size_t i = 0; i < response->n_numa_nodes; ++i)
                if (__builtin_add_overflow(bytes, response->numa_nodes[i]->bytes, &bytes))
                        bytes = UINT64_MAX;
        return arena_printf(arena, "%" PRIu64, bytes);
}

static char *format_nodes(const Slug__V1__AllocateChunksResponse *response, Arena *arena) {
        char text[NODESET_TEXT_MAX];
        NodeSet nodes = {};

        for (size_t i = 0; i < response->n_numa_nodes; ++i)
                if (response->numa_nodes[i]->numa_node < NODESET_MAX)
                        nodeset_add(&nodes, response->numa_nodes[i]->numa_node);
        return arena_strdup(arena, nodeset_format(&nodes, text));
}

int answer_container(const Slug__V1__AllocateChunksResponse *response,
                     const char *cdi_device,
                     Arena *arena,
                     V1beta1__ContainerAllocateResponse *ret) {
        v1beta1__container_allocate_response__init(ret);
        ret->envs = arena_alloc_array(arena, ENTRIES_MAX, sizeof(*ret->envs));
        ret->annotations = arena_alloc_array(arena, ENTRIES_MAX, sizeof(*ret->annotations));
        if (!ret->envs || !ret->annotations)
                return -ENOMEM;
        if (!add_env(ret, arena, ANSWER_ENV_CLAIM, arena_strdup(arena, response->claim)) ||
            !add_env(ret, arena, ANSWER_ENV_BYTES, format_bytes(response, arena)) ||
            !add_env(ret, arena, ANSWER_ENV_NODES, format_nodes(response, arena)) ||
            !add_annotation(ret, arena, ANSWER_ANNOTATION_CLAIM,
                            arena_strdup(arena, response->claim)) ||
            !add_annotation(ret, arena, ANSWER_ANNOTATION_SPLIT,
                            format_split(response->split, arena)))
                return -ENOMEM;
        if (cdi_device[0] && !add_cdi_device(ret, arena, cdi_device))
                return -ENOMEM;
        return 0;
}
