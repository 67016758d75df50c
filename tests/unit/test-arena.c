/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "lib/failmalloc.h"

static bool is_zero(const unsigned char *bytes, size_t n) {
        for (size_t i = 0; i < n; ++i)
                if (bytes[i])
                        return false;
        return true;
}

START_TEST(pieces_are_zeroed_aligned_and_apart) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        unsigned char *pieces[400];

        ck_assert_int_eq(arena_new(8u * 1024 * 1024, &arena), 0);
        for (size_t i = 0; i < ELEMENTSOF(pieces); ++i) {
                pieces[i] = arena_alloc(arena, i * 7);
                ck_assert_ptr_nonnull(pieces[i]);
                ck_assert_uint_eq((uintptr_t)pieces[i] % 16, 0);
                ck_assert(is_zero(pieces[i], i * 7));
                if (i > 0)
                        memset(pieces[i], (int)(i % 255) + 1, i * 7);
        }
        for (size_t i = 0; i < ELEMENTSOF(pieces); ++i)
                for (size_t k = 0; k < i * 7; ++k)
                        ck_assert_uint_eq(pieces[i][k], i % 255 + 1);
}
END_TEST

START_TEST(piece_of_size_zero_has_an_address_of_its_own) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        void *a, *b;

        ck_assert_int_eq(arena_new(1024, &arena), 0);
        a = arena_alloc(arena, 0);
        b = arena_alloc_array(arena, 0, 8);
        ck_assert_ptr_nonnull(a);
        ck_assert_ptr_nonnull(b);
        ck_assert_ptr_ne(a, b);
}
END_TEST

START_TEST(large_pieces_do_not_disturb_small_ones) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        unsigned char *large;
        char *a, *b;

        ck_assert_int_eq(arena_new(SIZE_MAX, &arena), 0);
        a = arena_strdup(arena, "before");
        large = arena_alloc(arena, 1000000);
        b = arena_strdup(arena, "after");
        ck_assert_ptr_nonnull(large);
        ck_assert(is_zero(large, 1000000));
        memset(large, 0xff, 1000000);
        ck_assert_str_eq(a, "before");
        ck_assert_str_eq(b, "after");
}
END_TEST

START_TEST(cap_holds_to_the_byte_and_counts_rounded_pieces) {
        _cleanup_(arena_freep) Arena *arena = NULL;

        ck_assert_int_eq(arena_new(64, &arena), 0);
        ck_assert_ptr_nonnull(arena_alloc(arena, 16));
        ck_assert_ptr_nonnull(arena_alloc(arena, 1));
        ck_assert_ptr_null(arena_alloc(arena, 33));
        ck_assert_ptr_nonnull(arena_alloc(arena, 17));
        ck_assert_ptr_null(arena_alloc(arena, 0));
}
END_TEST

START_TEST(sizes_that_overflow_are_refused) {
        _cleanup_(arena_freep) Arena *arena = NULL;

        ck_assert_int_eq(arena_new(SIZE_MAX, &arena), 0);
        ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX));
        ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX - 15));
        ck_assert_ptr_null(arena_alloc(arena, SIZE_MAX - 16));
        ck_assert_ptr_null(arena_alloc_array(arena, SIZE_MAX / 2, 3));
        ck_assert_ptr_null(arena_alloc_array(arena, 3, SIZE_MAX / 2));
        ck_assert_ptr_nonnull(arena_alloc_array(arena, 3, 5));
}
END_TEST

START_TEST(texts_are_copied_and_end_in_nul) {
        _cleanup_(arena_freep) Arena *arena = NULL;

        ck_assert_int_eq(arena_new(4096, &arena), 0);
        ck_assert_str_eq(arena_strdup(arena, ""), "");
        ck_assert_str_eq(arena_strdup(arena, "text"), "text");
        ck_assert_str_eq(arena_strndup(arena, "text", 2), "te");
        ck_assert_str_eq(arena_strndup(arena, "text", 100), "text");
        ck_assert_str_eq(arena_strndup(arena, NULL, 0), "");
        ck_assert_str_eq(arena_printf(arena, "%s-%d", "node", 3), "node-3");
        ck_assert_str_eq(arena_printf(arena, "%s", ""), "");
        ck_assert_ptr_null(arena_printf(arena, "%5000d", 1));
        ck_assert_str_eq(arena_printf(arena, "%d", 1), "1");
}
END_TEST

START_TEST(failed_allocation_leaves_the_arena_as_it_was) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        void *piece;
        int r;

        failmalloc_arm(0);
        r = arena_new(65536, &arena);
        ck_assert(failmalloc_disarm());
        ck_assert_int_eq(r, -ENOMEM);
        ck_assert_ptr_null(arena);

        ck_assert_int_eq(arena_new(65536, &arena), 0);
        for (size_t size = 100; size <= 60000; size += 59900) { /* in a shared chunk, in its own */
                failmalloc_arm(0);
                piece = arena_alloc(arena, size);
                ck_assert(failmalloc_disarm());
                ck_assert_ptr_null(piece);
        }
        /* The cap was not charged: all of it is there still. */
        ck_assert_ptr_nonnull(arena_alloc(arena, 65536));
        ck_assert_ptr_null(arena_alloc(arena, 1));
}
END_TEST

START_TEST(nothing_is_nothing_to_free) {
        ck_assert_ptr_null(arena_free(NULL));
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("arena");
        TCase *tcase = tcase_create("arena");

        tcase_add_test(tcase, pieces_are_zeroed_aligned_and_apart);
        tcase_add_test(tcase, piece_of_size_zero_has_an_address_of_its_own);
        tcase_add_test(tcase, large_pieces_do_not_disturb_small_ones);
        tcase_add_test(tcase, cap_holds_to_the_byte_and_counts_rounded_pieces);
        tcase_add_test(tcase, sizes_that_overflow_are_refused);
        tcase_add_test(tcase, texts_are_copied_and_end_in_nul);
        tcase_add_test(tcase, failed_allocation_leaves_the_arena_as_it_was);
        tcase_add_test(tcase, nothing_is_nothing_to_free);
        suite_add_tcase(suite, tcase);
        return suite;
}
