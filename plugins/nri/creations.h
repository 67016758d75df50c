/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Containers that are created
 *
 * The runtime waits for the answer, so that slugd has a second for its own. One that is late is
 * taken all the same, and given to the container when it is there.
 */
#include "nri/admitter.h"
#include "nri/kept.h"
#include "nri/session.h"

typedef struct Creation Creation;

typedef struct Creations {
        Kept *kept; /* borrowed, as is the next */
        Admitter *admitter;
        bool is_closed;   /* one that asks for a split is not created without slugd's answer */
        bool with_policy; /* the runtime takes a memory policy, and is to be given one */
        void (*ended)(void *userdata); /* with or without an answer: to be asked again soon */
        void *userdata;

        Creation *first; /* inside only */
} Creations;

/* @call: ended by this, now or later. */
void creations_begin(Creations *creations,
                     NriCall *call,
                     const Nri__Pkg__Api__V1alpha1__CreateContainerRequest *request);
/* After the admitter: nobody is told. */
void creations_deinit(Creations *creations);
