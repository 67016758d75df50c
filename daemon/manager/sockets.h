/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The sockets
 *
 * Those that the service manager passed (socket activation), or one of our own.
 */
#include "base/error.h"
#include "rpc/server.h"

typedef struct SocketsParams {
        const char *asked_for;  /* by --socket; NULL: nobody did */
        const char *configured; /* by slugd.yaml, or the default */
        bool is_host;           /* the machine that is read is this one */
} SocketsParams;

enum {
        _SOCKETS_E_SUCCESS,
        SOCKETS_E_REFUSED, /* what cannot be served is in the diag */
};

/* Once in a process: it takes the descriptors that were passed. Return: 0, SOCKETS_E_REFUSED, or an
 * errno. */
_must_check_ int sockets_listen(RpcServer *server, const SocketsParams *params, Diag *reterr);
