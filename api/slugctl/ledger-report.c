/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/ledger-report.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>

#include "slugctl/claim.h"
#include "slugctl/words.h"

/*
 * Beside the verdict stands what slugd makes of such a log when it starts, because that is what a
 * person wants to know who finds one. In JSON, 64-bit numbers are text, as in every answer of
 * slugd's.
 */
static const struct {
        const char *word;
        const char *json;
        Tone tone;
        const char *consequence; /* NULL: none */
} verdicts[] = {
        [LEDGER_LOG_EMPTY] = { "empty", "empty", TONE_BAD,
                               "there is nothing in it; slugd begins with no claims" },
        [LEDGER_LOG_GOOD] = { "good", "good", TONE_GOOD, NULL },
        [LEDGER_LOG_TORN] = { "torn", "torn", TONE_NOTICE,
                              "harmless: slugd cuts the torn line off when it starts, and nobody "
                              "was promised what is in it" },
        [LEDGER_LOG_DAMAGED] = { "damaged", "damaged", TONE_BAD,
                                 "slugd sets the file aside when it starts, and keeps the claims "
                                 "from before the damage" },
        [LEDGER_LOG_LATER] = { "of a later version", "laterVersion", TONE_BAD,
                               "this slugd would set the file aside and begin with no claims; "
                               "start the later one" },
};

bool ledger_report_is_good(const LedgerReport *report) {
        return report->log->verdict == LEDGER_LOG_GOOD && report->n_differences == 0;
}

/* Text */

static void add_field(Table *table, const char *key, const char *value) {
        table_add(table, TONE_PLAIN, key);
        table_add_or(table, value, "<unknown>");
}

static void add_number(Table *table, const char *key, uint64_t number) {
        table_add(table, TONE_PLAIN, key);
        table_printf(table, TONE_PLAIN, "%" PRIu64, number);
}

static void add_head(Table *table, const LedgerLog *log) {
        char made[TIME_TEXT_MAX];

        if (log->n_lines == 0 && log->verdict != LEDGER_LOG_LATER)
                return;
        add_number(table, "Version:", log->version);
        if (log->n_lines == 0)
                return;
        add_field(table, "Boot ID:", log->boot_id);
        add_field(table, "Made:", log->created_usec ? time_format(log->created_usec, made) : "");
}

static void add_sizes(Table *table, const LedgerLog *log) {
        table_add(table, TONE_PLAIN, "Size:");
        if (log->good_bytes == log->n_bytes)
                table_printf(table, TONE_PLAIN, "%" PRIu64 " bytes", log->n_bytes);
        else
                table_printf(table, TONE_PLAIN,
                             "%" PRIu64 " bytes, of which the first %" PRIu64 " are good",
                             log->n_bytes, log->good_bytes);
        add_number(table, "Good Lines:", log->n_lines);
        add_number(table, "Claims:", log->n_claims);
}

static void add_problem(Table *table, const LedgerLog *log) {
        if (log->verdict == LEDGER_LOG_GOOD)
                return;
        if (log->verdict != LEDGER_LOG_EMPTY) {
                char column[32] = "";

                if (log->problem.column)
                        (void)snprintf(column, sizeof(column), ", column %u", log->problem.column);
                table_add(table, TONE_PLAIN, "Problem:");
                table_printf(table, verdicts[log->verdict].tone,
                             "line %u%s, from byte %" PRIu64 " on: %s", log->problem.line, column,
                             log->good_bytes, log->problem.text);
        }
        add_field(table, "It Means:", verdicts[log->verdict].consequence);
}

static void add_comparison(Table *table, const LedgerReport *report) {
        if (!report->is_compared && !report->why_not[0])
                return;
        table_add(table, TONE_PLAIN, "slugd:");
        if (!report->is_compared)
                table_printf(table, TONE_PLAIN, "not compared: %s", report->why_not);
        else if (report->n_differences == 0)
                table_printf(table, TONE_GOOD, "has the same claims, in generation %" PRIu64,
                             report->generation);
        else
                table_printf(table, TONE_BAD, "differs in %zu claim%s, in generation %" PRIu64,
                             report->n_differences, report->n_differences == 1 ? "" : "s",
                             report->generation);
        if (report->is_compared && report->trouble[0]) {
                table_add(table, TONE_PLAIN, "Its Trouble:");
                table_add(table, TONE_BAD, report->trouble);
        }
}

static const Slug__V1__Claim *get_either(const LedgerDifference *difference) {
        return difference->held ? difference->held : difference->logged;
}

static void append_differences(const LedgerReport *report, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Claim", "Pod UID", "Difference" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (report->n_differences == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < report->n_differences; ++i) {
                const Slug__V1__Claim *claim = get_either(&report->differences[i]);
                _cleanup_(buffer_deinitp) Buffer name = {}, what = {};

                claim_append_name(claim, &name);
                ledger_difference_append(&report->differences[i], &what);
                table_add_built(&table, TONE_PLAIN, &name);
                table_add(&table, TONE_PLAIN, claim->pod_uid);
                table_add_built(&table, TONE_PLAIN, &what);
        }
        output_heading(buffer, style, "Differences:");
        table_append(&table, 2, buffer);
}

void ledger_report_append(const LedgerReport *report, const Style *style, Buffer *buffer) {
        _cleanup_(table_deinitp) Table table = table_init(style, 2);

        add_field(&table, "Log:", report->source);
        table_add(&table, TONE_PLAIN, "Verdict:");
        table_add(&table, verdicts[report->log->verdict].tone, verdicts[report->log->verdict].word);
        add_head(&table, report->log);
        add_sizes(&table, report->log);
        add_problem(&table, report->log);
        add_comparison(&table, report);
        table_append(&table, 0, buffer);
        append_differences(report, style, buffer);
}

/* JSON */

typedef struct json_object *JsonObject;

static JsonObject object_free(JsonObject object) {
        if (object)
                (void)json_object_put(object);
        return NULL;
}
DEFINE_CLEANUP(JsonObject, object_free);

/* @value: taken; NULL: there is no memory. */
static void set(JsonObject object, const char *key, JsonObject value, Buffer *buffer) {
        if (value && json_object_object_add(object, key, value) == 0)
                return;
        (void)object_free(value);
        if (!buffer->error)
                buffer->error = -ENOMEM;
}

static void set_text(JsonObject object, const char *key, const char *text, Buffer *buffer) {
        set(object, key, json_object_new_string(text), buffer);
}

static void set_u64(JsonObject object, const char *key, uint64_t number, Buffer *buffer) {
        char text[24];

        (void)snprintf(text, sizeof(text), "%" PRIu64, number);
        set_text(object, key, text, buffer);
}

static void set_u32(JsonObject object, const char *key, uint32_t number, Buffer *buffer) {
        set(object, key, json_object_new_int64(number), buffer);
}

static void set_log(JsonObject object, const LedgerLog *log, Buffer *buffer) {
        set_text(object, "verdict", verdicts[log->verdict].json, buffer);
        if (log->n_lines > 0 || log->verdict == LEDGER_LOG_LATER)
                set_u32(object, "version", log->version, buffer);
        if (log->n_lines > 0) {
                set_text(object, "bootId", log->boot_id, buffer);
                set_u64(object, "createdUsec", log->created_usec, buffer);
        }
        set_u64(object, "fileBytes", log->n_bytes, buffer);
        set_u64(object, "goodBytes", log->good_bytes, buffer);
        set_u64(object, "lineCount", log->n_lines, buffer);
        set_u64(object, "changeCount", log->n_changes, buffer);
        set_u64(object, "claimCount", log->n_claims, buffer);
}

static void set_problem(JsonObject object, const LedgerLog *log, Buffer *buffer) {
        JsonObject problem;

        if (log->verdict == LEDGER_LOG_GOOD || log->verdict == LEDGER_LOG_EMPTY)
                return;
        problem = json_object_new_object();
        set(object, "problem", problem, buffer);
        if (!problem || buffer->error)
                return;
        set_u32(problem, "line", log->problem.line, buffer);
        if (log->problem.column)
                set_u32(problem, "column", log->problem.column, buffer);
        set_u64(problem, "offset", log->good_bytes, buffer);
        set_text(problem, "text", log->problem.text, buffer);
}

static void set_fields(JsonObject object, const LedgerDifference *difference, Buffer *buffer) {
        JsonObject list = json_object_new_array();

        set(object, "fields", list, buffer);
        for (unsigned bit = 0; !buffer->error && ledger_difference_field(bit); ++bit) {
                JsonObject name;

                if (!(difference->fields & 1u << bit))
                        continue;
                name = json_object_new_string(ledger_difference_field(bit));
                if (name && json_object_array_add(list, name) == 0)
                        continue;
                (void)object_free(name);
                buffer->error = -ENOMEM;
        }
}

static void add_difference(JsonObject list, const LedgerDifference *difference, Buffer *buffer) {
        const Slug__V1__Claim *claim = get_either(difference);
        JsonObject object = json_object_new_object();

        if (!object || json_object_array_add(list, object) < 0) {
                (void)object_free(object);
                buffer->error = -ENOMEM;
                return;
        }
        set_text(object, "podUid", claim->pod_uid, buffer);
        set_text(object, "container", claim->container, buffer);
        set_text(object, "namespace", claim->namespace_, buffer);
        set_text(object, "pod", claim->pod, buffer);
        set(object, "inLog", json_object_new_boolean(difference->logged != NULL), buffer);
        set(object, "inSlugd", json_object_new_boolean(difference->held != NULL), buffer);
        if (difference->fields)
                set_fields(object, difference, buffer);
}

static void set_comparison(JsonObject object, const LedgerReport *report, Buffer *buffer) {
        JsonObject slugd = json_object_new_object(), list;

        set(object, "slugd", slugd, buffer);
        if (buffer->error)
                return;
        set(slugd, "compared", json_object_new_boolean(report->is_compared), buffer);
        if (!report->is_compared) {
                set_text(slugd, "reason", report->why_not, buffer);
                return;
        }
        set_u64(slugd, "generation", report->generation, buffer);
        if (report->trouble[0])
                set_text(slugd, "trouble", report->trouble, buffer);
        list = json_object_new_array();
        set(slugd, "differences", list, buffer);
        for (size_t i = 0; !buffer->error && i < report->n_differences; ++i)
                add_difference(list, &report->differences[i], buffer);
}

void ledger_report_append_json(const LedgerReport *report, Buffer *buffer) {
        _cleanup_(object_freep) JsonObject object = json_object_new_object();
        const char *text;

        if (!object) {
                buffer->error = -ENOMEM;
                return;
        }
        set_text(object, "file", report->source, buffer);
        set_log(object, report->log, buffer);
        set_problem(object, report->log, buffer);
        if (report->is_compared || report->why_not[0])
                set_comparison(object, report, buffer);
        text = json_object_to_json_string(object);
        if (text)
                buffer_append_text(buffer, text);
        else if (!buffer->error)
                buffer->error = -ENOMEM;
}
