/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/socket-file.h"

/*
 * Every wake-up accepts a bounded number of connections, so that a crowd at the door does not keep
 * those inside waiting; the socket stays readable and the next turn of the loop goes on.
 *
 * Out of descriptors or memory, the waiting connection cannot be taken and the socket stays
 * readable: going on at once would spin. So accepting pauses for a moment, while everybody who is
 * connected is served, and by ending they give descriptors back. That is logged once, and once more
 * when it is over.
 */
#define ACCEPTS_PER_WAKEUP 16u
#define PAUSE_USEC         (100 * USEC_PER_MSEC)

struct Listener {
        int fd;
        SocketFile file;
        ListenerOwner owner;
        sd_event_source *ready;
        sd_event_source *pause;
        bool is_short; /* of descriptors or memory, and said so */
};

static int pause_accepting(Listener *listener, int error) {
        int r;

        if (!listener->is_short) {
                listener->is_short = true;
                log_event(LOG_WARNING, SLUG_MESSAGE_ACCEPT_PAUSED, LOG_PLAIN,
                          "Cannot accept connections (%s), trying again every 100 ms",
                          strerror(error));
        }
        r = sd_event_source_set_enabled(listener->ready, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_source_set_time_relative(listener->pause, PAUSE_USEC);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(listener->pause, SD_EVENT_ONESHOT);
}

static int on_pause_over(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Listener *listener = userdata;

        return sd_event_source_set_enabled(listener->ready, SD_EVENT_ON);
}

static void note_accepted(Listener *listener) {
        if (!listener->is_short)
                return;
        listener->is_short = false;
        log_event(LOG_NOTICE, SLUG_MESSAGE_ACCEPT_PAUSED, LOG_PLAIN, "Accepting connections again");
}

static int on_ready(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        Listener *listener = userdata;

        for (unsigned i = 0; i < ACCEPTS_PER_WAKEUP; ++i) {
                int accepted = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

                if (accepted >= 0) {
                        note_accepted(listener);
                        listener->owner.accepted(accepted, listener->owner.userdata);
                        continue;
                }
                switch (errno) {
                case EAGAIN:
                        return 0;
                case EMFILE:
                case ENFILE:
                case ENOBUFS:
                case ENOMEM:
                        return pause_accepting(listener, errno);
                default: /* this connection failed, not the listener: accept(2) has a long list */
                        log_debug("accept4: %s", strerror(errno));
                }
        }
        return 0;
}

static int attach(sd_event *event, Listener *listener) {
        int r = sd_event_add_io(event, &listener->ready, listener->fd, EPOLLIN, on_ready, listener);

        if (r < 0)
                return r;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time(event, &listener->pause, CLOCK_MONOTONIC, 0, 1, on_pause_over,
                              listener);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(listener->pause, SD_EVENT_OFF);
}

static Listener *new_listener(const ListenerOwner *owner) {
        Listener *listener = calloc(1, sizeof(*listener));

        if (listener)
                *listener = (Listener){ .fd = -EBADF, .file = SOCKET_FILE_NULL, .owner = *owner };
        return listener;
}

int listener_new_path(sd_event *event,
                      const char *path,
                      const ListenerOwner *owner,
                      Listener **ret,
                      Diag *reterr) {
        _cleanup_(listener_freep) Listener *listener = new_listener(owner);
        int r;

        if (!listener)
                return -ENOMEM;
        r = socket_file_listen(&listener->file, path, &listener->fd, reterr);
        if (r)
                return r == SOCKET_FILE_E_REFUSED ? LISTENER_E_REFUSED : r;
        r = attach(event, listener);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(listener);
        return 0;
}

static int check_listening(int fd) {
        int is_listening = 0, flags;
        socklen_t n = sizeof(is_listening);

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &n) < 0)
                return -errno;
        if (!is_listening)
                return -EINVAL;
        flags = fcntl(fd, F_GETFL);
        if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
                return -errno;
        return 0;
}

int listener_new_fd(sd_event *event, int fd, const ListenerOwner *owner, Listener **ret) {
        _cleanup_(listener_freep) Listener *listener = new_listener(owner);
        int r;

        if (!listener) {
                (void)fd_close(fd);
                return -ENOMEM;
        }
        listener->fd = fd;
        r = check_listening(fd);
        if (r)
                return r;
        r = attach(event, listener);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(listener);
        return 0;
}

Listener *listener_free(Listener *listener) {
        if (!listener)
                return NULL;
        sd_event_source_disable_unref(listener->ready);
        sd_event_source_disable_unref(listener->pause);
        socket_file_deinit(&listener->file);
        (void)fd_close(listener->fd);
        free(listener);
        return NULL;
}
