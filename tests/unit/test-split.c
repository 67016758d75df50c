/* SPDX-License-Identifier: Apache-2.0 */
/* Splits: text in and out, columns of what is refused, and what a container is promised. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/test-main.h"
#include "split/quote.h"
#include "split/split.h"

#define SOURCE SPLIT_ANNOTATION_CONTAINER "db"
#define MAX    SPLIT_UNLIMITED

/* Text */

static const struct {
        const char *text;
        Split split;
        bool has_local, has_remote;
} accepted[] = {
        { "local=4Gi", { .local = { 4 * GIB, 4 * GIB } }, true, false },
        { "remote=8Gi..12Gi", { .remote = { 8 * GIB, 12 * GIB } }, false, true },
        { "local=4Gi,remote=8Gi..12Gi",
          { .local = { 4 * GIB, 4 * GIB }, .remote = { 8 * GIB, 12 * GIB } },
          true,
          true },
        { "remote=1Gi,local=2Gi",
          { .local = { 2 * GIB, 2 * GIB }, .remote = { GIB, GIB } },
          true,
          true },
        { " \tlocal = 1Gi .. 2Gi , remote\t=\t512Mi ",
          { .local = { GIB, 2 * GIB }, .remote = { 512 * MIB, 512 * MIB } },
          true,
          true },
        { "local=1Gi..max", { .local = { GIB, MAX } }, true, false },
        { "local=0..max,remote=0", { .local = { 0, MAX } }, true, true },
        { "local=0", {}, true, false },
        { "local=1.5Gi", { .local = { 1536 * MIB, 1536 * MIB } }, true, false },
        { "local=.5Gi..1.Gi", { .local = { 512 * MIB, GIB } }, true, false },
        { "local=4G", { .local = { 4000000000, 4000000000 } }, true, false },
        { "local=1e3..4294967296", { .local = { 1000, 4 * GIB } }, true, false },
        { "local=1000m", { .local = { 1, 1 } }, true, false },
        { "remote=18446744073709551614", { .remote = { MAX - 1, MAX - 1 } }, false, true },
};

static bool is_same_range(SplitRange a, SplitRange b) {
        return a.min == b.min && a.max == b.max;
}

static bool is_same(const Split *a, const Split *b) {
        return is_same_range(a->local, b->local) && is_same_range(a->remote, b->remote);
}

START_TEST(text_becomes_a_split) {
        const char *text = accepted[_i].text;
        Diag diag = {};
        SplitText parsed;

        ck_assert_msg(split_parse(SOURCE, text, strlen(text), &parsed, &diag) == 0, "%s: %s", text,
                      diag.text);
        ck_assert_msg(is_same(&parsed.split, &accepted[_i].split), "%s", text);
        ck_assert_int_eq(parsed.has_local, accepted[_i].has_local);
        ck_assert_int_eq(parsed.has_remote, accepted[_i].has_remote);
        ck_assert_str_eq(diag.text, "");
}
END_TEST

#define AMOUNT    "expected an amount of bytes such as 4Gi, found "
#define MAXIMUM   "expected an amount of bytes such as 4Gi, or 'max', found "
#define LOCALITY  "expected 'local' or 'remote', found "
#define MALFORMED SPLIT_E_MALFORMED
#define TEN       "          "
#define TOO_LONG                                                                                   \
        "local=4Gi" TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN    \
                TEN TEN TEN TEN TEN TEN
static const struct {
        const char *text;
        int r;
        unsigned column;
        const char *message;
} refused[] = {
        { "", MALFORMED, 1, LOCALITY "the end" },
        { "  ", MALFORMED, 3, LOCALITY "the end" },
        { "4Gi", MALFORMED, 1, LOCALITY "'4Gi'" },
        { ",local=1Gi", MALFORMED, 1, LOCALITY "','" },
        { "Local=1Gi", MALFORMED, 1, LOCALITY "'Local'" },
        { "localx=1Gi", MALFORMED, 1, LOCALITY "'localx'" },
        { "local=1Gi,", MALFORMED, 11, LOCALITY "the end" },
        { "local=1Gi, far=2Gi", MALFORMED, 12, LOCALITY "'far'" },
        { "local=1Gi,local=2Gi", MALFORMED, 11, "expected each locality once, found 'local'" },
        { "remote=1Gi , remote=2Gi", MALFORMED, 14, "expected each locality once, found 'remote'" },
        { "local", MALFORMED, 6, "expected '=', found the end" },
        { "local 4Gi", MALFORMED, 7, "expected '=', found '4Gi'" },
        { "local:4Gi", MALFORMED, 1, LOCALITY "'local:4Gi'" },
        { "local=", MALFORMED, 7, AMOUNT "the end" },
        { "local=x", MALFORMED, 7, AMOUNT "'x'" },
        { "remote= x", MALFORMED, 9, AMOUNT "'x'" },
        { "local==4Gi", MALFORMED, 7, AMOUNT "'='" },
        { "local=,remote=1Gi", MALFORMED, 7, AMOUNT "','" },
        { "local=4Gj", MALFORMED, 7, AMOUNT "'4Gj'" },
        { "local=4 Gi", MALFORMED, 9, "expected ',' or the end, found 'Gi'" },
        { "local=-4Gi", MALFORMED, 7, AMOUNT "'-4Gi'" },
        { "local=max", MALFORMED, 7, AMOUNT "'max'" },
        { "local=..4Gi", MALFORMED, 7, AMOUNT "'.'" },
        { "local=4Gi..", MALFORMED, 12, MAXIMUM "the end" },
        { "local=4Gi..x", MALFORMED, 12, MAXIMUM "'x'" },
        { "local=4Gi..maximum", MALFORMED, 12, MAXIMUM "'maximum'" },
        { "local=1Gi..2Gi..3Gi", MALFORMED, 15, "expected ',' or the end, found '.'" },
        { "local=1Gi;remote=1Gi", MALFORMED, 7, AMOUNT "'1Gi;remote'" },
        { "local=1Gi\n", MALFORMED, 7, AMOUNT "'1Gi?'" },
        { "local=1Gi remote=1Gi", MALFORMED, 11, "expected ',' or the end, found 'remote'" },
        { "local=0.5", MALFORMED, 7, "expected whole bytes, found '0.5'" },
        { "local=1..1500m", MALFORMED, 10, "expected whole bytes, found '1500m'" },
        { "local=18446744073709551615", MALFORMED, 7,
          "expected fewer than 2^64-1 bytes, found '18446744073709551615'" },
        { "local=99E", MALFORMED, 7, "expected fewer than 2^64-1 bytes, found '99E'" },
        { "local=1..1e999", MALFORMED, 10, "expected fewer than 2^64-1 bytes, found '1e999'" },
        { "local=99999999999999999999999999999999999999999999999999", MALFORMED, 7,
          "expected fewer than 2^64-1 bytes, found "
          "'999999999999999999999999999999999999999999...'" },
        { "\xff\x80=1", MALFORMED, 1,
          LOCALITY "'?"
                   "?'" },
        { TOO_LONG, MALFORMED, 257, "expected at most 256 bytes, found 259" },
        { "local=8Gi..4Gi", SPLIT_E_INVALID, 12,
          "expected a maximum of 8Gi or more, as the minimum is, found 4Gi" },
        { "local=1Gi,remote=1 .. 0", SPLIT_E_INVALID, 23,
          "expected a maximum of 1 or more, as the minimum is, found 0" },
};

START_TEST(what_is_refused_says_where_and_what) {
        const char *text = refused[_i].text;
        SplitText parsed = { .has_local = true }, before = parsed;
        Diag diag = {};

        ck_assert_msg(split_parse(SOURCE, text, strlen(text), &parsed, &diag) == refused[_i].r,
                      "%s", text);
        ck_assert_str_eq(diag.text, refused[_i].message);
        ck_assert_msg(diag.line == 1 && diag.column == refused[_i].column, "%s: %u", text,
                      diag.column);
        ck_assert_str_eq(diag.source, SOURCE);
        ck_assert_mem_eq(&parsed, &before, sizeof(parsed));
        ck_assert_int_eq(split_parse(SOURCE, text, strlen(text), &parsed, NULL), refused[_i].r);
}
END_TEST

START_TEST(text_need_not_end_in_nul) {
        static const char text[] = "local=4Gi,remote=8Gi..12Gi";
        SplitText parsed;

        ck_assert_int_eq(split_parse(SOURCE, NULL, 0, &parsed, NULL), SPLIT_E_MALFORMED);
        for (size_t n = 0; n <= strlen(text); ++n) {
                char *copy = n > 0 ? malloc(n) : NULL;
                int r;

                if (n > 0)
                        memcpy(copy, text, n);
                r = split_parse(SOURCE, copy, n, &parsed, NULL);
                free(copy);
                /* whole are "local=4", "..4G", "..4Gi" and all that begins like the remote part */
                ck_assert_msg((r == 0) == (n == 7 || n == 8 || n == 9 || n == 18 || n == 19 ||
                                           n == 20 || n == 24 || n == 25 || n == 26) ||
                                      r == SPLIT_E_INVALID,
                              "%.*s: %d", (int)n, text, r);
        }
}
END_TEST

START_TEST(a_range_stands_alone_too) {
        static const struct {
                const char *text;
                int r;
                SplitRange range;
                const char *message;
        } rows[] = {
                { "4Gi", 0, { 4 * GIB, 4 * GIB }, "" },
                { " 8Gi .. 12Gi ", 0, { 8 * GIB, 12 * GIB }, "" },
                { "0..max", 0, { 0, MAX }, "" },
                { "", MALFORMED, {}, "--remote:1:1: " AMOUNT "the end" },
                { "4Gi,", MALFORMED, {}, "--remote:1:4: expected the end, found ','" },
                { "4Gi 5Gi", MALFORMED, {}, "--remote:1:5: expected the end, found '5Gi'" },
                { TOO_LONG,
                  MALFORMED,
                  {},
                  "--remote:1:257: expected at most 256 bytes, found 259" },
                { "2..1",
                  SPLIT_E_INVALID,
                  {},
                  "--remote:1:4: expected a maximum of 2 or more, as the minimum is, found 1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); ++i) {
                char line[DIAG_FORMATTED_MAX];
                SplitRange range = {};
                Diag diag = {};

                ck_assert_int_eq(split_range_parse("--remote", rows[i].text, strlen(rows[i].text),
                                                   &range, &diag),
                                 rows[i].r);
                ck_assert_msg(is_same_range(range, rows[i].range), "%s", rows[i].text);
                ck_assert_str_eq(diag_format(&diag, line), rows[i].message);
        }
}
END_TEST

static const struct {
        Split split;
        const char *text;
} formatted[] = {
        { {}, "" },
        { { .local = { 4 * GIB, 4 * GIB } }, "local=4Gi" },
        { { .remote = { 0, GIB } }, "remote=0..1Gi" },
        { { .local = { 0, MAX }, .remote = { GIB, 3 * GIB } }, "local=0..max,remote=1Gi..3Gi" },
        { { .local = { 1, 1 }, .remote = { MAX - 2, MAX - 1 } },
          "local=1,remote=18446744073709551613..18446744073709551614" },
        { { .local = { MAX - 2, MAX - 1 }, .remote = { MAX - 2, MAX - 1 } },
          "local=18446744073709551613..18446744073709551614,"
          "remote=18446744073709551613..18446744073709551614" },
};

START_TEST(a_split_has_one_spelling) {
        char buffer[SPLIT_TEXT_MAX];

        ck_assert_str_eq(split_format(&formatted[_i].split, buffer), formatted[_i].text);
}
END_TEST

/* xorshift64*: the same numbers everywhere */
static uint64_t next_random(uint64_t *state) {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        return *state * UINT64_C(2685821657736338717);
}

/* Small ones, round ones and any ones; @max is in reach. */
static uint64_t random_bytes(uint64_t *state, uint64_t max) {
        const uint64_t choice = next_random(state) % 8, value = next_random(state);
        uint64_t bytes = value;

        if (choice == 0)
                return 0;
        if (choice == 1)
                return max;
        if (choice < 4)
                bytes = value % 16;
        else if (choice < 7)
                bytes = (value % 64) * GIB;
        return max == UINT64_MAX ? bytes : bytes % (max + 1);
}

static SplitRange random_range(uint64_t *state) {
        SplitRange range = { .max = random_bytes(state, MAX) };

        range.min = random_bytes(state, range.max == MAX ? MAX - 1 : range.max);
        return range;
}

#define RANDOM_SPLITS 100000u
#define SEED          UINT64_C(0x5eed)

START_TEST(what_is_printed_is_read_back_as_the_same) {
        uint64_t state = SEED;

        for (unsigned i = 0; i < RANDOM_SPLITS; ++i) {
                const Split split = { random_range(&state), random_range(&state) };
                char text[SPLIT_TEXT_MAX], again[SPLIT_TEXT_MAX];
                SplitText parsed;

                split_format(&split, text);
                if (split.local.max == 0 && split.remote.max == 0) {
                        ck_assert_str_eq(text, "");
                        continue;
                }
                ck_assert_msg(split_parse(SOURCE, text, strlen(text), &parsed, NULL) == 0, "%s",
                              text);
                ck_assert_msg(is_same(&parsed.split, &split), "%s", text);
                ck_assert_int_eq(parsed.has_local, split.local.max > 0);
                ck_assert_int_eq(parsed.has_remote, split.remote.max > 0);
                ck_assert_str_eq(split_format(&parsed.split, again), text);
        }
}
END_TEST

START_TEST(foreign_text_is_shown_short_and_printable) {
        char buffer[QUOTE_MAX];

        ck_assert_str_eq(quote_format("a\tb\xc3\xa9", 5, buffer), "'a?b?"
                                                                  "?'");
        ck_assert_str_eq(quote_format(NULL, 0, buffer), "the end");
        ck_assert_str_eq(quote_format("123456789012345678901234567890123456789012", 42, buffer),
                         "'123456789012345678901234567890123456789012'");
        ck_assert_str_eq(quote_format("1234567890123456789012345678901234567890123", 43, buffer),
                         "'123456789012345678901234567890123456789012...'");
}
END_TEST

/* From a request to a split */

static const struct {
        const char *name;
        uint64_t request, limit, n_chunks, chunk;
        const char *annotation; /* NULL: none */
        const char *split;      /* NULL: it is refused */
        const char *message;
} resolved[] = {
        { "no memory at all", 0, MAX, 0, 0, NULL, "local=0..max", "" },
        { "request only", 2 * GIB, MAX, 0, 0, NULL, "local=2Gi..max", "" },
        { "request and limit", 2 * GIB, 4 * GIB, 0, 0, NULL, "local=2Gi..4Gi", "" },
        { "request above limit", 5 * GIB, 4 * GIB, 0, 0, NULL, NULL,
          "a memory request of 5Gi is more than the memory limit of 4Gi" },
        /* chunks */
        { "guaranteed with chunks", 16 * GIB, 16 * GIB, 4, GIB, NULL, "local=12Gi,remote=4Gi", "" },
        { "burstable with chunks", 6 * GIB, 16 * GIB, 4, GIB, NULL, "local=2Gi..12Gi,remote=4Gi",
          "" },
        { "request below the chunks", 2 * GIB, 16 * GIB, 4, GIB, NULL, "local=0..12Gi,remote=4Gi",
          "" },
        { "all of the limit in chunks", 4 * GIB, 4 * GIB, 4, GIB, NULL, "remote=4Gi", "" },
        { "chunks without a limit", 4 * GIB, MAX, 4, GIB, NULL, NULL,
          "remote chunks are a part of the memory limit, and there is none" },
        { "chunks above the limit", GIB, 4 * GIB, 5, GIB, NULL, NULL,
          "5 remote chunks of 1Gi are more than the memory limit of 4Gi" },
        { "chunks above everything", GIB, MAX - 1, UINT64_C(1) << 40, GIB, NULL, NULL,
          "1099511627776 remote chunks of 1Gi are more than the memory limit of "
          "18446744073709551614" },
        /* annotations without chunks */
        { "local only", 2 * GIB, 8 * GIB, 0, 0, "local=1Gi..4Gi", "local=1Gi..4Gi", "" },
        { "remote comes off local", 6 * GIB, 8 * GIB, 0, 0, "remote=2Gi..4Gi",
          "local=4Gi..6Gi,remote=2Gi..4Gi", "" },
        { "remote above the request", 2 * GIB, 8 * GIB, 0, 0, "remote=4Gi",
          "local=0..4Gi,remote=4Gi", "" },
        { "all of the limit remote", 8 * GIB, 8 * GIB, 0, 0, "remote=8Gi", "remote=8Gi", "" },
        { "remote without a limit", 6 * GIB, MAX, 0, 0, "remote=2Gi..max",
          "local=4Gi..max,remote=2Gi..max", "" },
        { "both", 8 * GIB, 8 * GIB, 0, 0, "local=2Gi..8Gi,remote=6Gi..8Gi",
          "local=2Gi..8Gi,remote=6Gi..8Gi", "" },
        { "an open end is the limit", 6 * GIB, 8 * GIB, 0, 0, "local=2Gi..max,remote=1Gi..max",
          "local=2Gi..8Gi,remote=1Gi..8Gi", "" },
        { "local of nothing", 6 * GIB, 8 * GIB, 0, 0, "local=0,remote=6Gi..max", "remote=6Gi..8Gi",
          "" },
        { "remote above the limit", GIB, 4 * GIB, 0, 0, "remote=1Gi..5Gi", NULL,
          "remote memory of 5Gi is more than the memory limit of 4Gi" },
        { "open, and above the limit", GIB, 4 * GIB, 0, 0, "local=5Gi..max", NULL,
          "local memory of 5Gi is more than the memory limit of 4Gi" },
        { "promised together above the limit", GIB, 4 * GIB, 0, 0, "local=3Gi,remote=2Gi", NULL,
          "a minimum of 3Gi local and 2Gi remote memory is more than the memory limit of 4Gi" },
        { "promised together above everything", GIB, MAX, 0, 0, "local=9E..max,remote=10E..max",
          NULL,
          "a minimum of 8789062500000000Ki local and 10E remote memory is more than the memory "
          "limit of 2^64-1" },
        /* annotations with chunks */
        { "fewer promised than chunks", 16 * GIB, 16 * GIB, 4, GIB, "remote=1Gi..4Gi",
          "local=12Gi,remote=1Gi..4Gi", "" },
        { "an open end is the chunks", 16 * GIB, 16 * GIB, 4, GIB, "remote=1Gi..max",
          "local=12Gi,remote=1Gi..4Gi", "" },
        { "local may take the chunks' place", 16 * GIB, 16 * GIB, 4, GIB,
          "local=8Gi..16Gi,remote=0..4Gi", "local=8Gi..16Gi,remote=0..4Gi", "" },
        { "local only, beside chunks", 16 * GIB, 16 * GIB, 4, GIB, "local=8Gi..max",
          "local=8Gi..16Gi,remote=4Gi", "" },
        { "local and chunks above the limit", 16 * GIB, 16 * GIB, 4, GIB, "local=13Gi", NULL,
          "a minimum of 13Gi local and 4Gi remote memory is more than the memory limit of 16Gi" },
        { "remote above the chunks", 16 * GIB, 16 * GIB, 4, GIB, "remote=1Gi..5Gi", NULL,
          "remote memory of 5Gi is more than the chunks of 4Gi" },
};

START_TEST(a_request_becomes_a_split) {
        Split split = { .local = { 1, 2 } }, before = split;
        char text[SPLIT_TEXT_MAX];
        SplitText annotation = {};
        SplitRequest request = { resolved[_i].request, resolved[_i].limit, resolved[_i].n_chunks,
                                 resolved[_i].chunk, NULL };
        Diag diag = {};
        int r;

        if (resolved[_i].annotation) {
                ck_assert_int_eq(split_parse(SOURCE, resolved[_i].annotation,
                                             strlen(resolved[_i].annotation), &annotation, NULL),
                                 0);
                request.annotation = &annotation;
        }
        r = split_resolve(&request, &split, &diag);
        ck_assert_msg(r == (resolved[_i].split ? 0 : SPLIT_E_INVALID), "%s: %s", resolved[_i].name,
                      diag.text);
        ck_assert_msg(strcmp(diag.text, resolved[_i].message) == 0, "%s: %s", resolved[_i].name,
                      diag.text);
        if (r == 0)
                ck_assert_msg(strcmp(split_format(&split, text), resolved[_i].split) == 0, "%s: %s",
                              resolved[_i].name, text);
        else
                ck_assert(is_same(&split, &before));
}
END_TEST

static SplitRequest random_request(uint64_t *state, SplitText *annotation) {
        SplitRequest request = { .limit_bytes = random_bytes(state, MAX) };

        request.request_bytes = random_bytes(state, request.limit_bytes);
        if (next_random(state) % 2 == 0) {
                request.chunk_bytes = (1 + next_random(state) % 4) * GIB;
                request.n_chunks = next_random(state) % 40;
        }
        if (next_random(state) % 4 != 0) {
                *annotation = (SplitText){
                        .split = { random_range(state), random_range(state) },
                        .has_local = next_random(state) % 2 == 0,
                        .has_remote = next_random(state) % 2 == 0,
                };
                request.annotation = annotation;
        }
        return request;
}

static void check_promise(const SplitRequest *request, const Split *split) {
        uint64_t sum;

        ck_assert_uint_le(split->local.min, split->local.max);
        ck_assert_uint_le(split->remote.min, split->remote.max);
        ck_assert_int_eq(bytes_add(split->local.min, split->remote.min, &sum), 0);
        ck_assert_uint_le(sum, request->limit_bytes);
        ck_assert_uint_le(split->local.max, request->limit_bytes);
        ck_assert_uint_le(split->remote.max, request->limit_bytes);
        if (request->n_chunks > 0)
                ck_assert_uint_le(split->remote.max, request->n_chunks * request->chunk_bytes);
}

START_TEST(a_promise_is_never_more_than_was_admitted) {
        uint64_t state = SEED;
        unsigned n_promised = 0;

        for (unsigned i = 0; i < RANDOM_SPLITS; ++i) {
                SplitText annotation;
                const SplitRequest request = random_request(&state, &annotation);
                Split split;

                if (split_resolve(&request, &split, NULL) != 0)
                        continue;
                ++n_promised;
                check_promise(&request, &split);
        }
        /* both outcomes are met often enough to mean something */
        ck_assert_uint_gt(n_promised, RANDOM_SPLITS / 5);
        ck_assert_uint_lt(n_promised, RANDOM_SPLITS / 5 * 4);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("split");
        TCase *text = tcase_create("text"), *promise = tcase_create("promise");

        tcase_add_loop_test(text, text_becomes_a_split, 0, ELEMENTSOF(accepted));
        tcase_add_loop_test(text, what_is_refused_says_where_and_what, 0, ELEMENTSOF(refused));
        tcase_add_test(text, text_need_not_end_in_nul);
        tcase_add_test(text, a_range_stands_alone_too);
        tcase_add_loop_test(text, a_split_has_one_spelling, 0, ELEMENTSOF(formatted));
        tcase_add_test(text, what_is_printed_is_read_back_as_the_same);
        tcase_add_test(text, foreign_text_is_shown_short_and_printable);
        suite_add_tcase(suite, text);
        tcase_add_loop_test(promise, a_request_becomes_a_split, 0, ELEMENTSOF(resolved));
        tcase_add_test(promise, a_promise_is_never_more_than_was_admitted);
        suite_add_tcase(suite, promise);
        return suite;
}
