/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger against one that counts everything again, and against its own log. */
#include "lib/test-main.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/record.h"
#include "lib/claims.h"
#include "lib/ledger-model.h"

#ifdef __SANITIZE_ADDRESS__
#        define N_CHANGES 40000u /* each takes four times as long */
#else
#        define N_CHANGES 100000u
#endif
#define FULLY 100u /* everything is compared so often */
#define SEED  UINT64_C(0x5e1f20250417)

static const unsigned node_ids[] = { 0, 1, 2, 5, 63, 64, 1023 };
static const uint64_t sizes[] = { 0, 2 * MIB, GIB };

static LedgerRoomRow room_rows[ELEMENTSOF(node_ids) * ELEMENTSOF(sizes)];
static const LedgerRoom room = { room_rows, ELEMENTSOF(room_rows) };
static NodeSet nodes;

static Ledger *ledger, *loaded;
static LedgerModel model;
static Buffer log_lines;
static uint64_t seed;
static unsigned n_refused, n_applied, n_disregarded;

static void setup(void) {
        size_t n = 0;

        model = (LedgerModel){};
        log_lines = (Buffer){};
        nodes = (NodeSet){};
        seed = SEED;
        n_refused = n_applied = n_disregarded = 0;
        for (size_t i = 0; i < ELEMENTSOF(node_ids); ++i) {
                nodeset_add(&nodes, node_ids[i]);
                for (size_t k = 0; k < ELEMENTSOF(sizes); ++k)
                        room_rows[n++] = (LedgerRoomRow){ node_ids[i], sizes[k], 10 + 5 * i };
        }
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(ledger_new(&loaded), 0);
}

static void teardown(void) {
        ledger_model_deinit(&model);
        buffer_deinit(&log_lines);
        ledger = ledger_free(ledger);
        loaded = ledger_free(loaded);
}

static unsigned pick(unsigned n) {
        return (unsigned)(claims_random(&seed) >> 33) % n;
}

static void pick_key(char uid[static 16], char container[static 16]) {
        (void)snprintf(uid, 16, "pod%u", pick(24));
        container[0] = '\0';
        if (pick(4) > 0)
                (void)snprintf(container, 16, "c%u", pick(3));
}

static void make_block(LedgerBlock *block, LedgerPart *parts) {
        *block = (LedgerBlock){ .page_bytes = sizes[pick(ELEMENTSOF(sizes))], .parts = parts };
        while (nodeset_is_empty(&block->nodes))
                for (size_t i = 0; i < ELEMENTSOF(node_ids); ++i)
                        if (pick(4) == 0)
                                nodeset_add(&block->nodes, node_ids[i]);
        NODESET_FOREACH (node, &block->nodes)
                if (pick(3) > 0) {
                        parts[block->n_parts] = (LedgerPart){ node, pick(6) + 1 };
                        block->bytes += parts[block->n_parts++].bytes;
                }
}

static LedgerClaim *make_claim(void) {
        LedgerPart parts[3][ELEMENTSOF(node_ids)];
        LedgerBlock blocks[3];
        char uid[16], container[16];
        LedgerClaim from = {
                .pod_uid = uid,
                .container = container,
                .namespace_name = "",
                .pod = "",
                .state = (ClaimState)pick(_CLAIM_STATE_N),
                .source = pick(3) == 0 ? CLAIM_SOURCE_OBSERVED : CLAIM_SOURCE_MEMORY_MANAGER,
                .blocks = blocks,
                .n_blocks = pick(4),
                .container_id = "",
                .reason = "",
                .is_within_pod = pick(8) == 0,
                .created_usec = pick(1000),
        };
        LedgerClaim *claim = NULL;

        pick_key(uid, container);
        for (size_t i = 0; i < from.n_blocks; ++i)
                make_block(&blocks[i], parts[i]);
        ck_assert_int_eq(ledger_claim_new(&from, &claim), 0);
        return claim;
}

/* A claim that is there, with one byte more on its first part: its sets are the same. Now and then
 * it was observed and is promised, or the other way round. */
static LedgerClaim *change_claim(const LedgerClaim *from) {
        LedgerBlock blocks[LEDGER_BLOCKS_MAX];
        LedgerPart parts[ELEMENTSOF(node_ids)];
        LedgerClaim copy = *from, *claim = NULL;

        memcpy(blocks, from->blocks, from->n_blocks * sizeof(blocks[0]));
        if (from->n_blocks > 0 && blocks[0].n_parts > 0) {
                memcpy(parts, blocks[0].parts, blocks[0].n_parts * sizeof(parts[0]));
                ++parts[0].bytes;
                ++blocks[0].bytes;
                blocks[0].parts = parts;
        }
        copy.blocks = blocks;
        if (pick(4) == 0)
                copy.source = copy.source == CLAIM_SOURCE_OBSERVED ? CLAIM_SOURCE_MEMORY_MANAGER
                                                                   : CLAIM_SOURCE_OBSERVED;
        ck_assert_int_eq(ledger_claim_new(&copy, &claim), 0);
        return claim;
}

static void make_change(LedgerChange *change) {
        char uid[16], container[16];

        for (unsigned n = pick(4); n > 0; --n)
                claims_put(change,
                           model.n_claims > 0 && pick(3) == 0
                                   ? change_claim(model.claims[pick((unsigned)model.n_claims)])
                                   : make_claim());
        for (unsigned n = pick(4); n > 0; --n) {
                pick_key(uid, container);
                claims_drop(change, uid, container);
        }
}

/* Writes a change that was applied, reads it again, and applies that to the other ledger. */
static void reload(const LedgerChange *change) {
        LedgerChange read = {};
        Diag diag = {};

        log_lines.n_data = 0;
        record_append_change(change, &log_lines);
        ck_assert_int_eq(buffer_finish(&log_lines), 0);
        ck_assert_msg(record_parse_change(RECORD_VERSION, log_lines.data, log_lines.n_data - 1,
                                          &read, &diag) == 0,
                      "%s: %s", log_lines.data, diag.text);
        ck_assert_int_eq(ledger_apply(loaded, &read, NULL, NULL, NULL), 0);
}

/* A change that was taken back is written, too: as what undoes it. */
static void undo(LedgerChange *undone) {
        ck_assert_int_eq(ledger_model_apply(&model, undone, NULL), 0);
        reload(undone);
        ck_assert_int_eq(ledger_apply(ledger, undone, NULL, NULL, NULL), 0);
}

static void check_lack(const LedgerChange *change, const LedgerLack *lack) {
        const uint64_t limit = ledger_room_get(&room, lack->node, lack->page_bytes);
        const uint64_t claimed = ledger_model_get_claimed(&model, lack->node, lack->page_bytes);

        ck_assert_uint_eq(lack->bytes, ledger_model_get_lack(&model, change, &room, lack->node,
                                                             lack->page_bytes));
        ck_assert_uint_eq(lack->free_bytes, bytes_sub_clamped(limit, claimed));
}

static void check_without(const LedgerClaim *gone) {
        ck_assert_ptr_null(ledger_find(ledger, gone->pod_uid, ""));
        ck_assert_uint_eq(ledger_get_n_claims(ledger), model.n_claims - 1);
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim))
                ck_assert_ptr_ne(claim, gone);
        ck_assert(ledger_check(ledger));
        NODESET_FOREACH (node, &nodes)
                for (size_t i = 0; i < ELEMENTSOF(sizes); ++i) {
                        uint64_t bytes = 0;

                        for (size_t k = 0; !gone->is_within_pod && k < gone->n_blocks; ++k)
                                for (size_t j = 0; j < gone->blocks[k].n_parts; ++j)
                                        if (gone->blocks[k].page_bytes == sizes[i] &&
                                            gone->blocks[k].parts[j].node == node)
                                                bytes += gone->blocks[k].parts[j].bytes;
                        ck_assert_uint_eq(ledger_get_claimed(ledger, node, sizes[i]) + bytes,
                                          ledger_model_get_claimed(&model, node, sizes[i]));
                        ck_assert_uint_eq(ledger_get_observed(ledger, node, sizes[i]) + bytes,
                                          ledger_model_get_observed(&model, node, sizes[i]));
                }
}

/* What is disregarded is not there, and then it is as it was. */
static void disregard(void) {
        char uid[16], container[16];
        const LedgerClaim *claim;
        Ledger *disregarding;

        pick_key(uid, container);
        claim = ledger_find(ledger, uid, "");
        disregarding = ledger_disregard(ledger, uid);
        ck_assert_ptr_eq(disregarding,
                         claim && claim->source == CLAIM_SOURCE_OBSERVED ? ledger : NULL);
        n_disregarded += disregarding != NULL;
        if (disregarding)
                check_without(claim);
        ck_assert_ptr_null(ledger_regard(disregarding));
}

static void step(unsigned n) {
        const LedgerRoom *checked = pick(5) > 0 ? &room : NULL; /* facts overcommit */
        LedgerChange change = {}, undone = {};
        char why[LEDGER_MODEL_WHY_MAX];
        LedgerLack lack = {};
        int expected, r;

        make_change(&change);
        if (n % 97 == 0)
                while (change.n_drops < 60)
                        claims_drop(&change,
                                    model.n_claims > change.n_drops
                                            ? model.claims[change.n_drops]->pod_uid
                                            : "",
                                    model.n_claims > change.n_drops
                                            ? model.claims[change.n_drops]->container
                                            : "");
        expected = ledger_model_apply(&model, &change, checked);
        if (expected == 0)
                reload(&change);
        r = ledger_apply(ledger, &change, checked, &undone, &lack);
        ck_assert_msg(r == expected, "seed %" PRIu64 ", change %u: %d, expected %d", SEED, n, r,
                      expected);
        if (r)
                check_lack(&change, &lack);
        n_applied += r == 0;
        n_refused += r != 0;
        if (r == 0 && pick(10) == 0)
                undo(&undone);
        ck_assert_uint_eq(ledger_get_n_claims(ledger), model.n_claims);
        if (n % FULLY == 0) {
                disregard();
                ck_assert_msg(ledger_model_agrees(&model, ledger, &nodes, why),
                              "seed %" PRIu64 ", change %u: %s", SEED, n, why);
                ck_assert_msg(ledger_check(ledger), "seed %" PRIu64 ", change %u", SEED, n);
        }
        ledger_change_deinit(&change);
        ledger_change_deinit(&undone);
}

/* Every claim on a line of its own, as when a log is made small again. */
static Ledger *compact(void) {
        Ledger *compacted = NULL;
        const char *line;

        log_lines.n_data = 0;
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim))
                record_append_claim(claim, &log_lines);
        ck_assert_int_eq(buffer_finish(&log_lines), 0);
        ck_assert_int_eq(ledger_new(&compacted), 0);
        line = log_lines.data;
        while (line < log_lines.data + log_lines.n_data) {
                const char *end = strchr(line, '\n');
                LedgerChange read = {};
                Diag diag = {};

                ck_assert_int_eq(record_parse_change(RECORD_VERSION, line, (size_t)(end - line),
                                                     &read, &diag),
                                 0);
                ck_assert_int_eq(ledger_apply(compacted, &read, NULL, NULL, NULL), 0);
                line = end + 1;
        }
        return compacted;
}

START_TEST(a_ledger_that_counts_again_agrees_after_every_change) {
        Buffer mine = {}, again = {};
        Ledger *compacted;
        char why[LEDGER_MODEL_WHY_MAX];

        for (unsigned n = 0; n < N_CHANGES; ++n)
                step(n);
        ck_assert_uint_gt(n_applied, N_CHANGES / 4);
        ck_assert_uint_gt(n_refused, N_CHANGES / 10);
        ck_assert_uint_gt(n_disregarded, 10);
        /* loading is applying: even the order, the groups and the generations are the same */
        ck_assert_msg(ledger_model_agrees(&model, loaded, &nodes, why), "loaded: %s", why);
        claims_describe(ledger, true, &mine);
        claims_describe(loaded, true, &again);
        ck_assert_str_eq(mine.data, again.data);
        compacted = compact();
        ck_assert(claims_are_same(ledger, compacted));
        ck_assert(ledger_check(compacted));
        NODESET_FOREACH (node, &nodes)
                for (size_t i = 0; i < ELEMENTSOF(sizes); ++i)
                        ck_assert_uint_eq(ledger_get_claimed(compacted, node, sizes[i]),
                                          ledger_get_claimed(ledger, node, sizes[i]));
        ledger_free(compacted);
        buffer_deinit(&mine);
        buffer_deinit(&again);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("ledger-model");
        TCase *tcase = tcase_create("ledger-model");

        tcase_set_timeout(tcase, 120);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, a_ledger_that_counts_again_agrees_after_every_change);
        suite_add_tcase(suite, tcase);
        return suite;
}
