/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/metadata.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "rpc/base64.h"

#define START_ITEMS 16u

static RpcHeader *append(RpcMetadata *metadata, Arena *arena) {
        if (metadata->n_items == metadata->n_allocated) {
                size_t n = metadata->n_allocated > 0 ? metadata->n_allocated * 2 : START_ITEMS;
                RpcHeader *items = arena_alloc_array(arena, n, sizeof(*items));

                if (!items)
                        return NULL;
                if (metadata->n_items > 0)
                        memcpy(items, metadata->items, metadata->n_items * sizeof(*items));
                metadata->items = items;
                metadata->n_allocated = n;
        }
        return &metadata->items[metadata->n_items];
}

/* ASCII only: the locale has no say in a protocol. */
static char to_lower(char c) {
        return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_in(char c, char first, char last) {
        return c >= first && c <= last;
}

int metadata_add(RpcMetadata *metadata,
                 Arena *arena,
                 const char *name,
                 size_t n_name,
                 const char *value,
                 size_t n_value) {
        RpcHeader *header = append(metadata, arena);
        char *text = header ? arena_alloc(arena, n_name + n_value + 2) : NULL;

        if (!text)
                return -ENOMEM;
        for (size_t i = 0; i < n_name; ++i)
                text[i] = to_lower(name[i]);
        if (n_value > 0)
                memcpy(text + n_name + 1, value, n_value);
        *header = (RpcHeader){ .name = text, .value = text + n_name + 1 };
        ++metadata->n_items;
        return 0;
}

int metadata_add_static(RpcMetadata *metadata, Arena *arena, const char *name, const char *value) {
        RpcHeader *header = append(metadata, arena);

        if (!header)
                return -ENOMEM;
        *header = (RpcHeader){ .name = name, .value = value };
        ++metadata->n_items;
        return 0;
}

int metadata_add_binary(RpcMetadata *metadata,
                        Arena *arena,
                        const char *name,
                        const uint8_t *data,
                        size_t n_data) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        base64_append_unpadded(&text, data, n_data);
        if (buffer_finish(&text) < 0)
                return -ENOMEM;
        return metadata_add(metadata, arena, name, strlen(name), text.data, text.n_data);
}

const char *metadata_find(const RpcMetadata *metadata, const char *name) {
        for (size_t i = 0; i < metadata->n_items; ++i)
                if (strcmp(metadata->items[i].name, name) == 0)
                        return metadata->items[i].value;
        return NULL;
}

size_t metadata_count(const RpcMetadata *metadata, const char *name) {
        size_t n = 0;

        for (size_t i = 0; i < metadata->n_items; ++i)
                n += strcmp(metadata->items[i].name, name) == 0;
        return n;
}

bool metadata_is_custom_name(const char *name) {
        static const char *const reserved[] = {
                "connection",
                "content-encoding",
                "content-length",
                "content-type",
                "date",
                "host",
                "te",
                "trailer",
                "upgrade",
                "keep-alive",
                "allow",
                "transfer-encoding",
                "accept-post",
        };

        if (!*name || strncmp(name, "grpc-", 5) == 0 || strncmp(name, "connect-", 8) == 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(reserved); ++i)
                if (strcmp(name, reserved[i]) == 0)
                        return false;
        for (; *name; ++name)
                if (!is_in(*name, 'a', 'z') && !is_in(*name, '0', '9') && !strchr("-_.", *name))
                        return false;
        return true;
}

bool metadata_is_value(const char *value) {
        for (; *value; ++value)
                if (*value < 0x20 || *value > 0x7e)
                        return false;
        return true;
}
