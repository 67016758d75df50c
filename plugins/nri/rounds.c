/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/rounds.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "nri/announce.h"
#include "nri/request.h"

/* What is asked of all containers, and what a batch of them is changed to. */
#define ARENA_MAX (8u * 1024 * 1024)
/*
 * Of one UpdateContainers. The runtime makes them one after the other, each by a process, and
 * creates no container meanwhile.
 */
#define UPDATES_MAX 4u
/* nri.pkg.api.v1alpha1.ContainerState */
#define STATE_CREATED 1
#define STATE_STOPPED 4

/*
 * containerd answers an update of many with an error when one of them fails, and does not say
 * which; in the answer to Synchronize that ends the plugin. So what fails there is to be ignored,
 * and what fails otherwise is asked for again, one by one.
 */

/* What is behind, as updates; and is given from now on, or is_updating. Whether one that has not
 * started was changed is not known, whatever the runtime says. */
static int build_updates(Rounds *rounds,
                         Arena *arena,
                         size_t max,
                         bool is_given,
                         size_t *ret_n,
                         NriUpdate ***ret) {
        NriUpdate **list = arena_alloc_array(arena, max + 1, sizeof(*list));
        size_t n = 0;
        int r = list ? 0 : -ENOMEM;

        for (size_t i = 0; r == 0 && i < rounds->kept->n_items && n < max; ++i) {
                KeptContainer *item = &rounds->kept->items[i];

                if (!kept_is_behind(item))
                        continue;
                r = adjust_build_update(arena, item->asked->container_id, kept_get(&item->wants),
                                        &list[n]);
                if (r)
                        break;
                list[n++]->ignore_failure = is_given;
                if (item->is_unstarted)
                        kept_note_tried(item);
                else if (is_given)
                        kept_note_given(item);
                else
                        item->is_updating = true;
        }
        *ret_n = n;
        *ret = list;
        return r;
}

/* Updates of the runtime */

static void refuse(KeptContainer *item) {
        item->is_updating = false;
        item->is_refused = true;
        announce_not_updated(item);
}

static void take_failed(Rounds *rounds,
                        const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response) {
        for (size_t i = 0; i < response->n_failed; ++i) {
                KeptContainer *item = kept_find(rounds->kept, response->failed[i]->container_id);

                if (item && item->is_updating)
                        refuse(item);
        }
}

static size_t count_updating(const Rounds *rounds) {
        size_t n = 0;

        for (size_t i = 0; i < rounds->kept->n_items; ++i)
                n += rounds->kept->items[i].is_updating;
        return n;
}

static void on_updated(const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response,
                       const char *problem,
                       void *userdata) {
        Rounds *rounds = userdata;
        /* a session that is lost says nothing of it */
        const bool is_one =
                count_updating(rounds) == 1 && nri_session_is_connected(rounds->session);

        rounds->is_updating = false;
        if (response)
                take_failed(rounds, response);
        else
                log_debug("the runtime did not change containers: %s", problem);
        for (size_t i = 0; i < rounds->kept->n_items; ++i) {
                KeptContainer *item = &rounds->kept->items[i];

                if (item->is_updating && response)
                        kept_note_given(item);
                else if (item->is_updating && is_one)
                        refuse(item);
                item->is_updating = false;
        }
        rounds->is_careful = !response || rounds->is_careful;
        rounds_update(rounds);
}

static int send_updates(Rounds *rounds, Arena *arena) {
        Nri__Pkg__Api__V1alpha1__UpdateContainersRequest request =
                NRI__PKG__API__V1ALPHA1__UPDATE_CONTAINERS_REQUEST__INIT;
        int r;

        r = build_updates(rounds, arena, rounds->is_careful ? 1 : UPDATES_MAX, false,
                          &request.n_update, &request.update);
        if (r)
                return r;
        if (request.n_update == 0) {
                rounds->is_careful = false;
                return 0;
        }
        r = nri_session_update(rounds->session, &request, on_updated, rounds);
        rounds->is_updating = r == 0;
        return r;
}

static bool has_behind(const Rounds *rounds) {
        for (size_t i = 0; i < rounds->kept->n_items; ++i)
                if (kept_is_behind(&rounds->kept->items[i]))
                        return true;
        return false;
}

void rounds_update(Rounds *rounds) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        int r;

        if (rounds->is_updating || rounds->synchronize || !rounds->session)
                return;
        if (!rounds->may_call) {
                if (has_behind(rounds))
                        rounds->behind(rounds->userdata);
                return;
        }
        r = arena_new(ARENA_MAX, &arena);
        if (r == 0)
                r = send_updates(rounds, arena);
        if (r == 0)
                return;
        /* whoever is told of all containers anew has none that is behind for long */
        log_debug("containers were not changed: %s", strerror(-r));
        for (size_t i = 0; i < rounds->kept->n_items; ++i)
                rounds->kept->items[i].is_updating = false;
}

/* The answer to Synchronize */

static void answer(Rounds *rounds) {
        Nri__Pkg__Api__V1alpha1__SynchronizeResponse response =
                NRI__PKG__API__V1ALPHA1__SYNCHRONIZE_RESPONSE__INIT;
        _cleanup_(arena_freep) Arena *arena = NULL;
        NriCall *call = rounds->synchronize;
        int r;

        rounds->synchronize = NULL;
        if (!call)
                return;
        r = arena_new(ARENA_MAX, &arena);
        if (r == 0)
                r = build_updates(rounds, arena, ADMITTER_BATCH_MAX, true, &response.n_update,
                                  &response.update);
        nri_call_finish(call, r == 0 ? &response.base : NULL);
}

static void on_gone(void *userdata) {
        Rounds *rounds = userdata;

        rounds->synchronize = NULL;
}

/* slugd's answers */

/* Whose chunks they are, slug-kubelet says. */
void rounds_tell_started(Rounds *rounds, const KeptContainer *item) {
        if (item->has_claim && item->asked->claim[0] == '\0')
                admitter_tell_started(rounds->admitter, item->asked);
}

static void take(Rounds *rounds, const Placement *placement) {
        KeptContainer *item = kept_find(rounds->kept, placement->container_id);
        bool is_late;

        if (!item)
                return;
        item->is_asked = false;
        is_late = item->is_open && !item->is_found;
        kept_take(item, placement);
        announce_refusal(item, placement->refusal);
        if (item->is_found && kept_is_behind(item)) {
                announce_given(item, true);
                is_late = true;
        }
        item->is_found = false;
        /* its start was told when there was no claim yet */
        if (is_late && !item->is_unstarted)
                rounds_tell_started(rounds, item);
}

/* One that slugd has said something of before has what it said. */
static void note_unanswered(Rounds *rounds, const char *problem) {
        for (size_t i = 0; i < rounds->kept->n_items; ++i) {
                KeptContainer *item = &rounds->kept->items[i];

                if (item->is_asked)
                        item->is_open |= item->is_found;
                item->is_asked = false;
        }
        log_debug("slugd did not say what containers are given: %s", problem);
        rounds->unanswered(rounds->userdata);
}

static void on_answered(const Slug__V1__AdmitContainersResponse *response,
                        const char *problem,
                        void *userdata) {
        Rounds *rounds = userdata;

        rounds->asking = NULL;
        for (size_t i = 0; response && i < response->n_placements; ++i)
                take(rounds, response->placements[i]);
        if (!response)
                note_unanswered(rounds, problem);
        answer(rounds);
        rounds_update(rounds);
        if (response)
                rounds_ask(rounds);
}

/* Questions */

void rounds_ask(Rounds *rounds) {
        Admitted *batch[ADMITTER_BATCH_MAX];
        size_t n = 0;
        int r;

        if (rounds->asking)
                return;
        for (size_t i = 0; i < rounds->kept->n_items && n < ADMITTER_BATCH_MAX; ++i) {
                KeptContainer *item = &rounds->kept->items[i];

                if (!item->is_due || item->is_creating)
                        continue;
                item->is_due = false;
                item->is_asked = true;
                batch[n++] = item->asked;
        }
        if (n == 0) {
                answer(rounds);
                return;
        }
        r = admitter_ask(rounds->admitter, batch, n,
                         rounds->synchronize ? ADMITTER_TIMEOUT_USEC : ADMITTER_PATIENT_USEC,
                         on_answered, rounds, &rounds->asking);
        if (r == 0)
                return;
        note_unanswered(rounds, strerror(-r));
        answer(rounds);
}

static const NriPod *find_pod(const Nri__Pkg__Api__V1alpha1__SynchronizeRequest *request,
                              const char *id) {
        for (size_t i = 0; i < request->n_pods; ++i)
                if (strcmp(request->pods[i]->id, id) == 0)
                        return request->pods[i];
        return NULL;
}

static int keep(Rounds *rounds, Arena *arena, const NriPod *pod, const NriContainer *container) {
        const NriResources *resources = request_get_resources(container);
        const KeptContainer *old = kept_find(rounds->kept, container->id);
        const bool was_unstarted = old && old->is_unstarted;
        KeptListed listed = { .has = { .mems = request_get_mems(resources),
                                       .low = request_get_unified(resources, REQUEST_LOW) },
                              .is_low_untold = !resources || resources->n_unified == 0,
                              .is_unstarted = container->state == STATE_CREATED };
        const KeptContainer *item;
        Admitted *asked;
        int r;

        r = request_build(arena, pod, container, &asked);
        if (r)
                return r;
        listed.asked = asked;
        item = kept_list(rounds->kept, &listed);
        if (!item)
                return -ENOBUFS;
        /* it started while there was no session */
        if (was_unstarted && !item->is_unstarted)
                rounds_tell_started(rounds, item);
        return 0;
}

/* One that cannot be kept is no reason to forget the others. Return: how many could not be. */
static size_t keep_all(Rounds *rounds, const Nri__Pkg__Api__V1alpha1__SynchronizeRequest *request) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        size_t n_lost = 0;

        if (arena_new(ARENA_MAX, &arena) < 0)
                return request->n_containers;
        kept_begin_list(rounds->kept);
        for (size_t i = 0; i < request->n_containers; ++i) {
                const NriContainer *container = request->containers[i];
                const NriPod *pod = find_pod(request, container->pod_sandbox_id);

                if (pod && container->state != STATE_STOPPED && request_asks(pod, container))
                        n_lost += keep(rounds, arena, pod, container) != 0;
        }
        kept_end_list(rounds->kept);
        return n_lost;
}

void rounds_synchronize(Rounds *rounds,
                        NriCall *call,
                        const Nri__Pkg__Api__V1alpha1__SynchronizeRequest *request) {
        const size_t n_lost = keep_all(rounds, request);

        if (n_lost > 0)
                log_debug("%zu containers cannot be kept in mind", n_lost);
        if (rounds->asking)
                admitter_cancel(TAKE_PTR(rounds->asking));
        rounds->synchronize = call;
        nri_call_keep(call, on_gone, rounds);
        rounds_ask(rounds);
}

void rounds_find(Rounds *rounds, const NriPod *pod, const NriContainer *container) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        int r;

        if (!request_asks(pod, container))
                return;
        r = arena_new(ARENA_MAX, &arena);
        if (r == 0)
                r = keep(rounds, arena, pod, container);
        if (r) {
                log_debug("a container cannot be kept in mind: %s", strerror(-r));
                return;
        }
        kept_note_started(kept_find(rounds->kept, container->id));
        rounds_ask(rounds);
}

void rounds_note_lost(Rounds *rounds) {
        rounds->synchronize = NULL;
        rounds->is_careful = false;
}
