/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slug.v1.NodeService
 *
 * Answers from the current view: a set of borrowed pointers that the manager replaces as a whole,
 * so that a request sees one generation and nothing in between.
 */
#include <stdbool.h>

#include "capacity/capacity.h"
#include "ledger/journal.h"
#include "rpc/method.h"
#include "rpc/watchers.h"
#include "service/cgroup-history.h"
#include "service/chunks-view.h"
#include "service/enforce-view.h"
#include "service/history.h"
#include "service/level-usage.h"
#include "service/pods-view.h"
#include "service/qos-view.h"
#include "topology/topology.h"

/* A value of the configuration as an operator would look it up. */
typedef struct NodeSetting {
        uint64_t bytes;
        const char *setting; /* as written */
        const char *source;  /* "kubelet default", "FILE:LINE" */
} NodeSetting;

/* A setting, as the configuration lists it. */
typedef struct NodeConfigEntry {
        const char *key;
        const char *value;
        const char *source;
} NodeConfigEntry;

typedef struct NodeConfigFile {
        const char *path;
        bool is_read, is_absent; /* neither: it was refused */
        const char *problem;
} NodeConfigFile;

/* What the kubelet's managers were told. */
typedef struct NodeKubelet {
        const char *topology_policy; /* "none" */
        OptU64 max_numa_nodes;       /* max-allowable-numa-nodes */
        const char *cpu_policy;      /* "none" */
        bool fails_on_swap;
        const char *swap_behavior;          /* "" is NoSwap */
        const char *system_reserved_cgroup; /* "" for none */
        const char *kube_reserved_cgroup;
        const ReservedMemory *reserved_memory;
        size_t n_reserved_memory;
} NodeKubelet;

typedef struct NodeView {
        const char *name;
        const char *root; /* "/" or the captured machine's folder */
        const Topology *topology;
        const Capacity *capacity;
        const History *history;
        const Ledger *ledger;
        const Journal *journal;
        const PodsView *pods;
        ChunksView *chunks;          /* NULL: nobody keeps chunks */
        const QosView *qos;          /* NULL: nobody keeps limits */
        const EnforceView *enforce;  /* NULL: nobody holds splits */
        const QosParams *qos_params; /* what slugd was told to write */
        const char *ledger_problem;  /* why it is not kept, "" when it is */
        uint64_t start_time_usec;    /* when this slugd started, by the wall clock */
        const char *reload_problem;  /* why the last reload was refused, "" when it was not */
        NodeSetting system_reserved;
        NodeSetting kube_reserved;
        NodeSetting eviction; /* bytes: not used, the capacity knows them */
        const char *placement_source;
        const TopologyRule *rules; /* that the topology was built with */
        size_t n_rules;
        const NodeConfigEntry *settings;
        size_t n_settings;
        const NodeConfigFile *files;
        size_t n_files;
        uint64_t page_bytes;  /* the kernel rounds a limit down to it */
        unsigned kubelet_pid; /* 0: no kubelet runs */
        uint64_t kubelet_start_ticks;
        OptU64 kubelet_seen_bytes; /* capacity when it started, if slugd saw it */
        const char *kubelet_file;
        const char *kubelet_problem; /* "" when the file was read */
        bool is_kubelet_file_missing;
        bool has_kubepods_cgroup;     /* cgroupsPerQOS */
        bool is_static_memory_policy; /* the kubelet checks the sum of reservedMemory */
        NodeKubelet kubelet;
} NodeView;

/* What the service has others do. */
typedef void (*NodeWithdrawn)(const QosWithdrawal *withdrawal, void *userdata);
typedef struct NodeHooks {
        /* Puts limits back. @done: once, never from there. Return: 0, -EALREADY, or an errno. */
        int (*withdraw)(NodeWithdrawn done, void *done_userdata, void *userdata);
        void *userdata;
} NodeHooks;

/* After node_service_init() hooks and root may be set. */
typedef struct NodeService {
        NodeView view;
        NodeHooks hooks;
        const Root *root; /* borrowed; below which cgroups are. NULL: their usage is not read */
        LevelUsage level_usage;
        RpcCall *withdraw_call; /* that waits, or NULL */
        RpcWatchers watchers;
        const CgroupHistory *cgroup_events; /* NULL: nobody keeps them */
        RpcService service;
} NodeService;

/* The service must not move after this: its methods point to it. */
void node_service_init(NodeService *service);
void node_service_set_view(NodeService *service, const NodeView *view);
/* Something that the view points to is different. */
void node_service_notify(NodeService *service);
