/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slug.v1.EnforcementService
 *
 * What is held of splits, as the view has it, and what containers are given when they are created.
 * A claim that is made on that occasion goes the way of every other one, through the journal.
 */
#include "service/enforce-view.h"
#include "service/memory-service.h"
#include "topology/topology.h"

typedef struct EnforceService {
        const EnforceView *view;  /* borrowed; NULL: nobody enforces anything */
        MemoryService *memory;    /* borrowed */
        const Topology *topology; /* borrowed; never NULL when a call comes */
        RpcService service;
} EnforceService;

/* The service must not move after this: its methods point to it. */
void enforce_service_init(EnforceService *service);
