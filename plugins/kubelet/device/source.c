/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "kubelet/device/advertise.h"
#include "kubelet/peer.h"

/*
 * A watch waits for a slugd, and one that ends is begun again after a pause: a slugd that answers
 * at once that it will not is not asked again at once, and one that does not know the method is
 * asked once in a while, for it may be replaced.
 *
 * Of a state in which slugd does not know who holds what nothing is kept: it is as good as away.
 */
#define PAUSE_USEC         (100 * USEC_PER_MSEC)
#define REFUSED_PAUSE_USEC (30 * USEC_PER_SEC)
#define REASON_MAX         256u

struct ChunkSource {
        ChunkSourceParams params;
        RpcClientCall *call;
        sd_event_source *pause, *expiry;
        Slug__V1__ChunkList *list;
        Grace grace;
        char reason[REASON_MAX]; /* why there is no list now, as it was said */
};

static uint64_t now_usec(void) {
        return clock_now_usec(&clock_monotonic);
}

static int watch(ChunkSource *source);

static void tell(const ChunkSource *source) {
        source->params.changed(source->params.userdata);
}

/* It was made with the source, so setting it does not fail. */
static void arm(sd_event_source *timer, uint64_t usec) {
        (void)sd_event_source_set_time(timer, usec);
        (void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* No list */

static void say_kept(const ChunkSource *source, const char *reason) {
        log_event(LOG_WARNING, SLUG_MESSAGE_DEVICE_KEPT,
                  LOG_WITH({ .name = "SLUG_REASON", .text = reason }),
                  "there is no news of chunks (%s): the kubelet keeps the last list for %" PRIu64
                  " s",
                  reason, source->grace.grace_usec / USEC_PER_SEC);
}

static void lose(ChunkSource *source, const char *reason) {
        const bool was_current = source->grace.state == GRACE_CURRENT;
        OptU64 due;

        grace_note_loss(&source->grace, now_usec());
        if (was_current)
                say_kept(source, reason);
        due = grace_get_due(&source->grace);
        if (due.present)
                arm(source->expiry, due.value);
}

static int
on_expiry(sd_event_source *event_source _unused_, uint64_t usec _unused_, void *userdata) {
        ChunkSource *source = userdata;

        if (!grace_expire(&source->grace, now_usec()))
                return 0;
        log_event(LOG_ERR, SLUG_MESSAGE_DEVICE_WITHDRAWN, LOG_PLAIN,
                  "slugd has been away for too long: the kubelet is told that no chunk can be "
                  "given");
        tell(source);
        return 0;
}

/* Lists */

static void say_refused(ChunkSource *source, const char *reason) {
        if (strncmp(source->reason, reason, sizeof(source->reason) - 1) == 0)
                return;
        (void)snprintf(source->reason, sizeof(source->reason), "%s", reason);
        log_event(LOG_ERR, SLUG_MESSAGE_DEVICE_UNKNOWN,
                  LOG_WITH({ .name = "SLUG_REASON", .text = reason }),
                  "slugd does not say which chunks there are: %s", reason);
}

static int keep(ChunkSource *source, const Slug__V1__ChunkList *list, Diag *reterr) {
        ProtobufCMessage *copy;
        int r = advertise_check(list, reterr);

        if (r)
                return r;
        r = peer_copy_message(&list->base, &copy);
        if (r)
                return r;
        if (source->list)
                slug__v1__chunk_list__free_unpacked(source->list, NULL);
        source->list = (Slug__V1__ChunkList *)copy;
        return 0;
}

static void say_current(ChunkSource *source) {
        if (source->grace.state == GRACE_KEPT || source->grace.state == GRACE_OVER)
                log_event(LOG_NOTICE, SLUG_MESSAGE_DEVICE_KEPT, LOG_PLAIN,
                          "slugd says again which chunks there are");
        source->reason[0] = '\0';
}

static void on_list(const ProtobufCMessage *message, void *userdata) {
        const Slug__V1__ChunkList *list = (const Slug__V1__ChunkList *)message;
        ChunkSource *source = userdata;
        Diag diag = {};
        int r;

        if (list->state == SLUG__V1__CHUNKS_STATE__CHUNKS_STATE_WAITING) {
                lose(source,
                     list->problem[0] ? list->problem : "slugd does not know yet who holds what");
                return;
        }
        r = keep(source, list, &diag);
        if (r) {
                say_refused(source, r < 0 ? strerror(-r) : diag.text);
                lose(source, "slugd's list cannot be used");
                return;
        }
        say_current(source);
        grace_note_list(&source->grace, list->grace_ms);
        (void)sd_event_source_set_enabled(source->expiry, SD_EVENT_OFF);
        tell(source);
}

/* The watch */

static void on_ended(const RpcResult *result, void *userdata) {
        ChunkSource *source = userdata;
        const bool is_away = result->code == RPC_UNAVAILABLE || result->code == RPC_OK;
        char reason[REASON_MAX];

        source->call = NULL;
        (void)snprintf(reason, sizeof(reason), "%s%s%.200s", rpc_code_name(result->code),
                       result->message[0] ? ": " : "", result->message);
        if (!is_away)
                say_refused(source, reason);
        lose(source, is_away ? "slugd is away" : reason);
        arm(source->pause, now_usec() + (is_away ? PAUSE_USEC : REFUSED_PAUSE_USEC));
}

static int
on_pause_over(sd_event_source *event_source _unused_, uint64_t usec _unused_, void *userdata) {
        ChunkSource *source = userdata;

        if (watch(source) < 0)
                arm(source->pause, now_usec() + REFUSED_PAUSE_USEC);
        return 0;
}

static int watch(ChunkSource *source) {
        static const Slug__V1__WatchChunksRequest request = SLUG__V1__WATCH_CHUNKS_REQUEST__INIT;

        return rpc_client_call(source->params.client,
                               &(const RpcClientCallParams){
                                       .path = "/slug.v1.ChunkService/WatchChunks",
                                       .request = &request.base,
                                       .output = &slug__v1__chunk_list__descriptor,
                                       .gives_stream = true,
                                       .waits_for_server = true,
                                       .message = on_list,
                                       .ended = on_ended,
                                       .userdata = source,
                               },
                               &source->call);
}

static int add_timer(ChunkSource *source, sd_event_time_handler_t handler, sd_event_source **ret) {
        int r = sd_event_add_time(source->params.event, ret, CLOCK_MONOTONIC, 0, 1, handler,
                                  source);

        return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

int chunk_source_new(const ChunkSourceParams *params, ChunkSource **ret) {
        _cleanup_(chunk_source_freep) ChunkSource *source = calloc(1, sizeof(*source));
        int r;

        if (!source)
                return -ENOMEM;
        source->params = *params;
        r = add_timer(source, on_pause_over, &source->pause);
        if (r >= 0)
                r = add_timer(source, on_expiry, &source->expiry);
        if (r >= 0)
                r = watch(source);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(source);
        return 0;
}

ChunkSource *chunk_source_free(ChunkSource *source) {
        if (!source)
                return NULL;
        if (source->call)
                rpc_client_cancel(source->call);
        sd_event_source_disable_unref(source->pause);
        sd_event_source_disable_unref(source->expiry);
        if (source->list)
                slug__v1__chunk_list__free_unpacked(source->list, NULL);
        free(source);
        return NULL;
}

const Slug__V1__ChunkList *chunk_source_get_list(const ChunkSource *source) {
        return source->list;
}

GraceState chunk_source_get_state(const ChunkSource *source) {
        return source->grace.state;
}
