/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Messages in envelopes
 *
 * The parts of RpcProtocol that gRPC and Connect's streams share.
 */
#include "rpc/call.h"

void enveloped_receive(RpcCall *call);
void enveloped_append(RpcCall *call, const ProtobufCMessage *message);
