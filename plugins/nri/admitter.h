/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slugd as slug-nri sees it
 *
 * Asked what containers are given, and told which have started. That it comes and goes is said in
 * the log.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "nri/types.h"

/* The runtime waits two seconds, of which something has to be left for it and for us. */
#define ADMITTER_TIMEOUT_USEC UINT64_C(1000000)
/* Where nobody waits: slugd may have a hundred claims to make, and to write. */
#define ADMITTER_PATIENT_USEC UINT64_C(10000000)
#define ADMITTER_BATCH_MAX    256u /* containers of one call, which slugd can answer in that time */

typedef struct AdmitterParams {
        sd_event *event;
        const char *socket;           /* slugd's; borrowed */
        void (*came)(void *userdata); /* slugd is there, for the first time or again */
        void *userdata;
} AdmitterParams;

typedef struct Admitter Admitter;
typedef struct AdmitterCall AdmitterCall;

/* @response: NULL: slugd has not answered, @problem says why. */
typedef void (*AdmitterDone)(const Slug__V1__AdmitContainersResponse *response,
                             const char *problem,
                             void *userdata);

/* Return: 0, -ENAMETOOLONG for the path of a socket that is too long, or an errno. */
_must_check_ int admitter_new(const AdmitterParams *params, Admitter **ret);
/* Calls that have not ended are dropped; nobody is told. */
Admitter *admitter_free(Admitter *admitter);
DEFINE_CLEANUP(Admitter *, admitter_free);

/* @timeout_usec: from now. @done: once, later, when this returns 0. @ret: until then. Return: 0 or
 * an errno. */
_must_check_ int admitter_ask(Admitter *admitter,
                              Admitted **containers,
                              size_t n_containers,
                              uint64_t timeout_usec,
                              AdmitterDone done,
                              void *userdata,
                              AdmitterCall **ret);
void admitter_cancel(AdmitterCall *call);
/* The claim has its container from now on. Nobody waits for it. */
void admitter_tell_started(Admitter *admitter, const Admitted *container);
/* Now and then: see RpcServing. */
void admitter_look(Admitter *admitter);
