/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/quantity.h"
#include "rpc/json.h"
#include "slugctl/changes.h"
#include "slugctl/describe-node.h"
#include "slugctl/follow.h"
#include "slugctl/screen.h"

/*
 * On a terminal the screen is drawn anew with every message; elsewhere one text follows the other,
 * and with -o json one object a line. What is drawn is a pure function of the last message and the
 * last changes.
 */
typedef struct Watcher {
        const VerbContext *context;
        bool is_live;
        WatchChanges changes;
} Watcher;

void watch_note_changes(WatchChanges *changes,
                        const Slug__V1__ListChangesResponse *response,
                        const Style *style) {
        for (size_t i = 0; i < response->n_changes; ++i) {
                _cleanup_(buffer_deinitp) Buffer line = {};

                change_append(response->changes[i], style, &line);
                if (buffer_finish(&line) < 0)
                        continue;
                if (changes->n_lines == WATCH_CHANGES_MAX) {
                        memmove(changes->lines[0], changes->lines[1],
                                sizeof(changes->lines) - sizeof(changes->lines[0]));
                        --changes->n_lines;
                }
                /* change_append() ends the line, which may be cut here */
                (void)snprintf(changes->lines[changes->n_lines++], sizeof(changes->lines[0]),
                               "%.*s", (int)strcspn(line.data, "\n"), line.data);
        }
}

static void add_sum(Table *table, const char *locality, uint64_t capacity, uint64_t allocatable) {
        char text[QUANTITY_TEXT_MAX];

        table_add(table, strcmp(locality, "remote") == 0 ? TONE_FAR : TONE_PLAIN, locality);
        table_add(table, TONE_PLAIN, quantity_format_bytes(capacity, text));
        table_add(table, TONE_PLAIN, quantity_format_bytes(allocatable, text));
}

static void
append_sums(const Slug__V1__DescribeNodeResponse *node, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Locality", "Capacity", "Allocatable" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (!node->capacity || !node->allocatable)
                return;
        table_set_headers(&table, headers);
        add_sum(&table, "local", node->capacity->local_bytes, node->allocatable->local_bytes);
        add_sum(&table, "remote", node->capacity->remote_bytes, node->allocatable->remote_bytes);
        output_heading(buffer, style, "Memory:");
        table_append(&table, 2, buffer);
}

/* Those that are not as they should be. */
static void
append_conditions(const Slug__V1__DescribeNodeResponse *node, const Style *style, Buffer *buffer) {
        _cleanup_(table_deinitp) Table table = table_init(style, 2);

        for (size_t i = 0; i < node->n_conditions; ++i) {
                const Slug__V1__Condition *condition = node->conditions[i];

                if (condition->status == SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_TRUE)
                        continue;
                table_add(&table,
                          condition->status == SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_FALSE
                                  ? TONE_BAD
                                  : TONE_NOTICE,
                          condition->type);
                table_add(&table, TONE_PLAIN, condition->message);
        }
        output_heading(buffer, style, "Conditions that are not True:");
        if (table_is_empty(&table))
                buffer_append_text(buffer, "  none\n");
        else
                table_append(&table, 2, buffer);
}

void watch_append(const Slug__V1__DescribeNodeResponse *node,
                  const WatchChanges *changes,
                  const Style *style,
                  Buffer *buffer) {
        output_toned(buffer, style, TONE_BOLD, "Name:");
        buffer_append_text(buffer, "  ");
        output_text(buffer, style, node->name[0] ? node->name : "<unknown>");
        buffer_printf(buffer, "  (generation %" PRIu64 ")\n", node->generation);
        append_sums(node, style, buffer);
        described_numa_nodes_append(node->numa_nodes, node->n_numa_nodes, style, buffer);
        append_conditions(node, style, buffer);
        output_heading(buffer, style, "Last changes:");
        if (changes->n_lines == 0)
                buffer_append_text(buffer, "  none since slugd started\n");
        for (size_t i = 0; i < changes->n_lines; ++i)
                buffer_printf(buffer, "  %s\n", changes->lines[i]);
}

/* One state that comes alone. */
static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        static const Slug__V1__DescribeNodeResponse unknown =
                SLUG__V1__DESCRIBE_NODE_RESPONSE__INIT;
        const Slug__V1__WatchResponse *response = (const Slug__V1__WatchResponse *)message;
        WatchChanges changes = {};

        if (response->changes)
                watch_note_changes(&changes, response->changes, style);
        watch_append(response->node ? response->node : &unknown, &changes, style, buffer);
}

static int print_json(const Slug__V1__WatchResponse *response) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        json_encode(&response->base, 0, NULL, &text);
        buffer_append_char(&text, '\n');
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

static int take(const Slug__V1__WatchResponse *response, void *userdata) {
        Watcher *self = userdata;
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        if (self->context->output == OUTPUT_JSON)
                return print_json(response);
        if (!response->node || !response->changes)
                return -EBADMSG;
        watch_note_changes(&self->changes, response->changes, &self->context->style);
        if (self->is_live)
                buffer_append_text(&text, "\033[H\033[2J");
        watch_append(response->node, &self->changes, &self->context->style, &text);
        buffer_append_text(&text, self->is_live ? "\nCtrl-C ends it\n" : "\n");
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

static int run(const VerbContext *context) {
        Watcher self = {
                .context = context,
                .is_live = screen_is_possible(),
        };

        if (context->output == OUTPUT_YAML)
                return verb_refuse(context->verb, "it prints tables or -o json, not yaml");
        return follow(&(const FollowParams){ .context = context, .take = take, .userdata = &self });
}

const Verb verb_watch = {
        .name = "watch",
        .arguments = "",
        .summary = "this node as it changes, until Ctrl-C",
        .help = "Shows this node's memory by locality and NUMA node, the conditions that are not\n"
                "True and the last changes, and draws all of it anew whenever something is\n"
                "different. A slugd that restarts is waited for.\n"
                "\n"
                "On anything but a terminal one text follows the other; with -o json every state "
                "is\n"
                "an object on a line of its own: \"node\" as of describe-node, \"changes\" since "
                "the\n"
                "line before. Who reads slowly gets the newest state, with all changes.\n"
                "\n"
                "Examples:\n"
                "  slugctl watch\n"
                "  slugctl watch -o json | jq -r .node.allocatable.remoteBytes\n",
        .run = run,
        .response = &slug__v1__watch_response__descriptor,
        .render = render,
};
