/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reports and lists of pods as messages. Inside this folder only. Everything is allocated from the
 * arena; -ENOMEM when it is full.
 */
#include "service/memory-messages.h"
#include "service/pod-service.h"
#include "slug/v1/pod.pb-c.h"

/*
 * @usec: when it came. @ret: owns what it has, and outlives the message.
 * Return: 0, MEMORY_E_INVALID with @reterr, or -ENOMEM.
 */
_must_check_ int pod_read_report(Arena *arena,
                                 const Slug__V1__ReportPodsRequest *message,
                                 uint64_t usec,
                                 PodsReport **ret,
                                 Diag *reterr);

/* Pods by namespace, name and uid: those that @request asks for. */
_must_check_ int pod_build_list(Arena *arena,
                                const PodService *service,
                                const Slug__V1__ListPodsRequest *request,
                                Slug__V1__ListPodsResponse *ret);
/* What of the pod does not fit together, one sentence each. */
_must_check_ int pod_build_notes(Arena *arena,
                                 const PodService *service,
                                 const char *uid,
                                 const InventoryPod *pod,
                                 Slug__V1__ListedPod *message);
/* What a cgroup uses. @growth: NULL when it is not known. */
_must_check_ int pod_build_usage(Arena *arena,
                                 const HintsMachine *machine,
                                 const PodsUsage *usage,
                                 const PodsGrowth *growth,
                                 Slug__V1__PodUsage **ret);
/* How much the pod is worth, of what, and how sure that is. @pod: NULL: it has claims alone. */
_must_check_ int pod_build_size(Arena *arena,
                                const Ledger *ledger,
                                const char *uid,
                                const InventoryPod *pod,
                                Slug__V1__ListedPod *message);
