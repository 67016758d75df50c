/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAX devices: /sys/bus/dax/devices
 *
 * Memory that came from somewhere else than the firmware's map. Where from is told by the place of
 * the device in the device tree, which is what its link on the bus leads to. Bound to "kmem" it is
 * system RAM on its target node; bound to "device_dax", or to nothing, it is not.
 */
#include <stdio.h>
#include <string.h>

#include "sysfs/read.h"

#define DAX_DIR "sys/bus/dax/devices"

typedef struct DaxReader {
        const AttrReader *reader;
        SysfsMachine *machine;
} DaxReader;

/* The first that occurs in the path decides: CXL's own bridge to NVDIMM comes before plain ndbus.
 */
static SysfsDaxSource tell_source(const char *link) {
        static const struct {
                const char *part;
                SysfsDaxSource source;
        } parts[] = {
                { "/dax_region", SYSFS_DAX_CXL_RAM },   { "/nvdimm-bridge", SYSFS_DAX_CXL_PMEM },
                { "/e820_pmem/", SYSFS_DAX_FAKE_PMEM }, { "/ACPI0012:", SYSFS_DAX_NVDIMM },
                { "/ndbus", SYSFS_DAX_NVDIMM },         { "/hmem.", SYSFS_DAX_SOFT_RESERVED },
        };

        for (size_t i = 0; i < ELEMENTSOF(parts); ++i)
                if (strstr(link, parts[i].part))
                        return parts[i].source;
        return SYSFS_DAX_UNKNOWN;
}

/* ".../region3/dax_region3/dax0.0": the CXL region behind the device. */
static void find_region(const char *link, char ret[static SYSFS_NAME_MAX]) {
        const char *part = strstr(link, "/dax_region");
        const char *start;

        if (!part)
                return;
        for (start = part; start > link && start[-1] != '/'; --start)
                ;
        if ((size_t)(part - start) < SYSFS_NAME_MAX) {
                memcpy(ret, start, (size_t)(part - start));
                ret[part - start] = '\0';
        }
}

/* "dax0.1" */
static bool is_dax(const char *name) {
        Scan scan = scan_init(name, strlen(name));
        uint64_t number;

        return strlen(name) < SYSFS_NAME_MAX && scan_literal(&scan, "dax") &&
               scan_u64(&scan, &number) && scan_char(&scan, '.') && scan_u64(&scan, &number) &&
               scan_is_done(&scan);
}

static int add_dax(const char *name, void *userdata) {
        const DaxReader *self = userdata;
        SysfsMachine *machine = self->machine;
        char path[ATTR_PATH_MAX], link[4096];
        SysfsDax *grown, *row;

        if (!is_dax(name))
                return 0;
        grown = sysfs_array_add(machine->daxes, &machine->n_daxes, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        machine->daxes = grown;
        row = &machine->daxes[machine->n_daxes - 1];
        (void)snprintf(row->name, sizeof(row->name), "%s", name);
        row->size_bytes = attr_read_u64(self->reader, attr_path(path, DAX_DIR "/%s/size", name));
        row->start = attr_read_hex(self->reader, attr_path(path, DAX_DIR "/%s/resource", name));
        row->target_node =
                attr_read_node(self->reader, attr_path(path, DAX_DIR "/%s/target_node", name));
        row->node = attr_read_node(self->reader, attr_path(path, DAX_DIR "/%s/numa_node", name));
        (void)attr_read_link_name(self->reader, attr_path(path, DAX_DIR "/%s/driver", name),
                                  row->driver, sizeof(row->driver));
        if (root_read_link(self->reader->root, attr_path(path, DAX_DIR "/%s", name), link,
                           sizeof(link)) == 0) {
                row->source = tell_source(link);
                find_region(link, row->region);
        }
        return 0;
}

int sysfs_read_daxes(const AttrReader *reader, SysfsMachine *machine) {
        DaxReader self = { .reader = reader, .machine = machine };

        return attr_list_names(reader, DAX_DIR, SYSFS_DAX_MAX, add_dax, &self);
}
