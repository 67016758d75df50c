/* SPDX-License-Identifier: Apache-2.0 */
#include "nri/ttrpc.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "containerd/ttrpc/ttrpc.pb-c.h"
#include "nri/mux.h"
#include "rpc/codec.h"

/* A reader that has had a message of this size gives its memory back. */
#define KEPT_MAX (64u * 1024)

/* Reading */

static void begin_message(TtrpcReader *reader) {
        uint32_t words[2];

        memcpy(words, reader->header, sizeof(words));
        reader->n_left = be32toh(words[0]);
        reader->frame = (TtrpcFrame){ .stream = be32toh(words[1]),
                                      .type = reader->header[8],
                                      .flags = reader->header[9],
                                      .is_too_large = reader->n_left > TTRPC_MESSAGE_MAX };
        if (reader->message.n_allocated > KEPT_MAX)
                buffer_deinit(&reader->message);
        reader->message.n_data = 0;
}

static void take(size_t *n_wanted, const uint8_t **data, size_t *n_data, uint8_t *to) {
        const size_t n = *n_wanted < *n_data ? *n_wanted : *n_data;

        if (to && n > 0)
                memcpy(to, *data, n);
        *n_wanted -= n;
        *data += n;
        *n_data -= n;
}

int ttrpc_read(TtrpcReader *reader, const uint8_t **data, size_t *n_data, TtrpcFrame *ret) {
        const uint8_t *from;
        size_t n;

        if (reader->n_header < TTRPC_HEADER_BYTES) {
                n = TTRPC_HEADER_BYTES - reader->n_header;
                take(&n, data, n_data, reader->header + reader->n_header);
                reader->n_header = TTRPC_HEADER_BYTES - n;
                if (n > 0)
                        return TTRPC_E_MORE;
                begin_message(reader);
        }
        from = *data;
        take(&reader->n_left, data, n_data, NULL);
        if (!reader->frame.is_too_large)
                buffer_append(&reader->message, from, (size_t)(*data - from));
        if (reader->message.error)
                return reader->message.error;
        if (reader->n_left > 0)
                return TTRPC_E_MORE;
        reader->n_header = 0;
        *ret = reader->frame;
        ret->data = (const uint8_t *)reader->message.data;
        ret->n_data = reader->message.n_data;
        return 0;
}

void ttrpc_reader_deinit(TtrpcReader *reader) {
        buffer_deinit(&reader->message);
        *reader = (TtrpcReader){};
}

static int decode(const TtrpcFrame *frame,
                  const ProtobufCMessageDescriptor *descriptor,
                  Arena *arena,
                  ProtobufCMessage **ret) {
        Diag diag = {};
        const int r = rpc_codec_proto.decode((const char *)frame->data, frame->n_data, descriptor,
                                             NULL, arena, ret, &diag);

        return r > 0 ? TTRPC_E_MALFORMED : r;
}

int ttrpc_get_request(const TtrpcFrame *frame, Arena *arena, TtrpcRequest *ret) {
        ProtobufCMessage *message;
        const Ttrpc__Request *request;
        const int r = decode(frame, &ttrpc__request__descriptor, arena, &message);

        if (r)
                return r;
        request = (const Ttrpc__Request *)message;
        *ret = (TtrpcRequest){
                .service = request->service,
                .method = request->method,
                .payload = request->payload.data,
                .n_payload = request->payload.len,
                .timeout_usec =
                        request->timeout_nano > 0 ? (uint64_t)request->timeout_nano / 1000 : 0,
        };
        return 0;
}

int ttrpc_get_response(const TtrpcFrame *frame, Arena *arena, TtrpcResponse *ret) {
        ProtobufCMessage *message;
        const Ttrpc__Response *response;
        const int r = decode(frame, &ttrpc__response__descriptor, arena, &message);

        if (r)
                return r;
        response = (const Ttrpc__Response *)message;
        *ret = (TtrpcResponse){ .code = response->status ? response->status->code : 0,
                                .message = response->status ? response->status->message : "",
                                .payload = response->payload.data,
                                .n_payload = response->payload.len };
        return 0;
}

/* Writing */

static int write_message(Buffer *out,
                         uint32_t id,
                         uint32_t stream,
                         uint8_t type,
                         const ProtobufCMessage *message) {
        _cleanup_(buffer_deinitp) Buffer whole = {};
        const size_t n = protobuf_c_message_get_packed_size(message);
        const uint32_t words[2] = { htobe32((uint32_t)n), htobe32(stream) };
        const uint8_t rest[2] = { type, 0 };

        if (n > TTRPC_MESSAGE_MAX)
                return -E2BIG;
        buffer_append(&whole, words, sizeof(words));
        buffer_append(&whole, rest, sizeof(rest));
        rpc_codec_proto.encode(message, NULL, &whole);
        if (whole.error)
                return whole.error;
        mux_write(out, id, whole.data, whole.n_data);
        return 0;
}

/* Return: 0, -E2BIG or -ENOMEM. */
static int pack(const ProtobufCMessage *payload, Buffer *buffer, ProtobufCBinaryData *ret) {
        if (payload && protobuf_c_message_get_packed_size(payload) > TTRPC_MESSAGE_MAX)
                return -E2BIG;
        if (payload)
                rpc_codec_proto.encode(payload, NULL, buffer);
        *ret = (ProtobufCBinaryData){ .data = (uint8_t *)buffer->data, .len = buffer->n_data };
        return buffer->error;
}

int ttrpc_write_request(Buffer *out,
                        uint32_t id,
                        uint32_t stream,
                        const char *service,
                        const char *method,
                        uint64_t timeout_usec,
                        const ProtobufCMessage *payload) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        Ttrpc__Request request = TTRPC__REQUEST__INIT;
        const int r = pack(payload, &buffer, &request.payload);

        if (r)
                return r;
        request.service = (char *)service;
        request.method = (char *)method;
        request.timeout_nano = (int64_t)timeout_usec * 1000;
        return write_message(out, id, stream, TTRPC_REQUEST, &request.base);
}

int ttrpc_write_response(Buffer *out,
                         uint32_t id,
                         uint32_t stream,
                         const ProtobufCMessage *payload) {
        _cleanup_(buffer_deinitp) Buffer buffer = {};
        Ttrpc__Response response = TTRPC__RESPONSE__INIT;
        const int r = pack(payload, &buffer, &response.payload);

        return r ? r : write_message(out, id, stream, TTRPC_RESPONSE, &response.base);
}

int ttrpc_write_failure(Buffer *out, uint32_t id, uint32_t stream, int code, const char *message) {
        Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
        Ttrpc__Response response = TTRPC__RESPONSE__INIT;

        status.code = code;
        status.message = (char *)message;
        response.status = &status;
        return write_message(out, id, stream, TTRPC_RESPONSE, &response.base);
}
