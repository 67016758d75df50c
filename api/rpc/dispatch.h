/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Dispatch
 *
 * The life of one call between a protocol and a handler: decode, handle, encode, tell the owner.
 * Every protocol and every transport goes through here, so that none of them lacks what another
 * has.
 */
#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "rpc/method.h"
#include "rpc/status.h"

/* How a message is written in the body of a request and of an answer. */
typedef struct RpcCodec {
        /* Return: 0, JSON_E_* (or their like), or -ENOMEM. */
        int (*decode)(const char *data,
                      size_t n_data,
                      const ProtobufCMessageDescriptor *descriptor,
                      Arena *arena,
                      ProtobufCMessage **ret,
                      Diag *reterr);
        void (*encode)(const ProtobufCMessage *message, Buffer *buffer);
} RpcCodec;

extern const RpcCodec rpc_codec_json;

/* The owner's: the call has ended and what became of it can be asked. It may free the call. */
typedef void (*RpcCallDone)(RpcCall *call, void *userdata);

typedef struct RpcCallOwner {
        RpcCallDone done;
        void *userdata;
} RpcCallOwner;

/* @table, @method, @codec: borrowed, outlive the call. */
_must_check_ int rpc_call_new(const RpcTable *table,
                              const RpcMethod *method,
                              const RpcCodec *codec,
                              const RpcCallOwner *owner,
                              RpcCall **ret);
/* Not while the handler has the call. */
RpcCall *rpc_call_free(RpcCall *call);
DEFINE_CLEANUP(RpcCall *, rpc_call_free);

/* Once. @body: borrowed for the time of this function. */
void rpc_call_run(RpcCall *call, const char *body, size_t n_body);

/* What became of it; only of a call that has ended. */
RpcCode rpc_call_get_code(const RpcCall *call);
const char *rpc_call_get_message(const RpcCall *call); /* of a failure: UTF-8, "" for RPC_OK */
Buffer rpc_call_take_body(RpcCall *call);              /* encoded answer; the caller's from here */
