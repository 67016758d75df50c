/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/nri-double.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "containerd/nri/v1alpha1/nri.pb-c.h"
#include "containerd/ttrpc/ttrpc.pb-c.h"

#define SERVICE    "nri.pkg.api.v1alpha1.Plugin"
#define HEAD_BYTES 10u
#define FIRST_MAX  4096u
#define LOOP_USEC  (10u * 1000 * 1000)

static void must(bool is_true, const char *what) {
        if (is_true)
                return;
        (void)fprintf(stderr, "nri-double: %s\n", what);
        abort();
}

static void put_packed(Buffer *to, const ProtobufCMessage *message) {
        const size_t n = message ? protobuf_c_message_get_packed_size(message) : 0;
        char *place = n > 0 ? buffer_extend(to, n) : NULL;

        if (place)
                (void)protobuf_c_message_pack(message, (uint8_t *)place);
        must(!to->error, "no memory");
}

/* Saying */

void nri_double_put_message(Buffer *to,
                            unsigned type,
                            unsigned flags,
                            uint32_t stream,
                            const void *data,
                            size_t n_data) {
        const uint32_t words[2] = { htobe32((uint32_t)n_data), htobe32(stream) };

        buffer_append(to, words, sizeof(words));
        buffer_append_char(to, (char)type);
        buffer_append_char(to, (char)flags);
        buffer_append(to, data, n_data);
        must(!to->error, "no memory");
}

void nri_double_put_request(Buffer *to,
                            uint32_t stream,
                            const char *service,
                            const char *method,
                            uint64_t timeout_usec,
                            const ProtobufCMessage *payload) {
        _cleanup_(buffer_deinitp) Buffer inner = {}, outer = {};
        Ttrpc__Request request = TTRPC__REQUEST__INIT;

        put_packed(&inner, payload);
        request.service = (char *)service;
        request.method = (char *)method;
        request.timeout_nano = (int64_t)timeout_usec * 1000;
        request.payload.data = (uint8_t *)inner.data;
        request.payload.len = inner.n_data;
        put_packed(&outer, &request.base);
        nri_double_put_message(to, NRI_DOUBLE_REQUEST, 0, stream, outer.data, outer.n_data);
}

void nri_double_put_frame(Buffer *to, uint32_t id, const void *data, size_t n_data) {
        const uint32_t words[2] = { htobe32(id), htobe32((uint32_t)n_data) };

        buffer_append(to, words, sizeof(words));
        buffer_append(to, data, n_data);
        must(!to->error, "no memory");
}

void nri_double_put_frames(const NriDouble *runtime,
                           Buffer *to,
                           uint32_t id,
                           const Buffer *message) {
        size_t max = runtime->n_frame ? runtime->n_frame : FIRST_MAX;

        for (size_t at = 0; at < message->n_data;) {
                const size_t n_left = message->n_data - at;
                const size_t n = n_left < max ? n_left : max;

                nri_double_put_frame(to, id, message->data + at, n);
                at += n;
                max = runtime->n_frame ? runtime->n_frame : SIZE_MAX;
        }
}

void nri_double_say(NriDouble *runtime, const void *data, size_t n_data) {
        const char *bytes = data;

        while (n_data > 0 && runtime->fd >= 0) {
                const size_t n_piece =
                        runtime->n_piece && runtime->n_piece < n_data ? runtime->n_piece : n_data;
                const ssize_t n = send(runtime->fd, bytes, n_piece, MSG_NOSIGNAL);

                if (n > 0) {
                        bytes += n;
                        n_data -= (size_t)n;
                } else if (errno == EPIPE || errno == ECONNRESET)
                        return;
                else
                        must(errno == EAGAIN, strerror(errno));
                if (n_data > 0)
                        must(sd_event_run(runtime->event, n > 0 ? 0 : LOOP_USEC) >= 0,
                             "the loop does not turn");
        }
}

static void say_message(NriDouble *runtime, uint32_t id, const Buffer *message) {
        _cleanup_(buffer_deinitp) Buffer frames = {};

        nri_double_put_frames(runtime, &frames, id, message);
        nri_double_say(runtime, frames.data, frames.n_data);
}

uint32_t nri_double_call(NriDouble *runtime,
                         const char *method,
                         uint64_t timeout_usec,
                         const ProtobufCMessage *payload) {
        _cleanup_(buffer_deinitp) Buffer message = {};
        const uint32_t stream = runtime->last_stream ? runtime->last_stream + 2 : 1;

        runtime->last_stream = stream;
        nri_double_put_request(&message, stream, SERVICE, method, timeout_usec, payload);
        say_message(runtime, NRI_DOUBLE_PLUGIN, &message);
        return stream;
}

void nri_double_answer(NriDouble *runtime,
                       uint32_t stream,
                       int code,
                       const char *message,
                       const ProtobufCMessage *payload) {
        _cleanup_(buffer_deinitp) Buffer inner = {}, outer = {}, whole = {};
        Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
        Ttrpc__Response response = TTRPC__RESPONSE__INIT;

        put_packed(&inner, payload);
        status.code = code;
        status.message = (char *)message;
        response.status = code ? &status : NULL;
        response.payload.data = (uint8_t *)inner.data;
        response.payload.len = inner.n_data;
        put_packed(&outer, &response.base);
        nri_double_put_message(&whole, NRI_DOUBLE_RESPONSE, 0, stream, outer.data, outer.n_data);
        say_message(runtime, NRI_DOUBLE_RUNTIME, &whole);
}

/* Hearing */

static void break_rule(NriDouble *runtime, const char *rule) {
        if (!runtime->broken[0])
                (void)snprintf(runtime->broken, sizeof(runtime->broken), "%s", rule);
}

static void
register_plugin(NriDouble *runtime, uint32_t stream, const ProtobufCBinaryData *payload) {
        Nri__Pkg__Api__V1alpha1__RegisterPluginRequest *request =
                nri__pkg__api__v1alpha1__register_plugin_request__unpack(NULL, payload->len,
                                                                         payload->data);

        must(request, "no RegisterPluginRequest");
        ++runtime->n_registered;
        (void)snprintf(runtime->name, sizeof(runtime->name), "%s", request->plugin_name);
        (void)snprintf(runtime->index, sizeof(runtime->index), "%s", request->plugin_idx);
        (void)snprintf(runtime->version, sizeof(runtime->version), "%s", request->nri_version);
        nri__pkg__api__v1alpha1__register_plugin_request__free_unpacked(request, NULL);
        if (!runtime->is_silent)
                nri_double_answer(runtime, stream, runtime->refuses ? 2 : 0, runtime->refuses,
                                  NULL);
}

static void hear_request(NriDouble *runtime, uint32_t stream, const Buffer *message) {
        Ttrpc__Request *request = ttrpc__request__unpack(
                NULL, message->n_data - HEAD_BYTES, (const uint8_t *)message->data + HEAD_BYTES);

        must(request, "no Request");
        if (strcmp(request->service, "nri.pkg.api.v1alpha1.Runtime") != 0)
                break_rule(runtime, "a service that there is not");
        if (stream % 2 != 1)
                break_rule(runtime, "a stream that is even");
        if (request->timeout_nano <= 0)
                break_rule(runtime, "a call without a timeout");
        if (strcmp(request->method, "RegisterPlugin") == 0)
                register_plugin(runtime, stream, &request->payload);
        else if (strcmp(request->method, "UpdateContainers") == 0) {
                buffer_deinit(&runtime->update);
                buffer_append(&runtime->update, request->payload.data, request->payload.len);
                runtime->update_stream = stream;
                ++runtime->n_updates;
        } else
                break_rule(runtime, "a method that there is not");
        ttrpc__request__free_unpacked(request, NULL);
}

static void hear_answer(NriDouble *runtime, uint32_t stream, const Buffer *message) {
        Ttrpc__Response *response = ttrpc__response__unpack(
                NULL, message->n_data - HEAD_BYTES, (const uint8_t *)message->data + HEAD_BYTES);
        NriDoubleAnswer *answer = &runtime->answers[runtime->n_answers];

        must(response, "no Response");
        must(runtime->n_answers < NRI_DOUBLE_ANSWERS_MAX, "too many answers");
        if (nri_double_find(runtime, stream))
                break_rule(runtime, "a second answer");
        *answer = (NriDoubleAnswer){ .stream = stream,
                                     .code = response->status ? response->status->code : 0,
                                     .n_payload = response->payload.len,
                                     .n_message = message->n_data };
        (void)snprintf(answer->message, sizeof(answer->message), "%s",
                       response->status ? response->status->message : "");
        if (answer->n_payload > 0) {
                answer->payload = malloc(answer->n_payload);
                must(answer->payload, "no memory");
                memcpy(answer->payload, response->payload.data, answer->n_payload);
        }
        ++runtime->n_answers;
        ttrpc__response__free_unpacked(response, NULL);
}

static void hear_message(NriDouble *runtime, uint32_t id, const Buffer *message) {
        uint32_t stream;
        const char type = message->data[8];

        memcpy(&stream, message->data + 4, sizeof(stream));
        stream = be32toh(stream);
        if (message->data[9])
                break_rule(runtime, "flags in a call that is no stream");
        if (id == NRI_DOUBLE_PLUGIN && type == NRI_DOUBLE_RESPONSE)
                hear_answer(runtime, stream, message);
        else if (id == NRI_DOUBLE_RUNTIME && type == NRI_DOUBLE_REQUEST)
                hear_request(runtime, stream, message);
        else
                break_rule(runtime, "a message of that type on that connection");
}

static void hear_frame(NriDouble *runtime, uint32_t id, const char *data, size_t n_data) {
        NriDoubleConn *conn;
        uint32_t n;

        if (id != NRI_DOUBLE_PLUGIN && id != NRI_DOUBLE_RUNTIME) {
                break_rule(runtime, "a connection that there is not");
                return;
        }
        conn = &runtime->conns[id - NRI_DOUBLE_PLUGIN];
        if (conn->n_wanted == 0) {
                if (n_data > FIRST_MAX)
                        break_rule(runtime, "more than 4096 bytes in a frame that has a header");
                if (n_data < HEAD_BYTES) {
                        break_rule(runtime, "a frame that has no whole header");
                        return;
                }
                memcpy(&n, data, sizeof(n));
                conn->n_wanted = be32toh(n) + HEAD_BYTES;
                if (n_data < FIRST_MAX && n_data < conn->n_wanted)
                        break_rule(runtime, "a first frame that could have more");
        } else if (n_data != conn->n_wanted)
                break_rule(runtime, "the rest of a message is not one frame");
        if (n_data > conn->n_wanted)
                break_rule(runtime, "two messages in one frame");
        n_data = n_data < conn->n_wanted ? n_data : conn->n_wanted;
        buffer_append(&conn->message, data, n_data);
        conn->n_wanted -= n_data;
        if (conn->n_wanted > 0)
                return;
        hear_message(runtime, id, &conn->message);
        buffer_deinit(&conn->message);
}

static void hear(NriDouble *runtime) {
        size_t at = 0;

        while (runtime->in.n_data - at >= 8) {
                uint32_t words[2];

                memcpy(words, runtime->in.data + at, sizeof(words));
                if (runtime->in.n_data - at - 8 < be32toh(words[1]))
                        break;
                hear_frame(runtime, be32toh(words[0]), runtime->in.data + at + 8,
                           be32toh(words[1]));
                at += 8 + be32toh(words[1]);
        }
        runtime->in.n_data -= at;
        if (at > 0)
                memmove(runtime->in.data, runtime->in.data + at, runtime->in.n_data);
}

void nri_double_hang_up(NriDouble *runtime) {
        runtime->ready = sd_event_source_disable_unref(runtime->ready);
        if (runtime->fd >= 0)
                ++runtime->n_closed;
        runtime->fd = fd_close(runtime->fd);
        buffer_deinit(&runtime->in);
        for (unsigned i = 0; i < ELEMENTSOF(runtime->conns); ++i) {
                buffer_deinit(&runtime->conns[i].message);
                runtime->conns[i].n_wanted = 0;
        }
}

static int
on_ready(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata) {
        NriDouble *runtime = userdata;
        static char bytes[256 * 1024];
        ssize_t n;

        if (runtime->is_deaf)
                return sd_event_source_set_enabled(runtime->ready, SD_EVENT_OFF);
        n = recv(fd, bytes, sizeof(bytes), 0);
        if (n < 0 && errno == EAGAIN)
                return 0;
        if (n <= 0) {
                nri_double_hang_up(runtime);
                return 0;
        }
        buffer_append(&runtime->in, bytes, (size_t)n);
        must(!runtime->in.error, "no memory");
        hear(runtime);
        return 0;
}

static void forget_answers(NriDouble *runtime) {
        for (size_t i = 0; i < runtime->n_answers; ++i)
                free(runtime->answers[i].payload);
        runtime->n_answers = 0;
        runtime->last_stream = 0;
}

static int
on_coming(sd_event_source *source _unused_, int fd, uint32_t events _unused_, void *userdata) {
        NriDouble *runtime = userdata;

        nri_double_hang_up(runtime);
        forget_answers(runtime);
        runtime->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        must(runtime->fd >= 0, "nobody comes");
        ++runtime->n_connections;
        must(sd_event_add_io(runtime->event, &runtime->ready, runtime->fd, EPOLLIN, on_ready,
                             runtime) >= 0,
             "no event source");
        return 0;
}

const NriDoubleAnswer *nri_double_find(const NriDouble *runtime, uint32_t stream) {
        for (size_t i = 0; i < runtime->n_answers; ++i)
                if (runtime->answers[i].stream == stream)
                        return &runtime->answers[i];
        return NULL;
}

const NriDoubleAnswer *nri_double_wait(NriDouble *runtime, uint32_t stream) {
        const NriDoubleAnswer *answer;

        while (!(answer = nri_double_find(runtime, stream)))
                must(sd_event_run(runtime->event, LOOP_USEC) > 0, "no answer comes");
        return answer;
}

void nri_double_start(NriDouble *runtime, sd_event *event, const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        runtime->event = event;
        runtime->fd = -EBADF;
        must(snprintf(runtime->path, sizeof(runtime->path), "%s", path) <
                     (int)sizeof(runtime->path),
             "the path is too long");
        memcpy(address.sun_path, runtime->path, strlen(runtime->path));
        runtime->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        must(runtime->listen_fd >= 0, "no socket");
        must(bind(runtime->listen_fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                     listen(runtime->listen_fd, 16) == 0,
             "it cannot listen");
        must(sd_event_add_io(event, &runtime->coming, runtime->listen_fd, EPOLLIN, on_coming,
                             runtime) >= 0,
             "no event source");
}

void nri_double_stop(NriDouble *runtime) {
        nri_double_hang_up(runtime);
        forget_answers(runtime);
        buffer_deinit(&runtime->update);
        runtime->coming = sd_event_source_disable_unref(runtime->coming);
        runtime->listen_fd = fd_close(runtime->listen_fd);
        (void)unlink(runtime->path);
}
