/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Packets between the daemon, the forker and the workers
 *
 * One message is one fixed struct and a few descriptors over a SEQPACKET pair. A message of another
 * size, or with more descriptors than anybody sends, is -EBADMSG, and nothing of it is kept.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define PACKET_FDS_MAX  2u
#define PACKET_NAME_MAX 256u /* with its NUL */

typedef struct PacketFds {
        int items[PACKET_FDS_MAX];
        size_t n_items; /* 0 is the safe zero: only these are open */
} PacketFds;

void packet_fds_deinit(PacketFds *fds);
DEFINE_DEINIT(PacketFds, packet_fds_deinit);

/* Daemon to worker, with two descriptors: what to work on, and the data, a sealed memfd. */
typedef struct WorkerRequest {
        uint64_t id; /* the answer has the same one */
        uint64_t offset;
        uint64_t n_data;
        uint64_t patience_usec; /* 0: any */
        uint32_t op;
        char name[PACKET_NAME_MAX];
} WorkerRequest;

/* Worker to daemon, with a descriptor when the operation gives one and @error is 0. */
typedef struct WorkerAnswer {
        uint64_t id;
        int32_t error; /* 0 or an errno below 0 */
} WorkerAnswer;

/* Daemon to forker: a worker for this lane, please. */
typedef struct ForkerRequest {
        uint32_t lane;
} ForkerRequest;

/* Forker to daemon, when @error is 0 with two descriptors: the worker's socket, and its pidfd. */
typedef struct ForkerAnswer {
        uint32_t lane;
        int32_t error; /* 0 or an errno below 0 */
        int32_t pid;
} ForkerAnswer;

/* @flags: 0 or MSG_DONTWAIT. Return: 0 or an errno. */
_must_check_ int packet_send(int socket_fd,
                             const void *data,
                             size_t n_data,
                             const int *fds,
                             size_t n_fds,
                             int flags);

enum {
        PACKET_E_NONE = 1, /* nothing there; with MSG_DONTWAIT only */
        PACKET_E_END,      /* the peer is gone */
};

/* @ret_fds: the caller's, to be released. Return: 0, PACKET_E_*, -EMFILE (@data came, but for its
 * descriptors there was no room), -EBADMSG, or an errno. */
_must_check_ int
packet_receive(int socket_fd, void *data, size_t n_data, PacketFds *ret_fds, int flags);
