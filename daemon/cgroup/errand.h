/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What somebody asked to be done to a cgroup
 *
 * A few steps in order: folders made and removed, files set. One errand at a time, so that two of
 * them never mix; all of an errand is checked when its turn comes and before its first step, and
 * the first step that fails ends it. Workers and systemd do what can block.
 */
#include "cgroup/setting.h"
#include "cgroup/writer.h"

#define CGROUP_ERRANDS_MAX      32u /* that wait, the one that is done included */
#define CGROUP_ERRAND_STEPS_MAX 40u

typedef enum CgroupStepKind {
        CGROUP_STEP_MAKE,   /* the cgroup at @path; one that is there already is fine */
        CGROUP_STEP_REMOVE, /* one without processes and cgroups; one that is not there is fine */
        CGROUP_STEP_ENABLE, /* @setting.text: controllers for what is below @path */
        CGROUP_STEP_SET,
} CgroupStepKind;

typedef struct CgroupStep {
        CgroupStepKind kind;
        char path[CGROUP_PATH_MAX]; /* below the cgroup root; not the root */
        bool is_unit;               /* systemd has it as a unit */
        CgroupSetting setting;
} CgroupStep;

typedef enum CgroupErrandProblem {
        CGROUP_ERRAND_DONE,
        CGROUP_ERRAND_ABSENT,    /* there is no such cgroup, or no such file in it */
        CGROUP_ERRAND_OCCUPIED,  /* it has processes or cgroups, so it stays */
        CGROUP_ERRAND_IN_USE,    /* a memory.max below what is used now, which would kill */
        CGROUP_ERRAND_INVALID,   /* a link, another file system, no cgroup */
        CGROUP_ERRAND_REFUSED,   /* by the kernel or systemd, with @error */
        CGROUP_ERRAND_UNKNOWN,   /* not answered in time: it may be done or not */
        CGROUP_ERRAND_NO_WORKER, /* it hangs, or too much waits for it */
        CGROUP_ERRAND_CANCELLED, /* slugd ends */
} CgroupErrandProblem;

typedef struct CgroupErrandResult {
        CgroupErrandProblem problem;
        bool is_checked;      /* false: it failed before the first step, and nothing was done */
        size_t n_done;        /* steps; the one behind them failed */
        int error;            /* an errno below 0, of REFUSED */
        const char *message;  /* of systemd, "" for nothing; borrowed during the call */
        uint64_t usage_bytes; /* of IN_USE */
} CgroupErrandResult;

typedef struct CgroupErrands CgroupErrands;

typedef struct CgroupErrandsParams {
        const CgroupTree *tree; /* borrowed, as are the next three */
        Workers *workers;
        CgroupWriter *writer; /* of knobs */
        CgroupBus *bus;       /* NULL: systemd is not asked, folders are made and removed as such */
        unsigned lane;
        uint64_t deadline_usec; /* of one step; 0: 10 s */
} CgroupErrandsParams;

_must_check_ int cgroup_errands_new(const CgroupErrandsParams *params, CgroupErrands **ret);
/* Nothing is begun any more; to be called before the bus goes, which ends what waits for it. */
void cgroup_errands_stop(CgroupErrands *errands);
/* Those that wait are answered as cancelled before it returns. To be called when the bus is gone,
 * before the workers and the writer go, and not from an answer. */
CgroupErrands *cgroup_errands_free(CgroupErrands *errands);
DEFINE_CLEANUP(CgroupErrands *, cgroup_errands_free);

typedef void (*CgroupErrandDone)(const CgroupErrandResult *result, void *userdata);

/* @steps: copied. @done: may be called from here. Return: 0, -ENOBUFS (too many wait), or -ENOMEM;
 * then it is not called. */
_must_check_ int cgroup_errands_run(CgroupErrands *errands,
                                    const CgroupStep *steps,
                                    size_t n_steps,
                                    CgroupErrandDone done,
                                    void *userdata);
