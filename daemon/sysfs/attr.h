/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Attributes
 *
 * One kernel file, one value. Every reader here treats a missing file as absent without a word, and
 * a file that cannot be read or does not hold what it should as absent with a diagnostic.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/nodeset.h"
#include "base/root.h"
#include "base/scan.h"

#define ATTR_PATH_MAX 256u
#define ATTR_TEXT_MAX 4097u /* one page and a NUL: what a sysfs attribute can hold */

typedef struct AttrReader {
        const Root *root;
        DiagList *diagnostics;
} AttrReader;

/* printf's way to a path; a path that does not fit is cut, and then names nothing. */
const char *attr_path(char buffer[static ATTR_PATH_MAX], const char *format, ...) _printf_(2, 3);

/* The text without its final newline. False: absent; a diagnostic says so unless it is missing. */
bool attr_read_text(const AttrReader *reader,
                    const char *path,
                    char *buffer,
                    size_t size,
                    size_t *ret_n);
/* As above, into a field; only printable ASCII is taken, and what is too long is cut. */
bool attr_read_word(const AttrReader *reader, const char *path, char *buffer, size_t size);
OptU64 attr_read_u64(const AttrReader *reader, const char *path);
OptU64 attr_read_hex(const AttrReader *reader, const char *path); /* with or without 0x */
OptU64 attr_read_bool(const AttrReader *reader, const char *path);
OptU64 attr_read_node(const AttrReader *reader, const char *path); /* -1 is absent */
bool attr_read_nodes(const AttrReader *reader, const char *path, NodeSet *ret);

/* "Key:   123 kB" out of a text like meminfo. @key: how the line begins, colon included. */
OptU64 attr_find_kib(const AttrReader *reader, const char *path, Scan text, const char *key);

/* Last part of a link's text, "" when it is no link. */
bool attr_read_link_name(const AttrReader *reader, const char *path, char *buffer, size_t size);

/* A directory's entries named PREFIX and a number, sorted by number. */
typedef struct AttrIds {
        unsigned *ids;
        size_t n_ids;
} AttrIds;

void attr_ids_deinit(AttrIds *ids);
DEFINE_DEINIT(AttrIds, attr_ids_deinit);

_must_check_ int attr_list_ids(const AttrReader *reader,
                               const char *path,
                               const char *prefix,
                               unsigned max,
                               AttrIds *ret);

/* Calls @entry for every name in a directory, in rising byte order; at most @max of them. */
_must_check_ int attr_list_names(const AttrReader *reader,
                                 const char *path,
                                 unsigned max,
                                 int (*entry)(const char *name, void *userdata),
                                 void *userdata);

void attr_complain(const AttrReader *reader, const char *path, const char *format, ...)
        _printf_(3, 4);
