/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http2-io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"

/*
 * A Unix socket takes 278 small writes whatever their size, so frames are gathered and written
 * together. What the socket does not take is kept, and until it is gone the session is not asked
 * for more: a peer that does not read costs one gathered piece here, and the rest stays where it
 * can be counted.
 *
 * One wake-up reads once and writes a bounded number of times, then everybody else has their turn.
 *
 * A connection that has ended in order is closed when the peer has closed its side: closing one
 * that still holds unread bytes resets it, and takes from the peer what it has not read yet.
 *
 * Whoever wants something sent says so with http2_io_wake(); the sending itself is an event of the
 * loop, so that nothing is freed under the feet of whoever asked.
 */
#define FRAME_MAX  (16384u + 9u)
#define ROUNDS_MAX 16u
/* How long a peer that was told goodbye may take to close, and what it may still say. */
#define LINGER_USEC      (1 * USEC_PER_SEC)
#define LINGER_READS_MAX 64u

struct Http2Io {
        int fd;
        nghttp2_session *session;
        Http2Scratch *scratch;
        Http2IoOwner owner;
        sd_event_source *ready;
        sd_event_source *soon;
        Buffer pending;
        size_t n_sent; /* of it */
        uint64_t blocked_usec;
        uint32_t events;
        bool is_half_closed;
        bool is_in_turn;         /* whatever is wanted to be sent goes out at its end */
        sd_event_source *linger; /* NULL: it has not ended */
        unsigned n_linger_reads;
};

static int watch(Http2Io *io) {
        uint32_t events = 0;
        int r;

        if (!io->is_half_closed)
                events |= EPOLLIN;
        if (io->pending.n_data > 0)
                events |= EPOLLOUT;
        if (events == io->events)
                return 0;
        r = sd_event_source_set_io_events(io->ready, events);
        if (r >= 0)
                io->events = events;
        return r;
}

/* Return: bytes that the socket took; 0: it takes none now; or an errno. */
static ssize_t send_some(Http2Io *io, const char *data, size_t n_data) {
        const ssize_t n = send(io->fd, data, n_data, MSG_NOSIGNAL);

        if (n > 0)
                return n;
        return n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

static int send_pending(Http2Io *io) {
        const ssize_t n =
                send_some(io, io->pending.data + io->n_sent, io->pending.n_data - io->n_sent);

        if (n < 0)
                return (int)n;
        if (n > 0)
                io->blocked_usec = clock_now_usec(&clock_monotonic);
        io->n_sent += (size_t)n;
        if (io->n_sent < io->pending.n_data)
                return 0;
        buffer_deinit(&io->pending);
        io->n_sent = 0;
        io->blocked_usec = 0;
        return 0;
}

static int send_or_keep(Http2Io *io, const char *data, size_t n_data) {
        const ssize_t n = send_some(io, data, n_data);

        if (n < 0)
                return (int)n;
        if ((size_t)n == n_data)
                return 0;
        io->blocked_usec = clock_now_usec(&clock_monotonic);
        buffer_append(&io->pending, data + n, n_data - (size_t)n);
        if (!io->pending.error && io->owner.blocked)
                io->owner.blocked(io->owner.userdata);
        return io->pending.error;
}

/* Return: bytes in the scratch, or an errno. */
static ssize_t gather(Http2Io *io) {
        size_t n = 0;

        while (n + FRAME_MAX <= sizeof(io->scratch->out)) {
                const uint8_t *data;
                const ssize_t n_data = nghttp2_session_mem_send(io->session, &data);

                if (n_data < 0)
                        return n_data == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EPROTO;
                if (n_data == 0)
                        break;
                if ((size_t)n_data > sizeof(io->scratch->out) - n)
                        return -EMSGSIZE; /* no frame is that large: peers' SETTINGS are capped */
                memcpy(io->scratch->out + n, data, (size_t)n_data);
                n += (size_t)n_data;
        }
        return (ssize_t)n;
}

static void wake_at_next_turn(Http2Io *io) {
        /* it was made with the io, so turning it on does not fail */
        (void)sd_event_source_set_enabled(io->soon, SD_EVENT_ONESHOT);
}

static int flush(Http2Io *io) {
        int r = 0;

        for (unsigned i = 0; i < ROUNDS_MAX; ++i) {
                ssize_t n;

                if (io->pending.n_data > 0)
                        r = send_pending(io);
                if (r < 0 || io->pending.n_data > 0)
                        return r;
                n = gather(io);
                if (n <= 0)
                        return (int)n;
                r = send_or_keep(io, io->scratch->out, (size_t)n);
                if (r < 0)
                        return r;
        }
        wake_at_next_turn(io);
        return 0;
}

static int on_linger(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Http2Io *io = userdata;

        io->owner.over(io->owner.userdata, 0);
        return 0;
}

static void start_lingering(Http2Io *io) {
        int r = -ESHUTDOWN;

        if (!io->is_half_closed && shutdown(io->fd, SHUT_WR) == 0)
                r = sd_event_add_time_relative(sd_event_source_get_event(io->ready), &io->linger,
                                               CLOCK_MONOTONIC, LINGER_USEC, 1, on_linger, io);
        if (r >= 0)
                r = sd_event_source_set_io_events(io->ready, EPOLLIN);
        if (r < 0)
                io->owner.over(io->owner.userdata, 0);
}

static void go_on_lingering(Http2Io *io) {
        const ssize_t n = recv(io->fd, io->scratch->in, sizeof(io->scratch->in), 0);

        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
            ++io->n_linger_reads > LINGER_READS_MAX)
                io->owner.over(io->owner.userdata, 0);
}

static void finish_turn(Http2Io *io, int r) {
        if (r == 0)
                r = flush(io);
        io->is_in_turn = false;
        if (r == 0)
                r = watch(io);
        if (r < 0)
                io->owner.over(io->owner.userdata, -r);
        else if (io->pending.n_data == 0 && !nghttp2_session_want_read(io->session) &&
                 !nghttp2_session_want_write(io->session))
                start_lingering(io);
}

/* Return: 0, or an errno; -ECONNRESET: the peer is gone. */
static int receive(Http2Io *io, uint32_t events) {
        const ssize_t n = recv(io->fd, io->scratch->in, sizeof(io->scratch->in), 0);
        ssize_t n_used;

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0) {
                if (io->is_half_closed || (events & EPOLLHUP) || !io->owner.half_closed)
                        return -ECONNRESET;
                io->is_half_closed = true;
                io->owner.half_closed(io->owner.userdata);
                return 0;
        }
        n_used = nghttp2_session_mem_recv(io->session, (const uint8_t *)io->scratch->in, (size_t)n);
        if (n_used == NGHTTP2_ERR_NOMEM)
                return -ENOMEM;
        /* what is wrong with a stream or a frame the session tells the peer itself; this is
         * worse */
        return n_used < 0 ? -EPROTO : 0;
}

static int
on_ready(sd_event_source *source _unused_, int fd _unused_, uint32_t events, void *userdata) {
        Http2Io *io = userdata;
        int r = 0;

        if (io->linger) {
                go_on_lingering(io);
                return 0;
        }
        io->is_in_turn = true;
        if ((events & (EPOLLHUP | EPOLLERR)) && !(events & EPOLLIN))
                r = -ECONNRESET;
        else if (events & EPOLLIN)
                r = receive(io, events);
        if (r == -EPROTO)
                (void)flush(io); /* a last word, if there is one */
        finish_turn(io, r);
        return 0;
}

static int on_soon(sd_event_source *source _unused_, void *userdata) {
        Http2Io *io = userdata;

        if (!io->linger)
                finish_turn(io, 0);
        return 0;
}

int http2_io_new(sd_event *event,
                 int fd,
                 nghttp2_session *session,
                 Http2Scratch *scratch,
                 const Http2IoOwner *owner,
                 Http2Io **ret) {
        _cleanup_(http2_io_freep) Http2Io *io = calloc(1, sizeof(*io));
        int r;

        if (!io) {
                nghttp2_session_del(session);
                (void)fd_close(fd);
                return -ENOMEM;
        }
        *io = (Http2Io){ .fd = fd, .session = session, .scratch = scratch, .owner = *owner };
        io->events = EPOLLIN;
        r = sd_event_add_io(event, &io->ready, fd, io->events, on_ready, io);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &io->soon, on_soon, io);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(io);
        return 0;
}

Http2Io *http2_io_free(Http2Io *io) {
        if (!io)
                return NULL;
        sd_event_source_disable_unref(io->ready);
        sd_event_source_disable_unref(io->soon);
        sd_event_source_disable_unref(io->linger);
        nghttp2_session_del(io->session);
        buffer_deinit(&io->pending);
        (void)fd_close(io->fd);
        free(io);
        return NULL;
}

void http2_io_wake(Http2Io *io) {
        if (!io->is_in_turn)
                wake_at_next_turn(io);
}

uint64_t http2_io_get_blocked_usec(const Http2Io *io) {
        return io->blocked_usec;
}

bool http2_io_is_half_closed(const Http2Io *io) {
        return io->is_half_closed;
}
