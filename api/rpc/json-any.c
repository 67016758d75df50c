/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/json-any.h"

#include <string.h>

#include "rpc/json.h"

/*
 * google.protobuf.Any is the one type whose JSON cannot be told from its descriptor: what is in it
 * is a message of the type that "@type" names, with its fields beside that name. Only types that
 * the caller knows can be read or written; the others stay bytes in "value".
 */
bool json_any_is(const ProtobufCMessageDescriptor *descriptor) {
        return descriptor->n_fields == 2 && strcmp(descriptor->name, "google.protobuf.Any") == 0;
}

const ProtobufCMessageDescriptor *
json_any_find(const JsonTypes *types, const char *url, size_t n_url) {
        const char *slash = memrchr(url, '/', n_url);
        const char *name = slash ? slash + 1 : url;
        const size_t n_name = n_url - (size_t)(name - url);

        for (size_t i = 0; i < types->n_items; ++i)
                if (strlen(types->items[i]->name) == n_name &&
                    memcmp(types->items[i]->name, name, n_name) == 0)
                        return types->items[i];
        return NULL;
}
