/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What one peer may cost
 *
 * Counts, bytes and microseconds. What a message may have is its method's (method.h).
 */
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

typedef struct RpcLimits {
        size_t max_connections;
        size_t max_connections_per_uid; /* of those that are neither root nor this process's user */
        uint32_t max_streams;           /* of a connection, at a time; HTTP/2 */
        size_t max_headers;             /* of a request */
        size_t max_header_bytes;        /* names, values and 32 for each, as RFC 9113 counts */
        size_t max_held_bytes; /* of a connection: bodies that are not whole, answers not taken */
        uint64_t head_usec;    /* for the first byte, the preface, or the head of a request */
        uint64_t body_usec;    /* for the body of a request that is one message */
        uint64_t answer_usec;  /* without the peer taking anything of what waits for it */
        uint64_t idle_usec;    /* between two requests */
} RpcLimits;

#define RPC_LIMITS_DEFAULT                                                                         \
        ((RpcLimits){                                                                              \
                .max_connections = 1024,                                                           \
                .max_connections_per_uid = 64,                                                     \
                .max_streams = 100,                                                                \
                .max_headers = 64,                                                                 \
                .max_header_bytes = 16u * 1024,                                                    \
                .max_held_bytes = 4u * 1024 * 1024,                                                \
                .head_usec = 5 * USEC_PER_SEC,                                                     \
                .body_usec = 10 * USEC_PER_SEC,                                                    \
                .answer_usec = 30 * USEC_PER_SEC,                                                  \
                .idle_usec = 600 * USEC_PER_SEC,                                                   \
        })
