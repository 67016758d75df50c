/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "nri/calls.h"
#include "nri/line.h"
#include "nri/mux.h"
#include "nri/serve.h"
#include "nri/watch.h"

/*
 * Whatever wants the session to end says so and goes on: it ends at the end of a turn of the loop,
 * where nobody stands in anything that goes with it. One timer has all that is waited for.
 *
 * A call that is not answered ends the session, too. The runtime's server of such calls may be gone
 * while its other half goes on calling, and nothing would ever say so.
 *
 * So does one without a Synchronize. A runtime that cannot send its own, as NRI before 0.8 when it
 * is larger than a message may be, leaves the connection open and calls the plugin for nothing.
 *
 * Back-off starts anew after a session that has lasted: one that is lost at once whenever it is
 * made is not worth a try every 100 ms.
 */
#define NRI_VERSION "v0.12.2" /* whose messages we know */

struct NriSession {
        NriSessionParams params;
        NriSessionStats stats;
        sd_event_source *timer, *soon;
        NriWatch *watch;
        NriLine *line; /* NULL: there is none */
        MuxReader mux;
        TtrpcReader plugin, runtime;
        NriServe serve;
        NriCalls calls;
        bool is_configured;
        bool is_renewing; /* it is to be made anew */
        uint64_t configured_usec;
        char failure[DIAG_TEXT_MAX]; /* "": the session goes on */
        char told[DIAG_TEXT_MAX];    /* the last reason that lost() was told */
        uint64_t began_usec;
        uint64_t back_off_usec, retry_usec; /* how long, until when */
};

static uint64_t now(void) {
        return clock_now_usec(&clock_monotonic);
}

static void wake(NriSession *session) {
        /* it was made with the session, so turning it on does not fail */
        (void)sd_event_source_set_enabled(session->soon, SD_EVENT_ONESHOT);
}

static void changed(void *userdata) {
        wake(userdata);
}

static void fail(NriSession *session, const char *reason) {
        if (!session->failure[0])
                (void)snprintf(session->failure, sizeof(session->failure), "%s", reason);
        wake(session);
}

static uint64_t earlier(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

static void arm(NriSession *session) {
        uint64_t due_usec = UINT64_MAX;

        if (!session->line)
                due_usec = session->retry_usec;
        else if (!session->is_configured)
                due_usec = session->began_usec + session->params.register_usec;
        else if (!session->serve.is_synchronized)
                due_usec = session->configured_usec + session->params.synchronize_usec;
        due_usec = earlier(due_usec, nri_serve_get_due(&session->serve));
        due_usec = earlier(due_usec, nri_calls_get_due(&session->calls));
        (void)sd_event_source_set_time(session->timer, due_usec);
        (void)sd_event_source_set_enabled(session->timer,
                                          due_usec == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

/* Ends */

static void tell_lost(NriSession *session, const char *reason) {
        char text[DIAG_TEXT_MAX];

        if (!session->is_configured && strcmp(session->told, reason) == 0)
                return;
        (void)snprintf(text, sizeof(text), "%s", reason);
        memcpy(session->told, text, sizeof(text));
        session->is_configured = false;
        session->params.lost(text, session->params.userdata);
}

static void back_off(NriSession *session) {
        const uint64_t at = now();

        if (session->is_configured && at - session->began_usec >= session->params.max_back_off_usec)
                session->back_off_usec = 0;
        if (session->back_off_usec == 0)
                session->back_off_usec = session->params.min_back_off_usec;
        else
                session->back_off_usec =
                        earlier(session->back_off_usec * 2, session->params.max_back_off_usec);
        session->retry_usec = at + session->back_off_usec;
}

static void drop_line(NriSession *session) {
        session->line = nri_line_free(session->line);
        session->serve.out = NULL;
        session->mux = (MuxReader){};
        ttrpc_reader_deinit(&session->plugin);
        ttrpc_reader_deinit(&session->runtime);
        nri_serve_drop(&session->serve);
        (void)nri_calls_expire(&session->calls, UINT64_MAX, "the session with the runtime is lost");
        session->calls = (NriCalls){};
        session->is_renewing = false;
}

static void lose(NriSession *session, const char *reason) {
        back_off(session);
        drop_line(session);
        tell_lost(session, reason);
        session->failure[0] = '\0';
}

/* What was answered has gone out, and nobody waits. */
static bool may_renew(const NriSession *session) {
        return session->is_renewing && session->serve.n == 0 &&
               nri_line_get_queue(session->line)->n_data == 0;
}

static void renew(NriSession *session) {
        drop_line(session);
        session->is_configured = false;
        session->retry_usec = 0;
}

/* Everything of a turn was done: what it has left to be sent goes out. */
static void finish_turn(NriSession *session, int error) {
        int r = 0;

        if (session->serve.over)
                fail(session, session->serve.over);
        if (session->line && error == 0)
                r = nri_line_flush(session->line);
        if (error == -ECONNRESET || r == -EPIPE || r == -ECONNRESET)
                fail(session, "the runtime has closed the connection");
        else if (r == -ENOBUFS)
                fail(session, "the runtime does not read what it is told");
        else if (error == -EMSGSIZE)
                fail(session, "what the runtime sends is not NRI");
        else if (error || r)
                fail(session, strerror(error ? -error : -r));
        if (session->line && session->failure[0])
                lose(session, session->failure);
        if (session->line && may_renew(session))
                renew(session);
        arm(session);
}

/* What comes */

static int take_piece(NriSession *session, const MuxPiece *piece) {
        const bool is_plugin = piece->id == MUX_PLUGIN;
        TtrpcReader *reader = is_plugin ? &session->plugin : &session->runtime;
        const uint8_t *data = piece->data;
        size_t n = piece->n_data;
        TtrpcFrame frame;
        int r = 0;

        if (!is_plugin && piece->id != MUX_RUNTIME)
                return 0;
        while (r == 0 && !session->failure[0] && !session->serve.over) {
                r = ttrpc_read(reader, &data, &n, &frame);
                if (r == 0 && is_plugin)
                        nri_serve_take(&session->serve, &frame, now());
                else if (r == 0 && frame.type == TTRPC_RESPONSE)
                        nri_calls_take(&session->calls, &frame);
        }
        return r < 0 ? r : 0;
}

static int on_received(const uint8_t *data, size_t n_data, void *userdata) {
        NriSession *session = userdata;
        MuxPiece piece;
        int r = 0;

        while (r == 0 && !session->failure[0] && !session->serve.over) {
                r = mux_read(&session->mux, &data, &n_data, &piece);
                if (r == 0)
                        r = take_piece(session, &piece);
        }
        return r < 0 ? r : 0;
}

static void on_turned(int error, void *userdata) {
        finish_turn(userdata, error);
}

static void on_configured(const Nri__Pkg__Api__V1alpha1__ConfigureRequest *request,
                          void *userdata) {
        NriSession *session = userdata;

        ++session->stats.n_connected;
        session->is_configured = true;
        session->configured_usec = now();
        session->told[0] = '\0';
        session->params.connected(request->runtime_name, request->runtime_version,
                                  session->params.userdata);
}

/* Beginnings */

static void
on_registered(const ProtobufCMessage *response, const char *problem, const NriCallOwner *owner) {
        NriSession *session = owner->userdata;
        char text[DIAG_TEXT_MAX];

        if (response || !session->line)
                return;
        (void)snprintf(text, sizeof(text), "the runtime does not register the plugin: %s", problem);
        fail(session, text);
}

static int send_registration(NriSession *session) {
        Nri__Pkg__Api__V1alpha1__RegisterPluginRequest request =
                NRI__PKG__API__V1ALPHA1__REGISTER_PLUGIN_REQUEST__INIT;

        request.plugin_name = (char *)session->params.plugin_name;
        request.plugin_idx = (char *)session->params.plugin_index;
        request.nri_version = (char *)NRI_VERSION;
        return nri_calls_make(
                &session->calls, nri_line_get_queue(session->line), now(),
                &(const NriCallParams){ .method = "RegisterPlugin",
                                        .request = &request.base,
                                        .output = &nri__pkg__api__v1alpha1__empty__descriptor,
                                        .timeout_usec = session->params.register_usec,
                                        .done = on_registered,
                                        .owner = { .userdata = session } });
}

static int connect_line(NriSession *session) {
        const NriSessionParams *params = &session->params;
        const int fd =
                params->open ? params->open(params->userdata) : nri_line_connect(params->path);
        int r;

        if (fd < 0)
                return fd;
        r = nri_line_new(params->event, fd,
                         &(const NriLineOwner){ .received = on_received,
                                                .turned = on_turned,
                                                .userdata = session },
                         &session->line);
        if (r)
                return r;
        session->began_usec = now();
        session->serve.out = nri_line_get_queue(session->line);
        return send_registration(session);
}

static void try(NriSession *session) {
        char text[DIAG_TEXT_MAX];
        int r;

        if (session->watch)
                nri_watch_look(session->watch);
        r = connect_line(session);
        if (!r)
                return;
        (void)snprintf(text, sizeof(text), "%s: %s",
                       session->params.path ? session->params.path : "the runtime", strerror(-r));
        lose(session, text);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        NriSession *session = userdata;
        const uint64_t at = now();

        if (!session->line && at >= session->retry_usec)
                try(session);
        nri_serve_expire(&session->serve, at);
        /* first: who is told of a call's end is not to make another one */
        if (session->line && nri_calls_get_due(&session->calls) <= at)
                fail(session, "the runtime does not answer");
        (void)nri_calls_expire(&session->calls, at, "the runtime does not answer");
        if (session->line && !session->is_configured &&
            at >= session->began_usec + session->params.register_usec)
                fail(session, "the runtime does not configure the plugin");
        if (session->line && session->is_configured && !session->serve.is_synchronized &&
            at >= session->configured_usec + session->params.synchronize_usec)
                fail(session, "the runtime does not tell of its containers; one with NRI before "
                              "0.8 cannot when they and their pods are more than 4 MiB");
        finish_turn(session, 0);
        return 0;
}

static int on_soon(sd_event_source *source _unused_, void *userdata) {
        finish_turn(userdata, 0);
        return 0;
}

static void on_came(void *userdata) {
        NriSession *session = userdata;

        if (session->line)
                return;
        session->back_off_usec = 0;
        session->retry_usec = 0;
        arm(session);
}

/* As the runtime checks them. */
static bool is_registrable(const char *name, const char *index) {
        const char *digits = "0123456789";

        return name[0] &&
               strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-") ==
                       strlen(name) &&
               strlen(index) == 2 && strspn(index, digits) == 2;
}

static void set_defaults(NriSessionParams *params) {
        params->answer_usec = params->answer_usec ? params->answer_usec : NRI_ANSWER_USEC;
        params->min_back_off_usec =
                params->min_back_off_usec ? params->min_back_off_usec : NRI_BACK_OFF_MIN_USEC;
        params->max_back_off_usec =
                params->max_back_off_usec ? params->max_back_off_usec : NRI_BACK_OFF_MAX_USEC;
        params->register_usec = params->register_usec ? params->register_usec : NRI_REGISTER_USEC;
        params->synchronize_usec =
                params->synchronize_usec ? params->synchronize_usec : NRI_SYNCHRONIZE_USEC;
        params->update_usec = params->update_usec ? params->update_usec : NRI_UPDATE_USEC;
}

static int make_sources(NriSession *session) {
        sd_event *event = session->params.event;
        int r = sd_event_add_time(event, &session->timer, CLOCK_MONOTONIC, 0, 1, on_timer, session);

        if (r >= 0)
                r = sd_event_add_defer(event, &session->soon, on_soon, session);
        if (r >= 0)
                r = sd_event_source_set_enabled(session->soon, SD_EVENT_OFF);
        if (r >= 0 && session->params.path)
                r = nri_watch_new(event, session->params.path, on_came, session, &session->watch);
        return r < 0 ? r : 0;
}

int nri_session_new(const NriSessionParams *params, NriSession **ret) {
        _cleanup_(nri_session_freep) NriSession *session = NULL;
        int r;

        if (!is_registrable(params->plugin_name, params->plugin_index))
                return -EINVAL;
        if (!params->open && strlen(params->path) > NRI_LINE_PATH_MAX)
                return -ENAMETOOLONG;
        session = calloc(1, sizeof(*session));
        if (!session)
                return -ENOMEM;
        session->params = *params;
        set_defaults(&session->params);
        if (params->open)
                session->params.path = NULL;
        session->serve = (NriServe){ .params = &session->params,
                                     .stats = &session->stats,
                                     .configured = on_configured,
                                     .changed = changed,
                                     .userdata = session };
        r = make_sources(session);
        if (r)
                return r;
        *ret = TAKE_PTR(session);
        return 0;
}

NriSession *nri_session_free(NriSession *session) {
        if (!session)
                return NULL;
        sd_event_source_disable_unref(session->timer);
        sd_event_source_disable_unref(session->soon);
        nri_watch_free(session->watch);
        nri_line_free(session->line);
        ttrpc_reader_deinit(&session->plugin);
        ttrpc_reader_deinit(&session->runtime);
        nri_serve_forget(&session->serve);
        nri_calls_forget(&session->calls);
        free(session);
        return NULL;
}

const NriSessionStats *nri_session_get_stats(const NriSession *session) {
        return &session->stats;
}

bool nri_session_is_connected(const NriSession *session) {
        return session->line && session->is_configured && !session->failure[0];
}

void nri_session_renew(NriSession *session) {
        if (!nri_session_is_connected(session))
                return;
        session->is_renewing = true;
        wake(session);
}

/* Updates */

static void
on_updated(const ProtobufCMessage *response, const char *problem, const NriCallOwner *owner) {
        owner->updated((const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *)response, problem,
                       owner->userdata);
}

int nri_session_update(
        NriSession *session,
        const Nri__Pkg__Api__V1alpha1__UpdateContainersRequest *request,
        void (*done)(const Nri__Pkg__Api__V1alpha1__UpdateContainersResponse *response,
                     const char *problem,
                     void *userdata),
        void *userdata) {
        int r;

        if (!nri_session_is_connected(session))
                return -ENOTCONN;
        r = nri_calls_make(
                &session->calls, nri_line_get_queue(session->line), now(),
                &(const NriCallParams){
                        .method = "UpdateContainers",
                        .request = &request->base,
                        .output = &nri__pkg__api__v1alpha1__update_containers_response__descriptor,
                        .timeout_usec = session->params.update_usec,
                        .done = on_updated,
                        .owner = { .updated = done, .userdata = userdata } });
        if (r)
                return r;
        ++session->stats.n_updates;
        wake(session);
        return 0;
}
