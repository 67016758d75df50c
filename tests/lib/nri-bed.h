/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A session to be tested
 *
 * With its owner and a runtime in one loop: whoever waits for another one without the loop waits
 * for ever. Whatever fails here is a broken test bed and aborts.
 */
#include "lib/folder.h"
#include "lib/nri-double.h"
#include "nri/session.h"

typedef enum NriBedWay {
        NRI_BED_FINISH, /* with .response, at once */
        NRI_BED_FAIL,
        NRI_BED_KEEP,
        NRI_BED_NEITHER,
} NriBedWay;

typedef struct NriBed {
        sd_event *event;
        Folder folder;
        char path[100];
        NriDouble runtime;
        NriSessionParams params; /* of the next session */
        NriSession *session;
        /* The owner */
        NriBedWay way;
        const ProtobufCMessage *response;
        unsigned n_told[_NRI_METHOD_N];
        unsigned n_told_all;         /* but Configure and Synchronize */
        char pod[64], container[64]; /* ids of the last request; "": it has none */
        size_t n_pods, n_containers; /* of the last Synchronize */
        NriCall *kept;
        unsigned n_gone;
        unsigned n_connected, n_lost;
        char runtime_name[64], runtime_version[64], reason[256];
        /* Updates */
        unsigned n_done;
        bool was_connected; /* when the last one was done */
        size_t n_failed;    /* containers, of the last one */
        char problem[256];
} NriBed;

extern NriBed bed;

void nri_bed_setup(void); /* with a runtime that listens, and no session */
void nri_bed_teardown(void);
void nri_bed_start(void);
void nri_bed_turn(void);
/* Until @number is at least @n. */
void nri_bed_wait(const unsigned *number, unsigned n);
/* Until the session is registered, configured as "containerd" and synchronized with nothing. */
void nri_bed_greet(void);
/* The mask that the session answered Configure with. */
int32_t nri_bed_configure(void);

/* One pod and one container by the ids "pod" and "container". */
typedef Nri__Pkg__Api__V1alpha1__PodSandbox NriPod;
typedef Nri__Pkg__Api__V1alpha1__Container NriContainer;
extern NriPod nri_bed_pod;
extern NriContainer nri_bed_container;
uint32_t nri_bed_create(void); /* CreateContainer of them */
/* An adjustment whose message is of @n bytes or a little more. */
const ProtobufCMessage *nri_bed_make_response(size_t n);
/* As many updates. Return: as nri_session_update(). */
int nri_bed_update(size_t n);
