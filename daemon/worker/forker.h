/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The process that makes workers
 *
 * Asked for a worker it forks itself and sends back the worker's socket, its pidfd and its pid. It
 * is the parent of all workers and takes their exits, so that none stays as a zombie. When the
 * daemon dies it kills them.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "worker/packet.h"

typedef struct Forker {
        int socket_fd;
        int pidfd;
        int pid;
} Forker;

/* The safe zero: there is none. */
#define FORKER_NONE ((Forker){ .socket_fd = -EBADF, .pidfd = -EBADF })

static inline bool forker_is_there(const Forker *forker) {
        return forker->socket_fd >= 0;
}

/* Forks. @capable: bits of lanes whose workers keep what moving pages takes; as does the forker,
 * which gives it to them. Return: 0 or an errno. */
_must_check_ int forker_start(uint64_t capable, Forker *ret);
/* Kills it, not the workers, and closes the socket; its pidfd stays, for its end to be seen. */
void forker_kill(Forker *forker);
/* Takes its exit, which is there: process_has_ended(). */
void forker_reap(Forker *forker);

/* Asks for a worker for @lane, and does not wait for it. Return: 0 or an errno. */
_must_check_ int forker_ask(const Forker *forker, unsigned lane);

enum {
        FORKER_E_NONE = 1, /* no answer yet */
        FORKER_E_GONE,     /* it died, or talks nonsense; no worker will come any more */
};

/* @ret_fds: the caller's; the worker's socket and its pidfd, when the answer has no error.
 * Return: 0, FORKER_E_*, or an errno. */
_must_check_ int forker_take(const Forker *forker, ForkerAnswer *ret, PacketFds *ret_fds);
