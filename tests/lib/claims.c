/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/claims.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/record.h"

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "test bed: %s\n", what);
        abort();
}

static LedgerClaim *make(const LedgerClaim *from) {
        LedgerClaim *claim = NULL;

        must(ledger_claim_new(from, &claim) == 0, "a claim is refused");
        return claim;
}

LedgerClaim *claims_make(const char *uid, const char *container, unsigned node, uint64_t bytes) {
        const LedgerPart part = { .node = node, .bytes = bytes };
        LedgerBlock block = { .bytes = bytes, .parts = &part, .n_parts = 1 };

        nodeset_add(&block.nodes, node);
        return make(&(const LedgerClaim){
                .pod_uid = uid,
                .container = container,
                .namespace_name = "default",
                .pod = "web",
                .qos = QOS_GUARANTEED,
                .state = CLAIM_ACTIVE,
                .source = CLAIM_SOURCE_MEMORY_MANAGER,
                .blocks = &block,
                .n_blocks = 1,
                .container_id = "",
                .reason = "",
        });
}

LedgerClaim *claims_make_observed(const char *uid, unsigned node, uint64_t bytes) {
        LedgerClaim *claim = claims_make(uid, "", node, bytes);

        claim->qos = QOS_BURSTABLE;
        claim->state = CLAIM_OBSERVED;
        claim->source = CLAIM_SOURCE_OBSERVED;
        return claim;
}

uint64_t claims_random(uint64_t *seed) {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static unsigned pick(uint64_t *seed, unsigned n) {
        return (unsigned)(claims_random(seed) >> 33) % n;
}

/* Text that has to be escaped is in it, and some of more than one byte. */
static const char *random_text(uint64_t *seed, bool may_be_empty, char buffer[static 64]) {
        static const char *const pieces[] = { "a",        "Z",      "0",
                                              "-",        ".",      " ",
                                              "\"",       "\\",     "\n",
                                              "\x01",     "/",      "\x7f",
                                              "\xc3\xbc", "\u20ac", "\xf0\x9f\x90\x8c",
                                              "\t",       "{",      "\xef\xbf\xbf" };
        const unsigned n = pick(seed, 12) + !may_be_empty;

        buffer[0] = '\0';
        for (unsigned i = 0; i < n; ++i)
                (void)strncat(buffer, pieces[pick(seed, ELEMENTSOF(pieces))], 63 - strlen(buffer));
        return buffer;
}

typedef struct RandomBlocks {
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        LedgerPart parts[LEDGER_BLOCKS_MAX][8];
} RandomBlocks;

static void random_block(uint64_t *seed, LedgerBlock *block, LedgerPart *parts) {
        static const uint64_t sizes[] = { 0, 2 * MIB, GIB };
        unsigned node = pick(seed, 900);

        block->page_bytes = sizes[pick(seed, ELEMENTSOF(sizes))];
        for (unsigned n = pick(seed, 8) + 1; n > 0; --n) {
                nodeset_add(&block->nodes, node);
                if (pick(seed, 4) > 0) {
                        parts[block->n_parts] = (LedgerPart){
                                .node = node,
                                .bytes = claims_random(seed) % LEDGER_PART_MAX + 1,
                        };
                        block->bytes += parts[block->n_parts++].bytes;
                }
                node += pick(seed, 10) + 1;
        }
        block->parts = parts;
}

static SplitRange random_range(uint64_t *seed) {
        const uint64_t min = pick(seed, 2) ? claims_random(seed) : 0;

        switch (pick(seed, 3)) {
        case 0:
                return (SplitRange){};
        case 1:
                return (SplitRange){ .min = min, .max = SPLIT_UNLIMITED };
        default:
                return (SplitRange){ .min = min, .max = min };
        }
}

LedgerClaim *claims_make_random(uint64_t *seed) {
        char texts[6][64], chunk_texts[5][64];
        const char *chunks[ELEMENTSOF(chunk_texts)];
        RandomBlocks random = {};
        LedgerClaim claim = {
                .pod_uid = random_text(seed, false, texts[0]),
                .container = random_text(seed, true, texts[1]),
                .namespace_name = random_text(seed, true, texts[2]),
                .pod = random_text(seed, true, texts[3]),
                .container_id = random_text(seed, true, texts[4]),
                .reason = random_text(seed, true, texts[5]),
                .qos = (QosClass)pick(seed, _QOS_N),
                .state = (ClaimState)pick(seed, _CLAIM_STATE_N),
                .source = (ClaimSource)pick(seed, _CLAIM_SOURCE_N),
                .is_within_pod = pick(seed, 2),
                .split = { .local = random_range(seed), .remote = random_range(seed) },
                .blocks = random.blocks,
                .n_blocks = pick(seed, LEDGER_BLOCKS_MAX + 1),
                .chunks = chunks,
                .n_chunks = pick(seed, ELEMENTSOF(chunks) + 1),
                .created_usec = pick(seed, 2) ? claims_random(seed) : 0,
        };

        for (size_t i = 0; i < claim.n_blocks; ++i)
                random_block(seed, &random.blocks[i], random.parts[i]);
        for (size_t i = 0; i < claim.n_chunks; ++i)
                chunks[i] = random_text(seed, false, chunk_texts[i]);
        return make(&claim);
}

void claims_put(LedgerChange *change, LedgerClaim *claim) {
        must(ledger_change_put(change, claim) == 0, "a put is refused");
}

void claims_drop(LedgerChange *change, const char *uid, const char *container) {
        must(ledger_change_drop(change, uid, container) == 0, "a drop is refused");
}

bool claims_are_same(const Ledger *a, const Ledger *b) {
        if (ledger_get_n_claims(a) != ledger_get_n_claims(b))
                return false;
        for (const LedgerClaim *claim = ledger_next(a, NULL); claim;
             claim = ledger_next(a, claim)) {
                const LedgerClaim *other = ledger_find(b, claim->pod_uid, claim->container);

                if (!other || !ledger_claim_is_equal(claim, other))
                        return false;
        }
        return true;
}

static void describe_node(const Ledger *ledger, unsigned node, Buffer *buffer) {
        static const uint64_t sizes[] = { 0, 2 * MIB, GIB };
        const NodeSet group = ledger_get_group(ledger, node);
        char text[NODESET_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(sizes); ++i)
                if (ledger_get_claimed(ledger, node, sizes[i]) > 0)
                        buffer_printf(buffer, "%u/%" PRIu64 ": %" PRIu64 "\n", node, sizes[i],
                                      ledger_get_claimed(ledger, node, sizes[i]));
        for (size_t i = 0; i < ELEMENTSOF(sizes); ++i)
                if (ledger_get_observed(ledger, node, sizes[i]) > 0)
                        buffer_printf(buffer, "%u/%" PRIu64 ": %" PRIu64 " observed\n", node,
                                      sizes[i], ledger_get_observed(ledger, node, sizes[i]));
        if (ledger_get_n_blocks(ledger, node) > 0 || !nodeset_is_empty(&group))
                buffer_printf(buffer, "%u: %u of %s\n", node, ledger_get_n_blocks(ledger, node),
                              nodeset_format(&group, text));
}

static void describe_history(const Ledger *ledger, Buffer *buffer) {
        const LedgerDropped *dropped;
        size_t n;

        buffer_printf(buffer, "generation %" PRIu64 "\n", ledger_get_generation(ledger));
        buffer_append_text(buffer, ledger_list_dropped(ledger, 0, &dropped, &n) ? "all" : "some");
        for (size_t i = 0; i < n; ++i)
                buffer_printf(buffer, " %s/%s:%" PRIu64, dropped[i].key.pod_uid,
                              dropped[i].key.container, dropped[i].generation);
}

void claims_describe(const Ledger *ledger, bool with_history, Buffer *buffer) {
        const NodeSet nodes = ledger_get_nodes(ledger);
        char text[NODESET_TEXT_MAX];

        buffer_printf(buffer, "%zu claims on %s\n", ledger_get_n_claims(ledger),
                      nodeset_format(&nodes, text));
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                if (with_history)
                        buffer_printf(buffer, "%" PRIu64 " ", claim->generation);
                record_append_claim(claim, buffer);
        }
        for (unsigned node = 0; node < 70; ++node)
                describe_node(ledger, node, buffer);
        describe_node(ledger, NODESET_MAX - 1, buffer);
        if (with_history)
                describe_history(ledger, buffer);
        must(buffer_finish(buffer) == 0, "no description");
}
