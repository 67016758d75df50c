/* SPDX-License-Identifier: Apache-2.0 */
#include "config/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "config/config.h"

/*
 * libyaml turns text into events; here events become a tree, without recursion: a stack of the
 * sequences and mappings that are still open, 32 at the most. This file is libyaml's only door.
 *
 * What configuration has no use for is refused by name, with its place: a second document, tags
 * beyond the core ones, keys that are not scalars, keys given twice, merge keys, NULs. The kubelet
 * and slugd must not read different things out of the same text.
 *
 * An alias costs as much as the node that it names: every node stores how many nodes it holds, and
 * the sum is capped. So a few lines of anchors that would unfold into millions of nodes are refused
 * where the cap is crossed, and walking the tree is always cheap. An alias may name only what is
 * already complete, hence no cycles.
 *
 * The text is UTF-8 and nothing else; libyaml checks it and rejects control characters. Its columns
 * count characters from 0, ours from 1. The arena is large enough for all that the caps allow, so
 * running out of it is running out of memory.
 *
 * Source: YAML 1.1, as libyaml and the kubelet's library implement it.
 */
typedef struct Anchor Anchor;

struct Anchor {
        const char *name;
        const YamlNode *node;
        Anchor *next;
};

/* A sequence or mapping whose end has not come yet. */
typedef struct Frame {
        YamlNode *node;
        const YamlNode *key; /* of a mapping: read, its value is still to come */
        YamlEntry *last;
        unsigned weight_before; /* of the document, when this was opened */
} Frame;

typedef struct Builder {
        Arena *arena;
        const char *source;
        Diag *reterr;
        Frame frames[YAML_DEPTH_MAX];
        unsigned n_frames;
        Anchor *anchors; /* newest first: an anchor may be given again */
        unsigned n_anchors;
        unsigned weight; /* nodes so far, aliases counted in full */
        unsigned n_documents;
        const YamlNode *root;
        bool is_done;
} Builder;

static const struct {
        const char *tag;
        YamlType type;
        bool is_plain;
} core_tags[] = {
        { "!", YAML_TYPE_SCALAR, false },
        { "!", YAML_TYPE_SEQUENCE, false },
        { "!", YAML_TYPE_MAPPING, false },
        { YAML_STR_TAG, YAML_TYPE_SCALAR, false },
        { YAML_NULL_TAG, YAML_TYPE_SCALAR, true },
        { YAML_BOOL_TAG, YAML_TYPE_SCALAR, true },
        { YAML_INT_TAG, YAML_TYPE_SCALAR, true },
        { YAML_FLOAT_TAG, YAML_TYPE_SCALAR, true },
        { YAML_SEQ_TAG, YAML_TYPE_SEQUENCE, false },
        { YAML_MAP_TAG, YAML_TYPE_MAPPING, false },
};

const char *yaml_quote(const char *text, char buffer[static YAML_QUOTED_MAX]) {
        const unsigned char *bytes = (const unsigned char *)text;
        const size_t n_max = YAML_QUOTED_MAX - sizeof("'...'");
        size_t n_text = strlen(text), n = n_text, n_buffer = 0;

        if (n > n_max)
                for (n = n_max; n > 0 && (bytes[n] & 0xc0) == 0x80;)
                        --n;
        buffer[n_buffer++] = '\'';
        for (size_t i = 0; i < n; ++i) {
                bool is_c1 = bytes[i] == 0xc2 && i + 1 < n && bytes[i + 1] < 0xa0;

                buffer[n_buffer++] = bytes[i] < ' ' || bytes[i] == 0x7f || is_c1 ? '?' : text[i];
                i += is_c1;
        }
        (void)snprintf(buffer + n_buffer, YAML_QUOTED_MAX - n_buffer, "%s'",
                       n < n_text ? "..." : "");
        return buffer;
}

static _printf_(3,
                4) int refuse(const Builder *builder, yaml_mark_t mark, const char *format, ...) {
        char text[DIAG_TEXT_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        diag_set(builder->reterr, builder->source, (unsigned)mark.line + 1,
                 (unsigned)mark.column + 1, "%s", text);
        return CONFIG_E_INVALID;
}

static int refuse_nodes(const Builder *builder, yaml_mark_t mark) {
        return refuse(builder, mark, "more than %u values, aliases counted in full",
                      YAML_NODES_MAX);
}

static int refuse_depth(const Builder *builder, yaml_mark_t mark) {
        return refuse(builder, mark, "nested deeper than %u levels", YAML_DEPTH_MAX);
}

/* An explicit tag; @is_plain changes when the tag says so. */
static int apply_tag(const Builder *builder,
                     const yaml_event_t *event,
                     const yaml_char_t *tag,
                     YamlType type,
                     bool *is_plain) {
        char quoted[YAML_QUOTED_MAX];

        if (!tag)
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(core_tags); ++i)
                if (core_tags[i].type == type && strcmp(core_tags[i].tag, (const char *)tag) == 0) {
                        *is_plain = core_tags[i].is_plain;
                        return 0;
                }
        return refuse(builder, event->start_mark, "the tag %s is not supported here",
                      yaml_quote((const char *)tag, quoted));
}

static int new_node(Builder *builder, const yaml_event_t *event, YamlType type, YamlNode **ret) {
        YamlNode *node;

        if (builder->weight >= YAML_NODES_MAX)
                return refuse_nodes(builder, event->start_mark);
        node = arena_alloc(builder->arena, sizeof(*node));
        if (!node)
                return -ENOMEM;
        *node = (YamlNode){
                .type = type,
                .file = builder->source,
                .line = (unsigned)event->start_mark.line + 1,
                .column = (unsigned)event->start_mark.column + 1,
        };
        ++builder->weight;
        *ret = node;
        return 0;
}

static int add_anchor(Builder *builder,
                      const yaml_event_t *event,
                      const yaml_char_t *name,
                      const YamlNode *node) {
        Anchor *anchor;

        if (!name)
                return 0;
        if (builder->n_anchors >= YAML_ANCHORS_MAX)
                return refuse(builder, event->start_mark, "more than %u anchors", YAML_ANCHORS_MAX);
        anchor = arena_alloc(builder->arena, sizeof(*anchor));
        if (!anchor)
                return -ENOMEM;
        anchor->name = arena_strdup(builder->arena, (const char *)name);
        if (!anchor->name)
                return -ENOMEM;
        anchor->node = node;
        anchor->next = builder->anchors;
        builder->anchors = anchor;
        ++builder->n_anchors;
        return 0;
}

/* The next key of the mapping that is open. */
static int add_key(Builder *builder, Frame *frame, const YamlNode *node, yaml_mark_t mark) {
        char quoted[YAML_QUOTED_MAX];

        if (node->type != YAML_TYPE_SCALAR)
                return refuse(builder, mark, "a key must be a scalar");
        if (node->is_plain && strcmp(node->text, "<<") == 0)
                return refuse(builder, mark, "merge keys are not supported; write the keys out");
        YAML_FOREACH (entry, frame->node) {
                if (entry->key->n_text != node->n_text || strcmp(entry->key->text, node->text) != 0)
                        continue;
                return refuse(builder, mark, "duplicate key %s; the first is on line %u",
                              yaml_quote(node->text, quoted), entry->key->line);
        }
        frame->key = node;
        return 0;
}

/* Puts a node where the document has come to: the root, the next element, a key or its value. */
static int attach(Builder *builder, const YamlNode *node, yaml_mark_t mark) {
        Frame *frame;
        YamlEntry *entry;

        if (builder->n_frames == 0) {
                builder->root = node;
                return 0;
        }
        frame = &builder->frames[builder->n_frames - 1];
        if (frame->node->type == YAML_TYPE_MAPPING && !frame->key)
                return add_key(builder, frame, node, mark);

        entry = arena_alloc(builder->arena, sizeof(*entry));
        if (!entry)
                return -ENOMEM;
        *entry = (YamlEntry){ .key = TAKE_PTR(frame->key), .value = node };
        if (frame->last)
                frame->last->next = entry;
        else
                frame->node->entries = entry;
        frame->last = entry;
        ++frame->node->n_entries;
        return 0;
}

static void grow_height(Builder *builder, const YamlNode *child) {
        YamlNode *parent;

        if (builder->n_frames == 0)
                return;
        parent = builder->frames[builder->n_frames - 1].node;
        if (parent->height < child->height + 1)
                parent->height = child->height + 1;
}

static int add_scalar(Builder *builder, const yaml_event_t *event) {
        const char *text = (const char *)event->data.scalar.value;
        size_t n_text = event->data.scalar.length;
        YamlNode *node;
        int r;

        if (n_text > YAML_SCALAR_MAX)
                return refuse(builder, event->start_mark, "a value of more than %u bytes",
                              YAML_SCALAR_MAX);
        if (n_text > 0 && memchr(text, '\0', n_text))
                return refuse(builder, event->start_mark, "a value with a NUL character in it");

        r = new_node(builder, event, YAML_TYPE_SCALAR, &node);
        if (r != 0)
                return r;
        node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        r = apply_tag(builder, event, event->data.scalar.tag, YAML_TYPE_SCALAR, &node->is_plain);
        if (r != 0)
                return r;
        node->text = arena_strndup(builder->arena, text, n_text);
        if (!node->text)
                return -ENOMEM;
        node->n_text = n_text;
        node->weight = 1;
        r = add_anchor(builder, event, event->data.scalar.anchor, node);
        if (r != 0)
                return r;
        return attach(builder, node, event->start_mark);
}

static int open_node(Builder *builder,
                     const yaml_event_t *event,
                     YamlType type,
                     const yaml_char_t *tag,
                     const yaml_char_t *anchor) {
        YamlNode *node;
        int r;

        if (builder->n_frames == YAML_DEPTH_MAX)
                return refuse_depth(builder, event->start_mark);
        r = new_node(builder, event, type, &node);
        if (r != 0)
                return r;
        node->height = 1;
        r = apply_tag(builder, event, tag, type, &node->is_plain);
        if (r != 0)
                return r;
        r = add_anchor(builder, event, anchor, node);
        if (r != 0)
                return r;
        r = attach(builder, node, event->start_mark);
        if (r != 0)
                return r;
        builder->frames[builder->n_frames++] = (Frame){
                .node = node,
                .weight_before = builder->weight - 1,
        };
        return 0;
}

static void close_node(Builder *builder) {
        Frame *frame = &builder->frames[--builder->n_frames];

        frame->node->weight = builder->weight - frame->weight_before;
        grow_height(builder, frame->node);
}

static int add_alias(Builder *builder, const yaml_event_t *event) {
        const char *name = (const char *)event->data.alias.anchor;
        const Anchor *anchor = builder->anchors;

        while (anchor && strcmp(anchor->name, name) != 0)
                anchor = anchor->next;
        if (!anchor)
                return refuse(builder, event->start_mark,
                              "the alias '*%.80s' names nothing that comes before it", name);
        if (anchor->node->weight == 0)
                return refuse(builder, event->start_mark,
                              "the alias '*%.80s' stands inside the value that it names", name);
        if (anchor->node->weight > YAML_NODES_MAX - builder->weight)
                return refuse_nodes(builder, event->start_mark);
        if (anchor->node->height > YAML_DEPTH_MAX - builder->n_frames)
                return refuse_depth(builder, event->start_mark);
        builder->weight += anchor->node->weight;
        grow_height(builder, anchor->node);
        return attach(builder, anchor->node, event->start_mark);
}

static int take_event(Builder *builder, const yaml_event_t *event) {
        switch (event->type) {
        case YAML_DOCUMENT_START_EVENT:
                if (builder->n_documents++ > 0)
                        return refuse(builder, event->start_mark,
                                      "a second document; a file holds one");
                return 0;
        case YAML_ALIAS_EVENT:
                return add_alias(builder, event);
        case YAML_SCALAR_EVENT:
                return add_scalar(builder, event);
        case YAML_SEQUENCE_START_EVENT:
                return open_node(builder, event, YAML_TYPE_SEQUENCE, event->data.sequence_start.tag,
                                 event->data.sequence_start.anchor);
        case YAML_MAPPING_START_EVENT:
                return open_node(builder, event, YAML_TYPE_MAPPING, event->data.mapping_start.tag,
                                 event->data.mapping_start.anchor);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT:
                close_node(builder);
                return 0;
        case YAML_STREAM_END_EVENT:
                builder->is_done = true;
                return 0;
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
                return 0;
        }
        return 0;
}

/* libyaml tells the place of a bad character as an offset in bytes. */
static yaml_mark_t mark_of_offset(const char *data, size_t n_data, size_t offset) {
        yaml_mark_t mark = {};

        for (size_t i = 0; i < offset && i < n_data; ++i) {
                if (data[i] == '\n') {
                        ++mark.line;
                        mark.column = 0;
                } else if (((unsigned char)data[i] & 0xc0) != 0x80) {
                        ++mark.column;
                }
        }
        return mark;
}

static int refuse_syntax(const Builder *builder,
                         const yaml_parser_t *parser,
                         const char *data,
                         size_t n_data) {
        yaml_mark_t mark = parser->problem_mark;

        if (parser->error == YAML_MEMORY_ERROR)
                return -ENOMEM;
        if (parser->error == YAML_READER_ERROR)
                mark = mark_of_offset(data, n_data, parser->problem_offset);
        return refuse(builder, mark, "not YAML: %s%s%s", parser->context ? parser->context : "",
                      parser->context ? ": " : "",
                      parser->problem ? parser->problem : "it cannot be read");
}

static int read_events(Builder *builder, yaml_parser_t *parser, const char *data, size_t n_data) {
        while (!builder->is_done) {
                yaml_event_t event;
                int r;

                if (!yaml_parser_parse(parser, &event))
                        return refuse_syntax(builder, parser, data, n_data);
                r = take_event(builder, &event);
                yaml_event_delete(&event);
                if (r != 0)
                        return r;
        }
        return 0;
}

/**
 * yaml_parse() - one document as a tree
 * @arena:  owns the tree
 * @source: the file as its reader knows it, for @reterr
 * @data:   borrowed for the call
 *
 * Return: 0, CONFIG_E_INVALID, or -ENOMEM.
 */
int yaml_parse(Arena *arena,
               const char *source,
               const char *data,
               size_t n_data,
               const YamlNode **ret,
               Diag *reterr) {
        Builder builder = { .arena = arena,
                            .source = arena_strdup(arena, source),
                            .reterr = reterr };
        yaml_parser_t parser;
        int r;

        if (!builder.source)
                return -ENOMEM;
        if (!yaml_parser_initialize(&parser))
                return -ENOMEM;
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser, (const unsigned char *)data, n_data);
        r = read_events(&builder, &parser, data, n_data);
        yaml_parser_delete(&parser);
        if (r != 0)
                return r;

        if (!builder.root) {
                YamlNode *empty = arena_alloc(arena, sizeof(*empty));

                if (!empty)
                        return -ENOMEM;
                *empty = (YamlNode){ .type = YAML_TYPE_MAPPING,
                                     .file = builder.source,
                                     .line = 1,
                                     .column = 1,
                                     .weight = 1,
                                     .height = 1 };
                builder.root = empty;
        }
        *ret = builder.root;
        return 0;
}

bool yaml_is_null(const YamlNode *node) {
        return node->type == YAML_TYPE_SCALAR && node->is_plain &&
               (node->n_text == 0 || yaml_is_text(node, "~") || yaml_is_text(node, "null") ||
                yaml_is_text(node, "Null") || yaml_is_text(node, "NULL"));
}

bool yaml_is_text(const YamlNode *node, const char *text) {
        return node->type == YAML_TYPE_SCALAR && strcmp(node->text, text) == 0;
}

const YamlNode *yaml_find(const YamlNode *node, const char *key) {
        YAML_FOREACH (entry, node)
                if (yaml_is_text(entry->key, key))
                        return entry->value;
        return NULL;
}
