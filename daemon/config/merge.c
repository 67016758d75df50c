/* SPDX-License-Identifier: Apache-2.0 */
#include "config/merge.h"

#include <errno.h>

/*
 * The kubelet merges its drop-ins by RFC 7396 (JSON merge patch), and so are slugd's own merged: a
 * person has one rule to learn. The recursion is bounded by the depth of the documents, which
 * yaml_parse() caps; keys are looked up one by one, which is bounded by the cap on the values of
 * all documents together (documents.c).
 *
 * A result is as deep as the deeper of the two, and counts at most as many values as both.
 */

YamlNode *yaml_new_node(Arena *arena, const char *file, YamlType type) {
        YamlNode *node = arena_alloc(arena, sizeof(*node));

        if (node)
                *node = (YamlNode){ .type = type, .file = file, .weight = 1, .height = 1 };
        return node;
}

YamlNode *yaml_new_scalar(Arena *arena, const char *file, const char *text, size_t n_text) {
        YamlNode *node = yaml_new_node(arena, file, YAML_TYPE_SCALAR);

        if (!node)
                return NULL;
        node->is_plain = true;
        node->height = 0;
        node->text = arena_strndup(arena, text, n_text);
        node->n_text = n_text;
        return node->text ? node : NULL;
}

int yaml_add(Arena *arena, YamlNode *node, const YamlNode *key, const YamlNode *value) {
        YamlEntry **end = (YamlEntry **)&node->entries;
        YamlEntry *entry;

        for (; *end; end = (YamlEntry **)&(*end)->next) {
                if (!key || !yaml_is_text((*end)->key, key->text))
                        continue;
                (*end)->key = key;
                (*end)->value = value;
                return 0;
        }
        entry = arena_alloc(arena, sizeof(*entry));
        if (!entry)
                return -ENOMEM;
        *entry = (YamlEntry){ .key = key, .value = value };
        *end = entry;
        ++node->n_entries;
        node->weight += value->weight + (key ? 1 : 0);
        if (node->height < value->height + 1)
                node->height = value->height + 1;
        return 0;
}

static const YamlEntry *find_entry(const YamlNode *node, const YamlNode *key) {
        YAML_FOREACH (entry, node)
                if (yaml_is_text(entry->key, key->text))
                        return entry;
        return NULL;
}

static int
add_merged(Arena *arena, YamlNode *result, const YamlNode *base, const YamlEntry *entry) {
        const YamlNode *merged;

        if (yaml_is_null(entry->value))
                return 0;
        merged = yaml_merge(arena, base, entry->value);
        return merged ? yaml_add(arena, result, entry->key, merged) : -ENOMEM;
}

const YamlNode *yaml_merge(Arena *arena, const YamlNode *base, const YamlNode *patch) {
        YamlNode *result;
        int r = 0;

        if (patch->type != YAML_TYPE_MAPPING)
                return patch;
        result = yaml_new_node(arena, patch->file, YAML_TYPE_MAPPING);
        if (!result)
                return NULL;
        result->line = patch->line;
        result->column = patch->column;
        if (base && base->type != YAML_TYPE_MAPPING)
                base = NULL;
        /* first what was there, in its order, then what is new */
        for (const YamlEntry *entry = base ? base->entries : NULL; r == 0 && entry;
             entry = entry->next) {
                const YamlEntry *change = find_entry(patch, entry->key);

                r = change ? add_merged(arena, result, entry->value, change)
                           : yaml_add(arena, result, entry->key, entry->value);
        }
        for (const YamlEntry *entry = patch->entries; r == 0 && entry; entry = entry->next)
                if (!base || !find_entry(base, entry->key))
                        r = add_merged(arena, result, NULL, entry);
        return r == 0 ? result : NULL;
}
