/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The ledger as a whole: taken away, brought back, looked at on the disk
 *
 * An export is {"version":1,"exportedUsec":...,"generation":...,"claims":[...]}, with the claims as
 * slugd answers them.
 */
#include "base/arena.h"
#include "slug/v1/memory.pb-c.h"
#include "slugctl/ledger-log.h"
#include "slugctl/verb.h"

#define LEDGER_STATE_PATH     "/slug.v1.MemoryManagerService/GetState"
#define LEDGER_EXPORT_VERSION 1u
#define LEDGER_IMPORT_MAX     (64u * 1024 * 1024) /* bytes of an export */
#define LEDGER_BATCH_CLAIMS                                                                        \
        256u                              /* of one request; slugd takes twice as many, but
                                                     what it observes of their pods changes, too */
#define LEDGER_BATCH_BYTES (1024u * 1024) /* of one request, unless one claim has more */

/* What stands behind the verb. */
typedef struct LedgerAction {
        const char *name;
        const char *option; /* the only one that it takes */
        bool needs_file;
        int (*run)(const VerbContext *context, const char *file); /* @file: NULL: none is named */
} LedgerAction;

extern const LedgerAction ledger_export;
extern const LedgerAction ledger_import;
extern const LedgerAction ledger_verify;

/* @answer: appended. False: there is none; why is said, and @ret_status set. */
_must_check_ bool ledger_ask(const VerbContext *context,
                             const char *path,
                             const char *request,
                             Buffer *answer,
                             int *ret_status);

enum {
        _LEDGER_E_SUCCESS,
        LEDGER_E_INVALID, /* @reterr says what and where */
};

/* @answer: to GetState. Return: 0, LEDGER_E_INVALID, or -ENOMEM. */
_must_check_ int
ledger_export_append(const char *answer, uint64_t now_usec, Buffer *buffer, Diag *reterr);

/* @text: an export; of @arena. Return: 0, LEDGER_E_INVALID, or -ENOMEM. */
_must_check_ int ledger_import_read(const char *source,
                                    const char *text,
                                    size_t n_text,
                                    Arena *arena,
                                    Slug__V1__ImportClaimsRequest **ret,
                                    Diag *reterr);
/* How many of these go into the next request: at least one when there is one. Return: 0 or -ENOMEM.
 */
_must_check_ int
ledger_import_count(Slug__V1__Claim *const *claims, size_t n_claims, size_t *ret_n);
