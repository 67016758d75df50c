/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/pod-resources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/*
 * The whole list is asked each time, also when an event tells of one pod: only the list says who is
 * not there, and Get also tells of pods that have ended. A person asks about one.
 *
 * What could be allocated is fixed when the kubelet starts, so that it is asked once of each
 * connection. Its managers start after its socket, and until then it has no memory to tell of,
 * which is what the policy None says, too. It admits pods when they have started: so it is asked
 * when there is a pod in the list.
 */
#define SERVICE      "/v1.PodResourcesLister/"
#define TIMEOUT_USEC (10 * USEC_PER_SEC)
/* Whoever else asks has used up what there was; a hundred a second come again. */
#define BUSY_USEC      (250 * USEC_PER_MSEC)
#define BUSY_TRIES_MAX 8u

struct PodResourcesClient {
        PodResourcesParams params;
        Peer peer;
        PodResourcesLook look;
        V1__AllocatableResourcesResponse *allocatable;
        uint64_t told_by; /* the connection that was asked for it; 0: none */
        sd_event_source *retry;
        int (*retried)(PodResourcesClient *client); /* the question that was refused */
        unsigned n_tries;
        int error; /* of taking an answer */
};

static void forget_look(PodResourcesLook *look) {
        if (look->listed)
                protobuf_c_message_free_unpacked(&look->listed->base, NULL);
        look->listed = NULL;
}

static void forget_allocatable(PodResourcesClient *client) {
        if (client->allocatable)
                protobuf_c_message_free_unpacked(&client->allocatable->base, NULL);
        client->allocatable = NULL;
        client->told_by = 0;
}

static void
end_round(PodResourcesClient *client, Slug__V1__ReportSourceState state, const char *problem) {
        PodResourcesLook *look = &client->look;

        look->state = state;
        (void)snprintf(look->problem, sizeof(look->problem), "%s", problem);
        if (state == SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE) {
                look->allocatable = client->allocatable;
                return;
        }
        /* who does not answer may be another one when it does */
        forget_look(look);
        forget_allocatable(client);
}

static void complete(PodResourcesClient *client) {
        end_round(client, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE, "");
}

static void fail(PodResourcesClient *client, const char *problem) {
        end_round(client, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED, problem);
}

static void done(PodResourcesClient *client) {
        client->params.done(client->params.userdata);
}

/* Being busy */

static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        PodResourcesClient *client = userdata;
        const int r = client->retried(client);

        if (r < 0) {
                fail(client, strerror(-r));
                done(client);
        }
        return 0;
}

static bool wait_and_retry(PodResourcesClient *client, int (*ask)(PodResourcesClient *client)) {
        client->retried = ask;
        return ++client->n_tries < BUSY_TRIES_MAX &&
               sd_event_source_set_time_relative(client->retry, BUSY_USEC) >= 0 &&
               sd_event_source_set_enabled(client->retry, SD_EVENT_ONESHOT) >= 0;
}

/* The kubelet's word. That an answer is larger than we take has the same code, and is ours. */
static bool is_busy(const RpcResult *result) {
        return result->code == RPC_RESOURCE_EXHAUSTED &&
               metadata_find(result->trailing, "grpc-status");
}

static int ask(PodResourcesClient *client,
               const char *path,
               const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *output,
               void (*take)(const ProtobufCMessage *response, void *userdata),
               void (*ended)(const RpcResult *result, void *userdata)) {
        return rpc_client_call(client->peer.client,
                               &(const RpcClientCallParams){
                                       .path = path,
                                       .request = request,
                                       .output = output,
                                       .timeout_usec = opt_u64(TIMEOUT_USEC),
                                       .message = take,
                                       .ended = ended,
                                       .userdata = client,
                               },
                               NULL);
}

/* What could be allocated */

static void take_allocatable(const ProtobufCMessage *message, void *userdata) {
        PodResourcesClient *client = userdata;
        ProtobufCMessage *copy;

        client->error = peer_copy_message(message, &copy);
        if (client->error == 0)
                client->allocatable = (V1__AllocatableResourcesResponse *)copy;
}

static int ask_allocatable(PodResourcesClient *client);

/* Without it the pods are all there: a kubelet before 1.21 has not heard of it, one before 1.28 may
 * be told not to answer. */
static void on_allocatable_ended(const RpcResult *result, void *userdata) {
        PodResourcesClient *client = userdata;

        if (is_busy(result) && wait_and_retry(client, ask_allocatable))
                return;
        if (result->code != RPC_OK)
                forget_allocatable(client);
        if (!is_busy(result))
                client->told_by = client->peer.n_connections;
        if (client->error)
                fail(client, strerror(-client->error));
        else
                complete(client);
        done(client);
}

static int ask_allocatable(PodResourcesClient *client) {
        static const V1__AllocatableResourcesRequest request =
                V1__ALLOCATABLE_RESOURCES_REQUEST__INIT;

        return ask(client, SERVICE "GetAllocatableResources", &request.base,
                   &v1__allocatable_resources_response__descriptor, take_allocatable,
                   on_allocatable_ended);
}

/* Return: a question is under way. */
static bool want_allocatable(PodResourcesClient *client) {
        if (client->params.pod_name || client->told_by == client->peer.n_connections)
                return false;
        forget_allocatable(client);
        return client->look.listed && client->look.listed->n_pod_resources > 0 &&
               ask_allocatable(client) == 0;
}

/* The list */

static int ask_list(PodResourcesClient *client);

static void take_list(const ProtobufCMessage *message, void *userdata) {
        PodResourcesClient *client = userdata;
        ProtobufCMessage *copy;

        client->error = peer_copy_message(message, &copy);
        if (client->error == 0)
                client->look.listed = (V1__ListPodResourcesResponse *)copy;
}

static void fail_by(PodResourcesClient *client, const RpcResult *result) {
        char problem[DIAG_TEXT_MAX];

        if (result->code == RPC_UNIMPLEMENTED)
                (void)snprintf(problem, sizeof(problem),
                               "it has no pod-resources v1; Kubernetes 1.20 is the first that has");
        else
                (void)snprintf(problem, sizeof(problem), "%s: %.200s", rpc_code_name(result->code),
                               result->message);
        fail(client, problem);
}

static void end_list(PodResourcesClient *client, const RpcResult *result) {
        if (result->code != RPC_OK)
                fail_by(client, result);
        else if (client->error)
                fail(client, strerror(-client->error));
        else if (want_allocatable(client))
                return;
        else
                complete(client);
        done(client);
}

static void on_list_ended(const RpcResult *result, void *userdata) {
        if (!is_busy(result) || !wait_and_retry(userdata, ask_list))
                end_list(userdata, result);
}

static int ask_list(PodResourcesClient *client) {
        static const V1__ListPodResourcesRequest request = V1__LIST_POD_RESOURCES_REQUEST__INIT;

        return ask(client, SERVICE "List", &request.base,
                   &v1__list_pod_resources_response__descriptor, take_list, on_list_ended);
}

/* One pod */

static int ask_pod(PodResourcesClient *client);

/* A kubelet before 1.27 has no Get, one before 1.36 may be told to have none, and says it with the
 * code that a pod has that is not there. The list knows. */
static void on_pod_ended(const RpcResult *result, void *userdata) {
        PodResourcesClient *client = userdata;
        const bool has_said_no = result->code == RPC_UNIMPLEMENTED || result->code == RPC_UNKNOWN;

        if (is_busy(result) && wait_and_retry(client, ask_pod))
                return;
        if (!has_said_no || ask_list(client) < 0)
                end_list(client, result);
}

/* On the wire the answer is a list of one. */
static int ask_pod(PodResourcesClient *client) {
        V1__GetPodResourcesRequest request = V1__GET_POD_RESOURCES_REQUEST__INIT;

        request.pod_namespace = (char *)client->params.pod_namespace;
        request.pod_name = (char *)client->params.pod_name;
        return ask(client, SERVICE "Get", &request.base,
                   &v1__list_pod_resources_response__descriptor, take_list, on_pod_ended);
}

bool pod_resources_ask(PodResourcesClient *client) {
        int r;

        forget_look(&client->look);
        client->look = (PodResourcesLook){};
        client->error = 0;
        client->n_tries = 0;
        if (!peer_is_there(&client->peer)) {
                char problem[DIAG_TEXT_MAX];

                peer_explain_absence(&client->peer, "folder", problem);
                end_round(client, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_ABSENT,
                          problem);
                return false;
        }
        r = client->params.pod_name ? ask_pod(client) : ask_list(client);
        if (r < 0)
                fail(client, strerror(-r));
        return r == 0;
}

Peer *pod_resources_get_peer(PodResourcesClient *client) {
        return &client->peer;
}

const PodResourcesLook *pod_resources_get_look(const PodResourcesClient *client) {
        return &client->look;
}

int pod_resources_new(const PodResourcesParams *params, PodResourcesClient **ret) {
        _cleanup_(pod_resources_freep) PodResourcesClient *client = calloc(1, sizeof(*client));
        int r;

        if (!client)
                return -ENOMEM;
        client->params = *params;
        r = peer_init(&client->peer, params->event, "the kubelet", params->root, 0);
        if (r)
                return r;
        r = sd_event_add_time(params->event, &client->retry, CLOCK_MONOTONIC, 0, 1, on_retry,
                              client);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(client->retry, SD_EVENT_OFF);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(client);
        return 0;
}

PodResourcesClient *pod_resources_free(PodResourcesClient *client) {
        if (!client)
                return NULL;
        peer_deinit(&client->peer);
        sd_event_source_disable_unref(client->retry);
        forget_look(&client->look);
        forget_allocatable(client);
        free(client);
        return NULL;
}
