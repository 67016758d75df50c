/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/capture.h"

/*
 * What slugd reads of the machine, file by file and tree by tree: the readers are those of
 * daemon/sysfs. A test captures every machine of the fixtures and compares what slugd says of the
 * capture with what it says of the machine.
 */

typedef enum ItemKind {
        ITEM_FILE,
        ITEM_DIRECTORY, /* that it is there */
        ITEM_TREE,
        ITEM_PRIVATE_TREE, /* one that --mask leaves out */
        ITEM_DEVICES,      /* links in /sys/bus */
} ItemKind;

typedef struct ListItem {
        ItemKind kind;
        const char *path;
        CaptureTransform *transform;
        const char *const *names;
} ListItem;

/* Thousands of them, each a directory. */
static const char *const block_files[] = {
        "block_size_bytes", "auto_online_blocks", "state", "valid_zones", "node*", NULL
};
static const char *const gpu_files[] = { "numa_status", NULL };
static const char *const pod_files[] = {
        "cgroup.events",
        "cpuset.mems",
        "memory.current",
        "memory.events",
        "memory.low",
        "memory.max",
        "memory.min",
        "memory.numa_stat",
        "memory.pressure",
        "hugetlb.*",
        NULL,
};

static const ListItem items[] = {
        /* host.c */
        { ITEM_FILE, "proc/meminfo", NULL, NULL },
        { ITEM_FILE, "proc/version", NULL, NULL },
        { ITEM_FILE, "proc/sys/kernel/hostname", mask_host_name, NULL },
        { ITEM_FILE, "proc/sys/kernel/osrelease", NULL, NULL },
        { ITEM_FILE, "proc/sys/kernel/numa_balancing", NULL, NULL },
        { ITEM_FILE, "etc/os-release", NULL, NULL },
        { ITEM_FILE, "usr/lib/os-release", NULL, NULL },
        { ITEM_FILE, "sys/kernel/mm/numa/demotion_enabled", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/cgroup.controllers", NULL, NULL },
        { ITEM_DIRECTORY, "sys/fs/cgroup/memory", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/unified/cgroup.controllers", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/kubepods.slice/memory.max", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/kubepods/memory.max", NULL, NULL },
        /* what is usually reserved; limits of it are planned where the kubelet was told of it */
        { ITEM_FILE, "sys/fs/cgroup/system.slice/memory.max", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/system.slice/memory.min", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/podruntime.slice/memory.max", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/podruntime.slice/memory.min", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/kubelet.slice/memory.max", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/kubelet.slice/memory.min", NULL, NULL },
        /* pods, whose cgroups are called by their uids */
        { ITEM_PRIVATE_TREE, "sys/fs/cgroup/kubepods.slice", NULL, pod_files },
        { ITEM_PRIVATE_TREE, "sys/fs/cgroup/kubepods", NULL, pod_files },
        /* what systemReservedCgroup usually is, without what is in it */
        { ITEM_FILE, "sys/fs/cgroup/system.slice/cgroup.events", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/system.slice/memory.current", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/system.slice/memory.max", NULL, NULL },
        { ITEM_FILE, "sys/fs/cgroup/system.slice/memory.min", NULL, NULL },
        /* node.c, block.c, tier.c */
        { ITEM_TREE, "sys/devices/system/node", NULL, NULL },
        { ITEM_TREE, "sys/devices/system/memory", NULL, block_files },
        { ITEM_TREE, "sys/devices/virtual/memory_tiering", NULL, NULL },
        /* cxl.c, dax.c */
        { ITEM_DEVICES, "sys/bus/cxl/devices", NULL, NULL },
        { ITEM_DEVICES, "sys/bus/dax/devices", NULL, NULL },
        /* gpu.c */
        { ITEM_TREE, "proc/driver/nvidia/gpus", NULL, gpu_files },
        { ITEM_FILE, "proc/iomem", NULL, NULL },
        /* slugd's own note of the kubelet */
        { ITEM_FILE, "run/slug/kubelet-seen", NULL, NULL },
};

int capture_add_machine(Capture *capture) {
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(items); ++i)
                switch (items[i].kind) {
                case ITEM_FILE:
                        r = capture_add_file(capture, items[i].path, items[i].transform);
                        break;
                case ITEM_DIRECTORY:
                        r = capture_add_directory(capture, items[i].path);
                        break;
                case ITEM_PRIVATE_TREE:
                        if (!capture->mask)
                                r = capture_add_tree(capture, items[i].path, items[i].names);
                        break;
                case ITEM_TREE:
                        r = capture_add_tree(capture, items[i].path, items[i].names);
                        break;
                case ITEM_DEVICES:
                        r = capture_add_devices(capture, items[i].path);
                        break;
                }
        return r;
}
