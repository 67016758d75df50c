/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the machine
 *
 * One pass over all families of files. The kernel gives no way to read them at one instant, so the
 * pass is repeated when the set of online nodes was not the same before and after it: a node that
 * comes or goes in between would otherwise be half there. A machine that never holds still is taken
 * as it was last seen; the next poll looks again.
 *
 * Comparing two machines is field by field: it decides what counts as a change, so what changes all
 * the time by itself (free pages) is deliberately not compared.
 */
#include "sysfs/sysfs.h"

#include <string.h>

#include "sysfs/read.h"

#define ATTEMPTS_MAX 3

void *sysfs_array_add(void *array, size_t *n, size_t size) {
        /* Full exactly when the count is a power of two, or nothing. */
        if ((*n & (*n - 1)) == 0) {
                array = reallocarray(array, *n ? *n * 2 : 1, size);
                if (!array)
                        return NULL;
        }
        memset((char *)array + *n * size, 0, size);
        ++*n;
        return array;
}

SysfsMachine *sysfs_machine_free(SysfsMachine *machine) {
        if (!machine)
                return NULL;
        for (size_t i = 0; machine->nodes && i < machine->n_nodes; ++i)
                free(machine->nodes[i].distances);
        free(machine->nodes);
        free(machine->tiers);
        free(machine->blocks);
        free(machine->memdevs);
        free(machine->decoders);
        free(machine->regions);
        free(machine->daxes);
        free(machine->gpus);
        free(machine->driver_ranges);
        diag_list_deinit(&machine->diagnostics);
        free(machine);
        return NULL;
}

static int read_once(const Root *root, SysfsMachine **ret) {
        static int (*const readers[])(const AttrReader *, SysfsMachine *) = {
                sysfs_read_host, sysfs_read_nodes, sysfs_read_tiers, sysfs_read_blocks,
                sysfs_read_cxl,  sysfs_read_daxes, sysfs_read_gpus,
        };
        _cleanup_(sysfs_machine_freep) SysfsMachine *machine = calloc(1, sizeof(*machine));
        int r;

        if (!machine)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(readers); ++i) {
                r = readers[i](&(AttrReader){ .root = root, .diagnostics = &machine->diagnostics },
                               machine);
                if (r)
                        return r;
        }
        *ret = TAKE_PTR(machine);
        return 0;
}

/* The online mask as it is now; without a usable one nothing can be told, and nothing is repeated.
 */
static bool is_settled(const Root *root, const SysfsMachine *machine) {
        _cleanup_(diag_list_deinitp) DiagList ignored = {};
        const AttrReader reader = { .root = root, .diagnostics = &ignored };
        NodeSet online;

        return !machine->knows_online ||
               !attr_read_nodes(&reader, SYSFS_NODE_DIR "/online", &online) ||
               nodeset_is_equal(&online, &machine->online);
}

/**
 * sysfs_read() - what the machine says of its memory
 * @root: below which /sys and /proc are read
 * @ret:  owned by the caller
 *
 * Return: 0 or -ENOMEM. Whatever is wrong with the files is in the diagnostics.
 */
int sysfs_read(const Root *root, SysfsMachine **ret) {
        _cleanup_(sysfs_machine_freep) SysfsMachine *machine = NULL;
        int r;

        for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; ++attempt) {
                machine = sysfs_machine_free(machine);
                r = read_once(root, &machine);
                if (r)
                        return r;
                if (is_settled(root, machine))
                        break;
        }
        *ret = TAKE_PTR(machine);
        return 0;
}

const SysfsMemdev *sysfs_find_memdev(const SysfsMachine *machine, const char *name) {
        for (size_t i = 0; i < machine->n_memdevs; ++i)
                if (strcmp(machine->memdevs[i].name, name) == 0)
                        return &machine->memdevs[i];
        return NULL;
}

const SysfsDecoder *sysfs_find_decoder(const SysfsMachine *machine, const char *name) {
        for (size_t i = 0; i < machine->n_decoders; ++i)
                if (strcmp(machine->decoders[i].name, name) == 0)
                        return &machine->decoders[i];
        return NULL;
}
