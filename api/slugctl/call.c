/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/call.h"

#include <stdio.h>
#include <string.h>

#include "rpc/json.h"
#include "slugctl/client.h"
#include "slugctl/document.h"

int call_decode(const Verb *verb,
                const Buffer *answer,
                Arena *arena,
                ProtobufCMessage **ret,
                Diag *reterr) {
        return json_decode(answer->data, answer->n_data, verb->response, NULL, arena, ret, reterr);
}

static int print_table(const VerbContext *context, const Buffer *answer, Diag *reterr) {
        const Verb *verb = context->verb;
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer text = {};
        ProtobufCMessage *message;
        int r;

        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r)
                return r;
        r = call_decode(verb, answer, arena, &message, reterr);
        if (r)
                return r;
        verb->render(message, &context->style, &text);
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

int call_print(const VerbContext *context, const Buffer *answer, Diag *reterr) {
        switch (context->output) {
        case OUTPUT_JSON:
                return document_print_json(answer->data, stdout, reterr);
        case OUTPUT_YAML:
                return document_print_yaml(answer->data, stdout, reterr);
        case OUTPUT_TABLE:
        case OUTPUT_WIDE:
        case OUTPUT_DIFF: /* of a verb that makes it itself */
                break;
        }
        return print_table(context, answer, reterr);
}

int call_ask(const VerbContext *context,
             const char *path,
             const char *request,
             Buffer *answer,
             Diag *reterr) {
        int r;

        if (context->wait_sec) {
                r = client_wait(context->socket, context->wait_sec * 1000, reterr);
                if (r)
                        return r;
        }
        return client_call_for(context->socket, path, request ? request : "{}",
                               context->verb->timeout_sec * 1000L, answer, reterr);
}

int call_complain(int r, const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        if (r > 0)
                (void)fprintf(stderr, "slugctl: %s\n", diag_format(diag, text));
        else
                (void)fprintf(stderr, "slugctl: %s\n", strerror(-r));
        return EXIT_FAILURE;
}

bool call_write(const VerbContext *context, Buffer *request, int *ret_status) {
        const Verb *verb = context->verb;
        Diag diag = {};
        int r;

        if (!verb->write_request)
                return true;
        r = verb->write_request(context, request, &diag);
        if (r == VERB_E_USAGE) {
                *ret_status = verb_refuse(verb, "%s", diag.text);
                return false;
        }
        if (r == 0)
                r = buffer_finish(request);
        if (r)
                *ret_status = call_complain(r, &diag);
        return r == 0;
}

/* What the answer means for a script, whatever the output. */
static int judge(const Verb *verb, const Buffer *answer, int *ret_status, Diag *reterr) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        ProtobufCMessage *message;
        int r;

        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = call_decode(verb, answer, arena, &message, reterr);
        if (r == 0)
                *ret_status = verb->get_status(message);
        return r;
}

int call_send(const VerbContext *context, const char *request) {
        const Verb *verb = context->verb;
        _cleanup_(buffer_deinitp) Buffer answer = {};
        int status = EXIT_SUCCESS;
        Diag diag = {};
        int r;

        r = call_ask(context, verb->path, request, &answer, &diag);
        if (r == CLIENT_E_UNREACHABLE) {
                (void)call_complain(r, &diag);
                return EXIT_UNREACHABLE;
        }
        if (r == 0)
                r = call_print(context, &answer, &diag);
        if (r == 0 && verb->get_status)
                r = judge(verb, &answer, &status, &diag);
        return r ? call_complain(r, &diag) : status;
}

int call_run(const VerbContext *context) {
        _cleanup_(buffer_deinitp) Buffer request = {};
        int status;

        return call_write(context, &request, &status) ? call_send(context, request.data) : status;
}

int call_run_and(const VerbContext *context, CallTake *take) {
        _cleanup_(buffer_deinitp) Buffer request = {}, answer = {};
        int r, status;
        Diag diag = {};

        if (!call_write(context, &request, &status))
                return status;
        r = call_ask(context, context->verb->path, request.data, &answer, &diag);
        if (r == CLIENT_E_UNREACHABLE) {
                (void)call_complain(r, &diag);
                return EXIT_UNREACHABLE;
        }
        if (r == 0)
                r = take(context, &answer, &diag);
        if (r > 0 && !diag.text[0])
                return EXIT_FAILURE;
        return r ? call_complain(r, &diag) : EXIT_SUCCESS;
}

int call_find_daemon(const VerbContext *context) {
        _cleanup_(buffer_deinitp) Buffer answer = {};
        Diag diag = {};
        const int r = call_ask(context, "/slug.v1.NodeService/GetVersion", NULL, &answer, &diag);

        if (r == 0)
                return EXIT_SUCCESS;
        (void)call_complain(r, &diag);
        return r == CLIENT_E_UNREACHABLE ? EXIT_UNREACHABLE : EXIT_FAILURE;
}
