/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the kubelet is told
 *
 * slugd's list of chunks as the kubelet's list of devices, one for each resource. Pure. What comes
 * from slugd is checked here: a resource's name becomes the name of a file.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "k8s/deviceplugin/v1beta1/deviceplugin.pb-c.h"
#include "slug/v1/chunk.pb-c.h"
#include "split/chunk.h"

#define ADVERTISE_RESOURCES_MAX 64u
#define ADVERTISE_TOPOLOGY_MAX  64u /* NUMA nodes of one device */
/* The kubelet takes 4 MiB of a message and drops the resource when there is more. */
#define ADVERTISE_BYTES_MAX (2u * 1024 * 1024)
#define ADVERTISE_ID_MAX    63u /* bytes, as the kubelet documents it */

enum {
        _ADVERTISE_E_SUCCESS,
        ADVERTISE_E_REFUSED, /* @reterr says what of slugd's list cannot be told */
};

typedef struct Advertised {
        Arena *arena;
        V1beta1__ListAndWatchResponse message;
        size_t n_healthy;
} Advertised;

/* Every resource has a name of ours, every chunk a resource and an id that the kubelet can take. */
_must_check_ int advertise_check(const Slug__V1__ChunkList *list, Diag *reterr);

/* NULL: the list has no such NUMA node. */
const Slug__V1__ChunkNumaNode *advertise_find_node(const Slug__V1__ChunkList *list, uint32_t id);

/*
 * The devices of list->resources[@resource]. @is_withdrawn: none of them may be given; they are
 * told all the same, because the kubelet stumbles over one that a pod has and no list.
 * @list: checked; not looked at afterwards. Return: 0, ADVERTISE_E_REFUSED, or -ENOMEM.
 */
_must_check_ int advertise_new(const Slug__V1__ChunkList *list,
                               size_t resource,
                               bool is_withdrawn,
                               Advertised **ret,
                               Diag *reterr);
Advertised *advertise_free(Advertised *advertised);
DEFINE_CLEANUP(Advertised *, advertise_free);
bool advertise_is_equal(const Advertised *a, const Advertised *b);
