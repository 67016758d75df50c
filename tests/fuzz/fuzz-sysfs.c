/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel files with anything in them. The first byte says which file of a small machine the rest
 * becomes; the whole machine is then read and taken through topology and capacity.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "capacity/capacity.h"
#include "lib/folder.h"

#define NODE "sys/devices/system/node/"
#define CXL  "sys/bus/cxl/devices/"

static const char *const files[] = {
        NODE "online",
        NODE "has_normal_memory",
        NODE "node0/meminfo",
        NODE "node0/cpulist",
        NODE "node1/cpumap",
        NODE "node0/distance",
        NODE "node0/hugepages/hugepages-2048kB/nr_hugepages",
        NODE "node1/access1/initiators/read_latency",
        "sys/devices/system/memory/block_size_bytes",
        "sys/devices/system/memory/memory32/state",
        "sys/devices/system/memory/memory32/valid_zones",
        "sys/devices/virtual/memory_tiering/memory_tier4/nodelist",
        "sys/bus/dax/devices/dax0.0/target_node",
        CXL "region0/resource",
        CXL "region0/target0",
        CXL "mem0/serial",
        "proc/meminfo",
        "proc/iomem",
        "proc/version",
        "etc/os-release",
        "proc/driver/nvidia/gpus/0000:01:00.0/numa_status",
};

static Folder folder;

static void make_machine(void) {
        folder_write(&folder, NODE "online", "0-1\n");
        folder_write(&folder, NODE "node0/meminfo", "Node 0 MemTotal: 1000 kB\n");
        folder_write(&folder, NODE "node0/cpulist", "0\n");
        folder_write(&folder, NODE "node1/meminfo", "Node 1 MemTotal: 1000 kB\n");
        folder_write(&folder, NODE "node1/memory32/phys_index", "20\n");
        folder_write(&folder, "sys/devices/system/memory/block_size_bytes", "8000000\n");
        folder_write(&folder, "sys/devices/system/memory/memory32/state", "online\n");
        folder_write(&folder, "sys/bus/dax/devices/dax0.0/size", "1024000\n");
        folder_write(&folder, CXL "region0/size", "0x10000000\n");
        folder_write(&folder, CXL "mem0/ram/size", "0x10000000\n");
        folder_write(&folder, "proc/meminfo", "MemTotal: 2000 kB\n");
}

static void remove_folder(void) {
        folder_remove(&folder);
}

static void look(void) {
        _cleanup_(root_deinitp) Root root = ROOT_NULL;
        _cleanup_(topology_unrefp) Topology *topology = NULL;
        _cleanup_(capacity_freep) Capacity *capacity = NULL;
        SysfsMachine *machine;

        if (root_init(&root, folder.path) || sysfs_read(&root, &machine) ||
            topology_build(machine, NULL, 0, 1, &topology))
                abort();
        if (capacity_build(topology,
                           &(const CapacityParams){ .eviction = { .bytes = 100 * MIB },
                                                    .page_bytes = 4096 },
                           &capacity))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *file;

        if (size < 1)
                return 0;
        if (!folder.path[0]) {
                folder = folder_new();
                (void)atexit(remove_folder);
        }
        make_machine();
        file = files[data[0] % ELEMENTSOF(files)];
        folder_write_bytes(&folder, file, data + 1, size - 1);
        look();
        folder_delete(&folder, file);
        return 0;
}
