/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The kubelet's amounts beside slugd's
 *
 * The Static memory manager counts memory and huge pages of each NUMA node once, when the kubelet
 * starts, and promises of them from then on. slugd counts in the same way what is there now.
 */
#include "capacity/capacity.h"
#include "service/pods-view.h"

typedef enum KubeletAllocatable {
        KUBELET_ALLOCATABLE_AGREES,
        KUBELET_ALLOCATABLE_NOT_STATIC,
        KUBELET_ALLOCATABLE_NOT_REPORTED,
        KUBELET_ALLOCATABLE_DIFFERS,
        _KUBELET_ALLOCATABLE_N,
} KubeletAllocatable;

/* @view: may be NULL. @ret_message: a sentence with the mend in it; of several NUMA nodes that
 * differ the lowest. */
KubeletAllocatable
kubelet_allocatable_judge(const PodsView *view, const Capacity *capacity, Diag *ret_message);
