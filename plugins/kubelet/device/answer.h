/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a container gets with its chunks
 *
 * Annotations, which the runtime and NRI plugins see, and environment variables, which the
 * container sees. Pure.
 */
#include "base/arena.h"
#include "k8s/deviceplugin/v1beta1/deviceplugin.pb-c.h"
#include "slug/v1/chunk.pb-c.h"

#define ANSWER_ANNOTATION_CLAIM "memory.sluglab.io/claim"
#define ANSWER_ANNOTATION_SPLIT "memory.sluglab.io/split"
#define ANSWER_ENV_CLAIM        "SLUG_CLAIM"
#define ANSWER_ENV_BYTES        "SLUG_REMOTE_BYTES"
#define ANSWER_ENV_NODES        "SLUG_REMOTE_NUMA_NODES"

/* @cdi_device: "" for none. Memory is @arena's, all of it. Return: 0 or -ENOMEM. */
_must_check_ int answer_container(const Slug__V1__AllocateChunksResponse *response,
                                  const char *cdi_device,
                                  Arena *arena,
                                  V1beta1__ContainerAllocateResponse *ret);
