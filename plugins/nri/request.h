/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Containers as the runtime tells them, into what slugd is asked. Pure.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "nri/types.h"

/* Of a container, by slug-kubelet's device plugin: the first of its chunks. */
#define REQUEST_ANNOTATION_CLAIM "memory.sluglab.io/claim"
/* Of a container's own files in cgroup v2, the one that is given. */
#define REQUEST_LOW "memory.low"

/* It has chunks, or an annotation that asks for a split. All others are nobody's business. */
bool request_asks(const NriPod *pod, const NriContainer *container);
/* Of @arena, but borrows texts of @pod and @container. Return: 0 or -ENOMEM. */
_must_check_ int
request_build(Arena *arena, const NriPod *pod, const NriContainer *container, Admitted **ret);

/* What of it is set: cpuset.mems, a file of cgroup v2; "" when it is not. @resources: or NULL. */
const char *request_get_mems(const NriResources *resources);
const char *request_get_unified(const NriResources *resources, const char *file);
static inline const NriResources *request_get_resources(const NriContainer *container) {
        return container->linux ? container->linux->resources : NULL;
}
