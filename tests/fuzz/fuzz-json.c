/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as the body of a request. What is taken is written as a text that is taken again and
 * written the same.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "rpc/json.h"
#include "slug/v1/topology.pb-c.h"

#define ARENA_MAX (1u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(arena_freep) Arena *arena = NULL, *again = NULL;
        _cleanup_(buffer_deinitp) Buffer first = {}, second = {};
        const ProtobufCMessageDescriptor *descriptor = &slug__v1__topology__descriptor;
        ProtobufCMessage *message;
        Diag diag;

        if (arena_new(ARENA_MAX, &arena) < 0 || arena_new(64 * ARENA_MAX, &again) < 0)
                return 0;
        if (json_decode((const char *)data, size, descriptor, NULL, arena, &message, &diag) != 0)
                return 0;
        json_encode(message, 0, NULL, &first);
        if (buffer_finish(&first) < 0)
                return 0;
        if (json_decode(first.data, first.n_data, descriptor, NULL, again, &message, &diag) != 0)
                abort();
        json_encode(message, 0, NULL, &second);
        if (buffer_finish(&second) < 0 || strcmp(first.data, second.data) != 0)
                abort();
        return 0;
}
