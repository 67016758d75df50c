/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as what a runtime tells of a container, and as a cgroupsPath. What comes out is a path
 * below the cgroup root: it has no part that is empty or leads up.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "kubelet/spec.h"

static void must(bool is_true) {
        if (!is_true)
                abort();
}

static void check_path(const char *path) {
        must(path[0] != '\0' && path[0] != '/' && strlen(path) < SPEC_CGROUP_MAX);
        for (;;) {
                const size_t n = strcspn(path, "/");

                must(n > 0 && strncmp(path, "../", 3) != 0 && strcmp(path, "..") != 0);
                if (path[n] == '\0')
                        return;
                path += n + 1;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char *text = malloc(size + 1), path[SPEC_CGROUP_MAX];
        Spec spec = {};
        Diag diag = {};
        int r;

        if (!text)
                return 0;
        memcpy(text, data, size);
        text[size] = '\0';
        r = spec_parse(text, size, &spec, &diag);
        must(r == 0 || (r == SPEC_E_INVALID && diag.text[0]));
        if (r == 0 && spec.cgroup[0])
                check_path(spec.cgroup);
        if (spec_normalise_cgroup(text, path) == 0)
                check_path(path);
        free(text);
        return 0;
}
