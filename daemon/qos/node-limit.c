/* SPDX-License-Identifier: Apache-2.0 */
#include "qos/node-limit.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

/*
 * What that kernel takes: an int of MiB that is above 0 and, taken as a number, not above the pages
 * of the machine. It refuses nothing else, and a NUMA node with an id of 4 or above makes it write
 * behind its arrays, so that all is refused here.
 *
 * The size of a NUMA node in MiB is below its number of pages while a page is smaller than 1 MiB,
 * so a harmless value can be had always; it is checked all the same.
 */
#define EXPERIMENTAL "experimental: "

_printf_(2, 3) static void refuse(QosNodeLimitPlan *plan, const char *format, ...) {
        va_list args;

        if (plan->problem[0])
                return;
        va_start(args, format);
        (void)vsnprintf(plan->problem, sizeof(plan->problem), format, args);
        va_end(args);
}

static uint64_t get_highest(const QosNodeLimitInput *input) {
        const uint64_t page_bytes = input->page_bytes ? input->page_bytes : 4 * KIB;
        uint64_t total_bytes = 0;

        for (size_t i = 0; i < input->topology->n_nodes; ++i)
                total_bytes =
                        bytes_add_saturated(total_bytes, input->topology->nodes[i].capacity_bytes);
        return bytes_min(total_bytes / page_bytes, INT_MAX);
}

static void
plan_node(const QosNodeLimitInput *input, const TopologyNode *node, QosNodeLimitPlan *plan) {
        const uint64_t mib = node->capacity_bytes / MIB + (node->capacity_bytes % MIB != 0);

        if (node->id >= CGROUP_NODE_LIMITS) {
                refuse(plan,
                       "this machine has NUMA node %u, and that kernel has room for NUMA nodes 0 "
                       "to %u only: it would damage its own memory",
                       node->id, CGROUP_NODE_LIMITS - 1);
                return;
        }
        if (!node->is_capacity_known)
                refuse(plan, "how much memory NUMA node %u has is not known", node->id);
        if (mib == 0)
                return;
        if (!(input->files & 1u << node->id))
                refuse(plan, "this kernel has no file %s for NUMA node %u",
                       cgroup_node_limit_file(node->id), node->id);
        if (mib > get_highest(input))
                refuse(plan,
                       "this kernel takes nothing above %" PRIu64 ", and NUMA node %u has %" PRIu64
                       " MiB",
                       get_highest(input), node->id, mib);
        plan->nodes |= 1u << node->id;
        plan->harmless_mib[node->id] = mib;
}

/* Why it cannot be there, or NULL. */
static const char *judge(const QosNodeLimitInput *input,
                         const QosNodeLimitPlan *plan,
                         const QosNodeLimit *limit,
                         char text[static DIAG_TEXT_MAX]) {
        const uint64_t mib = limit->bytes / MIB;

        if (plan->problem[0])
                return plan->problem;
        if (!(plan->nodes & 1u << limit->node))
                (void)snprintf(text, DIAG_TEXT_MAX, "NUMA node %u has no memory", limit->node);
        else if (mib == 0)
                (void)snprintf(text, DIAG_TEXT_MAX,
                               "that kernel counts in MiB and takes no limit of 0");
        else if (mib > get_highest(input))
                (void)snprintf(text, DIAG_TEXT_MAX, "that kernel takes no limit above %" PRIu64,
                               get_highest(input));
        else
                return NULL;
        return text;
}

static const char *name_class(QosLevel level) {
        return level == QOS_LEVEL_KUBEPODS ? "guaranteed" : qos_level_name(level);
}

static void
plan_limit(const QosNodeLimitInput *input, const QosNodeLimit *limit, QosNodeLimitPlan *plan) {
        QosNodeLimitRow *row = &plan->rows[plan->n_rows++];
        char text[DIAG_TEXT_MAX];
        const char *problem;

        *row = (QosNodeLimitRow){ .level = limit->level, .node = limit->node };
        problem = judge(input, plan, limit, text);
        if (problem) {
                (void)snprintf(row->reason, sizeof(row->reason), EXPERIMENTAL "%.200s", problem);
                return;
        }
        row->has_value = true;
        row->mib = limit->bytes / MIB;
        plan->mib[limit->level][limit->node] = row->mib;
        (void)snprintf(row->reason, sizeof(row->reason),
                       EXPERIMENTAL "in MiB, for NUMA node %u in each container of %s pods; "
                                    "qos.nodeLimits",
                       limit->node, name_class(limit->level));
}

static const QosNodeLimit *
find_limit(const QosNodeLimitParams *params, QosLevel level, unsigned node) {
        for (size_t i = 0; i < params->n_items && i < QOS_NODE_LIMITS_MAX; ++i)
                if (params->items[i].level == level && params->items[i].node == node)
                        return &params->items[i];
        return NULL;
}

void qos_node_limit_plan(const QosNodeLimitInput *input, QosNodeLimitPlan *ret) {
        memset(ret, 0, sizeof(*ret)); /* the padding, too: plans are compared as bytes */
        ret->is_managed = input->is_managed;
        if (!input->is_managed)
                return;
        if (input->files == 0)
                refuse(ret, "no cgroup has a file memory.node_limit1: this kernel does not have "
                            "limits by NUMA node");
        for (size_t i = 0; i < input->topology->n_nodes; ++i)
                plan_node(input, &input->topology->nodes[i], ret);
        if (ret->nodes == 0)
                refuse(ret, "no NUMA node has memory");
        for (QosLevel level = 0; level < QOS_NODE_LIMIT_LEVELS; ++level)
                for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node) {
                        const QosNodeLimit *limit = find_limit(input->params, level, node);

                        if (limit)
                                plan_limit(input, limit, ret);
                }
        if (ret->problem[0])
                ret->nodes = 0;
}

/* Cgroups */

static bool is_below(const char *path, const char *folder) {
        const size_t n = strlen(folder);

        return n > 0 && strncmp(path, folder, n) == 0 && path[n] == '/';
}

static bool is_in(const char *path, const char *folder) {
        return folder[0] && (strcmp(path, folder) == 0 || is_below(path, folder));
}

QosLevel qos_node_limit_find_level(const QosPlaces *places, const char *path) {
        for (QosLevel level = QOS_LEVEL_BURSTABLE; level < QOS_NODE_LIMIT_LEVELS; ++level)
                if (is_in(path, places->items[level].path))
                        return level;
        return is_below(path, places->items[QOS_LEVEL_KUBEPODS].path) ? QOS_LEVEL_KUBEPODS
                                                                      : _QOS_LEVEL_N;
}

uint64_t qos_node_limit_want(const QosNodeLimitPlan *plan,
                             QosNodeLimitGoal goal,
                             const QosNodeLimitFile *file) {
        const uint64_t harmless_mib = plan->harmless_mib[file->node];
        uint64_t limit_mib = 0;

        if (!(plan->nodes & 1u << file->node))
                return file->mib;
        if (goal == QOS_NODE_LIMIT_SEED || file->level >= QOS_NODE_LIMIT_LEVELS)
                return file->mib == 0 || file->mib == file->was_harmless ? harmless_mib : file->mib;
        if (goal == QOS_NODE_LIMIT_KEEP)
                limit_mib = file->is_own ? bytes_min(file->own_mib, harmless_mib)
                                         : plan->mib[file->level][file->node];
        return limit_mib ? limit_mib : harmless_mib;
}

void qos_node_limit_spread(uint64_t bytes,
                           const NodeSet *local,
                           const NodeSet *claimed,
                           uint64_t ret_mib[static CGROUP_NODE_LIMITS]) {
        const NodeSet both = nodeset_and(local, claimed);
        const NodeSet *shared = nodeset_is_empty(&both) ? local : &both;
        uint64_t n = 0;

        memset(ret_mib, 0, CGROUP_NODE_LIMITS * sizeof(*ret_mib));
        NODESET_FOREACH (node, shared)
                ++n;
        NODESET_FOREACH (node, local) {
                const uint64_t share = nodeset_contains(shared, node) ? bytes / n / MIB : 0;

                if (node < CGROUP_NODE_LIMITS)
                        ret_mib[node] = share ? share : 1;
        }
}
