/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <string.h>

#include "base/nodeset.h"

static const struct {
        const char *text, *canonical; /* NULL: the same */
        unsigned n_nodes;
} accepted[] = {
        { "", NULL, 0 },           { "0", NULL, 1 },
        { "0-2,5", NULL, 4 },      { "0-1", NULL, 2 },
        { "1023", NULL, 1 },       { "0-1023", NULL, 1024 },
        { "63-64", NULL, 2 },      { "0,2,4", NULL, 3 },
        { "0,1,2", "0-2", 3 },     { "5,0-2", "0-2,5", 4 },
        { "0-3,2-6,4", "0-6", 7 }, { "7-7", "7", 1 },
        { "007-0009", "7-9", 3 },  { "0-62,63,64-1023", "0-1023", 1024 },
};

START_TEST(list_becomes_a_set_and_a_list_again) {
        const char *text = accepted[_i].text;
        const char *canonical = accepted[_i].canonical ? accepted[_i].canonical : text;
        char buffer[NODESET_TEXT_MAX];
        NodeSet set, again;

        ck_assert_msg(nodeset_parse(text, strlen(text), &set) == 0, "%s", text);
        ck_assert_msg(nodeset_count(&set) == accepted[_i].n_nodes, "%s", text);
        ck_assert_str_eq(nodeset_format(&set, buffer), canonical);
        ck_assert_int_eq(nodeset_parse(buffer, strlen(buffer), &again), 0);
        ck_assert(nodeset_is_equal(&set, &again));
}
END_TEST

static const struct {
        const char *text;
        int r;
} refused[] = {
        { "3-1", NODESET_E_MALFORMED },
        { "1,", NODESET_E_MALFORMED },
        { ",1", NODESET_E_MALFORMED },
        { ",", NODESET_E_MALFORMED },
        { "1,,2", NODESET_E_MALFORMED },
        { "1-", NODESET_E_MALFORMED },
        { "-1", NODESET_E_MALFORMED },
        { "-", NODESET_E_MALFORMED },
        { "x", NODESET_E_MALFORMED },
        { "1x", NODESET_E_MALFORMED },
        { "0-1-2", NODESET_E_MALFORMED },
        { " 1", NODESET_E_MALFORMED },
        { "1 ", NODESET_E_MALFORMED },
        { "0, 1", NODESET_E_MALFORMED },
        { "0-2\n", NODESET_E_MALFORMED },
        { "0x1", NODESET_E_MALFORMED },
        { "all", NODESET_E_MALFORMED },
        { "0-7:2/4", NODESET_E_MALFORMED },
        { "1024", NODESET_E_RANGE },
        { "0-1024", NODESET_E_RANGE },
        { "0,5000,3", NODESET_E_RANGE },
        { "18446744073709551616", NODESET_E_RANGE },
        { "99999999999999999999999999999999999999999999999999999999", NODESET_E_RANGE },
        { "0-99999999999999999999999999999999999999999999999999999", NODESET_E_RANGE },
        { "1024,x", NODESET_E_MALFORMED },
        { "1024-3", NODESET_E_MALFORMED },
};

START_TEST(what_is_no_list_is_refused_and_changes_nothing) {
        NodeSet set = {};

        nodeset_add(&set, 42);
        ck_assert_msg(nodeset_parse(refused[_i].text, strlen(refused[_i].text), &set) ==
                              refused[_i].r,
                      "%s", refused[_i].text);
        ck_assert_uint_eq(nodeset_count(&set), 1);
        ck_assert(nodeset_contains(&set, 42));
}
END_TEST

START_TEST(nul_inside_is_refused) {
        NodeSet set;

        ck_assert_int_eq(nodeset_parse("0\0", 2, &set), NODESET_E_MALFORMED);
}
END_TEST

START_TEST(null_is_the_empty_set) {
        NodeSet set = { .words = { 1 } };

        ck_assert_int_eq(nodeset_parse(NULL, 0, &set), 0);
        ck_assert(nodeset_is_empty(&set));
}
END_TEST

START_TEST(longest_list_fits) {
        char buffer[NODESET_TEXT_MAX];
        NodeSet set = {}, again;

        for (unsigned node = 1; node < NODESET_MAX; node += 2)
                nodeset_add(&set, node);
        nodeset_format(&set, buffer);
        ck_assert_int_eq(nodeset_parse(buffer, strlen(buffer), &again), 0);
        ck_assert(nodeset_is_equal(&set, &again));
        ck_assert_uint_eq(nodeset_count(&again), NODESET_MAX / 2);
}
END_TEST

START_TEST(members_come_and_go) {
        NodeSet set = {};

        ck_assert(nodeset_is_empty(&set));
        for (unsigned node = 0; node < NODESET_MAX; node += 31)
                nodeset_add(&set, node);
        for (unsigned node = 0; node < NODESET_MAX; ++node)
                ck_assert(nodeset_contains(&set, node) == (node % 31 == 0));
        ck_assert(!nodeset_contains(&set, NODESET_MAX));
        ck_assert(!nodeset_contains(&set, 1000000));
        for (unsigned node = 0; node < NODESET_MAX; node += 31)
                nodeset_remove(&set, node);
        ck_assert(nodeset_is_empty(&set));
}
END_TEST

static NodeSet parse(const char *text) {
        NodeSet set;

        ck_assert_int_eq(nodeset_parse(text, strlen(text), &set), 0);
        return set;
}

static void assert_set(NodeSet set, const char *text) {
        char buffer[NODESET_TEXT_MAX];

        ck_assert_str_eq(nodeset_format(&set, buffer), text);
}

START_TEST(sets_combine_in_every_word) {
        NodeSet a = parse("0-3,62-65,1023"), b = parse("2-5,64-70,1000");
        NodeSet both = nodeset_and(&a, &b);

        assert_set(both, "2-3,64-65");
        assert_set(nodeset_or(&a, &b), "0-5,62-70,1000,1023");
        assert_set(nodeset_and_not(&a, &b), "0-1,62-63,1023");
        ck_assert(nodeset_is_subset(&both, &a));
        ck_assert(nodeset_is_subset(&both, &b));
        ck_assert(!nodeset_is_subset(&a, &b));
        ck_assert(nodeset_is_subset(&a, &a));
        ck_assert(nodeset_is_subset(&(NodeSet){}, &a));
        ck_assert(!nodeset_is_equal(&a, &b));
        ck_assert(nodeset_is_equal(&a, &a));
}
END_TEST

START_TEST(next_walks_over_holes) {
        NodeSet set = parse("0,63,64,200,1023");

        ck_assert_uint_eq(nodeset_next(&set, 0), 0);
        ck_assert_uint_eq(nodeset_next(&set, 1), 63);
        ck_assert_uint_eq(nodeset_next(&set, 64), 64);
        ck_assert_uint_eq(nodeset_next(&set, 65), 200);
        ck_assert_uint_eq(nodeset_next(&set, 201), 1023);
        ck_assert_uint_eq(nodeset_next(&set, 1024), NODESET_MAX);
        ck_assert_uint_eq(nodeset_next(&set, 5000), NODESET_MAX);
        ck_assert_uint_eq(nodeset_next(&(NodeSet){}, 0), NODESET_MAX);
}
END_TEST

START_TEST(foreach_visits_each_member_once_in_order) {
        NodeSet set = parse("3,64,65,1023"), seen = {};
        unsigned last = 0;

        NODESET_FOREACH (node, &set) {
                ck_assert(node > last);
                last = node;
                nodeset_add(&seen, node);
        }
        ck_assert(nodeset_is_equal(&set, &seen));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("nodeset");
        TCase *tcase = tcase_create("nodeset");

        tcase_add_loop_test(tcase, list_becomes_a_set_and_a_list_again, 0, ELEMENTSOF(accepted));
        tcase_add_loop_test(tcase, what_is_no_list_is_refused_and_changes_nothing, 0,
                            ELEMENTSOF(refused));
        tcase_add_test(tcase, nul_inside_is_refused);
        tcase_add_test(tcase, null_is_the_empty_set);
        tcase_add_test(tcase, longest_list_fits);
        tcase_add_test(tcase, members_come_and_go);
        tcase_add_test(tcase, sets_combine_in_every_word);
        tcase_add_test(tcase, next_walks_over_holes);
        tcase_add_test(tcase, foreach_visits_each_member_once_in_order);
        suite_add_tcase(suite, tcase);
        return suite;
}
