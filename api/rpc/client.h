/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The client
 *
 * gRPC over a Unix socket in an sd_event loop: unary calls and streams of answers. Everything is
 * asynchronous: a caller is told of messages and of the end from the loop, never from within the
 * function that it called.
 *
 * The connection is made when a call wants it, and made anew when it was lost; while that fails it
 * is tried again ever more slowly. It never pings.
 */
#include <protobuf-c/protobuf-c.h>
#include <systemd/sd-event.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "rpc/codec.h"
#include "rpc/metadata.h"
#include "rpc/method.h"
#include "rpc/status.h"

typedef struct RpcClient RpcClient;
typedef struct RpcClientCall RpcClientCall;

typedef struct RpcClientParams {
        sd_event *event;
        const char *path; /* of the socket; copied */
        /* Instead of @path. Return: a connected stream socket, non-blocking, or an errno. */
        int (*open)(void *userdata);
        void *userdata;
        const RpcCodec *codec;      /* NULL: proto */
        const JsonTypes *types;     /* what may stand in an Any; NULL: nothing */
        size_t max_response_bytes;  /* of one message; 0: RPC_CLIENT_RESPONSE_MAX */
        uint64_t min_back_off_usec; /* 0: RPC_CLIENT_BACK_OFF_MIN_USEC */
        uint64_t max_back_off_usec; /* 0: RPC_CLIENT_BACK_OFF_MAX_USEC */
} RpcClientParams;

#define RPC_CLIENT_RESPONSE_MAX      (16u * 1024 * 1024)
#define RPC_CLIENT_BACK_OFF_MIN_USEC UINT64_C(100000)
#define RPC_CLIENT_BACK_OFF_MAX_USEC UINT64_C(5000000)
#define RPC_CLIENT_CALLS_MAX         1024u

/* How a call ended. Valid while it is told. */
typedef struct RpcResult {
        RpcCode code;
        const char *message; /* UTF-8, "" for none */
        const RpcMetadata *leading, *trailing;
        const uint8_t *details; /* a packed google.rpc.Status; NULL: none came */
        size_t n_details;
} RpcResult;

typedef struct RpcClientCallParams {
        const char *path; /* "/slug.v1.NodeService/Watch" */
        const ProtobufCMessage *request;
        const ProtobufCMessageDescriptor *output;
        bool gives_stream;
        bool waits_for_server; /* for as long as it takes, or @timeout_usec; else no server is a
                                  failure */
        OptU64 timeout_usec;
        const RpcMetadata *metadata; /* copied; may be NULL */
        /* A message has come; of a unary call only when it succeeds. @response: valid until this
         * returns. May be NULL. */
        void (*message)(const ProtobufCMessage *response, void *userdata);
        /* It has ended, and the call is gone. */
        void (*ended)(const RpcResult *result, void *userdata);
        void *userdata;
} RpcClientCallParams;

_must_check_ int rpc_client_new(const RpcClientParams *params, RpcClient **ret);
/* Calls that have not ended are dropped; nobody is told. Not from within a callback. */
RpcClient *rpc_client_free(RpcClient *client);
DEFINE_CLEANUP(RpcClient *, rpc_client_free);

/* @ret: the client's, until it has ended; may be NULL. Return: 0, -EAGAIN when too many are under
 * way, -E2BIG, or -ENOMEM; then nobody is told. */
_must_check_ int
rpc_client_call(RpcClient *client, const RpcClientCallParams *params, RpcClientCall **ret);
/* It is over, and nobody is told; also from within its own message(). */
void rpc_client_cancel(RpcClientCall *call);
