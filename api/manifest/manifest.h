/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Kubernetes manifests
 *
 * YAML or JSON text, document by document, and typed looks into one of them. Whoever reads knows
 * the fields that he wants; others are passed over. What is wrong is told with file, line and
 * column, and with the mend where there is one.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "base/error.h"

#define MANIFEST_INPUT_MAX (16u * 1024 * 1024)
/* Entries that are looked at, in all: what aliases unfold counts each time. */
#define MANIFEST_STEPS_MAX  (20u * 1000 * 1000)
#define MANIFEST_TEXT_MAX   4096u /* bytes of a name or an amount */
#define MANIFEST_QUOTED_MAX 72u

enum {
        _MANIFEST_E_SUCCESS,
        MANIFEST_E_INVALID, /* @reterr says where and why */
};

typedef struct Manifest {
        const char *source; /* for @reterr */
        const char *data;
        size_t n_data;
        yaml_parser_t parser;
        yaml_document_t document;
        bool has_document;
        bool is_open;
        unsigned n_steps;
        Diag *reterr;
} Manifest;

/* A field that is wanted, and what there is under its name: NULL when it is absent or null. */
typedef struct ManifestField {
        const char *name;
        yaml_node_t *node;
} ManifestField;

/* All is borrowed until manifest_deinit(). Return: 0, MANIFEST_E_INVALID, or -ENOMEM. */
_must_check_ int
manifest_open(Manifest *self, const char *source, const char *data, size_t n_data, Diag *reterr);
void manifest_deinit(Manifest *self);
DEFINE_DEINIT(Manifest, manifest_deinit);

/* The root of the next document that is not empty; NULL: there is none left. What was had of the
 * document before is gone. */
_must_check_ int manifest_next(Manifest *self, yaml_node_t **ret);

/* MANIFEST_E_INVALID with the place of @node. */
int manifest_refuse(const Manifest *self, const yaml_node_t *node, const char *format, ...)
        _printf_(3, 4);

/*
 * Looks. @name is what the node is called, for the diag; a NULL node is as an empty one. All
 * return 0 or MANIFEST_E_INVALID.
 */
/* The wanted fields of a mapping, each at most once. */
_must_check_ int manifest_bind(Manifest *self,
                               yaml_node_t *node,
                               const char *name,
                               ManifestField *fields,
                               size_t n_fields);
/* The items of a list, or the pairs of a mapping, by number. */
_must_check_ int
manifest_count_items(Manifest *self, yaml_node_t *node, const char *name, size_t *ret);
yaml_node_t *manifest_get_item(Manifest *self, yaml_node_t *node, size_t i);
_must_check_ int
manifest_count_pairs(Manifest *self, yaml_node_t *node, const char *name, size_t *ret);
_must_check_ int manifest_get_pair(Manifest *self,
                                   yaml_node_t *node,
                                   size_t i,
                                   const char **ret_key,
                                   yaml_node_t **ret_value);
/* The text of a scalar, of the document; "" when the node is NULL. */
_must_check_ int
manifest_get_text(Manifest *self, yaml_node_t *node, const char *name, const char **ret);
/* A number; @ret stays as it is when the node is NULL. */
_must_check_ int
manifest_get_number(Manifest *self, yaml_node_t *node, const char *name, uint64_t *ret);

/* @text in quotes, cut, with "?" for what is not printable ASCII. */
const char *manifest_quote(const char *text, char buffer[static MANIFEST_QUOTED_MAX]);
