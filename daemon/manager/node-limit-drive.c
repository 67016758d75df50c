/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/node-limit-drive.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A walk has one goal. Those that seed come first and are repeated until one finds nothing to
 * seed; then comes one that sets limits, and from then on every walk does both, each cgroup at
 * once. What is still to be visited is a stack of paths, so that what a cgroup has below it comes
 * next.
 *
 * A cgroup that is gone is no failure. Any other failure of a seed keeps all limits away; when it
 * is that of the very first write and no cgroup had a value, the kernel does not obey yet, and the
 * walk ends there, with nothing changed.
 */
typedef struct Stack {
        char **paths;
        size_t n_paths, n_room;
} Stack;

/* Of the walk that is under way. */
typedef struct Walk {
        QosNodeLimitGoal goal;
        bool is_full; /* from the root; else of cgroups that came */
        bool is_cut;
        size_t n_cgroups;
        size_t n_seeded;
        NodeLimitFailure failure;
        size_t n_failures;
        NodeLimitCount counts[QOS_NODE_LIMIT_LEVELS][CGROUP_NODE_LIMITS];
} Walk;

struct NodeLimitDrive {
        const CgroupNodeLimitOps *ops;
        void *userdata;
        const NodeLimitOwns *owns;
        QosNodeLimitPlan plan;
        QosPlaces places;
        uint64_t was_harmless[CGROUP_NODE_LIMITS];
        Stack stack;
        Walk walk;
        bool wants_walk; /* after this one */
        bool is_obeyed;  /* a cgroup has a value, so the kernel looks at all of them */
        unsigned n_seed_walks;
        Stack limited, next_limited; /* found so far; by the walk that is under way */
        size_t touched;              /* the next one of @limited */
        NodeLimitState state;
};

/* Stacks */

static bool push(Stack *stack, const char *path) {
        char *copy;

        if (stack->n_paths == stack->n_room) {
                const size_t n_room = stack->n_room ? 2 * stack->n_room : 64;
                char **paths = reallocarray(stack->paths, n_room, sizeof(*paths));

                if (!paths)
                        return false;
                stack->paths = paths;
                stack->n_room = n_room;
        }
        copy = strdup(path);
        if (!copy)
                return false;
        stack->paths[stack->n_paths++] = copy;
        return true;
}

static void clear(Stack *stack) {
        while (stack->n_paths > 0)
                free(stack->paths[--stack->n_paths]);
}

static void stack_deinit(Stack *stack) {
        clear(stack);
        free(stack->paths);
        *stack = (Stack){};
}

static bool has(const Stack *stack, const char *path) {
        for (size_t i = 0; i < stack->n_paths; ++i)
                if (strcmp(stack->paths[i], path) == 0)
                        return true;
        return false;
}

/* Making */

int node_limit_drive_new(const CgroupNodeLimitOps *ops,
                         void *userdata,
                         const NodeLimitOwns *owns,
                         NodeLimitDrive **ret) {
        NodeLimitDrive *drive = calloc(1, sizeof(*drive));

        if (!drive)
                return -ENOMEM;
        drive->ops = ops;
        drive->userdata = userdata;
        drive->owns = owns;
        *ret = drive;
        return 0;
}

NodeLimitDrive *node_limit_drive_free(NodeLimitDrive *drive) {
        if (!drive)
                return NULL;
        stack_deinit(&drive->stack);
        stack_deinit(&drive->limited);
        stack_deinit(&drive->next_limited);
        free(drive);
        return NULL;
}

const NodeLimitState *node_limit_drive_get(const NodeLimitDrive *drive) {
        return &drive->state;
}

/* What is wanted */

static bool has_same_places(const QosPlaces *a, const QosPlaces *b) {
        for (QosLevel level = 0; level < QOS_NODE_LIMIT_LEVELS; ++level)
                if (strcmp(a->items[level].path, b->items[level].path) != 0)
                        return false;
        return true;
}

void node_limit_drive_stop(NodeLimitDrive *drive) {
        clear(&drive->stack);
        clear(&drive->next_limited);
        drive->wants_walk = drive->state.is_walking = false;
}

void node_limit_drive_set(NodeLimitDrive *drive,
                          const QosNodeLimitPlan *plan,
                          const QosPlaces *places) {
        const bool is_same = memcmp(&drive->plan, plan, sizeof(*plan)) == 0;

        if (is_same && has_same_places(&drive->places, places))
                return;
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                if (drive->plan.harmless_mib[node] != plan->harmless_mib[node]) {
                        if (drive->plan.harmless_mib[node])
                                drive->was_harmless[node] = drive->plan.harmless_mib[node];
                        drive->state.is_seeded = false;
                }
        drive->plan = *plan;
        drive->places = *places;
        drive->state.is_done = false;
        node_limit_drive_stop(drive);
        clear(&drive->limited);
        drive->touched = drive->state.n_limited = 0;
}

static void start(NodeLimitDrive *drive, QosNodeLimitGoal goal, bool is_full) {
        drive->walk = (Walk){ .goal = goal, .is_full = is_full };
        drive->state.is_walking = true;
        if (!is_full)
                return;
        clear(&drive->next_limited);
        drive->wants_walk = false;
        drive->walk.is_cut = !push(&drive->stack, "");
}

static QosNodeLimitGoal choose_goal(const NodeLimitDrive *drive) {
        return drive->state.is_seeded ? QOS_NODE_LIMIT_KEEP : QOS_NODE_LIMIT_SEED;
}

void node_limit_drive_begin(NodeLimitDrive *drive, bool withdraws) {
        if (drive->plan.nodes == 0)
                return;
        drive->state.is_withdrawn = false;
        if (withdraws) {
                node_limit_drive_stop(drive);
                start(drive, QOS_NODE_LIMIT_WITHDRAW, true);
        } else if (drive->state.is_walking) {
                drive->wants_walk = true;
        } else {
                drive->n_seed_walks = 0;
                start(drive, choose_goal(drive), true);
        }
}

void node_limit_drive_add(NodeLimitDrive *drive, const char *path) {
        /* Before the first walk there is no promise that anything was written at all. */
        if (drive->plan.nodes == 0 || (!drive->state.is_walking && !drive->state.is_seeded))
                return;
        if (!drive->state.is_walking)
                start(drive, QOS_NODE_LIMIT_KEEP, false);
        /* they may come faster than they are visited */
        drive->walk.is_cut |=
                drive->stack.n_paths >= NODE_LIMIT_CGROUPS_MAX || !push(&drive->stack, path);
}

/* Visiting */

static void note_failure(NodeLimitDrive *drive, const NodeLimitFailure *failure, const char *path) {
        Walk *walk = &drive->walk;

        if (walk->n_failures++ > 0)
                return;
        walk->failure = *failure;
        (void)snprintf(walk->failure.path, sizeof(walk->failure.path), "%s", path[0] ? path : "/");
}

typedef struct Listing {
        NodeLimitDrive *drive;
        const char *path;
        bool has_any;
} Listing;

static int add_found(const char *name, void *userdata) {
        Listing *listing = userdata;
        NodeLimitDrive *drive = listing->drive;
        char path[CGROUP_PATH_MAX];
        unsigned depth = 1;
        int n;

        listing->has_any = true;
        n = snprintf(path, sizeof(path), "%s%s%s", listing->path, listing->path[0] ? "/" : "",
                     name);
        for (const char *c = path; *c; ++c)
                depth += *c == '/';
        if (n < 0 || (size_t)n >= sizeof(path) || depth > NODE_LIMIT_DEPTH_MAX ||
            drive->walk.n_cgroups + drive->stack.n_paths >= NODE_LIMIT_CGROUPS_MAX ||
            !push(&drive->stack, path))
                drive->walk.is_cut = true;
        return 0;
}

/* One file. Return: false when the walk is over. */
static bool bring(NodeLimitDrive *drive, const char *path, const QosNodeLimitFile *file) {
        const uint64_t mib = qos_node_limit_want(&drive->plan, drive->walk.goal, file);
        NodeLimitFailure failure = {
                .is_of_file = true, .node = file->node, .level = file->level, .mib = mib
        };
        NodeLimitCount *count = file->level < QOS_NODE_LIMIT_LEVELS && !file->is_own
                                        ? &drive->walk.counts[file->level][file->node]
                                        : NULL;
        int r = 0;

        if (mib != file->mib) {
                r = drive->ops->write(drive->userdata, path, file->node, mib, &failure.found_mib);
                if (r == CGROUP_E_ABSENT)
                        return true; /* it is gone */
                r = r > 0 ? -EINVAL : r;
                drive->state.n_writes += r == 0;
                drive->is_obeyed |= r == 0;
        } else {
                failure.found_mib = mib;
        }
        if (r == 0 && failure.found_mib == mib) {
                drive->is_obeyed = true;
                if (count)
                        ++count->n_set;
                return true;
        }
        failure.error = r;
        note_failure(drive, &failure, path);
        if (count)
                ++count->n_failed;
        return drive->is_obeyed;
}

static bool
is_limit(const NodeLimitDrive *drive, QosLevel level, const NodeLimitOwn *own, unsigned node) {
        if (drive->walk.goal != QOS_NODE_LIMIT_KEEP || level >= QOS_NODE_LIMIT_LEVELS)
                return false;
        return own ? own->mib[node] != 0 : drive->plan.mib[level][node] != 0;
}

/* Files without a limit come first: between two writes of one cgroup, too, nothing is 0
 * while another file has a limit. Return: false when the walk is over. */
static bool bring_all(NodeLimitDrive *drive, const char *path, const CgroupNodeLimits *limits) {
        const QosLevel level = qos_node_limit_find_level(&drive->places, path);
        const NodeLimitOwn *own = node_limit_owns_find(drive->owns, path);
        bool has_zero = false;

        for (unsigned turn = 0; turn < 2; ++turn)
                for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node) {
                        const QosNodeLimitFile file = { .level = level,
                                                        .node = node,
                                                        .mib = limits->mib[node],
                                                        .was_harmless = drive->was_harmless[node],
                                                        .is_own = own,
                                                        .own_mib = own ? own->mib[node] : 0 };

                        if (!(drive->plan.nodes & limits->files & 1u << node) ||
                            is_limit(drive, level, own, node) != (turn == 1))
                                continue;
                        has_zero |= file.mib == 0;
                        if (!bring(drive, path, &file))
                                return false;
                }
        drive->walk.n_seeded += has_zero;
        drive->state.n_seeded += has_zero;
        return true;
}

/* Its usage is read when it is a leaf that a limit is for. */
static void note_limited(NodeLimitDrive *drive, const char *path) {
        const QosLevel level = qos_node_limit_find_level(&drive->places, path);
        const NodeLimitOwn *own = node_limit_owns_find(drive->owns, path);
        Stack *list = drive->walk.is_full ? &drive->next_limited : &drive->limited;
        bool is_limited = false;

        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                is_limited |= is_limit(drive, level, own, node);
        if (!is_limited)
                return;
        if (list->n_paths >= NODE_LIMIT_TOUCHED_MAX)
                drive->walk.is_cut = true;
        else if (drive->walk.is_full || !has(list, path))
                drive->walk.is_cut |= !push(list, path);
}

/* Return: false when the walk is over. */
static bool visit(NodeLimitDrive *drive, const char *path) {
        Listing listing = { .drive = drive, .path = path };
        CgroupNodeLimits limits = {};
        int r;

        ++drive->walk.n_cgroups;
        r = drive->ops->list(drive->userdata, path, add_found, &listing);
        if (r == 0 && path[0])
                r = drive->ops->read(drive->userdata, path, &limits);
        if (r != 0 && r != CGROUP_E_ABSENT)
                note_failure(drive, &(NodeLimitFailure){ .error = r < 0 ? r : -EINVAL }, path);
        if (r != 0 || limits.files == 0)
                return true;
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                drive->is_obeyed |= limits.mib[node] != 0;
        if (!bring_all(drive, path, &limits))
                return false;
        if (!listing.has_any)
                note_limited(drive, path);
        return true;
}

/* Walking */

/* What a walk of all has found becomes what is known. */
static void publish(NodeLimitDrive *drive) {
        const Walk *walk = &drive->walk;
        NodeLimitState *state = &drive->state;
        Stack before = drive->limited;

        state->is_cut = walk->is_cut;
        state->failure = walk->failure;
        state->n_failures = walk->n_failures;
        state->n_cgroups = walk->n_cgroups;
        if (walk->goal == QOS_NODE_LIMIT_SEED)
                return;
        memcpy(state->counts, walk->counts, sizeof(state->counts));
        drive->limited = drive->next_limited;
        drive->next_limited = before;
        clear(&drive->next_limited);
        state->n_limited = drive->limited.n_paths;
}

/* One that adds what came: a failure is told, and one of before stays. */
static void publish_part(NodeLimitDrive *drive) {
        NodeLimitState *state = &drive->state;

        for (QosLevel level = 0; level < QOS_NODE_LIMIT_LEVELS; ++level)
                for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node) {
                        state->counts[level][node].n_set += drive->walk.counts[level][node].n_set;
                        state->counts[level][node].n_failed +=
                                drive->walk.counts[level][node].n_failed;
                }
        if (state->n_failures == 0)
                state->failure = drive->walk.failure;
        state->n_failures += drive->walk.n_failures;
        state->is_cut |= drive->walk.is_cut;
        state->n_limited = drive->limited.n_paths;
}

static void end_seeding(NodeLimitDrive *drive) {
        NodeLimitState *state = &drive->state;

        if (state->n_failures > 0 || state->is_cut)
                return;
        if (drive->walk.n_seeded > 0 && ++drive->n_seed_walks < NODE_LIMIT_SEED_WALKS_MAX) {
                start(drive, QOS_NODE_LIMIT_SEED, true);
                return;
        }
        state->is_seeded = true;
        start(drive, QOS_NODE_LIMIT_KEEP, true);
}

static void end_full(NodeLimitDrive *drive) {
        const QosNodeLimitGoal goal = drive->walk.goal;
        NodeLimitState *state = &drive->state;

        publish(drive);
        state->is_done = goal == QOS_NODE_LIMIT_KEEP;
        state->is_withdrawn = goal == QOS_NODE_LIMIT_WITHDRAW;
        if (goal == QOS_NODE_LIMIT_SEED)
                end_seeding(drive);
}

static void end(NodeLimitDrive *drive) {
        clear(&drive->stack);
        drive->state.is_walking = false;
        if (drive->walk.is_full)
                end_full(drive);
        else
                publish_part(drive);
        if (drive->state.is_walking || !drive->wants_walk)
                return;
        drive->n_seed_walks = 0;
        start(drive, choose_goal(drive), true);
}

bool node_limit_drive_step(NodeLimitDrive *drive, size_t n_cgroups) {
        for (size_t i = 0; i < n_cgroups && drive->state.is_walking; ++i) {
                char *path;
                bool goes_on;

                if (drive->stack.n_paths == 0) {
                        end(drive);
                        continue;
                }
                path = drive->stack.paths[--drive->stack.n_paths];
                goes_on = visit(drive, path);
                free(path);
                if (!goes_on)
                        end(drive);
        }
        return drive->state.is_walking;
}

/* Usage */

void node_limit_drive_touch(NodeLimitDrive *drive, size_t n_cgroups) {
        Stack *list = &drive->limited;

        for (size_t i = 0; i < n_cgroups && list->n_paths > 0; ++i) {
                int r;

                if (drive->touched >= list->n_paths)
                        drive->touched = 0;
                r = drive->ops->touch(drive->userdata, list->paths[drive->touched]);
                drive->state.n_touches += r == 0;
                if (r <= 0) {
                        ++drive->touched;
                        continue;
                }
                /* it is gone */
                free(list->paths[drive->touched]);
                list->paths[drive->touched] = list->paths[--list->n_paths];
                drive->state.n_limited = list->n_paths;
        }
}

void node_limit_state_describe(const NodeLimitState *state, Diag *ret) {
        const NodeLimitFailure *failure = &state->failure;
        const char *file = failure->is_of_file ? cgroup_node_limit_file(failure->node) : "";

        if (state->n_failures == 0)
                diag_set(ret, NULL, 0, 0, "%s",
                         state->is_cut ? "there are too many cgroups, or some too deep, or there "
                                         "is not enough memory to look at all of them"
                                       : "");
        else if (!failure->is_of_file)
                diag_set(ret, NULL, 0, 0, "cgroup %.120s cannot be looked at: %s", failure->path,
                         strerror(-failure->error));
        else if (failure->error)
                diag_set(ret, NULL, 0, 0, "%s of %.120s does not take %" PRIu64 ": %s", file,
                         failure->path, failure->mib, strerror(-failure->error));
        else
                diag_set(ret, NULL, 0, 0,
                         "%s of %.120s reads back as %" PRIu64 " where %" PRIu64 " was written",
                         file, failure->path, failure->found_mib, failure->mib);
}
