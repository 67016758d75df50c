/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/json.h"
#include "slug/v1/node.pb-c.h"
#include "slugctl/call.h"
#include "slugctl/client.h"
#include "slugctl/document.h"

/*
 * A daemon that is not there is no failure of this verb: slugctl's own version is told all the
 * same, and why the other is missing stands on standard error.
 */
#define VERSION_PATH  "/slug.v1.NodeService/GetVersion"
#define VERSION_ARENA (1u * 1024 * 1024)

static const char *get_root(const Slug__V1__GetVersionResponse *response) {
        return response->root[0] && strcmp(response->root, "/") != 0 ? response->root : NULL;
}

/* @ret: of @arena */
static int
decode(const Buffer *answer, Arena *arena, const Slug__V1__GetVersionResponse **ret, Diag *reterr) {
        ProtobufCMessage *message;
        int r;

        r = json_decode(answer->data, answer->n_data, &slug__v1__get_version_response__descriptor,
                        NULL, arena, &message, reterr);
        if (r)
                return r;
        *ret = (const Slug__V1__GetVersionResponse *)message;
        return 0;
}

/* The daemon's half of the table. */
static void
append_daemon(const Slug__V1__GetVersionResponse *response, const Style *style, Buffer *text) {
        const char *root = get_root(response);

        buffer_append_text(text, "slugd    ");
        output_text(text, style, response->version[0] ? response->version : "<unknown>");
        if (root) {
                buffer_append_text(text, "  (reads the machine captured in ");
                output_text(text, style, root);
                buffer_append_text(text, ", not this one)");
        }
        buffer_append_char(text, '\n');
}

/* @answer: the daemon's, or one without data. */
static int print_table(const VerbContext *context, const Buffer *answer, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        const Slug__V1__GetVersionResponse *response;
        int r;

        buffer_append_text(&text, "slugctl  " PACKAGE_VERSION "\n");
        if (answer->data) {
                r = arena_new(VERSION_ARENA, &arena);
                if (r == 0)
                        r = decode(answer, arena, &response, reterr);
                if (r)
                        return r;
                append_daemon(response, &context->style, &text);
        }
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

static int print_document(const VerbContext *context, const Buffer *answer, Diag *reterr) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        buffer_append_text(&text, "{\"slugctl\":{\"version\":\"" PACKAGE_VERSION "\"}");
        if (answer->data)
                buffer_printf(&text, ",\"slugd\":%s", answer->data);
        buffer_append_char(&text, '}');
        r = buffer_finish(&text);
        if (r)
                return r;
        return context->output == OUTPUT_JSON ? document_print_json(text.data, stdout, reterr)
                                              : document_print_yaml(text.data, stdout, reterr);
}

static int print(const VerbContext *context, const Buffer *answer, Diag *reterr) {
        if (context->output == OUTPUT_JSON || context->output == OUTPUT_YAML)
                return print_document(context, answer, reterr);
        return print_table(context, answer, reterr);
}

static int run(const VerbContext *context) {
        _cleanup_(buffer_deinitp) Buffer answer = {};
        Diag diag = {};
        int status = EXIT_SUCCESS, r;

        if (!verb_find_option(context, "client")) {
                r = call_ask(context, VERSION_PATH, NULL, &answer, &diag);
                if (r) {
                        (void)call_complain(r, &diag);
                        status = r == CLIENT_E_UNREACHABLE ? EXIT_SUCCESS : EXIT_FAILURE;
                        buffer_deinit(&answer);
                }
        }
        r = print(context, &answer, &diag);
        return r ? call_complain(r, &diag) : status;
}

void version_tell_captured(const VerbContext *context) {
        _cleanup_(buffer_deinitp) Buffer answer = {}, text = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        const Slug__V1__GetVersionResponse *response;
        Diag ignored = {};

        if (context->output == OUTPUT_JSON || context->output == OUTPUT_YAML)
                return;
        if (call_ask(context, VERSION_PATH, NULL, &answer, &ignored) ||
            arena_new(VERSION_ARENA, &arena) || decode(&answer, arena, &response, &ignored) ||
            !get_root(response))
                return;
        output_text(&text, &context->style, get_root(response));
        if (buffer_finish(&text) == 0)
                (void)fprintf(stderr, "slugctl: this is the machine captured in %s, not this one\n",
                              text.data);
}

static const Option options[] = {
        { .name = "client", .help = "only slugctl's own; does not ask slugd" },
};

const Verb verb_version = {
        .name = "version",
        .arguments = " [--client]",
        .summary = "the versions of slugctl and of slugd",
        .help = "Prints the version of slugctl and that of the slugd it reaches, and says when "
                "that\n"
                "slugd reads a captured machine. Without a slugd the exit status is 0 all the "
                "same:\n"
                "that it is missing is said on standard error.\n"
                "\n"
                "Examples:\n"
                "  slugctl version\n"
                "  slugctl version --client\n"
                "  slugctl version -o json | jq -r .slugd.version\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = run,
};
