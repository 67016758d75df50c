/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Enforcement as messages. Inside this folder only. Everything is allocated from the arena, or is
 * the view's; -ENOMEM when the arena is full.
 */
#include "base/arena.h"
#include "service/enforce-view.h"
#include "slug/v1/enforce.pb-c.h"

/* @container_id: not "". NULL: slugd follows no such container. */
const EnforcedContainer *enforce_find_id(const EnforceView *view, const char *container_id);

_must_check_ int enforce_build_container(Arena *arena,
                                         const EnforceView *view,
                                         const EnforcedContainer *container,
                                         Slug__V1__EnforcedContainer **ret);
/* What the controller did for it, the newest last. */
_must_check_ int enforce_build_decisions(Arena *arena,
                                         const EnforcedContainer *container,
                                         Slug__V1__ExplainContainerResponse *message);
/* By namespace, pod and container: those that @request asks for. */
_must_check_ int enforce_build_list(Arena *arena,
                                    const EnforceView *view,
                                    const Slug__V1__ListEnforcedContainersRequest *request,
                                    Slug__V1__ListEnforcedContainersResponse *ret);
