/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/admitter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "rpc/serving.h"

#define ANSWER_MAX (4u * 1024 * 1024)

struct AdmitterCall {
        Admitter *admitter;
        AdmitterCall *next, **link; /* in the admitter's list */
        RpcClientCall *call;
        AdmitterDone done; /* NULL: was called */
        void *userdata;
};

struct Admitter {
        AdmitterParams params;
        RpcClient *client;
        RpcServing slugd;
        bool is_lost; /* that was said */
        AdmitterCall *calls;
};

/* slugd comes and goes */

static void on_came(void *userdata) {
        Admitter *admitter = userdata;

        if (admitter->is_lost)
                log_event(LOG_NOTICE, SLUG_MESSAGE_PEER_BACK,
                          LOG_WITH({ .name = "SLUG_SOCKET", .text = admitter->params.socket }),
                          "slugd answers on %s", admitter->params.socket);
        admitter->is_lost = false;
        admitter->params.came(admitter->params.userdata);
}

static void on_went(const RpcResult *result, void *userdata) {
        Admitter *admitter = userdata;

        if (!admitter->is_lost && result->code == RPC_UNAVAILABLE)
                log_event(LOG_WARNING, SLUG_MESSAGE_PEER_LOST,
                          LOG_WITH({ .name = "SLUG_SOCKET", .text = admitter->params.socket },
                                   { .name = "SLUG_REASON", .text = result->message }),
                          "slugd does not answer: %s", result->message);
        admitter->is_lost |= result->code == RPC_UNAVAILABLE;
}

/* Calls */

static void free_call(AdmitterCall *call) {
        *call->link = call->next;
        if (call->next)
                call->next->link = call->link;
        free(call);
}

static void on_message(const ProtobufCMessage *message, void *userdata) {
        AdmitterCall *call = userdata;
        const AdmitterDone done = call->done;

        call->done = NULL;
        done((const Slug__V1__AdmitContainersResponse *)message, "", call->userdata);
}

static void on_ended(const RpcResult *result, void *userdata) {
        AdmitterCall *call = userdata;

        if (call->done)
                call->done(NULL, result->message, call->userdata);
        free_call(call);
}

static AdmitterCall *make_call(Admitter *admitter, AdmitterDone done, void *userdata) {
        AdmitterCall *call = calloc(1, sizeof(*call));

        if (!call)
                return NULL;
        *call = (AdmitterCall){ .admitter = admitter,
                                .next = admitter->calls,
                                .link = &admitter->calls,
                                .done = done,
                                .userdata = userdata };
        if (call->next)
                call->next->link = &call->next;
        admitter->calls = call;
        return call;
}

int admitter_ask(Admitter *admitter,
                 Admitted **containers,
                 size_t n_containers,
                 uint64_t timeout_usec,
                 AdmitterDone done,
                 void *userdata,
                 AdmitterCall **ret) {
        Slug__V1__AdmitContainersRequest request = SLUG__V1__ADMIT_CONTAINERS_REQUEST__INIT;
        AdmitterCall *call = make_call(admitter, done, userdata);
        int r;

        if (!call)
                return -ENOMEM;
        request.containers = containers;
        request.n_containers = n_containers;
        r = rpc_client_call(admitter->client,
                            &(const RpcClientCallParams){
                                    .path = "/slug.v1.EnforcementService/AdmitContainers",
                                    .request = &request.base,
                                    .output = &slug__v1__admit_containers_response__descriptor,
                                    .timeout_usec = opt_u64(timeout_usec),
                                    .message = on_message,
                                    .ended = on_ended,
                                    .userdata = call,
                            },
                            &call->call);
        if (r) {
                free_call(call);
                return r;
        }
        *ret = call;
        return 0;
}

void admitter_cancel(AdmitterCall *call) {
        rpc_client_cancel(call->call);
        free_call(call);
}

static void on_told(const RpcResult *result, void *userdata _unused_) {
        if (result->code != RPC_OK)
                log_debug("slugd was not told that a container started: %s", result->message);
}

void admitter_tell_started(Admitter *admitter, const Admitted *container) {
        Slug__V1__AddContainerRequest request = SLUG__V1__ADD_CONTAINER_REQUEST__INIT;

        request.pod = container->pod;
        request.container = container->container;
        request.container_id = container->container_id;
        (void)!rpc_client_call(admitter->client,
                               &(const RpcClientCallParams){
                                       .path = "/slug.v1.MemoryManagerService/AddContainer",
                                       .request = &request.base,
                                       .output = &slug__v1__add_container_response__descriptor,
                                       .timeout_usec = opt_u64(ADMITTER_TIMEOUT_USEC),
                                       .ended = on_told,
                               },
                               NULL);
}

void admitter_look(Admitter *admitter) {
        (void)!rpc_serving_watch(&admitter->slugd);
}

/* Setting up */

int admitter_new(const AdmitterParams *params, Admitter **ret) {
        _cleanup_(admitter_freep) Admitter *admitter = calloc(1, sizeof(*admitter));
        int r;

        if (!admitter)
                return -ENOMEM;
        admitter->params = *params;
        r = rpc_client_new(&(const RpcClientParams){ .event = params->event,
                                                     .path = params->socket,
                                                     .max_response_bytes = ANSWER_MAX },
                           &admitter->client);
        if (r)
                return r;
        admitter->slugd = (RpcServing){
                .client = admitter->client, .came = on_came, .went = on_went, .userdata = admitter
        };
        r = rpc_serving_watch(&admitter->slugd);
        if (r)
                return r;
        *ret = TAKE_PTR(admitter);
        return 0;
}

Admitter *admitter_free(Admitter *admitter) {
        if (!admitter)
                return NULL;
        rpc_client_free(admitter->client);
        while (admitter->calls)
                free_call(admitter->calls);
        free(admitter);
        return NULL;
}
