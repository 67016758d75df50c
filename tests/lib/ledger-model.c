/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/ledger-model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint64_t sizes[] = { 0, 2 * MIB, GIB };

static LedgerClaim *copy(const LedgerClaim *from) {
        LedgerClaim *claim = NULL;

        if (ledger_claim_new(from, &claim) != 0)
                abort();
        return claim;
}

void ledger_model_deinit(LedgerModel *model) {
        for (size_t i = 0; i < model->n_claims; ++i)
                ledger_claim_free(model->claims[i]);
        *model = (LedgerModel){};
}

/* n_claims: there is none. */
static size_t find(const LedgerModel *model, const char *uid, const char *container) {
        size_t i = 0;

        while (i < model->n_claims && (strcmp(model->claims[i]->pod_uid, uid) != 0 ||
                                       strcmp(model->claims[i]->container, container) != 0))
                ++i;
        return i;
}

/* Counting */

static uint64_t count_claim(const LedgerClaim *claim, unsigned node, uint64_t page_bytes) {
        uint64_t sum = 0;

        for (size_t i = 0; !claim->is_within_pod && i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k)
                        if (claim->blocks[i].page_bytes == page_bytes &&
                            claim->blocks[i].parts[k].node == node)
                                sum += claim->blocks[i].parts[k].bytes;
        return sum;
}

uint64_t ledger_model_get_claimed(const LedgerModel *model, unsigned node, uint64_t page_bytes) {
        uint64_t sum = 0;

        for (size_t i = 0; i < model->n_claims; ++i)
                sum += count_claim(model->claims[i], node, page_bytes);
        return sum;
}

uint64_t ledger_model_get_observed(const LedgerModel *model, unsigned node, uint64_t page_bytes) {
        uint64_t sum = 0;

        for (size_t i = 0; i < model->n_claims; ++i)
                if (model->claims[i]->source == CLAIM_SOURCE_OBSERVED)
                        sum += count_claim(model->claims[i], node, page_bytes);
        return sum;
}

/* What is a share, or only observed, binds no NUMA node. */
static bool is_assignment(const LedgerClaim *claim) {
        return !claim->is_within_pod && claim->source != CLAIM_SOURCE_OBSERVED;
}

static unsigned count_blocks(const LedgerModel *model, unsigned node) {
        unsigned n = 0;

        for (size_t i = 0; i < model->n_claims; ++i)
                for (size_t k = 0;
                     is_assignment(model->claims[i]) && k < model->claims[i]->n_blocks; ++k)
                        n += nodeset_contains(&model->claims[i]->blocks[k].nodes, node);
        return n;
}

/* Changing */

static void forget_empty_groups(LedgerModel *model, const LedgerClaim *gone) {
        const NodeSet nodes = ledger_claim_get_nodes(gone);

        NODESET_FOREACH (node, &nodes)
                if (count_blocks(model, node) == 0)
                        model->groups[node] = (NodeSet){};
}

static void set_groups(LedgerModel *model, const LedgerClaim *claim) {
        for (size_t i = 0; is_assignment(claim) && i < claim->n_blocks; ++i)
                NODESET_FOREACH (node, &claim->blocks[i].nodes)
                        model->groups[node] = claim->blocks[i].nodes;
}

static bool has_same_sets(const LedgerClaim *a, const LedgerClaim *b) {
        bool is_same = a->n_blocks == b->n_blocks && is_assignment(a) == is_assignment(b);

        for (size_t i = 0; is_same && i < a->n_blocks; ++i)
                is_same = nodeset_is_equal(&a->blocks[i].nodes, &b->blocks[i].nodes);
        return is_same;
}

static void drop(LedgerModel *model, size_t at) {
        LedgerClaim *gone = model->claims[at];

        memmove(&model->claims[at], &model->claims[at + 1],
                (--model->n_claims - at) * sizeof(model->claims[0]));
        forget_empty_groups(model, gone);
        ledger_claim_free(gone);
}

static void put(LedgerModel *model, LedgerClaim *claim) {
        const size_t at = find(model, claim->pod_uid, claim->container);
        LedgerClaim *before = at < model->n_claims ? model->claims[at] : NULL;

        if (at == LEDGER_MODEL_CLAIMS_MAX)
                abort();
        model->claims[at] = claim;
        claim->generation = model->generation;
        model->n_claims += !before;
        if (!before || !has_same_sets(before, claim)) {
                if (before)
                        forget_empty_groups(model, before);
                set_groups(model, claim);
        }
        ledger_claim_free(before);
}

static bool is_put(const LedgerChange *change, const LedgerClaim *claim) {
        for (size_t i = 0; i < change->n_puts; ++i)
                if (strcmp(change->puts[i]->pod_uid, claim->pod_uid) == 0 &&
                    strcmp(change->puts[i]->container, claim->container) == 0)
                        return true;
        return false;
}

static bool is_dropped(const LedgerChange *change, const LedgerClaim *claim) {
        for (size_t i = 0; i < change->n_drops; ++i)
                if (strcmp(change->drops[i].pod_uid, claim->pod_uid) == 0 &&
                    strcmp(change->drops[i].container, claim->container) == 0)
                        return true;
        return false;
}

uint64_t ledger_model_get_lack(const LedgerModel *model,
                               const LedgerChange *change,
                               const LedgerRoom *room,
                               unsigned node,
                               uint64_t page_bytes) {
        uint64_t before = 0, after = 0, limit = 0;

        for (size_t i = 0; i < model->n_claims; ++i) {
                const uint64_t bytes = count_claim(model->claims[i], node, page_bytes);

                before += bytes;
                if (!is_put(change, model->claims[i]) && !is_dropped(change, model->claims[i]))
                        after += bytes;
        }
        for (size_t i = 0; i < change->n_puts; ++i)
                after += count_claim(change->puts[i], node, page_bytes);
        for (size_t i = 0; i < room->n_rows; ++i)
                if (room->rows[i].node == node && room->rows[i].page_bytes == page_bytes)
                        limit = room->rows[i].bytes;
        if (limit < before)
                limit = before; /* what it had it may keep */
        return after > limit ? after - limit : 0;
}

static bool lacks(const LedgerModel *model, const LedgerChange *change, const LedgerRoom *room) {
        NodeSet nodes = {};

        for (size_t i = 0; i < change->n_puts; ++i) {
                const NodeSet more = ledger_claim_get_nodes(change->puts[i]);

                nodes = nodeset_or(&nodes, &more);
        }
        NODESET_FOREACH (node, &nodes)
                for (size_t i = 0; i < ELEMENTSOF(sizes); ++i)
                        if (ledger_model_get_lack(model, change, room, node, sizes[i]) > 0)
                                return true;
        return false;
}

int ledger_model_apply(LedgerModel *model, const LedgerChange *change, const LedgerRoom *room) {
        if (room && lacks(model, change, room))
                return LEDGER_E_NO_SPACE;
        model->generation += change->n_puts + change->n_drops > 0;
        for (size_t i = model->n_claims; i-- > 0;)
                if (is_dropped(change, model->claims[i]) && !is_put(change, model->claims[i]))
                        drop(model, i);
        for (size_t i = 0; i < change->n_puts; ++i)
                put(model, copy(change->puts[i]));
        return 0;
}

/* Comparing */

static bool agrees_on_node(const LedgerModel *model, const Ledger *ledger, unsigned node) {
        const NodeSet nodes = ledger_get_nodes(ledger), group = ledger_get_group(ledger, node);
        uint64_t sum = 0;

        for (size_t i = 0; i < ELEMENTSOF(sizes); ++i) {
                const uint64_t claimed = ledger_model_get_claimed(model, node, sizes[i]);

                if (ledger_get_claimed(ledger, node, sizes[i]) != claimed ||
                    ledger_get_observed(ledger, node, sizes[i]) !=
                            ledger_model_get_observed(model, node, sizes[i]))
                        return false;
                sum += claimed;
        }
        return nodeset_contains(&nodes, node) == (sum > 0) &&
               ledger_get_n_blocks(ledger, node) == count_blocks(model, node) &&
               nodeset_is_equal(&group, &model->groups[node]);
}

static bool agrees_on_claims(const LedgerModel *model, const Ledger *ledger) {
        const LedgerClaim *claim = NULL;

        if (ledger_get_n_claims(ledger) != model->n_claims ||
            ledger_get_generation(ledger) != model->generation)
                return false;
        for (size_t i = 0; i < model->n_claims; ++i) {
                claim = ledger_next(ledger, claim);
                if (!claim || claim->generation != model->claims[i]->generation ||
                    !ledger_claim_is_equal(claim, model->claims[i]) ||
                    ledger_find(ledger, claim->pod_uid, claim->container) != claim)
                        return false;
        }
        return !ledger_next(ledger, claim) || model->n_claims == 0;
}

bool ledger_model_agrees(const LedgerModel *model,
                         const Ledger *ledger,
                         const NodeSet *nodes,
                         char why[static LEDGER_MODEL_WHY_MAX]) {
        (void)snprintf(why, LEDGER_MODEL_WHY_MAX, "claims: %zu, expected %zu",
                       ledger_get_n_claims(ledger), model->n_claims);
        if (!agrees_on_claims(model, ledger))
                return false;
        NODESET_FOREACH (node, nodes)
                if (!agrees_on_node(model, ledger, node)) {
                        (void)snprintf(why, LEDGER_MODEL_WHY_MAX, "NUMA node %u", node);
                        return false;
                }
        return true;
}
