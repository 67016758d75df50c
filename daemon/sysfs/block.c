/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory blocks: /sys/devices/system/memory
 *
 * A large machine has tens of thousands of them, so they are read with the fewest system calls: one
 * listing of the blocks, one listing per NUMA node for the question whose block it is (the node's
 * directory links to its blocks), and two small files per block. A block that spans nodes is
 * counted with the first.
 *
 * "state" decides; "valid_zones" of an online block is the one zone it is in, of an offline block
 * the zones it could go to.
 */
#include <stdlib.h>
#include <string.h>

#include "sysfs/read.h"

static int compare_block(const void *key, const void *element) {
        const uint32_t id = *(const uint32_t *)key;
        const SysfsBlock *block = element;

        return (id > block->id) - (id < block->id);
}

static int assign_to_node(const AttrReader *reader, SysfsMachine *machine, unsigned node) {
        _cleanup_(attr_ids_deinitp) AttrIds ids = {};
        char path[ATTR_PATH_MAX];
        int r;

        attr_path(path, SYSFS_NODE_DIR "/node%u", node);
        r = attr_list_ids(reader, path, "memory", SYSFS_BLOCKS_MAX, &ids);
        if (r)
                return r;
        for (size_t i = 0; i < ids.n_ids; ++i) {
                const uint32_t id = ids.ids[i];
                SysfsBlock *block = bsearch(&id, machine->blocks, machine->n_blocks,
                                            sizeof(*machine->blocks), compare_block);

                if (block && block->node == SYSFS_NO_NODE)
                        block->node = (uint16_t)node;
        }
        return 0;
}

static void read_block(const AttrReader *reader, SysfsBlock *block) {
        char path[ATTR_PATH_MAX], word[64];

        attr_path(path, SYSFS_BLOCK_DIR "/memory%u/state", block->id);
        if (!attr_read_word(reader, path, word, sizeof(word)))
                return;
        if (strcmp(word, "online") == 0 || strcmp(word, "going-offline") == 0)
                block->state = SYSFS_BLOCK_ONLINE;
        else if (strcmp(word, "offline") == 0)
                block->state = SYSFS_BLOCK_OFFLINE;
        else
                attr_complain(reader, path, "holds '%s', expected online or offline; ignoring it",
                              word);
        if (block->state != SYSFS_BLOCK_ONLINE)
                return;
        attr_path(path, SYSFS_BLOCK_DIR "/memory%u/valid_zones", block->id);
        if (attr_read_word(reader, path, word, sizeof(word)))
                block->is_movable = strcmp(word, "Movable") == 0;
}

int sysfs_read_blocks(const AttrReader *reader, SysfsMachine *machine) {
        _cleanup_(attr_ids_deinitp) AttrIds ids = {};
        int r;

        r = attr_list_ids(reader, SYSFS_BLOCK_DIR, "memory", SYSFS_BLOCKS_MAX, &ids);
        if (r || ids.n_ids == 0)
                return r;
        machine->blocks = calloc(ids.n_ids, sizeof(*machine->blocks));
        if (!machine->blocks)
                return -ENOMEM;
        machine->n_blocks = ids.n_ids;
        for (size_t i = 0; i < ids.n_ids; ++i) {
                machine->blocks[i] = (SysfsBlock){ .id = ids.ids[i], .node = SYSFS_NO_NODE };
                read_block(reader, &machine->blocks[i]);
        }
        for (size_t i = 0; i < machine->n_nodes; ++i) {
                r = assign_to_node(reader, machine, machine->nodes[i].id);
                if (r)
                        return r;
        }
        return 0;
}
