/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Connect's failures
 *
 * {"code":"not_found","message":"...","details":[...]}, which stands for a unary answer and in the
 * last message of a stream.
 */
#include "rpc/call.h"

/* @call: has ended, and not with RPC_OK. */
void connect_error_append(Buffer *buffer, const RpcCall *call);
/* The whole answer, with the HTTP status of its code. */
void connect_error_reply(RpcCall *call);
