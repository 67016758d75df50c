/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "nri/creations.h"
#include "nri/request.h"
#include "nri/rounds.h"
#include "rpc/loop.h"

/*
 * What slugd says of a container may change after it was created: chunks find their container, and
 * the local part of its split becomes known. So it is asked again a moment after each creation, and
 * once a minute about all that ask for something.
 */
#define INTERVAL_USEC (60 * USEC_PER_SEC)
#define SOON_USEC     (10 * USEC_PER_SEC)

struct Agent {
        AgentParams params;
        sd_event *event;
        sd_event_source *timer;
        uint64_t due_usec;
        Kept kept;
        Admitter *admitter;
        NriSession *session;
        Creations creations;
        Rounds rounds;
        char runtime[128];    /* its name and version; "": there is none */
        bool is_synchronized; /* it has told of its containers, and will ask about new ones */
        bool is_renewing;     /* the session, on our own accord */
        uint64_t synchronized_usec;
        char status[DIAG_TEXT_MAX];
};

/* When */

static void arm(Agent *agent, uint64_t delay_usec) {
        const uint64_t usec = clock_now_usec(&clock_monotonic) + delay_usec;

        if (usec >= agent->due_usec)
                return;
        agent->due_usec = usec;
        /* it was made with the agent, so setting it does not fail */
        (void)sd_event_source_set_time(agent->timer, usec);
        (void)sd_event_source_set_enabled(agent->timer, SD_EVENT_ONESHOT);
}

static void tell_status(Agent *agent) {
        const size_t n_open = kept_count_open(&agent->kept);
        const char *waits = agent->runtime[0] && !agent->is_synchronized
                                    ? ", and it has not told of its containers yet"
                                    : "";
        char status[DIAG_TEXT_MAX], open[64] = "";

        if (n_open > 0)
                (void)snprintf(open, sizeof(open), ", %zu of them without slugd's answer", n_open);
        (void)snprintf(status, sizeof(status), "%s: %zu container%s with a split%s%s",
                       agent->runtime[0] ? agent->runtime : "no runtime", agent->kept.n_items,
                       agent->kept.n_items == 1 ? "" : "s", open, waits);
        if (strcmp(status, agent->status) == 0)
                return;
        memcpy(agent->status, status, sizeof(status));
        (void)sd_notifyf(0, "STATUS=%s", status);
}

static void ask_all(Agent *agent) {
        kept_make_due(&agent->kept);
        rounds_ask(&agent->rounds);
        tell_status(agent);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Agent *agent = userdata;

        agent->due_usec = UINT64_MAX;
        admitter_look(agent->admitter);
        ask_all(agent);
        arm(agent, INTERVAL_USEC);
        return 0;
}

static void on_slugd_came(void *userdata) {
        ask_all(userdata);
}

static void on_ended(void *userdata) {
        Agent *agent = userdata;

        arm(agent, SOON_USEC);
        tell_status(agent);
}

/*
 * A runtime that may not be called changes containers in the answer to its Synchronize, and that
 * comes when the plugin registers: not more often than it would be asked otherwise.
 */
static void on_behind(void *userdata) {
        Agent *agent = userdata;
        const uint64_t usec = clock_now_usec(&clock_monotonic) - agent->synchronized_usec;

        if (!agent->is_synchronized)
                return;
        if (usec < SOON_USEC) {
                arm(agent, SOON_USEC - usec);
                return;
        }
        log_debug("registering anew, so that the runtime changes containers");
        agent->is_synchronized = false;
        agent->is_renewing = true;
        rounds_note_lost(&agent->rounds);
        nri_session_renew(agent->session);
}

/* What the runtime says */

static void note_started(Agent *agent, const Nri__Pkg__Api__V1alpha1__ContainerEvent *event) {
        KeptContainer *item;

        if (!event->pod || !event->container)
                return;
        item = kept_find(&agent->kept, event->container->id);
        if (!item) {
                rounds_find(&agent->rounds, event->pod, event->container);
                return;
        }
        kept_note_started(item);
        rounds_tell_started(&agent->rounds, item);
        if (kept_is_behind(item))
                rounds_update(&agent->rounds);
}

/* An update that names other NUMA nodes must not lose the remote ones. */
static void update(Agent *agent,
                   NriCall *call,
                   const Nri__Pkg__Api__V1alpha1__UpdateContainerRequest *request) {
        Nri__Pkg__Api__V1alpha1__UpdateContainerResponse response =
                NRI__PKG__API__V1ALPHA1__UPDATE_CONTAINER_RESPONSE__INIT;
        const KeptContainer *item =
                request->container ? kept_find(&agent->kept, request->container->id) : NULL;
        const char *mems = request_get_mems(request->linux_resources);
        _cleanup_(arena_freep) Arena *arena = NULL;
        NriUpdate *kept;

        if (!item || !item->wants.mems[0] || !mems[0] || strcmp(mems, item->wants.mems) == 0 ||
            arena_new(64 * 1024, &arena) < 0 ||
            adjust_build_update(arena, request->container->id,
                                (Given){ .mems = item->wants.mems, .low = "" }, &kept) < 0) {
                nri_call_finish(call, NULL);
                return;
        }
        response.update = &kept;
        response.n_update = 1;
        nri_call_finish(call, &response.base);
}

static void configure(Agent *agent, const Nri__Pkg__Api__V1alpha1__ConfigureRequest *request) {
        agent->creations.with_policy = agent->params.policy == AGENT_POLICY_AUTO &&
                                       adjust_has_policy(request->nri_version);
        agent->rounds.may_call = adjust_has_calls(request->nri_version);
}

static void
on_requested(NriCall *call, NriMethod method, const ProtobufCMessage *request, void *userdata) {
        const Nri__Pkg__Api__V1alpha1__ContainerEvent *event =
                (const Nri__Pkg__Api__V1alpha1__ContainerEvent *)request;
        Agent *agent = userdata;

        switch (method) {
        case NRI_CONFIGURE:
                configure(agent, (const Nri__Pkg__Api__V1alpha1__ConfigureRequest *)request);
                return;
        case NRI_SYNCHRONIZE:
                agent->is_synchronized = true;
                agent->synchronized_usec = clock_now_usec(&clock_monotonic);
                rounds_synchronize(&agent->rounds, call,
                                   (const Nri__Pkg__Api__V1alpha1__SynchronizeRequest *)request);
                break;
        case NRI_CREATE_CONTAINER:
                creations_begin(&agent->creations, call,
                                (const Nri__Pkg__Api__V1alpha1__CreateContainerRequest *)request);
                break;
        case NRI_UPDATE_CONTAINER:
                update(agent, call,
                       (const Nri__Pkg__Api__V1alpha1__UpdateContainerRequest *)request);
                return;
        case NRI_POST_START_CONTAINER:
                /* answered first: it may have the runtime change the container */
                nri_call_finish(call, NULL);
                note_started(agent, event);
                break;
        case NRI_REMOVE_CONTAINER:
                if (event->container)
                        kept_remove(&agent->kept, event->container->id);
                nri_call_finish(call, NULL);
                break;
        default:
                nri_call_finish(call, NULL);
                return;
        }
        tell_status(agent);
}

static void on_connected(const char *runtime, const char *version, void *userdata) {
        Agent *agent = userdata;

        (void)snprintf(agent->runtime, sizeof(agent->runtime), "%.60s %.60s", runtime, version);
        /* who registers anew time and again has nothing new to say */
        log_event(agent->is_renewing ? LOG_DEBUG : LOG_NOTICE, SLUG_MESSAGE_NRI_CONNECTED,
                  LOG_WITH({ .name = "SLUG_SOCKET", .text = agent->params.nri_socket },
                           { .name = "SLUG_VERSION", .text = version }),
                  "registered with %s", agent->runtime);
        agent->is_renewing = false;
        tell_status(agent);
}

static void on_lost(const char *reason, void *userdata) {
        Agent *agent = userdata;

        agent->runtime[0] = '\0';
        agent->is_synchronized = agent->is_renewing = false;
        rounds_note_lost(&agent->rounds);
        log_event(LOG_WARNING, SLUG_MESSAGE_NRI_LOST,
                  LOG_WITH({ .name = "SLUG_SOCKET", .text = agent->params.nri_socket },
                           { .name = "SLUG_REASON", .text = reason }),
                  "no session with the container runtime: %s", reason);
        tell_status(agent);
}

/* Signals */

static int on_stop(sd_event_source *source,
                   const struct signalfd_siginfo *info _unused_,
                   void *userdata _unused_) {
        (void)sd_notify(0, "STOPPING=1");
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_ask(sd_event_source *source _unused_,
                  const struct signalfd_siginfo *info _unused_,
                  void *userdata) {
        Agent *agent = userdata;

        admitter_look(agent->admitter);
        ask_all(agent);
        return 0;
}

/* Setting up */

static int setup_event(Agent *agent) {
        const LoopSignal signals[] = {
                { SIGTERM, on_stop, agent },
                { SIGINT, on_stop, agent },
                { SIGHUP, on_ask, agent },
        };
        int r;

        r = loop_new(signals, ELEMENTSOF(signals), &agent->event);
        if (r < 0)
                return r;
        agent->due_usec = UINT64_MAX;
        r = sd_event_add_time(agent->event, &agent->timer, CLOCK_MONOTONIC, 0, 0, on_timer, agent);
        if (r < 0)
                return r;
        arm(agent, INTERVAL_USEC);
        return 0;
}

static int setup_slugd(Agent *agent, Diag *reterr) {
        const int r = admitter_new(&(const AdmitterParams){ .event = agent->event,
                                                            .socket = agent->params.socket,
                                                            .came = on_slugd_came,
                                                            .userdata = agent },
                                   &agent->admitter);

        if (r != -ENAMETOOLONG)
                return r;
        diag_set(reterr, NULL, 0, 0, "the path of slugd's socket is too long: %s",
                 agent->params.socket);
        return AGENT_E_REFUSED;
}

static int setup_session(Agent *agent, Diag *reterr) {
        const int r = nri_session_new(
                &(const NriSessionParams){
                        .event = agent->event,
                        .path = agent->params.nri_socket,
                        .plugin_name = "slug",
                        .plugin_index = agent->params.index,
                        .events = 1u << NRI_CREATE_CONTAINER | 1u << NRI_POST_START_CONTAINER |
                                  1u << NRI_UPDATE_CONTAINER | 1u << NRI_REMOVE_CONTAINER,
                        .requested = on_requested,
                        .connected = on_connected,
                        .lost = on_lost,
                        .userdata = agent,
                },
                &agent->session);

        agent->rounds.session = agent->session;
        if (r != -ENAMETOOLONG)
                return r;
        diag_set(reterr, NULL, 0, 0, "the path of the runtime's NRI socket is too long: %s",
                 agent->params.nri_socket);
        return AGENT_E_REFUSED;
}

int agent_new(const AgentParams *params, Agent **ret, Diag *reterr) {
        _cleanup_(agent_freep) Agent *agent = calloc(1, sizeof(*agent));
        int r;

        if (!agent)
                return -ENOMEM;
        agent->params = *params;
        r = setup_event(agent);
        if (r < 0)
                return r;
        r = setup_slugd(agent, reterr);
        if (r)
                return r;
        agent->creations = (Creations){ .kept = &agent->kept,
                                        .admitter = agent->admitter,
                                        .is_closed = params->away == AGENT_CLOSED,
                                        .ended = on_ended,
                                        .userdata = agent };
        agent->rounds = (Rounds){ .kept = &agent->kept,
                                  .admitter = agent->admitter,
                                  .unanswered = on_ended,
                                  .behind = on_behind,
                                  .userdata = agent };
        r = setup_session(agent, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(agent);
        return 0;
}

int agent_run(Agent *agent) {
        int r;

        /* Whom it talks to may come much later; it is ready for them. */
        log_event(LOG_NOTICE, SLUG_MESSAGE_PLUGIN_STARTED,
                  LOG_WITH({ .name = "SLUG_VERSION", .text = PACKAGE_VERSION }),
                  "slug-nri %s is ready", PACKAGE_VERSION);
        (void)sd_notify(0, "READY=1");
        tell_status(agent);
        r = sd_event_loop(agent->event);
        return r < 0 ? r : 0;
}

Agent *agent_free(Agent *agent) {
        if (!agent)
                return NULL;
        nri_session_free(agent->session);
        admitter_free(agent->admitter);
        creations_deinit(&agent->creations);
        kept_deinit(&agent->kept);
        sd_event_source_disable_unref(agent->timer);
        sd_event_unref(agent->event);
        free(agent);
        return NULL;
}
