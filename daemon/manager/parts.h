/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the manager is made of
 *
 * For its own files: two put it together and take it apart, one runs it, one only withdraws.
 */
#include <signal.h>
#include <systemd/sd-event.h>

#include "base/root.h"
#include "manager/asked.h"
#include "manager/chunks-keeper.h"
#include "manager/crew.h"
#include "manager/enforce-keeper.h"
#include "manager/imports.h"
#include "manager/machine-settings.h"
#include "manager/manager.h"
#include "manager/node-limits.h"
#include "manager/pods-keeper.h"
#include "manager/qos-events.h"
#include "manager/qos-keeper.h"
#include "manager/served.h"
#include "manager/settings.h"
#include "manager/sighting.h"
#include "manager/snapshot.h"
#include "manager/store.h"
#include "manager/view.h"
#include "manager/watch.h"
#include "rpc/server.h"
#include "topology/changes.h"

struct Manager {
        Clock clock, wall_clock;
        Root root;
        const char *config_file; /* borrowed; NULL: the default below the root */
        Settings *settings;
        Diag reload_problem; /* of the last reload; text "" when it was good */

        sd_event *event;
        Watch *watch;
        bool has_look_failed; /* said once, until it works again */
        bool is_stopping;

        Sighting sighting; /* of the kubelet that runs now */

        Snapshot snapshot;
        ViewTexts texts;
        History history;
        TopologyChanges changes; /* room to compare in */
        uint64_t start_time_usec;
        Crew *crew;
        Store *store;
        Imports imports;
        PodsKeeper *keeper;
        QosKeeper *limits;
        NodeLimits *node_limits;
        MachineSettings *machine_settings;
        NodeWithdrawn withdrawn; /* whoever waits for limits and settings to be put back */
        void *withdrawn_userdata;
        QosWithdrawal withdrawal; /* what it is told */
        CgroupHistory cgroup_history;
        QosEvents *events;
        NodeService service;
        MemoryService memory;
        PodService pods;
        CgroupService cgroups;
        ChunkService chunks;
        ChunksKeeper *chunks_keeper;
        EnforceService enforce;
        EnforceKeeper *splits;
        Asked *asked;
        Served served;
        RpcServer *server;
};

/* Callbacks, all with the manager as @userdata. */
void manager_on_changed(void *userdata); /* the ledger, pods, limits: whoever watches is told */
void manager_on_look(void *userdata);
int manager_on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata);
int manager_on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata);

/* Return: 0, MANAGER_E_CONFIG, or -ENOMEM. */
_must_check_ int manager_load_settings(const Manager *manager, Settings **ret, Diag *reterr);
/* Looks at the machine again. Return: 0, also when nothing changed, or -ENOMEM with nothing
 * changed. */
_must_check_ int manager_refresh(Manager *manager);
/* After the pods, whose view they have. Return: 0, or an errno. */
_must_check_ int manager_setup_limits(Manager *manager, bool may_write);
/* Has limits and settings put back, without those by NUMA node. Return: 0, or an errno. */
_must_check_ int manager_put_back(Manager *manager, NodeWithdrawn done, void *userdata);
/* What the kubelet has promised by itself, for the first time or anew. */
void manager_import(Manager *manager);
