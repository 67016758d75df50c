/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slug.v1.MemoryManagerService
 *
 * The kubelet's memory manager interface, and what people ask. It answers from a machine that the
 * manager replaces as a whole and from the ledger; what changes the ledger goes through the journal
 * and is answered when it is durable.
 */
#include "base/clock.h"
#include "hints/hints.h"
#include "ledger/journal.h"
#include "rpc/method.h"
#include "service/pods-view.h"

typedef struct MemoryService {
        const HintsMachine *machine; /* borrowed; never NULL when a call comes */
        Ledger *ledger;              /* borrowed, as is the journal */
        Journal *journal;
        const PodsView *pods; /* borrowed; NULL: nobody looks at pods */
        Clock wall_clock;
        bool with_pod_level;             /* the kubelet's gate PodLevelResourceManagers */
        void (*changed)(void *userdata); /* the ledger is different */
        void *userdata;
        RpcService service;
} MemoryService;

/* The service must not move after this: its methods point to it. */
void memory_service_init(MemoryService *service);
