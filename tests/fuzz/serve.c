/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "lib/rpc-bed.h"

/*
 * The loop turns until there is nothing to do right now. A flood has no end of its own: its peer
 * stops listening after HEARD_MAX bytes, and the socket fills up.
 */
#define HEARD_MAX   (256u * 1024)
#define LARGE_BYTES (300u * 1024)
#define HELD_BYTES  (64u * 1024)
#define HURRY_USEC  (1 * USEC_PER_MSEC)
#define HURRY_TURNS 8u
#define TURNS_MAX   100000u
#define PIECES_MAX  64u

typedef struct Peer {
        int fd;
        bool is_deaf, is_gone;
        size_t n_heard;
} Peer;

static void fail(const char *what) {
        (void)fprintf(stderr, "%s\n", what);
        abort();
}

/* Return: was there anything? */
static bool hear(Peer *peer) {
        char bytes[16 * 1024];
        ssize_t n;

        if (peer->is_deaf || peer->is_gone || peer->n_heard >= HEARD_MAX)
                return false;
        n = recv(peer->fd, bytes, sizeof(bytes), 0);
        if (n > 0)
                peer->n_heard += (size_t)n;
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
                peer->is_gone = true;
        return n > 0;
}

static void settle(Peer *peer) {
        for (unsigned i = 0; i < TURNS_MAX; ++i) {
                const int r = sd_event_run(bed.event, 0);

                if (r < 0)
                        fail("the loop does not turn");
                if (!hear(peer) && r == 0)
                        return;
        }
        fail("the loop never comes to rest");
}

static void say(Peer *peer, const void *data, size_t n_data, size_t n_piece) {
        bool has_waited = false;

        while (n_data > 0) {
                const ssize_t n =
                        send(peer->fd, data, n_data < n_piece ? n_data : n_piece, MSG_NOSIGNAL);

                /* a server that waits for its answers to be taken reads no more */
                if (n < 0 && (errno != EAGAIN || has_waited))
                        return;
                has_waited = n < 0;
                if (n > 0) {
                        data = (const char *)data + n;
                        n_data -= (size_t)n;
                }
                settle(peer);
        }
}

static void set_limits(uint8_t options, bool is_hurried) {
        bed.fails = options & SERVE_FAIL;
        if (options & SERVE_LARGE) {
                bed.n_large = LARGE_BYTES;
                bed.limits.max_held_bytes = HELD_BYTES;
        }
        if (!is_hurried)
                return;
        bed.limits.head_usec = HURRY_USEC;
        bed.limits.body_usec = HURRY_USEC;
        bed.limits.answer_usec = HURRY_USEC;
        bed.limits.idle_usec = 2 * HURRY_USEC;
}

/* All that has a deadline meets it. */
static void let_time_pass(Peer *peer) {
        for (unsigned i = 0; i < HURRY_TURNS; ++i) {
                if (sd_event_run(bed.event, HURRY_USEC) < 0)
                        fail("the loop does not turn");
                (void)hear(peer);
        }
        settle(peer);
}

static void check_nothing_is_left(void) {
        if (bed.n_kept != 0)
                fail("a handler still has a call");
        if (bed.watchers.n_watchers != 0 || bed.watchers.first)
                fail("a watcher is left");
}

/* When the peer has left nothing waits for a clock. */
static void wait_until_closed(void) {
        while (rpc_server_count_connections(bed.server) > 0) {
                const int r = sd_event_run(bed.event, 2 * USEC_PER_SEC);

                if (r < 0)
                        fail("the loop does not turn");
                if (r == 0)
                        fail("a connection outlives its peer");
        }
}

static void on_drained(void *userdata) {
        bool *is_drained = userdata;

        *is_drained = true;
}

static void end(Peer *peer, uint8_t options) {
        bool is_drained = false;

        if (options & SERVE_NOTIFY) {
                ++bed.n_state;
                rpc_watchers_notify(&bed.watchers);
                settle(peer);
        }
        if (options & SERVE_DRAIN) {
                rpc_server_drain(bed.server, on_drained, &is_drained);
                settle(peer);
        }
        if (options & SERVE_HALF_CLOSE) {
                (void)shutdown(peer->fd, SHUT_WR);
                settle(peer);
        }
        if (options & SERVE_FREE)
                bed.server = rpc_server_free(bed.server);
        (void)close(peer->fd);
        if (!bed.server)
                return;
        wait_until_closed();
        if (!(options & SERVE_DRAIN))
                return;
        while (!is_drained)
                if (sd_event_run(bed.event, 2 * USEC_PER_SEC) <= 0)
                        fail("a server without connections is not drained");
}

/* The kernel chooses a name that is no file's, because files are slower than all the rest. Return:
 * the peer's end. */
static int start(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        socklen_t n_address = sizeof(address);
        const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (listening < 0 || fd < 0 ||
            bind(listening, (const struct sockaddr *)&address, sizeof(address.sun_family)) < 0 ||
            listen(listening, 1) < 0 ||
            getsockname(listening, (struct sockaddr *)&address, &n_address) < 0 ||
            connect(fd, (const struct sockaddr *)&address, n_address) < 0)
                fail("no connection");
        bed_start_on(listening);
        return fd;
}

static size_t get_piece(uint8_t option, size_t size) {
        const size_t min = size / PIECES_MAX;

        if (option == 0 || option >= SERVE_HURRIED)
                return SIZE_MAX;
        return option > min ? option : min;
}

void serve(const uint8_t *data, size_t size, const char *greeting) {
        Peer peer = {};
        bool is_hurried;
        uint8_t options;
        size_t n_piece;

        if (size < SERVE_OPTIONS_BYTES)
                return;
        options = data[0];
        is_hurried = data[1] >= SERVE_HURRIED;
        n_piece = get_piece(data[1], size);
        bed_setup_without_folder();
        set_limits(options, is_hurried);
        peer = (Peer){ .fd = start(), .is_deaf = options & SERVE_DEAF };
        if (!(options & SERVE_BARE))
                say(&peer, greeting, strlen(greeting), SIZE_MAX);
        say(&peer, data + SERVE_OPTIONS_BYTES, size - SERVE_OPTIONS_BYTES, n_piece);
        settle(&peer);
        if (is_hurried)
                let_time_pass(&peer);
        end(&peer, options);
        check_nothing_is_left();
        bed_teardown();
        check_nothing_is_left();
}
