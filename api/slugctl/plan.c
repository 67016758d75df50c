/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/plan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/quantity.h"
#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/knob.h"
#include "slugctl/words.h"

/*
 * A row for each knob of each level. The columns are functions, as those of pods are; the wide
 * table has values as the kernel shows them, to the byte.
 */
static void add_level(Table *table, const Slug__V1__PlannedKnob *knob) {
        table_add_or(table, knob->level, "-");
}

static void add_knob(Table *table, const Slug__V1__PlannedKnob *knob) {
        table_add_or(table, knob->knob, "-");
}

static void add_owner(Table *table, const Slug__V1__PlannedKnob *knob) {
        table_add(table, TONE_PLAIN, knob_owner_word(knob->owner));
}

static void add_now(Table *table, const Slug__V1__PlannedKnob *knob) {
        table_add_knob(table, knob->knob, MESSAGE_TEXT(knob, current));
}

static void add_intended(Table *table, const Slug__V1__PlannedKnob *knob) {
        table_add_knob(table, knob->knob, MESSAGE_TEXT(knob, intended));
}

static void add_before(Table *table, const Slug__V1__PlannedKnob *knob) {
        table_add_knob(table, knob->knob, MESSAGE_TEXT(knob, before));
}

static void add_status(Table *table, const Slug__V1__PlannedKnob *knob) {
        if (knob->is_held_back)
                table_add(table, TONE_NOTICE, "held back");
        else
                table_add(table, knob_status_tone(knob->status), knob_status_word(knob->status));
}

static void add_path(Table *table, const Slug__V1__PlannedKnob *knob) {
        table_add_or(table, knob->path, "<none>");
}

static void add_reason(Table *table, const Slug__V1__PlannedKnob *knob) {
        if (knob->error[0])
                table_printf(table, TONE_PLAIN, "%s; %s", knob->error, knob->reason);
        else
                table_add_or(table, knob->reason, "-");
}

static const struct {
        const char *header;
        void (*add)(Table *table, const Slug__V1__PlannedKnob *knob);
        bool is_wide_only;
} columns[] = {
        { "Level", add_level, false },       { "Knob", add_knob, false },
        { "Owner", add_owner, false },       { "Now", add_now, false },
        { "Intended", add_intended, false }, { "Before slugd", add_before, true },
        { "Status", add_status, false },     { "Cgroup", add_path, true },
        { "Reason", add_reason, false },
};

static void
append_knobs(const Slug__V1__PlanResponse *response, const Style *style, Buffer *buffer) {
        size_t n_columns = 0;

        for (size_t i = 0; i < ELEMENTSOF(columns); ++i)
                n_columns += style->is_wide || !columns[i].is_wide_only;
        _cleanup_(table_deinitp) Table table = table_init(style, n_columns);

        for (size_t i = 0; i < ELEMENTSOF(columns); ++i)
                if (style->is_wide || !columns[i].is_wide_only)
                        table_add(&table, TONE_BOLD, columns[i].header);
        table_end_headers(&table);
        for (size_t k = 0; k < response->n_knobs; ++k)
                for (size_t i = 0; i < ELEMENTSOF(columns); ++i)
                        if (style->is_wide || !columns[i].is_wide_only)
                                columns[i].add(&table, response->knobs[k]);
        table_append(&table, 0, buffer);
}

static void append_class(const char *name, uint64_t bytes, uint64_t n_pods, Buffer *buffer) {
        char text[QUANTITY_TEXT_MAX];

        buffer_printf(buffer, "%s %s (%" PRIu64 " pod%s), ", name,
                      quantity_format_bytes(bytes, text), n_pods, n_pods == 1 ? "" : "s");
}

static void
append_requests(const Slug__V1__RequestSum *requests, const Style *style, Buffer *buffer) {
        if (!requests)
                return;
        if (!requests->is_known) {
                output_toned(buffer, style, TONE_NOTICE, "Requests are not all known: ");
                output_text(buffer, style, requests->problem);
                buffer_append_char(buffer, '\n');
                return;
        }
        buffer_append_text(buffer, "Requests: ");
        append_class("guaranteed", requests->guaranteed_bytes, requests->guaranteed_pods, buffer);
        append_class("burstable", requests->burstable_bytes, requests->burstable_pods, buffer);
        buffer_printf(buffer, "besteffort (%" PRIu64 " pod%s)\n", requests->besteffort_pods,
                      requests->besteffort_pods == 1 ? "" : "s");
}

void plan_append(const Slug__V1__PlanResponse *response, const Style *style, Buffer *buffer) {
        if (response->n_knobs > 0)
                append_knobs(response, style, buffer);
        else
                buffer_append_text(buffer, "No limits are planned\n");
        buffer_append_char(buffer, '\n');
        buffer_append_text(buffer, "Driver: ");
        output_text(buffer, style,
                    response->driver[0] ? response->driver : "<none>  (no kubepods cgroup)");
        buffer_append_char(buffer, '\n');
        append_requests(response->requests, style, buffer);
        if (response->problem[0]) {
                output_toned(buffer, style, TONE_BAD, "Nothing is written: ");
                output_text(buffer, style, response->problem);
                buffer_append_char(buffer, '\n');
        }
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        plan_append((const Slug__V1__PlanResponse *)message, style, buffer);
}

/* Return: 0, or 1 when something differs. */
static int print_diff(const VerbContext *context, Buffer *answer, Diag *reterr) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer text = {};
        ProtobufCMessage *message;
        size_t n;
        int r;

        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = call_decode(context->verb, answer, arena, &message, reterr);
        if (r)
                return r;
        n = plan_append_diff((const Slug__V1__PlanResponse *)message, &context->style, &text);
        r = buffer_finish(&text);
        if (r)
                return r;
        (void)fwrite(text.data, 1, text.n_data, stdout);
        return n > 0;
}

static int run(const VerbContext *context) {
        return context->output == OUTPUT_DIFF ? call_run_and(context, print_diff)
                                              : call_run(context);
}

const Verb verb_plan = {
        .name = "plan",
        .arguments = "",
        .summary = "what slugd sets of the QoS cgroups' limits, and why",
        .help = "Shows every knob of the QoS cgroups: who owns it, what is there now, what slugd\n"
                "wants there, how far that is, and the formula with its numbers. What slugd was\n"
                "not told to own (qos.manage in slugd.yaml) stays as it is.\n"
                "\n"
                "-o wide has values to the byte, as the kernel shows them, what was there before\n"
                "slugd wrote, and the cgroup. -o diff prints only what differs, as a unified diff\n"
                "of the files; if anything does the exit status is 1. 'slugd --plan' shows the\n"
                "same where no slugd runs.\n"
                "\n"
                "Examples:\n"
                "  slugctl plan\n"
                "  slugctl plan -o diff\n"
                "  slugctl plan -o wide | less -S\n"
                "  slugctl plan -o json | jq '.knobs[] | select(.status | test(\"REFUSED\"))'\n",
        .has_diff = true,
        .run = run,
        .path = "/slug.v1.NodeService/Plan",
        .response = &slug__v1__plan_response__descriptor,
        .render = render,
};
