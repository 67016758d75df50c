/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * YAML as a tree
 *
 * A document is a tree of scalars, sequences and mappings that never changes once it is built, and
 * each node knows its file, line and column. It lives in the caller's arena. Aliases share the node
 * that they name: the tree is a graph without cycles.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define YAML_NODES_MAX   10000u /* aliases counted with all that they stand for */
#define YAML_DEPTH_MAX   32u    /* sequences and mappings inside each other, aliases included */
#define YAML_SCALAR_MAX  4096u  /* bytes */
#define YAML_ANCHORS_MAX 256u

typedef enum YamlType {
        YAML_TYPE_SCALAR,
        YAML_TYPE_SEQUENCE,
        YAML_TYPE_MAPPING,
} YamlType;

typedef struct YamlNode YamlNode;
typedef struct YamlEntry YamlEntry;

struct YamlNode {
        YamlType type;
        bool is_plain;    /* a scalar whose text decides its type: null, true, 12 */
        const char *file; /* it stands in; NULL: in none, it is a default */
        unsigned line;    /* from 1; 0: the file has no lines */
        unsigned column;  /* from 1, in characters */
        const char *text; /* of a scalar: UTF-8 without NULs, ends in NUL */
        size_t n_text;
        const YamlEntry *entries; /* of a sequence or mapping, in the order of the file */
        size_t n_entries;
        unsigned weight; /* nodes in it, itself included; 0 while it is being read */
        unsigned height; /* sequences and mappings below each other in it, itself included */
};

struct YamlEntry {
        const YamlNode *key; /* a scalar; NULL in a sequence */
        const YamlNode *value;
        const YamlEntry *next;
};

#define YAML_FOREACH(entry, node)                                                                  \
        for (const YamlEntry *entry = (node)->entries; entry; entry = entry->next)

/* 0, CONFIG_E_INVALID with @reterr set, or -ENOMEM. An empty text is an empty mapping. @source is
 * copied. */
_must_check_ int yaml_parse(Arena *arena,
                            const char *source,
                            const char *data,
                            size_t n_data,
                            const YamlNode **ret,
                            Diag *reterr);

/* @text in quotes, fit to be shown: cut at a whole character, "?" for control characters. */
#define YAML_QUOTED_MAX 72u
const char *yaml_quote(const char *text, char buffer[static YAML_QUOTED_MAX]);

/* "", "~" or "null" without quotes */
bool yaml_is_null(const YamlNode *node);
bool yaml_is_text(const YamlNode *node, const char *text);
/* What the mapping @node holds under @key, or NULL. */
const YamlNode *yaml_find(const YamlNode *node, const char *key);
