/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A Unix socket's file
 *
 * Made so that whoever sees it can connect to it, and never made over somebody else's.
 */
#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/error.h"

typedef struct SocketFile {
        int dir_fd;
        char *name; /* in that directory */
        dev_t device;
        ino_t inode;
} SocketFile;

#define SOCKET_FILE_NULL                                                                           \
        { .dir_fd = -EBADF }

enum {
        _SOCKET_FILE_E_SUCCESS,
        SOCKET_FILE_E_REFUSED, /* the diag says why and what to do */
};

/* @file: must be SOCKET_FILE_NULL. @ret_fd: listening, non-blocking, close-on-exec; the caller's.
 * Return: 0, SOCKET_FILE_E_REFUSED, or an errno. */
_must_check_ int socket_file_listen(SocketFile *file, const char *path, int *ret_fd, Diag *reterr);

/* In a folder that is open already. It never waits: a folder that is locked is refused. */
typedef struct SocketFilePlace {
        int dir_fd;         /* borrowed */
        const char *path;   /* as clients have it; its last part is the file's name */
        mode_t mode;        /* of the file */
        const char *advice; /* the end of a complaint: what else can be done */
} SocketFilePlace;

_must_check_ int
socket_file_listen_at(SocketFile *file, const SocketFilePlace *place, int *ret_fd, Diag *reterr);
/* At its path there is still the file that was made. */
bool socket_file_is_there(const SocketFile *file);
/* Removes a socket that nobody listens on. Return: it was one, and it is gone. */
bool socket_file_remove_dead(int dir_fd, const char *name);
/* Takes the file away, if it is still the one that was made. */
void socket_file_deinit(SocketFile *file);
DEFINE_DEINIT(SocketFile, socket_file_deinit);
