/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How long a call may take
 *
 * Of a process with one thread. A call that the kernel can interrupt fails with EINTR when it has
 * taken so long, and does so again after as long once more: the first signal may come before the
 * call does. What cannot be interrupted goes on.
 */
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

#define PATIENCE_MAX_USEC (3600 * USEC_PER_SEC)

/* @usec: 0: any. It has SIGALRM and ITIMER_REAL until patience_end(). Return: 0 or an errno. */
_must_check_ int patience_begin(uint64_t usec);
void patience_end(void);
