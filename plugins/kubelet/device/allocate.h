/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Chunks for a container
 *
 * The kubelet's Allocate becomes slugd's AllocateChunks, one after the other when there are several
 * containers in it. The kubelet sets no deadline and admits one pod at a time, so there is one
 * here; until it has passed a slugd that is away, or not ready, is tried again.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "k8s/deviceplugin/v1beta1/deviceplugin.pb-c.h"
#include "rpc/client.h"
#include "rpc/method.h"
#include "split/chunk.h"

#define ALLOCATE_USEC (2 * USEC_PER_SEC)
/* Above it a pod's status becomes large: the kubelet writes an entry for each device into it, and
 * etcd takes 1.5 MiB of an object. */
#define ALLOCATE_MANY         256u
#define ALLOCATE_REQUESTS_MAX 64u

typedef struct Allocator Allocator;

typedef struct AllocatorParams {
        sd_event *event;
        RpcClient *client;                /* of slugd; borrowed */
        void (*happened)(void *userdata); /* chunks were given */
        void *userdata;
} AllocatorParams;

_must_check_ int allocator_new(const AllocatorParams *params, Allocator **ret);
/* After whatever has calls that it answers, and before its client. */
Allocator *allocator_free(Allocator *allocator);
DEFINE_CLEANUP(Allocator *, allocator_free);

/* From a handler; takes the call. @cdi_device: "" for none; copied, as @resource is. */
void allocator_start(Allocator *allocator,
                     RpcCall *call,
                     const char *resource,
                     const char *cdi_device,
                     const V1beta1__AllocateRequest *request);
