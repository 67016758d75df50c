/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/codec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"
#include "rpc/json-field.h"

/*
 * protobuf-c unpacks into the arena, so that a message costs no more than the arena's cap: 1 MiB of
 * empty submessages would be 35 MiB on the heap. It does not look at the text of strings; that is
 * done here, because the other end of a peer's peer refuses what is not UTF-8, and would refuse us.
 *
 * protobuf-c recurses as deep as a message nests. A type that can contain itself must not be taken
 * from a peer; none of ours can.
 */
typedef struct Unpacking {
        Arena *arena;
        bool is_full; /* the cap was met */
} Unpacking;

static void *allocate(void *cookie, size_t size) {
        Unpacking *unpacking = cookie;

        if (!arena_has_room(unpacking->arena, size))
                unpacking->is_full = true;
        return arena_alloc(unpacking->arena, size);
}

static void release(void *cookie _unused_, void *piece _unused_) {
}

static const char *find_bad_text(const ProtobufCMessage *message);

static bool is_text(const char *text) {
        const size_t n = text ? strlen(text) : 0;

        return utf8_valid_length(text ? text : "", n) == n;
}

static const char *find_bad_item(const ProtobufCFieldDescriptor *field, const void *where) {
        if (field->type == PROTOBUF_C_TYPE_STRING)
                return is_text(*(const char *const *)where) ? NULL : field->name;
        return *(const ProtobufCMessage *const *)where
                       ? find_bad_text(*(const ProtobufCMessage *const *)where)
                       : NULL;
}

static const char *find_bad_field(const ProtobufCMessage *message,
                                  const ProtobufCFieldDescriptor *field) {
        const void *where = json_field_member(message, field->offset);
        const char *bad = NULL;
        size_t n;

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
                n = *(const size_t *)json_field_member(message, field->quantifier_offset);
                for (size_t i = 0; i < n && !bad; ++i)
                        bad = find_bad_item(field,
                                            *(const char *const *)where + i * sizeof(void *));
                return bad;
        }
        if (json_field_is_oneof(field) &&
            *(const uint32_t *)json_field_member(message, field->quantifier_offset) != field->id)
                return NULL;
        return find_bad_item(field, where);
}

/* The name of the first string field that holds no UTF-8, or NULL. */
static const char *find_bad_text(const ProtobufCMessage *message) {
        const char *bad = NULL;

        for (unsigned i = 0; i < message->descriptor->n_fields && !bad; ++i) {
                const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

                if (field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE)
                        bad = find_bad_field(message, field);
        }
        return bad;
}

static int decode_proto(const char *data,
                        size_t n_data,
                        const ProtobufCMessageDescriptor *descriptor,
                        const JsonTypes *types _unused_,
                        Arena *arena,
                        ProtobufCMessage **ret,
                        Diag *reterr) {
        Unpacking unpacking = { .arena = arena };
        ProtobufCAllocator allocator = { .alloc = allocate,
                                         .free = release,
                                         .allocator_data = &unpacking };
        ProtobufCMessage *message;
        const char *bad;

        message = protobuf_c_message_unpack(descriptor, &allocator, n_data, (const uint8_t *)data);
        if (!message && unpacking.is_full) {
                diag_set(reterr, NULL, 0, 0, "the message needs too much memory");
                return CODEC_E_LIMIT;
        }
        if (!message) {
                diag_set(reterr, NULL, 0, 0, "the body is no %s in protobuf's form",
                         descriptor->name);
                return CODEC_E_MALFORMED;
        }
        bad = find_bad_text(message);
        if (bad) {
                diag_set(reterr, NULL, 0, 0, "field '%s' is not UTF-8", bad);
                return CODEC_E_MALFORMED;
        }
        *ret = message;
        return 0;
}

static void
encode_proto(const ProtobufCMessage *message, const JsonTypes *types _unused_, Buffer *buffer) {
        const size_t size = protobuf_c_message_get_packed_size(message);
        char *place = size > 0 ? buffer_extend(buffer, size) : NULL;

        if (place)
                (void)protobuf_c_message_pack(message, (uint8_t *)place);
}

static int decode_json(const char *data,
                       size_t n_data,
                       const ProtobufCMessageDescriptor *descriptor,
                       const JsonTypes *types,
                       Arena *arena,
                       ProtobufCMessage **ret,
                       Diag *reterr) {
        int r = json_decode(data, n_data, descriptor, types, arena, ret, reterr);

        if (r == JSON_E_MALFORMED)
                return CODEC_E_MALFORMED;
        return r == JSON_E_LIMIT ? CODEC_E_LIMIT : r;
}

static void encode_json(const ProtobufCMessage *message, const JsonTypes *types, Buffer *buffer) {
        json_encode(message, 0, types, buffer);
}

const RpcCodec rpc_codec_proto = { .name = "proto",
                                   .decode = decode_proto,
                                   .encode = encode_proto };
const RpcCodec rpc_codec_json = { .name = "json", .decode = decode_json, .encode = encode_json };

const RpcCodec *rpc_codec_find(const char *name, size_t n_name) {
        static const RpcCodec *const codecs[] = { &rpc_codec_proto, &rpc_codec_json };

        for (size_t i = 0; i < ELEMENTSOF(codecs); ++i)
                if (strlen(codecs[i]->name) == n_name && memcmp(codecs[i]->name, name, n_name) == 0)
                        return codecs[i];
        return NULL;
}
