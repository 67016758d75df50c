/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a runtime tells of a container when it is verbose
 *
 * No field of the CRI has a container's cgroup. containerd and CRI-O answer a verbose
 * ContainerStatus with a JSON text, and in it is the specification that their OCI runtime got:
 * "runtimeSpec", of which the cgroup and the memory limit are taken.
 */
#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/cleanup.h"
#include "base/error.h"

#define SPEC_CGROUP_MAX 512u /* with the NUL */
#define SPEC_INFO_MAX   (4u * 1024 * 1024)

typedef struct Spec {
        char cgroup[SPEC_CGROUP_MAX]; /* below the cgroup root, no leading slash; "": not told */
        OptU64 memory_limit_bytes;    /* 0: it has none; absent: not told */
} Spec;

enum {
        _SPEC_E_SUCCESS,
        SPEC_E_INVALID, /* @reterr says what is wrong */
};

/* @info: the text under "info" of the answer. Return: 0, SPEC_E_INVALID, or -ENOMEM. */
_must_check_ int spec_parse(const char *info, size_t n_info, Spec *ret, Diag *reterr);

/*
 * spec_normalise_cgroup() - an OCI cgroupsPath as a path below the cgroup root
 *
 * "/kubepods/burstable/pod1/id" is one already, but for its slash; "kubepods-pod1.slice:crio:id" is
 * "kubepods.slice/kubepods-pod1.slice/crio-id.scope". Return: 0 or SPEC_E_INVALID.
 */
_must_check_ int spec_normalise_cgroup(const char *path, char ret[static SPEC_CGROUP_MAX]);
