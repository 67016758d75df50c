/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writing to DAMON
 *
 * One write after the other, since a file is there only once the ones before it are written. Those
 * that may block, which turn DAMON on and off, are a worker's; some fifty others are made at once.
 */
#include "damon/damon.h"
#include "manager/crew.h"

#define DAMOS_E_WRITTEN 1 /* nothing had to be waited for: all of it is written */

typedef void (*DamosWritten)(int error, void *userdata);

typedef struct DamosWrites {
        const Root *root; /* borrowed, as is the next one */
        Crew *crew;
        DamonPlan plan;
        size_t next;
        bool goes_on; /* after a failure: the error of the last one is told */
        CrewLane lane;
        DamosWritten done;
        void *userdata;
} DamosWrites;

/* Forgets what was planned, so that the next plan can be made. */
void damos_writes_reset(DamosWrites *writes);
/* @writes->plan has something. Return: 0, and @done is called later; DAMOS_E_WRITTEN or an errno,
 * and it is not. After an errno writes->next is one behind what has failed. */
_must_check_ int damos_writes_begin(DamosWrites *writes,
                                    CrewLane lane,
                                    bool goes_on,
                                    DamosWritten done,
                                    void *userdata);
/* Nobody is told any more; what is with the worker is done. */
void damos_writes_deinit(DamosWrites *writes);
/* The same, here and now: for the end of slugd. Return: 0 or an errno, of the last. */
int damos_writes_now(const Root *root, const DamonPlan *plan);
