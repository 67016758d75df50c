/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mktree FILE.tree DIR: makes the files that a .tree file describes, for tests written in shell and
 * for people who want a machine to look at. DIR is made when it is missing; "-" reads from standard
 * input.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/tree.h"

int main(int argc, char **argv) {
        char text[DIAG_FORMATTED_MAX];
        const char *file;
        Diag diag;
        int r;

        if (argc != 3) {
                (void)fprintf(stderr, "usage: mktree FILE.tree DIR\n");
                return 2;
        }
        file = strcmp(argv[1], "-") == 0 ? "/dev/stdin" : argv[1];
        if (mkdir(argv[2], 0755) < 0 && errno != EEXIST) {
                (void)fprintf(stderr, "mktree: cannot make '%s': %s\n", argv[2], strerror(errno));
                return 1;
        }
        r = tree_materialise(file, argv[2], &diag);
        if (r > 0)
                (void)fprintf(stderr, "mktree: %s\n", diag_format(&diag, text));
        else if (r < 0)
                (void)fprintf(stderr, "mktree: '%s' into '%s': %s\n", file, argv[2], strerror(-r));
        return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
