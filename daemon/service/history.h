/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The history
 *
 * The last changes of what slugd serves, oldest first. Fixed in size: remembering a change cannot
 * fail, and an old one goes when a new one needs its place.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define HISTORY_MAX      256u
#define HISTORY_TEXT_MAX 256u

typedef struct HistoryEntry {
        uint64_t generation;
        uint64_t time_usec; /* of the wall clock, since 1970 */
        OptU64 node;        /* the NUMA node that it is about */
        char text[HISTORY_TEXT_MAX];
} HistoryEntry;

/* {}: empty. */
typedef struct History {
        HistoryEntry entries[HISTORY_MAX]; /* a ring */
        size_t first;                      /* the oldest */
        size_t n_entries;
        uint64_t dropped_generation; /* of the newest entry that went; 0: none did */
} History;

void history_add(History *history,
                 uint64_t generation,
                 uint64_t time_usec,
                 OptU64 node,
                 const char *text);
/* @index: 0 is the oldest. */
const HistoryEntry *history_get(const History *history, size_t index);
