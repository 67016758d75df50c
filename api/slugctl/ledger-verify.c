/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "rpc/json.h"
#include "slugctl/call.h"
#include "slugctl/document.h"
#include "slugctl/input.h"
#include "slugctl/ledger-report.h"
#include "slugctl/ledger.h"

/*
 * The log is read as slugd would read it, and nothing is changed. A slugd that runs appends to it
 * meanwhile, so that a line may be torn only at this moment, and a claim may come between the
 * reading and the asking. So whatever is not good is looked at again, a few times, before it is
 * told.
 */
#define LOOKS_MAX     5u
#define PAUSE_MSEC    100
#define PATIENCE_USEC (2 * USEC_PER_SEC)

typedef struct Progress {
        const char *source;
        uint64_t start_usec;
        bool is_shown;
} Progress;

/* What a look came to. */
typedef struct Look {
        LedgerLog log;
        LedgerReport report;
        Arena *arena; /* of what slugd has */
        LedgerDifference *differences;
        char why_not[DIAG_FORMATTED_MAX];
        char trouble[DIAG_TEXT_MAX];
} Look;

static void look_deinit(Look *look) {
        free(look->differences);
        ledger_log_deinit(&look->log);
        look->arena = arena_free(look->arena);
        *look = (Look){};
}
DEFINE_DEINIT(Look, look_deinit);

static void show_progress(uint64_t n_done, uint64_t n_bytes, void *userdata) {
        Progress *self = userdata;

        if (clock_now_usec(&clock_monotonic) - self->start_usec < PATIENCE_USEC)
                return;
        (void)fprintf(stderr, "\rslugctl: reading %s: %u%%", self->source,
                      (unsigned)(n_done * 100 / n_bytes));
        self->is_shown = true;
}

static int read_log(const char *file, Look *look, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        Progress progress = { .start_usec = clock_now_usec(&clock_monotonic) };
        int r;

        r = input_read(file, LEDGER_LOG_BYTES_MAX, &progress.source, &text, reterr);
        if (r)
                return r > 0 ? LEDGER_E_INVALID : r;
        r = ledger_log_read(progress.source, text.data ? text.data : "", text.n_data,
                            isatty(STDERR_FILENO) ? show_progress : NULL, &progress, &look->log);
        if (progress.is_shown)
                (void)fprintf(stderr, "\r\033[K");
        if (r)
                return r;
        look->report = (LedgerReport){
                .source = progress.source,
                .log = &look->log,
                .why_not = look->why_not,
                .trouble = look->trouble,
        };
        return 0;
}

/* Comparing */

static int compare(Look *look, const Slug__V1__GetStateResponse *state) {
        LedgerReport *report = &look->report;
        int r;

        if (state->health == SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_VOLATILE) {
                (void)snprintf(look->why_not, sizeof(look->why_not), "%s",
                               "it keeps its ledger in memory only");
                return 0;
        }
        if (state->health == SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_FAILED)
                (void)snprintf(look->trouble, sizeof(look->trouble),
                               "the log cannot be written: %s", state->problem);
        r = ledger_compare(look->log.claims, look->log.n_claims, state->claims, state->n_claims,
                           &look->differences, &report->n_differences);
        if (r)
                return r;
        report->differences = look->differences;
        report->generation = state->generation;
        report->is_compared = true;
        return 0;
}

/* Nobody there, or nothing to be understood, is no failure: then it is not compared. */
static int ask(const VerbContext *context, Look *look) {
        _cleanup_(buffer_deinitp) Buffer answer = {};
        ProtobufCMessage *message;
        Diag diag = {};
        int r;

        r = call_ask(context, LEDGER_STATE_PATH, NULL, &answer, &diag);
        if (r == 0)
                r = arena_new(CALL_ARENA_MAX, &look->arena);
        if (r == 0)
                r = json_decode(answer.data, answer.n_data,
                                &slug__v1__get_state_response__descriptor, NULL, look->arena,
                                &message, &diag);
        if (r > 0) {
                (void)diag_format(&diag, look->why_not);
                return 0;
        }
        return r ? r : compare(look, (const Slug__V1__GetStateResponse *)message);
}

static int look_once(const VerbContext *context, const char *file, Look *look, Diag *reterr) {
        int r;

        r = read_log(file, look, reterr);
        if (r || verb_find_option(context, "offline"))
                return r;
        return ask(context, look);
}

/* Damage in the middle stays; what slugd is about to write comes. */
static bool may_heal(const Look *look) {
        return look->report.is_compared && !ledger_report_is_good(&look->report) &&
               (look->log.verdict == LEDGER_LOG_GOOD || look->log.verdict == LEDGER_LOG_TORN);
}

static int look_at(const VerbContext *context, const char *file, Look *look, Diag *reterr) {
        for (unsigned i = 1;; ++i) {
                const int r = look_once(context, file, look, reterr);

                if (r || i == LOOKS_MAX || !may_heal(look) || strcmp(file, "-") == 0)
                        return r;
                look_deinit(look);
                (void)poll(NULL, 0, PAUSE_MSEC); /* as long as a disk may take */
        }
}

/* Telling */

static int print(const VerbContext *context, const LedgerReport *report, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        const bool is_table = context->output == OUTPUT_TABLE || context->output == OUTPUT_WIDE;
        int r;

        if (is_table)
                ledger_report_append(report, &context->style, &text);
        else
                ledger_report_append_json(report, &text);
        r = buffer_finish(&text);
        if (r)
                return r;
        if (context->output == OUTPUT_JSON)
                return document_print_json(text.data, stdout, reterr);
        if (context->output == OUTPUT_YAML)
                return document_print_yaml(text.data, stdout, reterr);
        (void)fwrite(text.data, 1, text.n_data, stdout);
        return 0;
}

static int run(const VerbContext *context, const char *file) {
        _cleanup_(look_deinitp) Look look = {};
        Diag diag = {};
        int r;

        r = look_at(context, file ? file : LEDGER_LOG_PATH, &look, &diag);
        if (r == 0)
                r = print(context, &look.report, &diag);
        if (r)
                return call_complain(r, &diag);
        return ledger_report_is_good(&look.report) ? EXIT_SUCCESS : EXIT_FAILURE;
}

const LedgerAction ledger_verify = { .name = "verify", .option = "offline", .run = run };
