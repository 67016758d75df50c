/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Binding a mapping to a struct
 *
 * A table says which keys a mapping may have, how the value of each is parsed, and where it goes.
 * What is wrong is told in one way everywhere: the place, what was expected, what was found.
 *
 * All functions that parse return 0, CONFIG_E_INVALID with the diag set, or -ENOMEM.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/yaml.h"

/* What is being bound: whose word it is, and who hears of errors. Which file it stands in, every
 * node knows. */
typedef struct BindFile {
        ConfigOrigin origin;
        Diag *reterr;
} BindFile;

typedef int BindParse(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret);

typedef struct BindField {
        const char *key;
        BindParse *parse;
        size_t offset; /* into what the mapping is bound to */
        size_t source; /* of a ConfigSource there; 0: the value keeps its own, or has none */
} BindField;

typedef struct BindTable {
        const BindField *fields;
        size_t n_fields;
        bool ignores_unknown; /* other keys are somebody else's */
        bool ignores_null;    /* null is as good as not written */
} BindTable;

/* A list of fields as a BindTable's first two members. */
#define BIND_FIELDS(list) .fields = (list), .n_fields = ELEMENTSOF(list)

/* @key: what @value stands under; NULL for the document itself. A null is an empty mapping. */
_must_check_ int bind_mapping(const BindFile *file,
                              const YamlNode *key,
                              const YamlNode *value,
                              const BindTable *table,
                              void *ret);
/* Refuses anything but a sequence of at most @n_max elements; null is an empty one. */
_must_check_ int
bind_check_list(const BindFile *file, const YamlNode *key, const YamlNode *value, size_t n_max);

typedef struct BindWord {
        const char *word;
        int value;
} BindWord;

_must_check_ int bind_word(const BindFile *file,
                           const YamlNode *key,
                           const YamlNode *value,
                           const BindWord *words,
                           size_t n_words,
                           int *ret);

/* @ret is bool */
int bind_bool(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret);
/* @ret is char[CONFIG_PATH_MAX]: an absolute path */
int bind_path(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret);

typedef struct BindSpan {
        uint64_t min_usec, max_usec;
        const char *text; /* "a duration from 100ms to 1h" */
} BindSpan;

/* @ret is uint64_t: microseconds */
_must_check_ int bind_duration(const BindFile *file,
                               const YamlNode *key,
                               const YamlNode *value,
                               const BindSpan *span,
                               void *ret);
/* @ret is ConfigPercent, with its source */
int bind_percent(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret);
/* An id of a NUMA node */
_must_check_ int
bind_node_id(const BindFile *file, const YamlNode *key, const YamlNode *value, unsigned *ret);

/* "KEY expects EXPECTED, not 'VALUE'" at @value; returns CONFIG_E_INVALID. */
int bind_expects(const BindFile *file,
                 const YamlNode *key,
                 const YamlNode *value,
                 const char *expected);
/* Anything else, at @node; returns CONFIG_E_INVALID. */
int bind_refuse(const BindFile *file, const YamlNode *node, const char *format, ...) _printf_(3, 4);

/* Where the value under @key comes from. */
ConfigSource bind_source(const BindFile *file, const YamlNode *key);
