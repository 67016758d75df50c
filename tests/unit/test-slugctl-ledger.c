/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exports and imports without slugd, what is told of differences and of a log, and files that a
 * person names.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/folder.h"
#include "lib/test-main.h"
#include "rpc/json.h"
#include "slugctl/input.h"
#include "slugctl/ledger-report.h"
#include "slugctl/ledger.h"

static Arena *arena;
static Buffer buffer;
static Diag diag;
static Folder folder;

static void setup(void) {
        ck_assert_int_eq(arena_new(64 << 20, &arena), 0);
        buffer = (Buffer){};
        diag = (Diag){};
        folder = folder_new();
}

static void teardown(void) {
        folder_remove(&folder);
        buffer_deinit(&buffer);
        arena = arena_free(arena);
}

/* Exports */

static const struct {
        const char *name;
        const char *answer;
        const char *export; /* NULL: there is none */
} exports[] = {
        { "no claims", "{\"health\":\"LEDGER_HEALTH_DURABLE\"}",
          "{\n  \"version\": 1,\n  \"exportedUsec\": \"7\",\n  \"claims\": [\n  ]\n}\n" },
        { "a claim, with a field of later",
          "{\"generation\":\"4\",\"numaNodes\":[{}],\"claims\":[{\"podUid\":\"a/b\",\"hue\":1}]}",
          "{\n  \"version\": 1,\n  \"exportedUsec\": \"7\",\n  \"generation\": \"4\",\n  "
          "\"claims\": [\n"
          "    {\n      \"podUid\": \"a/b\",\n      \"hue\": 1\n    }\n  ]\n}\n" },
        { "no list", "{\"claims\":{}}", NULL },
        { "no object", "[]", NULL },
        { "no JSON", "slug", NULL },
};

START_TEST(an_export_has_the_claims_as_they_came) {
        const int r = ledger_export_append(exports[_i].answer, 7, &buffer, &diag);

        ck_assert_msg(r == (exports[_i].export ? 0 : LEDGER_E_INVALID), "%s", exports[_i].name);
        if (exports[_i].export)
                ck_assert_str_eq(buffer.data, exports[_i].export);
        else
                ck_assert_str_ne(diag.text, "");
}
END_TEST

/* Imports */

static const struct {
        const char *name;
        const char *text;
        const char *complaint; /* NULL: it is good */
} imports[] = {
        { "no claims", "{\"version\":1,\"claims\":[]}", NULL },
        { "a claim", "{\"version\":1,\"exportedUsec\":\"5\",\"claims\":[{\"podUid\":\"u\"}]}",
          NULL },
        { "fields of later", "{\"version\":1,\"claims\":[{\"podUid\":\"u\",\"hue\":1}],\"hue\":1}",
          NULL },
        { "an answer of slugd's", "{\"generation\":\"4\",\"claims\":[]}",
          "file: version: is missing; an export of 'slugctl ledger export' has it" },
        { "of later", "{\"version\":2,\n\"claims\":{\"a\":1}}",
          "file: version: is not 1; the slugctl that wrote it can read it" },
        { "of now, in another form", "{\"version\":1,\"claims\":{\"a\":1}}",
          "file:1:23: field 'claims' " },
        { "of later, in the same form", "{\"version\":2,\"claims\":[]}",
          "file: version: is not 1; the slugctl that wrote it can read it" },
        { "of a version in words", "{\"version\":\"1\",\"claims\":[]}",
          "file: version: is not a whole number" },
        { "without claims", "{\"version\":1}", "file: claims: is missing" },
        { "a claim of nobody", "{\"version\":1,\"claims\":[{\"podUid\":\"u\"},{\"pod\":\"p\"}]}",
          "file: claims[1].podUid: is missing" },
        { "a wrong value", "{\"version\":1,\n\"claims\":[{\"podUid\":\"u\",\n \"withinPod\":3}]}",
          "file:3:14: field 'claims[0].withinPod'" },
        { "a wrong word", "{\"version\":1,\n\"claims\":[{\"podUid\":\"u\",\"state\":\"GONE\"}]}",
          "file:2:" },
        { "a key twice", "{\"version\":1,\"claims\":[{\"podUid\":\"u\",\n\"podUid\":\"v\"}]}",
          "file:2:1: " },
        { "no JSON", "{\"version\":1,\n \"claims\": [}", "file:2:13: " },
        { "half of it", "{\"version\":1,\n\"claims\":[", "file:2:11: " },
        { "no object", "[]", "file:1:1: " },
        { "nothing", "", "file:1:1: " },
};

START_TEST(an_import_is_checked_as_a_whole) {
        char text[DIAG_FORMATTED_MAX];
        Slug__V1__ImportClaimsRequest *request = NULL;
        const int r = ledger_import_read("file", imports[_i].text, strlen(imports[_i].text), arena,
                                         &request, &diag);

        (void)diag_format(&diag, text);
        ck_assert_msg(r == (imports[_i].complaint ? LEDGER_E_INVALID : 0), "%s: %s",
                      imports[_i].name, text);
        ck_assert_msg(!request == !!imports[_i].complaint, "%s", imports[_i].name);
        if (imports[_i].complaint)
                ck_assert_msg(strncmp(text, imports[_i].complaint, strlen(imports[_i].complaint)) ==
                                      0,
                              "%s: %s", imports[_i].name, text);
}
END_TEST

START_TEST(no_more_claims_than_a_ledger_holds) {
        Slug__V1__ImportClaimsRequest *request;
        Buffer text = {};

        buffer_append_text(&text, "{\"version\":1,\"claims\":[{\"podUid\":\"u\"}");
        for (unsigned i = 1; i < LEDGER_LOG_CLAIMS_MAX; ++i)
                buffer_append_text(&text, ",{\"podUid\":\"u\"}");
        buffer_append(&buffer, text.data, text.n_data);
        buffer_append_text(&text, "]}");
        ck_assert_int_eq(ledger_import_read("file", text.data, text.n_data, arena, &request, &diag),
                         0);
        ck_assert_uint_eq(request->n_claims, LEDGER_LOG_CLAIMS_MAX);
        buffer_append_text(&buffer, ",{\"podUid\":\"u\"}]}");
        ck_assert_int_eq(
                ledger_import_read("file", buffer.data, buffer.n_data, arena, &request, &diag),
                LEDGER_E_INVALID);
        ck_assert_str_eq(diag.text, "claims: has too many items");
        buffer_deinit(&text);
}
END_TEST

START_TEST(a_request_takes_as_much_as_slugd_does) {
        static char reason[400 * 1024];
        Slug__V1__Claim small = SLUG__V1__CLAIM__INIT, large = SLUG__V1__CLAIM__INIT;
        Slug__V1__Claim *claims[LEDGER_BATCH_CLAIMS + 1] = {};
        size_t n = 7;

        ck_assert_int_eq(ledger_import_count(claims, 0, &n), 0);
        ck_assert_uint_eq(n, 0);
        for (size_t i = 0; i < ELEMENTSOF(claims); ++i)
                claims[i] = &small;
        ck_assert_int_eq(ledger_import_count(claims, ELEMENTSOF(claims), &n), 0);
        ck_assert_uint_eq(n, LEDGER_BATCH_CLAIMS);
        ck_assert_int_eq(ledger_import_count(claims, 3, &n), 0);
        ck_assert_uint_eq(n, 3);

        memset(reason, 'a', sizeof(reason) - 1);
        large.reason = reason;
        claims[1] = claims[2] = claims[3] = &large;
        ck_assert_int_eq(ledger_import_count(claims, ELEMENTSOF(claims), &n), 0);
        ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(one_claim_goes_however_large_it_is) {
        char *reason = calloc(1, LEDGER_BATCH_BYTES + 1);
        Slug__V1__Claim large = SLUG__V1__CLAIM__INIT;
        Slug__V1__Claim *claims[] = { &large, &large };
        size_t n;

        ck_assert_ptr_nonnull(reason);
        memset(reason, 'a', LEDGER_BATCH_BYTES);
        large.reason = reason;
        ck_assert_int_eq(ledger_import_count(claims, 2, &n), 0);
        ck_assert_uint_eq(n, 1);
        free(reason);
}
END_TEST

/* Comparing */

static Slug__V1__ImportClaimsRequest *decode(const char *claims) {
        ProtobufCMessage *message;
        char text[2048];

        (void)snprintf(text, sizeof(text), "{\"claims\":[%s]}", claims);
        ck_assert_msg(json_decode(text, strlen(text), &slug__v1__import_claims_request__descriptor,
                                  NULL, arena, &message, &diag) == 0,
                      "%s", diag.text);
        return (Slug__V1__ImportClaimsRequest *)message;
}

#define KEY "\"podUid\":\"u\",\"container\":\"c\""

static const struct {
        const char *logged;
        const char *held;
        const char *difference; /* of the first; "": none */
        size_t n;
} pairs[] = {
        { "", "", "", 0 },
        { "{" KEY "}", "{" KEY ",\"generation\":\"9\"}", "", 0 },
        { "{" KEY "},{\"podUid\":\"t\"}", "{\"podUid\":\"t\"},{" KEY "}", "", 0 },
        { "{" KEY "}", "", "only in the log", 1 },
        { "", "{" KEY "}", "only in slugd", 1 },
        { "{\"podUid\":\"u\"}", "{" KEY "}", "only in the log", 2 },
        { "{" KEY ",\"state\":\"CLAIM_STATE_PENDING\"}",
          "{" KEY ",\"state\":\"CLAIM_STATE_ACTIVE\"}",
          "state: pending in the log, active in slugd", 1 },
        { "{" KEY ",\"namespace\":\"a\",\"pod\":\"p\"}", "{" KEY "}", "namespace; pod", 1 },
        { "{" KEY ",\"qosClass\":1,\"source\":1}", "{" KEY "}", "qosClass; source", 1 },
        { "{" KEY ",\"withinPod\":true,\"reason\":\"r\"}", "{" KEY "}", "withinPod; reason", 1 },
        { "{" KEY ",\"containerId\":\"r\",\"createdUsec\":1}", "{" KEY "}",
          "containerId; createdUsec", 1 },
        { "{" KEY ",\"chunks\":[\"a\"]}", "{" KEY ",\"chunks\":[\"b\"]}", "chunks", 1 },
        { "{" KEY ",\"chunks\":[\"a\"]}", "{" KEY "}", "chunks", 1 },
        { "{" KEY "}", "{" KEY ",\"split\":{\"local\":{\"maxBytes\":0}}}", "", 0 },
        { "{" KEY "}", "{" KEY ",\"split\":{\"local\":{}}}", "split", 1 },
        { "{" KEY ",\"split\":{\"local\":{}}}",
          "{" KEY ",\"split\":{\"local\":{\"maxBytes\":\"18446744073709551615\"}}}", "", 0 },
        { "{" KEY ",\"split\":{\"remote\":{\"minBytes\":1}}}",
          "{" KEY ",\"split\":{\"remote\":{\"minBytes\":2}}}", "split", 1 },
        { "{" KEY ",\"blocks\":[{\"placement\":[{\"bytes\":1}]}]}",
          "{" KEY ",\"blocks\":[{\"placement\":[{\"bytes\":2}]}]}", "blocks", 1 },
        { "{" KEY ",\"blocks\":[{\"placement\":[{\"numaNode\":1}]}]}",
          "{" KEY ",\"blocks\":[{\"placement\":[{\"numaNode\":2}]}]}", "blocks", 1 },
        { "{" KEY ",\"blocks\":[{\"placement\":[{\"pageSizeBytes\":1}]}]}",
          "{" KEY ",\"blocks\":[{\"placement\":[{}]}]}", "blocks", 1 },
        { "{" KEY ",\"blocks\":[{\"placement\":[]}]}",
          "{" KEY ",\"blocks\":[{\"placement\":[{}]}]}", "blocks", 1 },
        { "{" KEY ",\"blocks\":[{\"type\":\"memory\"}]}", "{" KEY ",\"blocks\":[{}]}", "blocks",
          1 },
        { "{" KEY ",\"blocks\":[{\"numaNodes\":\"0\"}]}", "{" KEY ",\"blocks\":[{}]}", "blocks",
          1 },
        { "{" KEY ",\"blocks\":[{\"sizeBytes\":1}]}", "{" KEY ",\"blocks\":[{}]}", "blocks", 1 },
        { "{" KEY ",\"blocks\":[{}]}", "{" KEY "}", "blocks", 1 },
};

START_TEST(what_differs_is_named) {
        const Slug__V1__ImportClaimsRequest *logged = decode(pairs[_i].logged);
        const Slug__V1__ImportClaimsRequest *held = decode(pairs[_i].held);
        LedgerDifference *differences;
        size_t n;

        ck_assert_int_eq(ledger_compare(logged->claims, logged->n_claims, held->claims,
                                        held->n_claims, &differences, &n),
                         0);
        if (n > 0)
                ledger_difference_append(&differences[0], &buffer);
        free(differences);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_msg(strcmp(buffer.data, pairs[_i].difference) == 0, "%d: '%s'", _i, buffer.data);
        ck_assert_msg(n == pairs[_i].n, "%d: %zu", _i, n);
}
END_TEST

/* Reports */

static void set_log(LedgerLogVerdict verdict, LedgerLog *log) {
        *log = (LedgerLog){ .verdict = verdict,
                            .version = 1,
                            .boot_id = "b\"1",
                            .created_usec = UINT64_C(1767225600000000),
                            .n_bytes = 300,
                            .good_bytes = 300,
                            .n_lines = 4,
                            .n_changes = 3,
                            .n_claims = 2 };
        if (verdict == LEDGER_LOG_GOOD)
                return;
        log->good_bytes = 200;
        diag_set(&log->problem, "file", 5, 17, "put[0]: is\x1b[31m wrong");
}

START_TEST(a_good_log_is_told_in_a_few_lines) {
        LedgerLog log;
        LedgerReport report = { .source = "file", .log = &log, .why_not = "", .trouble = "" };

        set_log(LEDGER_LOG_GOOD, &log);
        ledger_report_append(&report, &(const Style){}, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_str_eq(buffer.data, "Log:         file\n"
                                      "Verdict:     good\n"
                                      "Version:     1\n"
                                      "Boot ID:     b\"1\n"
                                      "Made:        2026-01-01T00:00:00.000Z\n"
                                      "Size:        300 bytes\n"
                                      "Good Lines:  4\n"
                                      "Claims:      2\n");
        ck_assert(ledger_report_is_good(&report));
}
END_TEST

START_TEST(damage_is_told_with_its_place) {
        LedgerLog log;
        LedgerReport report = {
                .source = "file", .log = &log, .why_not = "nobody is there", .trouble = ""
        };

        set_log(LEDGER_LOG_DAMAGED, &log);
        ledger_report_append(&report, &(const Style){}, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_ptr_nonnull(strstr(buffer.data, "Verdict:     damaged\n"));
        ck_assert_ptr_nonnull(
                strstr(buffer.data, "Size:        300 bytes, of which the first 200 are good\n"));
        ck_assert_ptr_nonnull(strstr(
                buffer.data, "Problem:     line 5, column 17, from byte 200 on: put[0]: is"));
        ck_assert_ptr_null(strchr(buffer.data, '\x1b'));
        ck_assert_ptr_nonnull(strstr(buffer.data, "It Means:    slugd sets the file aside"));
        ck_assert_ptr_nonnull(strstr(buffer.data, "slugd:       not compared: nobody is there\n"));
        ck_assert(!ledger_report_is_good(&report));
}
END_TEST

static const struct {
        LedgerLogVerdict verdict;
        const char *word;
        const char *json;
        bool has_problem;
} verdicts[] = {
        { LEDGER_LOG_EMPTY, "empty", "\"empty\"", false },
        { LEDGER_LOG_GOOD, "good", "\"good\"", false },
        { LEDGER_LOG_TORN, "torn", "\"torn\"", true },
        { LEDGER_LOG_DAMAGED, "damaged", "\"damaged\"", true },
        { LEDGER_LOG_LATER, "of a later version", "\"laterVersion\"", true },
};

START_TEST(every_verdict_has_its_words) {
        LedgerLog log;
        LedgerReport report = { .source = "file", .log = &log, .why_not = "", .trouble = "" };
        char line[64];

        set_log(verdicts[_i].verdict, &log);
        ledger_report_append(&report, &(const Style){}, &buffer);
        (void)snprintf(line, sizeof(line), "Verdict:     %s\n", verdicts[_i].word);
        ck_assert_ptr_nonnull(strstr(buffer.data, line));
        ck_assert(!strstr(buffer.data, "Problem:") == !verdicts[_i].has_problem);
        ck_assert(!strstr(buffer.data, "It Means:") == (log.verdict == LEDGER_LOG_GOOD));
        ck_assert(ledger_report_is_good(&report) == (log.verdict == LEDGER_LOG_GOOD));
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        ledger_report_append_json(&report, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        (void)snprintf(line, sizeof(line), "\"verdict\": %s", verdicts[_i].json);
        ck_assert_ptr_nonnull(strstr(buffer.data, line));
        ck_assert(!strstr(buffer.data, "\"offset\"") == !verdicts[_i].has_problem);
        ck_assert_ptr_null(strstr(buffer.data, "\"slugd\""));
}
END_TEST

START_TEST(differences_are_told) {
        const Slug__V1__ImportClaimsRequest *logged =
                decode("{\"podUid\":\"u\",\"pod\":\"web\",\"namespace\":\"n\"},{\"podUid\":\"v\"}");
        const Slug__V1__ImportClaimsRequest *held =
                decode("{\"podUid\":\"u\",\"namespace\":\"n\"}");
        LedgerLog log;
        LedgerReport report = { .source = "file",
                                .log = &log,
                                .is_compared = true,
                                .why_not = "",
                                .trouble = "the log cannot be written",
                                .generation = 7 };
        LedgerDifference *differences;

        set_log(LEDGER_LOG_GOOD, &log);
        ck_assert_int_eq(ledger_compare(logged->claims, 2, held->claims, 1, &differences,
                                        &report.n_differences),
                         0);
        report.differences = differences;
        ledger_report_append(&report, &(const Style){ .is_ascii = true }, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_ptr_nonnull(strstr(buffer.data,
                                     "slugd:        differs in 2 claims, in generation 7\n"
                                     "Its Trouble:  the log cannot be written\n"));
        ck_assert_ptr_nonnull(strstr(buffer.data, "  n/u    u        pod\n"
                                                  "  -/v    v        only in the log\n"));
        ck_assert(!ledger_report_is_good(&report));
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        ledger_report_append_json(&report, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_ptr_nonnull(
                strstr(buffer.data, "\"inLog\": true, \"inSlugd\": true, \"fields\": [ \"pod\" ]"));
        ck_assert_ptr_nonnull(strstr(buffer.data, "\"inLog\": true, \"inSlugd\": false }"));
        ck_assert_ptr_nonnull(strstr(buffer.data, "\"generation\": \"7\""));
        ck_assert_ptr_nonnull(strstr(buffer.data, "\"bootId\": \"b\\\"1\""));
        free(differences);
}
END_TEST

/* Files */

static int read_named(const char *name, size_t max, const char **ret_source) {
        char path[128];

        (void)snprintf(path, sizeof(path), "%s/%s", folder.path, name);
        return input_read(path, max, ret_source, &buffer, &diag);
}

START_TEST(a_file_is_read_up_to_its_cap) {
        const char *source;

        folder_write(&folder, "file", "0123456789");
        ck_assert_int_eq(read_named("file", 10, &source), 0);
        ck_assert_str_eq(buffer.data, "0123456789");
        ck_assert_uint_eq(buffer.n_data, 10);
        buffer_deinit(&buffer);
        buffer = (Buffer){};
        ck_assert_int_eq(read_named("file", 9, &source), INPUT_E_TOO_LARGE);
}
END_TEST

START_TEST(one_that_is_much_too_large_is_not_read_to_its_end) {
        const char *source;

        ck_assert_int_eq(input_read("/dev/zero", 1 << 20, &source, &buffer, &diag),
                         INPUT_E_TOO_LARGE);
        ck_assert_str_eq(diag.text, "larger than 1 MiB");
        ck_assert_str_eq(diag.source, "/dev/zero");
}
END_TEST

START_TEST(what_cannot_be_read_is_told) {
        const char *source;

        ck_assert_int_eq(read_named("none", 10, &source), INPUT_E_UNREADABLE);
        ck_assert_str_eq(diag.text, "cannot be opened: No such file or directory");
        ck_assert_int_eq(read_named(".", 10, &source), INPUT_E_UNREADABLE);
        ck_assert_str_eq(diag.text, "cannot be read: Is a directory");
}
END_TEST

static TCase *make_case(const char *name) {
        TCase *tcase = tcase_create(name);

        tcase_add_checked_fixture(tcase, setup, teardown);
        return tcase;
}

Suite *suite(void) {
        Suite *suite = suite_create("slugctl-ledger");
        TCase *files = make_case("files");
        TCase *moving = make_case("moving");
        TCase *report = make_case("report");

        tcase_add_test(files, a_file_is_read_up_to_its_cap);
        tcase_add_test(files, one_that_is_much_too_large_is_not_read_to_its_end);
        tcase_add_test(files, what_cannot_be_read_is_told);
        suite_add_tcase(suite, files);
        tcase_add_loop_test(moving, an_export_has_the_claims_as_they_came, 0,
                            (int)ELEMENTSOF(exports));
        tcase_add_loop_test(moving, an_import_is_checked_as_a_whole, 0, (int)ELEMENTSOF(imports));
        tcase_add_test(moving, no_more_claims_than_a_ledger_holds);
        tcase_add_test(moving, a_request_takes_as_much_as_slugd_does);
        tcase_add_test(moving, one_claim_goes_however_large_it_is);
        suite_add_tcase(suite, moving);
        tcase_add_loop_test(report, what_differs_is_named, 0, (int)ELEMENTSOF(pairs));
        tcase_add_test(report, a_good_log_is_told_in_a_few_lines);
        tcase_add_test(report, damage_is_told_with_its_place);
        tcase_add_loop_test(report, every_verdict_has_its_words, 0, (int)ELEMENTSOF(verdicts));
        tcase_add_test(report, differences_are_told);
        suite_add_tcase(suite, report);
        return suite;
}
