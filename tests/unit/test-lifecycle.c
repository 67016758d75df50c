/* SPDX-License-Identifier: Apache-2.0 */
/* What is observed makes way for promises, and no release takes it away. */
#include "lib/test-main.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ledger/lifecycle.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"

#define PARTS_MAX 4u
#define N_RANDOM  20000u
#define SEED      UINT64_C(0x5e1f20261126)

/* Bytes of a claim; those of one page size are a block. 0 bytes end it. */
typedef struct Part {
        unsigned node;
        uint64_t page_bytes, bytes;
} Part;

static Ledger *ledger;
static LedgerChange change;
static LedgerLack lack;
static char text[512];

static void setup(void) {
        change = (LedgerChange){};
        lack = (LedgerLack){};
        ck_assert_int_eq(ledger_new(&ledger), 0);
}

static void teardown(void) {
        ck_assert(ledger_check(ledger));
        ledger_change_deinit(&change);
        ledger = ledger_free(ledger);
}

static LedgerClaim *make(const LedgerClaim *base, const Part parts[static PARTS_MAX]) {
        LedgerPart copies[PARTS_MAX];
        LedgerBlock blocks[PARTS_MAX] = {};
        LedgerClaim from = *base, *claim = NULL;

        from.blocks = blocks;
        from.n_blocks = 0;
        for (size_t i = 0; i < PARTS_MAX && parts[i].bytes > 0; ++i) {
                LedgerBlock *block;

                if (i == 0 || parts[i].page_bytes != parts[i - 1].page_bytes)
                        ++from.n_blocks;
                block = &blocks[from.n_blocks - 1];
                copies[i] = (LedgerPart){ parts[i].node, parts[i].bytes };
                if (block->n_parts == 0)
                        block->parts = &copies[i];
                ++block->n_parts;
                block->page_bytes = parts[i].page_bytes;
                block->bytes += parts[i].bytes;
                nodeset_add(&block->nodes, parts[i].node);
        }
        ck_assert_int_eq(ledger_claim_new(&from, &claim), 0);
        return claim;
}

static LedgerClaim *
make_promised(const char *uid, const char *container, const Part parts[static PARTS_MAX]) {
        LedgerClaim *base = claims_make(uid, container, 0, 1);
        LedgerClaim *claim = make(base, parts);

        ledger_claim_free(base);
        return claim;
}

static LedgerClaim *make_observed(const char *uid, const Part parts[static PARTS_MAX]) {
        LedgerClaim *base = claims_make_observed(uid, 0, 1);
        LedgerClaim *claim = make(base, parts);

        ledger_claim_free(base);
        return claim;
}

static void apply(void) {
        ck_assert_int_eq(ledger_apply(ledger, &change, NULL, NULL, NULL), 0);
}

static int apply_with_room(void) {
        static const LedgerRoomRow rows[] = { { 0, 0, 100 }, { 1, 0, 100 } };

        return ledger_apply(ledger, &change, &(const LedgerRoom){ rows, ELEMENTSOF(rows) }, NULL,
                            &lack);
}

/* "0:40 2M/1:8", "gone" */
static const char *describe_observed(const char *uid) {
        const LedgerClaim *claim = ledger_find_observed(ledger, uid);
        size_t n = 0;

        text[0] = '\0';
        for (size_t i = 0; claim && i < claim->n_blocks; ++i)
                for (size_t k = 0; k < claim->blocks[i].n_parts; ++k)
                        n += (size_t)snprintf(
                                text + n, sizeof(text) - n, "%s%s%u:%" PRIu64, n ? " " : "",
                                claim->blocks[i].page_bytes ? "2M/" : "",
                                claim->blocks[i].parts[k].node, claim->blocks[i].parts[k].bytes);
        return claim ? text : "gone";
}

/* Yielding */

static const struct {
        const char *name;
        Part observed[PARTS_MAX];
        Part before[PARTS_MAX]; /* of the container's claim; {}: it has none */
        Part now[PARTS_MAX];    /* {}: it is dropped */
        const char *left;
} yields[] = {
        { "part of it", { { 0, 0, 100 } }, {}, { { 0, 0, 60 } }, "0:40" },
        { "all of it", { { 0, 0, 100 } }, {}, { { 0, 0, 100 } }, "gone" },
        { "more than that", { { 0, 0, 100 } }, {}, { { 0, 0, 130 } }, "gone" },
        { "the same NUMA node before a lower one",
          { { 0, 0, 50 }, { 1, 0, 50 } },
          {},
          { { 1, 0, 30 } },
          "0:50 1:20" },
        { "then the lowest",
          { { 0, 0, 50 }, { 1, 0, 50 }, { 2, 0, 50 } },
          {},
          { { 2, 0, 70 } },
          "0:30 1:50" },
        { "where nothing is observed",
          { { 1, 0, 50 }, { 2, 0, 50 } },
          {},
          { { 0, 0, 60 } },
          "2:40" },
        { "huge pages by themselves",
          { { 0, 0, 50 }, { 0, 2 * MIB, 8 }, { 1, 2 * MIB, 8 } },
          {},
          { { 0, 0, 10 }, { 0, 2 * MIB, 12 } },
          "0:40 2M/1:4" },
        { "other pages", { { 0, 0, 50 } }, {}, { { 0, 2 * MIB, 8 } }, "0:50" },
        { "only what is more", { { 0, 0, 40 } }, { { 0, 0, 60 } }, { { 0, 0, 80 } }, "0:20" },
        { "less than before", { { 0, 0, 40 } }, { { 0, 0, 60 } }, { { 0, 0, 10 } }, "0:40" },
        { "as much as before", { { 0, 0, 40 } }, { { 0, 0, 60 } }, { { 0, 0, 60 } }, "0:40" },
        { "more in sum, and somewhere less",
          { { 0, 0, 5 }, { 2, 0, 20 } },
          { { 1, 0, 4 } },
          { { 0, 0, 10 } },
          "2:19" },
        { "moved to where it is observed",
          { { 0, 0, 40 } },
          { { 1, 0, 60 } },
          { { 0, 0, 60 } },
          "gone" },
        { "nothing", { { 0, 0, 40 } }, { { 1, 0, 60 } }, {}, "0:40" },
};

START_TEST(what_is_observed_makes_way_for_what_is_promised) {
        const Part *before = yields[_i].before, *now = yields[_i].now;

        claims_put(&change, make_observed("u", yields[_i].observed));
        if (before[0].bytes > 0)
                claims_put(&change, make_promised("u", "c", before));
        apply();
        if (now[0].bytes > 0)
                claims_put(&change, make_promised("u", "c", now));
        else
                claims_drop(&change, "u", "c");
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        apply();
        ck_assert_msg(strcmp(describe_observed("u"), yields[_i].left) == 0, "%s: %s",
                      yields[_i].name, describe_observed("u"));
}
END_TEST

START_TEST(containers_of_one_change_are_counted_together) {
        claims_put(&change, make_observed("u", (const Part[PARTS_MAX]){ { 0, 0, 100 } }));
        claims_put(&change, make_promised("u", "init", (const Part[PARTS_MAX]){ { 0, 0, 50 } }));
        claims_put(&change, make_promised("u", "gone", (const Part[PARTS_MAX]){ { 0, 0, 5 } }));
        apply();
        claims_put(&change, make_promised("u", "a", (const Part[PARTS_MAX]){ { 0, 0, 70 } }));
        claims_put(&change, make_promised("u", "b", (const Part[PARTS_MAX]){ { 0, 0, 20 } }));
        claims_put(&change, make_promised("u", "init", (const Part[PARTS_MAX]){ { 0, 0, 10 } }));
        claims_drop(&change, "u", "gone");
        claims_drop(&change, "u", "gone");
        claims_drop(&change, "u", "init"); /* it is put all the same */
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        apply();
        ck_assert_str_eq(describe_observed("u"), "0:55");
}
END_TEST

START_TEST(each_pod_makes_way_for_its_own) {
        claims_put(&change, claims_make_observed("u", 0, 50));
        claims_put(&change, claims_make_observed("v", 0, 50));
        claims_put(&change, claims_make_observed("w", 0, 50));
        apply();
        claims_put(&change, claims_make("u", "c", 0, 10));
        claims_put(&change, claims_make("v", "c", 0, 60));
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        apply();
        ck_assert_str_eq(describe_observed("u"), "0:40");
        ck_assert_str_eq(describe_observed("v"), "gone");
        ck_assert_str_eq(describe_observed("w"), "0:50");
}
END_TEST

START_TEST(shares_of_a_pod_are_not_counted) {
        LedgerClaim *share = claims_make("u", "c", 0, 30);

        share->is_within_pod = true;
        claims_put(&change, claims_make_observed("u", 0, 50));
        apply();
        claims_put(&change, share);
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        ck_assert_uint_eq(change.n_puts, 1);
}
END_TEST

START_TEST(a_promise_to_the_pod_as_a_whole_takes_the_place) {
        claims_put(&change, claims_make_observed("u", 0, 50));
        apply();
        claims_put(&change, claims_make("u", "", 0, 30));
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        ck_assert_uint_eq(change.n_puts + change.n_drops, 1);
        apply();
        ck_assert_uint_eq(ledger_get_claimed(ledger, 0, 0), 30);
        ck_assert_uint_eq(ledger_get_observed(ledger, 0, 0), 0);
}
END_TEST

START_TEST(chunks_go_with_the_promise_that_has_them) {
        static const char *const all[] = { "0-1", "0-2", "0-3" }, *const some[] = { "0-2" };
        LedgerClaim *base = claims_make_observed("u", 0, 10), *claim = NULL;
        LedgerClaim from = *base;

        from.chunks = all;
        from.n_chunks = ELEMENTSOF(all);
        ck_assert_int_eq(ledger_claim_new(&from, &claim), 0);
        claims_put(&change, claim);
        ledger_claim_free(base);
        apply();
        base = claims_make("u", "c", 0, 10);
        from = *base;
        from.chunks = some;
        from.n_chunks = ELEMENTSOF(some);
        ck_assert_int_eq(ledger_claim_new(&from, &claim), 0);
        claims_put(&change, claim);
        ledger_claim_free(base);
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        apply();
        ck_assert_uint_eq(ledger_find_observed(ledger, "u")->n_chunks, 2); /* without bytes, too */
        ck_assert_str_eq(ledger_find_chunk(ledger, "0-2")->container, "c");
        ck_assert_str_eq(ledger_find_chunk(ledger, "0-3")->container, "");
}
END_TEST

/* Room */

START_TEST(a_full_numa_node_takes_the_promise_of_the_pod_that_fills_it) {
        claims_put(&change, claims_make_observed("u", 0, 100));
        apply();
        claims_put(&change, claims_make("v", "c", 0, 1));
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        ck_assert_int_eq(apply_with_room(), LEDGER_E_NO_SPACE);
        ledger_change_deinit(&change);
        claims_put(&change, claims_make("u", "c", 0, 60));
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        ck_assert_int_eq(apply_with_room(), 0);
        ck_assert_str_eq(describe_observed("u"), "0:40");
        claims_put(&change, claims_make("u", "d", 0, 41)); /* which is one byte too much */
        ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
        ck_assert_int_eq(apply_with_room(), LEDGER_E_NO_SPACE);
        ck_assert_uint_eq(lack.bytes, 1);
}
END_TEST

static uint64_t pick(uint64_t *seed, uint64_t n) {
        return (claims_random(seed) >> 33) % n;
}

static void pick_parts(uint64_t *seed, Part parts[static PARTS_MAX]) {
        size_t n = 0;

        memset(parts, 0, PARTS_MAX * sizeof(*parts));
        for (unsigned node = 0; node < 2; ++node)
                if (pick(seed, 3) > 0)
                        parts[n++] = (Part){ node, 0, pick(seed, 80) + 1 };
}

/* What fits beside what other pods hold. */
static bool fits(const LedgerClaim *claim) {
        const LedgerClaim *before = ledger_find(ledger, claim->pod_uid, claim->container);
        _cleanup_(ledger_regardp) Ledger *disregarding = ledger_disregard(ledger, claim->pod_uid);
        int64_t bytes[2] = { (int64_t)ledger_get_claimed(ledger, 0, 0),
                             (int64_t)ledger_get_claimed(ledger, 1, 0) };

        for (size_t i = 0; before && before->n_blocks && i < before->blocks[0].n_parts; ++i)
                bytes[before->blocks[0].parts[i].node] -= (int64_t)before->blocks[0].parts[i].bytes;
        for (size_t i = 0; claim->n_blocks && i < claim->blocks[0].n_parts; ++i)
                bytes[claim->blocks[0].parts[i].node] += (int64_t)claim->blocks[0].parts[i].bytes;
        return bytes[0] <= 100 && bytes[1] <= 100;
}

/* Who was told that it fits, without what the pod holds, is promised it; and nothing is made up. */
START_TEST(what_fits_beside_other_pods_is_promised) {
        uint64_t seed = SEED;
        unsigned n_fit = 0;

        for (unsigned n = 0; n < N_RANDOM; ++n) {
                char uid[8], container[8];
                Part parts[PARTS_MAX];
                LedgerClaim *claim;
                uint64_t observed;

                (void)snprintf(uid, sizeof(uid), "u%u", (unsigned)pick(&seed, 3));
                (void)snprintf(container, sizeof(container), "c%u", (unsigned)pick(&seed, 2));
                pick_parts(&seed, parts);
                if (pick(&seed, 3) == 0) {
                        claims_put(&change, make_observed(uid, parts));
                        apply();
                        continue;
                }
                claim = make_promised(uid, container, parts);
                if (!fits(claim)) {
                        ledger_claim_free(claim);
                        claims_drop(&change, uid, container);
                        apply();
                        continue;
                }
                observed = ledger_get_observed(ledger, 0, 0) + ledger_get_observed(ledger, 1, 0);
                claims_put(&change, claim);
                ck_assert_int_eq(lifecycle_yield(ledger, &change), 0);
                ck_assert_msg(apply_with_room() == 0, "change %u: %" PRIu64 " on %u", n, lack.bytes,
                              lack.node);
                ck_assert_uint_le(ledger_get_observed(ledger, 0, 0) +
                                          ledger_get_observed(ledger, 1, 0),
                                  observed);
                ++n_fit;
        }
        ck_assert_uint_gt(n_fit, N_RANDOM / 20);
}
END_TEST

START_TEST(making_way_needs_memory_or_plans_nothing_wrong) {
        unsigned n = 0;
        int r;

        claims_put(&change,
                   make_observed("u", (const Part[PARTS_MAX]){ { 0, 0, 9 }, { 1, 0, 9 } }));
        apply();
        do {
                ledger_change_deinit(&change);
                claims_put(&change, claims_make("u", "c", 0, 3));
                failmalloc_arm(n++);
                r = lifecycle_yield(ledger, &change);
                (void)failmalloc_disarm();
                ck_assert(r == 0 || r == -ENOMEM);
        } while (r);
        ck_assert_uint_gt(n, 3);
        ck_assert_uint_eq(change.n_puts, 2);
}
END_TEST

/* Releasing */

START_TEST(what_is_observed_is_not_released_by_name) {
        LedgerClaim *share = claims_make("u", "c", 0, 5);

        share->is_within_pod = true;
        claims_put(&change, claims_make_observed("u", 0, 50));
        claims_put(&change, share);
        apply();
        ck_assert_int_eq(lifecycle_release(ledger, "u", "", &change), 0);
        ck_assert_uint_eq(change.n_drops, 0);
        ck_assert_int_eq(lifecycle_release(ledger, "u", NULL, &change), 0);
        ck_assert_uint_eq(change.n_drops, 1); /* the share; and not the whole with it */
        apply();
        ck_assert_str_eq(describe_observed("u"), "0:50");
}
END_TEST

static bool is_active(const char *pod_uid, const char *container, void *userdata) {
        (void)pod_uid;
        (void)container;
        (void)userdata;
        return false;
}

START_TEST(what_is_observed_is_never_stale) {
        claims_put(&change, claims_make_observed("u", 0, 50));
        claims_put(&change, claims_make("u", "c", 0, 5));
        apply();
        ck_assert_int_eq(lifecycle_drop_stale(ledger, is_active, NULL, &change), 0);
        ck_assert_uint_eq(change.n_drops, 1);
        apply();
        ck_assert_str_eq(describe_observed("u"), "0:50");
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("lifecycle");
        TCase *tcase = tcase_create("lifecycle");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_loop_test(tcase, what_is_observed_makes_way_for_what_is_promised, 0,
                            ELEMENTSOF(yields));
        tcase_add_test(tcase, containers_of_one_change_are_counted_together);
        tcase_add_test(tcase, each_pod_makes_way_for_its_own);
        tcase_add_test(tcase, shares_of_a_pod_are_not_counted);
        tcase_add_test(tcase, a_promise_to_the_pod_as_a_whole_takes_the_place);
        tcase_add_test(tcase, chunks_go_with_the_promise_that_has_them);
        tcase_add_test(tcase, a_full_numa_node_takes_the_promise_of_the_pod_that_fills_it);
        tcase_add_test(tcase, what_fits_beside_other_pods_is_promised);
        tcase_add_test(tcase, making_way_needs_memory_or_plans_nothing_wrong);
        tcase_add_test(tcase, what_is_observed_is_not_released_by_name);
        tcase_add_test(tcase, what_is_observed_is_never_stale);
        suite_add_tcase(suite, tcase);
        return suite;
}
