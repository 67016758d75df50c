/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Errors
 *
 * Return codes: 0 done; below 0 an errno, unexpected, passed on untouched; above 0 a MODULE_E_*
 * that its function documents and its caller handles. A positive code never crosses a module: it is
 * handled, or it is folded into a fatal one.
 *
 * A Diag is an error told to a person: what, where, and what was expected. It has a fixed size, so
 * that the error path allocates nothing. A DiagList collects what was wrong without stopping; it
 * has a cap and counts what it dropped.
 */
#include <stddef.h>

#include "base/cleanup.h"

#define DIAG_TEXT_MAX   256u
#define DIAG_SOURCE_MAX 256u
#define DIAG_LIST_MAX   64u
/* "source:line:column: text", with room for two numbers */
#define DIAG_FORMATTED_MAX (DIAG_TEXT_MAX + DIAG_SOURCE_MAX + 32u)

typedef struct Diag {
        char source[DIAG_SOURCE_MAX]; /* file, or "" */
        unsigned line;                /* from 1; 0: no line */
        unsigned column;              /* from 1; 0: no column */
        char text[DIAG_TEXT_MAX];
} Diag;

typedef struct DiagList {
        Diag *items;
        size_t n_items;
        size_t n_dropped; /* seen, not kept: over the cap, or out of memory */
} DiagList;

/* Turns a positive code that nobody handled into a fatal one; everything else passes. */
_must_check_ static inline int error_fold(int r) {
        return r > 0 ? -ENOTRECOVERABLE : r;
}

void diag_set(Diag *diag,
              const char *source,
              unsigned line,
              unsigned column,
              const char *format,
              ...) _printf_(5, 6);
const char *diag_format(const Diag *diag, char buffer[static DIAG_FORMATTED_MAX]);

void diag_list_add(DiagList *list, const char *source, const char *format, ...) _printf_(3, 4);
void diag_list_deinit(DiagList *list);
DEFINE_DEINIT(DiagList, diag_list_deinit);
