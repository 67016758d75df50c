/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/crew.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/messages.h"
#include "worker/capabilities.h"

/* @loss: what slugd cannot do while that lane is stuck. */
static const struct {
        const char *name, *loss;
} lanes[] = {
        [CREW_LEDGER] = { "ledger", "the ledger cannot be written" },
        [CREW_LIMITS] = { "limits", "limits of cgroups cannot be written" },
        [CREW_CPUSETS] = { "cpusets", "cpuset.mems of cgroups cannot be written" },
        [CREW_ASKED] = { "asked", "CgroupManagerService cannot write cgroups" },
        [CREW_PAGES] = { "pages", "pages of containers are moved more slowly" },
        [CREW_PAGES_2] = { "pages2", "pages of containers are moved more slowly" },
};
static_assert(ELEMENTSOF(lanes) == _CREW_LANE_N, "every lane has its words");
static_assert(_CREW_LANE_N <= WORKER_LANES_MAX, "there are workers for all lanes");

#define CAPABLE_LANES (UINT64_C(1) << CREW_PAGES | UINT64_C(1) << CREW_PAGES_2)

struct Crew {
        Workers *workers;
        bool may_move_pages;
        sd_event_source *source;
        void (*changed)(void *userdata);
        void *userdata;
};

const char *crew_lane_name(CrewLane lane) {
        return lanes[lane].name;
}

int crew_new(Crew **ret) {
        _cleanup_(crew_freep) Crew *crew = calloc(1, sizeof(*crew));
        int r;

        if (!crew)
                return -ENOMEM;
        crew->may_move_pages = capabilities_are_there();
        r = workers_new(_CREW_LANE_N, CAPABLE_LANES, &crew->workers);
        if (r)
                return r;
        *ret = TAKE_PTR(crew);
        return 0;
}

Crew *crew_free(Crew *crew) {
        if (!crew)
                return NULL;
        sd_event_source_disable_unref(crew->source);
        workers_free(crew->workers);
        free(crew);
        return NULL;
}

static void on_lane(unsigned lane, const WorkerState *state, void *userdata) {
        const Crew *crew = userdata;

        if (state->is_stuck)
                log_event(LOG_ERR, SLUG_MESSAGE_WORKER_STUCK,
                          LOG_WITH({ .name = "SLUG_PID", .number = (uint64_t)state->pid },
                                   { .name = "SLUG_REASON", .text = lanes[lane].name }),
                          "Worker %u %s, so %s", lane,
                          state->pid ? "hangs in the kernel and cannot be killed"
                                     : "is gone and no other one could be made",
                          lanes[lane].loss);
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_WORKER_BACK,
                          LOG_WITH({ .name = "SLUG_PID", .number = (uint64_t)state->pid },
                                   { .name = "SLUG_REASON", .text = lanes[lane].name }),
                          "Worker %u works again", lane);
        crew->changed(crew->userdata);
}

static int on_answers(sd_event_source *source _unused_,
                      int fd _unused_,
                      uint32_t events _unused_,
                      void *userdata) {
        const Crew *crew = userdata;
        const int r = workers_dispatch(crew->workers);

        if (r < 0)
                log_debug("Workers: %s", strerror(-r));
        return 0;
}

int crew_attach(Crew *crew, sd_event *event, void (*changed)(void *userdata), void *userdata) {
        int r;

        r = sd_event_add_io(event, &crew->source, workers_get_fd(crew->workers), EPOLLIN,
                            on_answers, crew);
        if (r < 0)
                return r;
        crew->changed = changed;
        crew->userdata = userdata;
        workers_observe(crew->workers, on_lane, crew);
        return 0;
}

Workers *crew_get_workers(const Crew *crew) {
        return crew->workers;
}

bool crew_may_move_pages(const Crew *crew) {
        return crew->may_move_pages;
}

WorkerState crew_get_lane(const Crew *crew, CrewLane lane) {
        return worker_get_state(crew->workers, lane);
}
