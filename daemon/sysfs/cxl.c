/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CXL: /sys/bus/cxl/devices
 *
 * The bus is flat: memory devices, decoders and regions side by side, told apart by their names.
 * What hangs on what is in the links: a region's targets are endpoint decoders; an endpoint
 * decoder's link leads through its endpoint, whose "uport" is the memory device; a region's link
 * leads through the root decoder whose window it lies in.
 *
 * DPA is the device's own address space: how much of a device is in regions is the sum of the
 * dpa_size of those of its decoders that name a region.
 */
#include <stdio.h>
#include <string.h>

#include "sysfs/read.h"

#define CXL_DIR "sys/bus/cxl/devices"

typedef struct CxlReader {
        const AttrReader *reader;
        SysfsMachine *machine;
} CxlReader;

/* "name" is PREFIX and a number, and fits a row. */
static bool has_form(const char *name, const char *prefix, bool is_dotted) {
        const size_t n_prefix = strlen(prefix);
        Scan scan;
        uint64_t number;

        if (strncmp(name, prefix, n_prefix) != 0 || strlen(name) >= SYSFS_NAME_MAX)
                return false;
        scan = scan_init(name + n_prefix, strlen(name + n_prefix));
        if (!scan_u64(&scan, &number))
                return false;
        if (is_dotted && (!scan_char(&scan, '.') || !scan_u64(&scan, &number)))
                return false;
        return scan_is_done(&scan);
}

/* The path component of a link's text that has the given form; "" when there is none. */
static void find_component(const char *link,
                           const char *prefix,
                           bool is_dotted,
                           char ret[static SYSFS_NAME_MAX]) {
        ret[0] = '\0';
        while (*link) {
                const size_t n = strcspn(link, "/");
                char name[SYSFS_NAME_MAX];

                if (n < sizeof(name)) {
                        memcpy(name, link, n);
                        name[n] = '\0';
                        if (has_form(name, prefix, is_dotted))
                                memcpy(ret, name, n + 1);
                }
                link += n;
                link += strspn(link, "/");
        }
}

static void read_device_link(const AttrReader *reader, const char *name, char *link, size_t size) {
        char path[ATTR_PATH_MAX];

        link[0] = '\0';
        attr_path(path, CXL_DIR "/%s", name);
        if (root_read_link(reader->root, path, link, size))
                link[0] = '\0';
}

static OptU64 read_hex(const AttrReader *reader, const char *device, const char *file) {
        char path[ATTR_PATH_MAX];

        attr_path(path, CXL_DIR "/%s/%s", device, file);
        return attr_read_hex(reader, path);
}

static OptU64 read_decimal(const AttrReader *reader, const char *device, const char *file) {
        char path[ATTR_PATH_MAX];

        attr_path(path, CXL_DIR "/%s/%s", device, file);
        return attr_read_u64(reader, path);
}

static bool
read_word(const AttrReader *reader, const char *device, const char *file, char *word, size_t size) {
        char path[ATTR_PATH_MAX];

        attr_path(path, CXL_DIR "/%s/%s", device, file);
        return attr_read_word(reader, path, word, size);
}

static void set_name(char row_name[static SYSFS_NAME_MAX], const char *name) {
        (void)snprintf(row_name, SYSFS_NAME_MAX, "%s", name);
}

static int add_memdev(const CxlReader *self, const char *name) {
        SysfsMachine *machine = self->machine;
        char path[ATTR_PATH_MAX], link[4096];
        const char *device, *address;
        SysfsMemdev *grown, *row;

        if (machine->n_memdevs == SYSFS_MEMDEVS_MAX) {
                attr_complain(self->reader, CXL_DIR,
                              "has more than %u memory devices; leaving out %s", SYSFS_MEMDEVS_MAX,
                              name);
                return 0;
        }
        grown = sysfs_array_add(machine->memdevs, &machine->n_memdevs, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        machine->memdevs = grown;
        row = &machine->memdevs[machine->n_memdevs - 1];
        set_name(row->name, name);
        row->ram_bytes = read_hex(self->reader, name, "ram/size");
        row->pmem_bytes = read_hex(self->reader, name, "pmem/size");
        row->serial = read_hex(self->reader, name, "serial");
        attr_path(path, CXL_DIR "/%s/numa_node", name);
        row->node = attr_read_node(self->reader, path);
        (void)read_word(self->reader, name, "firmware_version", row->firmware_version,
                        sizeof(row->firmware_version));

        /* .../0000:0d:00.0/mem0: the parent is the PCI function */
        read_device_link(self->reader, name, link, sizeof(link));
        device = strrchr(link, '/');
        if (device) {
                link[device - link] = '\0';
                address = strrchr(link, '/');
                address = address ? address + 1 : link;
                if (strlen(address) < sizeof(row->pci_address) && strchr(address, ':'))
                        memcpy(row->pci_address, address, strlen(address));
        }
        return 0;
}

static SysfsDecoderType read_decoder_type(const AttrReader *reader, const char *name) {
        static const struct {
                const char *word;
                SysfsDecoderType type;
        } types[] = {
                { "cxl_decoder_root", SYSFS_DECODER_ROOT },
                { "cxl_decoder_switch", SYSFS_DECODER_SWITCH },
                { "cxl_decoder_endpoint", SYSFS_DECODER_ENDPOINT },
        };
        char word[32];

        if (read_word(reader, name, "devtype", word, sizeof(word)))
                for (size_t i = 0; i < ELEMENTSOF(types); ++i)
                        if (strcmp(types[i].word, word) == 0)
                                return types[i].type;
        return SYSFS_DECODER_UNKNOWN;
}

static void read_endpoint_decoder(const AttrReader *reader, SysfsDecoder *row) {
        char path[ATTR_PATH_MAX], link[4096], endpoint[SYSFS_NAME_MAX];

        row->dpa_bytes = read_hex(reader, row->name, "dpa_size");
        (void)read_word(reader, row->name, "region", row->region, sizeof(row->region));
        read_device_link(reader, row->name, link, sizeof(link));
        find_component(link, "endpoint", false, endpoint);
        if (!endpoint[0])
                return;
        attr_path(path, CXL_DIR "/%s/uport", endpoint);
        (void)attr_read_link_name(reader, path, row->memdev, sizeof(row->memdev));
}

static int add_decoder(const CxlReader *self, const char *name) {
        SysfsMachine *machine = self->machine;
        const SysfsDecoderType type = read_decoder_type(self->reader, name);
        SysfsDecoder *grown, *row;

        /* A switch decoder says nothing about memory that its root and endpoints do not say. */
        if (type != SYSFS_DECODER_ROOT && type != SYSFS_DECODER_ENDPOINT)
                return 0;
        if (machine->n_decoders == SYSFS_DECODERS_MAX) {
                attr_complain(self->reader, CXL_DIR, "has more than %u decoders; leaving out %s",
                              SYSFS_DECODERS_MAX, name);
                return 0;
        }
        grown = sysfs_array_add(machine->decoders, &machine->n_decoders, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        machine->decoders = grown;
        row = &machine->decoders[machine->n_decoders - 1];
        set_name(row->name, name);
        row->type = type;
        row->start = read_hex(self->reader, name, "start");
        row->size_bytes = read_hex(self->reader, name, "size");
        row->ways = read_decimal(self->reader, name, "interleave_ways");
        row->granularity_bytes = read_decimal(self->reader, name, "interleave_granularity");
        if (type == SYSFS_DECODER_ENDPOINT)
                read_endpoint_decoder(self->reader, row);
        return 0;
}

static void read_targets(const AttrReader *reader, SysfsRegion *row) {
        for (size_t i = 0; i < SYSFS_TARGETS_MAX; ++i) {
                char file[16];

                (void)snprintf(file, sizeof(file), "target%zu", i);
                if (!read_word(reader, row->name, file, row->targets[i], sizeof(row->targets[i])) ||
                    !row->targets[i][0])
                        return;
                row->n_targets = i + 1;
        }
}

static int add_region(const CxlReader *self, const char *name) {
        SysfsMachine *machine = self->machine;
        SysfsRegion *grown, *row;
        char link[4096];

        if (machine->n_regions == SYSFS_REGIONS_MAX) {
                attr_complain(self->reader, CXL_DIR, "has more than %u regions; leaving out %s",
                              SYSFS_REGIONS_MAX, name);
                return 0;
        }
        grown = sysfs_array_add(machine->regions, &machine->n_regions, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        machine->regions = grown;
        row = &machine->regions[machine->n_regions - 1];
        set_name(row->name, name);
        row->start = read_hex(self->reader, name, "resource");
        row->size_bytes = read_hex(self->reader, name, "size");
        (void)read_word(self->reader, name, "mode", row->mode, sizeof(row->mode));
        row->ways = read_decimal(self->reader, name, "interleave_ways");
        row->granularity_bytes = read_decimal(self->reader, name, "interleave_granularity");
        row->is_committed = read_decimal(self->reader, name, "commit").value == 1;
        read_targets(self->reader, row);
        read_device_link(self->reader, name, link, sizeof(link));
        find_component(link, "decoder", true, row->window);
        return 0;
}

static int add_device(const char *name, void *userdata) {
        const CxlReader *self = userdata;

        if (has_form(name, "mem", false))
                return add_memdev(self, name);
        if (has_form(name, "decoder", true))
                return add_decoder(self, name);
        if (has_form(name, "region", false))
                return add_region(self, name);
        return 0;
}

int sysfs_read_cxl(const AttrReader *reader, SysfsMachine *machine) {
        CxlReader self = { .reader = reader, .machine = machine };

        return attr_list_names(reader, CXL_DIR,
                               SYSFS_MEMDEVS_MAX + SYSFS_DECODERS_MAX + SYSFS_REGIONS_MAX,
                               add_device, &self);
}
