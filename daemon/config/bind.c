/* SPDX-License-Identifier: Apache-2.0 */
#include "config/bind.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nodeset.h"
#include "config/scalar.h"

/*
 * The file decides the order: keys are bound as they come, the first mistake ends it. A struct that
 * was bound halfway means nothing; callers bind into a copy or give the whole up.
 *
 * An unknown key is nearly always a slip of the hand, so its message offers the known key that is
 * no more than two edits away, and then all of them, as far as they fit.
 *
 * Text that is quoted back to a person is cut and has no control characters: the line it lands in
 * may be a terminal's.
 */
#define EDITS_MAX 2u
#define KEY_MAX   48u /* longer keys resemble nothing that we know */

static const char *show(const YamlNode *node, char buffer[static YAML_QUOTED_MAX]) {
        if (node->type != YAML_TYPE_SCALAR)
                return node->type == YAML_TYPE_MAPPING ? "a mapping" : "a list";
        if (node->n_text == 0 && node->is_plain)
                return "an empty value";
        return yaml_quote(node->text, buffer);
}

int bind_refuse(const BindFile *file, const YamlNode *node, const char *format, ...) {
        char text[DIAG_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        diag_set(file->reterr, node->file, node->line, node->column, "%s", text);
        return CONFIG_E_INVALID;
}

int bind_expects(const BindFile *file,
                 const YamlNode *key,
                 const YamlNode *value,
                 const char *expected) {
        char shown[YAML_QUOTED_MAX];

        if (!key)
                return bind_refuse(file, value, "expected %s, not %s", expected,
                                   show(value, shown));
        return bind_refuse(file, value, "%s expects %s, not %s", key->text, expected,
                           show(value, shown));
}

ConfigSource bind_source(const BindFile *file, const YamlNode *key) {
        ConfigSource source = { .origin = file->origin, .line = key->line };

        if (!key->file)
                return (ConfigSource){ .origin = CONFIG_ORIGIN_DEFAULT };
        (void)snprintf(source.file, sizeof(source.file), "%s", key->file);
        return source;
}

static unsigned min3(unsigned a, unsigned b, unsigned c) {
        unsigned ab = a < b ? a : b;

        return ab < c ? ab : c;
}

/* How many characters to insert, delete or change to make @b out of @a, row by row. */
static unsigned count_edits(const char *a, const char *b) {
        size_t n_a = strlen(a), n_b = strlen(b);
        unsigned row[KEY_MAX + 1];

        if (n_a > KEY_MAX || n_b > KEY_MAX)
                return UINT32_MAX;
        for (unsigned j = 0; j <= n_b; ++j)
                row[j] = j;
        for (unsigned i = 1; i <= n_a; ++i) {
                unsigned diagonal = row[0];

                row[0] = i;
                for (unsigned j = 1; j <= n_b; ++j) {
                        unsigned above = row[j];

                        row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
                        diagonal = above;
                }
        }
        return row[n_b];
}

/* Appends a name to a list, or "..." when it would leave no room for that behind it. */
static void add_name(char *text, size_t size, const char *separator, const char *name) {
        size_t n = strlen(text);

        if (n >= 3 && strcmp(text + n - 3, "...") == 0)
                return;
        if (n + strlen(separator) + strlen(name) + strlen(", ...") >= size)
                name = "...";
        (void)snprintf(text + n, size - n, "%s%s", separator, name);
}

static int refuse_unknown(const BindFile *file, const YamlNode *key, const BindTable *table) {
        char text[DIAG_TEXT_MAX], quoted[YAML_QUOTED_MAX], hint[KEY_MAX + 32] = ";";
        const char *nearest = NULL;
        unsigned n_edits = EDITS_MAX + 1;

        for (size_t i = 0; i < table->n_fields; ++i) {
                unsigned n = count_edits(key->text, table->fields[i].key);

                if (n < n_edits) {
                        n_edits = n;
                        nearest = table->fields[i].key;
                }
        }
        if (nearest)
                (void)snprintf(hint, sizeof(hint), "; did you mean '%s'?", nearest);
        (void)snprintf(text, sizeof(text),
                       "unknown key %s%s known keys here:", yaml_quote(key->text, quoted), hint);
        for (size_t i = 0; i < table->n_fields; ++i)
                add_name(text, sizeof(text), i == 0 ? " " : ", ", table->fields[i].key);
        return bind_refuse(file, key, "%s", text);
}

int bind_mapping(const BindFile *file,
                 const YamlNode *key,
                 const YamlNode *value,
                 const BindTable *table,
                 void *ret) {
        if (yaml_is_null(value))
                return 0;
        if (value->type != YAML_TYPE_MAPPING)
                return bind_expects(file, key, value, "a mapping");

        YAML_FOREACH (entry, value) {
                const BindField *field = NULL;
                int r;

                for (size_t i = 0; i < table->n_fields && !field; ++i)
                        if (yaml_is_text(entry->key, table->fields[i].key))
                                field = &table->fields[i];
                if (!field && !table->ignores_unknown)
                        return refuse_unknown(file, entry->key, table);
                if (!field || (table->ignores_null && yaml_is_null(entry->value)))
                        continue;
                r = field->parse(file, entry->key, entry->value, (char *)ret + field->offset);
                if (r != 0)
                        return r;
                if (field->source)
                        *(ConfigSource *)(void *)((char *)ret + field->source) =
                                bind_source(file, entry->key);
        }
        return 0;
}

int bind_check_list(const BindFile *file,
                    const YamlNode *key,
                    const YamlNode *value,
                    size_t n_max) {
        if (!yaml_is_null(value) && value->type != YAML_TYPE_SEQUENCE)
                return bind_expects(file, key, value, "a list");
        if (value->n_entries > n_max)
                return bind_refuse(file, value, "%s has %zu entries, which is more than %zu",
                                   key->text, value->n_entries, n_max);
        return 0;
}

int bind_word(const BindFile *file,
              const YamlNode *key,
              const YamlNode *value,
              const BindWord *words,
              size_t n_words,
              int *ret) {
        char expected[DIAG_TEXT_MAX / 2] = "one of";

        for (size_t i = 0; i < n_words; ++i) {
                if (yaml_is_text(value, words[i].word)) {
                        *ret = words[i].value;
                        return 0;
                }
                if (words[i].word[0] != '\0')
                        add_name(expected, sizeof(expected), i == 0 ? " " : ", ", words[i].word);
        }
        return bind_expects(file, key, value, expected);
}

int bind_bool(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        bool *is_true = ret;

        if (value->type == YAML_TYPE_SCALAR && value->is_plain &&
            scalar_parse_bool(value->text, is_true) == 0)
                return 0;
        return bind_expects(file, key, value, "true or false");
}

int bind_path(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        char *path = ret;

        if (value->type != YAML_TYPE_SCALAR || value->text[0] != '/')
                return bind_expects(file, key, value, "an absolute path");
        for (const char *c = value->text; *c; ++c)
                if ((unsigned char)*c < ' ' || *c == '\x7f')
                        return bind_expects(file, key, value, "a path without control characters");
        if (value->n_text >= CONFIG_PATH_MAX)
                return bind_refuse(file, value, "%s expects a path of at most %u bytes, not %zu",
                                   key->text, CONFIG_PATH_MAX - 1, value->n_text);
        memcpy(path, value->text, value->n_text + 1);
        return 0;
}

int bind_duration(const BindFile *file,
                  const YamlNode *key,
                  const YamlNode *value,
                  const BindSpan *span,
                  void *ret) {
        uint64_t usec = 0;
        int r = SCALAR_E_MALFORMED;

        if (value->type == YAML_TYPE_SCALAR)
                r = scalar_parse_duration(value->text, &usec);
        if (r == SCALAR_E_MALFORMED)
                return bind_expects(file, key, value, "a duration such as 30s, 500ms or 2m");
        if (r != 0 || usec < span->min_usec || usec > span->max_usec)
                return bind_expects(file, key, value, span->text);
        *(uint64_t *)ret = usec;
        return 0;
}

int bind_percent(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret) {
        ConfigPercent percent = { .is_set = true, .source = bind_source(file, key) };

        if (value->type != YAML_TYPE_SCALAR ||
            scalar_parse_percent(value->text, &percent.percent) != 0)
                return bind_expects(file, key, value, "whole percents from 0% to 100%");
        *(ConfigPercent *)ret = percent;
        return 0;
}

int bind_node_id(const BindFile *file, const YamlNode *key, const YamlNode *value, unsigned *ret) {
        uint64_t node = 0;

        if (value->type != YAML_TYPE_SCALAR || !value->is_plain ||
            scalar_parse_u64(value->text, &node) != 0 || node >= NODESET_MAX)
                return bind_expects(file, key, value, "the id of a NUMA node, 0 to 1023");
        *ret = (unsigned)node;
        return 0;
}
