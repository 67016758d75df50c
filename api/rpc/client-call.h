/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One call of a client
 *
 * From a request in its envelope to the status in the trailers. Knows no connection. Inside this
 * folder.
 */
#include <stdint.h>

#include "rpc/client.h"

typedef struct ClientConnection ClientConnection;

struct RpcClientCall {
        RpcClientCall *previous, *next; /* of the client's */
        RpcClient *client;
        ClientConnection *connection; /* NULL: it waits for one */
        int32_t stream_id;
        RpcClientCallParams
                params; /* of what it points to only the output and the callbacks last */
        const RpcCodec *codec;
        const JsonTypes *types;
        size_t max_response_bytes;
        Arena *arena;
        const char *path, *timeout;
        RpcMetadata metadata;
        Buffer request;
        size_t n_sent; /* bytes of the request */
        unsigned n_refused;
        sd_event_source *deadline;

        /* What came */
        size_t n_header_bytes;
        bool has_head, has_status, is_in_trailers;
        unsigned http_status;
        RpcMetadata leading, trailing;
        Buffer body;
        size_t n_taken; /* bytes of it */
        unsigned n_messages;
        ProtobufCMessage *response; /* of a unary call, kept until the status is known */
        Arena *response_arena;

        bool is_over; /* the result is known */
        RpcCode code;
        char message[DIAG_FORMATTED_MAX];
        bool is_in_callback, is_cancelled;
};

#define CLIENT_HEADER_BYTES_MAX (64u * 1024)
#define CLIENT_REFUSALS_MAX     1u /* by servers that had not looked at it */

_must_check_ int client_call_new(const RpcClientParams *client,
                                 const RpcClientCallParams *params,
                                 RpcClientCall **ret);
RpcClientCall *client_call_free(RpcClientCall *call);
DEFINE_CLEANUP(RpcClientCall *, client_call_free);

/* From the wire. What is wrong ends the call: is_over. */
void client_call_take_header(RpcClientCall *call,
                             const char *name,
                             size_t n_name,
                             const char *value,
                             size_t n_value);
/* The headers are whole. */
void client_call_take_head(RpcClientCall *call, bool is_last);
void client_call_take_data(RpcClientCall *call, const char *data, size_t n_data);
/* The stream is closed; @error: HTTP/2's code. */
void client_call_close(RpcClientCall *call, uint32_t error);
/* Something else ends it. Does nothing when it is over. */
void client_call_fail(RpcClientCall *call, RpcCode code, const char *format, ...) _printf_(3, 4);
/* Tells the end. */
void client_call_tell(RpcClientCall *call);
