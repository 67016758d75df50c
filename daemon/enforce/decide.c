/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/enforce.h"

#include <stdio.h>

#define STEP_MIN (16 * MIB)
#define STEP_MAX (64 * MIB)

/* Bytes of local memory a second, smoothed; what slugd itself moves is not in it. */
static void follow(EnforceMemory *memory, const EnforceUsage *usage) {
        if (memory->has_last && usage->usec > memory->last.usec && memory->step_bytes == 0) {
                const double seconds = (double)(usage->usec - memory->last.usec) / 1e6;
                const double growth = ((double)usage->local - (double)memory->last.local) / seconds;

                memory->growth = (memory->growth + growth) / 2;
        }
        memory->last = *usage;
        memory->has_last = true;
}

static void say(EnforceDecision *decision,
                EnforceStatus status,
                const EnforceUsage *usage,
                uint64_t max,
                const char *what) {
        char local[BYTES_TEXT_MAX], ceiling[BYTES_TEXT_MAX];

        decision->status = status;
        (void)snprintf(decision->reason, sizeof(decision->reason),
                       "Local memory is %s of at most %s: %s.", bytes_format(usage->local, local),
                       bytes_format(max, ceiling), what);
}

EnforceDecision enforce_decide(EnforceMemory *memory,
                               const EnforceTarget *target,
                               const EnforceUsage *usage,
                               const EnforceNode *node) {
        const SplitRange *local = &target->split.local;
        EnforceDecision decision = { .next_usec = usage->usec + node->interval_min_usec };
        const double lead = (double)node->interval_min_usec / 1e6 * 3;
        uint64_t coming;

        follow(memory, usage);
        coming = memory->growth > 0 ? (uint64_t)(memory->growth * lead) : 0;
        if (memory->step_bytes > 0) {
                say(&decision,
                    memory->step_action == ENFORCE_PROMOTE ? ENFORCE_PROMOTING : ENFORCE_DEMOTING,
                    usage, local->max, "a step is under way");
        } else if (target->backend == ENFORCE_OBSERVE) {
                say(&decision, ENFORCE_OBSERVED, usage, local->max, "nothing is moved");
        } else if (bytes_add_saturated(usage->local, coming) >
                   bytes_add_saturated(local->max, node->stale_bytes)) {
                decision.action = ENFORCE_DEMOTE;
                decision.bytes = bytes_min(usage->local + coming - local->max, STEP_MAX);
                decision.bytes = bytes_min(decision.bytes,
                                           usage->local - bytes_min(usage->local, local->min));
                decision.bytes = bytes_min(decision.bytes, node->budget);
                say(&decision, ENFORCE_DEMOTING, usage, local->max, "the rest is moved down");
                if (decision.bytes == 0)
                        decision.action = ENFORCE_LEAVE;
        } else if (target->may_promote && usage->local + node->stale_bytes < local->min &&
                   usage->remote > 0) {
                decision.action = ENFORCE_PROMOTE;
                decision.bytes = bytes_min(local->min - usage->local, STEP_MIN);
                decision.bytes = bytes_min(decision.bytes, node->local_free);
                decision.bytes = bytes_min(decision.bytes, node->budget);
                say(&decision, ENFORCE_PROMOTING, usage, local->max, "less than it was promised");
                if (decision.bytes == 0)
                        decision.action = ENFORCE_LEAVE;
        } else {
                say(&decision, ENFORCE_HELD, usage, local->max, "as promised");
                if (coming == 0)
                        decision.next_usec = usage->usec + node->interval_max_usec;
        }
        return decision;
}

void enforce_note_begun(EnforceMemory *memory, const EnforceDecision *decision, uint64_t now_usec) {
        memory->step_bytes = decision->bytes;
        memory->step_action = decision->action;
        memory->step_usec = now_usec;
        memory->step_before = memory->last;
}

uint64_t enforce_note_done(EnforceMemory *memory, const EnforceUsage *usage, int error) {
        const bool is_down = memory->step_action == ENFORCE_DEMOTE;
        const uint64_t before = memory->step_before.local;
        const uint64_t moved = is_down ? bytes_sub_clamped(before, usage->local)
                                       : bytes_sub_clamped(usage->local, before);

        (void)error;
        *(is_down ? &memory->demoted : &memory->promoted) += moved;
        memory->n_stalled = moved > 0 ? 0 : memory->n_stalled + 1;
        memory->step_bytes = 0;
        memory->last = *usage;
        return moved;
}
