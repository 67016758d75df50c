/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Who is asked
 *
 * A socket below a root, a client of it, and what was said of it: that it is lost is said once, and
 * once that it is back.
 */
#include "base/error.h"
#include "base/root.h"
#include "kubelet/endpoints.h"
#include "rpc/client.h"

typedef struct Peer {
        const char *name; /* "the container runtime" */
        const Root *root;
        char path[ENDPOINT_MAX]; /* "": it is not known where it is */
        RpcClient *client;
        uint64_t n_connections; /* that were made: one more is another process, or might be */
        bool is_lost;           /* that was said */
} Peer;

/* @name, @root: borrowed. @peer must not move after this. @max_back_off_usec: of the client; 0: its
 * own. */
_must_check_ int peer_init(Peer *peer,
                           sd_event *event,
                           const char *name,
                           const Root *root,
                           uint64_t max_back_off_usec);
void peer_deinit(Peer *peer);
DEFINE_DEINIT(Peer, peer_deinit);

/* Counts for the next connection. */
void peer_set_path(Peer *peer, const char *path);
/* There is a file where it should be. */
bool peer_is_there(const Peer *peer);
/* Why it is not. @what: would have told where it is, "socket" or "folder". */
void peer_explain_absence(const Peer *peer, const char *what, char problem[static DIAG_TEXT_MAX]);

/* Whether it has answered, in the log when that is news. @problem: why not. */
void peer_tell(Peer *peer, bool has_answered, const char *problem);

/* A message in memory of its own: protobuf_c_message_free_unpacked() with NULL. @message may be
 * NULL, and so is the copy then. Return: 0 or -ENOMEM. */
_must_check_ int peer_copy_message(const ProtobufCMessage *message, ProtobufCMessage **ret);
