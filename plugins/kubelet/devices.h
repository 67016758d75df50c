/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * kubelet_internal_checkpoint
 *
 * Which device ids the kubelet has given to which container: the device manager's own file, and the
 * only place where they stand with a pod's uid. Only resources of ours are kept.
 *
 * Source: k8s.io/kubernetes pkg/kubelet/cm/devicemanager/checkpoint, read at 1.36.3.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/root.h"

#define DEVICES_DIR      "/var/lib/kubelet/device-plugins" /* whatever the root directory is */
#define DEVICES_NAME     "kubelet_internal_checkpoint"
#define DEVICES_FILE_MAX (16u * 1024 * 1024)

typedef struct DeviceEntry {
        const char *pod_uid;
        const char *container;
        const char *resource; /* "sluglab.io/remote-memory-1gi" */
        const char **ids;     /* sorted, none twice */
        size_t n_ids;
} DeviceEntry;

/* Read-only, one piece of memory. */
typedef struct Devices {
        DeviceEntry *entries; /* by pod, container and resource */
        size_t n_entries;
} Devices;

enum {
        _DEVICES_E_SUCCESS,
        DEVICES_E_ABSENT,  /* there is no such file */
        DEVICES_E_INVALID, /* @reterr: file, place, and what is wrong */
};

/* Tolerant: ids by NUMA node or (kubelets before 1.20) as a plain list, unknown keys, a checksum
 * that does not fit. Return: 0, DEVICES_E_*, or an errno. */
_must_check_ int devices_read(const Root *root, Devices **ret, Diag *reterr);
/* The same of text; @source: for the diag. */
_must_check_ int
devices_parse(const char *source, const char *text, size_t n_text, Devices **ret, Diag *reterr);
Devices *devices_free(Devices *devices);
DEFINE_CLEANUP(Devices *, devices_free);
/* Entries of a container: *ret_n of them from the one that is returned; NULL: none. */
const DeviceEntry *
devices_find(const Devices *devices, const char *pod_uid, const char *container, size_t *ret_n);
