/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTTP/2, the server's side
 *
 * One object for a connection: an nghttp2 session whose streams are exchanges.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "rpc/http2-io.h"
#include "rpc/limits.h"
#include "rpc/method.h"

typedef struct Http2 Http2;

/* All borrowed; they outlive the connection. */
typedef struct Http2Params {
        sd_event *event;
        const RpcTable *table;
        const RpcLimits *limits;
        const RpcPeer *peer;
        Http2Scratch *scratch;
        /* The connection is closed and may be freed; told from the loop. */
        void (*closed)(void *userdata);
        void *userdata;
} Http2Params;

/* @fd: taken, also on failure; the client's preface has not been read from it. */
_must_check_ int http2_new(const Http2Params *params, int fd, Http2 **ret);
Http2 *http2_free(Http2 *http2);
DEFINE_CLEANUP(Http2 *, http2_free);

/* No new streams; those that wait for something end. It closes when all is sent. */
void http2_drain(Http2 *http2);
