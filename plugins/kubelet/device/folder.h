/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A folder of the kubelet's
 *
 * It may come after us, and be made anew when a node is set up again: what happens in it is told,
 * and that it is another one now. Watched with inotify, and looked at now and then in case that
 * says nothing.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/root.h"

typedef struct DeviceFolder DeviceFolder;

typedef struct DeviceFolderParams {
        sd_event *event;
        const Root *root; /* borrowed */
        /* Something has happened. @came: the name of a file that is there now, or NULL. */
        void (*happened)(const char *came, void *userdata);
        void *userdata;
} DeviceFolderParams;

_must_check_ int device_folder_new(const DeviceFolderParams *params, DeviceFolder **ret);
DeviceFolder *device_folder_free(DeviceFolder *folder);
DEFINE_CLEANUP(DeviceFolder *, device_folder_free);

/* @path: "": it is not known where it is. Copied. */
void device_folder_set_path(DeviceFolder *folder, const char *path);
const char *device_folder_get_path(const DeviceFolder *folder);
/* Of the folder, for reading; below 0: there is none now. */
int device_folder_get_fd(const DeviceFolder *folder);
/* Another number is another folder. */
unsigned device_folder_get_generation(const DeviceFolder *folder);
/*
 * It was not there when this process began, or it is not the one that was. What was put over its
 * place for this process alone, as a service's sandbox does, may then not be over this one.
 */
bool device_folder_is_late(const DeviceFolder *folder);
/* It was removed, and its place is held by something put over it: it cannot come back here. */
bool device_folder_is_dead(const DeviceFolder *folder);
