/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A slugd of one's own
 *
 * For a captured machine that is asked once: it is started on a socket in a temporary folder and
 * ended afterwards, however slugctl ends.
 */
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

#define PRIVATE_DAEMON_PATH_MAX 100u /* a socket's path has at most 107 bytes */

typedef struct PrivateDaemon {
        char folder[PRIVATE_DAEMON_PATH_MAX - 16];
        char socket[PRIVATE_DAEMON_PATH_MAX];
        pid_t keeper; /* 0: there is none */
        int leash_fd; /* the keeper ends when it is closed */
} PrivateDaemon;

enum {
        _PRIVATE_DAEMON_E_SUCCESS,
        PRIVATE_DAEMON_E_FAILED, /* @reterr says why */
};

#define PRIVATE_DAEMON_NULL ((PrivateDaemon){ .leash_fd = -EBADF })

/* Comes back when it serves its socket. @self: PRIVATE_DAEMON_NULL. Return: 0,
 * PRIVATE_DAEMON_E_FAILED, or an errno. */
_must_check_ int private_daemon_start(PrivateDaemon *self, const char *root, Diag *reterr);
/* Comes back when all is gone. */
void private_daemon_stop(PrivateDaemon *self);
DEFINE_DEINIT(PrivateDaemon, private_daemon_stop);
