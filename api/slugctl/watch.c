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
#include "slugctl/words.h"

/*
 * On a terminal the screen is drawn anew with every message; elsewhere one text follows the other,
 * and with -o json one object a line. What is drawn is a pure function of the last message and the
 * last news.
 */
typedef struct Watcher {
        const VerbContext *context;
        bool is_live;
        WatchNews news;
} Watcher;

/* @text: ends in a newline */
static void add_line(WatchLines *lines, Buffer *text) {
        if (buffer_finish(text) < 0)
                return;
        if (lines->n_lines == WATCH_CHANGES_MAX) {
                memmove(lines->lines[0], lines->lines[1],
                        sizeof(lines->lines) - sizeof(lines->lines[0]));
                --lines->n_lines;
        }
        (void)snprintf(lines->lines[lines->n_lines++], sizeof(lines->lines[0]), "%.*s",
                       (int)strcspn(text->data, "\n"), text->data);
}

static const char *find_words(Slug__V1__CgroupEventKind kind) {
        switch (kind) {
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_LOW:
                return "reclaimed below memory.low";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_HIGH:
                return "throttled at memory.high";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_MAX:
                return "memory.max reached";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_OOM:
                return "out of memory";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_OOM_KILL:
                return "processes killed for want of memory";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_OOM_GROUP_KILL:
                return "whole cgroups killed for want of memory";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_POPULATED:
                return "has processes";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_EMPTY:
                return "has no processes";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_PRESSURE:
                return "tasks wait for memory";
        case SLUG__V1__CGROUP_EVENT_KIND__CGROUP_EVENT_KIND_UNSPECIFIED:
        case _SLUG__V1__CGROUP_EVENT_KIND_IS_INT_SIZE:
                break;
        }
        return "something that this slugctl does not know";
}

static void append_event(const Slug__V1__CgroupEvent *event, const Style *style, Buffer *buffer) {
        char text[TIME_TEXT_MAX];

        buffer_printf(buffer, "%s  ", time_format(event->time_usec, text));
        output_text(buffer, style, event->level);
        buffer_printf(buffer, ": %s", find_words(event->kind));
        if (event->count != 1)
                buffer_printf(buffer, ", %" PRIu64 " times", event->count);
        buffer_append_text(buffer, "\n");
}

static void append_split(const Slug__V1__SplitEvent *event, const Style *style, Buffer *buffer) {
        const bool has_name = event->pod[0] != '\0';
        char text[TIME_TEXT_MAX];

        buffer_printf(buffer, "%s  ", time_format(event->time_usec, text));
        output_text(buffer, style, has_name ? event->namespace_ : "");
        buffer_append_text(buffer, has_name ? "/" : "");
        output_text(buffer, style, has_name ? event->pod : event->pod_uid);
        buffer_append_char(buffer, '/');
        output_text(buffer, style, event->container);
        buffer_append_text(buffer, event->held ? ": held again" : ": cannot be held");
        buffer_append_text(buffer, event->reason[0] ? ": " : "");
        output_text(buffer, style, event->reason);
        buffer_append_text(buffer, "\n");
}

void watch_note(WatchNews *news, const Slug__V1__WatchResponse *response, const Style *style) {
        for (size_t i = 0; response->changes && i < response->changes->n_changes; ++i) {
                _cleanup_(buffer_deinitp) Buffer line = {};

                change_append(response->changes->changes[i], style, &line);
                add_line(&news->changes, &line);
        }
        for (size_t i = 0; i < response->n_cgroup_events; ++i) {
                _cleanup_(buffer_deinitp) Buffer line = {};

                append_event(response->cgroup_events[i], style, &line);
                add_line(&news->events, &line);
        }
        for (size_t i = 0; i < response->n_split_events; ++i) {
                _cleanup_(buffer_deinitp) Buffer line = {};

                append_split(response->split_events[i], style, &line);
                add_line(&news->splits, &line);
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

static void append_lines(const WatchLines *lines, Buffer *buffer) {
        for (size_t i = 0; i < lines->n_lines; ++i)
                buffer_printf(buffer, "  %s\n", lines->lines[i]);
}

void watch_append(const Slug__V1__DescribeNodeResponse *node,
                  const WatchNews *news,
                  const Style *style,
                  Buffer *buffer) {
        output_toned(buffer, style, TONE_BOLD, "Name:");
        buffer_append_text(buffer, "  ");
        output_text(buffer, style, node->name[0] ? node->name : "<unknown>");
        buffer_printf(buffer, "  (generation %" PRIu64 ")\n", node->generation);
        append_sums(node, style, buffer);
        described_numa_nodes_append(node->numa_nodes, node->n_numa_nodes, style, buffer);
        append_conditions(node, style, buffer);
        if (news->events.n_lines > 0)
                output_heading(buffer, style, "Last events of QoS cgroups:");
        append_lines(&news->events, buffer);
        if (news->splits.n_lines > 0)
                output_heading(buffer, style, "Last events of splits:");
        append_lines(&news->splits, buffer);
        output_heading(buffer, style, "Last changes:");
        if (news->changes.n_lines == 0)
                buffer_append_text(buffer, "  none since slugd started\n");
        append_lines(&news->changes, buffer);
}

/* One state that comes alone. */
static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        static const Slug__V1__DescribeNodeResponse unknown =
                SLUG__V1__DESCRIBE_NODE_RESPONSE__INIT;
        const Slug__V1__WatchResponse *response = (const Slug__V1__WatchResponse *)message;
        WatchNews news = {};

        watch_note(&news, response, style);
        watch_append(response->node ? response->node : &unknown, &news, style, buffer);
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
        watch_note(&self->news, response, &self->context->style);
        if (self->is_live)
                buffer_append_text(&text, "\033[H\033[2J");
        watch_append(response->node, &self->news, &self->context->style, &text);
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
                "True, the last events of the QoS cgroups and of splits while it watches and the\n"
                "last changes, and draws all of it anew whenever something is different. A slugd\n"
                "that restarts is waited for.\n"
                "\n"
                "On anything but a terminal one text follows the other; with -o json every state "
                "is\n"
                "an object on a line of its own: \"node\" as of describe-node, \"changes\",\n"
                "\"cgroupEvents\" and \"splitEvents\" since the line before. Who reads slowly "
                "gets\n"
                "the newest state, with all changes, and those events that are still kept.\n"
                "\n"
                "Examples:\n"
                "  slugctl watch\n"
                "  slugctl watch -o json | jq -r .node.allocatable.remoteBytes\n",
        .run = run,
        .response = &slug__v1__watch_response__descriptor,
        .render = render,
};
