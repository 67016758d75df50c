/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One condition. Inside this folder only.
 */
#include "service/messages.h"

typedef struct Condition {
        const char *reason;
        const char *message;
        Slug__V1__ConditionStatus status;
} Condition;

static inline Condition condition_good(const char *reason, const char *message) {
        return (Condition){ reason, message, SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_TRUE };
}

static inline Condition condition_bad(const char *reason, const char *message) {
        return (Condition){ reason, message, SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_FALSE };
}

static inline Condition condition_unknown(const char *reason, const char *message) {
        return (Condition){ reason, message, SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN };
}

/* A state of something in one word, and which status that is: a table has one for each state. */
typedef struct ConditionWord {
        const char *reason;
        Condition (*make)(const char *reason, const char *message);
} ConditionWord;

static inline Condition condition_tell(const ConditionWord *word, const char *message) {
        return word->make(word->reason, message);
}

/* Of the kubelet, and of what it counts. A NULL message: out of memory. */
Condition condition_tell_kubelet_configuration(Arena *arena, const NodeView *view);
Condition condition_tell_kubelet_memory(Arena *arena, const NodeView *view);
Condition condition_tell_kubelet_allocatable(Arena *arena, const NodeView *view);
Condition condition_tell_chunks(Arena *arena, const NodeView *view);
Condition condition_tell_splits(Arena *arena, const NodeView *view);
