/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One pod in full, in the manner of `kubectl describe pod`. */
#include "slug/v1/pod.pb-c.h"
#include "slugctl/output.h"

enum {
        _DESCRIBE_POD_E_SUCCESS,
        DESCRIBE_POD_E_UNKNOWN,   /* no pod is called so */
        DESCRIBE_POD_E_AMBIGUOUS, /* several are */
};

/* @words: "NAME", "NAMESPACE/NAME" or a uid. @complaint: gets what to say instead, with the names
 * that may have been meant, a line each. Return: 0, or DESCRIBE_POD_E_*. */
_must_check_ int describe_pod_find(const Slug__V1__ListPodsResponse *response,
                                   const char *words,
                                   const Slug__V1__ListedPod **ret,
                                   const Style *style,
                                   Buffer *complaint);

void describe_pod_append(const Slug__V1__ListedPod *pod, const Style *style, Buffer *buffer);
