/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/reporter.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/serving.h"

/*
 * Whether slugd is there is what the watch says: its first message is a slugd that serves, its end
 * one that is gone. The first watch does not wait, so that a slugd that is not there is said; those
 * after it wait, for as long as it takes.
 */
#define REPORTER_NAME_MAX 33u
#define TIMEOUT_USEC      (30 * USEC_PER_SEC)
#define REFUSAL_MAX       256u

struct Reporter {
        ReporterParams params;
        RpcClient *client;
        RpcServing slugd;
        RpcClientCall *report;
        char name[REPORTER_NAME_MAX];
        uint64_t sequence;
        uint64_t ledger_generation;
        bool is_lost; /* that was said */
        bool has_sent;
        uint64_t sent_usec, sent_generation;
        uint8_t *sent; /* packed, without what differs each time */
        size_t n_sent;
        char refusal[REFUSAL_MAX]; /* that was said */
};

/* slugd comes and goes */

static void on_came(void *userdata) {
        Reporter *reporter = userdata;

        if (reporter->is_lost)
                log_event(LOG_NOTICE, SLUG_MESSAGE_PEER_BACK,
                          LOG_WITH({ .name = "SLUG_SOCKET", .text = reporter->params.socket }),
                          "slugd answers on %s", reporter->params.socket);
        reporter->is_lost = false;
        reporter->has_sent = false;
        reporter->ledger_generation = 0;
        reporter->params.wanted(reporter->params.userdata);
}

static void say_lost(Reporter *reporter, const char *problem) {
        if (!reporter->is_lost)
                log_event(LOG_WARNING, SLUG_MESSAGE_PEER_LOST,
                          LOG_WITH({ .name = "SLUG_SOCKET", .text = reporter->params.socket },
                                   { .name = "SLUG_REASON", .text = problem }),
                          "slugd does not answer: %s", problem);
        reporter->is_lost = true;
}

static void on_went(const RpcResult *result, void *userdata) {
        Reporter *reporter = userdata;

        reporter->has_sent = false;
        if (result->code == RPC_UNAVAILABLE)
                say_lost(reporter, result->message);
}

/* Answers */

static void say_refused(Reporter *reporter, const char *refusal) {
        if (strncmp(reporter->refusal, refusal, sizeof(reporter->refusal) - 1) == 0)
                return;
        (void)snprintf(reporter->refusal, sizeof(reporter->refusal), "%s", refusal);
        log_event(LOG_ERR, SLUG_MESSAGE_REPORT_REFUSED,
                  LOG_WITH({ .name = "SLUG_REASON", .text = refusal }),
                  "slugd did not take the report: %s", refusal);
}

static void on_answer(const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__ReportPodsResponse *response =
                (const Slug__V1__ReportPodsResponse *)message;
        Reporter *reporter = userdata;

        reporter->ledger_generation = response->ledger_generation;
        if (response->taken)
                reporter->refusal[0] = '\0';
        else
                say_refused(reporter, response->refusal);
}

static void on_report_ended(const RpcResult *result, void *userdata) {
        Reporter *reporter = userdata;
        char refusal[REFUSAL_MAX];

        reporter->report = NULL;
        if (result->code == RPC_OK)
                return;
        reporter->has_sent = false;
        if (result->code == RPC_UNAVAILABLE || result->code == RPC_DEADLINE_EXCEEDED) {
                log_debug("the report was not sent: %s", result->message);
                return;
        }
        (void)snprintf(refusal, sizeof(refusal), "%s: %.200s", rpc_code_name(result->code),
                       result->message);
        say_refused(reporter, refusal);
}

/* Reports */

/* Without what differs in each of them, so that two can be compared. */
static int
pack_what_it_says(const Slug__V1__ReportPodsRequest *report, uint8_t **ret, size_t *ret_n) {
        Slug__V1__ReportPodsRequest same = *report;

        same.sequence = 0;
        same.ledger_generation = 0;
        *ret_n = protobuf_c_message_get_packed_size(&same.base);
        *ret = malloc(*ret_n + 1);
        if (!*ret)
                return -ENOMEM;
        (void)protobuf_c_message_pack(&same.base, *ret);
        return 0;
}

/* The same of a younger ledger is news: slugd believes it of claims of which it did not before. */
static bool is_said(const Reporter *reporter,
                    uint64_t generation,
                    const uint8_t *data,
                    size_t n_data,
                    uint64_t usec) {
        return reporter->has_sent && reporter->sent_generation == generation &&
               reporter->n_sent == n_data && memcmp(reporter->sent, data, n_data) == 0 &&
               usec - reporter->sent_usec < REPORTER_SILENCE_USEC;
}

static int send_report(Reporter *reporter, const Slug__V1__ReportPodsRequest *report) {
        if (reporter->report)
                rpc_client_cancel(TAKE_PTR(reporter->report));
        return rpc_client_call(reporter->client,
                               &(const RpcClientCallParams){
                                       .path = "/slug.v1.PodService/ReportPods",
                                       .request = &report->base,
                                       .output = &slug__v1__report_pods_response__descriptor,
                                       .timeout_usec = opt_u64(TIMEOUT_USEC),
                                       .message = on_answer,
                                       .ended = on_report_ended,
                                       .userdata = reporter,
                               },
                               &reporter->report);
}

int reporter_offer(Reporter *reporter, Slug__V1__ReportPodsRequest *report, uint64_t now_usec) {
        _cleanup_(freep) uint8_t *data = NULL;
        size_t n_data;
        int r;

        (void)!rpc_serving_watch(&reporter->slugd);
        if (!rpc_serving_is_there(&reporter->slugd))
                return 0;
        report->reporter = reporter->name;
        /* collecting began when there was another slugd, with a ledger of its own */
        if (reporter->ledger_generation == 0)
                report->ledger_generation = 0;
        r = pack_what_it_says(report, &data, &n_data);
        if (r)
                return r;
        if (is_said(reporter, report->ledger_generation, data, n_data, now_usec))
                return 0;
        report->sequence = ++reporter->sequence;
        r = send_report(reporter, report);
        if (r < 0)
                return r;

        /* Nothing below can fail. */
        free(reporter->sent);
        reporter->sent = TAKE_PTR(data);
        reporter->n_sent = n_data;
        reporter->sent_usec = now_usec;
        reporter->sent_generation = report->ledger_generation;
        reporter->has_sent = true;
        return 0;
}

uint64_t reporter_get_ledger_generation(const Reporter *reporter) {
        return reporter->ledger_generation;
}

static int make_name(char name[static REPORTER_NAME_MAX]) {
        unsigned char bytes[(REPORTER_NAME_MAX - 1) / 2];

        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
                return -errno;
        for (size_t i = 0; i < sizeof(bytes); ++i)
                (void)snprintf(name + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

int reporter_new(const ReporterParams *params, Reporter **ret) {
        _cleanup_(reporter_freep) Reporter *reporter = calloc(1, sizeof(*reporter));
        int r;

        if (!reporter)
                return -ENOMEM;
        reporter->params = *params;
        r = make_name(reporter->name);
        if (r)
                return r;
        r = rpc_client_new(
                &(const RpcClientParams){ .event = params->event, .path = params->socket },
                &reporter->client);
        if (r)
                return r;
        reporter->slugd = (RpcServing){
                .client = reporter->client, .came = on_came, .went = on_went, .userdata = reporter
        };
        r = rpc_serving_watch(&reporter->slugd);
        if (r)
                return r;
        *ret = TAKE_PTR(reporter);
        return 0;
}

Reporter *reporter_free(Reporter *reporter) {
        if (!reporter)
                return NULL;
        rpc_client_free(reporter->client);
        free(reporter->sent);
        free(reporter);
        return NULL;
}
