/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/account.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/*
 * A claim within another one of its pod is not counted. One that is observed lowers what is free
 * and no more: groups and assignments are rules about promises, and a pod that has asked for
 * nothing does not bind the NUMA nodes together that it happens to lie on. They are the rules of
 * the kubelet's memory manager, so that one of chunks has no part in them either: that manager
 * knows nothing of it, and slugd has put its local bytes wherever there is room.
 *
 * Sums cannot overflow: a part is at most LEDGER_PART_MAX, and there are at most LEDGER_CLAIMS_MAX
 * claims of LEDGER_BLOCKS_MAX blocks.
 */
_Static_assert(LEDGER_PART_MAX <=
                       UINT64_MAX / ((uint64_t)LEDGER_CLAIMS_MAX * LEDGER_BLOCKS_MAX * 2),
               "sums of a NUMA node fit, twice");

void account_deinit(Account *account) {
        for (unsigned node = 0; node < NODESET_MAX; ++node) {
                if (!account->nodes[node])
                        continue;
                free(account->nodes[node]->rows);
                free(account->nodes[node]);
                account->nodes[node] = NULL;
        }
}

static AccountRow *find_row(const AccountNode *node, uint64_t page_bytes) {
        for (size_t i = 0; node && i < node->n_rows; ++i)
                if (node->rows[i].page_bytes == page_bytes)
                        return &node->rows[i];
        return NULL;
}

/* Of a block that was prepared. */
static AccountRow *get_row(Account *account, unsigned node, uint64_t page_bytes) {
        AccountRow *row = find_row(account->nodes[node], page_bytes);

        assert(row);
        return row;
}

static int prepare_row(Account *account, unsigned id, uint64_t page_bytes) {
        AccountNode *node = account->nodes[id];
        AccountRow *rows;

        if (!node) {
                node = calloc(1, sizeof(*node));
                if (!node)
                        return -ENOMEM;
                account->nodes[id] = node;
        }
        if (find_row(node, page_bytes))
                return 0;
        rows = reallocarray(node->rows, node->n_rows + 1, sizeof(*rows));
        if (!rows)
                return -ENOMEM;
        node->rows = rows;
        rows[node->n_rows++] = (AccountRow){ .page_bytes = page_bytes };
        return 0;
}

int account_prepare(Account *account, const LedgerClaim *claim) {
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                NODESET_FOREACH (node, &claim->blocks[i].nodes) {
                        const int r = prepare_row(account, node, claim->blocks[i].page_bytes);

                        if (r)
                                return r;
                }
        }
        return 0;
}

static bool has_groups(const LedgerClaim *claim) {
        return !ledger_claim_is_observed(claim) && claim->source != CLAIM_SOURCE_DEVICE_PLUGIN;
}

static void add_bytes(Account *account, const LedgerClaim *claim) {
        const bool is_observed = ledger_claim_is_observed(claim);

        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k) {
                        const LedgerPart *part = &claim->blocks[i].parts[k];
                        AccountRow *row = get_row(account, part->node, claim->blocks[i].page_bytes);

                        row->bytes += part->bytes;
                        row->observed_bytes += is_observed ? part->bytes : 0;
                }
}

static void sub_bytes(Account *account, const LedgerClaim *claim) {
        const bool is_observed = ledger_claim_is_observed(claim);

        for (size_t i = 0; i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k) {
                        const LedgerPart *part = &claim->blocks[i].parts[k];
                        AccountRow *row = get_row(account, part->node, claim->blocks[i].page_bytes);

                        assert((is_observed ? row->observed_bytes : row->bytes) >= part->bytes);
                        row->bytes -= part->bytes;
                        row->observed_bytes -= is_observed ? part->bytes : 0;
                        assert(row->observed_bytes <= row->bytes);
                }
}

void account_add(Account *account, const LedgerClaim *claim) {
        if (claim->is_within_pod)
                return;
        add_bytes(account, claim);
        for (size_t i = 0; has_groups(claim) && i < claim->n_blocks; ++i)
                NODESET_FOREACH (node, &claim->blocks[i].nodes) {
                        ++account->nodes[node]->n_blocks;
                        account->nodes[node]->group = claim->blocks[i].nodes;
                }
}

void account_sub(Account *account, const LedgerClaim *claim) {
        if (claim->is_within_pod)
                return;
        sub_bytes(account, claim);
        for (size_t i = 0; has_groups(claim) && i < claim->n_blocks; ++i)
                NODESET_FOREACH (node, &claim->blocks[i].nodes) {
                        assert(account->nodes[node]->n_blocks > 0);
                        if (--account->nodes[node]->n_blocks == 0)
                                account->nodes[node]->group = (NodeSet){};
                }
}

static bool has_same_sets(const LedgerClaim *a, const LedgerClaim *b) {
        if (a->n_blocks != b->n_blocks || a->is_within_pod != b->is_within_pod ||
            has_groups(a) != has_groups(b))
                return false;
        for (size_t i = 0; i < a->n_blocks; ++i)
                if (!nodeset_is_equal(&a->blocks[i].nodes, &b->blocks[i].nodes))
                        return false;
        return true;
}

void account_swap(Account *account, const LedgerClaim *before, const LedgerClaim *now) {
        if (!has_same_sets(before, now)) {
                account_sub(account, before);
                account_add(account, now);
        } else if (!now->is_within_pod) {
                sub_bytes(account, before);
                add_bytes(account, now);
        }
}

/* Checking */

static void plan(Account *account, const LedgerClaim *claim, bool is_added) {
        for (size_t i = 0; !claim->is_within_pod && i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k) {
                        const LedgerPart *part = &claim->blocks[i].parts[k];
                        AccountRow *row = get_row(account, part->node, claim->blocks[i].page_bytes);

                        *(is_added ? &row->added_bytes : &row->removed_bytes) += part->bytes;
                }
}

void account_plan_add(Account *account, const LedgerClaim *claim) {
        plan(account, claim, true);
}

void account_plan_remove(Account *account, const LedgerClaim *claim) {
        plan(account, claim, false);
}

void account_forget_plan(Account *account) {
        for (unsigned node = 0; node < NODESET_MAX; ++node)
                for (size_t i = 0; account->nodes[node] && i < account->nodes[node]->n_rows; ++i) {
                        account->nodes[node]->rows[i].added_bytes = 0;
                        account->nodes[node]->rows[i].removed_bytes = 0;
                }
}

/* What a row would grow by must fit into what is free; one that shrinks or stays is not asked. */
static bool fits(const AccountRow *row, uint64_t room_bytes, LedgerLack *reterr) {
        const uint64_t growth = bytes_sub_clamped(row->added_bytes, row->removed_bytes);
        const uint64_t free_bytes = bytes_sub_clamped(room_bytes, row->bytes);

        if (growth <= free_bytes)
                return true;
        if (reterr) {
                reterr->page_bytes = row->page_bytes;
                reterr->bytes = growth - free_bytes;
                reterr->free_bytes = free_bytes;
        }
        return false;
}

bool account_has_room(const Account *account, const LedgerRoom *room, LedgerLack *reterr) {
        for (unsigned id = 0; id < NODESET_MAX; ++id) {
                const AccountNode *node = account->nodes[id];

                for (size_t i = 0; node && i < node->n_rows; ++i)
                        if (node->rows[i].added_bytes > 0 &&
                            !fits(&node->rows[i],
                                  ledger_room_get(room, id, node->rows[i].page_bytes), reterr)) {
                                if (reterr)
                                        reterr->node = id;
                                return false;
                        }
        }
        return true;
}

/* Asking */

const AccountNode *account_find(const Account *account, unsigned node) {
        return node < NODESET_MAX ? account->nodes[node] : NULL;
}

uint64_t account_get_bytes(const Account *account, unsigned node, uint64_t page_bytes) {
        const AccountRow *row = find_row(account_find(account, node), page_bytes);

        return row ? row->bytes : 0;
}

uint64_t account_get_observed(const Account *account, unsigned node, uint64_t page_bytes) {
        const AccountRow *row = find_row(account_find(account, node), page_bytes);

        return row ? row->observed_bytes : 0;
}

static bool covers(const Account *a, const Account *b) {
        for (unsigned id = 0; id < NODESET_MAX; ++id) {
                const AccountNode *node = b->nodes[id];

                if (node && node->n_blocks != (a->nodes[id] ? a->nodes[id]->n_blocks : 0))
                        return false;
                for (size_t i = 0; node && i < node->n_rows; ++i)
                        if (node->rows[i].bytes !=
                                    account_get_bytes(a, id, node->rows[i].page_bytes) ||
                            node->rows[i].observed_bytes !=
                                    account_get_observed(a, id, node->rows[i].page_bytes))
                                return false;
        }
        return true;
}

bool account_is_equal(const Account *a, const Account *b) {
        return covers(a, b) && covers(b, a);
}
