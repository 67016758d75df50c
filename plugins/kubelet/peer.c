/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"

/* The file is found below the root first, and then named by its descriptor: a path can be longer
 * than a socket's address. */
static int open_socket(void *userdata) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_(fd_closep) int file = -EBADF, fd = -EBADF;
        Peer *peer = userdata;
        int r;

        if (peer->path[0] == '\0')
                return -ENOENT;
        r = root_open(peer->root, peer->path, O_PATH, &file);
        if (r)
                return r < 0 ? r : -ENOENT;
        (void)snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", file);
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        ++peer->n_connections;
        return TAKE_FD(fd);
}

int peer_init(Peer *peer,
              sd_event *event,
              const char *name,
              const Root *root,
              uint64_t max_back_off_usec) {
        *peer = (Peer){ .name = name, .root = root };
        return rpc_client_new(&(const RpcClientParams){ .event = event,
                                                        .open = open_socket,
                                                        .userdata = peer,
                                                        .max_back_off_usec = max_back_off_usec },
                              &peer->client);
}

void peer_deinit(Peer *peer) {
        peer->client = rpc_client_free(peer->client);
}

void peer_set_path(Peer *peer, const char *path) {
        (void)snprintf(peer->path, sizeof(peer->path), "%s", path);
}

bool peer_is_there(const Peer *peer) {
        return peer->path[0] && root_exists(peer->root, peer->path);
}

void peer_explain_absence(const Peer *peer, const char *what, char problem[static DIAG_TEXT_MAX]) {
        if (peer->path[0])
                (void)snprintf(problem, DIAG_TEXT_MAX, "there is no %.200s", peer->path);
        else
                (void)snprintf(problem, DIAG_TEXT_MAX, "there is no %s of one", what);
}

void peer_tell(Peer *peer, bool has_answered, const char *problem) {
        if (has_answered && peer->is_lost)
                log_event(LOG_NOTICE, SLUG_MESSAGE_PEER_BACK,
                          LOG_WITH({ .name = "SLUG_SOCKET", .text = peer->path }),
                          "%s answers on %s", peer->name, peer->path);
        else if (!has_answered && !peer->is_lost)
                log_event(LOG_WARNING, SLUG_MESSAGE_PEER_LOST,
                          LOG_WITH({ .name = "SLUG_SOCKET", .text = peer->path },
                                   { .name = "SLUG_REASON", .text = problem }),
                          "%s does not answer: %s", peer->name, problem);
        peer->is_lost = !has_answered;
}

int peer_copy_message(const ProtobufCMessage *message, ProtobufCMessage **ret) {
        _cleanup_(freep) uint8_t *data = NULL;
        size_t n;

        *ret = NULL;
        if (!message)
                return 0;
        n = protobuf_c_message_get_packed_size(message);
        data = malloc(n + 1);
        if (!data)
                return -ENOMEM;
        (void)protobuf_c_message_pack(message, data);
        *ret = protobuf_c_message_unpack(message->descriptor, NULL, n, data);
        return *ret ? 0 : -ENOMEM;
}
