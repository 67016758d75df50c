/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The kubelet's own hints
 *
 * memory-oracle -bench, asked round by round through two pipes, so that what slows the machine down
 * slows both. {} is none.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct Rival {
        FILE *to, *from;
} Rival;

/* Named pipes. False: they cannot be opened. */
bool rival_open(Rival *rival, const char *to, const char *from);
void rival_close(Rival *rival);

#define RIVAL_ROWS_MAX 16u

typedef struct RivalRow {
        unsigned n_nodes, n_claims;
        double nanoseconds; /* of one call */
} RivalRow;

/* One round. Return: how many rows it has; 0: it has failed, or there is none. */
size_t rival_ask(Rival *rival, RivalRow rows[static RIVAL_ROWS_MAX]);
