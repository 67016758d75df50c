/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A listening socket
 *
 * Accepts in an sd_event loop and hands every connection on. It can also make the socket: a Unix
 * one at a path, which it takes away again.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/error.h"

typedef struct Listener Listener;

/* @fd: a new connection, non-blocking and close-on-exec, taken. */
typedef void (*ListenerAccepted)(int fd, void *userdata);

typedef struct ListenerOwner {
        ListenerAccepted accepted;
        void *userdata;
} ListenerOwner;

enum {
        _LISTENER_E_SUCCESS,
        LISTENER_E_REFUSED, /* this path cannot be listened on; the diag says why and what to do */
};

/* Return: 0, LISTENER_E_REFUSED, or an errno. */
_must_check_ int listener_new_path(sd_event *event,
                                   const char *path,
                                   const ListenerOwner *owner,
                                   Listener **ret,
                                   Diag *reterr);
/* @fd: a listening stream socket, taken, also on failure. Return: 0 or an errno. */
_must_check_ int
listener_new_fd(sd_event *event, int fd, const ListenerOwner *owner, Listener **ret);
/* Takes the file away, if it is still the one that was made. */
Listener *listener_free(Listener *listener);
DEFINE_CLEANUP(Listener *, listener_free);
