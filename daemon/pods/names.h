/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names in the cgroup tree of pods
 *
 * What the kubelet and the container runtimes call their cgroups, under both drivers. Pure: a name
 * in, what it stands for out. Whatever is no name of theirs stands for nothing, and is no error.
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "pods/tree.h"

typedef enum PodsNameKind {
        PODS_NAME_NONE,  /* no pod is in there */
        PODS_NAME_QOS,   /* the folder of a QoS class */
        PODS_NAME_POD,   /* a pod's */
        PODS_NAME_OTHER, /* a folder that somebody put in between */
} PodsNameKind;

typedef struct PodsName {
        PodsNameKind kind;
        QosClass qos;          /* of PODS_NAME_QOS */
        char uid[POD_UID_MAX]; /* of PODS_NAME_POD, as the kubelet writes it; or "" */
} PodsName;

/* @name: of a folder somewhere below kubepods, without its path. */
PodsName pods_name_parse(CgroupDriver driver, const char *name);

/* @name: of a folder in a pod's. False: it is no container's, and @id is "". */
bool pods_name_parse_container(const char *name, char id[static PODS_ID_MAX]);
