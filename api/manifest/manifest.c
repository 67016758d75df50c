/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest/manifest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"

/*
 * libyaml loads a document as a list of nodes that name each other by number, so an alias costs
 * nothing and may even stand inside what it names. Nothing here follows nodes on its own: a reader
 * goes down by fields that it knows, so that its depth is that of its own calls, and every entry
 * that is passed on the way counts, so that aliases of aliases come to an end. libyaml itself
 * refuses what is nested deeper than 1000.
 *
 * What kubectl would read otherwise than it stands here is refused: keys given twice, merge keys,
 * keys that are no text, NULs.
 */
const char *manifest_quote(const char *text, char buffer[static MANIFEST_QUOTED_MAX]) {
        const size_t n_max = MANIFEST_QUOTED_MAX - sizeof("'...'");
        size_t n = 0;

        buffer[n++] = '\'';
        for (size_t i = 0; text[i] && i < n_max; ++i)
                buffer[n++] = text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?';
        (void)snprintf(buffer + n, MANIFEST_QUOTED_MAX - n, "%s'",
                       strlen(text) > n_max ? "..." : "");
        return buffer;
}

static int refuse_at(const Manifest *self, yaml_mark_t mark, const char *format, va_list args)
        __attribute__((__format__(__printf__, 3, 0)));

static int refuse_at(const Manifest *self, yaml_mark_t mark, const char *format, va_list args) {
        char text[DIAG_TEXT_MAX];

        (void)vsnprintf(text, sizeof(text), format, args);
        diag_set(self->reterr, self->source, (unsigned)mark.line + 1, (unsigned)mark.column + 1,
                 "%s", text);
        return MANIFEST_E_INVALID;
}

int manifest_refuse(const Manifest *self, const yaml_node_t *node, const char *format, ...) {
        va_list args;
        int r;

        va_start(args, format);
        r = refuse_at(self, node ? node->start_mark : (yaml_mark_t){}, format, args);
        va_end(args);
        return r;
}

static _printf_(3, 4) int refuse_mark(const Manifest *self,
                                      yaml_mark_t mark,
                                      const char *format,
                                      ...) {
        va_list args;
        int r;

        va_start(args, format);
        r = refuse_at(self, mark, format, args);
        va_end(args);
        return r;
}

int manifest_open(Manifest *self,
                  const char *source,
                  const char *data,
                  size_t n_data,
                  Diag *reterr) {
        *self = (Manifest){ .source = source, .data = data, .n_data = n_data, .reterr = reterr };
        if (n_data > MANIFEST_INPUT_MAX) {
                diag_set(reterr, source, 0, 0, "more than %u MiB; split it, or leave fields out",
                         MANIFEST_INPUT_MAX / (1024 * 1024));
                return MANIFEST_E_INVALID;
        }
        if (!yaml_parser_initialize(&self->parser))
                return -ENOMEM;
        self->is_open = true;
        yaml_parser_set_encoding(&self->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&self->parser, (const unsigned char *)data, n_data);
        return 0;
}

static void forget_document(Manifest *self) {
        if (self->has_document)
                yaml_document_delete(&self->document);
        self->has_document = false;
}

void manifest_deinit(Manifest *self) {
        forget_document(self);
        if (self->is_open)
                yaml_parser_delete(&self->parser);
        *self = (Manifest){};
}

/* libyaml tells the place of a bad byte as an offset. */
static yaml_mark_t mark_of_offset(const Manifest *self, size_t offset) {
        yaml_mark_t mark = {};

        for (size_t i = 0; i < offset && i < self->n_data; ++i) {
                const bool is_continued = ((unsigned char)self->data[i] & 0xc0) == 0x80;

                mark.column = self->data[i] == '\n' ? 0 : mark.column + (is_continued ? 0 : 1);
                mark.line += self->data[i] == '\n';
        }
        return mark;
}

static int refuse_syntax(const Manifest *self) {
        const yaml_parser_t *parser = &self->parser;
        yaml_mark_t mark = parser->problem_mark;

        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        if (parser->error == YAML_READER_ERROR)
                mark = mark_of_offset(self, parser->problem_offset);
        return refuse_mark(self, mark, "neither YAML nor JSON: %s%s%s",
                           parser->context ? parser->context : "", parser->context ? ": " : "",
                           parser->problem ? parser->problem : "it cannot be read");
}

static bool is_null(const yaml_node_t *node) {
        static const char *const words[] = { "", "~", "null", "Null", "NULL" };

        if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(words); ++i)
                if (strcmp((const char *)node->data.scalar.value, words[i]) == 0)
                        return true;
        return false;
}

int manifest_next(Manifest *self, yaml_node_t **ret) {
        yaml_node_t *root;

        do {
                forget_document(self);
                if (!yaml_parser_load(&self->parser, &self->document))
                        return refuse_syntax(self);
                self->has_document = true;
                root = yaml_document_get_root_node(&self->document);
        } while (root && is_null(root));
        *ret = root;
        return 0;
}

static int count_steps(Manifest *self, const yaml_node_t *node, size_t n) {
        if (n > MANIFEST_STEPS_MAX - self->n_steps)
                return manifest_refuse(self, node, "too much to read, aliases counted in full");
        self->n_steps += (unsigned)n;
        return 0;
}

static const char *type_word(const yaml_node_t *node) {
        switch (node->type) {
        case YAML_SCALAR_NODE:
                return "a single value";
        case YAML_SEQUENCE_NODE:
                return "a list";
        case YAML_MAPPING_NODE:
                return "a mapping";
        case YAML_NO_NODE:
                break;
        }
        return "nothing";
}

static int expect(const Manifest *self,
                  const yaml_node_t *node,
                  yaml_node_type_t type,
                  const char *name,
                  const char *word) {
        if (node->type == type)
                return 0;
        return manifest_refuse(self, node, "%s must be %s, not %s", name, word, type_word(node));
}

/* A key that names a field. */
static int get_key(Manifest *self, const yaml_node_pair_t *pair, const yaml_node_t **ret) {
        const yaml_node_t *key = yaml_document_get_node(&self->document, pair->key);

        if (!key || key->type != YAML_SCALAR_NODE)
                return manifest_refuse(self, key, "a key must be text");
        if (strlen((const char *)key->data.scalar.value) != key->data.scalar.length)
                return manifest_refuse(self, key, "a key with a NUL character in it");
        if (key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
            strcmp((const char *)key->data.scalar.value, "<<") == 0)
                return manifest_refuse(self, key,
                                       "merge keys are not supported; write the keys out");
        *ret = key;
        return 0;
}

static int bind_pair(Manifest *self,
                     const yaml_node_pair_t *pair,
                     ManifestField *fields,
                     bool *is_bound,
                     size_t n_fields) {
        const yaml_node_t *key;
        int r;

        r = get_key(self, pair, &key);
        if (r)
                return r;
        for (size_t i = 0; i < n_fields; ++i) {
                yaml_node_t *value = yaml_document_get_node(&self->document, pair->value);

                if (strcmp(fields[i].name, (const char *)key->data.scalar.value) != 0)
                        continue;
                if (is_bound[i])
                        return manifest_refuse(self, key, "'%s' is given twice; leave one out",
                                               fields[i].name);
                is_bound[i] = true;
                fields[i].node = value && !is_null(value) ? value : NULL;
        }
        return 0;
}

#define FIELDS_MAX 16u

int manifest_bind(Manifest *self,
                  yaml_node_t *node,
                  const char *name,
                  ManifestField *fields,
                  size_t n_fields) {
        bool is_bound[FIELDS_MAX] = {};
        size_t n_pairs;
        int r;

        r = manifest_count_pairs(self, node, name, &n_pairs);
        for (size_t i = 0; r == 0 && i < n_pairs; ++i)
                r = bind_pair(self, node->data.mapping.pairs.start + i, fields, is_bound,
                              n_fields < FIELDS_MAX ? n_fields : FIELDS_MAX);
        return r;
}

int manifest_count_items(Manifest *self, yaml_node_t *node, const char *name, size_t *ret) {
        size_t n;
        int r;

        if (!node) {
                *ret = 0;
                return 0;
        }
        r = expect(self, node, YAML_SEQUENCE_NODE, name, "a list");
        if (r)
                return r;
        n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        r = count_steps(self, node, n);
        if (r == 0)
                *ret = n;
        return r;
}

yaml_node_t *manifest_get_item(Manifest *self, yaml_node_t *node, size_t i) {
        return yaml_document_get_node(&self->document, node->data.sequence.items.start[i]);
}

int manifest_count_pairs(Manifest *self, yaml_node_t *node, const char *name, size_t *ret) {
        size_t n;
        int r;

        if (!node) {
                *ret = 0;
                return 0;
        }
        r = expect(self, node, YAML_MAPPING_NODE, name, "a mapping");
        if (r)
                return r;
        n = (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
        r = count_steps(self, node, n);
        if (r == 0)
                *ret = n;
        return r;
}

int manifest_get_pair(Manifest *self,
                      yaml_node_t *node,
                      size_t i,
                      const char **ret_key,
                      yaml_node_t **ret_value) {
        const yaml_node_pair_t *pair = node->data.mapping.pairs.start + i;
        const yaml_node_t *key;
        int r;

        r = get_key(self, pair, &key);
        if (r)
                return r;
        *ret_key = (const char *)key->data.scalar.value;
        *ret_value = yaml_document_get_node(&self->document, pair->value);
        return 0;
}

int manifest_get_text(Manifest *self, yaml_node_t *node, const char *name, const char **ret) {
        int r;

        if (!node) {
                *ret = "";
                return 0;
        }
        r = expect(self, node, YAML_SCALAR_NODE, name, "a single value");
        if (r)
                return r;
        if (node->data.scalar.length > MANIFEST_TEXT_MAX)
                return manifest_refuse(self, node, "%s has more than %u bytes", name,
                                       MANIFEST_TEXT_MAX);
        if (strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
                return manifest_refuse(self, node, "%s has a NUL character in it", name);
        *ret = (const char *)node->data.scalar.value;
        return 0;
}

int manifest_get_number(Manifest *self, yaml_node_t *node, const char *name, uint64_t *ret) {
        char quoted[MANIFEST_QUOTED_MAX];
        const char *text;
        uint64_t value;
        Scan scan;
        int r;

        if (!node)
                return 0;
        r = manifest_get_text(self, node, name, &text);
        if (r)
                return r;
        scan = scan_init(text, strlen(text));
        if (!scan_u64(&scan, &value) || !scan_is_done(&scan))
                return manifest_refuse(self, node, "%s must be a number, not %s", name,
                                       manifest_quote(text, quoted));
        *ret = value;
        return 0;
}
