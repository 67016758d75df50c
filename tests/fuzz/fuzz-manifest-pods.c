/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as a Kubernetes manifest. Either there are pods, each with a name, a uid and containers,
 * that can be written as a request; or a diagnostic says why not.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "manifest/manifest-pods.h"
#include "rpc/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        _cleanup_(buffer_deinitp) Buffer text = {};
        ManifestPods pods = {};
        Diag diag = {};
        int r;

        if (arena_new(MANIFEST_PODS_ARENA_MAX, &arena) < 0)
                return 0;
        r = manifest_pods_read(arena, "input", (const char *)data, size, &pods, &diag);
        if (r != 0) {
                if (r != MANIFEST_PODS_E_INVALID || !diag.text[0])
                        abort();
                return 0;
        }
        if (pods.n_items == 0 || pods.n_items > MANIFEST_PODS_MAX)
                abort();
        text.max = 1u << 20;
        for (size_t i = 0; i < pods.n_items; ++i) {
                const Slug__V1__Pod *pod = pods.items[i];

                if (!pod->name[0] || !pod->uid[0] || pod->n_containers == 0)
                        abort();
                json_encode(&pod->base, 0, NULL, &text);
        }
        return 0;
}
