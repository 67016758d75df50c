/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/packet.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/*
 * SEQPACKET keeps the borders of messages and tells the end of the peer, so a message is whole or
 * it is odd; there is no state between two of them. An empty message looks like the end and is
 * taken for it: nobody here sends one.
 *
 * A peer that dies with unread messages in its queue ends the connection with ECONNRESET instead of
 * the plain end. It means the same to all who ask.
 */
typedef union Control {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(PACKET_FDS_MAX * sizeof(int))];
} Control;

void packet_fds_deinit(PacketFds *fds) {
        for (size_t i = 0; i < fds->n_items; ++i)
                (void)fd_close(fds->items[i]);
        fds->n_items = 0;
}

int packet_send(int socket_fd,
                const void *data,
                size_t n_data,
                const int *fds,
                size_t n_fds,
                int flags) {
        struct iovec iov = { .iov_base = (void *)data, .iov_len = n_data };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        Control control = {};
        ssize_t n;

        if (n_fds > PACKET_FDS_MAX)
                return -EINVAL;
        if (n_fds > 0) {
                control.header = (struct cmsghdr){
                        .cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
                        .cmsg_level = SOL_SOCKET,
                        .cmsg_type = SCM_RIGHTS,
                };
                memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        }
        do
                n = sendmsg(socket_fd, &message, flags | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return (size_t)n == n_data ? 0 : -EIO;
}

/* All that came are taken, so that all can be closed. False: more than we have room for. */
static bool take_fds(struct msghdr *message, PacketFds *fds) {
        bool is_fine = true;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                size_t n;

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                for (size_t i = 0; i < n; ++i) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
                        if (fds->n_items < PACKET_FDS_MAX) {
                                fds->items[fds->n_items++] = fd;
                                continue;
                        }
                        (void)fd_close(fd);
                        is_fine = false;
                }
        }
        return is_fine;
}

int packet_receive(int socket_fd, void *data, size_t n_data, PacketFds *ret_fds, int flags) {
        _cleanup_(packet_fds_deinitp) PacketFds fds = {};
        struct iovec iov = { .iov_base = data, .iov_len = n_data };
        Control control;
        struct msghdr message = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        bool is_fine;
        ssize_t n;

        do
                n = recvmsg(socket_fd, &message, flags | MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN)
                return PACKET_E_NONE;
        if (n < 0 && errno == ECONNRESET)
                return PACKET_E_END;
        if (n < 0)
                return -errno;
        is_fine = take_fds(&message, &fds);
        if (n == 0)
                return PACKET_E_END;
        if (!is_fine || (size_t)n != n_data || (message.msg_flags & MSG_TRUNC))
                return -EBADMSG;
        /* Too many for this process's table; or more than anybody sends, which is as bad. */
        if (message.msg_flags & MSG_CTRUNC)
                return -EMFILE;
        *ret_fds = fds;
        fds.n_items = 0;
        return 0;
}
