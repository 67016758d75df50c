/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as the frames of an HTTP/2 client, behind its preface.
 */
#include "fuzz/frames.h"
#include "fuzz/fuzz.h"
#include "fuzz/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        serve(data, size, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        return 0;
}

#ifdef SLUG_FUZZING
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
        static const FrameHeader headers[] = {
                { ":method", "POST" },
                { ":method", "GET" },
                { ":scheme", "http" },
                { ":authority", "localhost" },
                { ":path", "/t.S/M" },
                { ":path", "/t.S/Get" },
                { ":path", "/t.S/Get?encoding=json&message=%7B%7D&connect=v1" },
                { ":path", "/t.S/Large" },
                { ":path", "/t.S/Never" },
                { ":path", "/t.S/Watch" },
                { ":path", "/t.S/Flood" },
                { ":path", "/t.S/Echo" },
                { ":path", "/t.S/Collect" },
                { ":path", "/t.S/Admin" },
                { ":path", "/healthz" },
                { "content-type", "application/grpc" },
                { "content-type", "application/grpc+json" },
                { "content-type", "application/json" },
                { "content-type", "application/proto" },
                { "content-type", "application/connect+json" },
                { "content-type", "application/connect+proto" },
                { "te", "trailers" },
                { "grpc-timeout", "1S" },
                { "grpc-timeout", "1n" },
                { "grpc-encoding", "gzip" },
                { "connect-timeout-ms", "1000" },
                { "connect-protocol-version", "1" },
                { "connect-content-encoding", "identity" },
                { "content-length", "7" },
                { "expect", "100-continue" },
                { "x-key-bin", "AAEC" },
        };
        /* what is enough to be taken: method, scheme, authority, path, type */
        static const FrameHead heads[] = {
                { { 0, 2, 3, 4, 15 } },  { { 0, 2, 3, 8, 15 } },  { { 0, 2, 3, 9, 15 } },
                { { 0, 2, 3, 10, 15 } }, { { 0, 2, 3, 11, 15 } }, { { 0, 2, 3, 12, 15 } },
                { { 0, 2, 3, 11, 16 } }, { { 0, 2, 3, 5, 17 } },  { { 0, 2, 3, 7, 18 } },
                { { 0, 2, 3, 11, 19 } }, { { 0, 2, 3, 9, 20 } },  { { 1, 2, 3, 6, 30 } },
        };

        return frames_mutate(&(const FrameWords){ .headers = headers,
                                                  .n_headers = ELEMENTSOF(headers),
                                                  .heads = heads,
                                                  .n_heads = ELEMENTSOF(heads) },
                             data, size, max_size, seed, SERVE_OPTIONS_BYTES);
}
#endif
