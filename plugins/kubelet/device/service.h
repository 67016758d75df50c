/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is served for a resource
 *
 * The kubelet's DevicePlugin and, for its plugins_registry folder, its Registration; both on one
 * socket. Knows no socket.
 */
#include "kubelet/device/advertise.h"
#include "kubelet/device/allocate.h"
#include "kubelet/device/source.h"
#include "rpc/method.h"
#include "rpc/watchers.h"

typedef struct DeviceServiceParams {
        const char *resource; /* borrowed, as all of these */
        const ChunkSource *source;
        Allocator *allocator;
        void (*watched)(void *userdata); /* the kubelet is told the list from now on */
        void (*left)(void *userdata);    /* it is not any more */
        /* The kubelet says what became of a registration. @error: "" when it took it. */
        void (*registered)(const char *error, void *userdata);
        void *userdata;
} DeviceServiceParams;

/* Does not move once it is served. */
typedef struct DeviceService {
        DeviceServiceParams params;
        Advertised *list;
        uint64_t sequence; /* of the list */
        RpcWatchers watchers;
        RpcService plugin, registration;
        const RpcService *services[2];
        RpcTable table;
} DeviceService;

void device_service_init(DeviceService *service, const DeviceServiceParams *params);
/* Not while it is served. */
void device_service_deinit(DeviceService *service);

/* @list: taken. Told to whoever watches, when it says something else than the one before. */
void device_service_set_list(DeviceService *service, Advertised *list);
/* What the kubelet asks for once, when it connects. */
V1beta1__DevicePluginOptions device_service_get_options(const ChunkSource *source);
/* root, and who this process is anyway. */
RpcRole device_service_get_role(const RpcPeer *peer, void *userdata);
