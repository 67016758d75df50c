/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slug.v1.CgroupManagerService
 *
 * The kubelet's cgroup manager interface, below the configured roots and nowhere else. Reading is
 * done at once, changes are errands.
 */
#include "base/root.h"
#include "cgroup/errand.h"
#include "rpc/method.h"
#include "service/qos-view.h"
#include "topology/topology.h"

typedef struct CgroupService {
        const Root *root; /* borrowed, as are all of these */
        const CgroupTree *tree;
        const QosView *qos;
        CgroupErrands *errands;   /* NULL: nothing may be written here */
        const Topology *topology; /* never NULL when a call comes, nor is the next one */
        const char *cgroup_root;  /* of the kubelet */
        RpcService service;
} CgroupService;

/* The service must not move after this: its methods point to it. */
void cgroup_service_init(CgroupService *service);
