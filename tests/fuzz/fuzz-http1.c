/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as what an HTTP/1.1 client says: heads, bodies, chunks, one request after another.
 */
#include "fuzz/fuzz.h"
#include "fuzz/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        serve(data, size, "");
        return 0;
}
