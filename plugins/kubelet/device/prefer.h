/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Which chunks of those that are free
 *
 * The kubelet has some to choose from and asks which. Pure, deterministic, and polynomial.
 *
 *   pack    out of as few NUMA nodes as it takes, those first that must be used anyway; of those
 *           that hold all of it the one with the least room, so that large holes stay
 *   spread  so that the NUMA nodes that give any give alike
 *   near    near to the CPUs first, then as pack. Which CPUs the kubelet has aligned to it does not
 *           say; what all chunks that it offers have in common in their topology tells it.
 *
 * Within a NUMA node the lowest numbers. What slugd has not listed is taken last.
 */
#include "base/arena.h"
#include "base/error.h"
#include "k8s/deviceplugin/v1beta1/deviceplugin.pb-c.h"
#include "slug/v1/chunk.pb-c.h"

/* Ids of one request; more than there can be. */
#define PREFER_IDS_MAX 16384u

enum {
        _PREFER_E_SUCCESS,
        PREFER_E_INVALID, /* @reterr says what cannot be in a request */
};

/*
 * @list: checked; NULL: none is known. Memory is @arena's, and texts are those of @request.
 * Return: 0, PREFER_E_INVALID, or -ENOMEM.
 */
_must_check_ int prefer_chunks(const Slug__V1__ChunkList *list,
                               const V1beta1__ContainerPreferredAllocationRequest *request,
                               Arena *arena,
                               V1beta1__ContainerPreferredAllocationResponse *ret,
                               Diag *reterr);
