/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * gRPC
 *
 * rpc_protocol_grpc of call.h, and what a status looks like as a message.
 */
#include "rpc/call.h"

/* google.rpc.Status of a call that has ended. @ret: owned by @arena. Return: 0 or -ENOMEM. */
_must_check_ int grpc_pack_status(const RpcCall *call, Arena *arena, uint8_t **ret, size_t *ret_n);
