/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writing knobs
 *
 * One knob of one cgroup at a time: a worker writes the file, systemd is told where a unit stands
 * behind it, the file is read back. The file first and systemd after it: what can block for seconds
 * (a limit below usage, pages that move) blocks a worker and never process 1. systemd then has the
 * value that is there already, and keeps it when it sets up its units anew.
 */
#include "cgroup/bus.h"
#include "cgroup/group.h"
#include "worker/worker.h"

typedef struct CgroupWriter CgroupWriter;

typedef struct CgroupWriterParams {
        const CgroupTree *tree; /* borrowed, as are the next two, which outlive the writer */
        Workers *workers;
        CgroupBus *bus;         /* NULL: nobody tells systemd */
        unsigned lane;          /* of limits */
        unsigned cpuset_lane;   /* of cpuset.mems, which may take long */
        uint64_t deadline_usec; /* of one write; 0: 10 s */
} CgroupWriterParams;

_must_check_ int cgroup_writer_new(const CgroupWriterParams *params, CgroupWriter **ret);
/* No callback is called any more. */
CgroupWriter *cgroup_writer_free(CgroupWriter *writer);
DEFINE_CLEANUP(CgroupWriter *, cgroup_writer_free);

typedef enum CgroupWriteStep {
        CGROUP_WRITE_OPEN,
        CGROUP_WRITE_ENABLE, /* having systemd make cpuset.mems, which is not there yet */
        CGROUP_WRITE_FILE,
        CGROUP_WRITE_SYSTEMD,
        CGROUP_WRITE_READ_BACK,
} CgroupWriteStep;

typedef struct CgroupWrite {
        char path[CGROUP_PATH_MAX];
        uint64_t inode; /* of the folder that is meant: another one is -ESTALE; 0: any */
        CgroupKnob knob;
        CgroupValue value;
        const char *unit; /* borrowed until the call returns; NULL: no unit stands behind it */
} CgroupWrite;

/* @error: 0, or an errno below 0. FILE: of the write, and what a worker says of itself (-ETIMEDOUT,
 * -ECONNRESET, -EBUSY). SYSTEMD: the file has it, systemd does not. -ESTALE: another cgroup is
 * there now; -ENOENT, -ENODEV: none. What is there is in @found all the same. */
typedef struct CgroupWriteResult {
        int error;
        CgroupWriteStep step; /* at which it failed */
        bool has_found;
        CgroupValue found;   /* read back */
        const char *message; /* of systemd, "" for nothing; borrowed during the call */
} CgroupWriteResult;

typedef void (*CgroupWriteDone)(const CgroupWriteResult *result, void *userdata);

/* @done: never called from here. Return: 0, CGROUP_E_ABSENT, CGROUP_E_INVALID, or an errno; with
 * anything but 0 it is not called. */
_must_check_ int cgroup_writer_write(CgroupWriter *writer,
                                     const CgroupWrite *write,
                                     CgroupWriteDone done,
                                     void *userdata);
