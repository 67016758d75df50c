/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reading a .tree file, inside
 *
 * What tree.c, which tells the lines apart, and tree-family.c, which knows the kernel's families of
 * files, have in common. Each function that may fail returns 0, TREE_E_MALFORMED, or an errno.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/scan.h"
#include "lib/tree-write.h"
#include "lib/tree.h"

typedef struct TreeReader {
        int root_fd;
        const char *source;
        Scan lines;       /* those not yet taken */
        const char *line; /* start of the current one, for the column */
        unsigned line_number;
        char folder[TREE_PATH_MAX]; /* of "in", "" for the root */
        Diag *diag;
} TreeReader;

/* Complaining */
_must_check_ int tree_refuse(TreeReader *self, const Scan *where, const char *expected);
_must_check_ int tree_told(TreeReader *self, const char *path, int r);

/* Making */
_must_check_ int tree_put_text(TreeReader *self, const char *path, const char *text, size_t n_text);
_must_check_ int tree_put_printf(TreeReader *self, const char *path, const char *format, ...)
        _printf_(3, 4);
_must_check_ int tree_put_way(TreeReader *self, const char *path, const char *target);

/* Words */
bool tree_take_word(Scan *scan, Scan *ret);
bool tree_word_is(const Scan *word, const char *text);
bool tree_word_to_number(Scan word, uint64_t max, uint64_t *ret);

/* Directives of families */
_must_check_ int tree_read_node(TreeReader *self, Scan arguments);
_must_check_ int tree_read_access(TreeReader *self, Scan arguments);
_must_check_ int tree_read_hugepages(TreeReader *self, Scan arguments);
_must_check_ int tree_read_blocks(TreeReader *self, Scan arguments);
