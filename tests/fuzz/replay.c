/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/fuzz.h"

/*
 * The stand-in for libFuzzer: feeds every file named on the command line to the target once, so
 * that the corpus is a regression test with any compiler. Each input lies in a heap block of
 * exactly its size, where AddressSanitizer sees a read of one byte too many. A file that cannot be
 * read, one that is too large, and no file at all are failures: a test that ran nothing must not
 * look like a pass.
 *
 * In a fuzzing build main() is libFuzzer's and nothing of this exists.
 */
#ifndef SLUG_FUZZING

#        include <stdio.h>
#        include <stdlib.h>

#        include "base/cleanup.h"

#        define INPUT_MAX (1024u * 1024)

static FILE *stream_close(FILE *stream) {
        if (stream)
                (void)fclose(stream);
        return NULL;
}
DEFINE_CLEANUP(FILE *, stream_close);

static int read_input(const char *path, unsigned char *buffer, size_t *ret_n) {
        _cleanup_(stream_closep) FILE *stream = fopen(path, "re");
        size_t n = 0;

        if (!stream)
                return -errno;
        n = fread(buffer, 1, INPUT_MAX + 1, stream);
        if (ferror(stream))
                return -EIO;
        if (n > INPUT_MAX)
                return -EFBIG;
        *ret_n = n;
        return 0;
}

static int replay(const char *path, unsigned char *buffer) {
        _cleanup_(freep) unsigned char *input = NULL;
        unsigned char *start;
        size_t n = 0;
        int r;

        r = read_input(path, buffer, &n);
        if (r < 0)
                return r;
        input = malloc(n > 0 ? n : 1);
        if (!input)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i)
                input[i] = buffer[i];
        /*
         * An empty input has an address that may not be read at all: one past the end of its block.
         */
        start = n > 0 ? input : input + 1;
        (void)LLVMFuzzerTestOneInput(start, n);
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_(freep) unsigned char *buffer = malloc(INPUT_MAX + 1);

        if (!buffer || argc < 2) {
                fprintf(stderr, "usage: %s FILE...\n", argv[0]);
                return EXIT_FAILURE;
        }
        for (int i = 1; i < argc; ++i) {
                int r = replay(argv[i], buffer);

                if (r < 0) {
                        errno = -r;
                        fprintf(stderr, "%s: %m\n", argv[i]);
                        return EXIT_FAILURE;
                }
        }
        return EXIT_SUCCESS;
}

#endif
