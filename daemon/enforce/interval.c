/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to look again
 *
 * Twice before it may be at its ceiling: at the growth that was seen, and at a burst that was not.
 * How fast a burst is taken to be depends on how long the container has been quiet, so that one
 * which sits below its ceiling for hours costs next to nothing. That is a bet: one that was quiet
 * for half a minute and then grows fast is seen up to half of the longest interval later.
 */
#include "enforce/control.h"

#define BURST              (512 * MIB) /* a second, of one that is new or was seen to grow */
#define BURST_LATER        (256 * MIB) /* of one that was quiet for some seconds */
#define LATER_USEC         (5 * USEC_PER_SEC)
#define QUIET_USEC         (30 * USEC_PER_SEC)
#define STEP_LOOKS         4u /* while a step is under way */
#define WAITING_USEC       (100 * USEC_PER_MSEC)
#define GUESSED_THROUGHPUT (128 * MIB)

static uint64_t get_usec(uint64_t bytes, double rate) {
        const double usec = (double)bytes / rate * (double)USEC_PER_SEC;

        return usec < (double)(UINT64_MAX / 2) ? (uint64_t)usec : UINT64_MAX / 2;
}

/* So far away that it need not be looked at before. */
static uint64_t get_calm(const Control *control, uint64_t left) {
        const uint64_t longest = control->node->interval_max_usec;
        const uint64_t quiet =
                bytes_sub_clamped(control->usage->usec, control->memory->active_usec);
        uint64_t usec;

        if (quiet < LATER_USEC)
                return get_usec(left, (double)BURST);
        usec = get_usec(left, (double)BURST_LATER);
        if (quiet < QUIET_USEC)
                return usec > longest / 4 ? usec : longest / 4;
        return usec > longest / 2 ? usec : longest / 2;
}

static uint64_t get_held(const Control *control) {
        const uint64_t ceiling = control->target->split.local.max;
        const uint64_t left = bytes_sub_clamped(ceiling, control->usage->local);
        const double growth = control->memory->growth;
        uint64_t usec = get_calm(control, left);

        if (ceiling == SPLIT_UNLIMITED)
                return control->node->interval_max_usec;
        if (growth > 0)
                usec = bytes_min(usec, get_usec(left, growth) / 2);
        return usec;
}

static uint64_t get_under_way(const Control *control, uint64_t bytes) {
        const double throughput = control->memory->throughput > 0 ? control->memory->throughput
                                                                  : (double)GUESSED_THROUGHPUT;

        return get_usec(bytes, throughput) / STEP_LOOKS;
}

static uint64_t get_interval(const Control *control) {
        const EnforceMemory *memory = control->memory;

        if (memory->step_bytes > 0)
                return get_under_way(control, memory->step_bytes);
        if (control->decision.action != ENFORCE_LEAVE)
                return get_under_way(control, control->decision.bytes);
        switch (control->decision.status) {
        case ENFORCE_FAILED:
        case ENFORCE_OBSERVED:
        case ENFORCE_ABSENT:
                return control->node->interval_max_usec;
        case ENFORCE_WAITING:
                return WAITING_USEC;
        case ENFORCE_HELD:
        case ENFORCE_DEMOTING:
        case ENFORCE_PROMOTING:
        case _ENFORCE_STATUS_N:
                break;
        }
        return get_held(control);
}

uint64_t interval_get_next(const Control *control) {
        const EnforceNode *node = control->node;
        uint64_t usec = bytes_min(get_interval(control), node->interval_max_usec);

        if (usec < node->interval_min_usec)
                usec = node->interval_min_usec;
        return bytes_add_saturated(control->usage->usec, usec > 0 ? usec : 1);
}
