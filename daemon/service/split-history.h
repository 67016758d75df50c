/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Splits that could not be held, and were held again
 *
 * The last of such events, oldest first. Fixed in size, as the history of changes is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "split/pod.h"

#define SPLIT_HISTORY_MAX 64u

typedef struct SplitEvent {
        uint64_t number;    /* from 1; one more than that of the event before */
        uint64_t time_usec; /* of the wall clock, since 1970 */
        char pod_uid[POD_UID_MAX];
        char namespace_name[POD_NAME_MAX], pod[POD_NAME_MAX], container[POD_NAME_MAX];
        bool is_held;
        char reason[DIAG_TEXT_MAX]; /* why it is not, or "" */
} SplitEvent;

/* {}: empty. */
typedef struct SplitHistory {
        SplitEvent events[SPLIT_HISTORY_MAX]; /* a ring */
        size_t first;                         /* the oldest */
        size_t n_events;
        uint64_t last_number; /* of the newest; 0: there was none */
} SplitHistory;

/* @event: copied; its number is the history's to give. */
void split_history_add(SplitHistory *history, const SplitEvent *event);
/* @index: 0 is the oldest. */
const SplitEvent *split_history_get(const SplitHistory *history, size_t index);
/* The index of the first event that came after that number; n_events: none did. */
size_t split_history_find_after(const SplitHistory *history, uint64_t number);
