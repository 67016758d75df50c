/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The device plugin
 *
 * What slugd says of chunks, told to the kubelet as devices of extended resources, and what the
 * kubelet gives to containers, told to slugd. Owns everything of it.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/root.h"
#include "kubelet/device/resource.h"

typedef struct DevicePlugin DevicePlugin;

typedef struct DevicePluginParams {
        sd_event *event;
        const Root *root;                 /* of the kubelet's folders; borrowed */
        const char *socket;               /* slugd's */
        Registering registering;          /* not none */
        void (*happened)(void *userdata); /* chunks were given to a container */
        void *userdata;
} DevicePluginParams;

/* Return: 0, -ENAMETOOLONG for the path of a socket that is too long, or an errno. A folder that
 * only another process could write to ends the loop with -EROFS. */
_must_check_ int device_plugin_new(const DevicePluginParams *params, DevicePlugin **ret);
DevicePlugin *device_plugin_free(DevicePlugin *plugin);
DEFINE_CLEANUP(DevicePlugin *, device_plugin_free);

/* Of the ledger, when slugd listed its chunks last; 0: it is not known now. */
uint64_t device_plugin_get_ledger_generation(const DevicePlugin *plugin);

/* Where the kubelet's folder is now; "": nobody knows. */
void device_plugin_set_kubelet_dir(DevicePlugin *plugin, const char *dir);

/* "registry", "device-plugins", "none". */
bool device_registering_parse(const char *text, Registering *ret);
