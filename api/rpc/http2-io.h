/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * HTTP/2 on a socket
 *
 * Moves bytes between an nghttp2 session, of either side, and a descriptor in an sd_event loop.
 * What the session has to say is put together and sent in one go.
 */
#include <nghttp2/nghttp2.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/buffer.h"
#include "base/cleanup.h"

/* Shared by all connections of an owner: only one of them is at work at a time. */
typedef struct Http2Scratch {
        char in[64 * 1024];
        char out[64 * 1024];
} Http2Scratch;

typedef struct Http2Io Http2Io;

typedef struct Http2IoOwner {
        /* The connection is of no more use. @error: 0 when it ended in order, else an errno. The
         * owner may free the io. */
        void (*over)(void *userdata, int error);
        /* The peer will send nothing more, and may still read. NULL: then it is over. */
        void (*half_closed)(void *userdata);
        /* The peer does not take what is sent, from now on. NULL: nobody wants to know. */
        void (*blocked)(void *userdata);
        void *userdata;
} Http2IoOwner;

/* @session, @fd: taken, the session also on failure; @scratch: borrowed. */
_must_check_ int http2_io_new(sd_event *event,
                              int fd,
                              nghttp2_session *session,
                              Http2Scratch *scratch,
                              const Http2IoOwner *owner,
                              Http2Io **ret);
Http2Io *http2_io_free(Http2Io *io);
DEFINE_CLEANUP(Http2Io *, http2_io_free);

/* Soon, and not within this call, whatever the session has to say goes out. */
void http2_io_wake(Http2Io *io);
/* Since when the peer has not taken what waits for it, on the monotonic clock; 0: nothing waits. */
uint64_t http2_io_get_blocked_usec(const Http2Io *io);
bool http2_io_is_half_closed(const Http2Io *io);
