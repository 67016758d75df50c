/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/rest.h"

#include <errno.h>
#include <string.h>

void ledger_rest_deinit(LedgerRest *rest) {
        for (size_t i = 0; i < LEDGER_BLOCKS_MAX; ++i)
                free(rest->parts[i]);
        free(rest->chunks);
        *rest = (LedgerRest){};
}

int ledger_rest_init(LedgerRest *rest, const LedgerClaim *claim) {
        *rest = (LedgerRest){ .claim = *claim };
        rest->chunks = calloc(claim->n_chunks + 1, sizeof(*rest->chunks));
        if (!rest->chunks)
                return -ENOMEM;
        if (claim->n_chunks > 0)
                memcpy(rest->chunks, claim->chunks, claim->n_chunks * sizeof(*rest->chunks));
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                const LedgerBlock *block = &claim->blocks[i];

                rest->parts[i] = calloc(block->n_parts + 1, sizeof(*rest->parts[i]));
                if (!rest->parts[i])
                        return -ENOMEM;
                if (block->n_parts > 0)
                        memcpy(rest->parts[i], block->parts,
                               block->n_parts * sizeof(*rest->parts[i]));
                rest->blocks[i] = *block;
                rest->blocks[i].parts = rest->parts[i];
        }
        rest->claim.blocks = rest->blocks;
        rest->claim.chunks = rest->chunks;
        return 0;
}

uint64_t ledger_rest_take(LedgerRest *rest, unsigned node, uint64_t page_bytes, uint64_t bytes) {
        const uint64_t wanted = bytes;

        for (size_t i = 0; i < rest->claim.n_blocks; ++i)
                for (size_t k = 0; bytes > 0 && rest->blocks[i].page_bytes == page_bytes &&
                                   k < rest->blocks[i].n_parts;
                     ++k) {
                        LedgerPart *part = &rest->parts[i][k];
                        const uint64_t taken =
                                part->node == node ? bytes_min(part->bytes, bytes) : 0;

                        part->bytes -= taken;
                        rest->blocks[i].bytes -= taken;
                        bytes -= taken;
                }
        rest->has_changed = rest->has_changed || bytes < wanted;
        return wanted - bytes;
}

void ledger_rest_take_chunks(LedgerRest *rest,
                             bool (*is_taken)(const char *chunk, void *userdata),
                             void *userdata) {
        size_t n = 0;

        for (size_t i = 0; i < rest->claim.n_chunks; ++i)
                if (!is_taken(rest->chunks[i], userdata))
                        rest->chunks[n++] = rest->chunks[i];
        rest->has_changed = rest->has_changed || n < rest->claim.n_chunks;
        rest->claim.n_chunks = n;
}

static void leave_out_empty(LedgerRest *rest) {
        size_t n_blocks = 0;

        for (size_t i = 0; i < rest->claim.n_blocks; ++i) {
                LedgerBlock block = rest->blocks[i];
                size_t n_parts = 0;

                for (size_t k = 0; k < block.n_parts; ++k)
                        if (rest->parts[i][k].bytes > 0)
                                rest->parts[i][n_parts++] = rest->parts[i][k];
                        else
                                nodeset_remove(&block.nodes, rest->parts[i][k].node);
                block.n_parts = n_parts;
                if (n_parts > 0)
                        rest->blocks[n_blocks++] = block;
        }
        rest->claim.n_blocks = n_blocks;
}

int ledger_rest_put(LedgerRest *rest, LedgerChange *change) {
        LedgerClaim *claim;
        int r;

        leave_out_empty(rest);
        if (rest->claim.n_blocks == 0 && rest->claim.n_chunks == 0)
                return ledger_change_drop(change, rest->claim.pod_uid, rest->claim.container);
        r = ledger_claim_new(&rest->claim, &claim);
        return r ? r : ledger_change_put(change, claim);
}
