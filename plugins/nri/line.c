/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define READ_BYTES (64u * 1024)
/* A queue that was larger than this gives its memory back. */
#define KEPT_MAX (64u * 1024)

struct NriLine {
        int fd;
        NriLineOwner owner;
        sd_event_source *ready;
        uint32_t events;
        Buffer queue;
        size_t n_sent; /* of it */
        uint8_t in[READ_BYTES];
};

/* Return: 0, or an errno; -ECONNRESET: the runtime is gone. */
static int receive(NriLine *line) {
        const ssize_t n = recv(line->fd, line->in, sizeof(line->in), 0);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        return n == 0 ? -ECONNRESET
                      : line->owner.received(line->in, (size_t)n, line->owner.userdata);
}

static int
on_ready(sd_event_source *source _unused_, int fd _unused_, uint32_t events, void *userdata) {
        NriLine *line = userdata;
        int r = 0;

        if (events & EPOLLIN)
                r = receive(line);
        else if (events & (EPOLLHUP | EPOLLERR))
                r = -ECONNRESET;
        line->owner.turned(r, line->owner.userdata);
        return 0;
}

int nri_line_connect(const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_(fd_closep) int fd = -EBADF;
        const size_t n = strlen(path);

        if (n > NRI_LINE_PATH_MAX)
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        memcpy(address.sun_path, path, n);
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int nri_line_new(sd_event *event, int fd, const NriLineOwner *owner, NriLine **ret) {
        _cleanup_(nri_line_freep) NriLine *line = calloc(1, sizeof(*line));
        int r;

        if (!line) {
                (void)fd_close(fd);
                return -ENOMEM;
        }
        line->fd = fd;
        line->owner = *owner;
        line->events = EPOLLIN;
        line->queue.max = NRI_LINE_QUEUE_MAX;
        r = sd_event_add_io(event, &line->ready, fd, line->events, on_ready, line);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(line);
        return 0;
}

NriLine *nri_line_free(NriLine *line) {
        if (!line)
                return NULL;
        sd_event_source_disable_unref(line->ready);
        buffer_deinit(&line->queue);
        (void)fd_close(line->fd);
        free(line);
        return NULL;
}

Buffer *nri_line_get_queue(NriLine *line) {
        return &line->queue;
}

/* What was sent must not count for the cap, and is moved over when that is cheap. */
static void forget_sent(NriLine *line) {
        Buffer *queue = &line->queue;
        const size_t n_left = queue->n_data - line->n_sent;

        if (n_left > line->n_sent)
                return;
        if (n_left == 0 && queue->n_allocated > KEPT_MAX)
                buffer_deinit(queue);
        else if (n_left > 0)
                memmove(queue->data, queue->data + line->n_sent, n_left);
        queue->n_data = n_left;
        line->n_sent = 0;
}

static int watch(NriLine *line) {
        const uint32_t events =
                EPOLLIN | (line->n_sent < line->queue.n_data ? (uint32_t)EPOLLOUT : 0);
        int r;

        if (events == line->events)
                return 0;
        r = sd_event_source_set_io_events(line->ready, events);
        if (r >= 0)
                line->events = events;
        return r < 0 ? r : 0;
}

int nri_line_flush(NriLine *line) {
        Buffer *queue = &line->queue;

        if (queue->error)
                return queue->error == -E2BIG ? -ENOBUFS : queue->error;
        while (line->n_sent < queue->n_data) {
                const ssize_t n = send(line->fd, queue->data + line->n_sent,
                                       queue->n_data - line->n_sent, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN)
                        return -errno;
                if (n <= 0)
                        break;
                line->n_sent += (size_t)n;
        }
        forget_sent(line);
        return watch(line);
}
