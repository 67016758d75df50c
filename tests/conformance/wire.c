/* SPDX-License-Identifier: Apache-2.0 */
#include "conformance/wire.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_MAX (16u * 1024 * 1024)

static const ProtobufCMessageDescriptor *const types[] = {
        &connectrpc__conformance__v1__unary_request__descriptor,
        &connectrpc__conformance__v1__idempotent_unary_request__descriptor,
        &connectrpc__conformance__v1__server_stream_request__descriptor,
        &connectrpc__conformance__v1__client_stream_request__descriptor,
        &connectrpc__conformance__v1__bidi_stream_request__descriptor,
        &connectrpc__conformance__v1__unimplemented_request__descriptor,
        &connectrpc__conformance__v1__conformance_payload__request_info__descriptor,
        &connectrpc__conformance__v1__unary_response__descriptor,
        &connectrpc__conformance__v1__server_stream_response__descriptor,
        &connectrpc__conformance__v1__header__descriptor,
        &connectrpc__conformance__v1__error__descriptor,
};
const JsonTypes wire_types = { .items = types, .n_items = ELEMENTSOF(types) };

void wire_die(const char *format, ...) {
        va_list args;

        va_start(args, format);
        (void)vfprintf(stderr, format, args);
        va_end(args);
        (void)fputc('\n', stderr);
        exit(EXIT_FAILURE);
}

void *wire_alloc(size_t n, size_t size) {
        void *piece = calloc(n > 0 ? n : 1, size);

        if (!piece)
                wire_die("out of memory");
        return piece;
}

/* Return: false at the end, if it comes before the first byte. */
static bool read_all(void *data, size_t n_data) {
        size_t n = 0;

        while (n < n_data) {
                const ssize_t n_read = read(STDIN_FILENO, (char *)data + n, n_data - n);

                if (n_read < 0 && errno == EINTR)
                        continue;
                if (n_read == 0 && n == 0)
                        return false;
                if (n_read <= 0)
                        wire_die("standard input ended in a message");
                n += (size_t)n_read;
        }
        return true;
}

ProtobufCMessage *wire_read(const ProtobufCMessageDescriptor *descriptor) {
        ProtobufCMessage *message;
        uint32_t length;
        void *data;

        if (!read_all(&length, sizeof(length)))
                return NULL;
        length = be32toh(length);
        if (length > MESSAGE_MAX)
                wire_die("a message of %u bytes on standard input", length);
        data = wire_alloc(length, 1);
        if (length > 0 && !read_all(data, length))
                wire_die("standard input ended before a message");
        message = protobuf_c_message_unpack(descriptor, NULL, length, data);
        free(data);
        if (!message)
                wire_die("standard input holds no %s", descriptor->name);
        return message;
}

static void write_all(const void *data, size_t n_data) {
        while (n_data > 0) {
                const ssize_t n = write(STDOUT_FILENO, data, n_data);

                if (n < 0)
                        wire_die("cannot write to standard output: %s", strerror(errno));
                data = (const char *)data + n;
                n_data -= (size_t)n;
        }
}

void wire_write(const ProtobufCMessage *message) {
        const size_t n = protobuf_c_message_get_packed_size(message);
        const uint32_t length = htobe32((uint32_t)n);
        uint8_t *data = wire_alloc(n, 1);

        (void)protobuf_c_message_pack(message, data);
        write_all(&length, sizeof(length));
        write_all(data, n);
        free(data);
}

static Header *find_header(Header *const *headers, size_t n_headers, const char *name) {
        for (size_t i = 0; i < n_headers; ++i)
                if (strcmp(headers[i]->name, name) == 0)
                        return headers[i];
        return NULL;
}

size_t wire_group(const RpcMetadata *metadata, Header ***ret) {
        Header **headers = wire_alloc(metadata->n_items, sizeof(*headers));
        size_t n_headers = 0;

        for (size_t i = 0; i < metadata->n_items; ++i) {
                const RpcHeader *item = &metadata->items[i];
                Header *header = find_header(headers, n_headers, item->name);

                if (!header) {
                        header = wire_alloc(1, sizeof(*header));
                        connectrpc__conformance__v1__header__init(header);
                        header->name = strdup(item->name);
                        header->value = wire_alloc(metadata->n_items, sizeof(char *));
                        headers[n_headers++] = header;
                }
                header->value[header->n_value++] = strdup(item->value);
        }
        *ret = headers;
        return n_headers;
}

Google__Protobuf__Any *wire_pack_any(const ProtobufCMessage *message) {
        Google__Protobuf__Any *any = wire_alloc(1, sizeof(*any));
        char url[256];

        google__protobuf__any__init(any);
        (void)snprintf(url, sizeof(url), "type.googleapis.com/%s", message->descriptor->name);
        any->type_url = strdup(url);
        any->value.len = protobuf_c_message_get_packed_size(message);
        any->value.data = wire_alloc(any->value.len, 1);
        (void)protobuf_c_message_pack(message, any->value.data);
        return any;
}
