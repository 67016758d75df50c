/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger's log as slugctl reads it, held against what slugd makes of the same bytes: the same
 * verdict, the same good part, the same claims.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/sealed.h"
#include "ledger/journal.h"
#include "lib/claims.h"
#include "lib/failmalloc.h"
#include "lib/folder.h"
#include "lib/test-main.h"
#include "service/memory-messages.h"
#include "slugctl/ledger-compare.h"
#include "slugctl/ledger-log.h"
#include "slugctl/ledger-record.h"

#define LOG_PATH  "var/lib/slug/ledger.log"
#define SEED      UINT64_C(20250202)
#define ARENA_MAX (64u * 1024 * 1024)

static Folder folder;
static Root root;
static Buffer file;
static LedgerLog ours;
static Arena *arena;

static void setup(void) {
        folder = folder_new();
        root = (Root)ROOT_NULL;
        ck_assert_int_eq(root_init(&root, folder.path), 0);
        ck_assert_int_eq(arena_new(ARENA_MAX, &arena), 0);
        file = (Buffer){};
        ours = (LedgerLog){};
}

static void teardown(void) {
        failmalloc_disarm();
        ledger_log_deinit(&ours);
        arena = arena_free(arena);
        buffer_deinit(&file);
        root_deinit(&root);
        folder_remove(&folder);
}

/* Logs */

static void seal_bytes(const void *json, size_t n_json) {
        buffer_printf(&file, "%08" PRIx32 " ", crc32c(json, n_json));
        buffer_append(&file, json, n_json);
        buffer_append_char(&file, '\n');
}

static void seal(const char *json) {
        seal_bytes(json, strlen(json));
}

static void begin(void) {
        buffer_deinit(&file);
        file = (Buffer){};
        seal("{\"version\":1,\"boot\":\"now\",\"created\":5}");
}

#define ORDINARY                                                                                   \
        "{\"put\":[{\"uid\":\"u\",\"container\":\"c\",\"state\":\"active\",\"source\":"            \
        "\"operator\",\"blocks\":[{\"nodes\":\"0-1\",\"page\":0,\"parts\":[[0,4096],[1,8192]]}]}]" \
        "}"

static void append_ordinary(const char *uid) {
        LedgerChange change = {};

        claims_put(&change, claims_make(uid, "c", 1, MIB));
        record_append_change(&change, &file);
        ledger_change_deinit(&change);
}

/* Both readers */

static void read_ours(void) {
        ledger_log_deinit(&ours);
        ck_assert_int_eq(buffer_finish(&file), 0);
        ck_assert_int_eq(ledger_log_read("log", file.data, file.n_data, NULL, NULL, &ours), 0);
}

static Slug__V1__Claim **list_theirs(const Ledger *ledger) {
        Slug__V1__Claim **list =
                arena_alloc_array(arena, ledger_get_n_claims(ledger) + 1, sizeof(*list));
        size_t n = 0;

        ck_assert_ptr_nonnull(list);
        for (const LedgerClaim *claim = ledger_next(ledger, NULL); claim;
             claim = ledger_next(ledger, claim))
                ck_assert_int_eq(memory_build_claim(arena, claim, &list[n++]), 0);
        return list;
}

static void compare_claims(const Ledger *ledger, const char *name) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        LedgerDifference *differences;
        size_t n;

        ck_assert_int_eq(ledger_compare(ours.claims, ours.n_claims, list_theirs(ledger),
                                        ledger_get_n_claims(ledger), &differences, &n),
                         0);
        if (n > 0)
                ledger_difference_append(&differences[0], &text);
        ck_assert_msg(n == 0, "%s: %zu differ, as in %s", name, n, text.data);
        free(differences);
}

static void compare_verdicts(const JournalLoad *theirs, const char *name) {
        const bool is_bad = ours.verdict == LEDGER_LOG_DAMAGED || ours.verdict == LEDGER_LOG_LATER;

        ck_assert_msg(is_bad == theirs->is_set_aside, "%s: verdict %d, slugd: %s", name,
                      (int)ours.verdict, theirs->problem.text);
        ck_assert_msg((ours.verdict == LEDGER_LOG_TORN) == theirs->is_torn, "%s: %d", name,
                      (int)ours.verdict);
        ck_assert_msg(ours.good_bytes == theirs->good_bytes, "%s: %" PRIu64 ", slugd: %" PRIu64,
                      name, ours.good_bytes, theirs->good_bytes);
        ck_assert_msg(ours.n_changes == theirs->n_changes, "%s", name);
        ck_assert_msg(ours.problem.line == theirs->problem.line, "%s: line %u", name,
                      ours.problem.line);
        ck_assert_msg(!ours.problem.text[0] == !theirs->problem.text[0], "%s: '%s'", name,
                      ours.problem.text);
}

/* What is in the file, by both. */
static void compare_readers(const char *name) {
        Ledger *ledger = NULL;
        JournalLoad theirs;
        char aside[256];

        read_ours();
        folder_write_bytes(&folder, LOG_PATH, file.data, file.n_data);
        ck_assert_int_eq(ledger_new(&ledger), 0);
        ck_assert_int_eq(journal_load(&root, "now", ledger, &theirs), 0);
        compare_verdicts(&theirs, name);
        /* of another boot is what slugd says of them, and not the log */
        if (!theirs.is_of_other_boot)
                compare_claims(ledger, name);
        if (theirs.is_set_aside) {
                (void)snprintf(aside, sizeof(aside), "var/lib/slug/%s", theirs.aside);
                folder_delete(&folder, aside);
        }
        ledger_free(ledger);
}

START_TEST(the_limits_are_those_of_slugd) {
        ck_assert_uint_eq(LEDGER_LOG_VERSION, RECORD_VERSION);
        ck_assert_uint_eq(LEDGER_LOG_BYTES_MAX, JOURNAL_FILE_MAX);
        ck_assert_uint_eq(LEDGER_LOG_LINE_MAX, RECORD_LINE_MAX);
        ck_assert_uint_eq(LEDGER_LOG_CLAIMS_MAX, LEDGER_CLAIMS_MAX);
        ck_assert_uint_eq(LEDGER_LOG_CHANGE_MAX, LEDGER_CHANGE_MAX);
        ck_assert_uint_eq(LEDGER_LOG_BOOT_MAX, RECORD_BOOT_MAX);
        ck_assert_str_eq(LEDGER_LOG_PATH, JOURNAL_DIR "/" JOURNAL_NAME);
}
END_TEST

START_TEST(a_good_log_is_told_about) {
        begin();
        append_ordinary("a");
        append_ordinary("b");
        append_ordinary("a");
        seal("{\"drop\":[{\"uid\":\"b\",\"container\":\"c\"},{\"uid\":\"nobody\"}]}");
        compare_readers("good");
        ck_assert_int_eq(ours.verdict, LEDGER_LOG_GOOD);
        ck_assert_uint_eq(ours.version, 1);
        ck_assert_str_eq(ours.boot_id, "now");
        ck_assert_uint_eq(ours.created_usec, 5);
        ck_assert_uint_eq(ours.n_lines, 5);
        ck_assert_uint_eq(ours.n_changes, 4);
        ck_assert_uint_eq(ours.n_bytes, file.n_data);
        ck_assert_uint_eq(ours.good_bytes, file.n_data);
        ck_assert_uint_eq(ours.n_claims, 1);
        ck_assert_str_eq(ours.claims[0]->pod_uid, "a");
        ck_assert_str_eq(ours.problem.text, "");
}
END_TEST

START_TEST(nothing_is_an_empty_log) {
        read_ours();
        ck_assert_int_eq(ours.verdict, LEDGER_LOG_EMPTY);
        ck_assert_uint_eq(ours.n_claims, 0);
}
END_TEST

/* Lines behind a head, with a good one behind them. */
#define CLAIM(more)                                                                                \
        "{\"put\":[{\"uid\":\"u\",\"state\":\"active\",\"source\":\"operator\"" more "}]}"
#define BLOCK(block) CLAIM(",\"blocks\":[" block "]")

static const struct {
        const char *name;
        const char *line;
        const char *problem; /* NULL: it is good */
} lines[] = {
        { "an ordinary claim", ORDINARY, NULL },
        { "no change at all", "{}", NULL },
        { "null is absent", "{\"put\":null,\"drop\":null}", NULL },
        { "keys of later", CLAIM(",\"colour\":{\"deep\":[1,{}]}"), NULL },
        { "no text", CLAIM(",\"container\":null,\"ns\":\"\",\"qos\":null"), NULL },
        { "another kind of text", CLAIM(",\"ns\":7"), "put[0].ns: is not text" },
        { "a NUL", CLAIM(",\"reason\":\"a\\u0000b\""), "put[0].reason: has a NUL in it" },
        { "no uid", "{\"put\":[{\"state\":\"active\",\"source\":\"operator\"}]}",
          "put[0].uid: is missing" },
        { "an empty uid", "{\"put\":[{\"uid\":\"\",\"state\":\"active\",\"source\":\"operator\"}]}",
          "put[0]: has an empty uid" },
        { "a long uid",
          "{\"put\":[{\"uid\":\"0123456789012345678901234567890123456789012345678901234567890123\","
          "\"state\":\"active\",\"source\":\"operator\"}]}",
          "put[0].uid: is too long" },
        { "no state", "{\"put\":[{\"uid\":\"u\",\"source\":\"operator\"}]}",
          "put[0].state: is missing" },
        { "another state",
          "{\"put\":[{\"uid\":\"u\",\"state\":\"unknown\",\"source\":\"operator\"}]}",
          "put[0].state: is a word that is not known" },
        { "no source", "{\"put\":[{\"uid\":\"u\",\"state\":\"active\"}]}",
          "put[0].source: is missing" },
        { "another source", "{\"put\":[{\"uid\":\"u\",\"state\":\"active\",\"source\":\"\"}]}",
          "put[0].source: is a word that is not known" },
        { "a QoS class", CLAIM(",\"qos\":\"Burstable\""), NULL },
        { "no QoS class", CLAIM(",\"qos\":\"\""), NULL },
        { "another QoS class", CLAIM(",\"qos\":\"burstable\""),
          "put[0].qos: is a word that is not known" },
        { "a share", CLAIM(",\"within\":true"), NULL },
        { "within what", CLAIM(",\"within\":1"), "put[0].within: is not true or false" },
        { "no split", CLAIM(",\"split\":null"), NULL },
        { "a split", CLAIM(",\"split\":{\"local\":[1,2],\"remote\":[0,18446744073709551615]}"),
          NULL },
        { "half a split", CLAIM(",\"split\":{\"local\":[1,2]}"),
          "put[0].split.remote: is missing" },
        { "a split upside down", CLAIM(",\"split\":{\"local\":[2,1],\"remote\":[0,0]}"),
          "put[0].split.local: promises more than it allows" },
        { "three of a split", CLAIM(",\"split\":{\"local\":[1,2,3],\"remote\":[0,0]}"),
          "put[0].split.local: has too many items" },
        { "less than nothing", CLAIM(",\"split\":{\"local\":[-1,2],\"remote\":[0,0]}"),
          "put[0].split.local[0]: is out of range" },
        { "pages", BLOCK("{\"nodes\":\"0\",\"page\":2097152,\"parts\":[[0,4194304]]}"), NULL },
        { "pages of another size", BLOCK("{\"nodes\":\"0\",\"page\":7,\"parts\":[]}"), NULL },
        { "pages above all sizes", BLOCK("{\"nodes\":\"0\",\"page\":35184372088833,\"parts\":[]}"),
          "put[0].blocks[0].page: is out of range" },
        { "no NUMA nodes", BLOCK("{\"nodes\":\"\",\"page\":0,\"parts\":[]}"),
          "put[0].blocks[0].nodes: is no set of NUMA nodes" },
        { "a NUMA node above all", BLOCK("{\"nodes\":\"1024\",\"page\":0,\"parts\":[]}"),
          "put[0].blocks[0].nodes: is no set of NUMA nodes" },
        { "no parts", BLOCK("{\"nodes\":\"0\",\"page\":0}"), "put[0].blocks[0].parts: is missing" },
        { "a part elsewhere", BLOCK("{\"nodes\":\"0\",\"page\":0,\"parts\":[[1,1]]}"),
          "put[0].blocks[0].parts[0]: is none of the block's NUMA nodes" },
        { "a part of nothing", BLOCK("{\"nodes\":\"0\",\"page\":0,\"parts\":[[0,0]]}"),
          "put[0].blocks[0].parts[0]: has no bytes" },
        { "a part too large", BLOCK("{\"nodes\":\"0\",\"page\":0,\"parts\":[[0,35184372088833]]}"),
          "put[0].blocks[0].parts[0][1]: is out of range" },
        { "parts twice", BLOCK("{\"nodes\":\"0\",\"page\":0,\"parts\":[[0,1],[0,1]]}"),
          "put[0].blocks[0].parts[1]: comes too late; NUMA nodes rise" },
        { "half a part", BLOCK("{\"nodes\":\"0\",\"page\":0,\"parts\":[[0]]}"),
          "put[0].blocks[0].parts[0]: is not a pair" },
        { "nine blocks", CLAIM(",\"blocks\":[0,0,0,0,0,0,0,0,0]"),
          "put[0].blocks: has too many items" },
        { "chunks", CLAIM(",\"chunks\":[\"a\",\"b\"]"), NULL },
        { "a chunk without a name", CLAIM(",\"chunks\":[\"\"]"),
          "put[0].chunks[0]: is no id of a chunk" },
        { "a time", CLAIM(",\"created\":18446744073709551615"), NULL },
        { "a time with a fraction", CLAIM(",\"created\":1.5"),
          "put[0].created: is not a whole number" },
        { "put and dropped",
          "{\"drop\":[{\"uid\":\"first\",\"container\":\"c\"},{\"uid\":\"first\",\"container\":"
          "\"c\"}],\"put\":[{\"uid\":\"first\",\"container\":\"c\",\"state\":\"invalid\","
          "\"source\":\"observed\"}]}",
          NULL },
        { "a key twice",
          "{\"put\":[{\"uid\":\"u\",\"state\":\"active\",\"source\":\"operator\"},{\"uid\":\"u\","
          "\"state\":\"pending\",\"source\":\"operator\"}]}",
          NULL },
        { "a drop of nobody", "{\"drop\":[{\"uid\":\"\"}]}", NULL },
        { "a drop without a uid", "{\"drop\":[{}]}", "drop[0].uid: is missing" },
        { "a drop that is none", "{\"drop\":[7]}", "drop[0]: is not an object" },
        { "a put that is none", "{\"put\":[[]]}", "put[0]: is not an object" },
        { "no lists", "{\"put\":{}}", "put: is not a list" },
        { "no object", "[]", "is not an object" },
        { "two objects", "{}{}", "unexpected character" },
        { "half an object", "{\"put\":[", "the text ends in the middle" },
};

START_TEST(a_line_is_read_as_slugd_reads_it) {
        begin();
        append_ordinary("first");
        seal(lines[_i].line);
        append_ordinary("last");
        compare_readers(lines[_i].name);
        ck_assert_msg((ours.verdict == LEDGER_LOG_GOOD) == !lines[_i].problem, "%s: %s",
                      lines[_i].name, ours.problem.text);
        if (!lines[_i].problem)
                return;
        ck_assert_msg(strcmp(ours.problem.text, lines[_i].problem) == 0, "%s: %s", lines[_i].name,
                      ours.problem.text);
        ck_assert_str_eq(ours.problem.source, "log");
        ck_assert_uint_eq(ours.problem.line, 3);
        ck_assert_uint_eq(ours.n_claims, 1);
        ck_assert_int_eq(strncmp(file.data + ours.good_bytes + SEALED_ROOM, lines[_i].line,
                                 strlen(lines[_i].line)),
                         0);
}
END_TEST

/* The last of a file, it makes sense of no more than in the middle: its checksum is right. */
START_TEST(a_last_line_is_judged_as_slugd_judges_it) {
        begin();
        seal(lines[_i].line);
        compare_readers(lines[_i].name);
}
END_TEST

static const struct {
        const char *name;
        const char *head;
        LedgerLogVerdict verdict;
} heads[] = {
        { "of now", "{\"version\":1,\"boot\":\"now\",\"created\":5}", LEDGER_LOG_GOOD },
        { "of nowhere", "{\"version\":1,\"boot\":\"\"}", LEDGER_LOG_GOOD },
        { "of version 0", "{\"version\":0}", LEDGER_LOG_GOOD },
        { "of later", "{\"version\":2,\"boot\":7}", LEDGER_LOG_LATER },
        { "of much later", "{\"version\":4294967295}", LEDGER_LOG_LATER },
        { "of no version", "{\"boot\":\"now\"}", LEDGER_LOG_DAMAGED },
        { "without a boot", "{\"version\":1}", LEDGER_LOG_DAMAGED },
        { "of a long boot",
          "{\"version\":1,\"boot\":"
          "\"0123456789012345678901234567890123456789012345678901234567890123\"}",
          LEDGER_LOG_DAMAGED },
        { "of no time", "{\"version\":1,\"boot\":\"now\",\"created\":-5}", LEDGER_LOG_DAMAGED },
        { "that is a change", "{\"put\":[]}", LEDGER_LOG_DAMAGED },
};

START_TEST(a_head_is_read_as_slugd_reads_it) {
        seal(heads[_i].head);
        seal("{\"put\":[{\"uid\":\"u\",\"state\":\"active\"}]}");
        compare_readers(heads[_i].name);
        if (heads[_i].verdict != LEDGER_LOG_GOOD)
                ck_assert_msg(ours.verdict == heads[_i].verdict, "%s: %d", heads[_i].name,
                              (int)ours.verdict);
        /* what is behind it has no source, which only version 0 lets pass */
        else
                ck_assert_uint_eq(ours.n_claims, ours.version == 0 ? 1 : 0);
}
END_TEST

START_TEST(cut_at_every_byte_it_is_torn_or_good) {
        size_t n_whole;

        begin();
        append_ordinary("a");
        append_ordinary("b");
        n_whole = file.n_data;
        for (size_t n = n_whole; n > 0; --n) {
                char name[64];

                (void)snprintf(name, sizeof(name), "%zu of %zu bytes", n, n_whole);
                file.n_data = n;
                compare_readers(name);
        }
}
END_TEST

START_TEST(with_any_byte_damaged_it_is_what_slugd_says) {
        begin();
        append_ordinary("a");
        append_ordinary("b");
        for (size_t i = 0; i < file.n_data; ++i) {
                const char before = file.data[i];
                char name[64];

                (void)snprintf(name, sizeof(name), "byte %zu", i);
                file.data[i] = (char)(before ^ (i % 2 ? 0x20 : 0x01));
                compare_readers(name);
                ck_assert_msg(ours.verdict != LEDGER_LOG_GOOD, "%s", name);
                file.data[i] = before;
        }
}
END_TEST

START_TEST(any_claims_are_what_slugd_has) {
        uint64_t seed = SEED;

        begin();
        for (unsigned i = 0; i < 400; ++i) {
                LedgerChange change = {};

                for (unsigned k = 0; k < i % 4; ++k)
                        claims_put(&change, claims_make_random(&seed));
                record_append_change(&change, &file);
                ledger_change_deinit(&change);
        }
        compare_readers("random");
        ck_assert_int_eq(ours.verdict, LEDGER_LOG_GOOD);
        ck_assert_uint_gt(ours.n_claims, 0);
}
END_TEST

/* A text of a line, a little different. */
static size_t mutate(char *text, size_t n, uint64_t *seed) {
        static const char bytes[] = "\"{}[],:0-9aex\\ \x80";

        for (uint64_t i = claims_random(seed) % 3 + 1; i > 0 && n > 1; --i) {
                const size_t at = claims_random(seed) % n;

                switch (claims_random(seed) % 3) {
                case 0:
                        text[at] = bytes[claims_random(seed) % (sizeof(bytes) - 1)];
                        break;
                case 1:
                        memmove(text + at, text + at + 1, --n - at);
                        break;
                case 2:
                        memmove(text + at + 1, text + at, n++ - at);
                        break;
                }
        }
        return n;
}

START_TEST(lines_a_little_different_have_the_same_verdict) {
        uint64_t seed = SEED + (uint64_t)_i;
        unsigned n_good = 0;

        for (unsigned i = 0; i < 3000; ++i) {
                LedgerClaim *claim = claims_make_random(&seed);
                LedgerChange theirs = {};
                LedgerRecord record = {};
                Diag diag = {};
                int r, r_theirs;
                size_t n;

                buffer_deinit(&file);
                file = (Buffer){};
                record_append_claim(claim, &file);
                ledger_claim_free(claim);
                (void)buffer_extend(&file, 8);
                ck_assert_int_eq(buffer_finish(&file), 0);
                n = mutate(file.data + SEALED_ROOM, file.n_data - 8 - SEALED_ROOM - 1, &seed);
                (void)snprintf(file.data, SEALED_ROOM, "%08" PRIx32,
                               crc32c(file.data + SEALED_ROOM, n));
                file.data[SEALED_ROOM - 1] = ' ';
                r_theirs = record_parse_change(1, file.data, SEALED_ROOM + n, &theirs, &diag);
                arena = arena_free(arena);
                ck_assert_int_eq(arena_new(ARENA_MAX, &arena), 0);
                r = ledger_record_read(1, file.data, SEALED_ROOM + n, arena, &record, &diag);
                ck_assert_msg(!r == !r_theirs, "%u: %.*s: %s", i, (int)(SEALED_ROOM + n), file.data,
                              diag.text);
                ck_assert_uint_eq(record.n_puts, theirs.n_puts);
                ck_assert_uint_eq(record.n_drops, theirs.n_drops);
                n_good += r == 0;
                ledger_change_deinit(&theirs);
        }
        ck_assert_uint_gt(n_good, 100);
        ck_assert_uint_lt(n_good, 2900);
}
END_TEST

START_TEST(more_claims_than_slugd_holds_are_damage) {
        begin();
        for (unsigned i = 0; i <= LEDGER_LOG_CLAIMS_MAX; ++i) {
                char uid[16];

                (void)snprintf(uid, sizeof(uid), "u%u", i);
                append_ordinary(uid);
        }
        compare_readers("too many");
        ck_assert_int_eq(ours.verdict, LEDGER_LOG_DAMAGED);
        ck_assert_uint_eq(ours.n_claims, LEDGER_LOG_CLAIMS_MAX);
        ck_assert_str_eq(ours.problem.text, "more claims than slugd can hold");
}
END_TEST

START_TEST(one_that_makes_room_is_good) {
        begin();
        for (unsigned i = 0; i < LEDGER_LOG_CLAIMS_MAX; ++i) {
                char uid[16];

                (void)snprintf(uid, sizeof(uid), "u%u", i);
                append_ordinary(uid);
        }
        seal("{\"drop\":[{\"uid\":\"u7\",\"container\":\"c\"}],\"put\":[{\"uid\":\"new\","
             "\"state\":\"active\",\"source\":\"operator\"}]}");
        compare_readers("full");
        ck_assert_int_eq(ours.verdict, LEDGER_LOG_GOOD);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_damage) {
        Buffer line = {};

        begin();
        buffer_append_text(&line, "{\"put\":[]");
        while (line.n_data < LEDGER_LOG_LINE_MAX)
                buffer_append_text(&line, "                    ");
        buffer_append_char(&line, '}');
        seal_bytes(line.data, line.n_data);
        buffer_deinit(&line);
        append_ordinary("last");
        compare_readers("long");
        ck_assert_int_eq(ours.verdict, LEDGER_LOG_DAMAGED);
}
END_TEST

static void count(uint64_t n_done, uint64_t n_bytes, void *userdata) {
        ck_assert_uint_le(n_done, n_bytes);
        ++*(unsigned *)userdata;
}

START_TEST(reading_much_is_told_about) {
        unsigned n_told = 0;

        begin();
        for (unsigned i = 0; i < 1000; ++i)
                append_ordinary("a");
        ck_assert_int_eq(buffer_finish(&file), 0);
        ck_assert_int_eq(ledger_log_read("log", file.data, file.n_data, count, &n_told, &ours), 0);
        ck_assert_uint_ge(n_told, 3);
        ck_assert_uint_lt(n_told, 1000);
}
END_TEST

START_TEST(without_memory_nothing_is_said) {
        int r = -ENOMEM;

        begin();
        append_ordinary("a");
        append_ordinary("b");
        seal("{\"drop\":[{\"uid\":\"b\",\"container\":\"c\"}]}");
        ck_assert_int_eq(buffer_finish(&file), 0);
        for (unsigned n = 0; r == -ENOMEM; ++n) {
                failmalloc_arm(n);
                r = ledger_log_read("log", file.data, file.n_data, NULL, NULL, &ours);
                failmalloc_disarm();
                ck_assert_ptr_eq(ours.first, NULL);
                ck_assert(r == 0 || (r == -ENOMEM && !ours.claims));
        }
        ck_assert_int_eq(r, 0);
        ck_assert_int_eq(ours.verdict, LEDGER_LOG_GOOD);
        ck_assert_uint_eq(ours.n_claims, 1);
}
END_TEST

Suite *suite(void) {
        Suite *suite = suite_create("ledger-log");
        TCase *tcase = tcase_create("ledger-log");

        tcase_set_timeout(tcase, 60);
        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_add_test(tcase, the_limits_are_those_of_slugd);
        tcase_add_test(tcase, a_good_log_is_told_about);
        tcase_add_test(tcase, nothing_is_an_empty_log);
        tcase_add_loop_test(tcase, a_line_is_read_as_slugd_reads_it, 0, (int)ELEMENTSOF(lines));
        tcase_add_loop_test(tcase, a_last_line_is_judged_as_slugd_judges_it, 0,
                            (int)ELEMENTSOF(lines));
        tcase_add_loop_test(tcase, a_head_is_read_as_slugd_reads_it, 0, (int)ELEMENTSOF(heads));
        tcase_add_test(tcase, cut_at_every_byte_it_is_torn_or_good);
        tcase_add_test(tcase, with_any_byte_damaged_it_is_what_slugd_says);
        tcase_add_test(tcase, any_claims_are_what_slugd_has);
        tcase_add_loop_test(tcase, lines_a_little_different_have_the_same_verdict, 0, 4);
        tcase_add_test(tcase, more_claims_than_slugd_holds_are_damage);
        tcase_add_test(tcase, one_that_makes_room_is_good);
        tcase_add_test(tcase, a_line_that_is_too_long_is_damage);
        tcase_add_test(tcase, reading_much_is_told_about);
        tcase_add_test(tcase, without_memory_nothing_is_said);
        suite_add_tcase(suite, tcase);
        return suite;
}
