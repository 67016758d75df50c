/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What slugd gives to containers, into what the runtime is answered. Pure. Messages are @arena's,
 * and borrow their texts.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "nri/types.h"

/* What a container has, or is to have, of what is given. */
typedef struct Given {
        const char *mems; /* cpuset.mems; "": nothing is said of it */
        const char *low;  /* memory.low, bytes; "": the same */
} Given;

Given adjust_get_given(const Placement *placement);
/* Whether @has is what @wants says, where it says something. */
bool adjust_is_met(Given has, Given wants);

/* @preferred: of a memory policy MPOL_PREFERRED_MANY; "": none. Return: 0 or -ENOMEM. */
_must_check_ int adjust_build_creation(Arena *arena,
                                       Given wants,
                                       const char *preferred,
                                       Nri__Pkg__Api__V1alpha1__CreateContainerResponse *ret);
/* Return: 0 or -ENOMEM. */
_must_check_ int
adjust_build_update(Arena *arena, const char *container_id, Given wants, NriUpdate **ret);
/* @nri_version: "v0.12.1", as a runtime says it. Takes a memory policy. */
bool adjust_has_policy(const char *nri_version);
/*
 * Takes updates at any time. NRI before 0.12.1 (looked at from 0.6.1 on) has two locks for it,
 * and takes them the other way round than for an event: the runtime hangs for good when the two
 * meet (containerd/containerd#13733), as they do when other containers are being created. Its own
 * Synchronize is safe.
 */
bool adjust_has_calls(const char *nri_version);
