/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whether a socket comes
 *
 * Tells when a file of that name comes to be, or a folder on the way to it, so that nobody has to
 * try often. It may say so without cause and, where there is no inotify, never. Inside this folder.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"

typedef struct NriWatch NriWatch;

/* @path: absolute; borrowed. Return: 0 or an errno. */
_must_check_ int nri_watch_new(sd_event *event,
                               const char *path,
                               void (*came)(void *userdata),
                               void *userdata,
                               NriWatch **ret);
NriWatch *nri_watch_free(NriWatch *watch);
DEFINE_CLEANUP(NriWatch *, nri_watch_free);

/* Folders may have come and gone: to be called before the socket is tried. */
void nri_watch_look(NriWatch *watch);
