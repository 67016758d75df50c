/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/serve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "nri/mux.h"
#include "rpc/codec.h"
#include "rpc/status.h"

/*
 * The runtime gives a request two seconds, and takes one that is late, or an answer that is none,
 * for the end of the plugin; it takes a failure of CreateContainer for the container's. So whatever
 * goes wrong here is answered in time, and with nothing, which changes nothing.
 *
 * Until 0.11 events that want no answer come by StateChange with a number; since 0.12 each has a
 * method, and StateChange is what the runtime falls back to when that one is UNIMPLEMENTED.
 */
#define PLUGIN_SERVICE "nri.pkg.api.v1alpha1.Plugin"
/* Of the time that a request names; all parts of a Synchronize have it together. */
#define OF_TIMEOUT_PERCENT 90u

/* Memory: of a message unpacked, and of what comes in parts. */
#define ENVELOPE_MAX (TTRPC_MESSAGE_MAX + 64u * 1024)
#define REQUEST_MAX  (64u * 1024 * 1024)
#define STATE_MAX    (256u * 1024 * 1024)

#define TOO_MANY  "the runtime tells of more than 4096 containers or pods"
#define TOO_LARGE "the runtime tells of its containers in more than 64 MiB, or not in NRI"
#define NO_ROOM   "there is no memory for an answer to the runtime"
static_assert(NRI_STATE_ITEMS_MAX == 4096 && NRI_STATE_BYTES_MAX == 64 * 1024 * 1024,
              "what is said of them");

#define NRI(name) nri__pkg__api__v1alpha1__##name##__descriptor

typedef struct Method {
        const char *name;
        const ProtobufCMessageDescriptor *input, *output;
} Method;

static const Method methods[_NRI_METHOD_N] = {
        [NRI_CONFIGURE] = { "Configure", &NRI(configure_request), &NRI(configure_response) },
        [NRI_SYNCHRONIZE] = { "Synchronize", &NRI(synchronize_request),
                              &NRI(synchronize_response) },
        [NRI_RUN_POD_SANDBOX] = { "RunPodSandbox", &NRI(container_event), &NRI(empty) },
        [NRI_STOP_POD_SANDBOX] = { "StopPodSandbox", &NRI(container_event), &NRI(empty) },
        [NRI_REMOVE_POD_SANDBOX] = { "RemovePodSandbox", &NRI(container_event), &NRI(empty) },
        [NRI_CREATE_CONTAINER] = { "CreateContainer", &NRI(create_container_request),
                                   &NRI(create_container_response) },
        [NRI_POST_CREATE_CONTAINER] = { "PostCreateContainer", &NRI(container_event), &NRI(empty) },
        [NRI_START_CONTAINER] = { "StartContainer", &NRI(container_event), &NRI(empty) },
        [NRI_POST_START_CONTAINER] = { "PostStartContainer", &NRI(container_event), &NRI(empty) },
        [NRI_UPDATE_CONTAINER] = { "UpdateContainer", &NRI(update_container_request),
                                   &NRI(update_container_response) },
        [NRI_POST_UPDATE_CONTAINER] = { "PostUpdateContainer", &NRI(container_event), &NRI(empty) },
        [NRI_STOP_CONTAINER] = { "StopContainer", &NRI(stop_container_request),
                                 &NRI(stop_container_response) },
        [NRI_REMOVE_CONTAINER] = { "RemoveContainer", &NRI(container_event), &NRI(empty) },
};

struct NriCall {
        NriCall *next;
        NriServe *serve;
        uint32_t stream;
        NriMethod method;
        uint64_t due_usec;
        bool is_being_told, is_ended; /* inside requested() */
        bool is_kept;
        void (*gone)(void *userdata);
        void *userdata;
};

const char *nri_method_name(NriMethod method) {
        return methods[method].name;
}

/* Answers */

static void answer(NriServe *serve, uint32_t stream, const ProtobufCMessage *response) {
        int r;

        if (!serve->out)
                return;
        r = ttrpc_write_response(serve->out, MUX_PLUGIN, stream, response);
        if (r == -E2BIG) {
                log_debug("An answer to the container runtime is too large: it has none");
                r = ttrpc_write_response(serve->out, MUX_PLUGIN, stream, NULL);
        }
        if (r)
                serve->over = NO_ROOM;
        serve->changed(serve->userdata);
}

static void refuse(NriServe *serve, uint32_t stream, RpcCode code, const char *message) {
        if (!serve->out)
                return;
        if (ttrpc_write_failure(serve->out, MUX_PLUGIN, stream, (int)code, message))
                serve->over = NO_ROOM;
        serve->changed(serve->userdata);
}

static void unlink_call(NriCall *call) {
        NriCall **place = &call->serve->first;

        while (*place != call)
                place = &(*place)->next;
        *place = call->next;
        --call->serve->n;
}

/* Takes the call away from its owner. */
static void end(NriCall *call) {
        unlink_call(call);
        if (call->is_being_told)
                call->is_ended = true;
        else
                free(call);
}

void nri_call_finish(NriCall *call, const ProtobufCMessage *response) {
        if (!call)
                return;
        if (response && response->descriptor != methods[call->method].output) {
                log_debug("%s is answered with a %s", methods[call->method].name,
                          response->descriptor->name);
                response = NULL;
        }
        answer(call->serve, call->stream, response);
        end(call);
}

void nri_call_fail(NriCall *call, int code, const char *message) {
        if (!call)
                return;
        refuse(call->serve, call->stream, (RpcCode)code, message);
        end(call);
}

void nri_call_keep(NriCall *call, void (*gone)(void *userdata), void *userdata) {
        if (!call)
                return;
        call->is_kept = true;
        call->gone = gone;
        call->userdata = userdata;
}

/* Requests */

/* @due_usec: when it is answered, whoever does. */
static void ask_owner(NriServe *serve,
                      uint32_t stream,
                      uint64_t due_usec,
                      NriMethod method,
                      const ProtobufCMessage *request) {
        NriCall *call;

        if (method != NRI_SYNCHRONIZE && !(serve->params->events & (1u << method))) {
                answer(serve, stream, NULL);
                return;
        }
        call = serve->n < NRI_REQUESTS_MAX ? calloc(1, sizeof(*call)) : NULL;
        if (!call) {
                ++serve->stats->n_unanswered;
                answer(serve, stream, NULL);
                return;
        }
        *call = (NriCall){ .next = serve->first,
                           .serve = serve,
                           .stream = stream,
                           .method = method,
                           .due_usec = due_usec,
                           .is_being_told = true };
        serve->first = call;
        ++serve->n;
        serve->params->requested(call, method, request, serve->params->userdata);
        if (!call->is_ended && !call->is_kept) {
                ++serve->stats->n_unanswered;
                nri_call_finish(call, NULL);
        }
        call->is_being_told = false;
        if (call->is_ended)
                free(call);
        serve->changed(serve->userdata);
}

static void configure(NriServe *serve, uint32_t stream, const ProtobufCMessage *message) {
        const unsigned all = (1u << (_NRI_METHOD_N - NRI_RUN_POD_SANDBOX)) - 1;
        const unsigned events = (serve->params->events >> NRI_RUN_POD_SANDBOX) & all;
        Nri__Pkg__Api__V1alpha1__ConfigureResponse response =
                NRI__PKG__API__V1ALPHA1__CONFIGURE_RESPONSE__INIT;

        /* none would be taken for all of them, those that it does not know included */
        response.events =
                (int32_t)(events ? events : 1u << (NRI_REMOVE_CONTAINER - NRI_RUN_POD_SANDBOX));
        answer(serve, stream, &response.base);
        serve->configured((const Nri__Pkg__Api__V1alpha1__ConfigureRequest *)message,
                          serve->userdata);
        serve->params->requested(NULL, NRI_CONFIGURE, message, serve->params->userdata);
}

static int decode(const ProtobufCMessageDescriptor *descriptor,
                  const void *data,
                  size_t n_data,
                  size_t max,
                  Arena **ret_arena,
                  ProtobufCMessage **ret) {
        Diag diag = {};
        int r = arena_new(max, ret_arena);

        if (r)
                return r;
        r = rpc_codec_proto.decode(data, n_data, descriptor, NULL, *ret_arena, ret, &diag);
        if (r > 0)
                log_debug("A message of the container runtime is not understood: %s", diag.text);
        return r;
}

/* Parts put together are the message: what is repeated goes on, by the rules of protobuf. */
static void synchronize(NriServe *serve,
                        const TtrpcFrame *frame,
                        const TtrpcRequest *request,
                        uint64_t now_usec,
                        uint64_t due_usec) {
        _cleanup_(buffer_deinitp) Buffer whole = {};
        _cleanup_(arena_freep) Arena *arena = NULL;
        Nri__Pkg__Api__V1alpha1__SynchronizeRequest *state;
        Nri__Pkg__Api__V1alpha1__SynchronizeResponse more =
                NRI__PKG__API__V1ALPHA1__SYNCHRONIZE_RESPONSE__INIT;
        ProtobufCMessage *message;
        Arena *part = NULL;
        bool has_more;
        int r = decode(&NRI(synchronize_request), request->payload, request->n_payload, REQUEST_MAX,
                       &part, &message);

        serve->is_synchronized = true;
        has_more = r == 0 && ((Nri__Pkg__Api__V1alpha1__SynchronizeRequest *)message)->more;
        part = arena_free(part);
        if (serve->parts.n_data == 0)
                serve->parts_usec = now_usec;
        serve->parts.max = NRI_STATE_BYTES_MAX;
        if (r == 0) {
                buffer_append(&serve->parts, request->payload, request->n_payload);
                r = serve->parts.error;
        }
        if (r == 0 && has_more) {
                more.more = true;
                answer(serve, frame->stream, &more.base);
                return;
        }
        whole = serve->parts;
        serve->parts = (Buffer){};
        if (r == 0)
                r = decode(&NRI(synchronize_request), whole.data, whole.n_data, STATE_MAX, &arena,
                           &message);
        state = r == 0 ? (Nri__Pkg__Api__V1alpha1__SynchronizeRequest *)message : NULL;
        if (!state || state->n_containers > NRI_STATE_ITEMS_MAX ||
            state->n_pods > NRI_STATE_ITEMS_MAX) {
                serve->over = state ? TOO_MANY : TOO_LARGE;
                refuse(serve, frame->stream, RPC_RESOURCE_EXHAUSTED, serve->over);
                return;
        }
        log_debug("The container runtime has %zu pods and %zu containers, told in %zu bytes",
                  state->n_pods, state->n_containers, whole.n_data);
        state->more = false;
        if (due_usec > serve->parts_usec + serve->params->answer_usec)
                due_usec = serve->parts_usec + serve->params->answer_usec;
        ask_owner(serve, frame->stream, due_usec, NRI_SYNCHRONIZE, message);
}

static void
change_state(NriServe *serve, uint32_t stream, uint64_t due_usec, const ProtobufCMessage *message) {
        const Nri__Pkg__Api__V1alpha1__StateChangeEvent *change =
                (const Nri__Pkg__Api__V1alpha1__StateChangeEvent *)message;
        Nri__Pkg__Api__V1alpha1__ContainerEvent event =
                NRI__PKG__API__V1ALPHA1__CONTAINER_EVENT__INIT;
        const NriMethod method =
                change->event > 0 && change->event <= _NRI_METHOD_N - NRI_RUN_POD_SANDBOX
                        ? (NriMethod)(change->event - 1 + NRI_RUN_POD_SANDBOX)
                        : _NRI_METHOD_N;

        /* what has an answer of its own never comes this way */
        if (method == _NRI_METHOD_N || methods[method].output != &NRI(empty)) {
                answer(serve, stream, NULL);
                return;
        }
        event.pod = change->pod;
        event.container = change->container;
        ask_owner(serve, stream, due_usec, method, &event.base);
}

static NriMethod find_method(const char *name) {
        for (unsigned i = 0; i < _NRI_METHOD_N; ++i)
                if (strcmp(methods[i].name, name) == 0)
                        return (NriMethod)i;
        return _NRI_METHOD_N;
}

static void serve_request(NriServe *serve,
                          const TtrpcFrame *frame,
                          const TtrpcRequest *request,
                          uint64_t now_usec) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        const NriMethod method = find_method(request->method);
        const bool is_change = strcmp(request->method, "StateChange") == 0;
        uint64_t due_usec = now_usec + serve->params->answer_usec;
        ProtobufCMessage *message;

        if (request->timeout_usec > 0 &&
            request->timeout_usec / 100 * OF_TIMEOUT_PERCENT < serve->params->answer_usec)
                due_usec = now_usec + request->timeout_usec / 100 * OF_TIMEOUT_PERCENT;
        if (strcmp(request->method, "Shutdown") == 0) {
                log_debug("The container runtime shuts down");
                answer(serve, frame->stream, NULL);
        } else if (method == NRI_SYNCHRONIZE)
                synchronize(serve, frame, request, now_usec, due_usec);
        else if (method == _NRI_METHOD_N && !is_change)
                refuse(serve, frame->stream, RPC_UNIMPLEMENTED, "there is no such method");
        else if (decode(is_change ? &NRI(state_change_event) : methods[method].input,
                        request->payload, request->n_payload, REQUEST_MAX, &arena, &message) != 0) {
                ++serve->stats->n_unanswered;
                answer(serve, frame->stream, NULL);
        } else if (is_change)
                change_state(serve, frame->stream, due_usec, message);
        else if (method == NRI_CONFIGURE)
                configure(serve, frame->stream, message);
        else
                ask_owner(serve, frame->stream, due_usec, method, message);
}

void nri_serve_take(NriServe *serve, const TtrpcFrame *frame, uint64_t now_usec) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        TtrpcRequest request;

        if (frame->type !=
            TTRPC_REQUEST) /* of a stream that was refused, or nothing that we know */
                return;
        if (frame->stream % 2 != 1)
                refuse(serve, frame->stream, RPC_INVALID_ARGUMENT, "a caller's streams are odd");
        else if (frame->is_too_large)
                refuse(serve, frame->stream, RPC_RESOURCE_EXHAUSTED, "the message is too large");
        else if (frame->flags & TTRPC_REMOTE_OPEN)
                refuse(serve, frame->stream, RPC_UNIMPLEMENTED, "nothing here is a stream");
        else if (arena_new(ENVELOPE_MAX, &arena) != 0 ||
                 ttrpc_get_request(frame, arena, &request) != 0)
                refuse(serve, frame->stream, RPC_INVALID_ARGUMENT, "that is no request");
        else if (strcmp(request.service, PLUGIN_SERVICE) != 0)
                refuse(serve, frame->stream, RPC_UNIMPLEMENTED, "there is no such service");
        else {
                ++serve->stats->n_requests;
                serve_request(serve, frame, &request, now_usec);
        }
}

/* Ends */

/* The owner is told after it is gone, so that it may ask for whatever it wants. */
static void lose(NriCall *call) {
        void (*gone)(void *userdata) = call->gone;
        void *userdata = call->userdata;

        unlink_call(call);
        free(call);
        if (gone)
                gone(userdata);
}

void nri_serve_expire(NriServe *serve, uint64_t now_usec) {
        NriCall *call = serve->first;

        while (call) {
                if (call->due_usec > now_usec) {
                        call = call->next;
                        continue;
                }
                ++serve->stats->n_late;
                log_debug("%s is answered with nothing: its time is over",
                          methods[call->method].name);
                answer(serve, call->stream, NULL);
                lose(call);
                call = serve->first;
        }
}

void nri_serve_forget(NriServe *serve) {
        while (serve->first)
                end(serve->first);
        buffer_deinit(&serve->parts);
}

void nri_serve_drop(NriServe *serve) {
        while (serve->first)
                lose(serve->first);
        nri_serve_forget(serve);
        serve->over = NULL;
        serve->is_synchronized = false;
}

uint64_t nri_serve_get_due(const NriServe *serve) {
        uint64_t due_usec = UINT64_MAX;

        for (const NriCall *call = serve->first; call; call = call->next)
                if (call->due_usec < due_usec)
                        due_usec = call->due_usec;
        return due_usec;
}
