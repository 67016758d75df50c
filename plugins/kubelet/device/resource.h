/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A resource as the kubelet has it
 *
 * Its list, its socket, and where its registration is. Whatever happens to it only asks for a step,
 * which is taken from the loop and never from within a call: a step may close the socket with all
 * calls on it.
 *
 * The kubelet watches a list once, and after that watch has ended it counts the resource as lost
 * until it is registered anew. So a watch that ends here is followed by a new socket: the old one
 * is closed first, and the kubelet gets a moment to see that, since it takes the end of an old
 * stream for that of a new one.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "kubelet/device/folder.h"
#include "kubelet/device/service.h"
#include "kubelet/peer.h"

typedef enum Registering {
        REGISTER_REGISTRY,       /* a socket in plugins_registry is all it takes */
        REGISTER_DEVICE_PLUGINS, /* a call of Register beside the kubelet's own socket */
        REGISTER_NONE,
        _REGISTERING_N,
} Registering;

typedef struct DeviceResource DeviceResource;

typedef struct DeviceResourceParams {
        sd_event *event;
        const Root *root;
        const DeviceFolder *folder;
        const ChunkSource *source;
        Allocator *allocator;
        Registering registering;
        Peer *kubelet;                  /* its Registration; NULL unless there is a call to it */
        void (*wanted)(void *userdata); /* a step is */
        /* The folder cannot be written to, and could be after a restart of this process. */
        void (*stuck)(void *userdata);
        void *userdata;
} DeviceResourceParams;

_must_check_ int
device_resource_new(const DeviceResourceParams *params, const char *name, DeviceResource **ret);
DeviceResource *device_resource_free(DeviceResource *resource);
DEFINE_CLEANUP(DeviceResource *, device_resource_free);

const char *device_resource_get_name(const DeviceResource *resource);
/* @list: taken. */
void device_resource_set_list(DeviceResource *resource, Advertised *list);
/* The kubelet's own socket is another one. */
void device_resource_note_kubelet(DeviceResource *resource);
/* Return: when the next one is due if nothing happens before; UINT64_MAX: never. */
uint64_t device_resource_step(DeviceResource *resource, uint64_t now_usec);

/* "sluglab.io-remote-memory-1gi.sock" */
#define DEVICE_SOCKET_PREFIX "sluglab.io-remote-memory-"
#define DEVICE_SOCKET_SUFFIX ".sock"
