/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims as messages
 *
 * What the ledger knows of a claim, and back: an export is a list of these, and an import takes
 * them as they were.
 */
#include <string.h>

#include "service/memory-messages.h"

static const struct {
        ClaimState state;
        Slug__V1__ClaimState message;
} states[] = {
        { CLAIM_PENDING, SLUG__V1__CLAIM_STATE__CLAIM_STATE_PENDING },
        { CLAIM_ACTIVE, SLUG__V1__CLAIM_STATE__CLAIM_STATE_ACTIVE },
        { CLAIM_OBSERVED, SLUG__V1__CLAIM_STATE__CLAIM_STATE_OBSERVED },
        { CLAIM_UNCONFIRMED, SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNCONFIRMED },
        { CLAIM_RELEASING, SLUG__V1__CLAIM_STATE__CLAIM_STATE_RELEASING },
        { CLAIM_INVALID, SLUG__V1__CLAIM_STATE__CLAIM_STATE_INVALID },
};

static const struct {
        ClaimSource source;
        Slug__V1__ClaimSource message;
} sources[] = {
        { CLAIM_SOURCE_MEMORY_MANAGER, SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_MEMORY_MANAGER },
        { CLAIM_SOURCE_OPERATOR, SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_OPERATOR },
        { CLAIM_SOURCE_DEVICE_PLUGIN, SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_DEVICE_PLUGIN },
        { CLAIM_SOURCE_CHECKPOINT, SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_CHECKPOINT },
        { CLAIM_SOURCE_OBSERVED, SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_OBSERVED },
};

static const struct {
        QosClass qos;
        Slug__V1__QosClass message;
} classes[] = {
        { QOS_UNKNOWN, SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED },
        { QOS_GUARANTEED, SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED },
        { QOS_BURSTABLE, SLUG__V1__QOS_CLASS__QOS_CLASS_BURSTABLE },
        { QOS_BEST_EFFORT, SLUG__V1__QOS_CLASS__QOS_CLASS_BEST_EFFORT },
};

Slug__V1__QosClass memory_encode_qos(QosClass qos) {
        for (size_t i = 0; i < ELEMENTSOF(classes); ++i)
                if (classes[i].qos == qos)
                        return classes[i].message;
        return SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED;
}

char *memory_format_nodes(Arena *arena, const NodeSet *nodes) {
        char text[NODESET_TEXT_MAX];

        return arena_strdup(arena, nodeset_format(nodes, text));
}

/* Out */

static int build_range(Arena *arena, const SplitRange *range, Slug__V1__MemoryRange **ret) {
        Slug__V1__MemoryRange **list =
                MESSAGE_LIST(arena, 1, Slug__V1__MemoryRange, SLUG__V1__MEMORY_RANGE__INIT);

        if (!list)
                return -ENOMEM;
        list[0]->min_bytes = range->min;
        if (range->max != SPLIT_UNLIMITED)
                message_set(&list[0]->base, "max_bytes", opt_u64(range->max));
        *ret = list[0];
        return 0;
}

int memory_build_split(Arena *arena, const Split *split, Slug__V1__MemorySplit **ret) {
        Slug__V1__MemorySplit **list =
                MESSAGE_LIST(arena, 1, Slug__V1__MemorySplit, SLUG__V1__MEMORY_SPLIT__INIT);
        int r;

        if (!list)
                return -ENOMEM;
        r = build_range(arena, &split->local, &list[0]->local);
        if (r == 0)
                r = build_range(arena, &split->remote, &list[0]->remote);
        *ret = list[0];
        return r;
}

static int build_placement(Arena *arena, const LedgerBlock *block, Slug__V1__MemoryBlock *message) {
        message->placement = MESSAGE_LIST(arena, block->n_parts, Slug__V1__NumaNodeBytes,
                                          SLUG__V1__NUMA_NODE_BYTES__INIT);
        if (!message->placement)
                return -ENOMEM;
        message->n_placement = block->n_parts;
        for (size_t i = 0; i < block->n_parts; ++i) {
                message->placement[i]->numa_node = block->parts[i].node;
                message->placement[i]->page_size_bytes = block->page_bytes;
                message->placement[i]->bytes = block->parts[i].bytes;
        }
        return 0;
}

int memory_build_blocks(Arena *arena,
                        const LedgerClaim *claim,
                        size_t *ret_n,
                        Slug__V1__MemoryBlock ***ret) {
        Slug__V1__MemoryBlock **list = MESSAGE_LIST(arena, claim->n_blocks, Slug__V1__MemoryBlock,
                                                    SLUG__V1__MEMORY_BLOCK__INIT);
        char resource[POD_RESOURCE_NAME_MAX];

        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                const LedgerBlock *block = &claim->blocks[i];

                list[i]->type =
                        arena_strdup(arena, pod_format_resource(block->page_bytes, resource));
                list[i]->numa_nodes = memory_format_nodes(arena, &block->nodes);
                list[i]->size_bytes = block->bytes;
                if (!list[i]->type || !list[i]->numa_nodes ||
                    build_placement(arena, block, list[i]) < 0)
                        return -ENOMEM;
        }
        *ret_n = claim->n_blocks;
        *ret = list;
        return 0;
}

static void fill_words(const LedgerClaim *claim, Slug__V1__Claim *message) {
        for (size_t i = 0; i < ELEMENTSOF(states); ++i)
                if (states[i].state == claim->state)
                        message->state = states[i].message;
        for (size_t i = 0; i < ELEMENTSOF(sources); ++i)
                if (sources[i].source == claim->source)
                        message->source = sources[i].message;
        message->qos_class = memory_encode_qos(claim->qos);
}

static int fill_texts(Arena *arena, const LedgerClaim *claim, Slug__V1__Claim *message) {
        const struct {
                char **to;
                const char *from;
        } texts[] = {
                { &message->pod_uid, claim->pod_uid },
                { &message->container, claim->container },
                { &message->namespace_, claim->namespace_name },
                { &message->pod, claim->pod },
                { &message->container_id, claim->container_id },
                { &message->reason, claim->reason },
        };

        /* copied, because the answer may wait for the disk and the claim may go meanwhile */
        for (size_t i = 0; i < ELEMENTSOF(texts); ++i) {
                *texts[i].to = arena_strdup(arena, texts[i].from);
                if (!*texts[i].to)
                        return -ENOMEM;
        }
        message->chunks = arena_alloc_array(arena, claim->n_chunks + 1, sizeof(char *));
        if (!message->chunks)
                return -ENOMEM;
        for (size_t i = 0; i < claim->n_chunks; ++i) {
                message->chunks[i] = arena_strdup(arena, claim->chunks[i]);
                if (!message->chunks[i])
                        return -ENOMEM;
                message->n_chunks = i + 1;
        }
        return 0;
}

int memory_build_claim(Arena *arena, const LedgerClaim *claim, Slug__V1__Claim **ret) {
        Slug__V1__Claim **list = MESSAGE_LIST(arena, 1, Slug__V1__Claim, SLUG__V1__CLAIM__INIT);
        int r;

        if (!list)
                return -ENOMEM;
        fill_words(claim, list[0]);
        list[0]->within_pod = claim->is_within_pod;
        list[0]->created_usec = claim->created_usec;
        list[0]->generation = claim->generation;
        r = fill_texts(arena, claim, list[0]);
        if (r == 0)
                r = memory_build_split(arena, &claim->split, &list[0]->split);
        if (r == 0)
                r = memory_build_blocks(arena, claim, &list[0]->n_blocks, &list[0]->blocks);
        *ret = list[0];
        return r;
}

/* In */

static void read_range(const Slug__V1__MemoryRange *message, SplitRange *ret) {
        if (!message)
                return;
        ret->min = message->min_bytes;
        ret->max = message->_max_bytes_case == SLUG__V1__MEMORY_RANGE___MAX_BYTES_MAX_BYTES
                           ? message->max_bytes
                           : SPLIT_UNLIMITED;
}

static int
read_block(Arena *arena, const Slug__V1__MemoryBlock *message, LedgerBlock *ret, Diag *reterr) {
        LedgerPart *parts = arena_alloc_array(arena, message->n_placement + 1, sizeof(*parts));
        LedgerBlock block = { .bytes = message->size_bytes, .n_parts = message->n_placement };

        if (!parts)
                return -ENOMEM;
        if (strcmp(message->type, "memory") != 0 &&
            !pod_parse_hugepages(message->type, &block.page_bytes)) {
                diag_set(reterr, NULL, 0, 0,
                         "a block has type '%.64s'; it is memory or a size of "
                         "huge pages such as hugepages-2Mi",
                         message->type);
                return MEMORY_E_INVALID;
        }
        if (nodeset_parse(message->numa_nodes, strlen(message->numa_nodes), &block.nodes) != 0) {
                diag_set(reterr, NULL, 0, 0, "'%.64s' is no list of NUMA nodes",
                         message->numa_nodes);
                return MEMORY_E_INVALID;
        }
        for (size_t i = 0; i < message->n_placement; ++i)
                parts[i] = (LedgerPart){ .node = message->placement[i]->numa_node,
                                         .bytes = message->placement[i]->bytes };
        block.parts = parts;
        *ret = block;
        return 0;
}

static bool read_words(const Slug__V1__Claim *message, LedgerClaim *claim) {
        bool has_state = false, has_source = false;

        for (size_t i = 0; i < ELEMENTSOF(states); ++i)
                if (states[i].message == message->state) {
                        claim->state = states[i].state;
                        has_state = true;
                }
        for (size_t i = 0; i < ELEMENTSOF(sources); ++i)
                if (sources[i].message == message->source) {
                        claim->source = sources[i].source;
                        has_source = true;
                }
        for (size_t i = 0; i < ELEMENTSOF(classes); ++i)
                if (classes[i].message == message->qos_class)
                        claim->qos = classes[i].qos;
        return has_state && has_source;
}

int memory_read_claim(Arena *arena,
                      const Slug__V1__Claim *message,
                      LedgerClaim **ret,
                      Diag *reterr) {
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        LedgerClaim from = {
                .pod_uid = message->pod_uid,
                .container = message->container,
                .namespace_name = message->namespace_,
                .pod = message->pod,
                .is_within_pod = message->within_pod,
                .blocks = blocks,
                .n_blocks = message->n_blocks,
                .chunks = (const char *const *)message->chunks,
                .n_chunks = message->n_chunks,
                .container_id = message->container_id,
                .reason = message->reason,
                .created_usec = message->created_usec,
        };
        int r = 0;

        if (message->split) {
                read_range(message->split->local, &from.split.local);
                read_range(message->split->remote, &from.split.remote);
        }
        for (size_t i = 0; r == 0 && i < message->n_blocks && i < LEDGER_BLOCKS_MAX; ++i)
                r = read_block(arena, message->blocks[i], &blocks[i], reterr);
        if (r)
                return r;
        r = read_words(message, &from) ? ledger_claim_new(&from, ret) : -EINVAL;
        if (r == -EINVAL) {
                diag_set(reterr, NULL, 0, 0,
                         "the claim of pod '%.64s', container '%.64s' is not one that slugd would "
                         "have exported",
                         message->pod_uid, message->container);
                return MEMORY_E_INVALID;
        }
        return r;
}
