/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/scan.h"
#include "rpc/json.h"
#include "slugctl/call.h"
#include "slugctl/client.h"

/*
 * A change is one line that needs no line before it, so that a list and a stream of them look the
 * same: when, which generation, what.
 *
 * Following asks again and again, because a call is answered at once. A daemon that goes away is
 * waited for; one that comes back counts its generations anew, which its start time tells.
 */
#define FOLLOW_PAUSE_MSEC 200u
#define FOLLOW_ARENA      (4u * 1024 * 1024)
#define TIME_TEXT_MAX     40u

static const Option options[] = {
        { .name = "follow", .letter = 'f', .help = "go on, and print every change as it comes" },
        { .name = "after",
          .argument = "GENERATION",
          .help = "only what came after that generation" },
};

/* "2026-01-31T12:00:00.123Z" */
static const char *format_time(uint64_t usec, char text[static TIME_TEXT_MAX]) {
        const time_t seconds = (time_t)(usec / USEC_PER_SEC);
        struct tm utc;
        size_t n;

        if (!gmtime_r(&seconds, &utc))
                return "?";
        n = strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
        (void)snprintf(text + n, TIME_TEXT_MAX - n, ".%03" PRIu64 "Z",
                       usec % USEC_PER_SEC / USEC_PER_MSEC);
        return text;
}

void change_append(const Slug__V1__Change *change, const Style *style, Buffer *buffer) {
        char text[TIME_TEXT_MAX];

        buffer_printf(buffer, "%s  %4" PRIu64 "  ", format_time(change->time_usec, text),
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

typedef struct Follower {
        const VerbContext *context;
        uint64_t after_generation;
        uint64_t start_time_usec; /* of the daemon that is followed; 0: none was reached yet */
        bool is_lost;             /* said once, until it is back */
} Follower;

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

static int ask(Follower *self, Arena *arena, Slug__V1__ListChangesResponse **ret, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer answer = {};
        ProtobufCMessage *message;
        char request[64];
        int r;

        (void)snprintf(request, sizeof(request), "{\"afterGeneration\": \"%" PRIu64 "\"}",
                       self->after_generation);
        r = call_ask(self->context, self->context->verb->path, request, &answer, reterr);
        if (r)
                return r;
        r = json_decode(answer.data, answer.n_data, self->context->verb->response, NULL, arena,
                        &message, reterr);
        if (r == 0)
                *ret = (Slug__V1__ListChangesResponse *)message;
        return r;
}

static int take(Follower *self, const Slug__V1__ListChangesResponse *response) {
        int r;

        if (self->start_time_usec && self->start_time_usec != response->start_time_usec) {
                self->start_time_usec = response->start_time_usec;
                self->after_generation = 0;
                return 0; /* the next answer is all of the new daemon's */
        }
        self->start_time_usec = response->start_time_usec;
        if (response->is_incomplete && self->after_generation)
                (void)fprintf(stderr, "slugctl: some changes came too fast to be told\n");
        for (size_t i = 0; i < response->n_changes; ++i) {
                r = print_change(self->context, response->changes[i]);
                if (r)
                        return r;
        }
        self->after_generation = response->generation;
        return 0;
}

/* Return: 0, also when nobody answers, or what ends it. */
static int follow_once(Follower *self, Diag *reterr) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        Slug__V1__ListChangesResponse *response;
        int r;

        r = arena_new(FOLLOW_ARENA, &arena);
        if (r)
                return r;
        r = ask(self, arena, &response, reterr);
        if (r == CLIENT_E_UNREACHABLE && self->start_time_usec) {
                if (!self->is_lost)
                        (void)fprintf(stderr, "slugctl: slugd is gone; waiting for it\n");
                self->is_lost = true;
                return 0;
        }
        if (r)
                return r;
        self->is_lost = false;
        return take(self, response);
}

static int follow(const VerbContext *context) {
        const struct timespec pause = { .tv_nsec = FOLLOW_PAUSE_MSEC * 1000L * 1000 };
        Follower self = { .context = context };
        Diag diag = {};
        int r;

        if (context->output == OUTPUT_YAML)
                return verb_refuse(context->verb, "--follow prints lines or -o json, not yaml");
        r = get_after(context, &self.after_generation, &diag);
        if (r)
                return verb_refuse(context->verb, "%s", diag.text);
        for (;;) {
                r = follow_once(&self, &diag);
                if (r) {
                        (void)call_complain(r, &diag);
                        return r == CLIENT_E_UNREACHABLE ? EXIT_UNREACHABLE : EXIT_FAILURE;
                }
                /* a reader that is gone ends it, too; main() says what there is to say */
                if (fflush(stdout) != 0)
                        return EXIT_FAILURE;
                (void)nanosleep(&pause, NULL);
        }
}

static int run(const VerbContext *context) {
        return verb_find_option(context, "follow") ? follow(context) : call_run(context);
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
                "--follow goes on: it asks slugd five times a second, waits for one that "
                "restarts,\n"
                "and ends with Ctrl-C. With -o json every change is an object on a line of its "
                "own.\n"
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
