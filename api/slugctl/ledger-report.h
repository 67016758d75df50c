/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What verifying a log came to
 *
 * As text for people, and as JSON. Pure.
 */
#include <stdbool.h>

#include "slugctl/ledger-compare.h"
#include "slugctl/ledger-log.h"
#include "slugctl/output.h"

/* {}: of an empty log, not compared. */
typedef struct LedgerReport {
        const char *source;
        const LedgerLog *log;

        bool is_compared;    /* with what a running slugd has */
        const char *why_not; /* "" when nobody wanted it */
        uint64_t generation; /* of slugd's ledger */
        const char *trouble; /* of slugd with its own log; "" when it has none */
        const LedgerDifference *differences;
        size_t n_differences;
} LedgerReport;

/* True: the log is good, and slugd has the same. */
bool ledger_report_is_good(const LedgerReport *report);
void ledger_report_append(const LedgerReport *report, const Style *style, Buffer *buffer);
/* A JSON object. */
void ledger_report_append_json(const LedgerReport *report, Buffer *buffer);
