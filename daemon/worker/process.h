/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Processes: what a child does first, and how others see and bring its end
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

/*
 * To be called in a child that has one thread. Takes its name, leaves nothing open but stderr,
 * /dev/null and @socket_fd, which becomes *@ret_socket_fd, and takes its own view of signals: those
 * that tell slugd to stop are ignored, because a child goes when its socket does, after slugd had
 * its last words written. Return: 0 or an errno.
 */
_must_check_ int process_begin(const char *name, int socket_fd, int *ret_socket_fd);

/* A process is meant by its pidfd, so that no other one is ever taken for it. */
void process_kill(int pidfd);
bool process_has_ended(int pidfd);
/* Waits for the end, at most until @until_usec of clock_monotonic. False: it is still there. */
bool process_await_end(int pidfd, uint64_t until_usec);
