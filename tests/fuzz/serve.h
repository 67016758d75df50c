/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A conversation with a server
 *
 * The test bed's server and one peer that says what a fuzzer gives it, in one loop. The first byte
 * says how the conversation ends, the second how much is said before the loop turns, or that the
 * server has no patience; the rest is said. Afterwards nothing of it may be left: no connection, no
 * kept call, no watcher.
 */
#include <stddef.h>
#include <stdint.h>

/* The bits of the first byte. */
enum {
        SERVE_HALF_CLOSE = 1 << 0, /* the peer stops sending before it closes */
        SERVE_DRAIN = 1 << 1,      /* the server is told to stop while the peer is there */
        SERVE_FREE = 1 << 2,       /* the server goes first */
        SERVE_DEAF = 1 << 3,       /* the peer takes nothing of what is said to it */
        SERVE_NOTIFY = 1 << 4,     /* the watched state changes while it is watched */
        SERVE_LARGE = 1 << 5,      /* answers are larger than a socket takes, and few are held */
        SERVE_FAIL = 1 << 6,
        SERVE_BARE = 1 << 7, /* nothing is said before the input, not even @greeting */
};
/* Of the second: 0: all at once; from here on: all at once, and deadlines pass; else bytes. */
#define SERVE_HURRIED       0xf0u
#define SERVE_OPTIONS_BYTES 2u

void serve(const uint8_t *data, size_t size, const char *greeting);
