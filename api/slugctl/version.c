/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "slugctl/verb.h"

static int run(const VerbContext *context) {
        (void)context;
        (void)printf("slugctl %s\n", PACKAGE_VERSION);
        return EXIT_SUCCESS;
}

const Verb verb_version = {
        .name = "version",
        .arguments = "",
        .summary = "the version of slugctl itself",
        .help = "Prints the version of slugctl itself; that of slugd is in describe-node.\n",
        .run = run,
};
