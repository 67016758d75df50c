/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * May a container start?
 *
 * Only when slugd's configuration asks for it: what the kubelet gave it some time ago is still
 * claimed and sound. Pure.
 */
#include "base/arena.h"
#include "base/error.h"
#include "kubelet/device/grace.h"
#include "slug/v1/chunk.pb-c.h"
#include "split/chunk.h"

enum {
        _PRESTART_E_SUCCESS,
        PRESTART_E_REFUSED, /* @reterr names the chunk */
};

typedef struct PrestartParams {
        const Slug__V1__ChunkList *list; /* NULL: none is known */
        GraceState state; /* of the list; of one that is kept a chunk may have been claimed since */
        char *const *ids;
        size_t n_ids;
} PrestartParams;

/* Return: 0, PRESTART_E_REFUSED, or -ENOMEM. */
_must_check_ int prestart_check(const PrestartParams *params, Arena *arena, Diag *reterr);
