/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Records
 *
 * The log's lines: eight hex digits of CRC-32C over what follows the blank, a blank, a JSON object,
 * a newline. The first line of a file is its head: format version, boot id, when it was made. Every
 * other line is one LedgerChange.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "ledger/ledger.h"

#define RECORD_VERSION  1u
#define RECORD_LINE_MAX (1024u * 1024)
#define RECORD_BOOT_MAX 64u

typedef struct RecordHead {
        unsigned version;
        char boot_id[RECORD_BOOT_MAX]; /* "" when not known */
        uint64_t created_usec;
} RecordHead;

enum {
        _RECORD_E_SUCCESS,
        RECORD_E_DAMAGED, /* the checksum or the text is wrong; @reterr says where */
        RECORD_E_VERSION, /* written by a later slugd */
};

/* All append one line. Failure is the buffer's. */
void record_append_head(const RecordHead *head, Buffer *buffer);
void record_append_change(const LedgerChange *change, Buffer *buffer);
/* A change that puts this one claim. */
void record_append_claim(const LedgerClaim *claim, Buffer *buffer);

/* Without the newline. Return: 0, RECORD_E_*, or -ENOMEM. */
_must_check_ int record_parse_head(const char *line, size_t n_line, RecordHead *ret, Diag *reterr);
_must_check_ int
record_parse_change(const char *line, size_t n_line, LedgerChange *ret, Diag *reterr);
