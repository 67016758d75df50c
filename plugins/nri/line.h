/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The socket of a session
 *
 * Bytes in as they come, bytes out of a queue that has a cap. Inside this folder.
 */
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/buffer.h"
#include "base/cleanup.h"

/* Of what the runtime has not read yet. It is told as little as it asks for. */
#define NRI_LINE_QUEUE_MAX (16u * 1024 * 1024)

#define NRI_LINE_PATH_MAX 107u

typedef struct NriLine NriLine;

typedef struct NriLineOwner {
        /* Return: 0 or an errno, which is turned()'s then. */
        int (*received)(const uint8_t *data, size_t n_data, void *userdata);
        /* All that came in this turn was told, and what is queued may be sent. @error: 0, or an
         * errno: the line is over. The line may be freed in there. */
        void (*turned)(int error, void *userdata);
        void *userdata;
} NriLineOwner;

/* @path: of at most NRI_LINE_PATH_MAX bytes. Return: a socket that is connected, or an errno. */
_must_check_ int nri_line_connect(const char *path);

/* @fd: connected and non-blocking; taken, also on failure. Return: 0 or an errno. */
_must_check_ int nri_line_new(sd_event *event, int fd, const NriLineOwner *owner, NriLine **ret);
NriLine *nri_line_free(NriLine *line);
DEFINE_CLEANUP(NriLine *, nri_line_free);

/* Appended to by whoever has something to say, and sent by nri_line_flush(). */
Buffer *nri_line_get_queue(NriLine *line);
/* Sends what the socket takes now, and the rest when it takes more. Return: 0 or an errno;
 * -ENOBUFS: the runtime does not read. */
_must_check_ int nri_line_flush(NriLine *line);
