/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A step by DAMON, from its beginning to its end, and those that wait for it
 */
#include "manager/damos-pick.h"
#include "manager/damos-writes.h"
#include "manager/enforce-backend.h"

#define DAMOS_QUEUE_MAX 4u

typedef enum DamosPhase {
        DAMOS_FREE, /* no kdamond is slugd's */
        DAMOS_TURNING_ON,
        DAMOS_ON,
        DAMOS_PACING,
        DAMOS_ENDING,
        DAMOS_RESTED, /* it was not on at all */
} DamosPhase;

typedef struct Damos {
        const EnforceMeans *means;
        DamosPhase phase;
        DamonFeatures features;
        DamosWrites writes;
        sd_event_source *timer;
        DamosStep step; /* that is under way */
        DamosStep queue[DAMOS_QUEUE_MAX];
        size_t n_queued;
        DamosPick pick;
        DamonPace next_pace; /* while it is PACING */
        int error;           /* of the step, for its end */
        unsigned n_end_tries;
        uint64_t begun_usec;         /* the step */
        uint64_t on_usec;            /* since when it is on; 0: it is not */
        uint64_t first_usec;         /* when something came since then; 0: nothing */
        uint64_t moved_before;       /* bytes, when it was turned on */
        uint64_t paced_usec;         /* the last time that something came, or that it was paced */
        uint64_t moved, progress;    /* bytes, now and at paced_usec */
        uint64_t coming;             /* bytes that came between the last two looks */
        uint64_t hands[NODESET_MAX]; /* of each NUMA node, to where it was looked at last */
        char text[ENFORCE_TEXT_MAX];
} Damos;

void damos_step_deinit(DamosStep *step);
/* While it is FREE. @step: taken, also on failure. Return: 0, and its done() is called later; or an
 * errno, and it is not. */
_must_check_ int damos_start(Damos *damos, DamosStep *step);
/* It is turned off, whatever it does; then the step is done with @error and the next one begins. */
void damos_end(Damos *damos, int error);
int damos_on_timer(sd_event_source *source, uint64_t usec, void *damos);
