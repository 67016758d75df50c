/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as the body of a request, without a socket. The first byte chooses the protocol and the
 * kind of the method, the second into what pieces the body is cut. However it is cut, the answer is
 * the same: whole envelopes of whole messages, one status, and nothing beyond the cap.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "rpc/envelope.h"
#include "rpc/exchange.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"

#define OPTIONS_BYTES 2u
#define TEXT_MAX      8192u
#define KINDS         4u
/* The real one is the same arithmetic, 256 times as slow. */
#define CAP (64u * 1024)
/* of messages; behind them comes the status, with what handlers gave it */
#define OUT_MAX (CAP + 16384u)

typedef struct Protocol {
        const char *type;
        const RpcCodec *codec;
        bool is_grpc, is_unary;
} Protocol;

static const Protocol protocols[] = {
        { .type = "application/grpc", .codec = &rpc_codec_proto, .is_grpc = true },
        { .type = "application/grpc+json", .codec = &rpc_codec_json, .is_grpc = true },
        { .type = "application/connect+proto", .codec = &rpc_codec_proto },
        { .type = "application/connect+json", .codec = &rpc_codec_json },
        { .type = "application/proto", .codec = &rpc_codec_proto, .is_unary = true },
        { .type = "application/json", .codec = &rpc_codec_json, .is_unary = true },
};

static void fail(const char *what) {
        (void)fprintf(stderr, "%s\n", what);
        abort();
}

/*
 * Methods. An id says what its request gets: one that ends in 15 a failure, any other that many
 * bytes, up to TEXT_MAX, so that a short input can reach the cap. Odd ones get metadata, too.
 */

static void add_metadata(RpcCall *call, uint32_t id) {
        static const uint8_t detail[] = { 0x08, 0x07 };

        if (id % 2 == 0)
                return;
        if (!rpc_exchange_get_reply(call)->has_head && rpc_call_add_header(call, "x-head", "a") < 0)
                fail("a header that is refused");
        if (rpc_call_add_trailer(call, "x-tail", "b") < 0 ||
            (id % 4 == 3 &&
             rpc_call_add_detail(call, "slug.v1.NumaNode", detail, sizeof(detail)) == -EINVAL))
                fail("a trailer that is refused");
}

static void fail_call(RpcCall *call, uint32_t id) {
        add_metadata(call, id / 256);
        rpc_call_fail(call, (RpcCode)(1 + id / 16 % 16), "%u \u20ac", id);
}

static Slug__V1__GetVersionResponse make_response(RpcCall *call, uint32_t id) {
        Slug__V1__GetVersionResponse response = SLUG__V1__GET_VERSION_RESPONSE__INIT;
        const size_t n = id < TEXT_MAX ? id : TEXT_MAX;
        char *text = arena_alloc(rpc_call_get_arena(call), n + 1);

        if (!text)
                fail("no memory for an answer");
        memset(text, 'x', n);
        text[n] = '\0';
        response.version = text;
        return response;
}

/* Return: is the call still there? */
static bool fail_or_push(RpcCall *call, uint32_t id) {
        Slug__V1__GetVersionResponse response;

        if (id % 16 == 15) {
                fail_call(call, id);
                return false;
        }
        add_metadata(call, id);
        response = make_response(call, id);
        return rpc_call_push(call, &response.base);
}

static void handle_unary(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const uint32_t id = ((const Slug__V1__NumaNode *)request)->id;
        Slug__V1__GetVersionResponse response;

        (void)userdata;
        if (id % 16 == 15) {
                fail_call(call, id);
                return;
        }
        add_metadata(call, id);
        response = make_response(call, id);
        rpc_call_finish(call, &response.base);
}

static void handle_server_stream(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const uint32_t id = ((const Slug__V1__NumaNode *)request)->id;

        (void)userdata;
        if (id % 64 == 33)
                rpc_call_send_head(call);
        for (unsigned i = 0; i < id % 32; ++i)
                if (!fail_or_push(call, id))
                        return;
        rpc_call_finish(call, NULL);
}

static unsigned n_collected;

static void handle_client_stream(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        Slug__V1__GetVersionResponse response;

        (void)userdata;
        if (request) {
                ++n_collected;
                return;
        }
        response = make_response(call, n_collected);
        rpc_call_finish(call, &response.base);
}

static void handle_bidi(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        (void)userdata;
        if (request)
                (void)fail_or_push(call, ((const Slug__V1__NumaNode *)request)->id);
        else
                rpc_call_finish(call, NULL);
}

#define METHOD(Path, function, Kind)                                                               \
        {                                                                                          \
                .path = (Path), .input = &slug__v1__numa_node__descriptor,                         \
                .output = &slug__v1__get_version_response__descriptor, .handler = (function),      \
                .kind = (Kind), .max_request_bytes = 200                                           \
        }
static const RpcMethod methods[KINDS] = {
        METHOD("/t.S/Unary", handle_unary, RPC_UNARY),
        METHOD("/t.S/ServerStream", handle_server_stream, RPC_SERVER_STREAM),
        METHOD("/t.S/ClientStream", handle_client_stream, RPC_CLIENT_STREAM),
        METHOD("/t.S/Bidi", handle_bidi, RPC_BIDI),
};
static const RpcService service = { .methods = methods, .n_methods = KINDS };
static const RpcService *const services[] = { &service };
static const RpcTable table = { .services = services, .n_services = 1 };

/* One exchange */

static sd_event *event;

static void ignore_wake(void *userdata) {
        (void)userdata;
}

static void read_some(RpcCall *call, Buffer *out) {
        char bytes[1000];
        size_t n;

        while ((n = rpc_exchange_read(call, bytes, sizeof(bytes))) > 0)
                buffer_append(out, bytes, n);
}

/* @out: takes the answer as it comes; NULL: it is left where it is. */
static RpcCall *run(const Protocol *protocol,
                    const RpcMethod *method,
                    const uint8_t *data,
                    size_t size,
                    size_t n_piece,
                    Buffer *out) {
        static const RpcPeer peer = { .role = RPC_ROLE_ADMIN };
        RpcCall *call;

        n_collected = 0;
        if (rpc_exchange_new(event, &table, &peer, &(const RpcTransport){ .wake = ignore_wake },
                             &call) != 0)
                fail("no exchange");
        call->reply.body.max = CAP;
        if (rpc_exchange_add_header(call, "content-type", 12, protocol->type,
                                    strlen(protocol->type)) != 0 ||
            rpc_exchange_begin(call, "POST", method->path, true, size > 0) != 0)
                fail("no exchange");
        for (size_t n; size > 0; data += n, size -= n) {
                n = size < n_piece ? size : n_piece;
                rpc_exchange_take(call, (const char *)data, n);
                if (out)
                        read_some(call, out);
        }
        rpc_exchange_end(call);
        if (out)
                read_some(call, out);
        return call;
}

/* What must be true of an answer */

static void check_message(const Protocol *protocol, const char *data, size_t n_data) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        ProtobufCMessage *message;
        Diag diag = {};

        if (arena_new(4 * CAP, &arena) != 0)
                fail("no memory");
        if (protocol->codec->decode(data, n_data, &slug__v1__get_version_response__descriptor, NULL,
                                    arena, &message, &diag) != 0)
                fail("an answer that cannot be read");
}

/* Return: how many envelopes say the end. */
static unsigned check_envelopes(const Protocol *protocol, const Buffer *body) {
        unsigned n_ends = 0;

        for (size_t at = 0; at < body->n_data;) {
                Envelope envelope;

                if (n_ends > 0)
                        fail("something behind the end");
                if (!envelope_parse(body->data + at, body->n_data - at, &envelope) ||
                    body->n_data - at - ENVELOPE_HEAD_BYTES < envelope.length)
                        fail("an envelope that is not whole");
                at += ENVELOPE_HEAD_BYTES;
                if (envelope.flags == ENVELOPE_END_STREAM)
                        ++n_ends;
                else if (envelope.flags == 0)
                        check_message(protocol, body->data + at, envelope.length);
                else
                        fail("an envelope with strange flags");
                at += envelope.length;
        }
        return n_ends;
}

static void check(const Protocol *protocol, const RpcCall *call, const Buffer *body) {
        const RpcReply *reply = rpc_exchange_get_reply(call);
        const bool is_ok = reply->status == 200;
        unsigned n_ends;

        if (!reply->has_head || !reply->is_complete || reply->is_cut)
                fail("an answer that is not complete");
        if (body->n_data > OUT_MAX)
                fail("an answer beyond the cap");
        if (!is_ok || protocol->is_unary) {
                if (is_ok)
                        check_message(protocol, body->data, body->n_data);
                return;
        }
        n_ends = check_envelopes(protocol, body);
        if (n_ends != !protocol->is_grpc)
                fail("an end too many or too few");
        if (protocol->is_grpc && metadata_count(&reply->headers, "grpc-status") +
                                                 metadata_count(&reply->trailers, "grpc-status") !=
                                         1)
                fail("a status too many or too few");
}

static bool is_same_metadata(const RpcMetadata *a, const RpcMetadata *b) {
        if (a->n_items != b->n_items)
                return false;
        for (size_t i = 0; i < a->n_items; ++i)
                if (strcmp(a->items[i].name, b->items[i].name) != 0 ||
                    strcmp(a->items[i].value, b->items[i].value) != 0)
                        return false;
        return true;
}

static bool is_same_bytes(const Buffer *a, const Buffer *b) {
        return a->n_data == b->n_data &&
               (a->n_data == 0 || memcmp(a->data, b->data, a->n_data) == 0);
}

static void compare(const RpcCall *a, const RpcCall *b) {
        if (a->code != b->code || a->reply.status != b->reply.status ||
            !is_same_metadata(&a->reply.headers, &b->reply.headers) ||
            !is_same_metadata(&a->reply.trailers, &b->reply.trailers) ||
            !is_same_bytes(&a->reply.body, &b->reply.body))
                fail("another answer to the same body in other pieces");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(rpc_exchange_freep) RpcCall *whole = NULL, *cut = NULL, *bytes = NULL,
                                              *read = NULL;
        _cleanup_(buffer_deinitp) Buffer out = {};
        const Protocol *protocol;
        const RpcMethod *method;
        size_t n_piece;

        if (size < OPTIONS_BYTES)
                return 0;
        if (!event && sd_event_new(&event) < 0)
                fail("no loop");
        protocol = &protocols[data[0] % ELEMENTSOF(protocols)];
        method = &methods[data[0] / ELEMENTSOF(protocols) % KINDS];
        n_piece = 1u + data[1];
        data += OPTIONS_BYTES;
        size -= OPTIONS_BYTES;

        whole = run(protocol, method, data, size, SIZE_MAX, NULL);
        check(protocol, whole, &whole->reply.body);
        cut = run(protocol, method, data, size, n_piece, NULL);
        compare(whole, cut);
        bytes = run(protocol, method, data, size, 1, NULL);
        compare(whole, bytes);

        /* an answer that is taken as it comes has no cap but that of a message */
        read = run(protocol, method, data, size, n_piece, &out);
        if (out.error)
                fail("no memory");
        if (whole->code != RPC_RESOURCE_EXHAUSTED) {
                check(protocol, read, &out);
                if (!is_same_bytes(&whole->reply.body, &out))
                        fail("another answer when it is read at once");
        }
        return 0;
}
