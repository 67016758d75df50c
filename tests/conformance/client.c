/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conformance runner's calls through our client
 *
 * One call after the other: what to call and how comes on standard input, what came of it goes to
 * standard output.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "conformance/wire.h"
#include "google/rpc/status.pb-c.h"
#include "rpc/client.h"

typedef Connectrpc__Conformance__V1__ClientCompatRequest CompatRequest;
typedef Connectrpc__Conformance__V1__ClientResponseResult CompatResult;

#define CANCEL_IS(member)                                                                          \
        CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_REQUEST__CANCEL__CANCEL_TIMING_##member
#define PAYLOADS_MAX 1000u

/* Of the call that is under way. */
typedef struct Run {
        const CompatRequest *request;
        sd_event *event;
        RpcClientCall *call;
        CompatResult result;
        Payload *payloads[PAYLOADS_MAX];
        bool is_cancelled;
} Run;

static const struct {
        const char *name;
        const ProtobufCMessageDescriptor *input, *output;
        bool gives_stream;
} methods[] = {
#define METHOD(Name, name, gives_stream)                                                           \
        {                                                                                          \
#                Name, &connectrpc__conformance__v1__##name##_request__descriptor,                 \
                        &connectrpc__conformance__v1__##name##_response__descriptor, gives_stream  \
        }
        METHOD(Unary, unary, false),
        METHOD(IdempotentUnary, idempotent_unary, false),
        METHOD(Unimplemented, unimplemented, false),
        METHOD(ServerStream, server_stream, true),
};

static int open_socket(void *userdata) {
        const CompatRequest *request = userdata;
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)request->port) };
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

        if (fd < 0 || inet_pton(AF_INET, request->host, &address.sin_addr) != 1 ||
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
            connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
            fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        return fd;
}

static void set_error(Run *run, RpcCode code, const char *message) {
        Error *error = wire_alloc(1, sizeof(*error));

        connectrpc__conformance__v1__error__init(error);
        error->code = (Connectrpc__Conformance__V1__Code)code;
        error->_message_case = CONNECTRPC__CONFORMANCE__V1__ERROR___MESSAGE_MESSAGE;
        error->message = strdup(message);
        run->result.error = error;
}

static void cancel(Run *run) {
        rpc_client_cancel(run->call);
        run->is_cancelled = true;
        set_error(run, RPC_CANCELED, "cancelled");
        (void)sd_event_exit(run->event, 0);
}

static int on_cancel_time(sd_event_source *source, uint64_t usec, void *userdata) {
        (void)source;
        (void)usec;
        cancel(userdata);
        return 0;
}

static void on_message(const ProtobufCMessage *message, void *userdata) {
        Run *run = userdata;
        const CompatRequest *request = run->request;
        /* all answers are alike: the payload is their only field */
        const Payload *payload =
                ((const Connectrpc__Conformance__V1__UnaryResponse *)message)->payload;
        static const Payload nothing = CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;
        const Google__Protobuf__Any *packed =
                wire_pack_any(payload ? &payload->base : &nothing.base);

        if (run->result.n_payloads == PAYLOADS_MAX)
                wire_die("too many messages");
        run->payloads[run->result.n_payloads++] =
                connectrpc__conformance__v1__conformance_payload__unpack(NULL, packed->value.len,
                                                                         packed->value.data);
        if (request->cancel &&
            request->cancel->cancel_timing_case == CANCEL_IS(AFTER_NUM_RESPONSES) &&
            run->result.n_payloads == request->cancel->after_num_responses)
                cancel(run);
}

static void add_details(Run *run, const RpcResult *result) {
        Google__Rpc__Status *status =
                google__rpc__status__unpack(NULL, result->n_details, result->details);

        if (!status)
                return;
        run->result.error->n_details = status->n_details;
        run->result.error->details = status->details;
}

static void on_ended(const RpcResult *result, void *userdata) {
        Run *run = userdata;

        run->result.n_response_headers = wire_group(result->leading, &run->result.response_headers);
        run->result.n_response_trailers =
                wire_group(result->trailing, &run->result.response_trailers);
        if (result->code != RPC_OK) {
                set_error(run, result->code, result->message);
                if (result->details)
                        add_details(run, result);
        }
        (void)sd_event_exit(run->event, 0);
}

static const ProtobufCMessage *get_request(const CompatRequest *request, size_t method) {
        const Google__Protobuf__Any *any;
        const ProtobufCMessage *message;

        if (request->n_request_messages != 1)
                wire_die("%s: %zu messages to send", request->test_name,
                         request->n_request_messages);
        any = request->request_messages[0];
        message = protobuf_c_message_unpack(methods[method].input, NULL, any->value.len,
                                            any->value.data);
        if (!message)
                wire_die("%s: a message that is none", request->test_name);
        return message;
}

static void add_metadata(const CompatRequest *request, Arena *arena, RpcMetadata *metadata) {
        for (size_t i = 0; i < request->n_request_headers; ++i)
                for (size_t k = 0; k < request->request_headers[i]->n_value; ++k)
                        if (metadata_add(metadata, arena, request->request_headers[i]->name,
                                         strlen(request->request_headers[i]->name),
                                         request->request_headers[i]->value[k],
                                         strlen(request->request_headers[i]->value[k])) < 0)
                                wire_die("out of memory");
}

static void schedule_cancel(Run *run) {
        const Connectrpc__Conformance__V1__ClientCompatRequest__Cancel *cancel_at =
                run->request->cancel;
        uint64_t msec = 0;

        if (!cancel_at || cancel_at->cancel_timing_case == CANCEL_IS(AFTER_NUM_RESPONSES))
                return;
        if (cancel_at->cancel_timing_case == CANCEL_IS(AFTER_CLOSE_SEND_MS))
                msec = cancel_at->after_close_send_ms;
        if (sd_event_add_time_relative(run->event, NULL, CLOCK_MONOTONIC, msec * USEC_PER_MSEC, 1,
                                       on_cancel_time, run) < 0)
                wire_die("no timer");
}

static void call(Run *run, size_t method) {
        const CompatRequest *request = run->request;
        RpcMetadata metadata = {};
        RpcClient *client;
        RpcClientCallParams params;
        char path[256];
        Arena *arena;

        (void)snprintf(path, sizeof(path), "/%s/%s", request->service, request->method);
        if (sd_event_new(&run->event) < 0 || arena_new(1 << 24, &arena) < 0 ||
            rpc_client_new(
                    &(const RpcClientParams){
                            .event = run->event,
                            .open = open_socket,
                            .userdata = (void *)request,
                            .codec =
                                    request->codec == CONNECTRPC__CONFORMANCE__V1__CODEC__CODEC_JSON
                                            ? &rpc_codec_json
                                            : &rpc_codec_proto,
                            .types = &wire_types,
                            .max_response_bytes = request->message_receive_limit },
                    &client) < 0)
                wire_die("no client");
        add_metadata(request, arena, &metadata);
        params = (RpcClientCallParams){ .path = path,
                                        .request = get_request(request, method),
                                        .output = methods[method].output,
                                        .gives_stream = methods[method].gives_stream,
                                        .metadata = &metadata,
                                        .message = on_message,
                                        .ended = on_ended,
                                        .userdata = run };
        if (request->_timeout_ms_case)
                params.timeout_usec = opt_u64(request->timeout_ms * USEC_PER_MSEC);
        (void)usleep(request->request_delay_ms * 1000);
        if (rpc_client_call(client, &params, &run->call) < 0)
                wire_die("%s: the call cannot be made", request->test_name);
        schedule_cancel(run);
        if (sd_event_loop(run->event) < 0)
                wire_die("the loop has failed");
        rpc_client_free(client);
        sd_event_unref(run->event);
        arena_free(arena);
}

static void answer(const CompatRequest *request) {
        Connectrpc__Conformance__V1__ClientCompatResponse response =
                CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__INIT;
        Run *run = wire_alloc(1, sizeof(*run));
        size_t method = 0;

        while (method < ELEMENTSOF(methods) && strcmp(methods[method].name, request->method) != 0)
                ++method;
        if (method == ELEMENTSOF(methods))
                wire_die("%s: no method %s", request->test_name, request->method);
        run->request = request;
        connectrpc__conformance__v1__client_response_result__init(&run->result);
        run->result.payloads = run->payloads;
        call(run, method);
        response.test_name = request->test_name;
        response.result_case = CONNECTRPC__CONFORMANCE__V1__CLIENT_COMPAT_RESPONSE__RESULT_RESPONSE;
        response.response = &run->result;
        wire_write(&response.base);
        free(run);
}

int main(void) {
        const ProtobufCMessage *request;

        while ((request =
                        wire_read(&connectrpc__conformance__v1__client_compat_request__descriptor)))
                answer((const CompatRequest *)request);
        return EXIT_SUCCESS;
}
