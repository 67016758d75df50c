/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/http2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "rpc/http2-stream.h"

/*
 * nghttp2 does the protocol; what is here is what a peer may cost.
 *
 * What a peer owes has a deadline: the preface, the rest of a head, the body of a request that is
 * one message, room for what waits for it, and a next request. One timer looks at all of them. It
 * is set for the earliest and not moved with every stream, so a busy connection sets it every few
 * seconds and not every few microseconds; when it finds nothing due it is set again.
 *
 * A connection that holds more than its share, in bodies that are not whole and answers that are
 * not taken, gets no new calls until that has changed. An answer whose bytes nobody takes has a
 * deadline, which every piece that is taken moves. What one answer costs is the method's and the
 * arena's affair.
 *
 * Control frames cost the peer nothing and us an answer each, so their number is bounded between
 * two frames of ours that a request asked for. A client that measures its bandwidth pings after
 * data and is well below.
 */
#define CONTROL_FRAMES_MAX 1000u
#define RESET_BURST        200u
#define RESET_RATE         20u /* a second */
#define CONTINUATIONS_MAX  8u
#define DUE_NEVER          UINT64_MAX
#define STOP_USEC          (200 * USEC_PER_MSEC)

struct Http2 {
        Http2Params params;
        nghttp2_session *session; /* the io's */
        Http2Io *io;
        sd_event_source *timer;
        uint64_t timer_usec; /* DUE_NEVER: it is off */
        Http2Stream *streams;
        size_t n_streams;
        uint64_t opened_usec;
        uint64_t idle_since_usec;
        unsigned n_control_frames;
        bool has_settings; /* the peer's */
        bool is_draining;
};

static uint64_t get_now(const Http2 *http2) {
        uint64_t now;

        /* the loop has one, or asks for it */
        return sd_event_now(http2->params.event, CLOCK_MONOTONIC, &now) >= 0 ? now : 0;
}

/* Deadlines */

static void arm(Http2 *http2, uint64_t due_usec) {
        if (due_usec >= http2->timer_usec)
                return;
        if (sd_event_source_set_time(http2->timer, due_usec) < 0 ||
            sd_event_source_set_enabled(http2->timer, SD_EVENT_ONESHOT) < 0) {
                log_debug("A deadline of a connection cannot be set");
                return;
        }
        http2->timer_usec = due_usec;
}

static void owe(Http2 *http2, Http2Stream *stream, uint64_t usec) {
        stream->due_usec = get_now(http2) + usec;
        arm(http2, stream->due_usec);
}

static uint64_t min_due(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

/* When the connection itself is due. */
static uint64_t get_due(const Http2 *http2) {
        const RpcLimits *limits = http2->params.limits;
        const uint64_t blocked_usec = http2_io_get_blocked_usec(http2->io);
        uint64_t due_usec = DUE_NEVER;

        if (!http2->has_settings)
                due_usec = http2->opened_usec + limits->head_usec;
        if (blocked_usec)
                due_usec = min_due(due_usec, blocked_usec + limits->answer_usec);
        if (http2->n_streams == 0)
                due_usec = min_due(due_usec, http2->idle_since_usec + limits->idle_usec);
        else if (http2_io_is_half_closed(http2->io) || http2->is_draining)
                due_usec = min_due(due_usec, http2->idle_since_usec + limits->answer_usec);
        return due_usec;
}

/* Gives the session what is new of an answer, and sends it at the loop's next turn. */
static void on_wake(void *userdata) {
        Http2Stream *stream = userdata;
        Http2 *http2 = stream->owner;

        if (http2_stream_answer(stream) != 0)
                (void)nghttp2_submit_rst_stream(stream->session, NGHTTP2_FLAG_NONE, stream->id,
                                                NGHTTP2_INTERNAL_ERROR);
        if (stream->is_answered && stream->call->state == CALL_ENDED) {
                stream->progress_usec = get_now(http2);
                owe(http2, stream, http2->params.limits->answer_usec);
        }
        http2_io_wake(http2->io);
}

/* Pieces that were taken since give it more time. */
static void expire_answer(Http2 *http2, Http2Stream *stream) {
        const uint64_t due_usec = stream->progress_usec + http2->params.limits->answer_usec;

        if (due_usec > get_now(http2)) {
                stream->due_usec = due_usec;
                arm(http2, due_usec);
                return;
        }
        log_debug("Resetting a stream: its answer is not taken");
        (void)nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                        NGHTTP2_CANCEL);
}

/* The body has not come. A method that takes a stream waits as long as it likes. */
static void expire(Http2 *http2, Http2Stream *stream) {
        stream->due_usec = 0;
        if (stream->is_sent) {
                (void)nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE, stream->id,
                                                NGHTTP2_NO_ERROR);
                return;
        }
        if (stream->call->state == CALL_NEW) {
                /* the session is in the middle of a head, and nothing else can come before it
                 * ends */
                log_debug("Closing a connection: a head has not ended in time");
                (void)nghttp2_session_terminate_session(http2->session, NGHTTP2_ENHANCE_YOUR_CALM);
                return;
        }
        if (stream->is_answered) {
                expire_answer(http2, stream);
        } else if (stream->call->state != CALL_ENDED) {
                call_refuse(stream->call, RPC_DEADLINE_EXCEEDED,
                            "the request has not come in time");
        } else if (!stream->is_answered) {
                stream->call->has_request_ended = true;
                on_wake(stream);
        }
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Http2 *http2 = userdata;
        const uint64_t now = get_now(http2);
        uint64_t next = get_due(http2);

        http2->timer_usec = DUE_NEVER;
        if (next <= now) {
                log_debug("Closing a connection: it has been idle, or its peer has not read");
                (void)nghttp2_session_terminate_session(http2->session, NGHTTP2_NO_ERROR);
                if (http2_io_get_blocked_usec(http2->io) || !http2->has_settings) {
                        http2->params.closed(http2->params.userdata);
                        return 0;
                }
                next = now + http2->params.limits->answer_usec;
        }
        for (Http2Stream *stream = http2->streams; stream; stream = stream->next) {
                if (stream->due_usec && stream->due_usec <= now)
                        expire(http2, stream);
                else if (stream->due_usec)
                        next = min_due(next, stream->due_usec);
        }
        if (next != DUE_NEVER)
                arm(http2, next);
        http2_io_wake(http2->io);
        return 0;
}

/* Streams */

/* Bytes that the connection holds are more than one peer may have. Reading no more would be no way
 * out: what makes room, the peer's WINDOW_UPDATE, comes on the same road. So the next call is
 * refused instead. */
static bool is_full(const Http2 *http2) {
        size_t n = 0;

        for (const Http2Stream *stream = http2->streams; stream; stream = stream->next)
                n += rpc_exchange_count_held(stream->call);
        return n > http2->params.limits->max_held_bytes;
}

static void remove_stream(Http2 *http2, Http2Stream *stream) {
        if (stream->previous)
                stream->previous->next = stream->next;
        else
                http2->streams = stream->next;
        if (stream->next)
                stream->next->previous = stream->previous;
        rpc_exchange_free(stream->call);
        free(stream);
        if (--http2->n_streams == 0) {
                http2->idle_since_usec = get_now(http2);
                arm(http2, get_due(http2));
        }
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *userdata) {
        Http2 *http2 = userdata;
        Http2Stream *stream;

        if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
                return 0;
        stream = calloc(1, sizeof(*stream));
        if (!stream)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        *stream = (Http2Stream){ .owner = http2, .session = session, .id = frame->hd.stream_id };
        if (rpc_exchange_new(http2->params.event, http2->params.table, http2->params.peer,
                             &(const RpcTransport){ .wake = on_wake, .userdata = stream },
                             &stream->call) < 0) {
                free(stream);
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        }
        stream->next = http2->streams;
        if (stream->next)
                stream->next->previous = stream;
        http2->streams = stream;
        ++http2->n_streams;
        owe(http2, stream, http2->params.limits->head_usec);
        return nghttp2_session_set_stream_user_data(session, stream->id, stream) == 0
                       ? 0
                       : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static Http2Stream *find_stream(nghttp2_session *session, int32_t id) {
        return nghttp2_session_get_stream_user_data(session, id);
}

static int on_header(nghttp2_session *session,
                     const nghttp2_frame *frame,
                     const uint8_t *name,
                     size_t n_name,
                     const uint8_t *value,
                     size_t n_value,
                     uint8_t flags _unused_,
                     void *userdata) {
        const Http2 *http2 = userdata;
        Http2Stream *stream = find_stream(session, frame->hd.stream_id);

        /* trailers of a request mean nothing here */
        if (!stream || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
                return 0;
        return http2_stream_add_header(stream, http2->params.limits, (const char *)name, n_name,
                                       (const char *)value, n_value);
}

static int on_data(nghttp2_session *session,
                   uint8_t flags _unused_,
                   int32_t id,
                   const uint8_t *data,
                   size_t n_data,
                   void *userdata) {
        const Http2 *http2 = userdata;
        Http2Stream *stream = find_stream(session, id);

        if (!stream)
                return 0;
        rpc_exchange_take(stream->call, (const char *)data, n_data);
        if (rpc_exchange_count_held(stream->call) > 0 && is_full(http2))
                rpc_exchange_refuse_load(stream->call);
        return 0;
}

static void end_request(Http2Stream *stream) {
        stream->due_usec = 0;
        rpc_exchange_end(stream->call);
        if (stream->call->state == CALL_ENDED && !stream->is_answered)
                on_wake(stream);
}

/* Has its body a deadline? A method that takes a stream waits for it as long as it likes; a refusal
 * that waits for the end of what it refuses does not. */
static bool owes_body(const RpcCall *call) {
        return call->state == CALL_ENDED || !call->method || !rpc_method_takes_stream(call->method);
}

static int begin_request(Http2 *http2, Http2Stream *stream, bool is_last) {
        const int r = http2_stream_begin(stream, !is_last);

        stream->due_usec = 0;
        if (r)
                return r;
        if (http2->is_draining)
                rpc_exchange_drain(stream->call);
        else if (is_full(http2))
                rpc_exchange_refuse_load(stream->call);
        if (is_last)
                end_request(stream);
        else if (owes_body(stream->call))
                owe(http2, stream, http2->params.limits->body_usec);
        return 0;
}

/* A frame that costs the peer nothing. */
static int count_control_frame(Http2 *http2) {
        if (++http2->n_control_frames <= CONTROL_FRAMES_MAX)
                return 0;
        log_debug("Closing a connection: it sends nothing but control frames");
        (void)nghttp2_session_terminate_session(http2->session, NGHTTP2_ENHANCE_YOUR_CALM);
        return 0;
}

/* The peer knows: what it sends from now on is refused. */
static int finish_draining(Http2 *http2) {
        return nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
                                     nghttp2_session_get_last_proc_stream_id(http2->session),
                                     NGHTTP2_NO_ERROR, NULL, 0) == 0
                       ? 0
                       : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata) {
        Http2 *http2 = userdata;
        Http2Stream *stream = find_stream(session, frame->hd.stream_id);
        const bool is_last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

        switch (frame->hd.type) {
        case NGHTTP2_HEADERS:
                if (stream && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
                        return begin_request(http2, stream, is_last);
                if (stream && is_last)
                        end_request(stream);
                return 0;
        case NGHTTP2_DATA:
                if (stream && is_last)
                        end_request(stream);
                return frame->hd.length == 0 && !is_last ? count_control_frame(http2) : 0;
        case NGHTTP2_SETTINGS:
                http2->has_settings = true;
                return count_control_frame(http2);
        case NGHTTP2_PING:
                if (frame->hd.flags & NGHTTP2_FLAG_ACK)
                        return http2->is_draining ? finish_draining(http2) : 0;
                return count_control_frame(http2);
        case NGHTTP2_PRIORITY:
                return count_control_frame(http2);
        default:
                return 0;
        }
}

/* An answer that is whole before the request is: the peer is told to stop sending, unless it is
 * about to be done, as most are. curl 7.88 throws an answer away when that word comes with it. */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *userdata) {
        Http2 *http2 = userdata;
        Http2Stream *stream;

        if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)
                return 0;
        http2->n_control_frames = 0;
        stream = find_stream(session, frame->hd.stream_id);
        if (stream && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
            nghttp2_session_get_stream_remote_close(session, frame->hd.stream_id) == 0) {
                stream->is_sent = true;
                owe(http2, stream, STOP_USEC);
        }
        return 0;
}

static int
on_stream_close(nghttp2_session *session, int32_t id, uint32_t error _unused_, void *userdata) {
        Http2Stream *stream = find_stream(session, id);

        if (stream)
                remove_stream(userdata, stream);
        return 0;
}

/* The connection */

static void on_over(void *userdata, int error) {
        Http2 *http2 = userdata;

        if (error)
                log_debug("A connection ended: %s", strerror(error));
        http2->params.closed(http2->params.userdata);
}

static void on_blocked(void *userdata) {
        Http2 *http2 = userdata;

        arm(http2, get_due(http2));
}

/* What has been asked is answered; what is still being asked never will be. */
static void on_half_closed(void *userdata) {
        Http2 *http2 = userdata;

        for (Http2Stream *stream = http2->streams; stream; stream = stream->next)
                if (!stream->call->has_request_ended)
                        (void)nghttp2_submit_rst_stream(http2->session, NGHTTP2_FLAG_NONE,
                                                        stream->id, NGHTTP2_CANCEL);
        http2->idle_since_usec = get_now(http2);
        arm(http2, get_due(http2));
        (void)nghttp2_submit_goaway(http2->session, NGHTTP2_FLAG_NONE,
                                    nghttp2_session_get_last_proc_stream_id(http2->session),
                                    NGHTTP2_NO_ERROR, NULL, 0);
        if (http2->n_streams == 0)
                (void)nghttp2_session_terminate_session(http2->session, NGHTTP2_NO_ERROR);
}

static int set_callbacks(nghttp2_session_callbacks **ret) {
        nghttp2_session_callbacks *callbacks;

        if (nghttp2_session_callbacks_new(&callbacks) != 0)
                return -ENOMEM;
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
        *ret = callbacks;
        return 0;
}

static int set_options(nghttp2_option **ret) {
        nghttp2_option *option;

        if (nghttp2_option_new(&option) != 0)
                return -ENOMEM;
#if HAVE_NGHTTP2_OPTION_SET_STREAM_RESET_RATE_LIMIT
        nghttp2_option_set_stream_reset_rate_limit(option, RESET_BURST, RESET_RATE);
#endif
#if HAVE_NGHTTP2_OPTION_SET_MAX_CONTINUATIONS
        nghttp2_option_set_max_continuations(option, CONTINUATIONS_MAX);
#endif
        *ret = option;
        return 0;
}

static int make_session(Http2 *http2) {
        nghttp2_session_callbacks *callbacks;
        nghttp2_option *option;
        int r;

        r = set_callbacks(&callbacks);
        if (r)
                return r;
        r = set_options(&option);
        if (r == 0) {
                if (nghttp2_session_server_new2(&http2->session, callbacks, http2, option) != 0)
                        r = -ENOMEM;
                nghttp2_option_del(option);
        }
        nghttp2_session_callbacks_del(callbacks);
        return r;
}

static int greet(Http2 *http2) {
        const nghttp2_settings_entry settings[] = {
                { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, http2->params.limits->max_streams },
                { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
                  (uint32_t)http2->params.limits->max_header_bytes },
        };

        return nghttp2_submit_settings(http2->session, NGHTTP2_FLAG_NONE, settings,
                                       ELEMENTSOF(settings)) == 0
                       ? 0
                       : -ENOMEM;
}

int http2_new(const Http2Params *params, int fd, Http2 **ret) {
        _cleanup_(fd_closep) int owned = fd;
        _cleanup_(http2_freep) Http2 *http2 = calloc(1, sizeof(*http2));
        int r;

        if (!http2)
                return -ENOMEM;
        http2->params = *params;
        http2->timer_usec = DUE_NEVER;
        http2->opened_usec = http2->idle_since_usec = get_now(http2);
        r = make_session(http2);
        if (r)
                return r;
        r = http2_io_new(params->event, TAKE_FD(owned), http2->session, params->scratch,
                         &(const Http2IoOwner){ .over = on_over,
                                                .half_closed = on_half_closed,
                                                .blocked = on_blocked,
                                                .userdata = http2 },
                         &http2->io);
        if (r < 0)
                return r;
        /* An accuracy of 0 would mean 250 ms. */
        r = sd_event_add_time(params->event, &http2->timer, CLOCK_MONOTONIC, 0, 1, on_timer, http2);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(http2->timer, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = greet(http2);
        if (r)
                return r;

        /* Nothing below can fail. */
        arm(http2, get_due(http2));
        http2_io_wake(http2->io);
        *ret = TAKE_PTR(http2);
        return 0;
}

Http2 *http2_free(Http2 *http2) {
        if (!http2)
                return NULL;
        while (http2->streams)
                remove_stream(http2, http2->streams);
        sd_event_source_disable_unref(http2->timer);
        http2_io_free(http2->io);
        free(http2);
        return NULL;
}

void http2_drain(Http2 *http2) {
        if (http2->is_draining)
                return;
        http2->is_draining = true;
        /* the notice says that nothing new is welcome, and when its ping comes back the peer has
         * read it; calls that were on their way meanwhile are answered */
        (void)nghttp2_submit_shutdown_notice(http2->session);
        (void)nghttp2_submit_ping(http2->session, NGHTTP2_FLAG_NONE, NULL);
        for (Http2Stream *stream = http2->streams; stream; stream = stream->next)
                rpc_exchange_drain(stream->call);
        http2->idle_since_usec = get_now(http2);
        arm(http2, get_due(http2));
        http2_io_wake(http2->io);
}
