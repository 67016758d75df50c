/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How far the limits are
 *
 * The knobs that slugd owns, counted by what became of them, and the worst of them in a sentence.
 * Pure.
 */
#include "service/qos-view.h"

typedef enum LimitsState {
        LIMITS_ACHIEVED,
        LIMITS_NOT_MANAGED, /* slugd was told to own nothing */
        LIMITS_NOT_SEEN,    /* nobody has looked */
        LIMITS_WRITING,
        LIMITS_NO_CGROUP, /* of one that is not there yet */
        LIMITS_PENDING,
        LIMITS_HELD_BACK,
        LIMITS_CONTENDED,
        LIMITS_REFUSED,
        LIMITS_NOT_WRITTEN, /* none is: the view's problem says why */
        LIMITS_WITHDRAWN,
        _LIMITS_STATE_N,
} LimitsState;

#define LIMITS_MESSAGE_MAX (2 * DIAG_TEXT_MAX)

typedef struct Limits {
        LimitsState state;                /* that of the worst */
        size_t n_managed;                 /* that slugd owns */
        size_t n_held_back;               /* of those; they are in no other count */
        size_t counts[_QOS_STATUS_N];     /* of those */
        char message[LIMITS_MESSAGE_MAX]; /* one sentence, with the mend; the same for the same */
} Limits;

/* What of cgroups is mounted, as the subject of "is mounted". @version: of SysfsHost */
const char *limits_name_cgroup(const char *version);
/* @view: may be NULL. */
void limits_judge(const QosView *view, Limits *ret);
/* What went wrong with a knob that was refused: "writing the file: Invalid argument". */
#define LIMITS_ERROR_MAX 128u
const char *limits_format_error(const QosKnob *knob, char text[static LIMITS_ERROR_MAX]);
