/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/enforce.h"

#include <assert.h>
#include <string.h>

static const char *const backend_names[] = {
        [ENFORCE_NODE_LIMIT] = "node_limit", [ENFORCE_RECLAIM] = "reclaim",
        [ENFORCE_DAMOS] = "damos",           [ENFORCE_MIGRATE] = "migrate",
        [ENFORCE_OBSERVE] = "observe",
};
static_assert(ELEMENTSOF(backend_names) == _ENFORCE_BACKEND_N, "every backend has a name");

const char *enforce_backend_name(EnforceBackend backend) {
        return backend_names[backend];
}

bool enforce_backend_parse(const char *text, EnforceBackend *ret) {
        for (size_t i = 0; i < ELEMENTSOF(backend_names); ++i)
                if (strcmp(backend_names[i], text) == 0) {
                        *ret = (EnforceBackend)i;
                        return true;
                }
        return false;
}

static const char *const status_names[] = {
        [ENFORCE_HELD] = "held",           [ENFORCE_DEMOTING] = "demoting",
        [ENFORCE_PROMOTING] = "promoting", [ENFORCE_WAITING] = "waiting",
        [ENFORCE_FAILED] = "failed",       [ENFORCE_OBSERVED] = "observed",
        [ENFORCE_ABSENT] = "absent",
};
static_assert(ELEMENTSOF(status_names) == _ENFORCE_STATUS_N, "every status has a name");

const char *enforce_status_name(EnforceStatus status) {
        return status_names[status];
}
