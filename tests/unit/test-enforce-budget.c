/* SPDX-License-Identifier: Apache-2.0 */
/* What may be moved at a time, and who goes first. */
#include "enforce/budget.h"
#include "enforce/compete.h"
#include "lib/claims.h"
#include "lib/test-main.h"

#define SEQUENCES 100u
#define EVENTS    200u

static uint64_t draw(uint64_t *seed, uint64_t n) {
        return claims_random(seed) / 7 % n;
}

/* Budget */

START_TEST(a_budget_fills_with_time) {
        EnforceBudget budget = enforce_budget_make(100 * MIB, 1000);

        ck_assert_uint_eq(enforce_budget_get(&budget, 1000), ENFORCE_BUDGET_BURST);
        enforce_budget_take(&budget, ENFORCE_BUDGET_BURST, 1000);
        ck_assert_uint_eq(enforce_budget_get(&budget, 1000), 0);
        ck_assert_uint_eq(enforce_budget_get(&budget, 1000 + USEC_PER_SEC / 100), MIB);
        ck_assert_uint_eq(enforce_budget_get(&budget, 900), MIB);
        ck_assert_uint_eq(enforce_budget_get_usec(&budget, 2 * MIB, 1000 + USEC_PER_SEC / 100),
                          1000 + USEC_PER_SEC / 50);
        ck_assert_uint_eq(enforce_budget_get(&budget, UINT64_MAX), ENFORCE_BUDGET_BURST);
        enforce_budget_take(&budget, UINT64_MAX, UINT64_MAX);
        ck_assert_uint_eq(enforce_budget_get(&budget, UINT64_MAX), 0);
}
END_TEST

START_TEST(a_budget_may_have_no_limit_or_be_none) {
        EnforceBudget budget = enforce_budget_make(UINT64_MAX, 0);

        enforce_budget_take(&budget, GIB, 0);
        ck_assert_uint_eq(enforce_budget_get(&budget, 0), UINT64_MAX);
        ck_assert_uint_eq(enforce_budget_get_usec(&budget, GIB, 7), 7);
        enforce_budget_set_rate(&budget, 0, 10);
        ck_assert_uint_eq(enforce_budget_get(&budget, 100 * USEC_PER_SEC), 0);
        ck_assert_uint_eq(enforce_budget_get_usec(&budget, 1, 100 * USEC_PER_SEC), UINT64_MAX);
        enforce_budget_set_rate(&budget, MIB, 100 * USEC_PER_SEC);
        ck_assert_uint_eq(enforce_budget_get(&budget, 101 * USEC_PER_SEC), MIB);
        budget = (EnforceBudget){};
        ck_assert_uint_eq(enforce_budget_get(&budget, 5), 0);
}
END_TEST

START_TEST(what_is_given_back_does_not_overflow) {
        EnforceBudget budget = enforce_budget_make(MIB, 0);

        enforce_budget_take(&budget, 10 * MIB, 0);
        enforce_budget_give_back(&budget, 4 * MIB, 0);
        ck_assert_uint_eq(enforce_budget_get(&budget, 0), ENFORCE_BUDGET_BURST - 6 * MIB);
        enforce_budget_give_back(&budget, UINT64_MAX, 0);
        ck_assert_uint_eq(enforce_budget_get(&budget, 0), ENFORCE_BUDGET_BURST);
}
END_TEST

/* However often it is asked: never more than rate * time and a burst, and, who takes all that is
 * there, never less but for a byte. */
static void try_rate(uint64_t seed) {
        uint64_t now = draw(&seed, USEC_PER_SEC), begin = now;
        const uint64_t rate = 1 + draw(&seed, 4 * GIB);
        EnforceBudget budget = enforce_budget_make(rate, now);
        const uint64_t burst = enforce_budget_get(&budget, now);
        uint64_t taken = 0;

        ck_assert_uint_ge(burst, ENFORCE_BUDGET_BURST);
        for (unsigned i = 0; i < EVENTS; ++i) {
                const uint64_t there = enforce_budget_get(&budget, now);
                const uint64_t bytes = draw(&seed, 3) == 0 ? there : there / (1 + draw(&seed, 9));

                ck_assert_uint_le(there, burst);
                enforce_budget_take(&budget, bytes, now);
                taken += bytes;
                ck_assert_uint_le(taken, burst + bytes_share(rate, now - begin, USEC_PER_SEC) + 1);
                now += draw(&seed, 2 * burst * USEC_PER_SEC / rate / 10 + 2);
        }
        /* all of it, in small pieces that never fill it */
        taken = 0;
        (void)enforce_budget_get(&budget, now);
        enforce_budget_take(&budget, UINT64_MAX, now);
        begin = now;
        for (unsigned i = 0; i < EVENTS; ++i) {
                now += 1 + draw(&seed, 999);
                taken += enforce_budget_get(&budget, now);
                enforce_budget_take(&budget, UINT64_MAX, now);
        }
        ck_assert_uint_le(taken, bytes_share(rate, now - begin, USEC_PER_SEC) + 1);
        ck_assert_uint_ge(taken + 1, bytes_share(rate, now - begin, USEC_PER_SEC));
}

START_TEST(no_more_and_no_less_than_the_rate) {
        for (uint64_t seed = 1; seed <= SEQUENCES; ++seed)
                try_rate(seed);
}
END_TEST

static void try_when(uint64_t seed) {
        uint64_t now = draw(&seed, USEC_PER_SEC);
        EnforceBudget budget = enforce_budget_make(1 + draw(&seed, 4 * GIB), now);

        for (unsigned i = 0; i < EVENTS; ++i) {
                const uint64_t wanted = draw(&seed, ENFORCE_BUDGET_BURST);
                uint64_t when;

                enforce_budget_take(&budget, draw(&seed, 2 * ENFORCE_BUDGET_BURST), now);
                when = enforce_budget_get_usec(&budget, wanted, now);
                ck_assert_uint_ge(when, now);
                if (when > now) {
                        EnforceBudget before = budget;

                        ck_assert_uint_lt(enforce_budget_get(&before, when - 1), wanted);
                }
                ck_assert_uint_ge(enforce_budget_get(&budget, when), wanted);
                now = when;
        }
}

START_TEST(it_says_when_there_is_enough) {
        for (uint64_t seed = 1; seed <= SEQUENCES; ++seed)
                try_when(seed);
}
END_TEST

/* Who goes first */

#define SEC USEC_PER_SEC

START_TEST(who_misses_most_goes_first) {
        EnforceContender all[] = {
                { ENFORCE_LEAVE, GIB, GIB, 0 },
                { ENFORCE_PROMOTE, 512 * MIB, 2 * GIB, 100 * SEC },
                { ENFORCE_PROMOTE, 256 * MIB, 512 * MIB, 100 * SEC },
        };

        ck_assert_uint_eq(enforce_compete(all, 3, 100 * SEC), 2);
        all[1].since_usec = 97 * SEC; /* a quarter of all less, and waits for three seconds */
        ck_assert_uint_eq(enforce_compete(all, 3, 100 * SEC), 1);
        all[0].action = ENFORCE_DEMOTE;
        all[0].since_usec = 100 * SEC;
        all[0].wanted = 1;
        ck_assert_uint_eq(enforce_compete(all, 3, 100 * SEC), 0);
        ck_assert_uint_eq(enforce_compete(all, 0, 100 * SEC), 0);
        all[0].action = all[1].action = all[2].action = ENFORCE_LEAVE;
        ck_assert_uint_eq(enforce_compete(all, 3, 100 * SEC), 3);
}
END_TEST

START_TEST(of_equals_the_older_one_then_the_first) {
        EnforceContender all[] = {
                { ENFORCE_PROMOTE, MIB, GIB, 5000 },
                { ENFORCE_PROMOTE, MIB, GIB, 4000 },
                { ENFORCE_PROMOTE, MIB, GIB, 4000 },
        };

        ck_assert_uint_eq(enforce_compete(all, 3, 5000), 1);
        all[0] = (EnforceContender){ ENFORCE_PROMOTE, 0, 0, 0 }; /* nothing promised: no division */
        ck_assert_uint_lt(enforce_compete(all, 3, 5000), 3);
}
END_TEST

/* Each that is served begins anew. */
static void try_waiting(uint64_t seed) {
        uint64_t now = 0, longest = 0;
        EnforceContender all[6];

        for (size_t i = 0; i < ELEMENTSOF(all); ++i)
                all[i] = (EnforceContender){ draw(&seed, 2) ? ENFORCE_DEMOTE : ENFORCE_PROMOTE,
                                             draw(&seed, GIB), GIB, 0 };
        for (unsigned i = 0; i < EVENTS; ++i) {
                size_t next;

                now += draw(&seed, SEC / 5);
                next = enforce_compete(all, ELEMENTSOF(all), now);
                ck_assert_uint_lt(next, ELEMENTSOF(all));
                if (now - all[next].since_usec > longest)
                        longest = now - all[next].since_usec;
                all[next].since_usec = now;
        }
        for (size_t i = 0; i < ELEMENTSOF(all); ++i)
                ck_assert_uint_le(now - all[i].since_usec, 25 * SEC);
        ck_assert_uint_le(longest, 25 * SEC);
}

START_TEST(nobody_waits_for_ever) {
        for (uint64_t seed = 1; seed <= SEQUENCES; ++seed)
                try_waiting(seed);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("enforce-budget");
        TCase *tcase = tcase_create("budget");

        tcase_add_test(tcase, a_budget_fills_with_time);
        tcase_add_test(tcase, a_budget_may_have_no_limit_or_be_none);
        tcase_add_test(tcase, what_is_given_back_does_not_overflow);
        tcase_add_test(tcase, no_more_and_no_less_than_the_rate);
        tcase_add_test(tcase, it_says_when_there_is_enough);
        suite_add_tcase(suite, tcase);
        tcase = tcase_create("compete");
        tcase_add_test(tcase, who_misses_most_goes_first);
        tcase_add_test(tcase, of_equals_the_older_one_then_the_first);
        tcase_add_test(tcase, nobody_waits_for_ever);
        suite_add_tcase(suite, tcase);
        return suite;
}
