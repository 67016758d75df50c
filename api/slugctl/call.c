/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/call.h"

#include <stdio.h>
#include <string.h>

#include "rpc/json.h"
#include "slugctl/client.h"
#include "slugctl/document.h"

#define ANSWER_ARENA (64u * 1024 * 1024)

static int print_table(const VerbContext *context, const Buffer *answer, Diag *reterr) {
        const Verb *verb = context->verb;
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer text = {};
        ProtobufCMessage *message;
        int r;

        r = arena_new(ANSWER_ARENA, &arena);
        if (r)
                return r;
        r = json_decode(answer->data, answer->n_data, verb->response, NULL, arena, &message,
                        reterr);
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
        return client_call(context->socket, path, request ? request : "{}", answer, reterr);
}

int call_complain(int r, const Diag *diag) {
        char text[DIAG_FORMATTED_MAX];

        if (r > 0)
                (void)fprintf(stderr, "slugctl: %s\n", diag_format(diag, text));
        else
                (void)fprintf(stderr, "slugctl: %s\n", strerror(-r));
        return EXIT_FAILURE;
}

int call_run(const VerbContext *context) {
        const Verb *verb = context->verb;
        _cleanup_(buffer_deinitp) Buffer request = {}, answer = {};
        Diag diag = {};
        int r = 0;

        if (verb->write_request) {
                r = verb->write_request(context, &request, &diag);
                if (r == VERB_E_USAGE)
                        return verb_refuse(verb, "%s", diag.text);
                if (r == 0)
                        r = buffer_finish(&request);
                if (r)
                        return call_complain(r, &diag);
        }
        r = call_ask(context, verb->path, request.data, &answer, &diag);
        if (r == CLIENT_E_UNREACHABLE) {
                (void)call_complain(r, &diag);
                return EXIT_UNREACHABLE;
        }
        if (r == 0)
                r = call_print(context, &answer, &diag);
        return r ? call_complain(r, &diag) : EXIT_SUCCESS;
}
