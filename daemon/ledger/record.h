/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Records
 *
 * The log's lines: eight hex digits of CRC-32C over what follows the blank, a blank, a JSON object,
 * a newline. The first line of a file is its head: format version, boot id, when it was made. Every
 * other line is one LedgerChange.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ledger/ledger.h"

#define RECORD_VERSION  1u
#define RECORD_LINE_MAX (1024u * 1024) /* with the newline */
#define RECORD_BOOT_MAX 64u

typedef struct RecordHead {
        unsigned version;              /* when written: always RECORD_VERSION */
        char boot_id[RECORD_BOOT_MAX]; /* "" when not known */
        uint64_t created_usec;
} RecordHead;

enum {
        _RECORD_E_SUCCESS,
        RECORD_E_DAMAGED, /* the checksum or the text is wrong; @reterr says where */
        RECORD_E_VERSION, /* written by a later slugd */
};

/*
 * All append one line. Failure is the buffer's, and -EILSEQ for text that is not UTF-8, -E2BIG for
 * a line that would be too long to be read; the buffer then ends where it ended before.
 */
void record_append_head(const RecordHead *head, Buffer *buffer);
void record_append_change(const LedgerChange *change, Buffer *buffer);
/* A change that puts this one claim. */
void record_append_claim(const LedgerClaim *claim, Buffer *buffer);

/*
 * Without the newline. Return: 0, RECORD_E_*, or -ENOMEM. A complaint keeps the source and the line
 * that @reterr has. @version: of the head of its file, RECORD_VERSION at the most.
 */
_must_check_ int record_parse_head(const char *line, size_t n_line, RecordHead *ret, Diag *reterr);
_must_check_ int record_parse_change(unsigned version,
                                     const char *line,
                                     size_t n_line,
                                     LedgerChange *ret,
                                     Diag *reterr);
/* Whether it is what was written, whatever that says. */
bool record_is_whole(const char *line, size_t n_line);
