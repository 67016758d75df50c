/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/claim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/nodeset.h"
#include "base/quantity.h"
#include "slugctl/words.h"

/*
 * A claim says on which NUMA node each byte lies, and only an answer that has the NUMA nodes, too,
 * tells which of them are remote. Where one is missing there, or the answer has none, the split
 * tells instead: what was asked for is what was promised.
 */
const char *claim_state_word(Slug__V1__ClaimState state) {
        switch (state) {
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_PENDING:
                return "pending";
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_ACTIVE:
                return "active";
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_OBSERVED:
                return "observed";
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNCONFIRMED:
                return "unconfirmed";
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_RELEASING:
                return "releasing";
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_INVALID:
                return "invalid";
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNSPECIFIED:
        case _SLUG__V1__CLAIM_STATE_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

Tone claim_state_tone(Slug__V1__ClaimState state) {
        switch (state) {
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_ACTIVE:
                return TONE_GOOD;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNCONFIRMED:
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_RELEASING:
                return TONE_NOTICE;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_INVALID:
                return TONE_BAD;
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_PENDING:
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_OBSERVED:
        case SLUG__V1__CLAIM_STATE__CLAIM_STATE_UNSPECIFIED:
        case _SLUG__V1__CLAIM_STATE_IS_INT_SIZE:
                break;
        }
        return TONE_PLAIN;
}

const char *claim_source_word(Slug__V1__ClaimSource source) {
        switch (source) {
        case SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_MEMORY_MANAGER:
                return "memory-manager";
        case SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_OPERATOR:
                return "operator";
        case SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_DEVICE_PLUGIN:
                return "device-plugin";
        case SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_CHECKPOINT:
                return "checkpoint";
        case SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_OBSERVED:
                return "observed";
        case SLUG__V1__CLAIM_SOURCE__CLAIM_SOURCE_UNSPECIFIED:
        case _SLUG__V1__CLAIM_SOURCE_IS_INT_SIZE:
                break;
        }
        return "unknown";
}

/* Amounts */

static void add_pages(ClaimAmounts *amounts, uint64_t page_bytes, uint64_t bytes) {
        size_t i = 0;

        while (i < amounts->n_pages && amounts->pages[i].page_bytes < page_bytes)
                ++i;
        if (i == amounts->n_pages || amounts->pages[i].page_bytes != page_bytes) {
                if (amounts->n_pages == CLAIM_PAGE_SIZES_MAX)
                        return;
                memmove(&amounts->pages[i + 1], &amounts->pages[i],
                        (amounts->n_pages++ - i) * sizeof(amounts->pages[0]));
                amounts->pages[i].page_bytes = page_bytes;
                amounts->pages[i].bytes = 0;
        }
        amounts->pages[i].bytes = bytes_add_saturated(amounts->pages[i].bytes, bytes);
}

static Slug__V1__Locality find_locality(NumaStates states, uint32_t numa_node) {
        for (size_t i = 0; i < states.n_items; ++i)
                if (states.items[i]->id == numa_node)
                        return states.items[i]->locality;
        return SLUG__V1__LOCALITY__LOCALITY_UNSPECIFIED;
}

/* By where the bytes lie; on excluded NUMA nodes they are neither. Return: false when that does not
 * tell the locality of all of them. */
static bool get_placed(const Slug__V1__MemoryBlock *block,
                       NumaStates states,
                       uint64_t *local,
                       uint64_t *remote) {
        for (size_t i = 0; i < block->n_placement; ++i) {
                const Slug__V1__NumaNodeBytes *item = block->placement[i];
                const Slug__V1__Locality locality = find_locality(states, item->numa_node);

                if (item->page_size_bytes)
                        continue;
                if (locality == SLUG__V1__LOCALITY__LOCALITY_LOCAL)
                        *local = bytes_add_saturated(*local, item->bytes);
                else if (locality == SLUG__V1__LOCALITY__LOCALITY_REMOTE)
                        *remote = bytes_add_saturated(*remote, item->bytes);
                else if (locality == SLUG__V1__LOCALITY__LOCALITY_UNSPECIFIED)
                        return false;
        }
        return true;
}

static uint64_t get_min(const Slug__V1__MemoryRange *range) {
        return range ? range->min_bytes : 0;
}

void claim_add_amounts(const Slug__V1__Claim *claim, NumaStates states, ClaimAmounts *amounts) {
        uint64_t local = 0, remote = 0;
        bool is_placed = claim->n_blocks > 0 && states.n_items > 0;

        for (size_t i = 0; i < claim->n_blocks; ++i) {
                const Slug__V1__MemoryBlock *block = claim->blocks[i];

                is_placed = is_placed && get_placed(block, states, &local, &remote);
                for (size_t k = 0; k < block->n_placement; ++k)
                        if (block->placement[k]->page_size_bytes)
                                add_pages(amounts, block->placement[k]->page_size_bytes,
                                          block->placement[k]->bytes);
        }
        if (!is_placed) {
                local = claim->split ? get_min(claim->split->local) : 0;
                remote = claim->split ? get_min(claim->split->remote) : 0;
        }
        amounts->local = bytes_add_saturated(amounts->local, local);
        amounts->remote = bytes_add_saturated(amounts->remote, remote);
}

void claim_append_pages(const ClaimAmounts *amounts, Buffer *buffer) {
        char size[QUANTITY_TEXT_MAX], bytes[QUANTITY_TEXT_MAX];

        for (size_t i = 0; i < amounts->n_pages; ++i)
                buffer_printf(buffer, "%s%s:%s", i ? "," : "",
                              quantity_format_bytes(amounts->pages[i].page_bytes, size),
                              quantity_format_bytes(amounts->pages[i].bytes, bytes));
        if (amounts->n_pages == 0)
                buffer_append_char(buffer, '-');
}

void placement_append(Slug__V1__NumaNodeBytes *const *items, size_t n_items, Buffer *buffer) {
        char size[QUANTITY_TEXT_MAX], bytes[QUANTITY_TEXT_MAX];

        for (size_t i = 0; i < n_items; ++i) {
                buffer_printf(buffer, "%s%" PRIu32 ":%s", i ? ", " : "", items[i]->numa_node,
                              quantity_format_bytes(items[i]->bytes, bytes));
                if (items[i]->page_size_bytes)
                        buffer_printf(buffer, " of %s pages",
                                      quantity_format_bytes(items[i]->page_size_bytes, size));
        }
        if (n_items == 0)
                buffer_append_char(buffer, '-');
}

void claim_append_nodes(Slug__V1__Claim *const *claims, size_t n_claims, Buffer *buffer) {
        char text[NODESET_TEXT_MAX];
        NodeSet nodes = {};

        for (size_t i = 0; i < n_claims; ++i)
                for (size_t k = 0; k < claims[i]->n_blocks; ++k) {
                        const char *list = claims[i]->blocks[k]->numa_nodes;
                        NodeSet of_block;

                        if (nodeset_parse(list, strlen(list), &of_block) == 0)
                                nodes = nodeset_or(&nodes, &of_block);
                }
        buffer_append_text(buffer,
                           nodeset_is_empty(&nodes) ? "<none>" : nodeset_format(&nodes, text));
}

void claim_append_name(const Slug__V1__Claim *claim, Buffer *buffer) {
        buffer_printf(buffer, "%s/%s", claim->namespace_[0] ? claim->namespace_ : "-",
                      claim->pod[0] ? claim->pod : claim->pod_uid);
        if (claim->container[0])
                buffer_printf(buffer, "/%s", claim->container);
}

/* Cells */

void table_add_built(Table *table, Tone tone, Buffer *text) {
        if (buffer_finish(text) == 0)
                table_add(table, tone, text->data);
        else if (!table->error)
                table->error = text->error;
}

const char *cost_format(bool is_known, uint64_t permille, char buffer[static COST_TEXT_MAX]) {
        const uint64_t percent = permille / 10 + (permille % 10 >= 5 ? 1 : 0);

        if (is_known)
                (void)snprintf(buffer, COST_TEXT_MAX, "%" PRIu64 ".%02" PRIu64 "x", percent / 100,
                               percent % 100);
        else
                (void)snprintf(buffer, COST_TEXT_MAX, "-");
        return buffer;
}
