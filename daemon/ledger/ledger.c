/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger.h"

#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "ledger/account.h"
#include "ledger/claim.h"

/*
 * Claims are in a list, in the order in which their keys came, and in a search tree by key (libc's,
 * which is balanced). Applying a change goes through three steps: everything that needs memory (the
 * tree's nodes for new keys, rows of accounts, the lists of the change that would undo it), then
 * the check for room, then the change itself. Until the third the ledger is as it was, but for
 * empty rows of accounts.
 *
 * Drops come before puts.
 */
#define DROPPED_MAX 512u

struct Ledger {
        void *tree;
        StoredClaim *first, *last;
        size_t n_claims;
        uint64_t generation;
        Account account;
        const StoredClaim *disregarded; /* in tree and list, and not in the account */
        LedgerDropped *dropped;         /* DROPPED_MAX; oldest first */
        size_t n_dropped;
        uint64_t forgotten_generation; /* of the youngest drop that is not remembered */
};

/* The tree */

static int compare(const void *a, const void *b) {
        return claim_compare_keys(a, b);
}

static StoredClaim **find_place(const Ledger *ledger, const LedgerClaim *key) {
        return tfind(key, &ledger->tree, compare);
}

const LedgerClaim *ledger_find(const Ledger *ledger, const char *pod_uid, const char *container) {
        StoredClaim **place = find_place(
                ledger, &(const LedgerClaim){ .pod_uid = pod_uid, .container = container });

        return place && *place != ledger->disregarded ? &(*place)->claim : NULL;
}

const LedgerClaim *ledger_find_observed(const Ledger *ledger, const char *pod_uid) {
        const LedgerClaim *claim = ledger_find(ledger, pod_uid, "");

        return claim && ledger_claim_is_observed(claim) ? claim : NULL;
}

int ledger_new(Ledger **ret) {
        Ledger *ledger = calloc(1, sizeof(*ledger));

        if (!ledger)
                return -ENOMEM;
        ledger->dropped = calloc(DROPPED_MAX, sizeof(*ledger->dropped));
        if (!ledger->dropped) {
                free(ledger);
                return -ENOMEM;
        }
        *ret = ledger;
        return 0;
}

/* Out of the list, out of the accounts; the tree is the caller's. */
static void unlink_claim(Ledger *ledger, StoredClaim *stored) {
        *(stored->previous ? &stored->previous->next : &ledger->first) = stored->next;
        *(stored->next ? &stored->next->previous : &ledger->last) = stored->previous;
        stored->previous = stored->next = NULL;
        account_sub(&ledger->account, &stored->claim);
        --ledger->n_claims;
}

Ledger *ledger_free(Ledger *ledger) {
        if (!ledger)
                return NULL;
        assert(!ledger->disregarded);
        while (ledger->first) {
                StoredClaim *stored = ledger->first;

                (void)tdelete(&stored->claim, &ledger->tree, compare);
                unlink_claim(ledger, stored);
                ledger_claim_free(&stored->claim);
        }
        assert(ledger->n_claims == 0);
        for (unsigned node = 0; node < NODESET_MAX; ++node)
                for (size_t i = 0;
                     ledger->account.nodes[node] && i < ledger->account.nodes[node]->n_rows; ++i)
                        assert(ledger->account.nodes[node]->rows[i].bytes == 0);
        account_deinit(&ledger->account);
        free(ledger->dropped);
        free(ledger);
        return NULL;
}

/* Applying */

/* What a change is about to do, found out before it is done. */
typedef struct Plan {
        StoredClaim **dropped; /* for each drop, what goes; NULL: nothing is there */
        StoredClaim **before;  /* for each put, what it takes the place of; NULL: nothing */
        size_t n_inserted;     /* puts that are in the tree already, for new keys */
        LedgerChange undo;     /* its lists have room for all that may come */
} Plan;

static void plan_deinit(Plan *plan) {
        free(plan->dropped);
        free(plan->before);
        ledger_change_deinit(&plan->undo);
}
DEFINE_DEINIT(Plan, plan_deinit);

static bool is_dropped(const Plan *plan, const LedgerChange *change, const StoredClaim *stored) {
        for (size_t i = 0; i < change->n_drops; ++i)
                if (plan->dropped[i] == stored)
                        return true;
        return false;
}

static int plan_lists(const LedgerChange *change, Plan *plan) {
        const size_t n = change->n_puts + change->n_drops + 1;

        plan->dropped = calloc(n, sizeof(*plan->dropped));
        plan->before = calloc(n, sizeof(*plan->before));
        plan->undo.puts = calloc(n, sizeof(*plan->undo.puts));
        plan->undo.drops = calloc(n, sizeof(*plan->undo.drops));
        return plan->dropped && plan->before && plan->undo.puts && plan->undo.drops ? 0 : -ENOMEM;
}

/* Finds what is there. A key that is dropped and put again keeps its place in tree and list. */
static void plan_claims(const Ledger *ledger, const LedgerChange *change, Plan *plan) {
        for (size_t i = 0; i < change->n_drops; ++i) {
                StoredClaim *stored = claim_get_stored(
                        ledger_find(ledger, change->drops[i].pod_uid, change->drops[i].container));

                if (stored && !is_dropped(plan, change, stored))
                        plan->dropped[i] = stored;
        }
        for (size_t i = 0; i < change->n_puts; ++i) {
                StoredClaim **place = find_place(ledger, change->puts[i]);

                if (!place)
                        continue;
                plan->before[i] = *place;
                for (size_t k = 0; k < change->n_drops; ++k)
                        if (plan->dropped[k] == *place)
                                plan->dropped[k] = NULL;
        }
}

static void take_back_inserted(Ledger *ledger, const LedgerChange *change, const Plan *plan) {
        for (size_t i = 0; i < plan->n_inserted; ++i)
                if (!plan->before[i])
                        (void)tdelete(change->puts[i], &ledger->tree, compare);
}

static int insert_new(Ledger *ledger, const LedgerChange *change, Plan *plan) {
        for (size_t i = 0; i < change->n_puts; ++i) {
                if (!plan->before[i] && !tsearch(change->puts[i], &ledger->tree, compare))
                        return -ENOMEM;
                plan->n_inserted = i + 1;
        }
        return 0;
}

static int prepare_accounts(Ledger *ledger, const LedgerChange *change) {
        for (size_t i = 0; i < change->n_puts; ++i) {
                const int r = account_prepare(&ledger->account, change->puts[i]);

                if (r)
                        return r;
        }
        return 0;
}

static bool has_room(Ledger *ledger,
                     const LedgerChange *change,
                     const Plan *plan,
                     const LedgerRoom *room,
                     LedgerLack *reterr) {
        Account *account = &ledger->account;
        bool result;

        for (size_t i = 0; i < change->n_drops; ++i)
                if (plan->dropped[i])
                        account_plan_remove(account, &plan->dropped[i]->claim);
        for (size_t i = 0; i < change->n_puts; ++i) {
                if (plan->before[i])
                        account_plan_remove(account, &plan->before[i]->claim);
                account_plan_add(account, change->puts[i]);
        }
        result = account_has_room(account, room, reterr);
        account_forget_plan(account);
        return result;
}

static bool is_too_much(const Ledger *ledger, const LedgerChange *change, const Plan *plan) {
        size_t n = ledger->n_claims;

        for (size_t i = 0; i < change->n_puts; ++i)
                n += !plan->before[i];
        for (size_t i = 0; i < change->n_drops; ++i)
                n -= plan->dropped[i] != NULL;
        return n > LEDGER_CLAIMS_MAX;
}

/* The oldest half goes when there is no room; it is not asked for often. */
static void remember_dropped(Ledger *ledger, const LedgerClaim *claim) {
        LedgerDropped *entry;

        if (ledger->n_dropped == DROPPED_MAX) {
                const size_t half = DROPPED_MAX / 2;

                ledger->forgotten_generation = ledger->dropped[half - 1].generation;
                memmove(ledger->dropped, ledger->dropped + half,
                        (DROPPED_MAX - half) * sizeof(*ledger->dropped));
                ledger->n_dropped = DROPPED_MAX - half;
        }
        entry = &ledger->dropped[ledger->n_dropped++];
        (void)snprintf(entry->key.pod_uid, POD_UID_MAX, "%s", claim->pod_uid);
        (void)snprintf(entry->key.container, POD_NAME_MAX, "%s", claim->container);
        entry->generation = ledger->generation;
}

static void drop(Ledger *ledger, StoredClaim *stored, LedgerChange *undo) {
        (void)tdelete(&stored->claim, &ledger->tree, compare);
        unlink_claim(ledger, stored);
        remember_dropped(ledger, &stored->claim);
        undo->puts[undo->n_puts++] = &stored->claim;
}

static void append(Ledger *ledger, StoredClaim *stored) {
        stored->previous = ledger->last;
        stored->next = NULL;
        *(ledger->last ? &ledger->last->next : &ledger->first) = stored;
        ledger->last = stored;
        ++ledger->n_claims;
}

static void put(Ledger *ledger, StoredClaim *stored, StoredClaim *before, LedgerChange *undo) {
        stored->claim.generation = ledger->generation;
        if (!before) {
                LedgerKey *key = &undo->drops[undo->n_drops++];

                append(ledger, stored);
                account_add(&ledger->account, &stored->claim);
                (void)snprintf(key->pod_uid, POD_UID_MAX, "%s", stored->claim.pod_uid);
                (void)snprintf(key->container, POD_NAME_MAX, "%s", stored->claim.container);
                return;
        }
        *find_place(ledger, &stored->claim) = stored;
        stored->previous = before->previous;
        stored->next = before->next;
        *(stored->previous ? &stored->previous->next : &ledger->first) = stored;
        *(stored->next ? &stored->next->previous : &ledger->last) = stored;
        account_swap(&ledger->account, &before->claim, &stored->claim);
        before->previous = before->next = NULL;
        undo->puts[undo->n_puts++] = &before->claim;
}

static int prepare(Ledger *ledger, const LedgerChange *change, Plan *plan) {
        int r;

        r = plan_lists(change, plan);
        if (r)
                return r;
        r = prepare_accounts(ledger, change);
        if (r)
                return r;
        plan_claims(ledger, change, plan);
        return 0;
}

int ledger_apply(Ledger *ledger,
                 LedgerChange *change,
                 const LedgerRoom *room,
                 LedgerChange *ret_undone,
                 LedgerLack *reterr_lack) {
        _cleanup_(plan_deinitp) Plan plan = {};
        int r;

        assert(!ledger->disregarded);
        r = prepare(ledger, change, &plan);
        if (r)
                return r;
        if (is_too_much(ledger, change, &plan))
                return LEDGER_E_FULL;
        if (room && !has_room(ledger, change, &plan, room, reterr_lack))
                return LEDGER_E_NO_SPACE;
        r = insert_new(ledger, change, &plan);
        if (r) {
                take_back_inserted(ledger, change, &plan);
                return r;
        }

        /* Nothing below can fail. */
        if (change->n_puts + change->n_drops > 0)
                ++ledger->generation;
        for (size_t i = 0; i < change->n_drops; ++i)
                if (plan.dropped[i])
                        drop(ledger, plan.dropped[i], &plan.undo);
        for (size_t i = 0; i < change->n_puts; ++i)
                put(ledger, claim_get_stored(change->puts[i]), plan.before[i], &plan.undo);
        change->n_puts = 0; /* the claims are the ledger's now */
        ledger_change_deinit(change);
        if (ret_undone) {
                *ret_undone = plan.undo;
                plan.undo = (LedgerChange){};
        }
        return 0;
}

/* Disregarding */

Ledger *ledger_disregard(Ledger *ledger, const char *pod_uid) {
        const LedgerClaim *claim = pod_uid ? ledger_find_observed(ledger, pod_uid) : NULL;

        assert(!ledger->disregarded);
        if (!claim)
                return NULL;
        ledger->disregarded = claim_get_stored(claim);
        account_sub(&ledger->account, claim);
        return ledger;
}

Ledger *ledger_regard(Ledger *ledger) {
        if (!ledger)
                return NULL;
        account_add(&ledger->account, &ledger->disregarded->claim);
        ledger->disregarded = NULL;
        return NULL;
}

/* Asking */

uint64_t ledger_get_generation(const Ledger *ledger) {
        return ledger->generation;
}

size_t ledger_get_n_claims(const Ledger *ledger) {
        return ledger->n_claims - (ledger->disregarded != NULL);
}

const LedgerClaim *ledger_next(const Ledger *ledger, const LedgerClaim *claim) {
        const StoredClaim *next = claim ? claim_get_stored(claim)->next : ledger->first;

        if (next && next == ledger->disregarded)
                next = next->next;
        return next ? &next->claim : NULL;
}

/* The tree is not made to be asked who comes next, but on the way down to a key that it does not
 * have it meets the next one, as the last of those that are larger. */
typedef struct Search {
        const char *pod_uid, *container; /* NULL: before all of the pod's */
        const LedgerClaim *next;
} Search;

static int pass(const void *key, const void *item) {
        const LedgerClaim *met = item;
        Search *search = (Search *)key;
        int order = strcmp(met->pod_uid, search->pod_uid);

        if (order == 0)
                order = search->container ? strcmp(met->container, search->container) : 1;
        if (order <= 0)
                return 1;
        search->next = met;
        return -1;
}

static const LedgerClaim *
find_next(const Ledger *ledger, const char *pod_uid, const char *container) {
        Search search = { .pod_uid = pod_uid, .container = container };

        (void)tfind(&search, &ledger->tree, pass);
        return search.next && strcmp(search.next->pod_uid, pod_uid) == 0 ? search.next : NULL;
}

const LedgerClaim *
ledger_next_of_pod(const Ledger *ledger, const char *pod_uid, const LedgerClaim *claim) {
        claim = find_next(ledger, pod_uid, claim ? claim->container : NULL);
        if (claim && claim_get_stored(claim) == ledger->disregarded)
                claim = find_next(ledger, pod_uid, claim->container);
        return claim;
}

const LedgerClaim *ledger_find_chunk(const Ledger *ledger, const char *chunk) {
        const LedgerClaim *found = NULL;

        /* One that was taken over is in the claim that gives it up, too. */
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim))
                if (ledger_claim_has_chunk(claim, chunk) &&
                    (!found || claim->state != CLAIM_RELEASING))
                        found = claim;
        return found;
}

const LedgerClaim *ledger_find_container_id(const Ledger *ledger, const char *container_id) {
        /* most have none yet; none of them is whom "" means */
        const LedgerClaim *claim = container_id[0] ? ledger_next(ledger, NULL) : NULL;

        while (claim && strcmp(claim->container_id, container_id) != 0)
                claim = ledger_next(ledger, claim);
        return claim;
}

uint64_t ledger_get_claimed(const Ledger *ledger, unsigned node, uint64_t page_bytes) {
        return account_get_bytes(&ledger->account, node, page_bytes);
}

uint64_t ledger_get_observed(const Ledger *ledger, unsigned node, uint64_t page_bytes) {
        return account_get_observed(&ledger->account, node, page_bytes);
}

unsigned ledger_get_n_blocks(const Ledger *ledger, unsigned node) {
        const AccountNode *found = account_find(&ledger->account, node);

        return found ? found->n_blocks : 0;
}

NodeSet ledger_get_group(const Ledger *ledger, unsigned node) {
        const AccountNode *found = account_find(&ledger->account, node);

        return found ? found->group : (NodeSet){};
}

NodeSet ledger_get_nodes(const Ledger *ledger) {
        NodeSet nodes = {};

        for (unsigned node = 0; node < NODESET_MAX; ++node) {
                const AccountNode *found = account_find(&ledger->account, node);

                for (size_t i = 0; found && i < found->n_rows; ++i)
                        if (found->rows[i].bytes > 0)
                                nodeset_add(&nodes, node);
        }
        return nodes;
}

bool ledger_list_dropped(const Ledger *ledger,
                         uint64_t generation,
                         const LedgerDropped **ret,
                         size_t *ret_n) {
        size_t first = ledger->n_dropped;

        while (first > 0 && ledger->dropped[first - 1].generation > generation)
                --first;
        *ret = ledger->dropped + first;
        *ret_n = ledger->n_dropped - first;
        return generation >= ledger->forgotten_generation;
}

uint64_t ledger_room_get(const LedgerRoom *room, unsigned node, uint64_t page_bytes) {
        size_t low = 0, high = room->n_rows;

        while (low < high) {
                const size_t middle = low + (high - low) / 2;

                if (room->rows[middle].node < node)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < room->n_rows && room->rows[low].node == node; ++low)
                if (room->rows[low].page_bytes == page_bytes)
                        return room->rows[low].bytes;
        return 0;
}

bool ledger_check(const Ledger *ledger) {
        Account account = {};
        size_t n = 0;
        bool is_good = true;

        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim)) {
                is_good = is_good && account_prepare(&account, claim) == 0;
                if (is_good)
                        account_add(&account, claim);
                is_good = is_good && ledger_find(ledger, claim->pod_uid, claim->container) == claim;
                ++n;
        }
        is_good = is_good && n == ledger_get_n_claims(ledger) &&
                  account_is_equal(&ledger->account, &account);
        account_deinit(&account);
        return is_good;
}
