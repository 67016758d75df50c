/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving down
 *
 * A step is begun when local memory is above the ceiling, or will be before there is another chance
 * to begin one. It takes what is above the aim and what comes in the meantime, but never goes below
 * the floor. So a prediction that was wrong costs two and a half percent of the ceiling and no
 * more, however fast the growth was that has ended; and since one step follows the other without a
 * pause while there is something above the aim, steps are as large as what has come during the last
 * one.
 */
#include "enforce/control.h"

/* At most, for whatever reason; and what it is short of when that is nothing. */
typedef struct Room {
        uint64_t bytes;
        EnforceStatus status;
        const char *why;
} Room;

static void narrow(Room *room, uint64_t bytes, EnforceStatus status, const char *why) {
        if (bytes >= room->bytes)
                return;
        *room = (Room){ .bytes = bytes, .status = status, .why = why };
}

static Room get_room(const Control *control) {
        const SplitRange *remote = &control->target->split.remote;
        Room room = { .bytes = UINT64_MAX };

        if (remote->max == 0)
                narrow(&room, 0, ENFORCE_FAILED, "no remote memory is allowed to it");
        else
                narrow(&room, bytes_sub_clamped(remote->max, control->remote), ENFORCE_FAILED,
                       "its remote memory is as large as it may be");
        narrow(&room, control->node->remote_free, ENFORCE_FAILED, "no remote NUMA node has room");
        narrow(&room, control->node->budget, ENFORCE_WAITING,
               "what the node may move at a time is used up");
        return room;
}

/* Above the ceiling, now or before the next chance. */
static bool is_due(const Control *control) {
        const uint64_t due = control->due, now = control->local;
        const uint64_t slack = guard_get_slack(control);

        if (slack > 0)
                return now > bytes_add_saturated(due, slack);
        if (now > due)
                return true;
        return bytes_add_saturated(now, growth_get_coming(control)) > due &&
               now >= control->floor + bytes_min(STEP_MIN, (due - control->floor) / 2);
}

static uint64_t get_wanted(const Control *control) {
        const uint64_t now = control->local;
        const uint64_t wanted = bytes_sub_clamped(now, control->aim) + growth_get_coming(control);
        const uint64_t most = control_is_imprecise(control) ? STEP_IMPRECISE : STEP_MAX;

        return bytes_min(bytes_min(wanted, bytes_sub_clamped(now, control->floor)), most);
}

static void say_step(Control *control) {
        const char *local = TEXT(control->local),
                   *ceiling = LIMIT(control->target->split.local.max);
        const char *bytes = TEXT(control->decision.bytes);

        if (control->local <= control->target->split.local.max)
                control_say(control, ENFORCE_DEMOTING,
                            "%s are local and %s more come each second, so that they would soon be "
                            "above the ceiling of %s: %s are moved down.",
                            local, TEXT((uint64_t)control->memory->growth), ceiling, bytes);
        else if (control->memory->return_cost > 0.5)
                control_say(
                        control, ENFORCE_DEMOTING,
                        "%s are local, above the ceiling of %s: %s are moved down, although %.0f "
                        "%% of what is moved down comes back.",
                        local, ceiling, bytes, control->memory->return_cost * 100);
        else
                control_say(control, ENFORCE_DEMOTING,
                            "%s are local, above the ceiling of %s: %s are moved down%s.", local,
                            ceiling, bytes, control->decision.by_pages ? ", page by page" : "");
}

static void say_slack(Control *control) {
        control_say(control, ENFORCE_WAITING,
                    "%s are local, above the ceiling of %s: up to %s above it are let be, since "
                    "%.0f %% "
                    "of what is moved down comes back.",
                    TEXT(control->local), LIMIT(control->target->split.local.max),
                    TEXT(guard_get_slack(control)), control->memory->return_cost * 100);
}

static void say_no_room(Control *control, const Room *room) {
        control_say(control, room->status,
                    "%s are local, above the ceiling of %s, and %s are remote of at most %s: %s.",
                    TEXT(control->local), LIMIT(control->target->split.local.max),
                    TEXT(control->remote), LIMIT(control->target->split.remote.max), room->why);
}

bool demote_decide(Control *control) {
        const uint64_t ceiling = control->target->split.local.max;
        const bool is_over = control->local > control->due;
        Room room;
        uint64_t wanted;

        if (!is_due(control)) {
                if (is_over)
                        say_slack(control);
                return is_over;
        }
        room = get_room(control);
        wanted = get_wanted(control);
        /* Less than a step is worth it only when it is all, or when more will never be. */
        if (room.bytes <
            bytes_min(wanted, room.status == ENFORCE_WAITING ? STEP_IMPRECISE : STEP_MIN)) {
                if (is_over && control->local - ceiling > control->band)
                        say_no_room(control, &room);
                return is_over && control->local - ceiling > control->band;
        }
        if (!guard_may_step(control, ENFORCE_DEMOTE))
                return true;
        control->decision.action = ENFORCE_DEMOTE;
        control->decision.bytes = bytes_min(wanted, room.bytes);
        say_step(control);
        return true;
}
