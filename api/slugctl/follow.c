/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/follow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "rpc/client.h"
#include "slugctl/call.h"

/*
 * The first question is an ordinary call: it says what is wrong when nobody listens, or when this
 * user may not ask, in the words that every verb has. From then on there was a daemon, and one that
 * is gone is worth waiting for.
 *
 * A daemon that comes back counts its generations from 1, which its start time tells; then all that
 * it remembers is asked for.
 */
typedef struct Follower {
        const FollowParams *params;
        sd_event *event;
        RpcClient *client;
        RpcClientCall *call;
        uint64_t after_generation;
        uint64_t start_time_usec; /* of the daemon that is followed; 0: none was reached yet */
        bool is_lost;             /* said once, until it is back */
        int error;                /* what ends it */
        int status;
} Follower;

static int ask(Follower *self);

static void stop(Follower *self, int error, int status) {
        self->error = error;
        self->status = status;
        (void)sd_event_exit(self->event, 0);
}

static void ask_or_stop(Follower *self) {
        const int r = ask(self);

        if (r < 0)
                stop(self, r, EXIT_FAILURE);
}

static void on_message(const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__WatchResponse *response = (const Slug__V1__WatchResponse *)message;
        Follower *self = userdata;
        const uint64_t start_time_usec = response->changes ? response->changes->start_time_usec : 0;
        const bool is_other = self->start_time_usec && self->start_time_usec != start_time_usec;
        int r;

        self->start_time_usec = start_time_usec;
        if (is_other && self->after_generation > 0) {
                self->after_generation = 0;
                rpc_client_cancel(self->call);
                ask_or_stop(self);
                return;
        }
        self->is_lost = false;
        self->after_generation = response->node ? response->node->generation : 0;
        r = self->params->take(response, self->params->userdata);
        /* a reader that is gone ends it, too; main() says what there is to say */
        if (r == 0 && fflush(stdout) != 0)
                r = 1;
        if (r)
                stop(self, r, EXIT_FAILURE);
}

static void on_ended(const RpcResult *result, void *userdata) {
        Follower *self = userdata;

        if (result->code != RPC_UNAVAILABLE) {
                (void)fprintf(stderr, "slugctl: slugd refused: %s: %s\n",
                              rpc_code_name(result->code), result->message);
                stop(self, 1, EXIT_FAILURE);
                return;
        }
        if (!self->is_lost)
                (void)fprintf(stderr, "slugctl: slugd is gone; waiting for it\n");
        self->is_lost = true;
        ask_or_stop(self);
}

static int ask(Follower *self) {
        Slug__V1__WatchRequest request = SLUG__V1__WATCH_REQUEST__INIT;

        request._after_generation_case =
                SLUG__V1__WATCH_REQUEST___AFTER_GENERATION_AFTER_GENERATION;
        request.after_generation = self->after_generation;
        return rpc_client_call(
                self->client,
                &(const RpcClientCallParams){ .path = "/slug.v1.NodeService/Watch",
                                              .request = &request.base,
                                              .output = &slug__v1__watch_response__descriptor,
                                              .gives_stream = true,
                                              .waits_for_server = true,
                                              .message = on_message,
                                              .ended = on_ended,
                                              .userdata = self },
                &self->call);
}

static int run(Follower *self) {
        int r;

        r = sd_event_new(&self->event);
        if (r < 0)
                return r;
        r = rpc_client_new(&(const RpcClientParams){ .event = self->event,
                                                     .path = self->params->context->socket },
                           &self->client);
        if (r < 0)
                return r;
        r = ask(self);
        if (r < 0)
                return r;
        r = sd_event_loop(self->event);
        return r < 0 ? r : self->error;
}

int follow(const FollowParams *params) {
        Follower self = { .params = params, .after_generation = params->after_generation };
        const int status = call_find_daemon(params->context);
        int r;

        if (status != EXIT_SUCCESS)
                return status;
        r = run(&self);
        rpc_client_free(self.client);
        sd_event_unref(self.event);
        if (r < 0)
                return call_complain(r, NULL);
        return self.status;
}
