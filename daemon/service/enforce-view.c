/* SPDX-License-Identifier: Apache-2.0 */
#include "service/enforce-view.h"

#include <string.h>

const EnforcedContainer *
enforce_view_find(const EnforceView *view, const char *pod_uid, const char *container) {
        for (size_t i = 0; i < view->n_containers; ++i)
                if (strcmp(view->containers[i]->pod_uid, pod_uid) == 0 &&
                    strcmp(view->containers[i]->container, container) == 0)
                        return view->containers[i];
        return NULL;
}
