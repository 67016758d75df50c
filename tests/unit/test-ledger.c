/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what a claim may be, and that changes happen as a whole or not at all. */
#include "lib/test-main.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ledger/ledger.h"
#include "lib/claims.h"

static Ledger *ledger;
static LedgerChange change, undone;
static LedgerLack lack;

static void setup(void) {
        ledger = NULL;
        change = undone = (LedgerChange){};
        lack = (LedgerLack){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
}

static void teardown(void) {
        ck_assert(ledger_check(ledger));
        ledger_change_deinit(&change);
        ledger_change_deinit(&undone);
        ledger = ledger_free(ledger);
}

static void put(const char *uid, const char *container, unsigned node, uint64_t bytes) {
        claims_put(&change, claims_make(uid, container, node, bytes));
}

/* What was prepared, as a fact. */
static void apply(void) {
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
        ck_assert_uint_eq(change.n_puts + change.n_drops, 0);
}

/* 100 bytes of plain memory on NUMA nodes 0 and 1, 10 bytes of huge pages on 1. */
static int apply_with_room(void) {
        static const LedgerRoomRow rows[] = { { 0, 0, 100 }, { 1, 0, 100 }, { 1, 2 * MIB, 10 } };
        const LedgerRoom room = { rows, ELEMENTSOF(rows) };

        return ledger_apply(ledger, &change, &room, NULL, &lack);
}

/* The ledger as text; freed by the caller. */
static char *describe(bool with_history) {
        Buffer buffer = {};

        claims_describe(ledger, with_history, &buffer);
        return buffer.data;
}

/* One block of plain memory: one byte on each of @nodes. */
static LedgerClaim *make_wide(const char *container, const char *nodes) {
        LedgerClaim *claim = NULL, *base = claims_make("u", container, 0, 1);
        LedgerPart parts[8];
        LedgerBlock block = { .parts = parts };
        LedgerClaim wide = *base;

        ck_assert_int_eq(nodeset_parse(nodes, strlen(nodes), &block.nodes), 0);
        NODESET_FOREACH (node, &block.nodes)
                parts[block.n_parts++] = (LedgerPart){ .node = node, .bytes = 1 };
        block.bytes = block.n_parts;
        wide.blocks = &block;
        wide.n_blocks = 1;
        ck_assert_int_eq(ledger_claim_new(&wide, &claim), 0);
        ledger_claim_free(base);
        return claim;
}

START_TEST(an_empty_ledger_has_nothing) {
        const LedgerDropped *dropped;
        const NodeSet nodes = ledger_get_nodes(ledger);
        size_t n;

        ck_assert_uint_eq(ledger_get_generation(ledger), 0);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
        ck_assert(nodeset_is_empty(&nodes));
        ck_assert_ptr_null(ledger_next(ledger, NULL));
        ck_assert_ptr_null(ledger_next_of_pod(ledger, "u", NULL));
        ck_assert_ptr_null(ledger_find(ledger, "u", "c"));
        ck_assert_ptr_null(ledger_find_chunk(ledger, "x"));
        ck_assert_uint_eq(ledger_get_claimed(ledger, 1023, 0), 0);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 5000, 0), 0);
        ck_assert(ledger_list_dropped(ledger, 0, &dropped, &n));
        ck_assert_uint_eq(n, 0);
        apply(); /* nothing at all */
        ck_assert_uint_eq(ledger_get_generation(ledger), 0);
}
END_TEST

START_TEST(claims_are_found_in_the_order_of_their_keys_arrival) {
        const LedgerClaim *claim;

        put("b", "2", 0, 1);
        put("a", "1", 0, 1);
        apply();
        put("b", "1", 0, 1);
        put("b", "2", 1, 7); /* keeps its place */
        apply();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 3);
        claim = ledger_next(ledger, NULL);
        ck_assert_ptr_eq(claim, ledger_find(ledger, "b", "2"));
        ck_assert_uint_eq(claim->blocks[0].bytes, 7);
        ck_assert_uint_eq(claim->generation, 2);
        claim = ledger_next(ledger, claim);
        ck_assert_ptr_eq(claim, ledger_find(ledger, "a", "1"));
        ck_assert_uint_eq(claim->generation, 1);
        claim = ledger_next(ledger, claim);
        ck_assert_ptr_eq(claim, ledger_find(ledger, "b", "1"));
        ck_assert_ptr_null(ledger_next(ledger, claim));
        ck_assert_ptr_null(ledger_find(ledger, "a", "2"));
        ck_assert_ptr_null(ledger_find(ledger, "a", ""));
}
END_TEST

START_TEST(claims_of_a_pod_are_found_by_the_names_of_containers) {
        static const char *const pods[] = { "b", "a", "ba", "c" };
        const LedgerClaim *claim = NULL;
        char name[8];

        for (size_t i = 0; i < 100; ++i)
                for (size_t k = 0; k < ELEMENTSOF(pods); ++k) {
                        (void)snprintf(name, sizeof(name), "%02zu", i * 37 % 100);
                        put(pods[k], name, 0, 1);
                }
        claims_put(&change, claims_make_observed("b", 0, 1));
        apply();
        claim = ledger_next_of_pod(ledger, "b", NULL);
        ck_assert_str_eq(claim->container, "");
        ck_assert_ptr_eq(ledger_disregard(ledger, "b"), ledger);
        claim = NULL;
        for (size_t i = 0; i < 100; ++i) {
                claim = ledger_next_of_pod(ledger, "b", claim);
                (void)snprintf(name, sizeof(name), "%02zu", i);
                ck_assert_str_eq(claim->pod_uid, "b");
                ck_assert_str_eq(claim->container, name);
        }
        ck_assert_ptr_null(ledger_next_of_pod(ledger, "b", claim));
        (void)ledger_regard(ledger);
        ck_assert_ptr_null(ledger_next_of_pod(ledger, "bb", NULL));
        ck_assert_ptr_null(ledger_next_of_pod(ledger, "d", NULL));
}
END_TEST

START_TEST(dropping_gives_bytes_back_and_dropping_nothing_is_nothing) {
        put("u", "c", 5, 40);
        apply();
        claims_drop(&change, "u", "c");
        claims_drop(&change, "u", "c"); /* once is enough */
        claims_drop(&change, "u", "other");
        apply();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 0);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 5, 0), 0);
        ck_assert_uint_eq(ledger_get_n_blocks(ledger, 5), 0);
}
END_TEST

START_TEST(what_is_dropped_and_put_in_one_change_is_replaced) {
        const LedgerDropped *dropped;
        size_t n;

        put("u", "c", 0, 40);
        put("v", "c", 0, 1);
        apply();
        put("u", "c", 1, 50);
        claims_drop(&change, "u", "c");
        apply();
        ck_assert_str_eq(ledger_next(ledger, NULL)->pod_uid, "u");
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 1);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 1, 0), 50);
        ck_assert(ledger_list_dropped(ledger, 0, &dropped, &n));
        ck_assert_uint_eq(n, 0);
}
END_TEST

/* Room */

static const struct {
        const char *name;
        unsigned node;
        uint64_t before, now; /* of claim u/c; 0: none, dropped */
        uint64_t other;       /* of claim u/d, put in the same change */
        int expected;
        uint64_t lacks, has;
} rooms[] = {
        { "all that is there", 0, 0, 100, 0, 0, 0, 0 },
        { "one byte more", 0, 0, 101, 0, LEDGER_E_NO_SPACE, 1, 100 },
        { "both together", 0, 0, 60, 60, LEDGER_E_NO_SPACE, 20, 100 },
        { "a smaller one in its place", 0, 90, 10, 0, 0, 0, 0 },
        { "a larger one in its place", 0, 90, 100, 0, 0, 0, 0 },
        { "a too large one in its place", 0, 90, 103, 0, LEDGER_E_NO_SPACE, 3, 10 },
        { "what a drop gives is there for a put", 0, 90, 0, 100, 0, 0, 0 },
        { "what a drop gives is not enough", 0, 90, 0, 104, LEDGER_E_NO_SPACE, 4, 10 },
        { "too much held before, and less now", 0, 300, 200, 0, 0, 0, 0 },
        { "too much held before, and as much now", 0, 300, 300, 0, 0, 0, 0 },
        { "too much held before, shared otherwise", 0, 300, 100, 200, 0, 0, 0 },
        { "too much held before, and more now", 0, 300, 301, 0, LEDGER_E_NO_SPACE, 1, 0 },
        { "too much held before, and another one", 0, 300, 300, 1, LEDGER_E_NO_SPACE, 1, 0 },
        { "a NUMA node that has no room", 2, 0, 1, 0, LEDGER_E_NO_SPACE, 1, 0 },
};

START_TEST(bytes_are_promised_once) {
        char *before, *after;

        if (rooms[_i].before > 0) {
                put("u", "c", rooms[_i].node, rooms[_i].before);
                apply();
        }
        before = describe(true);
        if (rooms[_i].now > 0)
                put("u", "c", rooms[_i].node, rooms[_i].now);
        else
                claims_drop(&change, "u", "c");
        if (rooms[_i].other > 0)
                put("u", "d", rooms[_i].node, rooms[_i].other);
        ck_assert_msg(apply_with_room() == rooms[_i].expected, "%s", rooms[_i].name);
        ck_assert_uint_eq(lack.bytes, rooms[_i].lacks);
        ck_assert_uint_eq(lack.free_bytes, rooms[_i].has);
        after = describe(true);
        ck_assert_int_eq(strcmp(before, after) == 0, rooms[_i].expected != 0);
        if (rooms[_i].expected) {
                ck_assert_uint_eq(lack.node, rooms[_i].node);
                ck_assert_uint_eq(lack.page_bytes, 0);
                apply(); /* it is still the caller's, and whole */
        }
        ck_assert_uint_eq(ledger_get_claimed(ledger, rooms[_i].node, 0),
                          rooms[_i].now + rooms[_i].other);
        free(before);
        free(after);
}
END_TEST

START_TEST(kinds_of_pages_have_rooms_of_their_own) {
        LedgerClaim *base = claims_make("u", "c", 1, 1), *claim = NULL;
        const LedgerPart part = { .node = 1, .bytes = 11 };
        LedgerBlock blocks[] = { base->blocks[0],
                                 { .page_bytes = 2 * MIB,
                                   .bytes = 11,
                                   .nodes = base->blocks[0].nodes,
                                   .parts = &part,
                                   .n_parts = 1 } };
        LedgerClaim both = *base;

        both.blocks = blocks;
        both.n_blocks = 2;
        ck_assert_int_eq(ledger_claim_new(&both, &claim), 0);
        claims_put(&change, claim);
        ck_assert_int_eq(apply_with_room(), LEDGER_E_NO_SPACE);
        ck_assert_uint_eq(lack.node, 1);
        ck_assert_uint_eq(lack.page_bytes, 2 * MIB);
        ck_assert_uint_eq(lack.bytes, 1);
        ck_assert_uint_eq(lack.free_bytes, 10);
        ck_assert_int_eq(ledger_apply(ledger, &change, &(const LedgerRoom){}, NULL, NULL),
                         LEDGER_E_NO_SPACE);
        ledger_claim_free(base);
}
END_TEST

START_TEST(claims_within_a_pod_are_not_counted) {
        LedgerClaim *claim = claims_make("u", "c", 0, 5000);

        claim->is_within_pod = true;
        claims_put(&change, claim);
        put("u", "", 0, 100);
        ck_assert_int_eq(apply_with_room(), 0);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 100);
        ck_assert_uint_eq(ledger_get_n_blocks(ledger, 0), 1);
        ck_assert(ledger_check(ledger));
        put("u", "c", 0, 1); /* and now it counts */
        ck_assert_int_eq(apply_with_room(), LEDGER_E_NO_SPACE);
        claims_drop(&change, "u", "");
        ck_assert_int_eq(apply_with_room(), 0);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 1);
}
END_TEST

/* Groups */

static void check_group(unsigned node, unsigned n_blocks, const char *nodes) {
        const NodeSet group = ledger_get_group(ledger, node);
        char text[NODESET_TEXT_MAX];

        ck_assert_uint_eq(ledger_get_n_blocks(ledger, node), n_blocks);
        ck_assert_str_eq(nodeset_format(&group, text), nodes);
}

START_TEST(a_numa_node_is_in_the_group_of_its_last_block) {
        claims_put(&change, make_wide("a", "0-1"));
        apply();
        check_group(0, 1, "0-1");
        claims_put(&change, make_wide("b", "1-2"));
        apply();
        check_group(0, 1, "0-1");
        check_group(1, 2, "1-2");
        claims_put(&change,
                   make_wide("a", "0-1")); /* other bytes in the same set change no group */
        apply();
        check_group(1, 2, "1-2");
        claims_drop(&change, "u", "b");
        apply();
        check_group(1, 1, "1-2"); /* as the kubelet leaves it */
        check_group(2, 0, "");
        claims_put(&change, make_wide("a", "1"));
        apply();
        check_group(0, 0, "");
        check_group(1, 1, "1");
}
END_TEST

/* The kubelet's memory manager knows nothing of what its device manager has given away. */
START_TEST(chunks_bind_no_numa_nodes) {
        LedgerClaim *wide = make_wide("a", "0-1");

        wide->source = CLAIM_SOURCE_DEVICE_PLUGIN;
        claims_put(&change, wide);
        apply();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 1);
        ck_assert_uint_eq(ledger_get_observed(ledger, 0, 0), 0);
        check_group(0, 0, "");
        claims_put(&change, make_wide("a", "0-1"));
        apply();
        check_group(0, 1, "0-1");
        ck_assert(ledger_check(ledger));
}
END_TEST

START_TEST(a_block_without_bytes_counts_as_an_assignment) {
        LedgerClaim *base = claims_make("u", "c", 3, 1), *claim = NULL;
        const LedgerBlock block = { .nodes = base->blocks[0].nodes };
        LedgerClaim empty = *base;
        NodeSet nodes;

        empty.blocks = &block;
        ck_assert_int_eq(ledger_claim_new(&empty, &claim), 0);
        claims_put(&change, claim);
        apply();
        check_group(3, 1, "3");
        nodes = ledger_get_nodes(ledger);
        ck_assert(nodeset_is_empty(&nodes));
        ledger_claim_free(base);
}
END_TEST

/* Observed */

START_TEST(what_is_observed_lowers_what_is_free_and_binds_nothing) {
        LedgerClaim *wide = make_wide("", "0-1");

        wide->source = CLAIM_SOURCE_OBSERVED;
        claims_put(&change, wide);
        claims_put(&change, claims_make_observed("v", 0, 80));
        apply();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 81);
        ck_assert_uint_eq(ledger_get_observed(ledger, 0, 0), 81);
        ck_assert_uint_eq(ledger_get_observed(ledger, 0, 2 * MIB), 0);
        ck_assert_uint_eq(ledger_get_observed(ledger, 1, 0), 1);
        ck_assert_uint_eq(ledger_get_observed(ledger, 5000, 0), 0);
        check_group(0, 0, "");
        check_group(1, 0, "");
        put("u", "c", 0, 20);
        ck_assert_int_eq(apply_with_room(), LEDGER_E_NO_SPACE);
        ck_assert_uint_eq(lack.free_bytes, 19);
        put("u", "c", 0, 19);
        ck_assert_int_eq(apply_with_room(), 0);
        check_group(0, 1, "0");
}
END_TEST

START_TEST(what_was_observed_may_be_promised_and_observed_again) {
        LedgerClaim *wide = make_wide("", "0-1");

        wide->source = CLAIM_SOURCE_OBSERVED;
        claims_put(&change, wide);
        apply();
        claims_put(&change, make_wide("", "0-1"));
        apply();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 1, 0), 1);
        ck_assert_uint_eq(ledger_get_observed(ledger, 1, 0), 0);
        check_group(1, 1, "0-1");
        wide = make_wide("", "0-1");
        wide->source = CLAIM_SOURCE_OBSERVED;
        claims_put(&change, wide);
        apply();
        ck_assert_uint_eq(ledger_get_observed(ledger, 1, 0), 1);
        check_group(1, 0, "");
}
END_TEST

START_TEST(a_pod_is_asked_for_as_if_it_held_nothing) {
        const LedgerClaim *observed;
        Ledger *disregarding;

        put("u", "c", 0, 1);
        claims_put(&change, claims_make_observed("u", 0, 80));
        claims_put(&change, claims_make_observed("v", 0, 7));
        apply();
        observed = ledger_find_observed(ledger, "u");
        ck_assert_ptr_nonnull(observed);
        disregarding = ledger_disregard(ledger, "u");
        ck_assert_ptr_eq(disregarding, ledger);
        ck_assert_ptr_null(ledger_find(ledger, "u", ""));
        ck_assert_ptr_null(ledger_find_observed(ledger, "u"));
        ck_assert_ptr_nonnull(ledger_find_observed(ledger, "v"));
        ck_assert_str_eq(ledger_next_of_pod(ledger, "u", NULL)->container, "c");
        ck_assert_str_eq(ledger_next(ledger, ledger_find(ledger, "u", "c"))->pod_uid, "v");
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 2);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 8);
        ck_assert_uint_eq(ledger_get_observed(ledger, 0, 0), 7);
        ck_assert_uint_eq(ledger_get_generation(ledger), 1);
        ck_assert(ledger_check(ledger));
        ck_assert_ptr_null(ledger_regard(disregarding));
        ck_assert_ptr_eq(ledger_find(ledger, "u", ""), observed);
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 88);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 3);
        ck_assert_uint_eq(ledger_get_generation(ledger), 1);
}
END_TEST

START_TEST(only_what_is_observed_is_disregarded) {
        put("u", "", 0, 80);
        apply();
        ck_assert_ptr_null(ledger_disregard(ledger, "u"));
        ck_assert_ptr_null(ledger_disregard(ledger, "v"));
        ck_assert_ptr_null(ledger_disregard(ledger, NULL));
        ck_assert_ptr_null(ledger_regard(NULL));
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 80);
}
END_TEST

START_TEST(nothing_changes_while_something_is_disregarded) {
        claims_put(&change, claims_make_observed("u", 0, 80));
        apply();
        put("u", "c", 0, 1);
        (void)!ledger_disregard(ledger, "u");
        apply(); /* aborts */
}
END_TEST

/* Taking back */

START_TEST(an_undone_change_leaves_the_ledger_as_it_was) {
        char *before, *after;

        put("u", "replaced", 0, 10);
        claims_put(&change, make_wide("stays", "0-1"));
        put("u", "dropped", 1, 20); /* it comes again as the last, as it did here */
        apply();
        before = describe(false);
        put("u", "replaced", 0, 11);
        put("u", "new", 1, 5);
        claims_put(&change, make_wide("wide", "2-3"));
        claims_drop(&change, "u", "dropped");
        claims_drop(&change, "u", "nobody");
        claims_drop(&change, "u", "new"); /* drops come before puts */
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, &undone, NULL), 0);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), 4);
        ck_assert_uint_eq(undone.n_puts, 2);
        ck_assert_uint_eq(undone.n_drops, 2);
        ck_assert_int_eq(ledger_apply(ledger, &undone, NULL, NULL, NULL), 0);
        after = describe(false);
        ck_assert_str_eq(before, after);
        free(before);
        free(after);
}
END_TEST

static void drop_many(unsigned from, unsigned n) {
        char uid[16];

        for (unsigned i = from; i < from + n; ++i) {
                (void)snprintf(uid, sizeof(uid), "%u", i);
                put(uid, "c", 0, 1);
        }
        apply();
        for (unsigned i = from; i < from + n; ++i) {
                (void)snprintf(uid, sizeof(uid), "%u", i);
                claims_drop(&change, uid, "c");
                apply();
        }
}

START_TEST(dropped_keys_are_remembered_for_a_while) {
        const LedgerDropped *dropped;
        uint64_t generation;
        size_t n;

        drop_many(0, 300);
        generation = ledger_get_generation(ledger);
        drop_many(300, 200);
        ck_assert(ledger_list_dropped(ledger, 0, &dropped, &n));
        ck_assert_uint_eq(n, 500);
        ck_assert_str_eq(dropped[0].key.pod_uid, "0");
        ck_assert(ledger_list_dropped(ledger, generation, &dropped, &n));
        ck_assert_uint_eq(n, 200);
        ck_assert_str_eq(dropped[0].key.pod_uid, "300");
        ck_assert_str_eq(dropped[0].key.container, "c");
        ck_assert_uint_eq(dropped[0].generation, generation + 2);
        ck_assert(ledger_list_dropped(ledger, UINT64_MAX, &dropped, &n));
        ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(whoever_asks_too_late_is_told_so) {
        const LedgerDropped *dropped;
        uint64_t generation;
        size_t n;

        drop_many(0, 300);
        drop_many(300, 300);
        ck_assert(!ledger_list_dropped(ledger, 0, &dropped, &n));
        ck_assert_str_eq(dropped[n - 1].key.pod_uid, "599");
        generation = dropped[0].generation;
        ck_assert_uint_gt(n, 255);
        ck_assert(ledger_list_dropped(ledger, generation - 1, &dropped, &n));
        ck_assert_uint_eq(dropped[0].generation, generation);
        ck_assert(!ledger_list_dropped(ledger, generation - 2, &dropped, &n));
}
END_TEST

START_TEST(one_change_may_forget_its_own_beginning) {
        const LedgerDropped *dropped;
        uint64_t generation;
        char uid[16];
        size_t n;

        drop_many(0, 300);
        generation = ledger_get_generation(ledger);
        for (unsigned i = 0; i < LEDGER_CHANGE_MAX; ++i) {
                (void)snprintf(uid, sizeof(uid), "%u", i);
                put(uid, "c", 0, 1);
        }
        apply();
        for (unsigned i = 0; i < LEDGER_CHANGE_MAX; ++i) {
                (void)snprintf(uid, sizeof(uid), "%u", i);
                claims_drop(&change, uid, "c");
        }
        apply();
        ck_assert(!ledger_list_dropped(ledger, generation, &dropped, &n));
        ck_assert(ledger_list_dropped(ledger, generation + 2, &dropped, &n));
        ck_assert_uint_eq(n, 0);
}
END_TEST

/* Limits */

static void fill_ledger(void) {
        char uid[16];

        for (unsigned i = 0; i < LEDGER_CLAIMS_MAX; ++i) {
                (void)snprintf(uid, sizeof(uid), "%u", i);
                put(uid, "c", i % 5, 1);
                if (change.n_puts == LEDGER_CHANGE_MAX)
                        apply();
        }
        ck_assert_uint_eq(ledger_get_n_claims(ledger), LEDGER_CLAIMS_MAX);
}

START_TEST(a_full_ledger_takes_only_replacements) {
        fill_ledger();
        put("7", "c", 0, 2);
        put("new", "c", 0, 1);
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), LEDGER_E_FULL);
        ck_assert_uint_eq(ledger_find(ledger, "7", "c")->blocks[0].bytes, 1);
        ck_assert_ptr_null(ledger_find(ledger, "new", "c"));
        claims_drop(&change, "8", "c");
        apply();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), LEDGER_CLAIMS_MAX);
        ck_assert_uint_eq(ledger_find(ledger, "7", "c")->blocks[0].bytes, 2);
}
END_TEST

START_TEST(a_change_has_a_limit_and_each_key_once) {
        char container[16];

        for (unsigned i = 0; i < LEDGER_CHANGE_MAX; ++i) {
                (void)snprintf(container, sizeof(container), "%u", i);
                put("u", container, 0, 1);
                claims_drop(&change, "u", "x");
        }
        put("u", "3", 0, 5); /* takes the place of the earlier */
        ck_assert_uint_eq(change.n_puts, LEDGER_CHANGE_MAX);
        ck_assert_uint_eq(change.puts[3]->blocks[0].bytes, 5);
        ck_assert_int_eq(ledger_change_put(&change, claims_make("u", "more", 0, 1)), -E2BIG);
        ck_assert_int_eq(ledger_change_drop(&change, "u", "x"), -E2BIG);
        apply();
        ck_assert_uint_eq(ledger_get_n_claims(ledger), LEDGER_CHANGE_MAX);
}
END_TEST

START_TEST(a_chunk_is_found_with_whoever_has_it_now) {
        static const char *const old_chunks[] = { "0-1", "0-2" }, *const new_chunks[] = { "0-2" };
        LedgerClaim *base = claims_make("u", "old", 0, 1), *claim = NULL;
        LedgerClaim from = *base;

        from.chunks = old_chunks;
        from.n_chunks = 2;
        from.state = CLAIM_RELEASING;
        from.container_id = "x1";
        ck_assert_int_eq(ledger_claim_new(&from, &claim), 0);
        claims_put(&change, claim);
        from.container = "new";
        from.chunks = new_chunks;
        from.n_chunks = 1;
        from.state = CLAIM_PENDING;
        from.container_id = "";
        ck_assert_int_eq(ledger_claim_new(&from, &claim), 0);
        claims_put(&change, claim);
        apply();
        ck_assert_str_eq(ledger_find_chunk(ledger, "0-1")->container, "old");
        ck_assert_str_eq(ledger_find_chunk(ledger, "0-2")->container, "new");
        ck_assert_ptr_null(ledger_find_chunk(ledger, "0-3"));
        ck_assert_str_eq(ledger_find_container_id(ledger, "x1")->container, "old");
        ck_assert_ptr_null(ledger_find_container_id(ledger, "x2"));
        ck_assert_ptr_null(ledger_find_container_id(ledger, "")); /* nobody's */
        ledger_claim_free(base);
}
END_TEST

START_TEST(freeing_nothing_is_nothing) {
        ck_assert_ptr_null(ledger_free(NULL));
        ck_assert_ptr_null(ledger_claim_free(NULL));
        ledger_change_deinit(&change);
}
END_TEST

static void add_tests(TCase *tcase) {
        tcase_add_test(tcase, an_empty_ledger_has_nothing);
        tcase_add_test(tcase, claims_are_found_in_the_order_of_their_keys_arrival);
        tcase_add_test(tcase, claims_of_a_pod_are_found_by_the_names_of_containers);
        tcase_add_test(tcase, dropping_gives_bytes_back_and_dropping_nothing_is_nothing);
        tcase_add_test(tcase, what_is_dropped_and_put_in_one_change_is_replaced);
        tcase_add_loop_test(tcase, bytes_are_promised_once, 0, ELEMENTSOF(rooms));
        tcase_add_test(tcase, kinds_of_pages_have_rooms_of_their_own);
        tcase_add_test(tcase, claims_within_a_pod_are_not_counted);
        tcase_add_test(tcase, a_numa_node_is_in_the_group_of_its_last_block);
        tcase_add_test(tcase, chunks_bind_no_numa_nodes);
        tcase_add_test(tcase, a_block_without_bytes_counts_as_an_assignment);
        tcase_add_test(tcase, what_is_observed_lowers_what_is_free_and_binds_nothing);
        tcase_add_test(tcase, what_was_observed_may_be_promised_and_observed_again);
        tcase_add_test(tcase, a_pod_is_asked_for_as_if_it_held_nothing);
        tcase_add_test(tcase, only_what_is_observed_is_disregarded);
        tcase_add_test_raise_signal(tcase, nothing_changes_while_something_is_disregarded, SIGABRT);
        tcase_add_test(tcase, an_undone_change_leaves_the_ledger_as_it_was);
        tcase_add_test(tcase, dropped_keys_are_remembered_for_a_while);
        tcase_add_test(tcase, whoever_asks_too_late_is_told_so);
        tcase_add_test(tcase, one_change_may_forget_its_own_beginning);
        tcase_add_test(tcase, a_full_ledger_takes_only_replacements);
        tcase_add_test(tcase, a_change_has_a_limit_and_each_key_once);
        tcase_add_test(tcase, a_chunk_is_found_with_whoever_has_it_now);
        tcase_add_test(tcase, freeing_nothing_is_nothing);
}

Suite *suite(void) {
        Suite *suite = suite_create("ledger");
        TCase *tcase = tcase_create("ledger");

        tcase_set_timeout(tcase, 30);
        tcase_add_checked_fixture(tcase, setup, teardown);
        add_tests(tcase);
        suite_add_tcase(suite, tcase);
        return suite;
}
