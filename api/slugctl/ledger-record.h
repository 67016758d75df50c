/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Lines of the ledger's log
 *
 * A line's text becomes messages of slug.v1, or a complaint. Everything that slugd asks of a line
 * is asked here, too.
 */
#include "base/arena.h"
#include "slugctl/ledger-log.h"

enum {
        _LEDGER_RECORD_E_SUCCESS,
        LEDGER_RECORD_E_DAMAGED, /* @reterr says where */
        LEDGER_RECORD_E_LATER,   /* written by a later slugd */
};

/* What a line changes. Claims borrow the arena; of the dropped ones only the key is set. */
typedef struct LedgerRecord {
        Slug__V1__Claim **puts; /* no key twice */
        size_t n_puts;
        Slug__V1__Claim *drops;
        size_t n_drops;
} LedgerRecord;

/* Without the newline. Of the log, the head's fields are set. Return: 0, LEDGER_RECORD_E_*, or
 * -ENOMEM; complaints keep the source and the line that @reterr has. */
_must_check_ int
ledger_record_read_head(const char *line, size_t n_line, LedgerLog *log, Diag *reterr);
_must_check_ int ledger_record_read(unsigned version,
                                    const char *line,
                                    size_t n_line,
                                    Arena *arena,
                                    LedgerRecord *ret,
                                    Diag *reterr);
