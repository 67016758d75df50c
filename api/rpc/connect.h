/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Connect
 *
 * What its two protocols, for one message and for streams, share.
 */
#include "rpc/call.h"

/* "application/json" with @start "application/"; NULL: none. */
const RpcCodec *connect_find_codec(const char *type, const char *start);
/* Version, encoding and timeout. */
void connect_judge_common(RpcCall *call, const char *encoding_header);
