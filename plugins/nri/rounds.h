/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Containers that are there already
 *
 * slugd is asked about those that are due, a batch at a time, and the runtime is asked to change
 * those that have something else than they are to have: in the answer to its Synchronize, or when
 * that was answered already. A runtime that cannot be called is to be asked for a Synchronize then.
 */
#include "nri/admitter.h"
#include "nri/kept.h"
#include "nri/session.h"

typedef struct Rounds {
        Kept *kept; /* borrowed, as are the next two */
        Admitter *admitter;
        NriSession *session;                /* NULL until there is one */
        bool may_call;                      /* the runtime takes updates at any time */
        void (*unanswered)(void *userdata); /* slugd has not answered: to be asked again soon */
        void (*behind)(void *userdata);     /* some are, and it may not be called */
        void *userdata;

        /* Inside only. */
        AdmitterCall *asking;
        NriCall *synchronize; /* waits for the first answer */
        bool is_updating;
        bool is_careful; /* one update at a time: the runtime did not say which of many failed */
} Rounds;

/* Those that are due; nothing while it is asking. */
void rounds_ask(Rounds *rounds);
/* Has the runtime change what is behind, or says that something is. */
void rounds_update(Rounds *rounds);
/* All containers are told anew. @call: ended by this, now or later. */
void rounds_synchronize(Rounds *rounds,
                        NriCall *call,
                        const Nri__Pkg__Api__V1alpha1__SynchronizeRequest *request);
/*
 * One that runs and that nobody has told of before: it was created while the runtime let the plugin
 * in, after it had made the list for Synchronize. Nothing when it asks for nothing.
 */
void rounds_find(Rounds *rounds, const NriPod *pod, const NriContainer *container);
/* slugd is told that the container of a claim has started. */
void rounds_tell_started(Rounds *rounds, const KeptContainer *item);
/* The session is lost. */
void rounds_note_lost(Rounds *rounds);
