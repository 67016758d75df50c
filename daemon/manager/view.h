/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The view
 *
 * Settings and snapshot as the node's service takes them: borrowed pointers, and the texts that
 * have to be made first, which live here.
 */
#include "base/error.h"
#include "manager/settings.h"
#include "manager/snapshot.h"
#include "manager/store.h"
#include "service/node-service.h"

typedef struct ViewTexts {
        char name[CONFIG_NAME_MAX];
        char system_reserved[CONFIG_SOURCE_TEXT_MAX];
        char kube_reserved[CONFIG_SOURCE_TEXT_MAX];
        char eviction[CONFIG_SOURCE_TEXT_MAX];
        char placement[CONFIG_SOURCE_TEXT_MAX];
        char kubelet_problem[DIAG_FORMATTED_MAX];
        char reload_problem[DIAG_FORMATTED_MAX];
} ViewTexts;

/* Borrowed; outlives the view. */
typedef struct ViewParams {
        const Settings *settings;
        const Snapshot *snapshot;
        const History *history;
        const Store *store;
        const PodsView *pods;
        ChunksView *chunks;
        const QosView *qos;         /* NULL: nobody keeps limits */
        const EnforceView *enforce; /* NULL: nobody holds splits */
        const Diag *reload_problem; /* text "" when the last reload was good */
        OptU64 kubelet_seen_bytes;
        const char *root;
        uint64_t start_time_usec;
} ViewParams;

/* @texts: outlives the view, too. */
NodeView view_build(const ViewParams *params, ViewTexts *texts);
