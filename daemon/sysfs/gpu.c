/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that belongs to a GPU
 *
 * NVIDIA's driver brings the memory of a GPU online as a NUMA node and says which in
 * /proc/driver/nvidia/gpus/<address>/numa_status. In /proc/iomem such memory carries the driver's
 * name, as does everything else that a driver brought; there the addresses are zero for a reader
 * without CAP_SYS_ADMIN, and such lines are no evidence.
 */
#include <stdio.h>
#include <string.h>

#include "sysfs/read.h"

#define GPU_DIR   "proc/driver/nvidia/gpus"
#define IOMEM     "proc/iomem"
#define IOMEM_MAX (1u << 20)

typedef struct GpuReader {
        const AttrReader *reader;
        SysfsMachine *machine;
} GpuReader;

/* "Node:    250"; a negative number means none. */
static bool find_node(Scan text, uint64_t *ret) {
        Scan line;

        while (scan_line(&text, &line))
                if (scan_literal(&line, "Node:")) {
                        (void)scan_spaces(&line);
                        return scan_u64(&line, ret) && *ret < NODESET_MAX;
                }
        return false;
}

static int add_gpu(const char *name, void *userdata) {
        const GpuReader *self = userdata;
        SysfsMachine *machine = self->machine;
        char path[ATTR_PATH_MAX], text[ATTR_TEXT_MAX];
        SysfsGpu *grown, *row;
        uint64_t node;
        size_t n;

        if (strlen(name) >= sizeof(row->pci_address))
                return 0;
        attr_path(path, GPU_DIR "/%s/numa_status", name);
        if (!attr_read_text(self->reader, path, text, sizeof(text), &n) ||
            !find_node(scan_init(text, n), &node))
                return 0;
        grown = sysfs_array_add(machine->gpus, &machine->n_gpus, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        machine->gpus = grown;
        row = &machine->gpus[machine->n_gpus - 1];
        (void)snprintf(row->pci_address, sizeof(row->pci_address), "%s", name);
        row->node = (unsigned)node;
        return 0;
}

/* "  690000000-6cfffffff : System RAM (kmem)" */
static bool parse_driver_range(Scan line, SysfsDriverRange *ret) {
        Scan driver;

        (void)scan_spaces(&line);
        if (!scan_hex(&line, &ret->start) || !scan_char(&line, '-') ||
            !scan_hex(&line, &ret->end) || !scan_literal(&line, " : System RAM (") ||
            !scan_until(&line, ')', &driver))
                return false;
        if (ret->end <= ret->start || scan_left(&driver) >= sizeof(ret->driver))
                return false;
        memcpy(ret->driver, driver.cursor, scan_left(&driver));
        ret->driver[scan_left(&driver)] = '\0';
        return true;
}

static int read_driver_ranges(const AttrReader *reader, SysfsMachine *machine) {
        _cleanup_(freep) char *text = malloc(IOMEM_MAX);
        Scan scan, line;
        size_t n;

        if (!text)
                return -ENOMEM;
        if (!attr_read_text(reader, IOMEM, text, IOMEM_MAX, &n))
                return 0;
        scan = scan_init(text, n);
        while (scan_line(&scan, &line)) {
                SysfsDriverRange range = {}, *grown;

                if (!parse_driver_range(line, &range))
                        continue;
                if (machine->n_driver_ranges == SYSFS_DRIVER_RANGES) {
                        attr_complain(reader, IOMEM,
                                      "has more than %u driver ranges; ignoring the rest",
                                      SYSFS_DRIVER_RANGES);
                        return 0;
                }
                grown = sysfs_array_add(machine->driver_ranges, &machine->n_driver_ranges,
                                        sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                machine->driver_ranges = grown;
                machine->driver_ranges[machine->n_driver_ranges - 1] = range;
        }
        return 0;
}

int sysfs_read_gpus(const AttrReader *reader, SysfsMachine *machine) {
        GpuReader self = { .reader = reader, .machine = machine };
        int r;

        r = attr_list_names(reader, GPU_DIR, SYSFS_GPUS_MAX, add_gpu, &self);
        if (r)
                return r;
        return read_driver_ranges(reader, machine);
}
