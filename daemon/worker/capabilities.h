/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What moving pages of other processes takes
 *
 * CAP_SYS_PTRACE, to see and move pages of other users' processes, and CAP_SYS_NICE, for pages that
 * several processes have. Only workers that move pages keep them; for whoever holds the first may
 * read and change every process.
 */
#include <stdbool.h>

#include "base/cleanup.h"

/* Whether this process has both, in force. */
bool capabilities_are_there(void);
/* Drops both for good; not to have had them is as good. Return: 0 or an errno. */
_must_check_ int capabilities_drop(void);
