/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a pod asks for: its containers, its own resources, and our annotations. */
#include "base/arena.h"
#include "manifest/manifest.h"
#include "slug/v1/memory.pb-c.h"

typedef struct PodSpecReader {
        Manifest *manifest;
        Arena *arena;
} PodSpecReader;

/* @object: where the pod stands. @metadata, @spec: NULL: there is none. @pod: gets all but names
 * and class. Return: 0, MANIFEST_E_INVALID, or -ENOMEM. */
_must_check_ int pod_spec_read(PodSpecReader *self,
                               const yaml_node_t *object,
                               yaml_node_t *metadata,
                               yaml_node_t *spec,
                               Slug__V1__Pod *pod);
