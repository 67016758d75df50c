/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slug.v1.PodService
 *
 * Takes reports of pods and lists the pods that are known. It keeps nothing: a report goes to
 * whoever looks at pods, and what is listed is the last look.
 */
#include "hints/machine.h"
#include "rpc/method.h"
#include "service/enforce-view.h"
#include "service/pods-view.h"

typedef struct PodService {
        const PodsView *pods;        /* borrowed */
        const HintsMachine *machine; /* borrowed; never NULL when a call comes */
        const Ledger *ledger;        /* borrowed */
        const EnforceView *enforce;  /* borrowed; NULL: nobody holds splits */
        const char *boot_id;         /* of this machine, "" when not known */
        /* @report: taken, also on failure; it is the newest from now on, and the ledger follows it.
         * Return: 0, or -ENOMEM with nothing changed. */
        int (*take)(PodsReport *report, void *userdata);
        /* Usage that is older is read anew, unless somebody has just done so. */
        void (*refresh)(uint64_t max_age_usec, void *userdata);
        void *userdata;
        RpcService service;
} PodService;

/* The service must not move after this: its methods point to it. */
void pod_service_init(PodService *service);
