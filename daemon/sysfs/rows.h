/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rows
 *
 * What the kernel says, one struct per thing it says it about, not interpreted. Sizes are bytes;
 * what is missing is absent, never zero. Plain values: nothing in a row points anywhere but to the
 * arrays that the SysfsMachine owns.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/nodeset.h"

/* Caps on what is kept of one machine; whatever is beyond is a diagnostic. */
#define SYSFS_NAME_MAX      24u /* "decoder12.3", "dax_region17" */
#define SYSFS_CPULIST_MAX   256u
#define SYSFS_PAGE_SIZES    8u
#define SYSFS_SIDE_CACHES   4u
#define SYSFS_TIERS_MAX     256u
#define SYSFS_BLOCKS_MAX    (1u << 20)
#define SYSFS_MEMDEVS_MAX   256u
#define SYSFS_DECODERS_MAX  4096u
#define SYSFS_REGIONS_MAX   256u
#define SYSFS_TARGETS_MAX   16u /* interleave ways that the CXL specification knows */
#define SYSFS_DAX_MAX       256u
#define SYSFS_GPUS_MAX      64u
#define SYSFS_DRIVER_RANGES 1024u

typedef struct SysfsHugepages {
        uint64_t page_bytes;
        uint64_t n_pages;
        OptU64 n_free_pages;
        OptU64 n_surplus_pages;
} SysfsHugepages;

/* accessN/initiators: the node as its best initiators see it. */
typedef struct SysfsAccess {
        bool is_present;
        NodeSet initiators;
        OptU64 read_latency_ns;
        OptU64 write_latency_ns;
        OptU64 read_bandwidth_mbps;
        OptU64 write_bandwidth_mbps;
} SysfsAccess;

typedef struct SysfsSideCache {
        unsigned level;
        OptU64 size_bytes;
        OptU64 line_size_bytes;
} SysfsSideCache;

typedef struct SysfsFailures {
        OptU64 total;
        OptU64 recovered;
        OptU64 ignored;
        OptU64 failed;
        OptU64 delayed;
} SysfsFailures;

typedef struct SysfsNode {
        unsigned id;
        OptU64 memory_bytes; /* MemTotal: managed pages, less than the blocks' bytes */
        unsigned n_cpus;
        const char *cpu_file;            /* which of its files told: "cpulist", "cpumap"; or NULL */
        char cpulist[SYSFS_CPULIST_MAX]; /* kernel list; cut with "..." when it is longer */
        SysfsHugepages hugepages[SYSFS_PAGE_SIZES];
        size_t n_hugepages;
        SysfsAccess access[2]; /* access0: any initiator; access1: CPUs */
        SysfsSideCache side_caches[SYSFS_SIDE_CACHES];
        size_t n_side_caches;
        SysfsFailures failures;
        uint16_t *distances; /* one per node of the machine, in row order; NULL when unknown */
} SysfsNode;

typedef struct SysfsTier {
        unsigned id; /* abstract distance >> 7: larger is slower */
        NodeSet nodes;
} SysfsTier;

typedef enum SysfsBlockState {
        SYSFS_BLOCK_UNKNOWN,
        SYSFS_BLOCK_ONLINE,
        SYSFS_BLOCK_OFFLINE, /* going-offline is still counted as online */
} SysfsBlockState;

#define SYSFS_NO_NODE UINT16_MAX

typedef struct SysfsBlock {
        uint32_t id; /* physical address / block size */
        uint16_t node;
        uint8_t state; /* SysfsBlockState */
        bool is_movable;
} SysfsBlock;

typedef struct SysfsMemdev {
        char name[SYSFS_NAME_MAX];
        OptU64 ram_bytes;
        OptU64 pmem_bytes;
        OptU64 serial;
        OptU64 node; /* of the device itself */
        char firmware_version[32];
        char pci_address[16];
} SysfsMemdev;

typedef enum SysfsDecoderType {
        SYSFS_DECODER_UNKNOWN,
        SYSFS_DECODER_ROOT,
        SYSFS_DECODER_SWITCH,
        SYSFS_DECODER_ENDPOINT,
} SysfsDecoderType;

typedef struct SysfsDecoder {
        char name[SYSFS_NAME_MAX];
        SysfsDecoderType type;
        OptU64 start;
        OptU64 size_bytes;
        OptU64 ways;
        OptU64 granularity_bytes;
        char memdev[SYSFS_NAME_MAX]; /* endpoint: whose capacity it maps */
        char region[SYSFS_NAME_MAX]; /* endpoint: "" when in none */
        OptU64 dpa_bytes;            /* endpoint: of the device's capacity */
} SysfsDecoder;

typedef struct SysfsRegion {
        char name[SYSFS_NAME_MAX];
        char window[SYSFS_NAME_MAX]; /* the root decoder it lies in */
        OptU64 start;
        OptU64 size_bytes;
        char mode[8]; /* "ram", "pmem", "" before Linux 6.3 */
        OptU64 ways;
        OptU64 granularity_bytes;
        bool is_committed;
        char targets[SYSFS_TARGETS_MAX][SYSFS_NAME_MAX]; /* endpoint decoders in interleave order */
        size_t n_targets;
} SysfsRegion;

typedef enum SysfsDaxSource {
        SYSFS_DAX_UNKNOWN,
        SYSFS_DAX_CXL_RAM,
        SYSFS_DAX_CXL_PMEM,
        SYSFS_DAX_NVDIMM,
        SYSFS_DAX_FAKE_PMEM,
        SYSFS_DAX_SOFT_RESERVED,
} SysfsDaxSource;

typedef struct SysfsDax {
        char name[SYSFS_NAME_MAX];
        OptU64 size_bytes;
        OptU64 start;
        OptU64 target_node;
        OptU64 node;
        char driver[SYSFS_NAME_MAX]; /* "kmem", "device_dax", "" */
        SysfsDaxSource source;
        char region[SYSFS_NAME_MAX]; /* CXL */
} SysfsDax;

typedef struct SysfsGpu {
        char pci_address[16];
        unsigned node;
} SysfsGpu;

/* A physical range of "System RAM" that a driver brought, from /proc/iomem. */
typedef struct SysfsDriverRange {
        uint64_t start;
        uint64_t end; /* last byte */
        char driver[SYSFS_NAME_MAX];
} SysfsDriverRange;

typedef struct SysfsHost {
        char host_name[256];
        char kernel_version[128];
        char os_image[128];
        char cgroup_version[8];
        char cgroup_controllers[160];
        char kubepods_cgroup[48];  /* below the cgroup root; "" when there is none */
        OptU64 kubepods_max_bytes; /* its memory.max; absent for "max", too */
        OptU64 memory_bytes;       /* MemTotal of /proc/meminfo: what the kubelet calls capacity */
        OptU64 swap_bytes;         /* SwapTotal: 0 when there is no swap */
        OptU64 is_demotion_enabled;
        OptU64 numa_balancing;
        OptU64 block_bytes;
        char auto_online_blocks[24];
} SysfsHost;

typedef struct SysfsMachine {
        SysfsHost host;

        /* node masks; has_* false: this kernel has no such file, or it could not be used */
        NodeSet online;
        NodeSet has_memory, has_normal_memory, has_cpu, has_generic_initiator;
        bool knows_online, knows_has_memory, knows_has_normal_memory, knows_has_cpu;

        SysfsNode *nodes; /* by rising id */
        size_t n_nodes;
        SysfsTier *tiers; /* by rising id */
        size_t n_tiers;
        SysfsBlock *blocks; /* by rising id */
        size_t n_blocks;
        SysfsMemdev *memdevs;
        size_t n_memdevs;
        SysfsDecoder *decoders;
        size_t n_decoders;
        SysfsRegion *regions;
        size_t n_regions;
        SysfsDax *daxes;
        size_t n_daxes;
        SysfsGpu *gpus;
        size_t n_gpus;
        SysfsDriverRange *driver_ranges;
        size_t n_driver_ranges;

        DiagList diagnostics;
} SysfsMachine;
