/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/ledger-claim.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/nodeset.h"
#include "slugctl/claim.h"
#include "split/pod.h"
#include "split/split.h"

/*
 * The keys and rules are those of slugd's own reader, and a test holds the two against each other:
 * a claim that slugd would not take is damage here as well. Keys that are not known are passed
 * over, as slugd does it.
 *
 * Version 0 had no source and no split.
 */
#define PART_BYTES_MAX (UINT64_C(1) << 45)
#define PAGE_BYTES_MAX (UINT64_C(1) << 45)
#define BLOCKS_MAX     8u
#define CHUNKS_MAX     4096u
#define CHUNK_ID_MAX   64u  /* with the NUL */
#define REASON_MAX     256u /* with the NUL */

/* Absent or null: @ret is "". @size: with the NUL. */
static int read_text(const Value *object,
                     const char *key,
                     size_t size,
                     Arena *arena,
                     char **ret,
                     Diag *reterr) {
        const Value value = value_get(object, key);
        const char *text = "";
        int r = 0;

        if (value.json)
                r = value_read_text(&value, &text, reterr);
        if (r)
                return r;
        if (strlen(text) >= size)
                return value_complain(&value, reterr, "is too long");
        *ret = arena_strdup(arena, text);
        return *ret ? 0 : -ENOMEM;
}

int ledger_claim_read_key(const Value *object, Arena *arena, Slug__V1__Claim *ret, Diag *reterr) {
        const Value uid = value_get(object, "uid");
        int r;

        slug__v1__claim__init(ret);
        r = value_check_object(object, reterr);
        if (r)
                return r;
        if (!uid.json)
                return value_complain(&uid, reterr, "is missing");
        r = read_text(object, "uid", POD_UID_MAX, arena, &ret->pod_uid, reterr);
        if (r)
                return r;
        return read_text(object, "container", POD_NAME_MAX, arena, &ret->container, reterr);
}

static int read_texts(const Value *object, Arena *arena, Slug__V1__Claim *claim, Diag *reterr) {
        const struct {
                const char *key;
                size_t size;
                char **to;
        } texts[] = { { "ns", POD_NAME_MAX, &claim->namespace_ },
                      { "pod", POD_NAME_MAX, &claim->pod },
                      { "id", POD_NAME_MAX, &claim->container_id },
                      { "reason", REASON_MAX, &claim->reason } };

        for (size_t i = 0; i < ELEMENTSOF(texts); ++i) {
                const int r =
                        read_text(object, texts[i].key, texts[i].size, arena, texts[i].to, reterr);

                if (r)
                        return r;
        }
        return 0;
}

/* Words. 0 stands for what is unspecified and has none. */

static bool find_state(const char *text, int *ret) {
        const ProtobufCEnumDescriptor *states = &slug__v1__claim_state__descriptor;

        for (unsigned i = 0; i < states->n_values; ++i) {
                const Slug__V1__ClaimState state = (Slug__V1__ClaimState)states->values[i].value;

                *ret = (int)state;
                if (*ret != 0 && strcmp(claim_state_word(state), text) == 0)
                        return true;
        }
        return false;
}

static bool find_source(const char *text, int *ret) {
        const ProtobufCEnumDescriptor *sources = &slug__v1__claim_source__descriptor;

        for (unsigned i = 0; i < sources->n_values; ++i) {
                const Slug__V1__ClaimSource source =
                        (Slug__V1__ClaimSource)sources->values[i].value;

                *ret = (int)source;
                if (*ret != 0 && strcmp(claim_source_word(source), text) == 0)
                        return true;
        }
        return false;
}

static bool find_qos(const char *text, int *ret) {
        static const Slug__V1__QosClass classes[_QOS_N] = {
                [QOS_UNKNOWN] = SLUG__V1__QOS_CLASS__QOS_CLASS_UNSPECIFIED,
                [QOS_GUARANTEED] = SLUG__V1__QOS_CLASS__QOS_CLASS_GUARANTEED,
                [QOS_BURSTABLE] = SLUG__V1__QOS_CLASS__QOS_CLASS_BURSTABLE,
                [QOS_BEST_EFFORT] = SLUG__V1__QOS_CLASS__QOS_CLASS_BEST_EFFORT,
        };
        QosClass qos;

        if (!qos_class_parse(text, &qos))
                return false;
        *ret = (int)classes[qos];
        return true;
}

static int read_word(const Value *object,
                     const char *key,
                     bool (*find)(const char *text, int *ret),
                     int *ret,
                     Diag *reterr) {
        const Value value = value_get(object, key);
        const char *text;
        int r, found;

        r = value_read_text(&value, &text, reterr);
        if (r)
                return r;
        if (!find(text, &found))
                return value_complain(&value, reterr, "is a word that is not known");
        *ret = found;
        return 0;
}

static int read_kinds(const Value *object, Slug__V1__Claim *claim, Diag *reterr) {
        const Value within = value_get(object, "within");
        int state = 0, qos = 0, r;
        bool is_within = false;

        r = read_word(object, "state", find_state, &state, reterr);
        if (r == 0 && value_get(object, "qos").json)
                r = read_word(object, "qos", find_qos, &qos, reterr);
        if (r == 0 && within.json)
                r = value_read_bool(&within, &is_within, reterr);
        if (r)
                return r;
        claim->state = (Slug__V1__ClaimState)state;
        claim->qos_class = (Slug__V1__QosClass)qos;
        claim->within_pod = is_within;
        return 0;
}

/* Bytes */

static int read_pair(const Value *pair, const uint64_t max[2], uint64_t ret[2], Diag *reterr) {
        size_t n;
        int r;

        r = value_read_list(pair, 2, &n, reterr);
        if (r == 0 && n != 2)
                r = value_complain(pair, reterr, "is not a pair");
        for (size_t i = 0; r == 0 && i < 2; ++i) {
                const Value item = value_get_item(pair, i);

                r = value_read_u64(&item, max[i], &ret[i], reterr);
        }
        return r;
}

/* @before: the NUMA node of the part before, or -1. */
static int read_part(const Value *item,
                     const NodeSet *nodes,
                     int64_t before,
                     Slug__V1__NumaNodeBytes *part,
                     Diag *reterr) {
        static const uint64_t max[2] = { NODESET_MAX - 1, PART_BYTES_MAX };
        uint64_t pair[2];
        int r;

        r = read_pair(item, max, pair, reterr);
        if (r)
                return r;
        if (pair[1] == 0)
                return value_complain(item, reterr, "has no bytes");
        if (!nodeset_contains(nodes, (unsigned)pair[0]))
                return value_complain(item, reterr, "is none of the block's NUMA nodes");
        if ((int64_t)pair[0] <= before)
                return value_complain(item, reterr, "comes too late; NUMA nodes rise");
        part->numa_node = (uint32_t)pair[0];
        part->bytes = pair[1];
        return 0;
}

static int read_parts(const Value *list,
                      const NodeSet *nodes,
                      uint64_t page_bytes,
                      Arena *arena,
                      Slug__V1__MemoryBlock *block,
                      Diag *reterr) {
        Slug__V1__NumaNodeBytes *parts;
        int64_t before = -1;
        size_t n;
        int r;

        r = value_read_list(list, NODESET_MAX, &n, reterr);
        if (r)
                return r;
        parts = arena_alloc_array(arena, n + 1, sizeof(*parts));
        block->placement = arena_alloc_array(arena, n + 1, sizeof(*block->placement));
        if (!parts || !block->placement)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);

                slug__v1__numa_node_bytes__init(&parts[i]);
                r = read_part(&item, nodes, before, &parts[i], reterr);
                if (r)
                        return r;
                before = parts[i].numa_node;
                parts[i].page_size_bytes = page_bytes;
                block->size_bytes += parts[i].bytes; /* 2^10 times 2^45 at the most */
                block->placement[i] = &parts[i];
        }
        block->n_placement = n;
        return 0;
}

static int
set_names(const NodeSet *nodes, uint64_t page_bytes, Arena *arena, Slug__V1__MemoryBlock *block) {
        char list[NODESET_TEXT_MAX], type[POD_RESOURCE_NAME_MAX];

        block->type = arena_strdup(arena, pod_format_resource(page_bytes, type));
        block->numa_nodes = arena_strdup(arena, nodeset_format(nodes, list));
        return block->type && block->numa_nodes ? 0 : -ENOMEM;
}

static int
read_block(const Value *object, Arena *arena, Slug__V1__MemoryBlock *block, Diag *reterr) {
        const Value list = value_get(object, "nodes");
        const Value page = value_get(object, "page");
        const Value parts = value_get(object, "parts");
        uint64_t page_bytes;
        const char *text;
        NodeSet nodes;
        int r;

        slug__v1__memory_block__init(block);
        r = value_read_text(&list, &text, reterr);
        if (r)
                return r;
        if (nodeset_parse(text, strlen(text), &nodes) || nodeset_is_empty(&nodes))
                return value_complain(&list, reterr, "is no set of NUMA nodes");
        r = value_read_u64(&page, PAGE_BYTES_MAX, &page_bytes, reterr);
        if (r)
                return r;
        r = set_names(&nodes, page_bytes, arena, block);
        if (r)
                return r;
        return read_parts(&parts, &nodes, page_bytes, arena, block, reterr);
}

static int read_blocks(const Value *list, Arena *arena, Slug__V1__Claim *claim, Diag *reterr) {
        Slug__V1__MemoryBlock *blocks;
        size_t n;
        int r;

        if (!list->json)
                return 0;
        r = value_read_list(list, BLOCKS_MAX, &n, reterr);
        if (r)
                return r;
        blocks = arena_alloc_array(arena, n + 1, sizeof(*blocks));
        claim->blocks = arena_alloc_array(arena, n + 1, sizeof(*claim->blocks));
        if (!blocks || !claim->blocks)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);

                r = read_block(&item, arena, &blocks[i], reterr);
                if (r)
                        return r;
                claim->blocks[i] = &blocks[i];
        }
        claim->n_blocks = n;
        return 0;
}

static int read_chunks(const Value *list, Arena *arena, Slug__V1__Claim *claim, Diag *reterr) {
        size_t n;
        int r;

        if (!list->json)
                return 0;
        r = value_read_list(list, CHUNKS_MAX, &n, reterr);
        if (r)
                return r;
        claim->chunks = arena_alloc_array(arena, n + 1, sizeof(*claim->chunks));
        if (!claim->chunks)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                const Value item = value_get_item(list, i);
                const char *text;

                r = value_read_text(&item, &text, reterr);
                if (r)
                        return r;
                if (!text[0] || strlen(text) >= CHUNK_ID_MAX)
                        return value_complain(&item, reterr, "is no id of a chunk");
                claim->chunks[i] = arena_strdup(arena, text);
                if (!claim->chunks[i])
                        return -ENOMEM;
        }
        claim->n_chunks = n;
        return 0;
}

static int read_range(const Value *split,
                      const char *key,
                      Arena *arena,
                      Slug__V1__MemoryRange **ret,
                      Diag *reterr) {
        static const uint64_t max[2] = { UINT64_MAX, UINT64_MAX };
        const Value value = value_get(split, key);
        Slug__V1__MemoryRange *range = arena_alloc(arena, sizeof(*range));
        uint64_t pair[2];
        int r;

        if (!range)
                return -ENOMEM;
        r = read_pair(&value, max, pair, reterr);
        if (r)
                return r;
        if (pair[0] > pair[1])
                return value_complain(&value, reterr, "promises more than it allows");
        slug__v1__memory_range__init(range);
        range->min_bytes = pair[0];
        if (pair[1] != SPLIT_UNLIMITED) {
                range->_max_bytes_case = SLUG__V1__MEMORY_RANGE___MAX_BYTES_MAX_BYTES;
                range->max_bytes = pair[1];
        }
        *ret = range;
        return 0;
}

static int read_split(const Value *value, Arena *arena, Slug__V1__Claim *claim, Diag *reterr) {
        Slug__V1__MemorySplit *split;
        int r;

        if (!value->json)
                return 0;
        split = arena_alloc(arena, sizeof(*split));
        if (!split)
                return -ENOMEM;
        slug__v1__memory_split__init(split);
        r = read_range(value, "local", arena, &split->local, reterr);
        if (r == 0)
                r = read_range(value, "remote", arena, &split->remote, reterr);
        claim->split = split;
        return r;
}

/* Of all versions */
static int read_common(const Value *object, Arena *arena, Slug__V1__Claim *claim, Diag *reterr) {
        const Value created = value_get(object, "created");
        const Value blocks = value_get(object, "blocks");
        const Value chunks = value_get(object, "chunks");
        int r;

        r = ledger_claim_read_key(object, arena, claim, reterr);
        if (r)
                return r;
        if (!claim->pod_uid[0])
                return value_complain(object, reterr, "has an empty uid");
        r = read_texts(object, arena, claim, reterr);
        if (r == 0)
                r = read_kinds(object, claim, reterr);
        if (r == 0 && created.json)
                r = value_read_u64(&created, UINT64_MAX, &claim->created_usec, reterr);
        if (r == 0)
                r = read_blocks(&blocks, arena, claim, reterr);
        if (r == 0)
                r = read_chunks(&chunks, arena, claim, reterr);
        return r;
}

int ledger_claim_read(unsigned version,
                      const Value *object,
                      Arena *arena,
                      Slug__V1__Claim *ret,
                      Diag *reterr) {
        const Value split = value_get(object, "split");
        int source = (int)SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_MEMORY_MANAGER, r;

        r = read_common(object, arena, ret, reterr);
        if (r == 0 && version > 0)
                r = read_word(object, "source", find_source, &source, reterr);
        if (r == 0 && version > 0)
                r = read_split(&split, arena, ret, reterr);
        ret->source = (Slug__V1__ClaimSource)source;
        return r;
}
