/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A call that waits for an errand. Inside this folder only.
 */
#include "service/cgroup-handlers.h"
#include "service/cgroup-resources.h"

typedef struct CgroupChangeParams {
        const char *method;             /* "Update"; static */
        const char *path;               /* of the cgroup */
        const ProtobufCMessage *answer; /* when all is done; static */
        const CgroupStep *steps;
        size_t n_steps;
} CgroupChangeParams;

/* Ends the call, now or later. */
void cgroup_change_submit(RpcCall *call, CgroupErrands *errands, const CgroupChangeParams *params);
