/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Calls, from inside
 *
 * One HTTP request and its answer, between a transport (http1, http2), a protocol (grpc, connect,
 * connect-stream, page) and a handler. For files of this folder. The transport's side is
 * exchange.h, the handler's is method.h; this is what both and the protocols work on.
 */
#include <systemd/sd-event.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "rpc/codec.h"
#include "rpc/method.h"

typedef enum CallState {
        CALL_NEW,     /* the head is being read */
        CALL_OPEN,    /* dispatched; the handler has not been called yet */
        CALL_RUNNING, /* the handler has it */
        CALL_ENDED,   /* what is answered is known */
} CallState;

/* An answer as HTTP has it. A transport takes it piece by piece. */
typedef struct RpcReply {
        bool has_head;
        bool is_complete; /* nothing will be added */
        bool is_cut;      /* cannot be told: memory is out, or the peer is gone */
        unsigned status;
        RpcMetadata headers;
        Buffer body;
        size_t n_taken; /* bytes of the body that are gone */
        RpcMetadata trailers;
} RpcReply;

typedef struct RpcProtocol {
        /* Looks at the head once the method is known; refuses or sets codec and timeout. */
        void (*judge)(RpcCall *call);
        /* More of the body has come, or its end. */
        void (*receive)(RpcCall *call);
        /* Puts the head of an answer. */
        void (*begin)(RpcCall *call);
        /* Puts one message. Failure is the reply's buffer's. */
        void (*append)(RpcCall *call, const ProtobufCMessage *message);
        /* Puts what is left to say of a call that has ended. */
        void (*finish)(RpcCall *call);
} RpcProtocol;

extern const RpcProtocol rpc_protocol_grpc;
extern const RpcProtocol rpc_protocol_connect;
extern const RpcProtocol rpc_protocol_connect_stream;
extern const RpcProtocol rpc_protocol_page;

/* One of google.rpc.Status.details. */
typedef struct CallDetail {
        const char *type;
        const uint8_t *data;
        size_t n_data;
} CallDetail;
#define CALL_DETAILS_MAX 16u

/* A transport is told that there is something new to send; it must not free the call then. */
typedef struct RpcTransport {
        void (*wake)(void *userdata);
        void *userdata;
} RpcTransport;

struct RpcCall {
        const RpcTable *table;
        const RpcService *service;
        const RpcMethod *method; /* NULL: none was found */
        const RpcPage *page;
        const RpcProtocol *protocol;
        const RpcCodec *codec;
        const RpcPeer *peer; /* borrowed */
        RpcTransport transport;
        sd_event *event;
        CallState state;
        Arena *arena;         /* head, request, and the response of a call with a single one */
        Arena *message_arena; /* the next message of a stream; NULL: not asked for yet */

        /* The request */
        const char *http_method, *path;
        const char *query; /* NULL: there is none */
        bool is_http2;
        bool has_body;
        RpcMetadata headers;
        Buffer body;
        size_t n_whole;       /* bytes at the front that are whole messages in envelopes */
        bool is_head_checked; /* of the envelope behind them */
        unsigned n_messages;
        bool has_request_ended;

        uint64_t start_usec;
        OptU64 timeout_usec;
        sd_event_source *deadline;

        /* The answer */
        RpcReply reply;
        RpcMetadata leading, trailing; /* the handler's */
        CallDetail details[CALL_DETAILS_MAX];
        size_t n_details;
        RpcCode code;
        unsigned http_status;             /* of a refusal; 0: the code's own */
        char message[DIAG_FORMATTED_MAX]; /* fixed: telling a failure must not fail */

        /* The handler's */
        RpcCallEvent ended, drained;
        void *kept;
};

/* For exchange.c */

/* The deadline is set by then. Calls the handler unless it waits for a message. */
void call_open(RpcCall *call);
/* Takes the call from whoever has it. */
void call_end(RpcCall *call);

/* For protocols */

/* Ends a call that no handler has, or takes it from its handler. */
void call_refuse(RpcCall *call, RpcCode code, const char *format, ...) _printf_(3, 4);
/* The same with an HTTP status that says it better than the code's own. */
void call_refuse_http(RpcCall *call, unsigned http_status, RpcCode code, const char *format, ...)
        _printf_(4, 5);
/* One message has come whole. */
void call_deliver(RpcCall *call, const char *data, size_t n_data);
/* The peer has sent its last message. */
void call_half_close(RpcCall *call);
/* A header of the reply; both borrowed for ever. When memory is out, the reply is cut off. */
void call_put_header(RpcCall *call, const char *name, const char *value);
void call_put_metadata(RpcCall *call, const RpcMetadata *metadata, const char *prefix);
/* The request's header; NULL: not sent. */
static inline const char *call_find_header(const RpcCall *call, const char *name) {
        return metadata_find(&call->headers, name);
}
