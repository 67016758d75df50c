/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A socket in a folder of the kubelet's
 *
 * With a server of its own behind it, so that both can go together: the kubelet takes a stream that
 * ends after another one was made for the end of the new one.
 */
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "rpc/server.h"
#include "rpc/socket-file.h"

typedef struct Door {
        RpcServer *server; /* NULL: it is closed */
        SocketFile file;
} Door;

#define DOOR_NULL                                                                                  \
        { .file = SOCKET_FILE_NULL }

enum {
        _DOOR_E_SUCCESS,
        DOOR_E_REFUSED, /* @reterr says why it cannot be opened, and what to do */
};

typedef struct DoorParams {
        sd_event *event;
        const RpcTable *table; /* borrowed while it is open */
        int dir_fd;            /* borrowed */
        const char *path;      /* of the socket, as the kubelet has it */
} DoorParams;

/* For root and this process's user. Return: 0, DOOR_E_REFUSED, or an errno. */
_must_check_ int door_open(Door *door, const DoorParams *params, Diag *reterr);
/* Connections and their calls end with it. Not from within one of them. */
void door_close(Door *door);

bool door_is_open(const Door *door);
/* The socket's file is still there. */
bool door_is_there(const Door *door);
size_t door_count_connections(const Door *door);
