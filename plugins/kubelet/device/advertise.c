/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/advertise.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nodeset.h"
#include "split/chunk.h"

/* Of ids, names, topology and the list itself; a device has about a hundred. */
#define ARENA_MAX (16u * 1024 * 1024)

/* Checks */

static int refuse(Diag *reterr, const char *what, const char *name) {
        diag_set(reterr, NULL, 0, 0, "%s '%.80s'", what, name);
        return ADVERTISE_E_REFUSED;
}

static bool is_plain(const char *text, size_t max) {
        const size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

        return n > 0 && n <= max && text[n] == '\0';
}

static bool is_resource(const char *name) {
        const size_t n = strlen(CHUNK_RESOURCE_PREFIX);

        return strncmp(name, CHUNK_RESOURCE_PREFIX, n) == 0 &&
               is_plain(name + n, CHUNK_RESOURCE_MAX - 1 - n);
}

static int check_resources(const Slug__V1__ChunkList *list, Diag *reterr) {
        if (list->n_resources > ADVERTISE_RESOURCES_MAX) {
                diag_set(reterr, NULL, 0, 0, "%zu resources, at most %u are expected",
                         list->n_resources, ADVERTISE_RESOURCES_MAX);
                return ADVERTISE_E_REFUSED;
        }
        for (size_t i = 0; i < list->n_resources; ++i) {
                const char *name = list->resources[i]->name;

                if (!is_resource(name))
                        return refuse(reterr, "not a resource of ours:", name);
                for (size_t j = 0; j < i; ++j)
                        if (strcmp(list->resources[j]->name, name) == 0)
                                return refuse(reterr, "there twice:", name);
        }
        return 0;
}

static int check_nodes(const Slug__V1__ChunkList *list, Diag *reterr) {
        for (size_t i = 0; i < list->n_numa_nodes; ++i) {
                const Slug__V1__ChunkNumaNode *node = list->numa_nodes[i];
                bool is_bad = node->n_topology > ADVERTISE_TOPOLOGY_MAX ||
                              (i > 0 && node->numa_node <= list->numa_nodes[i - 1]->numa_node);

                for (size_t j = 0; j < node->n_topology; ++j)
                        is_bad |= node->topology[j] >= NODESET_MAX;
                if (!is_bad)
                        continue;
                diag_set(reterr, NULL, 0, 0,
                         "NUMA node %u is out of order, or has a topology that cannot be",
                         node->numa_node);
                return ADVERTISE_E_REFUSED;
        }
        return 0;
}

int advertise_check(const Slug__V1__ChunkList *list, Diag *reterr) {
        int r = check_resources(list, reterr);

        if (!r)
                r = check_nodes(list, reterr);
        if (r)
                return r;
        if (list->n_chunks > CHUNK_LIST_MAX) {
                diag_set(reterr, NULL, 0, 0, "%zu chunks, at most %u are expected", list->n_chunks,
                         CHUNK_LIST_MAX);
                return ADVERTISE_E_REFUSED;
        }
        for (size_t i = 0; i < list->n_chunks; ++i) {
                const Slug__V1__Chunk *chunk = list->chunks[i];

                if (!is_plain(chunk->id, ADVERTISE_ID_MAX))
                        return refuse(reterr, "not an id of a chunk:", chunk->id);
                if (chunk->resource >= list->n_resources)
                        return refuse(reterr, "a chunk of no resource:", chunk->id);
        }
        return 0;
}

/* The list */

static V1beta1__NUMANode **make_nodes(Arena *arena, const uint32_t *ids, size_t n) {
        V1beta1__NUMANode **nodes = arena_alloc_array(arena, n, sizeof(*nodes));
        V1beta1__NUMANode *items = arena_alloc_array(arena, n, sizeof(*items));

        if (!nodes || !items)
                return NULL;
        for (size_t i = 0; i < n; ++i) {
                v1beta1__numanode__init(&items[i]);
                items[i].id = ids[i];
                nodes[i] = &items[i];
        }
        return nodes;
}

/* Shared by the chunks of a NUMA node. NULL, which is no topology, also when it has none. */
static int
make_topology(Arena *arena, const Slug__V1__ChunkNumaNode *node, V1beta1__TopologyInfo **ret) {
        V1beta1__TopologyInfo *info;

        *ret = NULL;
        if (!node || node->n_topology == 0)
                return 0;
        info = arena_alloc(arena, sizeof(*info));
        if (!info)
                return -ENOMEM;
        v1beta1__topology_info__init(info);
        info->n_nodes = node->n_topology;
        info->nodes = make_nodes(arena, node->topology, node->n_topology);
        if (!info->nodes)
                return -ENOMEM;
        *ret = info;
        return 0;
}

const Slug__V1__ChunkNumaNode *advertise_find_node(const Slug__V1__ChunkList *list, uint32_t id) {
        for (size_t i = 0; i < list->n_numa_nodes; ++i)
                if (list->numa_nodes[i]->numa_node == id)
                        return list->numa_nodes[i];
        return NULL;
}

static bool is_healthy(const Slug__V1__Chunk *chunk) {
        return chunk->state == SLUG__V1__CHUNK_STATE__CHUNK_STATE_FREE ||
               chunk->state == SLUG__V1__CHUNK_STATE__CHUNK_STATE_CLAIMED;
}

/* Chunks come by NUMA node, so that one topology is made after the other. */
static int
fill(Advertised *advertised, const Slug__V1__ChunkList *list, size_t resource, bool is_withdrawn) {
        Arena *arena = advertised->arena;
        V1beta1__Device *items = arena_alloc_array(arena, list->n_chunks, sizeof(*items));
        V1beta1__Device **devices = arena_alloc_array(arena, list->n_chunks, sizeof(*devices));
        const Slug__V1__Chunk *last = NULL;
        V1beta1__TopologyInfo *topology = NULL;
        size_t n = 0;
        int r;

        if (list->n_chunks > 0 && (!items || !devices))
                return -ENOMEM;
        for (size_t i = 0; i < list->n_chunks; ++i) {
                const Slug__V1__Chunk *chunk = list->chunks[i];
                const bool can_be_given = !is_withdrawn && is_healthy(chunk);

                if (chunk->resource != resource)
                        continue;
                if (!last || last->numa_node != chunk->numa_node) {
                        r = make_topology(arena, advertise_find_node(list, chunk->numa_node),
                                          &topology);
                        if (r)
                                return r;
                }
                last = chunk;
                v1beta1__device__init(&items[n]);
                items[n].id = arena_strdup(arena, chunk->id);
                if (!items[n].id)
                        return -ENOMEM;
                items[n].health = (char *)(can_be_given ? "Healthy" : "Unhealthy");
                items[n].topology = topology;
                advertised->n_healthy += can_be_given;
                devices[n] = &items[n];
                ++n;
        }
        advertised->message.devices = devices;
        advertised->message.n_devices = n;
        return 0;
}

int advertise_new(const Slug__V1__ChunkList *list,
                  size_t resource,
                  bool is_withdrawn,
                  Advertised **ret,
                  Diag *reterr) {
        _cleanup_(advertise_freep) Advertised *advertised = calloc(1, sizeof(*advertised));
        size_t n_bytes;
        int r;

        if (!advertised)
                return -ENOMEM;
        v1beta1__list_and_watch_response__init(&advertised->message);
        r = arena_new(ARENA_MAX, &advertised->arena);
        if (r)
                return r;
        r = fill(advertised, list, resource, is_withdrawn);
        if (r)
                return r;
        n_bytes = v1beta1__list_and_watch_response__get_packed_size(&advertised->message);
        if (n_bytes > ADVERTISE_BYTES_MAX) {
                diag_set(reterr, NULL, 0, 0,
                         "the list of %s has %zu bytes, and the kubelet takes 4 MiB at most: "
                         "configure larger chunks",
                         list->resources[resource]->name, n_bytes);
                return ADVERTISE_E_REFUSED;
        }
        *ret = TAKE_PTR(advertised);
        return 0;
}

Advertised *advertise_free(Advertised *advertised) {
        if (!advertised)
                return NULL;
        arena_free(advertised->arena);
        free(advertised);
        return NULL;
}

/* Comparing */

static bool is_equal_topology(const V1beta1__TopologyInfo *a, const V1beta1__TopologyInfo *b) {
        if (!a || !b)
                return a == b;
        if (a->n_nodes != b->n_nodes)
                return false;
        for (size_t i = 0; i < a->n_nodes; ++i)
                if (a->nodes[i]->id != b->nodes[i]->id)
                        return false;
        return true;
}

bool advertise_is_equal(const Advertised *a, const Advertised *b) {
        if (a->message.n_devices != b->message.n_devices)
                return false;
        for (size_t i = 0; i < a->message.n_devices; ++i) {
                const V1beta1__Device *one = a->message.devices[i], *other = b->message.devices[i];

                if (strcmp(one->id, other->id) != 0 || strcmp(one->health, other->health) != 0 ||
                    !is_equal_topology(one->topology, other->topology))
                        return false;
        }
        return true;
}
