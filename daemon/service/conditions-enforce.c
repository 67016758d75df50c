/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The condition of splits: whether what containers were promised of local and remote memory is so
 */
#include "service/condition.h"

Condition condition_tell_splits(Arena *arena, const NodeView *view) {
        static const ConditionWord words[_ENFORCE_HELD_N] = {
                [ENFORCE_ALL_HELD] = { "Held", condition_good },
                [ENFORCE_NONE] = { "NoSplits", condition_good },
                [ENFORCE_DISABLED] = { "NotEnforced", condition_bad },
                [ENFORCE_BROKEN] = { "NotHeld", condition_bad },
        };
        Diag message = {};
        EnforceHeld held;

        if (!view->enforce)
                return condition_unknown("NotKept", "nobody holds splits of memory here");
        held = enforce_view_judge(view->enforce, &message);
        return condition_tell(&words[held], arena_strdup(arena, message.text));
}
