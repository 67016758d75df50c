/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/door.h"

#include <errno.h>

#include "kubelet/device/service.h"

#define SOCKET_MODE 0600
#define ADVICE      "start slug-kubelet with --register none"

/* One kubelet, and a person who looks. */
#define CONNECTIONS_MAX 32u
/* Lists that are not taken yet, and requests that are not whole. */
#define HELD_MAX (8u * 1024 * 1024)

static int make_server(Door *door, const DoorParams *params, int fd) {
        RpcLimits limits = RPC_LIMITS_DEFAULT;
        int r;

        limits.max_connections = CONNECTIONS_MAX;
        limits.max_held_bytes = HELD_MAX;
        r = rpc_server_new(&(const RpcServerParams){ .event = params->event,
                                                     .table = params->table,
                                                     .limits = &limits,
                                                     .get_role = device_service_get_role },
                           &door->server);
        if (r) {
                (void)fd_close(fd);
                return r;
        }
        return rpc_server_listen_fd(door->server, fd);
}

int door_open(Door *door, const DoorParams *params, Diag *reterr) {
        int fd, r;

        r = socket_file_listen_at(&door->file,
                                  &(const SocketFilePlace){ .dir_fd = params->dir_fd,
                                                            .path = params->path,
                                                            .mode = SOCKET_MODE,
                                                            .advice = ADVICE },
                                  &fd, reterr);
        if (r)
                return r == SOCKET_FILE_E_REFUSED ? DOOR_E_REFUSED : r;
        r = make_server(door, params, fd);
        if (r)
                door_close(door);
        return r;
}

/* The file first, while its inode cannot be another's. */
void door_close(Door *door) {
        socket_file_deinit(&door->file);
        door->server = rpc_server_free(door->server);
}

bool door_is_open(const Door *door) {
        return door->server;
}

bool door_is_there(const Door *door) {
        return socket_file_is_there(&door->file);
}

size_t door_count_connections(const Door *door) {
        return door->server ? rpc_server_count_connections(door->server) : 0;
}
