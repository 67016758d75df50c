/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to do now
 *
 * One container, one look. The ceiling comes first, since what is above it may be somebody else's;
 * then what it was promised.
 */
#include "enforce/control.h"

static void follow(EnforceMemory *memory, const EnforceUsage *usage, const EnforceNode *node) {
        memory->stale_bytes = node->stale_bytes;
        unseen_follow(memory, usage);
        growth_follow(memory, usage);
        memory->last = *usage;
        memory->has_last = true;
}

static void follow_ceiling(EnforceMemory *memory, const EnforceUsage *usage, uint64_t ceiling) {
        if (usage->local <= ceiling)
                memory->over_since_usec = 0;
        else if (memory->over_since_usec == 0)
                memory->over_since_usec = usage->usec > 0 ? usage->usec : 1;
}

static void say_under_way(Control *control) {
        const EnforceMemory *memory = control->memory;
        const bool is_down = memory->step_action == ENFORCE_DEMOTE;

        control_say(control, is_down ? ENFORCE_DEMOTING : ENFORCE_PROMOTING,
                    "%s are local, %s are on their way %s.", TEXT(control->usage->local),
                    TEXT(memory->step_bytes), is_down ? "down" : "up");
}

static void say_observed(Control *control) {
        const uint64_t ceiling = control->target->split.local.max;

        control_say(control, ENFORCE_OBSERVED,
                    "%s are local, %s the ceiling of %s: nothing is moved.",
                    TEXT(control->usage->local),
                    control->usage->local > ceiling ? "above" : "within", TEXT(ceiling));
}

static void say_held(Control *control) {
        const Split *split = &control->target->split;

        if (split->local.max == SPLIT_UNLIMITED)
                control_say(control, ENFORCE_HELD,
                            "%s are local and %s are remote, without a local ceiling.",
                            TEXT(control->usage->local), TEXT(control->usage->remote));
        else
                control_say(control, ENFORCE_HELD,
                            "%s are local, within the ceiling of %s, and %s are remote.",
                            TEXT(control->usage->local), TEXT(split->local.max),
                            TEXT(control->usage->remote));
}

static void decide(Control *control) {
        if (control->memory->step_bytes > 0)
                say_under_way(control);
        else if (control->target->backend == ENFORCE_OBSERVE)
                say_observed(control);
        else if (!demote_decide(control) && !promote_decide(control))
                say_held(control);
}

EnforceDecision enforce_decide(EnforceMemory *memory,
                               const EnforceTarget *target,
                               const EnforceUsage *usage,
                               const EnforceNode *node) {
        Control control;

        follow(memory, usage, node);
        control = control_make(memory, target, usage, node);
        follow_ceiling(memory, usage, target->split.local.max);
        restore_follow(&control);
        decide(&control);
        control.decision.next_usec = interval_get_next(&control);
        return control.decision;
}
