/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The container runtime
 *
 * One round of questions to its CRI socket, and its events between the rounds. An event only says
 * that something has happened: what there is now is asked.
 */
#include "kubelet/details.h"
#include "kubelet/peer.h"
#include "slug/v1/pod.pb-c.h"

#define RUNTIME_VERSION_MAX 128u

/* What a round gave; the runtime's, until the next one begins. */
typedef struct RuntimeLook {
        Slug__V1__ReportSourceState state;
        char problem[DIAG_TEXT_MAX];
        char version[RUNTIME_VERSION_MAX];               /* "containerd 2.1.0" */
        Runtime__V1__ListContainersResponse *containers; /* NULL unless it is complete */
        Runtime__V1__ListPodSandboxResponse *sandboxes;  /* as well */
        bool has_more; /* containers that there was no time to ask about: another round will */
} RuntimeLook;

typedef struct RuntimeParams {
        sd_event *event;
        const Root *root;
        bool with_events;
        void (*done)(void *userdata);     /* a round has ended */
        void (*happened)(void *userdata); /* something has changed */
        void *userdata;
} RuntimeParams;

typedef struct Runtime Runtime;

_must_check_ int runtime_new(const RuntimeParams *params, Runtime **ret);
Runtime *runtime_free(Runtime *runtime);
DEFINE_CLEANUP(Runtime *, runtime_free);

Peer *runtime_get_peer(Runtime *runtime);
const Details *runtime_get_details(const Runtime *runtime);
const RuntimeLook *runtime_get_look(const Runtime *runtime);
/* Begins a round. False: it is over at once, and done() is not called. */
_must_check_ bool runtime_ask(Runtime *runtime);
