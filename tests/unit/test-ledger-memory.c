/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger without memory: -ENOMEM, and nothing has changed. */
#include "lib/test-main.h"

#include <errno.h>
#include <string.h>

#include "ledger/ledger.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"

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

/* The ledger as text; freed by the caller. */
static char *describe(bool with_history) {
        Buffer buffer = {};

        claims_describe(ledger, with_history, &buffer);
        return buffer.data;
}

static bool tree_must_fail;

/* The linker's names: what the ledger calls for a key that is new. */
void *__real_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));
void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *));

void *__wrap_tsearch(const void *key, void **root, int (*compare)(const void *, const void *)) {
        static unsigned n;

        if (tree_must_fail && n++ % 2 == 1) /* the second of two */
                return NULL;
        return __real_tsearch(key, root, compare);
}

static void prepare_change(void) {
        put("u", "replaced", 0, 11);
        put("u", "new", 7, 5);
        put("v", "", 64, 1);
        claims_drop(&change, "u", "dropped");
}

START_TEST(without_memory_nothing_changes) {
        static const LedgerRoomRow rows[] = { { 0, 0, 100 }, { 7, 0, 5 }, { 64, 0, 1 } };
        const LedgerRoom room = { rows, ELEMENTSOF(rows) };
        char *before, *after;
        unsigned n = 0;
        int r;

        put("u", "replaced", 0, 10);
        put("u", "dropped", 1, 20);
        apply();
        before = describe(true);
        prepare_change();
        for (bool has_failed = true; has_failed; ++n) {
                failmalloc_arm(n);
                r = ledger_apply(ledger, &change, &room, &undone, &lack);
                has_failed = failmalloc_disarm();
                after = describe(true);
                ck_assert_int_eq(r, has_failed ? -ENOMEM : 0);
                ck_assert_int_eq(strcmp(before, after) == 0, has_failed);
                ck_assert(ledger_check(ledger));
                ck_assert_uint_eq(change.n_puts, has_failed ? 3 : 0);
                ck_assert_uint_eq(undone.n_puts, has_failed ? 0 : 2);
                free(after);
        }
        ck_assert_uint_gt(n, 7); /* lists, and what accounts need */
        free(before);
}
END_TEST

START_TEST(a_tree_without_memory_changes_nothing) {
        char *before, *after;
        int r;

        put("u", "dropped", 1, 20);
        put("u", "replaced", 0, 10);
        apply();
        before = describe(true);
        prepare_change();
        tree_must_fail = true;
        r = ledger_apply(ledger, &change, NULL, &undone, NULL);
        tree_must_fail = false;
        ck_assert_int_eq(r, -ENOMEM);
        after = describe(true);
        ck_assert_str_eq(before, after);
        ck_assert_ptr_null(ledger_find(ledger, "u", "new"));
        apply();
        ck_assert_ptr_nonnull(ledger_find(ledger, "u", "new"));
        free(before);
        free(after);
}
END_TEST

START_TEST(making_things_fails_as_a_whole) {
        LedgerClaim *claim = NULL;
        Ledger *other = NULL;
        int results[5];

        put("u", "c", 0, 1);
        claim = claims_make("u", "d", 0, 1);
        for (unsigned n = 0; n < 2; ++n) {
                failmalloc_arm(n);
                results[n] = ledger_new(&other);
                failmalloc_disarm();
        }
        failmalloc_arm(0);
        results[2] = ledger_change_put(&change, claim); /* which frees it */
        results[3] = ledger_change_drop(&change, "u", "d");
        results[4] = ledger_claim_new(change.puts[0], &claim);
        failmalloc_disarm();
        for (size_t i = 0; i < ELEMENTSOF(results); ++i)
                ck_assert_int_eq(results[i], -ENOMEM);
        ck_assert_uint_eq(change.n_puts, 1);
        ck_assert_uint_eq(change.n_drops, 0);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("ledger-memory");
        TCase *tcase = tcase_create("ledger-memory");

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, without_memory_nothing_changes);
        tcase_add_test(tcase, a_tree_without_memory_changes_nothing);
        tcase_add_test(tcase, making_things_fails_as_a_whole);
        suite_add_tcase(suite, tcase);
        return suite;
}
