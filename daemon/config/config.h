/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Configuration
 *
 * Two files, two owners. slugd.yaml is ours: every key is known, or the file is refused. The
 * KubeletConfiguration is the kubelet's: the fields that slugd needs are read strictly, all others
 * are left alone, because every kubelet brings new ones. A value keeps the place it came from. Text
 * becomes values here; what the values mean is decided further on.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/nodeset.h"
#include "base/root.h"

#define CONFIG_FILE_MAX            (1u << 20) /* bytes of one file */
#define CONFIG_PATH_MAX            256u
#define CONFIG_SOCKET_MAX          108u /* what a Unix socket's address holds, and its NUL */
#define CONFIG_NAME_MAX            254u /* a DNS-1123 subdomain and its NUL */
#define CONFIG_RULES_MAX           256u
#define CONFIG_RESERVED_MEMORY_MAX 1024u
#define CONFIG_SETTING_MAX         40u
#define CONFIG_HUGEPAGE_LIMITS_MAX 8u
#define CONFIG_PROCESS_NAME_MAX    16u /* what the kernel keeps of a process's name, and its NUL */
#define CONFIG_WORDS_MAX           128u
#define CONFIG_ROLE_NAMES_MAX      16u
#define CONFIG_ROLE_NAME_MAX       64u

#define CONFIG_DEFAULT_FILE         "/etc/slug/slugd.yaml"
#define CONFIG_DEFAULT_KUBELET_FILE "/var/lib/kubelet/config.yaml"
#define CONFIG_DEFAULT_SOCKET       "/run/slug/slugd.sock"
#define CONFIG_DEFAULT_PROCESS_NAME "kubelet"
/* Drop-ins are beside the file, in the directory that has its name and this behind it. */
#define CONFIG_DROP_INS ".d"

enum {
        _CONFIG_E_SUCCESS,
        CONFIG_E_ABSENT,  /* there is no such file */
        CONFIG_E_INVALID, /* refused; the diag says what, where, and what was expected */
};

/* Where a value came from. */
typedef enum ConfigOrigin {
        CONFIG_ORIGIN_DEFAULT, /* the kubelet's own */
        CONFIG_ORIGIN_KUBELET, /* what the kubelet was told: its file, its drop-ins, its flags */
        CONFIG_ORIGIN_SLUGD_FILE,
        CONFIG_ORIGIN_SLUGD_DEFAULT, /* of a setting that only slugd has */
        _CONFIG_ORIGIN_N,
} ConfigOrigin;

typedef struct ConfigSource {
        ConfigOrigin origin;
        char file[CONFIG_PATH_MAX]; /* "" for defaults; a flag's name stands for a file */
        unsigned line;              /* of the key; 0: of a flag, which has none */
} ConfigSource;

/* "kubelet default", "slugd default", "/var/lib/kubelet/config.yaml:12", "kubelet flag --config" */
#define CONFIG_SOURCE_TEXT_MAX (CONFIG_PATH_MAX + 32u)
const char *config_source_format(const ConfigSource *source,
                                 char buffer[static CONFIG_SOURCE_TEXT_MAX]);

/* A memory quantity of the kubelet: systemReserved.memory and the like. */
typedef struct ConfigBytes {
        uint64_t bytes;
        char setting[CONFIG_SETTING_MAX]; /* as written, "" for a default of nothing */
        ConfigSource source;
} ConfigBytes;

/*
 * evictionHard's memory.available: a quantity, or a share of the capacity in the kubelet's 32-bit
 * arithmetic.
 */
typedef struct ConfigThreshold {
        bool is_set; /* false: no threshold */
        bool is_percentage;
        uint64_t bytes; /* when not a percentage */
        float fraction; /* 0..1: the percentage parsed as a float, then divided by 100.0f */
        char setting[CONFIG_SETTING_MAX]; /* "" when evictionHard is set without it */
        ConfigSource source;
} ConfigThreshold;

typedef struct ConfigHugepageLimit {
        uint64_t page_bytes;
        uint64_t bytes;
} ConfigHugepageLimit;

/* One entry of the kubelet's reservedMemory. */
typedef struct ConfigReservedMemory {
        unsigned node;
        uint64_t bytes; /* of "memory"; 0 when the entry has none */
        ConfigHugepageLimit hugepages[CONFIG_HUGEPAGE_LIMITS_MAX];
        size_t n_hugepages;
        unsigned line;
} ConfigReservedMemory;

/* The running kubelet. {}: none was found. */
typedef struct KubeletProcess {
        unsigned pid;         /* 0: none */
        uint64_t start_ticks; /* since boot, as the kernel counts them */
} KubeletProcess;

/* A gate of the kubelet that may have been left to its version. */
typedef enum ConfigGate {
        CONFIG_GATE_UNSET,
        CONFIG_GATE_ON,
        CONFIG_GATE_OFF,
} ConfigGate;

/* "50%", whole percents as the kubelet takes them. */
typedef struct ConfigPercent {
        bool is_set;
        unsigned percent; /* 0..100 */
        ConfigSource source;
} ConfigPercent;

/*
 * Default, then the kubelet's file, its drop-ins, the flags of the running kubelet, then
 * slugd.yaml's "kubelet": the later wins. Drop-ins change a mapping key by key; a flag, and a key
 * of slugd.yaml, replaces it as a whole: "systemReserved: {cpu: 1}" in slugd.yaml leaves no memory
 * of the kubelet's systemReserved. null is as good as not written.
 */
typedef struct KubeletConfig {
        bool is_found;              /* a KubeletConfiguration file was read */
        char file[CONFIG_PATH_MAX]; /* where it was looked for, below the root; "": it uses none */
        ConfigSource file_source;
        char dir[CONFIG_PATH_MAX]; /* of its drop-ins; "": it has none */
        ConfigSource dir_source;
        char flags_file[CONFIG_PATH_MAX]; /* where its flags are; "": on its command line */
        ConfigSource flags_file_source;
        char process_name[CONFIG_PROCESS_NAME_MAX];
        ConfigSource process_name_source;
        KubeletProcess process;
        char host_name[CONFIG_NAME_MAX]; /* --hostname-override; "": not given */
        ConfigSource host_name_source;
        ConfigBytes system_reserved;
        ConfigBytes kube_reserved;
        ConfigThreshold eviction_hard;
        bool merges_default_eviction; /* mergeDefaultEvictionSettings; already in eviction_hard */
        ConfigSource merges_source;
        bool enforces_pods;              /* enforceNodeAllocatable contains "pods"; default true */
        char enforced[CONFIG_WORDS_MAX]; /* all of it: "pods, system-reserved" */
        ConfigSource enforce_source;
        bool cgroups_per_qos; /* default true */
        ConfigSource cgroups_source;
        char cgroup_root[CONFIG_PATH_MAX]; /* cgroupRoot, above all pods; "": the root of all */
        ConfigSource cgroup_root_source;
        bool static_memory_policy; /* memoryManagerPolicy is "Static" */
        ConfigSource policy_source;
        bool pod_level_memory; /* featureGates has PodLevelResourceManagers: true; default false */
        ConfigSource gates_source;
        ConfigReservedMemory *reserved_memory;
        size_t n_reserved_memory; /* 0: not set */
        ConfigSource reserved_memory_source;
        ConfigGate memory_qos; /* featureGates.MemoryQoS; unset: on from 1.37 on */
        ConfigSource memory_qos_source;
        ConfigGate qos_reserved; /* featureGates.QOSReserved; unset is off */
        ConfigSource qos_reserved_source;
        ConfigPercent qos_reserved_memory;            /* qosReserved: {memory: "50%"} */
        char system_reserved_cgroup[CONFIG_PATH_MAX]; /* systemReservedCgroup; "": none */
        ConfigSource system_reserved_cgroup_source;
        char kube_reserved_cgroup[CONFIG_PATH_MAX];
        ConfigSource kube_reserved_cgroup_source;
        bool enforces_system_reserved; /* enforceNodeAllocatable has "system-reserved" */
        bool enforces_kube_reserved;
        char topology_policy[CONFIG_SETTING_MAX]; /* topologyManagerPolicy; default "none" */
        ConfigSource topology_policy_source;
        OptU64 max_numa_nodes; /* topologyManagerPolicyOptions.max-allowable-numa-nodes */
        ConfigSource topology_options_source;
        char cpu_policy[CONFIG_SETTING_MAX]; /* cpuManagerPolicy; default "none" */
        ConfigSource cpu_policy_source;
        bool fails_on_swap; /* failSwapOn; default true */
        ConfigSource fails_on_swap_source;
        char swap_behavior[CONFIG_SETTING_MAX]; /* memorySwap.swapBehavior; "" is NoSwap */
        ConfigSource swap_behavior_source;
} KubeletConfig;

typedef enum ConfigKind {
        CONFIG_KIND_UNSET,
        CONFIG_KIND_DRAM,
        CONFIG_KIND_HBM,
        CONFIG_KIND_CXL,
        CONFIG_KIND_PMEM,
        CONFIG_KIND_GPU,
        CONFIG_KIND_UNKNOWN,
} ConfigKind;

typedef enum ConfigLocality {
        CONFIG_LOCALITY_UNSET,
        CONFIG_LOCALITY_LOCAL,
        CONFIG_LOCALITY_REMOTE,
        CONFIG_LOCALITY_EXCLUDED,
} ConfigLocality;

/*
 * One entry of slugd.yaml's "classify": the operator's word on what memory is. Exactly one of the
 * three selectors is set.
 */
typedef struct ConfigRule {
        OptU64 node;             /* numaNode: 3 */
        ConfigKind kind;         /* kind: hbm */
        OptU64 cxl_serial;       /* cxlSerial: 0xabc0 */
        ConfigLocality locality; /* locality: remote; always set */
        ConfigSource source;
} ConfigRule;

typedef enum ConfigPlacement {
        CONFIG_PLACEMENT_LOCAL_FIRST,
        CONFIG_PLACEMENT_PROPORTIONAL,
} ConfigPlacement;

/* NUMA nodes that a QoS level may use: qos.cpusetMems.burstable. */
typedef enum ConfigMaskKind {
        CONFIG_MASK_UNSET,
        CONFIG_MASK_LOCAL,
        CONFIG_MASK_REMOTE,
        CONFIG_MASK_ALL,
        CONFIG_MASK_LIST,
} ConfigMaskKind;

typedef struct ConfigMask {
        ConfigMaskKind kind;
        NodeSet nodes; /* of LIST */
        ConfigSource source;
} ConfigMask;

/* One entry of qos.nodeLimits: what a container of that class may have on one NUMA node. */
typedef struct ConfigNodeLimit {
        unsigned level; /* 0 guaranteed, 1 burstable, 2 besteffort */
        unsigned node;
        uint64_t bytes; /* a multiple of 1 MiB, not 0 */
        ConfigSource source;
} ConfigNodeLimit;

#define CONFIG_NODE_LIMITS_MAX 12u

/* What slugd writes to cgroups. */
typedef struct ConfigQos {
        char manage[CONFIG_WORDS_MAX]; /* qos.manage, all of it: "memory.max, cpuset.mems" */
        unsigned manages;              /* a bit for each word, in the order of slugd.yaml(5) */
        ConfigSource manage_source;
        ConfigPercent reserved_memory; /* qos.reserved.memory; else the kubelet's qosReserved */
        ConfigMask masks[3];           /* qos.cpusetMems: kubepods, burstable, besteffort */
        ConfigNodeLimit node_limits[CONFIG_NODE_LIMITS_MAX];
        size_t n_node_limits;
        uint64_t node_limit_interval_usec; /* qos.nodeLimitInterval; 100 ms..1 min, default 1 s */
        ConfigSource node_limit_interval_source;
} ConfigQos;

typedef enum ConfigChunkTopology {
        CONFIG_CHUNK_TOPOLOGY_AUTO,
        CONFIG_CHUNK_TOPOLOGY_NEAREST,
        CONFIG_CHUNK_TOPOLOGY_ALL_CPU_NODES,
        CONFIG_CHUNK_TOPOLOGY_NONE,
} ConfigChunkTopology;

typedef enum ConfigChunkPreference {
        CONFIG_CHUNK_PREFERENCE_PACK,
        CONFIG_CHUNK_PREFERENCE_SPREAD,
        CONFIG_CHUNK_PREFERENCE_NEAR,
} ConfigChunkPreference;

#define CONFIG_CDI_MAX 128u

/* Remote memory as the kubelet counts it. */
typedef struct ConfigChunks {
        uint64_t bytes; /* chunks.size; a power of two, 64Mi..16Gi, default 1Gi */
        ConfigSource bytes_source;
        bool is_per_node; /* chunks.resources is "numa-node"; default "aggregate" */
        ConfigSource resources_source;
        ConfigChunkTopology topology; /* chunks.topology; default auto */
        ConfigSource topology_source;
        ConfigChunkPreference preference; /* chunks.preferred; default pack */
        ConfigSource preference_source;
        uint64_t grace_usec; /* chunks.grace; 1 s..24 h, default 5 min */
        ConfigSource grace_source;
        bool pre_start; /* chunks.preStartContainer; default false */
        ConfigSource pre_start_source;
        char cdi_device[CONFIG_CDI_MAX]; /* chunks.cdiDevice: "vendor.com/class=name"; "": none */
        ConfigSource cdi_source;
} ConfigChunks;

/* How the splits of containers are held. */
typedef enum ConfigBackend {
        CONFIG_BACKEND_AUTO,
        CONFIG_BACKEND_NODE_LIMIT,
        CONFIG_BACKEND_RECLAIM,
        CONFIG_BACKEND_DAMOS,
        CONFIG_BACKEND_MIGRATE,
        CONFIG_BACKEND_OBSERVE,
} ConfigBackend;

#define CONFIG_BUDGET_UNLIMITED UINT64_MAX

typedef struct ConfigEnforce {
        ConfigBackend backend; /* enforce.backend; default auto */
        ConfigSource backend_source;
        uint64_t budget; /* enforce.budget, bytes a second; "unlimited"; default 1Gi */
        ConfigSource budget_source;
        uint64_t interval_min_usec; /* enforce.interval.min; 10 ms..1 s, default 50 ms */
        uint64_t interval_max_usec; /* enforce.interval.max; 100 ms..1 min, default 2 s */
        ConfigSource interval_source;
        ConfigPercent pressure; /* enforce.pressure: above it nothing is promoted; default 20% */
        bool promotes;          /* enforce.promote; default true */
        ConfigSource promotes_source;
        /* enforce.settings: the machine's, handed to slugd; absent: they are not */
        OptU64 demotion_enabled; /* demotionEnabled: true */
        OptU64 numa_balancing;   /* numaBalancing: 0..3 */
        OptU64 damon_stat;       /* damonStat: false */
        ConfigSource settings_source;
} ConfigEnforce;

const char *config_backend_name(ConfigBackend backend); /* "reclaim" */

typedef enum ConfigFileState {
        CONFIG_FILE_READ,
        CONFIG_FILE_ABSENT,
        CONFIG_FILE_REFUSED,
} ConfigFileState;

/* A file that was looked at, and what became of it. */
typedef struct ConfigFile {
        char path[CONFIG_PATH_MAX];
        ConfigFileState state;
        char problem[DIAG_FORMATTED_MAX]; /* of one that was refused */
} ConfigFile;

typedef struct ConfigFiles {
        ConfigFile *items;
        size_t n_items;
} ConfigFiles;

/* Names or numbers of users, or of groups. */
typedef struct ConfigNames {
        char items[CONFIG_ROLE_NAMES_MAX][CONFIG_ROLE_NAME_MAX];
        size_t n_items;
        ConfigSource source;
} ConfigNames;

typedef struct ConfigRole {
        ConfigNames users, groups;
} ConfigRole;

/* Who may what on the socket; root may all, listed or not. */
typedef struct ConfigRoles {
        ConfigRole reader, claimer, admin;
} ConfigRoles;

typedef struct Config {
        char node_name[CONFIG_NAME_MAX]; /* nodeName; "" means as the kubelet names it */
        ConfigSource node_name_source;
        char socket[CONFIG_PATH_MAX]; /* socket */
        ConfigSource socket_source;
        uint64_t refresh_interval_usec; /* refreshInterval; 100 ms..1 h, default 30 s */
        ConfigSource refresh_source;
        uint64_t pending_timeout_usec; /* pods.pendingTimeout; 10 s..24 h, default 10 min */
        ConfigSource pending_source;
        ConfigPlacement placement; /* reservation.placement */
        ConfigSource placement_source;
        ConfigRule *rules; /* classify */
        size_t n_rules;
        ConfigRoles roles;     /* roles */
        ConfigQos qos;         /* qos */
        ConfigChunks chunks;   /* chunks */
        ConfigEnforce enforce; /* enforce */
        KubeletConfig kubelet;
        Diag kubelet_problem; /* why the kubelet's file could not be used; text "" when it could */
        /* Then the kubelet's defaults stand in, and the node's condition says so. */
        bool has_kubelet_problem;
        bool is_kubelet_file_missing; /* the problem is that there is none */
        ConfigFiles files;            /* in the order in which they were read */
} Config;

/*
 * config_load() reads slugd.yaml and its drop-ins and, through them, all that the kubelet was told.
 *
 * @root:     below which the default paths are taken; NULL: only @file and its drop-ins are read,
 *            and nobody asks what the kubelet was told
 * @file:     NULL: the default below @root, which may be missing; otherwise a path on the host,
 *            which must exist. Its drop-ins are looked for beside it, in the order of their names
 * @ret:      owned by the caller
 * @reterr:   set on CONFIG_E_*
 *
 * A bad slugd.yaml is CONFIG_E_INVALID: an operator's word is never half taken. A bad or missing
 * kubelet file is not: it is somebody else's, and slugd starts without it; see kubelet_problem.
 *
 * Return: 0, CONFIG_E_ABSENT when @file does not exist, CONFIG_E_INVALID, or -ENOMEM.
 */
_must_check_ int config_load(const Root *root, const char *file, Config **ret, Diag *reterr);
Config *config_free(Config *config);
DEFINE_CLEANUP(Config *, config_free);

/*
 * config_check() reads one slugd.yaml and its drop-ins, and nothing else.
 *
 * @file: a path on the host. Return: as config_load().
 */
_must_check_ int config_check(const char *file, Diag *reterr);
