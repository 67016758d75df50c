/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ConformanceService through our server
 *
 * The runner writes one request on standard input, gets host and port on standard output, calls the
 * service there and ends the process when it is done. What the service does is what the
 * requests say: it answers with the data, headers, trailers, delays and failures that it is given,
 * and with what it saw of the request.
 *
 * Memory is not given back: the process lives as long as one run.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "conformance/wire.h"
#include "rpc/percent.h"
#include "rpc/server.h"

#define SERVICE "/connectrpc.conformance.v1.ConformanceService/"

#define REQUEST_INFO_HAS(member)                                                                   \
        CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__REQUEST_INFO___##member

static sd_event *event;

/* What one call is to do, from its first request on. */
typedef struct Job {
        RpcCall *call;
        sd_event_source *delay;
        const UnaryDefinition *unary;   /* of a single answer; NULL: nothing said */
        const StreamDefinition *stream; /* of many; NULL: nothing said */
        Google__Protobuf__Any **requests;
        size_t n_requests, n_allocated;
        size_t n_sent;
        bool is_full_duplex;
        bool has_first;
        bool is_half_closed;
        bool is_waiting;
        uint32_t delay_msec;
} Job;

static ProtobufCMessage *copy(const ProtobufCMessage *message) {
        const size_t n = protobuf_c_message_get_packed_size(message);
        uint8_t *data = wire_alloc(n, 1);
        ProtobufCMessage *result;

        (void)protobuf_c_message_pack(message, data);
        result = protobuf_c_message_unpack(message->descriptor, NULL, n, data);
        free(data);
        return result;
}

/* What is answered */

typedef int (*AddHeader)(RpcCall *call, const char *name, const char *value);

static void add_headers(Job *job, Header *const *headers, size_t n_headers, AddHeader add) {
        for (size_t i = 0; i < n_headers; ++i) {
                char *name = strdup(headers[i]->name);

                for (char *c = name; *c; ++c)
                        if (*c >= 'A' && *c <= 'Z')
                                *c = (char)(*c - 'A' + 'a');
                for (size_t k = 0; k < headers[i]->n_value; ++k)
                        if (add(job->call, name, headers[i]->value[k]) < 0)
                                wire_die("header %s cannot be sent", name);
                free(name);
        }
}

static void add_query(RequestInfo *info, const char *query) {
        Connectrpc__Conformance__V1__ConformancePayload__ConnectGetInfo *get =
                wire_alloc(1, sizeof(*get));
        RpcMetadata pairs = {};
        Arena *arena;
        char *text = strdup(query), *rest = text, *pair;

        connectrpc__conformance__v1__conformance_payload__connect_get_info__init(get);
        if (arena_new(1 << 24, &arena) < 0)
                wire_die("out of memory");
        while ((pair = strsep(&rest, "&"))) {
                char *value = strchr(pair, '=');

                if (!value)
                        continue;
                *value++ = '\0';
                if (metadata_add(&pairs, arena, pair, strlen(pair), value, percent_decode(value)) <
                    0)
                        wire_die("out of memory");
        }
        get->n_query_params = wire_group(&pairs, &get->query_params);
        info->connect_get_info = get;
        arena_free(arena);
        free(text);
}

static RequestInfo *make_info(const Job *job, bool has_headers) {
        RequestInfo *info = wire_alloc(1, sizeof(*info));
        const OptU64 timeout_usec = rpc_call_get_timeout(job->call);

        connectrpc__conformance__v1__conformance_payload__request_info__init(info);
        info->n_requests = job->n_requests;
        info->requests = job->requests;
        if (!has_headers)
                return info;
        info->n_request_headers =
                wire_group(rpc_call_get_metadata(job->call), &info->request_headers);
        if (timeout_usec.present) {
                info->_timeout_ms_case = REQUEST_INFO_HAS(TIMEOUT_MS_TIMEOUT_MS);
                info->timeout_ms = (int64_t)(timeout_usec.value / USEC_PER_MSEC);
        }
        if (rpc_call_get_query(job->call))
                add_query(info, rpc_call_get_query(job->call));
        return info;
}

static void end_job(Job *job) {
        sd_event_source_disable_unref(job->delay);
        free(job);
}

static void add_detail(Job *job, const Google__Protobuf__Any *detail) {
        const char *slash = strrchr(detail->type_url, '/');

        if (rpc_call_add_detail(job->call, slash ? slash + 1 : detail->type_url, detail->value.data,
                                detail->value.len) < 0)
                wire_die("a detail cannot be added");
}

static void fail(Job *job, const Error *error, bool has_info) {
        RpcCall *call = job->call;

        for (size_t i = 0; i < error->n_details; ++i)
                add_detail(job, error->details[i]);
        if (has_info)
                add_detail(job, wire_pack_any(&make_info(job, true)->base));
        end_job(job);
        rpc_call_fail(call, (RpcCode)error->code, "%s", error->message ? error->message : "");
}

static void *wrap(const ProtobufCMessageDescriptor *descriptor, Payload *payload) {
        /* all answers are alike: the payload is their only field */
        Connectrpc__Conformance__V1__UnaryResponse *response =
                wire_alloc(1, descriptor->sizeof_message);

        protobuf_c_message_init(descriptor, response);
        response->payload = payload;
        return response;
}

static const ProtobufCMessageDescriptor *get_output(const Job *job);

/* A single answer */

static void send_single(Job *job) {
        const UnaryDefinition *definition = job->unary;
        Payload *payload = wire_alloc(1, sizeof(*payload));
        RpcCall *call = job->call;
        ProtobufCMessage *response;

        connectrpc__conformance__v1__conformance_payload__init(payload);
        payload->request_info = make_info(job, true);
        if (definition &&
            definition->response_case ==
                    CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA)
                payload->data = definition->response_data;
        response = wrap(get_output(job), payload);
        end_job(job);
        rpc_call_finish(call, response);
}

static void on_ended(RpcCall *call, void *userdata) {
        (void)call;
        end_job(userdata);
}

static void wait_then(Job *job, uint32_t msec, sd_event_time_handler_t then) {
        job->delay = sd_event_source_disable_unref(job->delay);
        if (sd_event_add_time_relative(event, &job->delay, CLOCK_MONOTONIC, msec * USEC_PER_MSEC, 1,
                                       then, job) < 0)
                wire_die("no timer");
}

static int on_single_delay(sd_event_source *source, uint64_t usec, void *userdata) {
        (void)source;
        (void)usec;
        send_single(userdata);
        return 0;
}

static void answer_single(Job *job) {
        const UnaryDefinition *definition = job->unary;

        if (definition) {
                add_headers(job, definition->response_headers, definition->n_response_headers,
                            rpc_call_add_header);
                add_headers(job, definition->response_trailers, definition->n_response_trailers,
                            rpc_call_add_trailer);
        }
        if (definition &&
            definition->response_case ==
                    CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR)
                fail(job, definition->error, true);
        else if (definition && definition->response_delay_ms > 0)
                wait_then(job, definition->response_delay_ms, on_single_delay);
        else
                send_single(job);
}

/* Many answers */

static size_t count_answers(const Job *job) {
        return job->stream ? job->stream->n_response_data : 0;
}

static void finish_stream(Job *job) {
        RpcCall *call = job->call;

        if (job->stream && job->stream->error) {
                fail(job, job->stream->error, job->n_sent == 0);
                return;
        }
        end_job(job);
        rpc_call_finish(call, NULL);
}

/* Return: false when the call is over. */
static bool send_next(Job *job) {
        Payload *payload = wire_alloc(1, sizeof(*payload));

        connectrpc__conformance__v1__conformance_payload__init(payload);
        payload->data = job->stream->response_data[job->n_sent];
        if (job->n_sent == 0 || job->is_full_duplex)
                payload->request_info = make_info(job, job->n_sent == 0);
        if (job->is_full_duplex) {
                job->n_requests = 0;
                job->requests = NULL;
                job->n_allocated = 0;
        }
        if (!rpc_call_push(job->call, wrap(get_output(job), payload))) {
                end_job(job);
                return false;
        }
        ++job->n_sent;
        return true;
}

static void pump(Job *job);

static int on_stream_delay(sd_event_source *source, uint64_t usec, void *userdata) {
        Job *job = userdata;

        (void)source;
        (void)usec;
        job->is_waiting = false;
        if (send_next(job))
                pump(job);
        return 0;
}

/* As far as the requests allow: in full duplex an answer for each, otherwise all at the end. */
static void pump(Job *job) {
        while (!job->is_waiting) {
                const bool may_send =
                        job->is_half_closed || (job->is_full_duplex && job->n_requests > 0);

                if (!may_send)
                        return;
                if (job->n_sent >= count_answers(job)) {
                        finish_stream(job);
                        return;
                }
                if (!job->is_full_duplex || job->is_half_closed)
                        rpc_call_send_head(job->call);
                if (job->stream->response_delay_ms > 0) {
                        job->is_waiting = true;
                        wait_then(job, job->stream->response_delay_ms, on_stream_delay);
                        return;
                }
                if (!send_next(job))
                        return;
        }
}

static void begin_stream(Job *job) {
        if (!job->stream)
                return;
        add_headers(job, job->stream->response_headers, job->stream->n_response_headers,
                    rpc_call_add_header);
        add_headers(job, job->stream->response_trailers, job->stream->n_response_trailers,
                    rpc_call_add_trailer);
        if (job->is_full_duplex && job->stream->n_response_data > 0)
                rpc_call_send_head(job->call);
}

/* Requests */

static Job *get_job(RpcCall *call) {
        Job *job = rpc_call_get_kept(call);

        if (job)
                return job;
        job = wire_alloc(1, sizeof(*job));
        job->call = call;
        rpc_call_keep(call, on_ended, NULL, job);
        return job;
}

static void note_request(Job *job, const ProtobufCMessage *request) {
        if (job->n_requests == job->n_allocated) {
                job->n_allocated = job->n_allocated ? job->n_allocated * 2 : 4;
                job->requests = reallocarray(job->requests, job->n_allocated, sizeof(void *));
                if (!job->requests)
                        wire_die("out of memory");
        }
        job->requests[job->n_requests++] = wire_pack_any(request);
}

/* Every request begins with its definition. */
static void *get_definition(const ProtobufCMessage *request) {
        return ((Connectrpc__Conformance__V1__UnaryRequest *)copy(request))->response_definition;
}

static void handle_unary(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Job *job = get_job(call);

        (void)userdata;
        note_request(job, request);
        job->unary = get_definition(request);
        answer_single(job);
}

static void handle_server_stream(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Job *job = get_job(call);

        (void)userdata;
        note_request(job, request);
        job->stream = get_definition(request);
        job->is_half_closed = true;
        begin_stream(job);
        pump(job);
}

static void handle_client_stream(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Job *job = get_job(call);

        (void)userdata;
        if (!request) {
                answer_single(job);
                return;
        }
        if (!job->has_first)
                job->unary = get_definition(request);
        job->has_first = true;
        note_request(job, request);
}

static void handle_bidi(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Job *job = get_job(call);

        (void)userdata;
        if (request) {
                note_request(job, request);
                if (!job->has_first) {
                        job->stream = get_definition(request);
                        job->is_full_duplex =
                                ((const Connectrpc__Conformance__V1__BidiStreamRequest *)request)
                                        ->full_duplex;
                        job->has_first = true;
                        begin_stream(job);
                }
        } else {
                job->is_half_closed = true;
        }
        pump(job);
}

static void handle_unimplemented(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)request;
        (void)userdata;
        rpc_call_fail(call, RPC_UNIMPLEMENTED, "never");
}

/* Not const: the runner says how long a message may be. */
#define METHOD(Name, name, Kind, is_idempotent)                                                    \
        {                                                                                          \
                .path = SERVICE #Name,                                                             \
                .input = &connectrpc__conformance__v1__##name##_request__descriptor,               \
                .output = &connectrpc__conformance__v1__##name##_response__descriptor,             \
                .kind = (Kind), .has_no_side_effects = (is_idempotent)                             \
        }
static RpcMethod methods[] = {
        METHOD(Unary, unary, RPC_UNARY, false),
        METHOD(IdempotentUnary, idempotent_unary, RPC_UNARY, true),
        METHOD(Unimplemented, unimplemented, RPC_UNARY, false),
        METHOD(ServerStream, server_stream, RPC_SERVER_STREAM, false),
        METHOD(ClientStream, client_stream, RPC_CLIENT_STREAM, false),
        METHOD(BidiStream, bidi_stream, RPC_BIDI, false),
};
static const RpcHandler handlers[ELEMENTSOF(methods)] = {
        handle_unary,         handle_unary,         handle_unimplemented,
        handle_server_stream, handle_client_stream, handle_bidi,
};

static const ProtobufCMessageDescriptor *get_output(const Job *job) {
        return rpc_call_get_method(job->call)->output;
}

/* The socket */

static int make_socket(uint16_t *ret_port) {
        struct sockaddr_in address = { .sin_family = AF_INET,
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t n = sizeof(address);
        const int one = 1;
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ||
            bind(fd, (const struct sockaddr *)&address, n) < 0 || listen(fd, SOMAXCONN) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &n) < 0)
                wire_die("no socket: %s", strerror(errno));
        *ret_port = ntohs(address.sin_port);
        return fd;
}

int main(void) {
        Connectrpc__Conformance__V1__ServerCompatResponse response =
                CONNECTRPC__CONFORMANCE__V1__SERVER_COMPAT_RESPONSE__INIT;
        const Connectrpc__Conformance__V1__ServerCompatRequest *request;
        const RpcService service = { .methods = methods, .n_methods = ELEMENTSOF(methods) };
        const RpcService *const services[] = { &service };
        const RpcTable table = { .services = services, .n_services = 1, .types = &wire_types };
        RpcLimits limits = RPC_LIMITS_DEFAULT;
        RpcServer *server;
        uint16_t port;

        request = (const void *)wire_read(
                &connectrpc__conformance__v1__server_compat_request__descriptor);
        if (!request)
                wire_die("standard input is empty");
        for (size_t i = 0; i < ELEMENTSOF(methods); ++i) {
                methods[i].handler = handlers[i];
                methods[i].max_request_bytes =
                        request->message_receive_limit ? request->message_receive_limit : 1 << 20;
        }
        /* some cases have large headers on purpose */
        limits.max_headers = 256;
        limits.max_header_bytes = 256u * 1024;
        if (sd_event_new(&event) < 0 ||
            rpc_server_new(
                    &(const RpcServerParams){ .event = event, .table = &table, .limits = &limits },
                    &server) < 0 ||
            rpc_server_listen_fd(server, make_socket(&port)) < 0)
                wire_die("cannot serve");
        response.host = (char *)"127.0.0.1";
        response.port = port;
        wire_write(&response.base);
        return sd_event_loop(event) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
