/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/chunks-keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/chunks-announce.h"

/* Behind all that a turn of the loop brings. */
#define AFTER_OTHERS (SD_EVENT_PRIORITY_NORMAL + 10)

struct ChunksKeeper {
        ChunksKeeperParams params;
        ChunksView view;
        sd_event_source *post;
        /* what was looked at last */
        bool is_new; /* a snapshot or settings that were not looked at */
        uint64_t generation;
        char wait[DIAG_FORMATTED_MAX];
        ChunksSaid said;
};

static bool is_other(const ChunksKeeper *keeper) {
        return keeper->is_new ||
               keeper->generation != ledger_get_generation(keeper->params.ledger) ||
               strcmp(keeper->wait, chunks_view_get_wait(&keeper->view)) != 0;
}

static int on_post(sd_event_source *source _unused_, void *userdata) {
        ChunksKeeper *keeper = userdata;
        const ChunkList *list;

        if (!keeper->view.params.ledger || !is_other(keeper))
                return 0;
        list = chunks_view_get(&keeper->view);
        if (!list)
                return 0; /* out of memory: the next turn tries again */
        keeper->is_new = false;
        keeper->generation = ledger_get_generation(keeper->params.ledger);
        (void)snprintf(keeper->wait, sizeof(keeper->wait), "%s",
                       chunks_view_get_wait(&keeper->view));
        if (!keeper->wait[0])
                chunks_announce(list, &keeper->view.params.settings, &keeper->said);
        chunk_service_notify(keeper->params.service);
        return 0;
}

int chunks_keeper_new(const ChunksKeeperParams *params, ChunksKeeper **ret) {
        _cleanup_(chunks_keeper_freep) ChunksKeeper *keeper = calloc(1, sizeof(*keeper));
        int r;

        if (!keeper)
                return -ENOMEM;
        keeper->params = *params;
        keeper->view.pods = params->pods;
        r = sd_event_add_post(params->event, &keeper->post, on_post, keeper);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(keeper->post, AFTER_OTHERS);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(keeper);
        return 0;
}

ChunksKeeper *chunks_keeper_free(ChunksKeeper *keeper) {
        if (!keeper)
                return NULL;
        sd_event_source_disable_unref(keeper->post);
        chunks_view_deinit(&keeper->view);
        free(keeper);
        return NULL;
}

void chunks_keeper_set(ChunksKeeper *keeper, const Settings *settings, const Snapshot *snapshot) {
        chunks_view_set(&keeper->view,
                        &(const ChunksParams){ .topology = snapshot->topology,
                                               .capacity = snapshot->capacity,
                                               .machine = snapshot->machine,
                                               .ledger = keeper->params.ledger,
                                               .settings = settings->chunks },
                        &settings->chunk_advice);
        keeper->is_new = true;
}

ChunksView *chunks_keeper_get_view(ChunksKeeper *keeper) {
        return &keeper->view;
}
