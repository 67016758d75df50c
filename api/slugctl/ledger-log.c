/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/ledger-log.h"

#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/sealed.h"
#include "slugctl/ledger-record.h"

/*
 * Line by line until the end, or until one that is not good. Puts and drops are applied by key (pod
 * uid, container), drops before puts; a key that is put again keeps its place.
 *
 * Torn is what a crash in the middle of an append leaves, and nobody was promised anything by it:
 * the last line has no newline, or its checksum is wrong. Everything else is damage: a bad line
 * with others behind it, a head that cannot be read (files are made whole), a line that is what was
 * written and makes no sense.
 *
 * A line's messages live in an arena that goes with the line. What stays is copied through the
 * wire's form, so that a log of many changes costs no more than the claims that are left.
 */
#define LINE_ARENA_MAX (64u * 1024 * 1024)
#define PROGRESS_LINES 256u

struct LedgerLogEntry {
        Slug__V1__Claim *claim; /* owned */
        LedgerLogEntry *previous, *next;
        bool is_going; /* while a change is applied: dropped, and not put again */
};

typedef struct Reading {
        LedgerLog *log;
        const char *source;
        Scan rest;
        unsigned line;
        Diag problem;
} Reading;

/* Claims by key */

static int compare(const void *a, const void *b) {
        const Slug__V1__Claim *one = ((const LedgerLogEntry *)a)->claim;
        const Slug__V1__Claim *other = ((const LedgerLogEntry *)b)->claim;
        const int by_pod = strcmp(one->pod_uid, other->pod_uid);

        return by_pod ? by_pod : strcmp(one->container, other->container);
}

static LedgerLogEntry *find(LedgerLog *log, Slug__V1__Claim *key) {
        LedgerLogEntry **place = tfind(&(LedgerLogEntry){ .claim = key }, &log->tree, compare);

        return place ? *place : NULL;
}

static void claim_free(Slug__V1__Claim *claim) {
        slug__v1__claim__free_unpacked(claim, NULL);
}

static int copy_claim(const Slug__V1__Claim *claim, Slug__V1__Claim **ret) {
        const size_t n = slug__v1__claim__get_packed_size(claim);
        _cleanup_(freep) uint8_t *packed = malloc(n);

        if (!packed)
                return -ENOMEM;
        (void)slug__v1__claim__pack(claim, packed);
        *ret = slug__v1__claim__unpack(NULL, n, packed);
        return *ret ? 0 : -ENOMEM;
}

/* @claim: taken when it succeeds. */
static int insert(LedgerLog *log, Slug__V1__Claim *claim) {
        LedgerLogEntry *entry = calloc(1, sizeof(*entry));

        if (!entry)
                return -ENOMEM;
        entry->claim = claim;
        if (!tsearch(entry, &log->tree, compare)) {
                free(entry);
                return -ENOMEM;
        }
        entry->previous = log->last;
        *(log->last ? &log->last->next : &log->first) = entry;
        log->last = entry;
        ++log->n_claims;
        return 0;
}

static void drop(LedgerLog *log, LedgerLogEntry *entry) {
        (void)tdelete(entry, &log->tree, compare);
        *(entry->previous ? &entry->previous->next : &log->first) = entry->next;
        *(entry->next ? &entry->next->previous : &log->last) = entry->previous;
        claim_free(entry->claim);
        free(entry);
        --log->n_claims;
}

static int put(LedgerLog *log, Slug__V1__Claim *claim) {
        LedgerLogEntry *entry = find(log, claim);
        Slug__V1__Claim *copy;
        int r;

        r = copy_claim(claim, &copy);
        if (r)
                return r;
        if (entry) {
                claim_free(entry->claim);
                entry->claim = copy;
                return 0;
        }
        r = insert(log, copy);
        if (r)
                claim_free(copy);
        return r;
}

/* Marks what goes. Return: how many claims there will be. */
static size_t plan(LedgerLog *log, const LedgerRecord *record) {
        size_t n = log->n_claims;

        for (size_t i = 0; i < record->n_drops; ++i) {
                LedgerLogEntry *entry = find(log, &record->drops[i]);

                if (!entry || entry->is_going)
                        continue;
                entry->is_going = true;
                --n;
        }
        for (size_t i = 0; i < record->n_puts; ++i) {
                LedgerLogEntry *entry = find(log, record->puts[i]);

                n += !entry || entry->is_going;
                if (entry)
                        entry->is_going = false;
        }
        return n;
}

/* What was read of the log is good up to here, so no claim is left marked. */
static void forget_plan(LedgerLog *log) {
        for (LedgerLogEntry *entry = log->first; entry; entry = entry->next)
                entry->is_going = false;
}

static int apply(Reading *reading, const LedgerRecord *record) {
        LedgerLog *log = reading->log;

        if (plan(log, record) > LEDGER_LOG_CLAIMS_MAX) {
                forget_plan(log);
                diag_set(&reading->problem, NULL, 0, 0, "more claims than slugd can hold");
                return LEDGER_RECORD_E_DAMAGED;
        }
        for (size_t i = 0; i < record->n_drops; ++i) {
                LedgerLogEntry *entry = find(log, &record->drops[i]);

                if (entry && entry->is_going)
                        drop(log, entry);
        }
        for (size_t i = 0; i < record->n_puts; ++i) {
                const int r = put(log, record->puts[i]);

                if (r)
                        return r;
        }
        return 0;
}

/* Lines */

static int read_change(Reading *reading, const Scan *line) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        LedgerRecord record;
        int r;

        r = arena_new(LINE_ARENA_MAX, &arena);
        if (r)
                return r;
        r = ledger_record_read(reading->log->version, line->cursor, scan_left(line), arena, &record,
                               &reading->problem);
        return r ? r : apply(reading, &record);
}

static int read_line(Reading *reading, const Scan *line) {
        if (reading->line > 1)
                return read_change(reading, line);
        return ledger_record_read_head(line->cursor, scan_left(line), reading->log,
                                       &reading->problem);
}

/* The line at the start of what is left is not good, and the problem says why. */
static LedgerLogVerdict judge(const Reading *reading, const Scan *line, int code) {
        Scan text;

        if (code == LEDGER_RECORD_E_LATER)
                return LEDGER_LOG_LATER;
        return reading->line == 1 || line->end + 1 < reading->rest.end ||
                               sealed_open(line->cursor, scan_left(line), LEDGER_LOG_LINE_MAX,
                                           &text)
                       ? LEDGER_LOG_DAMAGED
                       : LEDGER_LOG_TORN;
}

static void set_problem(Reading *reading, LedgerLogVerdict verdict) {
        Diag *problem = &reading->log->problem;

        reading->log->verdict = verdict;
        *problem = reading->problem;
        (void)snprintf(problem->source, sizeof(problem->source), "%s", reading->source);
        problem->line = reading->line;
}

/* Return: 0, also when it is the last one that is any good; -ENOMEM. */
static int take_line(Reading *reading, bool *ret_goes_on) {
        Scan ahead = reading->rest, line;
        int r;

        ++reading->line;
        *ret_goes_on = false;
        if (!scan_until(&ahead, '\n', &line)) {
                diag_set(&reading->problem, NULL, 0, 0, "the last line is not complete");
                set_problem(reading, reading->line == 1 ? LEDGER_LOG_DAMAGED : LEDGER_LOG_TORN);
                return 0;
        }
        r = read_line(reading, &line);
        if (r < 0)
                return r;
        if (r > 0) {
                set_problem(reading, judge(reading, &line, r));
                return 0;
        }
        reading->rest = ahead;
        ++reading->log->n_lines;
        reading->log->n_changes += reading->line > 1;
        reading->log->verdict = LEDGER_LOG_GOOD;
        *ret_goes_on = !scan_is_done(&ahead);
        return 0;
}

/* The list becomes an array, and the tree goes. */
static int finish(LedgerLog *log) {
        size_t n = 0;

        log->claims = calloc(log->n_claims + 1, sizeof(*log->claims));
        if (!log->claims)
                return -ENOMEM;
        while (log->first) {
                LedgerLogEntry *entry = log->first;

                (void)tdelete(entry, &log->tree, compare);
                log->first = entry->next;
                log->claims[n++] = entry->claim;
                free(entry);
        }
        log->last = NULL;
        return 0;
}

int ledger_log_read(const char *source,
                    const char *text,
                    size_t n_text,
                    LedgerLogProgress progress,
                    void *userdata,
                    LedgerLog *ret) {
        _cleanup_(ledger_log_deinitp) LedgerLog log = { .n_bytes = n_text };
        Reading reading = { .log = &log, .source = source, .rest = scan_init(text, n_text) };
        bool goes_on = n_text > 0;
        int r;

        while (goes_on) {
                r = take_line(&reading, &goes_on);
                if (r)
                        return r;
                log.good_bytes = n_text - scan_left(&reading.rest);
                if (progress && reading.line % PROGRESS_LINES == 0)
                        progress(log.good_bytes, n_text, userdata);
        }
        r = finish(&log);
        if (r)
                return r;
        *ret = log;
        log = (LedgerLog){};
        return 0;
}

void ledger_log_deinit(LedgerLog *log) {
        for (size_t i = 0; log->claims && i < log->n_claims; ++i)
                claim_free(log->claims[i]);
        while (log->first)
                drop(log, log->first);
        free(log->claims);
        *log = (LedgerLog){};
}
