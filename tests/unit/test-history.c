/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of changes, and what of it is told to whom. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "lib/test-main.h"
#include "service/messages.h"

static History history;
static Topology topology;
static NodeView view;
static Arena *arena;
static Slug__V1__ListChangesResponse *response;

static void setup(void) {
        history = (History){};
        topology = (Topology){ .generation = 1 };
        view = (NodeView){ .topology = &topology, .history = &history, .start_time_usec = 42 };
        ck_assert_int_eq(arena_new(1 << 20, &arena), 0);
}

static void teardown(void) {
        arena = arena_free(arena);
}

static void add(uint64_t generation, OptU64 node, const char *text) {
        history_add(&history, generation, generation * 1000, node, text);
        topology.generation = generation;
}

static void list(uint64_t after) {
        ck_assert_int_eq(message_build_changes(arena, &view, after, &response), 0);
}

START_TEST(nothing_happened_is_an_empty_list) {
        list(0);
        ck_assert_uint_eq(response->n_changes, 0);
        ck_assert_uint_eq(response->generation, 1);
        ck_assert_uint_eq(response->start_time_usec, 42);
        ck_assert(!response->is_incomplete);
}
END_TEST

START_TEST(only_what_came_after_is_told) {
        add(1, (OptU64){}, "started");
        add(2, opt_u64(7), "node 7");
        add(2, (OptU64){}, "sum");
        add(3, opt_u64(0), "node 0");
        list(1);
        ck_assert_uint_eq(response->n_changes, 3);
        ck_assert_uint_eq(response->generation, 3);
        ck_assert_str_eq(response->changes[0]->message, "node 7");
        ck_assert_uint_eq(response->changes[0]->generation, 2);
        ck_assert_uint_eq(response->changes[0]->time_usec, 2000);
        ck_assert_uint_eq(response->changes[0]->numa_node, 7);
        ck_assert_int_eq(response->changes[1]->_numa_node_case, 0);
        ck_assert_str_eq(response->changes[2]->message, "node 0");
        list(3);
        ck_assert_uint_eq(response->n_changes, 0);
        list(UINT64_MAX);
        ck_assert_uint_eq(response->n_changes, 0);
}
END_TEST

START_TEST(the_oldest_go_first_and_that_is_told) {
        char text[32];

        for (unsigned i = 1; i <= HISTORY_MAX + 3; ++i) {
                (void)snprintf(text, sizeof(text), "change %u", i);
                add(i, (OptU64){}, text);
        }
        ck_assert_uint_eq(history.n_entries, HISTORY_MAX);
        ck_assert_str_eq(history_get(&history, 0)->text, "change 4");
        list(0);
        ck_assert(response->is_incomplete);
        ck_assert_uint_eq(response->n_changes, HISTORY_MAX);
        ck_assert_str_eq(response->changes[HISTORY_MAX - 1]->message, text);
        list(2);
        ck_assert(response->is_incomplete);
        list(3);
        ck_assert(!response->is_incomplete);
        ck_assert_uint_eq(response->n_changes, HISTORY_MAX);
}
END_TEST

START_TEST(a_text_that_is_too_long_is_cut) {
        char text[2 * HISTORY_TEXT_MAX];

        memset(text, 'x', sizeof(text) - 1);
        text[sizeof(text) - 1] = '\0';
        add(2, (OptU64){}, text);
        ck_assert_uint_eq(strlen(history_get(&history, 0)->text), HISTORY_TEXT_MAX - 1);
}
END_TEST

START_TEST(every_arena_that_is_too_small_is_no_memory) {
        int r;

        add(2, opt_u64(1), "a change");
        for (size_t size = 0;; size += 16) {
                Arena *small;

                ck_assert_int_eq(arena_new(size, &small), 0);
                r = message_build_changes(small, &view, 0, &response);
                arena_free(small);
                if (r == 0)
                        break;
                ck_assert_int_eq(r, -ENOMEM);
                ck_assert_uint_lt(size, 1 << 16);
        }
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("history");
        TCase *t = tcase_create("history");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, nothing_happened_is_an_empty_list);
        tcase_add_test(t, only_what_came_after_is_told);
        tcase_add_test(t, the_oldest_go_first_and_that_is_told);
        tcase_add_test(t, a_text_that_is_too_long_is_cut);
        tcase_add_test(t, every_arena_that_is_too_small_is_no_memory);
        suite_add_tcase(s, t);
        return s;
}
