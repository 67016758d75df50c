/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What changed
 *
 * NUMA nodes first, because they are what is promised from; then CXL regions, dax devices and
 * memory devices, the cause of it; then the sum. Everything is compared by id or name. What changed
 * without being worth a sentence of its own (distances, figures, diagnostics) makes one sentence
 * only where nothing else does, so that a new generation is never without a reason.
 */
#include "topology/changes.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_printf_(3, 4) static void add(TopologyChanges *changes, OptU64 node, const char *format, ...) {
        TopologyChange *change;
        va_list args;

        if (changes->n_items >= TOPOLOGY_CHANGES_MAX) {
                ++changes->n_dropped;
                return;
        }
        change = &changes->items[changes->n_items++];
        change->node = node;
        va_start(args, format);
        (void)vsnprintf(change->text, sizeof(change->text), format, args);
        va_end(args);
}

static const TopologyNode *find_node(const Topology *topology, unsigned id) {
        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (topology->nodes[i].id == id)
                        return &topology->nodes[i];
        return NULL;
}

/* "cxl, remote, 1.50 GiB" */
#define NODE_TEXT_MAX 64u
static const char *describe(const TopologyNode *node, char text[static NODE_TEXT_MAX]) {
        char size[BYTES_TEXT_MAX];

        if (node->locality == LOCALITY_NONE)
                (void)snprintf(text, NODE_TEXT_MAX, "no memory online");
        else
                (void)snprintf(text, NODE_TEXT_MAX, "%s, %s, %s", memory_kind_name(node->kind),
                               locality_name(node->locality),
                               bytes_format(node->capacity_bytes, size));
        return text;
}

static void
compare_size(const TopologyNode *before, const TopologyNode *now, TopologyChanges *changes) {
        char size[BYTES_TEXT_MAX], old_size[BYTES_TEXT_MAX];

        if (before->capacity_bytes != now->capacity_bytes)
                add(changes, opt_u64(now->id),
                    "NUMA node %u has %" PRIu64 " bytes (%s), had %" PRIu64 " (%s)", now->id,
                    now->capacity_bytes, bytes_format(now->capacity_bytes, size),
                    before->capacity_bytes, bytes_format(before->capacity_bytes, old_size));
}

static void
compare_class(const TopologyNode *before, const TopologyNode *now, TopologyChanges *changes) {
        if (before->kind != now->kind || before->locality != now->locality)
                add(changes, opt_u64(now->id), "NUMA node %u is %s, %s, was %s, %s: %s", now->id,
                    memory_kind_name(now->kind), locality_name(now->locality),
                    memory_kind_name(before->kind), locality_name(before->locality), now->reason);
        else if (strcmp(before->reason, now->reason) != 0)
                add(changes, opt_u64(now->id), "NUMA node %u: %s", now->id, now->reason);
}

static void
compare_state(const TopologyNode *before, const TopologyNode *now, TopologyChanges *changes) {
        if (now->tier.present && before->tier.present && now->tier.value != before->tier.value)
                add(changes, opt_u64(now->id),
                    "NUMA node %u is in memory tier %" PRIu64 ", was in %" PRIu64, now->id,
                    now->tier.value, before->tier.value);
        if (before->n_offline_blocks != now->n_offline_blocks)
                add(changes, opt_u64(now->id), "NUMA node %u has offline memory blocks: %u, had %u",
                    now->id, now->n_offline_blocks, before->n_offline_blocks);
        if (before->is_movable_only != now->is_movable_only && before->locality != LOCALITY_NONE &&
            now->locality != LOCALITY_NONE)
                add(changes, opt_u64(now->id), "NUMA node %u is %s", now->id,
                    now->is_movable_only ? "all movable" : "no longer all movable");
}

static void compare_nodes(const Topology *before, const Topology *now, TopologyChanges *changes) {
        char text[NODE_TEXT_MAX];

        for (size_t i = 0; i < now->n_nodes; ++i) {
                const TopologyNode *node = &now->nodes[i], *old = find_node(before, node->id);

                if (!old) {
                        add(changes, opt_u64(node->id), "NUMA node %u is new: %s (%s)", node->id,
                            describe(node, text), node->reason);
                        continue;
                }
                compare_size(old, node, changes);
                compare_class(old, node, changes);
                compare_state(old, node, changes);
        }
        for (size_t i = 0; i < before->n_nodes; ++i)
                if (!find_node(now, before->nodes[i].id))
                        add(changes, opt_u64(before->nodes[i].id),
                            "NUMA node %u is gone: it was %s", before->nodes[i].id,
                            describe(&before->nodes[i], text));
}

/* Rows that are told by their name, which is their first member. */
typedef struct Named {
        const char *rows;
        size_t n_rows;
        size_t row_size;
} Named;

#define NAMED(machine, array)                                                                      \
        ((Named){ .rows = (const char *)(machine)->array,                                          \
                  .n_rows = (machine)->n_##array,                                                  \
                  .row_size = sizeof(*(machine)->array) })

static bool has_name(Named list, const char *name) {
        for (size_t i = 0; i < list.n_rows; ++i)
                if (strcmp(list.rows + i * list.row_size, name) == 0)
                        return true;
        return false;
}

static void compare_names(Named before, Named now, const char *what, TopologyChanges *changes) {
        for (size_t i = 0; i < now.n_rows; ++i)
                if (!has_name(before, now.rows + i * now.row_size))
                        add(changes, (OptU64){}, "%s %s is new", what, now.rows + i * now.row_size);
        for (size_t i = 0; i < before.n_rows; ++i)
                if (!has_name(now, before.rows + i * before.row_size))
                        add(changes, (OptU64){}, "%s %s is gone", what,
                            before.rows + i * before.row_size);
}

static void compare_total(const SysfsHost *before, const SysfsHost *now, TopologyChanges *changes) {
        char size[BYTES_TEXT_MAX], old_size[BYTES_TEXT_MAX];

        if (before->memory_bytes.value != now->memory_bytes.value)
                add(changes, (OptU64){},
                    "/proc/meminfo shows %" PRIu64 " bytes (%s), showed %" PRIu64 " (%s)",
                    now->memory_bytes.value, bytes_format(now->memory_bytes.value, size),
                    before->memory_bytes.value, bytes_format(before->memory_bytes.value, old_size));
}

/**
 * topology_list_changes() - what is different
 * @before, @now: borrowed
 * @ret:          overwritten; empty only when the machines' rows are the same and were classified
 *                the same
 */
void topology_list_changes(const Topology *before, const Topology *now, TopologyChanges *ret) {
        static_assert(offsetof(SysfsRegion, name) == 0 && offsetof(SysfsDax, name) == 0 &&
                              offsetof(SysfsMemdev, name) == 0,
                      "a named row begins with its name");
        ret->n_items = 0;
        ret->n_dropped = 0;
        compare_nodes(before, now, ret);
        compare_names(NAMED(before->machine, regions), NAMED(now->machine, regions), "CXL region",
                      ret);
        compare_names(NAMED(before->machine, daxes), NAMED(now->machine, daxes), "dax device", ret);
        compare_names(NAMED(before->machine, memdevs), NAMED(now->machine, memdevs),
                      "CXL memory device", ret);
        compare_total(&before->machine->host, &now->machine->host, ret);
        if (ret->n_items == 0 && !sysfs_machine_is_equal(before->machine, now->machine))
                add(ret, (OptU64){}, "attributes changed that alter neither sizes nor reasons");
}
