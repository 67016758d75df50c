/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Asking the daemon
 *
 * One Connect call with a JSON body over a Unix socket, and its answer as text.
 */
#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"

#define CLIENT_ANSWER_MAX   (16u * 1024 * 1024)
#define CLIENT_TIMEOUT_MSEC 10000L

enum {
        _CLIENT_E_SUCCESS,
        CLIENT_E_UNREACHABLE,   /* nobody serves this socket, or not for us */
        CLIENT_E_REFUSED,       /* the daemon says no, or nothing that can be understood */
        CLIENT_E_UNIMPLEMENTED, /* the daemon has no such method: it is older than this program */
};

/* @request: JSON. @answer: appended. Return: 0, CLIENT_E_* with @reterr set, or -ENOMEM. */
_must_check_ int client_call(const char *socket,
                             const char *path,
                             const char *request,
                             Buffer *answer,
                             Diag *reterr);

/* As client_call(), with so long to answer; 0: CLIENT_TIMEOUT_MSEC. When it takes long, a line on
 * standard error says that it does, if that is a terminal. */
_must_check_ int client_call_for(const char *socket,
                                 const char *path,
                                 const char *request,
                                 long timeout_msec,
                                 Buffer *answer,
                                 Diag *reterr);

/* Until somebody serves @socket, at most so long. Return: 0, CLIENT_E_UNREACHABLE, or an errno. */
_must_check_ int client_wait(const char *socket, unsigned timeout_msec, Diag *reterr);
