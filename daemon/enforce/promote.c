/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving up
 *
 * For three reasons: less is local than was promised, although there is more of it elsewhere; more
 * is remote than may be; or a step down has taken more than it was to (restore.c). Never above the
 * aim, so that no step up is a reason for one down: what the aim is below the ceiling is once more
 * the least that is moved up.
 */
#include "enforce/control.h"

typedef enum WishReason {
        WISH_PROMISED,
        WISH_REMOTE, /* to have less there */
        WISH_RESTORED,
} WishReason;

typedef struct Wish {
        WishReason reason;
        uint64_t bytes;
} Wish;

/* Promised, and used: what a container has not got cannot be local. */
static uint64_t get_short(const Control *control) {
        const SplitRange *local = &control->target->split.local;
        const uint64_t total = bytes_add_saturated(control->local, control->remote);
        const uint64_t promised = bytes_min(bytes_min(local->min, total), control->aim);
        const uint64_t missing = bytes_sub_clamped(promised, control->local);

        return missing > control_get_band(local->min, control->node->stale_bytes) ? missing : 0;
}

static uint64_t get_remote_excess(const Control *control) {
        const uint64_t max = control->target->split.remote.max;
        const uint64_t excess = bytes_sub_clamped(control->remote, max);

        return excess > control_get_band(max, control->node->stale_bytes) ? excess : 0;
}

static Wish get_wish(const Control *control) {
        const uint64_t missing = get_short(control);
        const uint64_t excess = get_remote_excess(control);

        if (missing > 0)
                return (Wish){ WISH_PROMISED, bytes_min(missing, control->remote) };
        if (excess > 0)
                return (Wish){ WISH_REMOTE, excess };
        return (Wish){ WISH_RESTORED, restore_get_wanted(control) };
}

static void say(Control *control, EnforceStatus status, const Wish *wish, const char *what) {
        const Split *split = &control->target->split;

        switch (wish->reason) {
        case WISH_PROMISED:
                control_say(control, status,
                            "%s are local although %s were promised, and %s are remote: %s.",
                            TEXT(control->local), TEXT(split->local.min), TEXT(control->remote),
                            what);
                return;
        case WISH_REMOTE:
                control_say(control, status,
                            "%s are remote, above the ceiling of %s, and %s are local: %s.",
                            TEXT(control->remote), LIMIT(split->remote.max), TEXT(control->local),
                            what);
                return;
        case WISH_RESTORED:
                control_say(control, status,
                            "%s are local of at most %s, and the kernel has moved %s more down "
                            "than it was asked to: %s.",
                            TEXT(control->local), LIMIT(split->local.max),
                            TEXT(control->memory->excess_bytes), what);
                return;
        }
}

/* Why not, or NULL. */
static const char *
get_obstacle(const Control *control, const Wish *wish, uint64_t bytes, EnforceStatus *status) {
        const uint64_t least = bytes_min(wish->bytes, STEP_MIN);
        const OptU64 pressure = control->usage->pressure_permille;
        const uint64_t most = control->node->pressure_permille_max;

        *status = ENFORCE_WAITING;
        if (bytes_sub_clamped(control->aim, control->local) < least) {
                *status = ENFORCE_FAILED;
                return "its local memory is as large as it may be";
        }
        if (!control->target->may_promote)
                return "nothing is moved up here";
        if (control->node->local_free < least)
                return "no local NUMA node has room";
        if (most > 0 && pressure.present && pressure.value > most)
                return "it waits for memory too often now, and moving pages would add to it";
        if (control->node->budget < least)
                return "what the node may move at a time is used up";
        return bytes < least ? "it grows towards its ceiling" : NULL;
}

bool promote_decide(Control *control) {
        const Wish wish = get_wish(control);
        const uint64_t ahead = bytes_add_saturated(control->local, growth_get_coming(control));
        const char *obstacle;
        EnforceStatus status;
        uint64_t bytes;

        if (wish.bytes == 0)
                return false;
        bytes = bytes_min(wish.bytes, STEP_UP_MAX);
        bytes = bytes_min(bytes, bytes_sub_clamped(control->aim, ahead));
        bytes = bytes_min(bytes, bytes_min(control->node->local_free, control->node->budget));
        obstacle = get_obstacle(control, &wish, bytes, &status);
        if (obstacle)
                say(control, status, &wish, obstacle);
        if (obstacle || !guard_may_step(control, ENFORCE_PROMOTE)) {
                if (!obstacle && wish.reason == WISH_RESTORED)
                        restore_note_refused(control);
                /* what was not promised does not fail when it cannot be had */
                return wish.reason != WISH_RESTORED;
        }
        control->decision.action = ENFORCE_PROMOTE;
        control->decision.bytes = bytes;
        say(control, ENFORCE_PROMOTING, &wish, "some of them are moved up");
        return true;
}
