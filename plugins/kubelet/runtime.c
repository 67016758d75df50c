/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

/*
 * A round is one question after the other: who it is, its containers, its sandboxes, and then the
 * containers that it was not asked about yet. Containers come before sandboxes, so that the sandbox
 * of every container is in the list, unless it went away meanwhile.
 *
 * After ROUND_USEC no more containers are asked about: with a slow runtime, a report without all
 * limits now is better than one with them in minutes.
 */
#define SERVICE      "/runtime.v1.RuntimeService/"
#define TIMEOUT_USEC (10 * USEC_PER_SEC)
#define ROUND_USEC   (5 * USEC_PER_SEC)
/* Events that end sooner are no news: a runtime that ends them at once would be asked without a
 * pause. */
#define EVENTS_USEC (10 * USEC_PER_SEC)

typedef enum Step {
        STEP_VERSION,
        STEP_CONTAINERS,
        STEP_SANDBOXES,
        STEP_STATUS,
} Step;

struct Runtime {
        RuntimeParams params;
        Peer peer;
        Details details;
        RuntimeLook look;
        Step step;
        int error; /* of taking an answer */
        uint64_t begun_usec;
        size_t next_container; /* to be asked about */
        RpcClientCall *events;
        uint64_t events_usec; /* since when they are heard */
        bool has_no_events;
        uint64_t events_connection; /* that this is known of */
};

static void forget_look(RuntimeLook *look) {
        if (look->containers)
                protobuf_c_message_free_unpacked(&look->containers->base, NULL);
        if (look->sandboxes)
                protobuf_c_message_free_unpacked(&look->sandboxes->base, NULL);
        look->containers = NULL;
        look->sandboxes = NULL;
}

static void end_round(Runtime *runtime, Slug__V1__ReportSourceState state, const char *problem) {
        RuntimeLook *look = &runtime->look;

        look->state = state;
        (void)snprintf(look->problem, sizeof(look->problem), "%s", problem);
        if (state != SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE)
                forget_look(look);
}

static void fail(Runtime *runtime, const char *problem) {
        end_round(runtime, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED, problem);
}

/* Answers */

static void take_version(const ProtobufCMessage *message, void *userdata) {
        const Runtime__V1__VersionResponse *response =
                (const Runtime__V1__VersionResponse *)message;
        Runtime *runtime = userdata;

        (void)snprintf(runtime->look.version, sizeof(runtime->look.version), "%.60s %.60s",
                       response->runtime_name, response->runtime_version);
}

static void take_containers(const ProtobufCMessage *message, void *userdata) {
        Runtime *runtime = userdata;
        ProtobufCMessage *copy;

        runtime->error = peer_copy_message(message, &copy);
        if (runtime->error == 0)
                runtime->look.containers = (Runtime__V1__ListContainersResponse *)copy;
}

static void take_sandboxes(const ProtobufCMessage *message, void *userdata) {
        Runtime *runtime = userdata;
        ProtobufCMessage *copy;

        runtime->error = peer_copy_message(message, &copy);
        if (runtime->error == 0)
                runtime->look.sandboxes = (Runtime__V1__ListPodSandboxResponse *)copy;
}

static const char *get_asked(const Runtime *runtime) {
        return runtime->look.containers->containers[runtime->next_container - 1]->id;
}

static uint64_t now_usec(void) {
        return clock_now_usec(&clock_monotonic);
}

static void take_status(const ProtobufCMessage *message, void *userdata) {
        Runtime *runtime = userdata;

        runtime->error =
                details_put(&runtime->details, get_asked(runtime),
                            (const Runtime__V1__ContainerStatusResponse *)message, now_usec());
}

/* Questions */

static void on_ended(const RpcResult *result, void *userdata);

static bool ask(Runtime *runtime,
                const char *path,
                const ProtobufCMessage *request,
                const ProtobufCMessageDescriptor *output,
                void (*take)(const ProtobufCMessage *response, void *userdata)) {
        const int r = rpc_client_call(runtime->peer.client,
                                      &(const RpcClientCallParams){
                                              .path = path,
                                              .request = request,
                                              .output = output,
                                              .timeout_usec = opt_u64(TIMEOUT_USEC),
                                              .message = take,
                                              .ended = on_ended,
                                              .userdata = runtime,
                                      },
                                      NULL);

        if (r < 0)
                fail(runtime, strerror(-r));
        return r == 0;
}

static bool ask_version(Runtime *runtime) {
        static const Runtime__V1__VersionRequest request = RUNTIME__V1__VERSION_REQUEST__INIT;

        return ask(runtime, SERVICE "Version", &request.base,
                   &runtime__v1__version_response__descriptor, take_version);
}

static bool ask_containers(Runtime *runtime) {
        static const Runtime__V1__ListContainersRequest request =
                RUNTIME__V1__LIST_CONTAINERS_REQUEST__INIT;

        return ask(runtime, SERVICE "ListContainers", &request.base,
                   &runtime__v1__list_containers_response__descriptor, take_containers);
}

static bool ask_sandboxes(Runtime *runtime) {
        static const Runtime__V1__ListPodSandboxRequest request =
                RUNTIME__V1__LIST_POD_SANDBOX_REQUEST__INIT;

        return ask(runtime, SERVICE "ListPodSandbox", &request.base,
                   &runtime__v1__list_pod_sandbox_response__descriptor, take_sandboxes);
}

static bool ask_status(Runtime *runtime, const char *id) {
        Runtime__V1__ContainerStatusRequest request = RUNTIME__V1__CONTAINER_STATUS_REQUEST__INIT;

        request.container_id = (char *)id;
        /* the cgroup does not change, and the verbose answer is a long one */
        request.verbose = !details_find(&runtime->details, id);
        return ask(runtime, SERVICE "ContainerStatus", &request.base,
                   &runtime__v1__container_status_response__descriptor, take_status);
}

/* What has ended holds no memory, so nothing more needs to be known of it. */
static bool is_wanted(const Runtime *runtime, const Runtime__V1__Container *container) {
        return container->id[0] &&
               container->state != RUNTIME__V1__CONTAINER_STATE__CONTAINER_EXITED &&
               details_wants(&runtime->details, container->id, now_usec());
}

/* Return: a question is under way. */
static bool ask_next_status(Runtime *runtime) {
        const Runtime__V1__ListContainersResponse *listed = runtime->look.containers;

        while (runtime->next_container < listed->n_containers) {
                const Runtime__V1__Container *container =
                        listed->containers[runtime->next_container];

                if (!is_wanted(runtime, container)) {
                        ++runtime->next_container;
                        continue;
                }
                if (now_usec() - runtime->begun_usec >= ROUND_USEC) {
                        runtime->look.has_more = true;
                        break;
                }
                ++runtime->next_container;
                return ask_status(runtime, container->id);
        }
        end_round(runtime, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE, "");
        return false;
}

static bool advance(Runtime *runtime) {
        switch (runtime->step) {
        case STEP_VERSION:
                runtime->step = STEP_CONTAINERS;
                return ask_containers(runtime);
        case STEP_CONTAINERS:
                runtime->step = STEP_SANDBOXES;
                return ask_sandboxes(runtime);
        case STEP_SANDBOXES:
                runtime->step = STEP_STATUS;
                runtime->next_container = 0;
                details_keep(&runtime->details, runtime->look.containers);
                return ask_next_status(runtime);
        case STEP_STATUS:
        default:
                return ask_next_status(runtime);
        }
}

/* A container that went away, or that cannot be told of, is no reason to know nothing of all. */
static bool is_passed_over(Runtime *runtime, RpcCode code) {
        if (runtime->step != STEP_STATUS || code == RPC_UNAVAILABLE || code == RPC_OK)
                return false;
        if (code == RPC_DEADLINE_EXCEEDED)
                runtime->begun_usec = 0;
        else if (code != RPC_NOT_FOUND)
                runtime->error =
                        details_put(&runtime->details, get_asked(runtime), NULL, now_usec());
        return true;
}

static void watch_events(Runtime *runtime);

static void fail_by(Runtime *runtime, const RpcResult *result) {
        char problem[DIAG_TEXT_MAX];

        if (result->code == RPC_UNIMPLEMENTED)
                (void)snprintf(problem, sizeof(problem),
                               "it has no CRI v1; containerd 1.6 and CRI-O 1.24 are the first that "
                               "have");
        else
                (void)snprintf(problem, sizeof(problem), "%s: %.200s", rpc_code_name(result->code),
                               result->message);
        fail(runtime, problem);
}

static void on_ended(const RpcResult *result, void *userdata) {
        Runtime *runtime = userdata;
        bool is_under_way = false;

        if (result->code != RPC_OK && !is_passed_over(runtime, result->code))
                fail_by(runtime, result);
        else if (runtime->error)
                fail(runtime, strerror(-runtime->error));
        else
                is_under_way = advance(runtime);
        if (is_under_way)
                return;
        if (runtime->look.containers)
                watch_events(runtime);
        runtime->params.done(runtime->params.userdata);
}

/* Events */

static void on_event(const ProtobufCMessage *message _unused_, void *userdata) {
        Runtime *runtime = userdata;

        runtime->params.happened(runtime->params.userdata);
}

static void on_events_ended(const RpcResult *result, void *userdata) {
        Runtime *runtime = userdata;

        runtime->events = NULL;
        if (result->code == RPC_UNAVAILABLE) {
                /* the next round tells whether it is lost, and asks for events again */
                if (now_usec() - runtime->events_usec >= EVENTS_USEC)
                        runtime->params.happened(runtime->params.userdata);
                return;
        }
        runtime->events_connection = runtime->peer.n_connections;
        if (!runtime->has_no_events)
                log_event(LOG_NOTICE, SLUG_MESSAGE_NO_RUNTIME_EVENTS,
                          LOG_WITH({ .name = "SLUG_SOCKET", .text = runtime->peer.path },
                                   { .name = "SLUG_STATUS", .text = rpc_code_name(result->code) }),
                          "%s tells no events (%s); it is asked at intervals alone",
                          runtime->peer.name, rpc_code_name(result->code));
        runtime->has_no_events = true;
}

/* A runtime that has none is asked again when it is another one. */
static void watch_events(Runtime *runtime) {
        static const Runtime__V1__GetEventsRequest request = RUNTIME__V1__GET_EVENTS_REQUEST__INIT;

        if (!runtime->params.with_events || runtime->events)
                return;
        if (runtime->has_no_events && runtime->events_connection == runtime->peer.n_connections)
                return;
        runtime->events_usec = now_usec();
        if (rpc_client_call(runtime->peer.client,
                            &(const RpcClientCallParams){
                                    .path = SERVICE "GetContainerEvents",
                                    .request = &request.base,
                                    .output = &runtime__v1__container_event_response__descriptor,
                                    .gives_stream = true,
                                    .message = on_event,
                                    .ended = on_events_ended,
                                    .userdata = runtime,
                            },
                            &runtime->events) < 0)
                runtime->events = NULL;
}

bool runtime_ask(Runtime *runtime) {
        forget_look(&runtime->look);
        runtime->look = (RuntimeLook){};
        runtime->error = 0;
        runtime->begun_usec = now_usec();
        if (!peer_is_there(&runtime->peer)) {
                char problem[DIAG_TEXT_MAX];

                peer_explain_absence(&runtime->peer, "socket", problem);
                end_round(runtime, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_ABSENT,
                          problem);
                return false;
        }
        runtime->step = STEP_VERSION;
        return ask_version(runtime);
}

Peer *runtime_get_peer(Runtime *runtime) {
        return &runtime->peer;
}

const Details *runtime_get_details(const Runtime *runtime) {
        return &runtime->details;
}

const RuntimeLook *runtime_get_look(const Runtime *runtime) {
        return &runtime->look;
}

int runtime_new(const RuntimeParams *params, Runtime **ret) {
        _cleanup_(runtime_freep) Runtime *runtime = calloc(1, sizeof(*runtime));
        int r;

        if (!runtime)
                return -ENOMEM;
        runtime->params = *params;
        r = peer_init(&runtime->peer, params->event, "the container runtime", params->root, 0);
        if (r)
                return r;
        *ret = TAKE_PTR(runtime);
        return 0;
}

Runtime *runtime_free(Runtime *runtime) {
        if (!runtime)
                return NULL;
        peer_deinit(&runtime->peer);
        forget_look(&runtime->look);
        details_deinit(&runtime->details);
        free(runtime);
        return NULL;
}
