/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/client-connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/*
 * A call belongs to one stream of one connection from its submission to the close of the stream. A
 * stream that the server has not looked at (refused, or above a GOAWAY's last one) goes back to be
 * tried on another connection; every other end is the call's.
 */
#define CALL_HEADERS_MAX 80u
#define USER_AGENT       "slug/" PACKAGE_VERSION

struct ClientConnection {
        ClientConnection *next; /* of the client's */
        ClientConnectionOwner owner;
        nghttp2_session *session; /* the io's */
        Http2Io *io;
        size_t n_calls;
        bool is_ready, is_draining;
};

ClientConnection **client_connection_next(ClientConnection *connection) {
        return &connection->next;
}

static RpcClientCall *find_call(nghttp2_session *session, int32_t id) {
        return nghttp2_session_get_stream_user_data(session, id);
}

static int on_header(nghttp2_session *session,
                     const nghttp2_frame *frame,
                     const uint8_t *name,
                     size_t n_name,
                     const uint8_t *value,
                     size_t n_value,
                     uint8_t flags _unused_,
                     void *userdata _unused_) {
        RpcClientCall *call = find_call(session, frame->hd.stream_id);

        if (call)
                client_call_take_header(call, (const char *)name, n_name, (const char *)value,
                                        n_value);
        return 0;
}

/* What ends before the server has ended it needs no more of it. */
static int stop_if_over(nghttp2_session *session, const RpcClientCall *call) {
        if (!call->is_over && !call->is_cancelled)
                return 0;
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, call->stream_id,
                                         NGHTTP2_CANCEL) == 0
                       ? 0
                       : NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int on_data(nghttp2_session *session,
                   uint8_t flags _unused_,
                   int32_t id,
                   const uint8_t *data,
                   size_t n_data,
                   void *userdata _unused_) {
        RpcClientCall *call = find_call(session, id);

        if (!call)
                return 0;
        client_call_take_data(call, (const char *)data, n_data);
        return stop_if_over(session, call);
}

static void start_draining(ClientConnection *connection) {
        if (connection->is_draining)
                return;
        connection->is_draining = true;
        connection->owner.draining(connection, connection->owner.userdata);
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata) {
        ClientConnection *connection = userdata;
        const bool is_last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
        RpcClientCall *call = find_call(session, frame->hd.stream_id);

        if (frame->hd.type == NGHTTP2_SETTINGS && !connection->is_ready) {
                connection->is_ready = true;
                connection->owner.ready(connection, connection->owner.userdata);
        }
        if (frame->hd.type == NGHTTP2_GOAWAY)
                start_draining(connection);
        if (frame->hd.type != NGHTTP2_HEADERS || !call)
                return 0;
        client_call_take_head(call, is_last);
        return is_last ? 0 : stop_if_over(session, call);
}

static int on_stream_close(nghttp2_session *session, int32_t id, uint32_t error, void *userdata) {
        ClientConnection *connection = userdata;
        RpcClientCall *call = find_call(session, id);

        if (!call)
                return 0;
        call->connection = NULL;
        --connection->n_calls;
        /* not looked at: it may be tried again, and does not know */
        if (error == NGHTTP2_REFUSED_STREAM && !call->has_head && !call->is_over &&
            ++call->n_refused <= CLIENT_REFUSALS_MAX)
                start_draining(connection);
        else
                client_call_close(call, error);
        connection->owner.call_done(call, connection->owner.userdata);
        return 0;
}

static ssize_t read_request(nghttp2_session *session _unused_,
                            int32_t id _unused_,
                            uint8_t *buffer,
                            size_t size,
                            uint32_t *flags,
                            nghttp2_data_source *source,
                            void *userdata _unused_) {
        RpcClientCall *call = source->ptr;
        const size_t n_left = call->request.n_data - call->n_sent;
        const size_t n = n_left < size ? n_left : size;

        memcpy(buffer, call->request.data + call->n_sent, n);
        call->n_sent += n;
        if (call->n_sent == call->request.n_data)
                *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t)n;
}

static void put(nghttp2_nv *nv, size_t *n, const char *name, const char *value) {
        nv[(*n)++] = (nghttp2_nv){ .name = (uint8_t *)name,
                                   .namelen = strlen(name),
                                   .value = (uint8_t *)value,
                                   .valuelen = strlen(value) };
}

int client_connection_submit(ClientConnection *connection, RpcClientCall *call) {
        const nghttp2_data_provider body = { .source.ptr = call, .read_callback = read_request };
        nghttp2_nv nv[CALL_HEADERS_MAX];
        size_t n = 0;

        if (!connection->is_draining && !nghttp2_session_check_request_allowed(connection->session))
                /* no number is left for a stream: it goes when its last call has ended */
                (void)nghttp2_submit_goaway(connection->session, NGHTTP2_FLAG_NONE, 0,
                                            NGHTTP2_NO_ERROR, NULL, 0);
        if (connection->is_draining || !nghttp2_session_check_request_allowed(connection->session))
                return -EAGAIN;
        put(nv, &n, ":method", "POST");
        put(nv, &n, ":scheme", "http");
        put(nv, &n, ":path", call->path);
        put(nv, &n, ":authority", "localhost");
        put(nv, &n, "te", "trailers");
        put(nv, &n, "content-type",
            call->codec == &rpc_codec_json ? "application/grpc+json" : "application/grpc");
        put(nv, &n, "user-agent", USER_AGENT);
        if (call->timeout)
                put(nv, &n, "grpc-timeout", call->timeout);
        for (size_t i = 0; i < call->metadata.n_items && n < CALL_HEADERS_MAX; ++i)
                put(nv, &n, call->metadata.items[i].name, call->metadata.items[i].value);
        call->n_sent = 0;
        call->stream_id = nghttp2_submit_request(connection->session, NULL, nv, n, &body, call);
        if (call->stream_id < 0)
                return call->stream_id == NGHTTP2_ERR_NOMEM ? -ENOMEM : -EAGAIN;
        call->connection = connection;
        ++connection->n_calls;
        http2_io_wake(connection->io);
        return 0;
}

void client_connection_cancel(ClientConnection *connection, RpcClientCall *call) {
        (void)nghttp2_session_set_stream_user_data(connection->session, call->stream_id, NULL);
        (void)nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, call->stream_id,
                                        NGHTTP2_CANCEL);
        call->connection = NULL;
        --connection->n_calls;
        http2_io_wake(connection->io);
}

static void on_over(void *userdata, int error) {
        ClientConnection *connection = userdata;

        if (error)
                log_debug("The connection to a server is lost: %s", strerror(error));
        connection->owner.closed(connection, connection->owner.userdata);
}

static int make_session(ClientConnection *connection) {
        nghttp2_session_callbacks *callbacks;
        int r;

        if (nghttp2_session_callbacks_new(&callbacks) != 0)
                return -ENOMEM;
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
        r = nghttp2_session_client_new(&connection->session, callbacks, connection);
        nghttp2_session_callbacks_del(callbacks);
        return r == 0 ? 0 : -ENOMEM;
}

static int greet(ClientConnection *connection) {
        const nghttp2_settings_entry settings[] = {
                { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
                { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, CLIENT_HEADER_BYTES_MAX },
        };

        return nghttp2_submit_settings(connection->session, NGHTTP2_FLAG_NONE, settings,
                                       ELEMENTSOF(settings)) == 0
                       ? 0
                       : -ENOMEM;
}

int client_connection_new(sd_event *event,
                          int fd,
                          Http2Scratch *scratch,
                          const ClientConnectionOwner *owner,
                          ClientConnection **ret) {
        _cleanup_(fd_closep) int owned = fd;
        _cleanup_(client_connection_freep) ClientConnection *connection =
                calloc(1, sizeof(*connection));
        int r;

        if (!connection)
                return -ENOMEM;
        connection->owner = *owner;
        r = make_session(connection);
        if (r)
                return r;
        r = http2_io_new(event, TAKE_FD(owned), connection->session, scratch,
                         &(const Http2IoOwner){ .over = on_over, .userdata = connection },
                         &connection->io);
        if (r < 0)
                return r;
        r = greet(connection);
        if (r)
                return r;
        http2_io_wake(connection->io);
        *ret = TAKE_PTR(connection);
        return 0;
}

ClientConnection *client_connection_free(ClientConnection *connection) {
        if (!connection)
                return NULL;
        http2_io_free(connection->io);
        free(connection);
        return NULL;
}
