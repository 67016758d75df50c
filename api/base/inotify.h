/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * inotify on what is open
 *
 * What is to be watched is opened below a root first, as everything is, and watched through
 * /proc/self/fd, where the kernel follows to the very file or folder that was opened: so a captured
 * tree is watched like the machine's own, and no link leads out.
 */
#include <stdbool.h>
#include <stdint.h>
#include <sys/inotify.h>

#include "base/cleanup.h"

/* A descriptor that is read by inotify_drain() and closed. Return: 0 or an errno. */
_must_check_ int inotify_new(int *ret_fd);
/* @fd: of what is watched, O_PATH will do. Return: 0 or an errno; ENOSPC: there are too many. */
_must_check_ int inotify_add(int inotify_fd, int fd, uint32_t mask, int *ret_wd);
/* @wd: below 0: none. It is -1 then. One that the kernel has taken away already is no failure. */
void inotify_drop(int inotify_fd, int *wd);

/* Return: whether it is news. */
typedef bool (*InotifyTake)(const struct inotify_event *event, void *userdata);
/* Takes what happened, up to a cap, so that a storm cannot hold the loop: what is left makes the
 * descriptor readable again. Never blocks. Return: whether any of it was news. */
bool inotify_drain(int inotify_fd, InotifyTake take, void *userdata);

/* What can be done about an errno of these, as the end of a sentence: "; ... is too low", or "". */
const char *inotify_advise(int error);
