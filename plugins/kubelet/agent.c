/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/log.h"
#include "kubelet/announce.h"
#include "kubelet/print.h"
#include "kubelet/reporter.h"
#include "kubelet/rhythm.h"
#include "rpc/loop.h"

/*
 * A round asks the runtime and the kubelet at the same time; when both have answered, or failed,
 * their answers and the kubelet's files become a report. There is one round at a time, and the
 * timer is armed at its end.
 */
struct Agent {
        AgentParams params;
        Root root;
        sd_event *event;
        sd_event_source *timer;
        Endpoints endpoints;
        Runtime *runtime;
        PodResourcesClient *kubelet; /* NULL: it is not asked */
        Reporter *reporter;          /* NULL: the round is printed */
        DevicePlugin *device;        /* NULL: the kubelet is told of no chunks */
        Settle settle;
        Missing missing;
        Rhythm rhythm;
        Announced announced;
        size_t n_pending;           /* who has not answered in this round */
        uint64_t ledger_generation; /* when it began */
        bool is_incomplete;
};

static uint64_t now_usec(void) {
        return clock_now_usec(&clock_monotonic);
}

/* When */

/* Until it is settled several rounds have to agree, so they are not an interval apart. */
static uint64_t get_interval(const Agent *agent) {
        uint64_t interval = agent->params.interval_usec;

        if (!agent->settle.is_settled)
                interval = bytes_min(interval, agent->params.settle_usec / 4);
        return interval > RHYTHM_QUIET_USEC ? interval : RHYTHM_QUIET_USEC;
}

static void arm(Agent *agent) {
        if (agent->n_pending > 0)
                return;
        /* it was made with the agent, so setting it does not fail */
        (void)sd_event_source_set_time(agent->timer,
                                       rhythm_get_due(&agent->rhythm, get_interval(agent)));
        (void)sd_event_source_set_enabled(agent->timer, SD_EVENT_ONESHOT);
}

static void on_happened(void *userdata) {
        Agent *agent = userdata;

        rhythm_note_event(&agent->rhythm, now_usec());
        arm(agent);
}

/* The end of a round */

static bool has_all_answered(const Agent *agent) {
        return runtime_get_look(agent->runtime)->containers &&
               (!agent->kubelet || pod_resources_get_look(agent->kubelet)->listed);
}

static void announce(Agent *agent, const Report *report) {
        const RuntimeLook *runtime = runtime_get_look(agent->runtime);

        peer_tell(runtime_get_peer(agent->runtime), runtime->containers, runtime->problem);
        if (agent->kubelet) {
                const PodResourcesLook *kubelet = pod_resources_get_look(agent->kubelet);

                peer_tell(pod_resources_get_peer(agent->kubelet), kubelet->listed,
                          kubelet->problem);
        }
        announce_report(&agent->announced, report);
}

static int print(Agent *agent, const Report *report) {
        bool is_there;
        int r;

        if (!agent->params.pod_name)
                return print_report(report);
        r = print_pod(report, agent->params.pod_namespace, agent->params.pod_name, &is_there);
        agent->is_incomplete |= !is_there;
        return r;
}

static int make_report(Agent *agent) {
        _cleanup_(report_freep) Report *report = NULL;
        int r;

        r = report_new(
                &(const ReportParams){
                        .root = &agent->root,
                        .endpoints = &agent->endpoints,
                        .runtime = agent->runtime,
                        .kubelet = agent->kubelet,
                        .manifests = agent->params.manifests,
                        .usec = agent->rhythm.begun_usec,
                        .ledger_generation = agent->ledger_generation,
                },
                &agent->settle, &agent->missing, &report);
        if (r)
                return r;
        agent->is_incomplete = !report->is_complete;
        if (agent->reporter) {
                announce(agent, report);
                return reporter_offer(agent->reporter, &report->message, now_usec());
        }
        r = print(agent, report);
        return r ? r : sd_event_exit(agent->event, 0);
}

static void end_round(Agent *agent) {
        const int r = make_report(agent);

        if (r < 0 && agent->params.is_once)
                (void)sd_event_exit(agent->event, r);
        if (r < 0)
                log_event(LOG_ERR, SLUG_MESSAGE_PLUGIN_FAILED,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                          "no report could be made: %s", strerror(-r));
        rhythm_end(&agent->rhythm, r >= 0 && has_all_answered(agent));
        if (runtime_get_look(agent->runtime)->has_more)
                rhythm_note_event(&agent->rhythm, now_usec());
        arm(agent);
}

static void on_answered(void *userdata) {
        Agent *agent = userdata;

        if (--agent->n_pending == 0)
                end_round(agent);
}

/* Its beginning */

/* Who has answered stays where it is; the others may have come up somewhere else. */
static void find_peers(Agent *agent) {
        const Endpoints found = endpoints_find(&agent->root, &agent->params.endpoints);

        if (!runtime_get_look(agent->runtime)->containers) {
                memcpy(agent->endpoints.runtime, found.runtime, sizeof(found.runtime));
                peer_set_path(runtime_get_peer(agent->runtime), found.runtime);
        }
        if (!agent->kubelet || pod_resources_get_look(agent->kubelet)->listed)
                return;
        memcpy(agent->endpoints.kubelet_dir, found.kubelet_dir, sizeof(found.kubelet_dir));
        peer_set_path(pod_resources_get_peer(agent->kubelet), found.pod_resources);
        if (agent->device)
                device_plugin_set_kubelet_dir(agent->device, found.kubelet_dir);
}

/* What it is when the round begins: a claim that slugd has just made of chunks is told by the list
 * of chunks long before the next report is answered. */
static uint64_t get_ledger_generation(const Agent *agent) {
        const uint64_t heard = reporter_get_ledger_generation(agent->reporter);
        const uint64_t listed =
                agent->device ? device_plugin_get_ledger_generation(agent->device) : 0;

        return heard > 0 && listed > heard ? listed : heard;
}

static void begin_round(Agent *agent) {
        find_peers(agent);
        rhythm_begin(&agent->rhythm, now_usec());
        if (agent->reporter)
                agent->ledger_generation = get_ledger_generation(agent);
        agent->n_pending = (size_t)runtime_ask(agent->runtime);
        if (agent->kubelet)
                agent->n_pending += (size_t)pod_resources_ask(agent->kubelet);
        if (agent->n_pending == 0)
                end_round(agent);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        begin_round(userdata);
        return 0;
}

/* Signals */

static int on_stop(sd_event_source *source,
                   const struct signalfd_siginfo *info _unused_,
                   void *userdata _unused_) {
        (void)sd_notify(0, "STOPPING=1");
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int on_collect(sd_event_source *source _unused_,
                      const struct signalfd_siginfo *info _unused_,
                      void *userdata) {
        on_happened(userdata);
        return 0;
}

/* Setting up */

static int setup_event(Agent *agent) {
        const LoopSignal signals[] = {
                { SIGTERM, on_stop, agent },
                { SIGINT, on_stop, agent },
                { SIGHUP, on_collect, agent },
        };
        int r;

        r = loop_new(signals, ELEMENTSOF(signals), &agent->event);
        if (r < 0)
                return r;
        return sd_event_add_time(agent->event, &agent->timer, CLOCK_MONOTONIC, 0, 1, on_timer,
                                 agent);
}

static int setup_peers(Agent *agent) {
        int r;

        r = runtime_new(&(const RuntimeParams){ .event = agent->event,
                                                .root = &agent->root,
                                                .with_events = !agent->params.is_once,
                                                .done = on_answered,
                                                .happened = on_happened,
                                                .userdata = agent },
                        &agent->runtime);
        if (r || agent->params.has_no_kubelet)
                return r;
        return pod_resources_new(
                &(const PodResourcesParams){ .event = agent->event,
                                             .root = &agent->root,
                                             .pod_namespace = agent->params.pod_namespace,
                                             .pod_name = agent->params.pod_name,
                                             .done = on_answered,
                                             .userdata = agent },
                &agent->kubelet);
}

static int setup_device(Agent *agent) {
        if (agent->params.has_no_kubelet || agent->params.registering == REGISTER_NONE)
                return 0;
        return device_plugin_new(
                &(const DevicePluginParams){ .event = agent->event,
                                             .root = &agent->root,
                                             .socket = agent->params.socket,
                                             .registering = agent->params.registering,
                                             .happened = on_happened,
                                             .userdata = agent },
                &agent->device);
}

static int setup_slugd(Agent *agent, Diag *reterr) {
        int r;

        if (agent->params.is_once)
                return 0;
        r = reporter_new(&(const ReporterParams){ .event = agent->event,
                                                  .socket = agent->params.socket,
                                                  .wanted = on_happened,
                                                  .userdata = agent },
                         &agent->reporter);
        if (r == 0)
                r = setup_device(agent);
        if (r != -ENAMETOOLONG)
                return r;
        diag_set(reterr, NULL, 0, 0, "the path of slugd's socket is too long: %s",
                 agent->params.socket);
        return AGENT_E_REFUSED;
}

int agent_new(const AgentParams *params, Agent **ret, Diag *reterr) {
        _cleanup_(agent_freep) Agent *agent = calloc(1, sizeof(*agent));
        int r;

        if (!agent)
                return -ENOMEM;
        agent->params = *params;
        agent->root = (Root)ROOT_NULL;
        agent->settle.params = (SettleParams){ .settle_usec = params->settle_usec,
                                               .needs_kubelet = !params->has_no_kubelet };
        r = root_init(&agent->root, params->root);
        if (r) {
                diag_set(reterr, NULL, 0, 0, "cannot use '%s' as root: %s", params->root,
                         r < 0 ? strerror(-r) : "there is no such directory");
                return r == -ENOMEM ? r : AGENT_E_REFUSED;
        }
        r = setup_event(agent);
        if (r < 0)
                return r;
        r = setup_peers(agent);
        if (r)
                return r;
        r = setup_slugd(agent, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(agent);
        return 0;
}

int agent_run(Agent *agent) {
        int r;

        /* Whom it asks may come much later; it is ready to find them. */
        if (!agent->params.is_once) {
                log_event(LOG_NOTICE, SLUG_MESSAGE_PLUGIN_STARTED,
                          LOG_WITH({ .name = "SLUG_VERSION", .text = PACKAGE_VERSION }),
                          "slug-kubelet %s is ready", PACKAGE_VERSION);
                (void)sd_notify(0, "READY=1");
        }
        r = sd_event_loop(agent->event);
        if (r < 0)
                return r;
        return agent->params.is_once && agent->is_incomplete ? AGENT_E_INCOMPLETE : 0;
}

Agent *agent_free(Agent *agent) {
        if (!agent)
                return NULL;
        device_plugin_free(agent->device);
        runtime_free(agent->runtime);
        pod_resources_free(agent->kubelet);
        reporter_free(agent->reporter);
        sd_event_source_disable_unref(agent->timer);
        sd_event_unref(agent->event);
        root_deinit(&agent->root);
        free(agent);
        return NULL;
}
