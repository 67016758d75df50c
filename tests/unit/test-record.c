/* SPDX-License-Identifier: Apache-2.0 */
/* Records: what is written is read again as the same, and nothing else is read. */
#include "lib/test-main.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "ledger/record.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"

#define SEED UINT64_C(20250101)

static Buffer buffer;
static LedgerChange change;
static Diag diag;

static void setup(void) {
        buffer = (Buffer){};
        change = (LedgerChange){};
        diag = (Diag){};
}

static void teardown(void) {
        buffer_deinit(&buffer);
        ledger_change_deinit(&change);
}

/* A line of @json, with the right checksum. */
static void make_line(const char *json) {
        buffer_printf(&buffer, "%08" PRIx32 " %s\n", crc32c(json, strlen(json)), json);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
}

static int parse(unsigned version) {
        return record_parse_change(version, buffer.data, buffer.n_data - 1, &change, &diag);
}

START_TEST(the_checksum_is_the_well_known_one) {
        ck_assert_uint_eq(crc32c("123456789", 9), 0xe3069283);
        ck_assert_uint_eq(crc32c("", 0), 0);
}
END_TEST

START_TEST(any_claim_comes_back_as_it_was) {
        uint64_t seed = SEED;

        for (unsigned i = 0; i < 3000; ++i) {
                LedgerClaim *claim = claims_make_random(&seed);

                buffer_deinit(&buffer);
                record_append_claim(claim, &buffer);
                ck_assert_int_eq(buffer_finish(&buffer), 0);
                ck_assert_ptr_eq(memchr(buffer.data, '\n', buffer.n_data),
                                 buffer.data + buffer.n_data - 1);
                ck_assert_msg(parse(RECORD_VERSION) == 0, "%u: %s: %s", i, buffer.data, diag.text);
                ck_assert_uint_eq(change.n_puts, 1);
                ck_assert_uint_eq(change.n_drops, 0);
                ck_assert_msg(ledger_claim_is_equal(change.puts[0], claim), "%u: %s", i,
                              buffer.data);
                ledger_change_deinit(&change);
                ledger_claim_free(claim);
        }
}
END_TEST

START_TEST(a_change_comes_back_with_all_its_puts_and_drops) {
        LedgerChange written = {};
        uint64_t seed = SEED;

        for (unsigned i = 0; i < 40; ++i) {
                char container[16];

                (void)snprintf(container, sizeof(container), "\"c%u\n", i);
                claims_put(&written, claims_make_random(&seed));
                claims_drop(&written, "uid", i > 0 ? container : "");
        }
        record_append_change(&written, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_int_eq(parse(RECORD_VERSION), 0);
        ck_assert_uint_eq(change.n_puts, written.n_puts);
        ck_assert_uint_eq(change.n_drops, written.n_drops);
        for (size_t i = 0; i < written.n_puts; ++i)
                ck_assert(ledger_claim_is_equal(change.puts[i], written.puts[i]));
        for (size_t i = 0; i < written.n_drops; ++i)
                ck_assert_str_eq(change.drops[i].container, written.drops[i].container);
        ledger_change_deinit(&written);
}
END_TEST

START_TEST(the_largest_claim_has_a_line) {
        char id[LEDGER_CHUNK_ID_MAX];
        const char **chunks = calloc(LEDGER_CHUNKS_MAX, sizeof(*chunks));
        LedgerClaim *small = claims_make("u", "c", 0, 1), *claim;
        LedgerClaim large = *small;

        memset(id, 'x', sizeof(id));
        id[sizeof(id) - 1] = '\0';
        for (size_t i = 0; i < LEDGER_CHUNKS_MAX; ++i)
                chunks[i] = id;
        large.chunks = chunks;
        large.n_chunks = LEDGER_CHUNKS_MAX;
        ck_assert_int_eq(ledger_claim_new(&large, &claim), 0);
        record_append_claim(claim, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_int_eq(parse(RECORD_VERSION), 0);
        ck_assert(ledger_claim_is_equal(change.puts[0], claim));
        ledger_claim_free(claim);
        ledger_claim_free(small);
        free(chunks);
}
END_TEST

START_TEST(a_line_that_could_not_be_read_is_not_written) {
        LedgerChange written = {};
        char id[LEDGER_CHUNK_ID_MAX];
        const char *chunks[256];
        LedgerClaim *small = claims_make("u", "c", 0, 1);
        LedgerClaim large = *small;

        memset(id, 'x', sizeof(id));
        id[sizeof(id) - 1] = '\0';
        for (size_t i = 0; i < ELEMENTSOF(chunks); ++i)
                chunks[i] = id;
        large.chunks = chunks;
        large.n_chunks = ELEMENTSOF(chunks);
        for (unsigned i = 0; i < 64; ++i) {
                char container[16];
                LedgerClaim *claim;

                (void)snprintf(container, sizeof(container), "c%u", i);
                large.container = container;
                ck_assert_int_eq(ledger_claim_new(&large, &claim), 0);
                claims_put(&written, claim);
        }
        buffer_append_text(&buffer, "before");
        record_append_change(&written, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), -E2BIG);
        ck_assert_str_eq(buffer.data, "before");
        ledger_change_deinit(&written);
        ledger_claim_free(small);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_not_read) {
        Buffer json = {};

        buffer_append_text(&json, "{\"later\":\"");
        while (json.n_data < RECORD_LINE_MAX - 9 - 2 - 1)
                buffer_append_char(&json, 'x');
        buffer_append_text(&json, "\"}");
        ck_assert_int_eq(buffer_finish(&json), 0);
        make_line(json.data);
        ck_assert_uint_eq(buffer.n_data, RECORD_LINE_MAX);
        ck_assert_int_eq(parse(RECORD_VERSION), 0);

        buffer_deinit(&buffer);
        buffer_append_char(&json, ' ');
        ck_assert_int_eq(buffer_finish(&json), 0);
        make_line(json.data);
        ck_assert_int_eq(parse(RECORD_VERSION), RECORD_E_DAMAGED);
        ck_assert(!record_is_whole(buffer.data, buffer.n_data - 1));
        buffer_deinit(&json);
}
END_TEST

/* The good ones are whole lines, the bad ones must not be taken for them. */
static void make_some_line(void) {
        LedgerChange written = {};

        claims_put(&written, claims_make("7f1c", "web", 3, 4 * GIB));
        claims_drop(&written, "7f1d", "");
        record_append_change(&written, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ledger_change_deinit(&written);
}

START_TEST(a_flipped_bit_is_seen) {
        make_some_line();
        ck_assert(record_is_whole(buffer.data, buffer.n_data - 1));
        for (size_t i = 0; i < (buffer.n_data - 1) * 8; ++i) {
                buffer.data[i / 8] ^= (char)(1 << i % 8);
                ck_assert_msg(parse(RECORD_VERSION) == RECORD_E_DAMAGED, "bit %zu", i);
                ck_assert(!record_is_whole(buffer.data, buffer.n_data - 1));
                buffer.data[i / 8] ^= (char)(1 << i % 8);
        }
        ck_assert_int_eq(parse(RECORD_VERSION), 0);
}
END_TEST

START_TEST(a_missing_end_is_seen) {
        make_some_line();
        for (size_t n = 0; n < buffer.n_data - 1; ++n)
                ck_assert_msg(record_parse_change(RECORD_VERSION, buffer.data, n, &change, &diag) ==
                                      RECORD_E_DAMAGED,
                              "%zu bytes", n);
}
END_TEST

START_TEST(a_head_comes_back_as_it_was) {
        RecordHead head = { .boot_id = "7c5e\"\n", .created_usec = UINT64_MAX }, read = {};

        record_append_head(&head, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_int_eq(record_parse_head(buffer.data, buffer.n_data - 1, &read, &diag), 0);
        ck_assert_uint_eq(read.version, RECORD_VERSION);
        ck_assert_str_eq(read.boot_id, head.boot_id);
        ck_assert_uint_eq(read.created_usec, UINT64_MAX);
}
END_TEST

static const struct {
        const char *json;
        int expected;
        const char *text;
} heads[] = {
        { "{\"version\":0,\"created\":5}", 0, "" },
        { "{\"version\":1,\"boot\":\"\"}", 0, "" },
        { "{\"version\":1}", RECORD_E_DAMAGED, "boot: is missing" },
        { "{\"boot\":\"x\"}", RECORD_E_DAMAGED, "version: is missing" },
        { "{\"version\":2}", RECORD_E_VERSION, "version: is of a later slugd" },
        { "{\"version\":\"1\"}", RECORD_E_DAMAGED, "version: is not a whole number" },
        { "{\"version\":-1}", RECORD_E_DAMAGED, "version: is out of range" },
        { "{\"version\":1,\"boot\":7}", RECORD_E_DAMAGED, "boot: is not text" },
        { "{\"version\":1,\"boot\":\""
          "0123456789012345678901234567890123456789012345678901234567890123\"}",
          RECORD_E_DAMAGED, "boot: is too long" },
        { "[]", RECORD_E_DAMAGED, "is not an object" },
        { "{\"version\":1", RECORD_E_DAMAGED, "the text ends in the middle" },
};

START_TEST(a_head_is_read_by_its_version) {
        RecordHead head;

        make_line(heads[_i].json);
        ck_assert_int_eq(record_parse_head(buffer.data, buffer.n_data - 1, &head, &diag),
                         heads[_i].expected);
        ck_assert_str_eq(diag.text, heads[_i].text);
}
END_TEST

#define CLAIM(more)                                                                                \
        "{\"put\":[{\"uid\":\"u\",\"state\":\"active\",\"source\":\"operator\"" more "}]}"

/* With the right checksum, and yet not what slugd writes. */
static const struct {
        const char *json;
        const char *text; /* NULL: it is good */
} changes[] = {
        { "{}", NULL },
        { CLAIM(""), NULL },
        { CLAIM(",\"later\":{\"a\":[1,{}]}"), NULL },
        { "{\"put\":[],\"drop\":[],\"later\":1}", NULL },
        { CLAIM(",\"split\":{\"local\":[1,18446744073709551615],\"remote\":[0,0]}"), NULL },
        { "{\"put\":{}}", "put: is not a list" },
        { "{\"put\":[7]}", "put[0]: is not an object" },
        { "{\"put\":[{\"uid\":\"u\",\"source\":\"operator\"}]}", "put[0].state: is missing" },
        { "{\"put\":[{\"uid\":\"u\",\"state\":\"active\"}]}", "put[0].source: is missing" },
        { "{\"put\":[{\"state\":\"active\",\"source\":\"operator\"}]}", "put[0].uid: is missing" },
        { "{\"put\":[{\"uid\":\"\",\"state\":\"active\",\"source\":\"operator\"}]}",
          "put[0]: is no claim that can be" },
        { CLAIM(",\"state\":\"sleepy\""), "put[0].state: is no state of a claim" },
        { CLAIM(",\"source\":\"wind\""), "put[0].source: is no source of a claim" },
        { CLAIM(",\"qos\":\"Best\""), "put[0].qos: is no QoS class" },
        { CLAIM(",\"within\":1"), "put[0].within: is not true or false" },
        { CLAIM(",\"ns\":[]"), "put[0].ns: is not text" },
        { CLAIM(",\"ns\":\"a\\u0000b\""), "put[0].ns: has a NUL in it" },
        { CLAIM(",\"created\":1.5"), "put[0].created: is not a whole number" },
        { CLAIM(",\"created\":-1"), "put[0].created: is out of range" },
        { CLAIM(",\"split\":{\"local\":[1,2]}"), "put[0].split.remote: is missing" },
        { CLAIM(",\"split\":{\"local\":[1],\"remote\":[0,0]}"),
          "put[0].split.local: is not a pair" },
        { CLAIM(",\"split\":{\"local\":[2,1],\"remote\":[0,0]}"),
          "put[0]: is no claim that can be" },
        { CLAIM(",\"chunks\":[1]"), "put[0].chunks[0]: is not text" },
        { CLAIM(",\"chunks\":[\"\"]"), "put[0]: is no claim that can be" },
        { CLAIM(",\"blocks\":[{\"nodes\":\"0\",\"page\":0}]"),
          "put[0].blocks[0].parts: is missing" },
        { CLAIM(",\"blocks\":[{\"nodes\":\"x\",\"page\":0,\"parts\":[]}]"),
          "put[0].blocks[0].nodes: is no set of NUMA nodes" },
        { CLAIM(",\"blocks\":[{\"nodes\":\"0\",\"page\":0,\"parts\":[[1,1]]}]"),
          "put[0]: is no claim that can be" },
        { CLAIM(",\"blocks\":[{\"nodes\":\"0\",\"page\":0,\"parts\":[[1024,1]]}]"),
          "put[0].blocks[0].parts[0][0]: is out of range" },
        { CLAIM(",\"blocks\":[{\"nodes\":\"0\",\"page\":0,\"parts\":[[0,35184372088833]]}]"),
          "put[0].blocks[0].parts[0][1]: is out of range" },
        { CLAIM(",\"blocks\":[{},{},{},{},{},{},{},{},{}]"), "put[0].blocks: has too many items" },
        { "{\"drop\":[{\"container\":\"c\"}]}", "drop[0].uid: is missing" },
        { "{\"drop\":[{\"uid\":\"u\",\"container\":null}]}", NULL },
        { "{\"drop\":[{\"uid\":\"0123456789012345678901234567890123456789012345678901234567890123"
          "\"}]}",
          "drop[0]: is no claim that can be" },
        { "[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]", "nesting too deep" },
        { "{\"put\":[]} x", "unexpected character" },
        { "{\"put\":[]}{}", "unexpected character" },
        { "{\"put\":[\"\xff\"]}", "is not UTF-8" },
};

START_TEST(a_change_is_read_as_a_whole_or_not) {
        const char *text = changes[_i].text;

        make_line(changes[_i].json);
        ck_assert_msg(parse(RECORD_VERSION) == (text ? RECORD_E_DAMAGED : 0), "%s: %s",
                      changes[_i].json, diag.text);
        ck_assert_str_eq(diag.text, text ? text : "");
        if (text)
                ck_assert_uint_eq(change.n_puts + change.n_drops, 0);
}
END_TEST

START_TEST(broken_json_is_told_with_its_column) {
        make_line("{\"put\":x}");
        ck_assert_int_eq(parse(RECORD_VERSION), RECORD_E_DAMAGED);
        ck_assert_uint_eq(diag.column, 9 + 8);
}
END_TEST

START_TEST(a_complaint_keeps_source_and_line) {
        make_line("{\"put\":1}");
        diag_set(&diag, "ledger.log", 7, 0, "%s", "");
        ck_assert_int_eq(parse(RECORD_VERSION), RECORD_E_DAMAGED);
        ck_assert_str_eq(diag.source, "ledger.log");
        ck_assert_uint_eq(diag.line, 7);
}
END_TEST

START_TEST(a_claim_of_version_0_has_a_source_and_no_split) {
        make_line("{\"put\":[{\"uid\":\"u\",\"container\":\"c\",\"state\":\"active\","
                  "\"source\":\"operator\",\"split\":{\"local\":[1,2],\"remote\":[0,0]}}]}");
        ck_assert_int_eq(parse(0), 0);
        ck_assert_int_eq(change.puts[0]->source, CLAIM_SOURCE_MEMORY_MANAGER);
        ck_assert_uint_eq(change.puts[0]->split.local.max, 0);
        ck_assert_int_eq(parse(RECORD_VERSION + 1), RECORD_E_VERSION);
}
END_TEST

static const struct {
        const char *name;
        const char *text;
} not_utf8[] = {
        { "a lone continuation", "a\x80" },
        { "half a character", "a\xc3" },
        { "half a character before another one", "\xe2\x82x" },
        { "an overlong slash", "\xc0\xaf" },
        { "an overlong character of three", "\xe0\x80\xaf" },
        { "a surrogate", "\xed\xa0\x80" },
        { "above the last character", "\xf4\x90\x80\x80" },
        { "a byte that never is", "\xff" },
};

START_TEST(text_that_is_not_utf8_is_not_written) {
        LedgerChange written = {};

        claims_drop(&written, not_utf8[_i].text, "");
        buffer_append_text(&buffer, "before");
        record_append_change(&written, &buffer);
        ck_assert_msg(buffer_finish(&buffer) == -EILSEQ, "%s", not_utf8[_i].name);
        ck_assert_str_eq(buffer.data, "before");
        ledger_change_deinit(&written);
}
END_TEST

START_TEST(reading_without_memory_changes_nothing) {
        unsigned n = 0;
        int r;

        make_some_line();
        do {
                failmalloc_arm(n++);
                r = parse(RECORD_VERSION);
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_uint_eq(change.n_puts + change.n_drops, 0);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 4);
}
END_TEST

START_TEST(writing_without_memory_writes_nothing) {
        LedgerClaim *claim = claims_make("7f1c", "web", 3, 4 * GIB);
        unsigned n = 0;
        int r;

        do {
                buffer_deinit(&buffer);
                failmalloc_arm(n++);
                record_append_claim(claim, &buffer);
                r = buffer.error;
                (void)failmalloc_disarm();
                if (r)
                        ck_assert_uint_eq(buffer.n_data, 0);
        } while (r == -ENOMEM);
        ck_assert_int_eq(r, 0);
        ck_assert_uint_ge(n, 2);
        ledger_claim_free(claim);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("record");
        TCase *t = tcase_create("lines");

        tcase_set_timeout(t, 60);
        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_test(t, the_checksum_is_the_well_known_one);
        tcase_add_test(t, any_claim_comes_back_as_it_was);
        tcase_add_test(t, a_change_comes_back_with_all_its_puts_and_drops);
        tcase_add_test(t, the_largest_claim_has_a_line);
        tcase_add_test(t, a_line_that_could_not_be_read_is_not_written);
        tcase_add_test(t, a_line_that_is_too_long_is_not_read);
        tcase_add_test(t, a_flipped_bit_is_seen);
        tcase_add_test(t, a_missing_end_is_seen);
        tcase_add_test(t, a_head_comes_back_as_it_was);
        tcase_add_loop_test(t, a_head_is_read_by_its_version, 0, ELEMENTSOF(heads));
        tcase_add_loop_test(t, a_change_is_read_as_a_whole_or_not, 0, ELEMENTSOF(changes));
        tcase_add_test(t, broken_json_is_told_with_its_column);
        tcase_add_test(t, a_complaint_keeps_source_and_line);
        tcase_add_test(t, a_claim_of_version_0_has_a_source_and_no_split);
        tcase_add_loop_test(t, text_that_is_not_utf8_is_not_written, 0, ELEMENTSOF(not_utf8));
        tcase_add_test(t, reading_without_memory_changes_nothing);
        tcase_add_test(t, writing_without_memory_writes_nothing);
        suite_add_tcase(s, t);
        return s;
}
