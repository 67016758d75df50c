/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must not be done again and again
 *
 * Steps that move nothing. Pages that are young are refused for a while, so one such step says
 * little; after three, one after another, the container's own backend is left alone for a minute
 * and pages are moved one by one. One is enough where the kernel has not refused: it has moved
 * something else (from one lower tier to the next), or had to be cut off. When pages cannot be
 * moved three times, either, it is given up: the next try is half a minute later, the one after
 * that a minute, and so on up to ten. Of a container that may swap, pages are moved one by one
 * first, and it is reclaimed from when that gets nowhere.
 *
 * Pages that come back. When what is moved down is promoted by the kernel again, the hot set is
 * larger than the ceiling, or the wrong pages were taken. The ceiling stays one: what is above it
 * may be promised to somebody else, and how fast the kernel promotes is not slugd's to say. What
 * can be chosen is how often. The kernel knows what is cold by not having seen it used for a
 * while, so that many small steps take pages which one large step later would have spared. So, in
 * proportion to how much comes back, up to a twentieth of the ceiling is let be above it, nothing
 * is moved ahead of time, and then a step takes all of it. Above this slack nothing is different,
 * the slack is never larger, and the reason says that it is used.
 */
#include "enforce/control.h"

#include <string.h>

#define STALL_SHARE     8u /* a step that moves less than this part of it has moved nothing */
#define SLACK_SHARE     20u
#define SLACK_MIN_COST  0.25 /* some always come back */
#define OTHER_USEC      (60 * USEC_PER_SEC)
#define PAUSE_USEC      (50 * USEC_PER_MSEC) /* doubled with each step that moves nothing */
#define RETRY_USEC      (30 * USEC_PER_SEC)
#define RETRY_DOUBLINGS 4u
#define RETRY_MAX_USEC  (600 * USEC_PER_SEC)

bool guard_is_stalled(const EnforceMemory *memory, uint64_t moved) {
        return moved == 0 || moved < memory->step_bytes / STALL_SHARE;
}

static void give_up(EnforceMemory *memory, uint64_t usec) {
        const unsigned doublings =
                memory->n_given_up < RETRY_DOUBLINGS ? memory->n_given_up : RETRY_DOUBLINGS;
        const uint64_t wait = bytes_min(RETRY_USEC << doublings, RETRY_MAX_USEC);

        memory->is_given_up = true;
        ++memory->n_given_up;
        memory->retry_usec = bytes_add_saturated(usec, wait);
        memory->other_usec = 0;
}

void guard_note_step(EnforceMemory *memory, uint64_t moved, uint64_t usec, int error) {
        if (!guard_is_stalled(memory, moved)) {
                if (memory->step_is_other && memory->other_usec == 0)
                        memory->other_usec = usec + OTHER_USEC;
                memory->n_stalled = memory->n_given_up = 0;
                memory->error = 0;
                memory->retry_usec = 0;
                return;
        }
        memory->error = error < 0 ? -error : error;
        ++memory->n_stalled;
        if (memory->step_may_tell && error == 0)
                memory->n_stalled = STEPS_STALLED;
        memory->retry_usec = usec + (PAUSE_USEC << bytes_min(memory->n_stalled, 4));
        /* another way need not wait for what was in the way of this one */
        if (!memory->step_is_other && memory->n_stalled == STEPS_STALLED)
                memory->retry_usec = usec;
}

uint64_t guard_get_slack(const Control *control) {
        const uint64_t most = control->target->split.local.max / SLACK_SHARE;
        const double cost = control->memory->return_cost;

        return cost > SLACK_MIN_COST ? (uint64_t)((double)most * cost) : 0;
}

/* Whether pages can be moved one by one instead, which is what a step of node_limit does. */
static bool has_other_way(const Control *control, EnforceAction action) {
        const EnforceBackend backend = control->target->backend;

        if (action == ENFORCE_PROMOTE)
                return backend == ENFORCE_DAMOS;
        return backend != ENFORCE_MIGRATE && backend != ENFORCE_NODE_LIMIT;
}

void guard_forget(EnforceMemory *memory) {
        memory->n_stalled = memory->n_given_up = 0;
        memory->is_given_up = false;
        memory->retry_usec = memory->other_usec = 0;
        memory->error = 0;
}

/* What did not go one way says nothing about the other; and which of two ways down is the other one
 * may change. */
static void forget_other(Control *control, EnforceAction action) {
        const bool takes_pages = action == ENFORCE_DEMOTE && control_takes_pages(control);
        EnforceMemory *memory = control->memory;

        if (memory->step_action == action && memory->takes_pages == takes_pages)
                return;
        guard_forget(memory);
        memory->step_action = action;
        memory->takes_pages = takes_pages;
}

static bool is_too_soon(Control *control, EnforceAction action) {
        const EnforceMemory *memory = control->memory;
        const uint64_t left = bytes_sub_clamped(memory->retry_usec, control->usage->usec);
        const bool is_one = memory->n_stalled == 1;

        if (left == 0)
                return false;
        control_say(control, memory->is_given_up ? ENFORCE_FAILED : ENFORCE_WAITING,
                    "%s are local of %s to %s, and the last step%s %s %s moved nothing (%s): the "
                    "next one is tried in %.1f s.",
                    TEXT(control->local), TEXT(control->target->split.local.min),
                    LIMIT(control->target->split.local.max), is_one ? "" : "s",
                    action == ENFORCE_DEMOTE ? "down" : "up", is_one ? "has" : "have",
                    memory->error ? strerror(memory->error) : "without an error",
                    (double)left / (double)USEC_PER_SEC);
        return true;
}

static bool is_unsettled(Control *control) {
        const EnforceMemory *memory = control->memory;

        if (control->usage->usec >= memory->settle_usec)
                return false;
        control_say(control, ENFORCE_WAITING,
                    "%s are local of %s to %s, by counters that may be behind by %s: the next step "
                    "waits until they have told of the last one.",
                    TEXT(control->local), TEXT(control->target->split.local.min),
                    LIMIT(control->target->split.local.max), TEXT(memory->stale_bytes));
        return true;
}

/* There is another way, and it could do more: page cache that nobody has mapped can go no other. */
static bool may_tell(const Control *control) {
        return control->decision.reclaims && !control->decision.is_other &&
               control->node->moves_pages &&
               control->usage->local_file <= control->usage->local / 4;
}

bool guard_may_step(Control *control, EnforceAction action) {
        EnforceMemory *memory = control->memory;
        const bool has_other = has_other_way(control, action);
        const unsigned most = has_other ? 2 * STEPS_STALLED : STEPS_STALLED;
        bool is_other;

        forget_other(control, action);
        if (memory->n_stalled >= most && !memory->is_given_up)
                give_up(memory, control->usage->usec);
        if (is_unsettled(control) || is_too_soon(control, action))
                return false;
        if (memory->is_given_up) {
                memory->is_given_up = false;
                memory->n_stalled = STEPS_STALLED - 1; /* one step, and then the other way */
        }
        if (control->usage->usec >= memory->other_usec)
                memory->other_usec = 0;
        is_other = has_other && (memory->n_stalled >= STEPS_STALLED || memory->other_usec > 0);
        control->decision.is_other = is_other;
        control->decision.by_pages = is_other != memory->takes_pages;
        control->decision.reclaims = action == ENFORCE_DEMOTE && !control->decision.by_pages &&
                                     control->target->backend == ENFORCE_RECLAIM;
        control->decision.may_tell = may_tell(control);
        return true;
}
