/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Allocation failure on demand
 *
 * Linked with --wrap, so that every allocation of the program passes here. failmalloc_arm(n) lets n
 * more through and fails all after them; failmalloc_disarm() must come before the next check
 * assertion, which allocates too.
 */
#include <stdbool.h>

void failmalloc_arm(unsigned n);
/* Back to normal; true when at least one allocation was failed since arming. */
bool failmalloc_disarm(void);
