/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The ledger's log, read without slugd
 *
 * What slugd would find in a log if it started now: how much of it is good, the claims that this
 * comes to, and what is wrong with the rest. Pure: text in, verdict out. {} is an empty log.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "slug/v1/memory.pb-c.h"

#define LEDGER_LOG_PATH       "/var/lib/slug/ledger.log"
#define LEDGER_LOG_VERSION    1u
#define LEDGER_LOG_BYTES_MAX  (64u * 1024 * 1024)
#define LEDGER_LOG_LINE_MAX   (1024u * 1024) /* with the newline */
#define LEDGER_LOG_CLAIMS_MAX 8192u          /* as many as a ledger holds */
#define LEDGER_LOG_CHANGE_MAX 512u           /* puts, and drops, of one line */
#define LEDGER_LOG_BOOT_MAX   64u            /* with the NUL */

typedef enum LedgerLogVerdict {
        LEDGER_LOG_EMPTY,   /* not even a head */
        LEDGER_LOG_GOOD,    /* all of it */
        LEDGER_LOG_TORN,    /* the last line is not complete, as a crash leaves it */
        LEDGER_LOG_DAMAGED, /* what comes before the damage is good */
        LEDGER_LOG_LATER,   /* written by a later slugd */
} LedgerLogVerdict;

typedef struct LedgerLogEntry LedgerLogEntry;

typedef struct LedgerLog {
        LedgerLogVerdict verdict;
        unsigned version;
        char boot_id[LEDGER_LOG_BOOT_MAX]; /* "" when not known */
        uint64_t created_usec;
        uint64_t n_bytes;
        uint64_t good_bytes; /* from the start; the offset of what is wrong */
        uint64_t n_lines;    /* good ones, the head included */
        uint64_t n_changes;
        Diag problem;             /* of what is torn, damaged or later */
        Slug__V1__Claim **claims; /* owned; in the order in which their keys came */
        size_t n_claims;

        /* While it is read */
        void *tree;
        LedgerLogEntry *first, *last;
} LedgerLog;

/* Told now and then how far reading has come. */
typedef void (*LedgerLogProgress)(uint64_t n_done, uint64_t n_bytes, void *userdata);

/* @source: for the problem. @progress: NULL: nobody wants to know. Return: 0, whatever is in the
 * text, or -ENOMEM. */
_must_check_ int ledger_log_read(const char *source,
                                 const char *text,
                                 size_t n_text,
                                 LedgerLogProgress progress,
                                 void *userdata,
                                 LedgerLog *ret);
void ledger_log_deinit(LedgerLog *log);
DEFINE_DEINIT(LedgerLog, ledger_log_deinit);
