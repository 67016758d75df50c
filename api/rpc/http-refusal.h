/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Refusals by HTTP
 *
 * What is no call at all: no such path, another verb, a content type that nobody reads.
 */
#include "rpc/call.h"

/* @call: has ended, with an HTTP status. The whole answer. */
void http_refusal_put(RpcCall *call);
