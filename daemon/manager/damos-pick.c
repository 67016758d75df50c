/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/damos-pick.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup/group.h"
#include "enforce/usage.h"

/* Of cgroups below a container's, in all: as many are looked at. */
#define VISITS_MAX 64u
#define DEPTH_MAX  8u

/* What is where */

static uint64_t get_bytes(const EnforceUsageNodes *nodes, unsigned node) {
        for (size_t i = 0; i < nodes->n_items; ++i)
                if (nodes->items[i].node == node)
                        return nodes->items[i].bytes;
        return 0;
}

static int
read_nodes(const EnforceMeans *means, int cgroup_fd, char *text, EnforceUsageNodes *ret) {
        EnforceUsage usage;
        size_t n;
        int r;

        r = cgroup_read_file(cgroup_fd, "memory.numa_stat", text, ENFORCE_TEXT_MAX, &n);
        if (r)
                return r > 0 ? -ENODEV : r;
        return enforce_usage_parse(scan_init(text, n), &means->local, &means->remote,
                                   means->page_bytes, &usage, ret)
                       ? 0
                       : -EBADMSG;
}

int damos_read_bytes(const EnforceMeans *means,
                     int cgroup_fd,
                     unsigned from,
                     unsigned to,
                     char *text,
                     uint64_t *ret_from,
                     uint64_t *ret_to) {
        EnforceUsageNodes nodes;
        const int r = read_nodes(means, cgroup_fd, text, &nodes);

        if (r)
                return r;
        *ret_from = get_bytes(&nodes, from);
        *ret_to = get_bytes(&nodes, to);
        return 0;
}

/* From where to where */

/* The node that has the most of it. Return: false when none has anything. */
static bool pick_source(const EnforceUsageNodes *nodes, const NodeSet *side, unsigned *ret) {
        uint64_t most = 0;

        for (size_t i = 0; i < nodes->n_items; ++i) {
                const EnforceNodeBytes *item = &nodes->items[i];

                if (item->bytes <= most || !nodeset_contains(side, item->node))
                        continue;
                most = item->bytes;
                *ret = item->node;
        }
        return most > 0;
}

static unsigned get_distance(const SysfsMachine *machine, unsigned from, unsigned to) {
        size_t from_row = SIZE_MAX, to_row = SIZE_MAX;

        for (size_t i = 0; i < machine->n_nodes; ++i) {
                if (machine->nodes[i].id == from)
                        from_row = i;
                if (machine->nodes[i].id == to)
                        to_row = i;
        }
        if (from_row == SIZE_MAX || to_row == SIZE_MAX || !machine->nodes[from_row].distances)
                return UINT16_MAX;
        return machine->nodes[from_row].distances[to_row];
}

typedef struct Target {
        unsigned node;
        unsigned room; /* 2: it is claimed, and all of the step has room; 1: only the latter */
        unsigned distance;
        uint64_t free_bytes;
} Target;

static bool is_better(const Target *a, const Target *b) {
        if (a->room != b->room)
                return a->room > b->room;
        if (a->room == 0)
                return a->free_bytes > b->free_bytes;
        return a->distance != b->distance ? a->distance < b->distance
                                          : a->free_bytes > b->free_bytes;
}

/* Return: false when there is no room. */
static bool pick_target(const EnforceMeans *means,
                        const DamosStep *step,
                        const NodeSet *side,
                        unsigned from,
                        unsigned *ret) {
        const NodeSet allowed = step->knows_mems ? nodeset_and(side, &step->mems) : *side;
        Target best = { .node = NODESET_MAX };

        NODESET_FOREACH (node, &allowed) {
                const uint64_t free_bytes = means->free->bytes[node];
                const Target target = {
                        .node = node,
                        .room = free_bytes < step->bytes
                                        ? 0
                                        : 1u + nodeset_contains(&step->claimed, node),
                        .distance = get_distance(means->snapshot->topology->machine, from, node),
                        .free_bytes = free_bytes,
                };

                if (free_bytes >= means->page_bytes &&
                    (best.node == NODESET_MAX || is_better(&target, &best)))
                        best = target;
        }
        *ret = best.node;
        return best.node != NODESET_MAX;
}

/* From @hand on; all of it when next to nothing is left there. */
static void skip_ranges(DamosPick *pick, uint64_t hand) {
        DamonMove *move = &pick->move;
        uint64_t left = 0;
        size_t n = 0;

        for (size_t i = 0; i < move->n_ranges; ++i)
                if (move->ranges[i].end > hand)
                        left += move->ranges[i].end -
                                (move->ranges[i].start > hand ? move->ranges[i].start : hand);
        pick->is_whole = left == pick->looked_bytes || left < pick->looked_bytes / 16;
        if (pick->is_whole)
                return;
        for (size_t i = 0; i < move->n_ranges; ++i) {
                DamonRange range = move->ranges[i];

                if (range.end <= hand)
                        continue;
                if (range.start < hand)
                        range.start = hand;
                move->ranges[n++] = range;
        }
        move->n_ranges = n;
}

/* Addresses: /proc/iomem has none without CAP_SYS_ADMIN, memory blocks do. */
int damos_pick_ranges(const EnforceMeans *means, uint64_t hand, DamosPick *pick) {
        const SysfsMachine *machine = means->snapshot->topology->machine;
        const uint64_t block_bytes = machine->host.block_bytes.value;
        DamonMove *move = &pick->move;

        move->n_ranges = 0;
        pick->looked_bytes = 0;
        for (size_t i = 0; i < machine->n_blocks; ++i) {
                const SysfsBlock *block = &machine->blocks[i];
                const uint64_t start = block_bytes * block->id;

                if (block->node != move->from || block->state != SYSFS_BLOCK_ONLINE)
                        continue;
                if (move->n_ranges > 0 && move->ranges[move->n_ranges - 1].end == start)
                        move->ranges[move->n_ranges - 1].end += block_bytes;
                else if (move->n_ranges < DAMON_RANGES_MAX)
                        move->ranges[move->n_ranges++] =
                                (DamonRange){ .start = start, .end = start + block_bytes };
                else
                        break;
                pick->looked_bytes += block_bytes;
        }
        if (move->n_ranges == 0 || block_bytes == 0)
                return -EOPNOTSUPP;
        skip_ranges(pick, hand);
        return 0;
}

static uint64_t get_node_bytes(const SysfsMachine *machine, const DamosPick *pick) {
        for (size_t i = 0; i < machine->n_nodes; ++i)
                if (machine->nodes[i].id == pick->move.from &&
                    machine->nodes[i].memory_bytes.value > 0)
                        return machine->nodes[i].memory_bytes.value;
        return pick->looked_bytes;
}

/* Whose pages */

typedef struct Visit {
        const EnforceMeans *means;
        DamosPick *pick;
        char *text;
        size_t n_visits, n_cgroups;
} Visit;

/* Those with the most come first. */
static void add_cgroup(Visit *visit, const char *path, uint64_t own_bytes) {
        DamosPick *pick = visit->pick;
        size_t i = visit->n_cgroups;

        while (i > 0 && pick->own_bytes[i - 1] < own_bytes)
                --i;
        if (i == DAMON_CGROUPS_MAX)
                return;
        if (visit->n_cgroups < DAMON_CGROUPS_MAX)
                ++visit->n_cgroups;
        memmove(pick->cgroups[i + 1], pick->cgroups[i],
                (visit->n_cgroups - 1 - i) * sizeof(pick->cgroups[0]));
        memmove(&pick->own_bytes[i + 1], &pick->own_bytes[i],
                (visit->n_cgroups - 1 - i) * sizeof(pick->own_bytes[0]));
        (void)snprintf(pick->cgroups[i], sizeof(pick->cgroups[i]), "%s", path);
        pick->own_bytes[i] = own_bytes;
}

static uint64_t visit_cgroup(Visit *visit, int fd, const char *path, unsigned depth);

/* What all below it have. */
static uint64_t visit_below(Visit *visit, int fd, const char *path, unsigned depth) {
        const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;
        uint64_t sum = 0;

        dir = copy >= 0 ? fdopendir(copy) : NULL;
        if (!dir) {
                (void)fd_close(copy);
                return 0;
        }
        while (visit->n_visits < VISITS_MAX && (entry = readdir(dir))) {
                _cleanup_(fd_closep) int child = -EBADF;
                char child_path[CGROUP_PATH_MAX];

                if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
                    (size_t)snprintf(child_path, sizeof(child_path), "%s/%s", path,
                                     entry->d_name) >= sizeof(child_path))
                        continue;
                child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (child >= 0)
                        sum = bytes_add_saturated(
                                sum, visit_cgroup(visit, child, child_path, depth + 1));
        }
        return sum;
}

/* What it has on the node. */
static uint64_t visit_cgroup(Visit *visit, int fd, const char *path, unsigned depth) {
        const DamonMove *move = &visit->pick->move;
        uint64_t bytes, unused, below = 0;

        ++visit->n_visits;
        if (damos_read_bytes(visit->means, fd, move->from, move->to, visit->text, &bytes, &unused))
                return 0;
        if (depth < DEPTH_MAX)
                below = visit_below(visit, fd, path, depth);
        add_cgroup(visit, path, bytes_sub_clamped(bytes, below));
        return bytes;
}

static int pick_cgroups(const EnforceMeans *means,
                        const DamonFeatures *features,
                        const DamosStep *step,
                        char *text,
                        DamosPick *pick) {
        Visit visit = { .means = means, .pick = pick, .text = text };
        DamonMove *move = &pick->move;

        (void)visit_cgroup(&visit, step->cgroup_fd, step->path, 0);
        while (move->n_cgroups < visit.n_cgroups &&
               (move->n_cgroups == 0 ||
                (features->has_ops_filters && pick->own_bytes[move->n_cgroups] > 0))) {
                move->cgroups[move->n_cgroups] = pick->cgroups[move->n_cgroups];
                ++move->n_cgroups;
        }
        return move->n_cgroups > 0 ? 0 : -ENODEV;
}

int damos_pick(const EnforceMeans *means,
               const DamonFeatures *features,
               const DamosStep *step,
               const uint64_t *hands,
               char *text,
               DamosPick *ret) {
        const SysfsMachine *machine = means->snapshot->topology->machine;
        const bool is_up = step->action == ENFORCE_PROMOTE;
        const NodeSet *source = is_up ? &means->remote : &means->local;
        const NodeSet *target = is_up ? &means->local : &means->remote;
        DamonMove *move = &ret->move;
        EnforceUsageNodes nodes;
        int r;

        memset(ret, 0, sizeof(*ret));
        move->is_up = is_up;
        move->container = step->path;
        r = read_nodes(means, step->cgroup_fd, text, &nodes);
        if (r)
                return r;
        if (!pick_source(&nodes, source, &move->from))
                return -ENOENT;
        if (!pick_target(means, step, target, move->from, &move->to))
                return -ENOSPC;
        ret->from_bytes = get_bytes(&nodes, move->from);
        ret->to_bytes = get_bytes(&nodes, move->to);
        ret->bytes =
                bytes_min(bytes_min(step->bytes, ret->from_bytes), means->free->bytes[move->to]);
        r = damos_pick_ranges(means, hands[move->from], ret);
        if (r == 0)
                r = pick_cgroups(means, features, step, text, ret);
        if (r)
                return r;
        move->node_bytes = get_node_bytes(machine, ret);
        move->left_bytes = ret->from_bytes - ret->bytes;
        move->pace.quota =
                damon_get_quota(features, ret->bytes, ret->from_bytes, ret->looked_bytes);
        return 0;
}
