/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/creations.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "nri/announce.h"
#include "nri/request.h"

#define ARENA_MAX        (256u * 1024)
#define CODE_UNAVAILABLE 14 /* of gRPC */

struct Creation {
        Creations *creations;
        Creation *next, **link;
        NriCall *call;   /* NULL: the runtime does not wait any more */
        Admitted *asked; /* owned: it may have left the list meanwhile */
};

static void free_creation(Creation *creation) {
        if (creation->link)
                *creation->link = creation->next;
        if (creation->next)
                creation->next->link = creation->link;
        slug__v1__admitted_container__free_unpacked(creation->asked, NULL);
        free(creation);
}

void creations_deinit(Creations *creations) {
        while (creations->first)
                free_creation(creations->first);
}

/* Answers */

static void finish(NriCall *call, Given wants, const char *preferred) {
        Nri__Pkg__Api__V1alpha1__CreateContainerResponse response;
        _cleanup_(arena_freep) Arena *arena = NULL;
        int r;

        r = arena_new(ARENA_MAX, &arena);
        if (r == 0)
                r = adjust_build_creation(arena, wants, preferred, &response);
        nri_call_finish(call, r == 0 ? &response.base : NULL);
}

/* It is created with what it was asked for, or without: the runtime did not wait. */
static void give(Creation *creation, const Placement *placement) {
        const Creations *creations = creation->creations;
        KeptContainer *item = kept_find(creations->kept, creation->asked->container_id);
        const char *preferred = creations->with_policy ? placement->preferred_numa_nodes : "";

        if (item) {
                item->is_creating = false;
                kept_take(item, placement);
                announce_refusal(item, placement->refusal);
                if (placement->has_claim)
                        announce_given(item, false);
        }
        if (!creation->call)
                return;
        finish(creation->call, item ? kept_get(&item->wants) : adjust_get_given(placement),
               preferred);
        if (item)
                kept_note_given(item);
}

static void give_nothing(Creation *creation, const char *problem) {
        const Creations *creations = creation->creations;
        KeptContainer *item = kept_find(creations->kept, creation->asked->container_id);
        const bool is_closed = creations->is_closed && creation->call;
        char message[DIAG_TEXT_MAX];

        announce_unanswered(creation->asked, is_closed, problem);
        if (is_closed) {
                (void)snprintf(message, sizeof(message),
                               "slug-nri: slugd does not answer, and no container that asks for a "
                               "memory split is to start without it: %.150s",
                               problem);
                nri_call_fail(creation->call, CODE_UNAVAILABLE, message);
                kept_remove(creations->kept, creation->asked->container_id);
                return;
        }
        if (item) {
                item->is_creating = false;
                item->is_open = true;
        }
        if (creation->call)
                nri_call_finish(creation->call, NULL);
}

static void on_answered(const Slug__V1__AdmitContainersResponse *response,
                        const char *problem,
                        void *userdata) {
        Creation *creation = userdata;
        Creations *creations = creation->creations;
        const bool is_answer = response && response->n_placements == 1;

        if (is_answer)
                give(creation, response->placements[0]);
        else
                give_nothing(creation, response ? "its answer is of other containers" : problem);
        free_creation(creation);
        creations->ended(creations->userdata);
}

static void on_gone(void *userdata) {
        Creation *creation = userdata;

        creation->call = NULL;
}

/* Questions */

/* It has what the kubelet has said, until slugd says something else. */
static void keep(Creations *creations, const Admitted *asked, const NriContainer *container) {
        const NriResources *resources = request_get_resources(container);
        KeptContainer *item;
        const char *low = request_get_unified(resources, REQUEST_LOW);

        kept_remove_namesakes(creations->kept, asked);
        item = kept_put(creations->kept, asked);
        if (!item)
                return;
        (void)kept_set(&item->has, (Given){ .mems = request_get_mems(resources), .low = low });
        item->keeps_low = low[0];
        item->is_creating = item->is_unstarted = true;
}

static int begin(Creations *creations,
                 NriCall *call,
                 const Nri__Pkg__Api__V1alpha1__CreateContainerRequest *request) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        AdmitterCall *ignored;
        Creation *creation;
        Admitted *asked;
        int r;

        r = arena_new(ARENA_MAX, &arena);
        if (r == 0)
                r = request_build(arena, request->pod, request->container, &asked);
        if (r)
                return r;
        creation = calloc(1, sizeof(*creation));
        if (!creation)
                return -ENOMEM;
        creation->creations = creations;
        creation->call = call;
        creation->asked = kept_copy(asked);
        if (!creation->asked)
                r = -ENOMEM;
        if (r == 0)
                r = admitter_ask(creations->admitter, &creation->asked, 1, ADMITTER_TIMEOUT_USEC,
                                 on_answered, creation, &ignored);
        if (r) {
                free_creation(creation);
                return r;
        }

        /* Nothing below can fail. */
        creation->next = creations->first;
        creation->link = &creations->first;
        if (creation->next)
                creation->next->link = &creation->next;
        creations->first = creation;
        keep(creations, asked, request->container);
        nri_call_keep(call, on_gone, creation);
        return 0;
}

void creations_begin(Creations *creations,
                     NriCall *call,
                     const Nri__Pkg__Api__V1alpha1__CreateContainerRequest *request) {
        int r;

        if (!request->pod || !request->container ||
            !request_asks(request->pod, request->container)) {
                nri_call_finish(call, NULL);
                return;
        }
        r = begin(creations, call, request);
        if (r == 0)
                return;
        log_debug("slugd cannot be asked about a container: %s", strerror(-r));
        if (creations->is_closed)
                nri_call_fail(call, CODE_UNAVAILABLE, "slug-nri: not enough memory to ask slugd");
        else
                nri_call_finish(call, NULL);
}
