/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "nri/mux.h"
#include "rpc/codec.h"
#include "rpc/status.h"

#define RUNTIME_SERVICE "nri.pkg.api.v1alpha1.Runtime"
/* An answer is what could not be done of a request of ours. */
#define ARENA_MAX (64u * 1024 * 1024)

struct NriOutgoing {
        NriOutgoing *next;
        uint32_t stream;
        uint64_t due_usec;
        const ProtobufCMessageDescriptor *output;
        NriDone done;
        NriCallOwner owner;
};

int nri_calls_make(NriCalls *calls, Buffer *out, uint64_t now_usec, const NriCallParams *params) {
        const uint32_t stream = calls->last_stream ? calls->last_stream + 2 : 1;
        _cleanup_(freep) NriOutgoing *call = calloc(1, sizeof(*call));
        int r;

        if (!call)
                return -ENOMEM;
        if (calls->n >= NRI_CALLS_MAX || stream < calls->last_stream)
                return -EAGAIN;
        r = ttrpc_write_request(out, MUX_RUNTIME, stream, RUNTIME_SERVICE, params->method,
                                params->timeout_usec, params->request);
        if (r)
                return r;
        *call = (NriOutgoing){ .next = calls->first,
                               .stream = stream,
                               .due_usec = now_usec + params->timeout_usec,
                               .output = params->output,
                               .done = params->done,
                               .owner = params->owner };
        calls->last_stream = stream;
        calls->first = TAKE_PTR(call);
        ++calls->n;
        return 0;
}

/* Takes it out, and it is the caller's. */
static NriOutgoing *pop(NriCalls *calls, NriOutgoing **place) {
        NriOutgoing *call = *place;

        *place = call->next;
        --calls->n;
        return call;
}

static void end(const NriOutgoing *call, const TtrpcFrame *frame) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        TtrpcResponse response;
        ProtobufCMessage *message = NULL;
        char problem[DIAG_TEXT_MAX] = "its answer cannot be read";
        Diag diag = {};

        if (frame->is_too_large)
                (void)snprintf(problem, sizeof(problem), "its answer is too large");
        else if (arena_new(ARENA_MAX, &arena) == 0 &&
                 ttrpc_get_response(frame, arena, &response) == 0) {
                if (response.code != RPC_OK)
                        (void)snprintf(problem, sizeof(problem), "%s (%s)", response.message,
                                       response.code > 0 && response.code < _RPC_CODE_N
                                               ? rpc_code_name((RpcCode)response.code)
                                               : "unknown");
                else if (rpc_codec_proto.decode((const char *)response.payload, response.n_payload,
                                                call->output, NULL, arena, &message, &diag) != 0)
                        message = NULL;
        }
        call->done(message, message ? NULL : problem, &call->owner);
}

void nri_calls_take(NriCalls *calls, const TtrpcFrame *frame) {
        for (NriOutgoing **place = &calls->first; *place; place = &(*place)->next) {
                _cleanup_(freep) NriOutgoing *call = NULL;

                if ((*place)->stream != frame->stream)
                        continue;
                call = pop(calls, place);
                end(call, frame);
                return;
        }
        log_debug("The container runtime answers a call that nobody waits for");
}

size_t nri_calls_expire(NriCalls *calls, uint64_t now_usec, const char *problem) {
        for (size_t n = 0;; ++n) {
                _cleanup_(freep) NriOutgoing *call = NULL;
                NriOutgoing **place = &calls->first;

                /* from the beginning each time: who is told may make another one */
                while (*place && (*place)->due_usec > now_usec)
                        place = &(*place)->next;
                if (!*place)
                        return n;
                call = pop(calls, place);
                call->done(NULL, problem, &call->owner);
        }
}

void nri_calls_forget(NriCalls *calls) {
        while (calls->first)
                free(pop(calls, &calls->first));
}

uint64_t nri_calls_get_due(const NriCalls *calls) {
        uint64_t due_usec = UINT64_MAX;

        for (const NriOutgoing *call = calls->first; call; call = call->next)
                if (call->due_usec < due_usec)
                        due_usec = call->due_usec;
        return due_usec;
}
