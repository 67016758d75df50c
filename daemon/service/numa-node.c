/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One NUMA node as a message, and the helpers that all messages are built with
 *
 * A message is allocated from the request's arena with everything that hangs on it, filled, encoded
 * and forgotten: there is no way to free a part of it, and none is needed. Strings of the snapshot
 * are borrowed, because the snapshot outlives the call.
 */
#include <assert.h>
#include <string.h>

#include "service/messages.h"

void **message_list(Arena *arena, size_t n, size_t size, const ProtobufCMessage *init) {
        /* never an empty array: NULL must mean that memory ran out */
        void **list = arena_alloc_array(arena, n ? n : 1, sizeof(*list));

        for (size_t i = 0; list && i < n; ++i) {
                list[i] = arena_alloc(arena, size);
                if (!list[i])
                        return NULL;
                memcpy(list[i], init, size);
        }
        return list;
}

void message_set(ProtobufCMessage *message, const char *field_name, OptU64 value) {
        const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field_name);
        char *base = (char *)message;

        assert(field && field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF);
        if (!value.present)
                return;
        memcpy(base + field->quantifier_offset, &field->id, sizeof(field->id));
        switch (field->type) {
        case PROTOBUF_C_TYPE_UINT64:
                memcpy(base + field->offset, &value.value, sizeof(value.value));
                return;
        case PROTOBUF_C_TYPE_UINT32:
                memcpy(base + field->offset, &(const uint32_t){ (uint32_t)value.value },
                       sizeof(uint32_t));
                return;
        case PROTOBUF_C_TYPE_BOOL:
                memcpy(base + field->offset, &(const protobuf_c_boolean){ value.value != 0 },
                       sizeof(protobuf_c_boolean));
                return;
        default: /* of the library's many types, only these are optional in ours */
                assert(false);
        }
}

void message_set_text(ProtobufCMessage *message, const char *field_name, char *text) {
        const ProtobufCFieldDescriptor *field =
                protobuf_c_message_descriptor_get_field_by_name(message->descriptor, field_name);
        char *base = (char *)message;

        assert(field && field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
               field->type == PROTOBUF_C_TYPE_STRING);
        memcpy(base + field->quantifier_offset, &field->id, sizeof(field->id));
        memcpy(base + field->offset, &text, sizeof(text));
}

static const char *format_nodes(Arena *arena, const NodeSet *nodes) {
        char text[NODESET_TEXT_MAX];

        return arena_strdup(arena, nodeset_format(nodes, text));
}

static int add_hugepages(Arena *arena, const SysfsNode *row, Slug__V1__NumaNode *message) {
        message->hugepages = MESSAGE_LIST(arena, row->n_hugepages, Slug__V1__HugepagePool,
                                          SLUG__V1__HUGEPAGE_POOL__INIT);
        if (!message->hugepages)
                return -ENOMEM;
        message->n_hugepages = row->n_hugepages;
        for (size_t i = 0; i < row->n_hugepages; ++i) {
                const SysfsHugepages *from = &row->hugepages[i];
                Slug__V1__HugepagePool *pool = message->hugepages[i];

                pool->page_size_bytes = from->page_bytes;
                pool->pages = from->n_pages;
                message_set(&pool->base, "free_pages", from->n_free_pages);
                message_set(&pool->base, "surplus_pages", from->n_surplus_pages);
        }
        return 0;
}

/* The columns are the machine's nodes in row order. */
static int add_distances(Arena *arena,
                         const SysfsMachine *machine,
                         const SysfsNode *row,
                         Slug__V1__NumaNode *message) {
        const size_t n = row->distances ? machine->n_nodes : 0;

        message->distances = MESSAGE_LIST(arena, n, Slug__V1__Distance, SLUG__V1__DISTANCE__INIT);
        if (!message->distances)
                return -ENOMEM;
        message->n_distances = n;
        for (size_t i = 0; i < n; ++i) {
                message->distances[i]->numa_node = machine->nodes[i].id;
                message->distances[i]->distance = row->distances[i];
        }
        return 0;
}

static int add_access(Arena *arena, const SysfsNode *row, Slug__V1__NumaNode *message) {
        message->access = MESSAGE_LIST(arena, ELEMENTSOF(row->access), Slug__V1__AccessClass,
                                       SLUG__V1__ACCESS_CLASS__INIT);
        if (!message->access)
                return -ENOMEM;
        for (unsigned i = 0; i < ELEMENTSOF(row->access); ++i) {
                const SysfsAccess *from = &row->access[i];
                Slug__V1__AccessClass *access = message->access[message->n_access];

                if (!from->is_present)
                        continue;
                ++message->n_access;
                access->access_class = i;
                access->initiators = (char *)format_nodes(arena, &from->initiators);
                if (!access->initiators)
                        return -ENOMEM;
                message_set(&access->base, "read_latency_ns", from->read_latency_ns);
                message_set(&access->base, "write_latency_ns", from->write_latency_ns);
                message_set(&access->base, "read_bandwidth_mbps", from->read_bandwidth_mbps);
                message_set(&access->base, "write_bandwidth_mbps", from->write_bandwidth_mbps);
        }
        return 0;
}

static int add_side_caches(Arena *arena, const SysfsNode *row, Slug__V1__NumaNode *message) {
        message->memory_side_caches =
                MESSAGE_LIST(arena, row->n_side_caches, Slug__V1__MemorySideCache,
                             SLUG__V1__MEMORY_SIDE_CACHE__INIT);
        if (!message->memory_side_caches)
                return -ENOMEM;
        message->n_memory_side_caches = row->n_side_caches;
        for (size_t i = 0; i < row->n_side_caches; ++i) {
                Slug__V1__MemorySideCache *cache = message->memory_side_caches[i];

                cache->level = row->side_caches[i].level;
                message_set(&cache->base, "size_bytes", row->side_caches[i].size_bytes);
                message_set(&cache->base, "line_size_bytes", row->side_caches[i].line_size_bytes);
        }
        return 0;
}

/* A kernel before 6.3 has none of the files: then there is no message either. */
static int add_failures(Arena *arena, const SysfsFailures *from, Slug__V1__NumaNode *message) {
        Slug__V1__MemoryFailures **list;

        if (!from->total.present)
                return 0;
        list = MESSAGE_LIST(arena, 1, Slug__V1__MemoryFailures, SLUG__V1__MEMORY_FAILURES__INIT);
        if (!list)
                return -ENOMEM;
        message->memory_failures = list[0];
        message_set(&list[0]->base, "total", from->total);
        message_set(&list[0]->base, "recovered", from->recovered);
        message_set(&list[0]->base, "ignored", from->ignored);
        message_set(&list[0]->base, "failed", from->failed);
        message_set(&list[0]->base, "delayed", from->delayed);
        return 0;
}

static int add_blocks(Arena *arena, const TopologyNode *node, Slug__V1__NumaNode *message) {
        Slug__V1__MemoryBlocks **list;

        if (node->n_online_blocks + node->n_offline_blocks == 0)
                return 0;
        list = MESSAGE_LIST(arena, 1, Slug__V1__MemoryBlocks, SLUG__V1__MEMORY_BLOCKS__INIT);
        if (!list)
                return -ENOMEM;
        message->memory_blocks = list[0];
        list[0]->online = node->n_online_blocks;
        list[0]->offline = node->n_offline_blocks;
        list[0]->movable = node->n_movable_blocks;
        return 0;
}

static Slug__V1__MemoryKind encode_kind(MemoryKind kind) {
        static const Slug__V1__MemoryKind kinds[_MEMORY_KIND_N] = {
                [MEMORY_KIND_UNKNOWN] = SLUG__V1__MEMORY_KIND__MEMORY_KIND_UNSPECIFIED,
                [MEMORY_KIND_DRAM] = SLUG__V1__MEMORY_KIND__MEMORY_KIND_DRAM,
                [MEMORY_KIND_HBM] = SLUG__V1__MEMORY_KIND__MEMORY_KIND_HBM,
                [MEMORY_KIND_CXL] = SLUG__V1__MEMORY_KIND__MEMORY_KIND_CXL,
                [MEMORY_KIND_PMEM] = SLUG__V1__MEMORY_KIND__MEMORY_KIND_PMEM,
                [MEMORY_KIND_GPU] = SLUG__V1__MEMORY_KIND__MEMORY_KIND_GPU,
        };

        return kinds[kind];
}

Slug__V1__Locality message_encode_locality(Locality locality) {
        static const Slug__V1__Locality localities[_LOCALITY_N] = {
                [LOCALITY_NONE] = SLUG__V1__LOCALITY__LOCALITY_UNSPECIFIED,
                [LOCALITY_LOCAL] = SLUG__V1__LOCALITY__LOCALITY_LOCAL,
                [LOCALITY_REMOTE] = SLUG__V1__LOCALITY__LOCALITY_REMOTE,
                [LOCALITY_EXCLUDED] = SLUG__V1__LOCALITY__LOCALITY_EXCLUDED,
        };

        return localities[locality];
}

static int add_rows(Arena *arena,
                    const SysfsMachine *machine,
                    const SysfsNode *row,
                    Slug__V1__NumaNode *message) {
        int r;

        message->cpu_count = row->n_cpus;
        message->cpus = (char *)row->cpulist;
        r = add_hugepages(arena, row, message);
        if (r)
                return r;
        r = add_distances(arena, machine, row, message);
        if (r)
                return r;
        r = add_access(arena, row, message);
        if (r)
                return r;
        r = add_side_caches(arena, row, message);
        if (r)
                return r;
        return add_failures(arena, &row->failures, message);
}

int message_build_numa_node(Arena *arena,
                            const Topology *topology,
                            const TopologyNode *node,
                            Slug__V1__NumaNode **ret) {
        Slug__V1__NumaNode **list =
                MESSAGE_LIST(arena, 1, Slug__V1__NumaNode, SLUG__V1__NUMA_NODE__INIT);
        Slug__V1__NumaNode *message;
        int r;

        if (!list)
                return -ENOMEM;
        message = list[0];
        message->id = node->id;
        message->kind = encode_kind(node->kind);
        message->locality = message_encode_locality(node->locality);
        message->reason = (char *)node->reason;
        message->evidence = (char *)node->evidence;
        message->advice = (char *)node->advice;
        message->movable_only = node->is_movable_only;
        message->generic_initiator = node->is_generic_initiator;
        message_set(&message->base, "capacity_bytes",
                    node->is_capacity_known ? opt_u64(node->capacity_bytes) : (OptU64){});
        message_set(&message->base, "tier", node->tier);
        r = add_blocks(arena, node, message);
        if (r)
                return r;
        if (node->row) {
                r = add_rows(arena, topology->machine, node->row, message);
                if (r)
                        return r;
        }
        *ret = message;
        return 0;
}
