/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Keeping limits by NUMA node
 *
 * On a kernel with memory.node_limit1 to 4: looks whether it is one, walks through all cgroups in
 * small parts of the loop's time, hears of those that come, and reads usage at an interval, which
 * is what makes that kernel see it. Experimental.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "manager/settings.h"
#include "manager/snapshot.h"
#include "service/qos-view.h"

typedef struct NodeLimits NodeLimits;

typedef struct NodeLimitsParams {
        sd_event *event;
        const Root *root;                /* borrowed, as is the next one */
        const QosView *qos;              /* where the levels are */
        Clock clock;                     /* monotonic */
        bool may_write;                  /* this machine, or a tree that is explicitly a fake one */
        void (*changed)(void *userdata); /* what the view tells */
        void *userdata;
} NodeLimitsParams;

_must_check_ int node_limits_new(const NodeLimitsParams *params, NodeLimits **ret);
NodeLimits *node_limits_free(NodeLimits *limits);
DEFINE_CLEANUP(NodeLimits *, node_limits_free);

/* Borrowed until the next ones come. After a withdrawal an operator's reload makes it go on. */
void node_limits_set(NodeLimits *limits,
                     const Settings *settings,
                     const Snapshot *snapshot,
                     bool is_reload);
/* After those of the QoS levels, whose places it takes: whether there is anything to be done, and a
 * walk through all cgroups when there is. */
void node_limits_look(NodeLimits *limits);
/* Those of the QoS levels were looked at: when they are somewhere else, it looks soon. */
void node_limits_note_levels(NodeLimits *limits);
/* Pods get the harmless value, and nothing is written until node_limits_set() says that the
 * configuration was read again. @done: once, never from here. Return: false when there is nothing
 * to be put back, and then @done is not called. */
bool node_limits_withdraw(NodeLimits *limits, void (*done)(void *userdata), void *userdata);
bool node_limits_is_withdrawing(const NodeLimits *limits);

/* Limits of a container's own, which go before those of its class: for whoever holds its split */

/* Whether they would be written here. @reason: a line that says why, or why not. After
 * node_limits_set(). */
bool node_limits_can_hold(NodeLimits *limits, char reason[static DIAG_TEXT_MAX]);
/* From now on, for its cgroup and all below. @mib: for each NUMA node, 0 for no limit. */
void node_limits_hold(NodeLimits *limits,
                      const char *path,
                      const uint64_t mib[static CGROUP_NODE_LIMITS]);
void node_limits_release(NodeLimits *limits, const char *path);

/* Stays where it is. */
const NodeLimitsView *node_limits_get_view(const NodeLimits *limits);
