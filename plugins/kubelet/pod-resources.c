/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/pod-resources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/*
 * The whole list is asked each time: Get tells of one pod what the list tells of all, and what
 * could be allocated slugd knows itself.
 */
#define TIMEOUT_USEC (10 * USEC_PER_SEC)
/* Whoever else asks has used up what there was; a hundred a second come again. */
#define BUSY_USEC      (250 * USEC_PER_MSEC)
#define BUSY_TRIES_MAX 8u

struct PodResourcesClient {
        PodResourcesParams params;
        Peer peer;
        PodResourcesLook look;
        sd_event_source *retry;
        unsigned n_tries;
        int error; /* of taking an answer */
};

static void forget_look(PodResourcesLook *look) {
        if (look->listed)
                protobuf_c_message_free_unpacked(&look->listed->base, NULL);
        look->listed = NULL;
}

static void
end_round(PodResourcesClient *client, Slug__V1__ReportSourceState state, const char *problem) {
        PodResourcesLook *look = &client->look;

        look->state = state;
        (void)snprintf(look->problem, sizeof(look->problem), "%s", problem);
        if (state != SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE)
                forget_look(look);
}

static void fail(PodResourcesClient *client, const char *problem) {
        end_round(client, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED, problem);
}

static void done(PodResourcesClient *client) {
        client->params.done(client->params.userdata);
}

static int ask_list(PodResourcesClient *client);

static void take_list(const ProtobufCMessage *message, void *userdata) {
        PodResourcesClient *client = userdata;
        ProtobufCMessage *copy;

        client->error = peer_copy_message(message, &copy);
        if (client->error == 0)
                client->look.listed = (V1__ListPodResourcesResponse *)copy;
}

static int on_retry(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        PodResourcesClient *client = userdata;
        const int r = ask_list(client);

        if (r < 0) {
                fail(client, strerror(-r));
                done(client);
        }
        return 0;
}

static bool wait_and_retry(PodResourcesClient *client) {
        return ++client->n_tries < BUSY_TRIES_MAX &&
               sd_event_source_set_time_relative(client->retry, BUSY_USEC) >= 0 &&
               sd_event_source_set_enabled(client->retry, SD_EVENT_ONESHOT) >= 0;
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

/* The kubelet's word. That an answer is larger than we take has the same code, and is ours. */
static bool is_busy(const RpcResult *result) {
        return result->code == RPC_RESOURCE_EXHAUSTED &&
               metadata_find(result->trailing, "grpc-status");
}

static void on_list_ended(const RpcResult *result, void *userdata) {
        PodResourcesClient *client = userdata;

        if (is_busy(result) && wait_and_retry(client))
                return;
        if (result->code != RPC_OK)
                fail_by(client, result);
        else if (client->error)
                fail(client, strerror(-client->error));
        else
                end_round(client, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_COMPLETE, "");
        done(client);
}

static int ask_list(PodResourcesClient *client) {
        static const V1__ListPodResourcesRequest request = V1__LIST_POD_RESOURCES_REQUEST__INIT;

        return rpc_client_call(client->peer.client,
                               &(const RpcClientCallParams){
                                       .path = "/v1.PodResourcesLister/List",
                                       .request = &request.base,
                                       .output = &v1__list_pod_resources_response__descriptor,
                                       .timeout_usec = opt_u64(TIMEOUT_USEC),
                                       .message = take_list,
                                       .ended = on_list_ended,
                                       .userdata = client,
                               },
                               NULL);
}

bool pod_resources_ask(PodResourcesClient *client) {
        int r;

        forget_look(&client->look);
        client->look = (PodResourcesLook){};
        client->error = 0;
        client->n_tries = 0;
        if (!peer_is_there(&client->peer)) {
                char problem[DIAG_TEXT_MAX];

                (void)snprintf(problem, sizeof(problem),
                               client->peer.path[0] ? "there is no %.200s"
                                                    : "there is no folder of one%s",
                               client->peer.path);
                end_round(client, SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_ABSENT,
                          problem);
                return false;
        }
        r = ask_list(client);
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
        r = peer_init(&client->peer, params->event, "the kubelet", params->root);
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
        free(client);
        return NULL;
}
