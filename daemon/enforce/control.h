/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A decision in the making
 *
 * What the parts of the controller share. Inside this folder only.
 *
 *      local.max = ceiling --------------------------- above it: a step down
 *                  aim     --------------------------- where it ends when nothing grows
 *                  floor   --------------------------- where it ends at the lowest
 *      local.min --------------- below it, by more than the band: a step up, to the aim at most
 */
#include "enforce/enforce.h"

#define STEP_MAX       (64 * MIB)
#define STEP_IMPRECISE (16 * MIB) /* where what is asked for is not what is moved */
#define STEP_UP_MAX    (32 * MIB)
#define STEP_MIN       (4 * MIB) /* two huge pages: not less, unless less is to be moved */
#define STEPS_STALLED  3u        /* and then another way, or none */
/* The kernel sums up its counters that often, whatever they are behind by. */
#define STALE_USEC (2 * USEC_PER_SEC)

typedef struct Control {
        EnforceMemory *memory;
        const EnforceTarget *target;
        const EnforceUsage *usage;
        const EnforceNode *node;
        uint64_t local, remote; /* bytes, with what no counter has told of yet */
        uint64_t band;          /* bytes */
        uint64_t due;           /* the ceiling, or a little more where that is next to nothing */
        uint64_t aim, floor;
        EnforceDecision decision;
} Control;

/* growth.c: how fast local memory grows, and what of it has come back. Before memory->last is
 * changed. */
void growth_follow(EnforceMemory *memory, const EnforceUsage *usage);
/* Bytes that come until a step that is begun at the next look. */
uint64_t growth_get_coming(const Control *control);

/* unseen.c: what was moved and is too little for the kernel's counters to tell. */
bool unseen_note_step(EnforceMemory *memory, uint64_t moved, uint64_t now_usec, int error);
void unseen_follow(EnforceMemory *memory, const EnforceUsage *usage);

/* guard.c: what must not be done again and again. */
bool guard_is_stalled(const EnforceMemory *memory, uint64_t moved);
void guard_note_step(EnforceMemory *memory, uint64_t moved, uint64_t usec, int error);
/* Steps that moved nothing. */
void guard_forget(EnforceMemory *memory);
/* How far above the ceiling is let be, since what is moved down comes back. */
uint64_t guard_get_slack(const Control *control);
/* Whether a step may be tried now; sets by which way, or says why not. */
bool guard_may_step(Control *control, EnforceAction action);

/* restore.c: what was moved down although nobody asked for that. @excess: bytes; 0: none. */
void restore_note(EnforceMemory *memory, uint64_t excess, uint64_t now_usec);
void restore_follow(const Control *control);
/* Bytes to move up again; 0: none. */
uint64_t restore_get_wanted(const Control *control);
/* A step up was not let. */
void restore_note_refused(const Control *control);
/* Whether the backend has shown that it does not stop where it is told to. */
bool restore_is_wary(const Control *control);

/* demote.c, promote.c: whether it is theirs to say. The decision is complete but for next_usec. */
bool demote_decide(Control *control);
bool promote_decide(Control *control);

/* interval.c */
uint64_t interval_get_next(const Control *control);

/* control.c */
Control control_make(EnforceMemory *memory,
                     const EnforceTarget *target,
                     const EnforceUsage *usage,
                     const EnforceNode *node);
/* How exact @limit can be kept, bytes. */
uint64_t control_get_band(uint64_t limit, uint64_t stale_bytes);
/* What is asked for may go elsewhere. */
bool control_is_imprecise(const Control *control);
/* Pages are moved down one by one, and the backend's own way is the other one. */
bool control_takes_pages(const Control *control);
void control_say(Control *control, EnforceStatus status, const char *format, ...) _printf_(3, 4);
/* "198.40 MiB" of locals that end with the statement. */
#define TEXT(bytes)  bytes_format((bytes), (char[BYTES_TEXT_MAX]){ 0 })
#define LIMIT(bytes) ((bytes) == SPLIT_UNLIMITED ? "any" : TEXT(bytes))
