/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/memory/callers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "base/bytes.h"
#include "bench/memory/numbers.h"
#include "rpc/client.h"
#include "slug/v1/memory.pb-c.h"

#define SERVICE      "/slug.v1.MemoryManagerService/"
#define PATIENCE_SEC 30u
#define CLAIM_SIZE   "1Mi" /* so that thousands fit on any machine */

/* What is done in a run: the first step of each cycle, and what may follow it. */
typedef enum Step { STEP_ALLOCATE, STEP_RELEASE, STEP_HINTS, STEP_GREET } Step;

typedef struct Caller {
        Callers *callers;
        RpcClient *client;
        Step step;
        size_t n_left; /* cycles */
        char uid[64];
        double begin;
} Caller;

struct Callers {
        sd_event *event;
        Caller all[CALLERS_MAX];
        size_t n_all, n_busy, n_pods;
        Step first;
        bool releases; /* STEP_RELEASE follows STEP_ALLOCATE */
        Times *times[STEP_GREET + 1];
};

static void fail(const char *what, const char *why) {
        (void)fprintf(stderr, "claims: %s: %s\n", what, why);
        exit(EXIT_FAILURE);
}

/* Times */

void times_init(Times *times, size_t max) {
        *times = (Times){ .seconds = calloc(max, sizeof(*times->seconds)), .max = max };
        if (!times->seconds)
                fail("times", "not enough memory");
}

void times_deinit(Times *times) {
        free(times->seconds);
        *times = (Times){};
}

static void keep_time(Times *times, double seconds) {
        if (times && times->n < times->max)
                times->seconds[times->n++] = seconds;
}

/* Calls */

/* A Guaranteed pod of one container. It points into itself. */
typedef struct PodMessage {
        Slug__V1__Pod pod;
        Slug__V1__PodContainer container, *containers[1];
        Slug__V1__PodResources resources;
        Slug__V1__PodResources__RequestsEntry requests[2], *request_list[2];
        Slug__V1__PodResources__LimitsEntry limits[2], *limit_list[2];
} PodMessage;

static void fill_pod(PodMessage *message, char *uid) {
        static char *const names[] = { (char *)"cpu", (char *)"memory" };
        static char *const amounts[] = { (char *)"1", (char *)CLAIM_SIZE };

        slug__v1__pod__init(&message->pod);
        slug__v1__pod_container__init(&message->container);
        slug__v1__pod_resources__init(&message->resources);
        for (size_t i = 0; i < 2; ++i) {
                slug__v1__pod_resources__requests_entry__init(&message->requests[i]);
                slug__v1__pod_resources__limits_entry__init(&message->limits[i]);
                message->requests[i].key = message->limits[i].key = names[i];
                message->requests[i].value = message->limits[i].value = amounts[i];
                message->request_list[i] = &message->requests[i];
                message->limit_list[i] = &message->limits[i];
        }
        message->resources.requests = message->request_list;
        message->resources.limits = message->limit_list;
        message->resources.n_requests = message->resources.n_limits = 2;
        message->container.name = (char *)"app";
        message->container.resources = &message->resources;
        message->containers[0] = &message->container;
        message->pod.uid = uid;
        message->pod.namespace_ = (char *)"default";
        message->pod.name = (char *)"bench";
        message->pod.containers = message->containers;
        message->pod.n_containers = 1;
}

static void on_ended(const RpcResult *result, void *userdata);

/* Nothing is measured before a ledger is there that is kept. */
static void on_state(const ProtobufCMessage *response, void *userdata _unused_) {
        const Slug__V1__GetStateResponse *state = (const Slug__V1__GetStateResponse *)response;

        if (state->health != SLUG__V1__LEDGER_HEALTH__LEDGER_HEALTH_DURABLE)
                fail("the ledger is not kept", state->problem);
}

static void call(Caller *caller,
                 const char *path,
                 const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *output) {
        const RpcClientCallParams params = {
                .path = path,
                .request = request,
                .output = output,
                .waits_for_server = caller->step == STEP_GREET,
                .timeout_usec = { .present = true, .value = PATIENCE_SEC * UINT64_C(1000000) },
                .message = caller->step == STEP_GREET ? on_state : NULL,
                .ended = on_ended,
                .userdata = caller,
        };
        int r;

        caller->begin = numbers_now();
        r = rpc_client_call(caller->client, &params, NULL);
        if (r < 0)
                fail(path, strerror(-r));
}

static void begin_allocate(Caller *caller) {
        Slug__V1__AllocateRequest request = SLUG__V1__ALLOCATE_REQUEST__INIT;
        PodMessage pod;

        (void)snprintf(caller->uid, sizeof(caller->uid), "00000000-0000-4000-8000-%012zu",
                       ++caller->callers->n_pods);
        fill_pod(&pod, caller->uid);
        request.pod = &pod.pod;
        request.container = pod.container.name;
        call(caller, SERVICE "Allocate", &request.base, &slug__v1__allocate_response__descriptor);
}

static void begin_release(Caller *caller) {
        Slug__V1__RemoveContainerRequest request = SLUG__V1__REMOVE_CONTAINER_REQUEST__INIT;

        request.pod_uid = caller->uid;
        request.container = (char *)"app";
        call(caller, SERVICE "RemoveContainer", &request.base,
             &slug__v1__remove_container_response__descriptor);
}

static void begin_hints(Caller *caller) {
        Slug__V1__GetTopologyHintsRequest request = SLUG__V1__GET_TOPOLOGY_HINTS_REQUEST__INIT;
        PodMessage pod;

        fill_pod(&pod, (char *)"00000000-0000-4000-8000-999999999999");
        request.pod = &pod.pod;
        request.container = pod.container.name;
        call(caller, SERVICE "GetTopologyHints", &request.base,
             &slug__v1__get_topology_hints_response__descriptor);
}

static void begin_greeting(Caller *caller) {
        Slug__V1__GetStateRequest request = SLUG__V1__GET_STATE_REQUEST__INIT;

        call(caller, SERVICE "GetState", &request.base, &slug__v1__get_state_response__descriptor);
}

static void begin_step(Caller *caller) {
        switch (caller->step) {
        case STEP_ALLOCATE:
                begin_allocate(caller);
                break;
        case STEP_RELEASE:
                begin_release(caller);
                break;
        case STEP_HINTS:
                begin_hints(caller);
                break;
        case STEP_GREET:
                begin_greeting(caller);
                break;
        }
}

static void on_ended(const RpcResult *result, void *userdata) {
        Caller *caller = userdata;
        Callers *callers = caller->callers;

        if (result->code != RPC_OK)
                fail("a call", result->message);
        keep_time(callers->times[caller->step], numbers_now() - caller->begin);
        if (caller->step == STEP_ALLOCATE && callers->releases) {
                caller->step = STEP_RELEASE;
        } else if (--caller->n_left > 0) {
                caller->step = callers->first;
        } else {
                --callers->n_busy;
                return;
        }
        begin_step(caller);
}

/* Runs */

static void run(Callers *callers, size_t n_callers, size_t n_cycles, Step first) {
        callers->first = first;
        callers->n_busy = n_cycles > 0 ? n_callers : 0;
        for (size_t i = 0; i < callers->n_busy; ++i) {
                callers->all[i].n_left = n_cycles;
                callers->all[i].step = first;
                begin_step(&callers->all[i]);
        }
        while (callers->n_busy > 0) {
                const int r = sd_event_run(callers->event, UINT64_MAX);

                if (r < 0)
                        fail("the loop", strerror(-r));
        }
        memset(callers->times, 0, sizeof(callers->times));
        callers->releases = false;
}

Callers *callers_new(const char *socket_path, size_t n_callers) {
        Callers *callers = calloc(1, sizeof(*callers));
        int r = callers ? sd_event_new(&callers->event) : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < n_callers && i < CALLERS_MAX; ++i) {
                const RpcClientParams params = { .event = callers->event, .path = socket_path };

                callers->all[i].callers = callers;
                r = rpc_client_new(&params, &callers->all[i].client);
                ++callers->n_all;
        }
        if (r < 0)
                fail("making callers", strerror(-r));
        run(callers, callers->n_all, 1, STEP_GREET);
        return callers;
}

Callers *callers_free(Callers *callers) {
        if (!callers)
                return NULL;
        for (size_t i = 0; i < callers->n_all; ++i)
                rpc_client_free(callers->all[i].client);
        sd_event_unref(callers->event);
        free(callers);
        return NULL;
}

void callers_claim(Callers *callers, size_t n_claims, Times *allocate, Times *release) {
        callers->times[STEP_ALLOCATE] = allocate;
        callers->times[STEP_RELEASE] = release;
        callers->releases = true;
        run(callers, callers->n_all, n_claims, STEP_ALLOCATE);
}

void callers_keep_claims(Callers *callers, size_t n_claims) {
        run(callers, 1, n_claims, STEP_ALLOCATE);
}

void callers_ask_hints(Callers *callers, size_t n_calls, Times *times) {
        callers->times[STEP_HINTS] = times;
        run(callers, callers->n_all, n_calls, STEP_HINTS);
}
