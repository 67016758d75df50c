/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/scan.h"
#include "rpc/json.h"
#include "slugctl/call.h"
#include "slugctl/follow.h"
#include "slugctl/words.h"

/*
 * A change is one line that needs no line before it, so that a list and a stream of them look the
 * same: when, which generation, what.
 */
static const Option options[] = {
        { .name = "follow", .letter = 'f', .help = "go on, and print every change as it comes" },
        { .name = "after",
          .argument = "GENERATION",
          .help = "only what came after that generation" },
};

void change_append(const Slug__V1__Change *change, const Style *style, Buffer *buffer) {
        char text[TIME_TEXT_MAX];

        buffer_printf(buffer, "%s  %4" PRIu64 "  ", time_format(change->time_usec, text),
                      change->generation);
        output_text(buffer, style, change->message);
        buffer_append_text(buffer, "\n");
}

void changes_append(const Slug__V1__ListChangesResponse *response,
                    const Style *style,
                    Buffer *buffer) {
        if (response->is_incomplete)
                buffer_append_text(buffer, "(older changes are forgotten)\n");
        if (response->n_changes == 0)
                buffer_append_text(buffer, "No changes\n");
        for (size_t i = 0; i < response->n_changes; ++i)
                change_append(response->changes[i], style, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        changes_append((const Slug__V1__ListChangesResponse *)message, style, buffer);
}

static int get_after(const VerbContext *context, uint64_t *ret, Diag *reterr) {
        const char *text = verb_find_option(context, "after");
        Scan scan = scan_init(text ? text : "0", text ? strlen(text) : 1);

        if (scan_u64(&scan, ret) && scan_is_done(&scan))
                return 0;
        diag_set(reterr, NULL, 0, 0, "--after expects the number of a generation, not '%s'", text);
        return VERB_E_USAGE;
}

static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        uint64_t after;
        int r;

        r = get_after(context, &after, reterr);
        if (r == 0)
                buffer_printf(request, "{\"afterGeneration\": \"%" PRIu64 "\"}", after);
        return r;
}

/* Following */

static int print_change(const VerbContext *context, const Slug__V1__Change *change) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        if (context->output == OUTPUT_JSON) {
                json_encode(&change->base, 0, NULL, &text);
                buffer_append_text(&text, "\n");
        } else {
                change_append(change, &context->style, &text);
        }
        r = buffer_finish(&text);
        if (r)
                return r;
        (void)fwrite(text.data, 1, text.n_data, stdout);
        return 0;
}

static int take(const Slug__V1__WatchResponse *response, void *userdata) {
        const VerbContext *context = userdata;
        const Slug__V1__ListChangesResponse *changes = response->changes;

        if (!changes)
                return -EBADMSG;
        if (changes->is_incomplete)
                (void)fprintf(stderr, "slugctl: older changes are forgotten\n");
        for (size_t i = 0; i < changes->n_changes; ++i) {
                const int r = print_change(context, changes->changes[i]);

                if (r)
                        return r;
        }
        return 0;
}

static int follow_changes(const VerbContext *context) {
        FollowParams params = { .context = context, .take = take, .userdata = (void *)context };
        Diag diag = {};

        if (context->output == OUTPUT_YAML)
                return verb_refuse(context->verb, "--follow prints lines or -o json, not yaml");
        if (get_after(context, &params.after_generation, &diag))
                return verb_refuse(context->verb, "%s", diag.text);
        return follow(&params);
}

static int run(const VerbContext *context) {
        return verb_find_option(context, "follow") ? follow_changes(context) : call_run(context);
}

const Verb verb_changes = {
        .name = "changes",
        .arguments = " [--follow]",
        .summary = "what changed since slugd started",
        .help = "Lists what became different since slugd started, oldest first: NUMA nodes, CXL\n"
                "regions and devices that came, went or changed, and settings after a reload. "
                "Each\n"
                "line has the time (UTC), the generation that began with it, and what is "
                "different.\n"
                "slugd remembers the last 256 of them.\n"
                "\n"
                "--follow goes on, waits for a slugd that restarts, and ends with Ctrl-C. With\n"
                "-o json every change is an object on a line of its own.\n"
                "\n"
                "Examples:\n"
                "  slugctl changes\n"
                "  slugctl changes --follow\n"
                "  slugctl changes --follow -o json | jq -r .message\n"
                "  slugctl changes --after 3\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = run,
        .path = "/slug.v1.NodeService/ListChanges",
        .response = &slug__v1__list_changes_response__descriptor,
        .write_request = write_request,
        .render = render,
};
