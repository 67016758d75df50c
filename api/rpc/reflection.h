/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * grpc.reflection.v1.ServerReflection, and v1alpha
 *
 * What the server serves and what its messages look like, for clients that have no .proto file at
 * hand.
 */
#include "rpc/method.h"

typedef struct RpcReflection RpcReflection;

/* A google.protobuf.FileDescriptorSet of all that this project serves. */
extern const unsigned char rpc_descriptors[];
extern const size_t n_rpc_descriptors;

/* @table: borrowed, whose services are listed; it may be filled later. @descriptors: a
 * FileDescriptorSet, borrowed. Return: 0, -EBADMSG, or -ENOMEM. */
_must_check_ int rpc_reflection_new(const RpcTable *table,
                                    const unsigned char *descriptors,
                                    size_t n_descriptors,
                                    RpcReflection **ret);
RpcReflection *rpc_reflection_free(RpcReflection *reflection);
DEFINE_CLEANUP(RpcReflection *, rpc_reflection_free);

/* Lives as long as @reflection. */
const RpcService *rpc_reflection_get_service(const RpcReflection *reflection);
