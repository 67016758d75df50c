/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/node-limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "cgroup/node-limit.h"
#include "manager/node-limit-drive.h"
#include "manager/node-limits-announce.h"
#include "manager/timer.h"

/*
 * Nothing here takes long: a walk and a round of reads are cut into slices, one in a turn of the
 * loop, after all else. Writes are made right here and not by a worker: that kernel parses a number
 * and stores it, and there are more of them than a lane may have waiting.
 *
 * Without a level of pods there is nothing to limit, and then nothing is seeded either: the kernel
 * obeys for ever from the first write on. Once it does, cgroups that come are seeded whatever else
 * is in the way.
 */
#define SLICE_CGROUPS 32u   /* visited */
#define SLICE_TOUCHED 16u   /* whose usage is read, which costs the kernel more */
#define TOUCHED_MAX   1024u /* of one interval */
#define SOON_USEC     (100 * USEC_PER_MSEC)
#define POLL_USEC     (5 * USEC_PER_SEC) /* where cgroups that come are not all heard of */
#define ACCURACY_USEC USEC_PER_MSEC

struct NodeLimits {
        NodeLimitsParams params;
        const Settings *settings;
        const Snapshot *snapshot;
        CgroupTree tree;
        CgroupNodeLimitTree files; /* what the drive is given */
        NodeLimitOwns owns;
        sd_event_source *watch_source, *work, *touch_timer, *look_timer;
        NodeLimitDrive *drive;
        QosNodeLimitPlan plan;
        char kubepods[CGROUP_PATH_MAX]; /* at the last look; "": there was none */
        bool is_blocked;                /* nothing of any kind was written then */
        bool is_driven;                 /* the plan is being brought about */
        size_t n_to_touch;
        bool is_withdrawn;
        void (*withdrawn)(void *userdata); /* NULL: nobody waits */
        void *withdrawn_userdata;
        NodeLimitsTold told;
        NodeLimitsView view;
};

/* Sources of the loop; none of these can fail for a live one. */

static void wake(NodeLimits *limits) {
        (void)sd_event_source_set_enabled(limits->work, SD_EVENT_ONESHOT);
}

static void set_timer(const NodeLimits *limits, sd_event_source *timer, uint64_t in_usec) {
        timer_set(timer, clock_now_usec(&limits->params.clock) + in_usec);
}

/* What is told */

static QosStatus judge(const NodeLimits *limits, const QosNodeLimitRow *row) {
        const NodeLimitState *state = node_limit_drive_get(limits->drive);
        const NodeLimitCount *count = &state->counts[row->level][row->node];

        if (!row->has_value || limits->is_withdrawn)
                return QOS_STATUS_UNMANAGED;
        if (!limits->is_driven)
                return QOS_STATUS_ABSENT;
        if (count->n_failed > 0 || (!state->is_seeded && (state->n_failures > 0 || state->is_cut)))
                return QOS_STATUS_REFUSED;
        if (!state->is_done)
                return QOS_STATUS_WRITING;
        return count->n_set > 0 ? QOS_STATUS_ACHIEVED : QOS_STATUS_ABSENT;
}

/* Why none of any kind is written, or "". */
static const char *get_common_problem(const NodeLimits *limits) {
        const char *problem = limits->params.qos->problem;

        return problem ? problem : "";
}

static void describe(const NodeLimits *limits, char text[static NODE_LIMITS_TEXT_MAX]) {
        const NodeLimitState *state = node_limit_drive_get(limits->drive);
        char formatted[DIAG_FORMATTED_MAX];
        Diag diag = {};

        text[0] = '\0';
        if (!limits->plan.is_managed)
                return;
        if (!limits->params.may_write)
                (void)snprintf(text, NODE_LIMITS_TEXT_MAX, "this is a captured machine");
        else if (limits->plan.problem[0])
                (void)snprintf(text, NODE_LIMITS_TEXT_MAX, "%s", limits->plan.problem);
        else if (!limits->is_driven)
                (void)snprintf(text, NODE_LIMITS_TEXT_MAX, "%.400s", get_common_problem(limits));
        if (text[0] || !limits->is_driven)
                return;
        node_limit_state_describe(state, &diag);
        if (diag.text[0])
                (void)snprintf(text, NODE_LIMITS_TEXT_MAX, "%.400s%s",
                               diag_format(&diag, formatted),
                               state->is_seeded ? "" : "; until it can, no limit is set");
}

/* Whoever is interested is told when something of it is different. */
static void update_view(NodeLimits *limits) {
        const NodeLimitState *state = node_limit_drive_get(limits->drive);
        const NodeLimitsView before = limits->view;
        NodeLimitsView *view = &limits->view;

        view->plan = limits->plan.is_managed ? &limits->plan : NULL;
        for (size_t i = 0; i < limits->plan.n_rows; ++i)
                view->statuses[i] = judge(limits, &limits->plan.rows[i]);
        /* that of the last walk stays while there is another one */
        if (!state->is_walking)
                describe(limits, view->problem);
        view->n_limited = state->n_limited;
        view->n_seeded = state->n_seeded;
        view->n_writes = state->n_writes;
        view->n_reads = state->n_touches;
        if (limits->params.may_write && !state->is_walking)
                node_limits_announce(&limits->told, view, state);
        if (before.plan != view->plan ||
            memcmp(before.statuses, view->statuses, sizeof(before.statuses)) != 0 ||
            strcmp(before.problem, view->problem) != 0)
                limits->params.changed(limits->params.userdata);
}

/* Working */

static void end_withdrawal(NodeLimits *limits) {
        const NodeLimitState *state = node_limit_drive_get(limits->drive);
        void (*done)(void *userdata) = limits->withdrawn;
        char text[DIAG_FORMATTED_MAX];
        Diag diag = {};

        if (!done)
                return;
        node_limit_state_describe(state, &diag);
        (void)snprintf(limits->view.withdrawn, sizeof(limits->view.withdrawn),
                       "memory.node_limit: %.300s%sno pod has a limit by NUMA node any more; the "
                       "kernel goes on obeying these files, and cgroups that come have none, until "
                       "the next boot",
                       diag_format(&diag, text), diag.text[0] ? "; else " : "");
        node_limits_announce_withdrawal(limits->view.withdrawn, state->n_failures > 0);
        limits->withdrawn = NULL;
        done(limits->withdrawn_userdata);
}

static void poll_if_unwatched(NodeLimits *limits) {
        const int error =
                limits->files.watch ? folder_watch_get_problem(limits->files.watch) : EMFILE;

        if (!limits->is_driven)
                return;
        node_limits_announce_unwatched(&limits->told, error);
        if (error)
                set_timer(limits, limits->look_timer, POLL_USEC);
}

/* A slice of each. */
static int on_work(sd_event_source *source _unused_, void *userdata) {
        NodeLimits *limits = userdata;
        const bool was_walking = node_limit_drive_get(limits->drive)->is_walking;
        bool has_more;

        has_more = node_limit_drive_step(limits->drive, SLICE_CGROUPS);
        if (limits->n_to_touch > 0) {
                const size_t n =
                        limits->n_to_touch < SLICE_TOUCHED ? limits->n_to_touch : SLICE_TOUCHED;

                node_limit_drive_touch(limits->drive, n);
                limits->n_to_touch -= n;
        }
        if (was_walking && !has_more) {
                update_view(limits);
                end_withdrawal(limits);
                poll_if_unwatched(limits);
        }
        if (has_more || limits->n_to_touch > 0)
                wake(limits);
        return 0;
}

static int on_touch(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        NodeLimits *limits = userdata;
        const size_t n_limited = node_limit_drive_get(limits->drive)->n_limited;

        if (!limits->is_driven)
                return 0;
        limits->n_to_touch = n_limited < TOUCHED_MAX ? n_limited : TOUCHED_MAX;
        limits->view.n_reads = node_limit_drive_get(limits->drive)->n_touches;
        if (limits->n_to_touch > 0)
                wake(limits);
        set_timer(limits, limits->touch_timer, limits->settings->node_limits.interval_usec);
        return 0;
}

static int on_look(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        node_limits_look(userdata);
        return 0;
}

static void take_new_cgroup(const char *path, void *userdata) {
        NodeLimits *limits = userdata;

        node_limit_drive_add(limits->drive, path);
        wake(limits);
}

static void look_soon(NodeLimits *limits) {
        int is_enabled = SD_EVENT_OFF;

        (void)sd_event_source_get_enabled(limits->look_timer, &is_enabled);
        if (is_enabled == SD_EVENT_OFF)
                set_timer(limits, limits->look_timer, SOON_USEC);
}

static int on_watch(sd_event_source *source _unused_,
                    int fd _unused_,
                    uint32_t events _unused_,
                    void *userdata) {
        NodeLimits *limits = userdata;

        if (folder_watch_dispatch(limits->files.watch, take_new_cgroup, limits))
                look_soon(limits);
        return 0;
}

/* Making */

static int add_sources(NodeLimits *limits) {
        int r;

        r = sd_event_add_defer(limits->params.event, &limits->work, on_work, limits);
        if (r >= 0)
                r = sd_event_source_set_enabled(limits->work, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(limits->work, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = timer_new(limits->params.event, ACCURACY_USEC, on_touch, limits,
                              &limits->touch_timer);
        if (r >= 0)
                r = timer_new(limits->params.event, ACCURACY_USEC, on_look, limits,
                              &limits->look_timer);
        return r < 0 ? r : 0;
}

int node_limits_new(const NodeLimitsParams *params, NodeLimits **ret) {
        _cleanup_(node_limits_freep) NodeLimits *limits = calloc(1, sizeof(*limits));
        int r;

        if (!limits)
                return -ENOMEM;
        limits->params = *params;
        limits->tree = (CgroupTree)CGROUP_TREE_NULL;
        limits->files.tree = &limits->tree;
        r = node_limit_drive_new(&cgroup_node_limit_ops, &limits->files, &limits->owns,
                                 &limits->drive);
        if (r)
                return r;
        r = add_sources(limits);
        if (r)
                return r;
        *ret = TAKE_PTR(limits);
        return 0;
}

static void stop_watching(NodeLimits *limits) {
        limits->watch_source = sd_event_source_disable_unref(limits->watch_source);
        limits->files.watch = folder_watch_free(limits->files.watch);
}

NodeLimits *node_limits_free(NodeLimits *limits) {
        if (!limits)
                return NULL;
        stop_watching(limits);
        sd_event_source_disable_unref(limits->work);
        sd_event_source_disable_unref(limits->touch_timer);
        sd_event_source_disable_unref(limits->look_timer);
        node_limit_drive_free(limits->drive);
        node_limit_owns_deinit(&limits->owns);
        cgroup_tree_deinit(&limits->tree);
        free(limits);
        return NULL;
}

const NodeLimitsView *node_limits_get_view(const NodeLimits *limits) {
        return &limits->view;
}

void node_limits_set(NodeLimits *limits,
                     const Settings *settings,
                     const Snapshot *snapshot,
                     bool is_reload) {
        limits->settings = settings;
        limits->snapshot = snapshot;
        if (!is_reload || limits->withdrawn)
                return;
        limits->is_withdrawn = false;
        limits->view.withdrawn[0] = '\0';
}

/* Looking */

static void open_tree(NodeLimits *limits) {
        if (limits->tree.is_v2)
                return;
        cgroup_tree_deinit(&limits->tree);
        if (cgroup_tree_open(limits->params.root, &limits->tree) ||
            (limits->params.root->is_host && !limits->tree.is_unified)) {
                cgroup_tree_deinit(&limits->tree);
                limits->tree = (CgroupTree)CGROUP_TREE_NULL;
        }
}

/* Without one, cgroups that come are found at every look. */
static void watch(NodeLimits *limits) {
        if (limits->files.watch || folder_watch_new(&limits->files.watch) < 0)
                return;
        if (sd_event_add_io(limits->params.event, &limits->watch_source,
                            folder_watch_get_fd(limits->files.watch), EPOLLIN, on_watch,
                            limits) < 0)
                stop_watching(limits);
}

/* Who was there before has written, so that cgroups that come have to be seeded. */
static bool is_obeyed(NodeLimits *limits) {
        CgroupNodeLimits found = {};
        bool has_value = false;

        if (!limits->kubepods[0] ||
            cgroup_node_limit_ops.read(&limits->files, limits->kubepods, &found))
                return false;
        for (unsigned node = 0; node < CGROUP_NODE_LIMITS; ++node)
                has_value |= found.mib[node] != 0;
        return has_value;
}

/* Once it is driven the kernel obeys, and only the operator, or what would do damage, ends it. */
static bool has_anything(NodeLimits *limits) {
        const QosPlaces *places = limits->params.qos->places;

        if (!limits->params.may_write || limits->is_withdrawn || !limits->plan.is_managed ||
            limits->plan.problem[0] || !places)
                return false;
        if (limits->is_driven)
                return true;
        if (places->driver == CGROUP_DRIVER_NONE || get_common_problem(limits)[0])
                return false;
        for (size_t i = 0; i < limits->plan.n_rows; ++i)
                if (limits->plan.rows[i].has_value)
                        return true;
        return limits->owns.n_items > 0 || is_obeyed(limits);
}

static bool may_write(const NodeLimits *limits) {
        return limits->settings->qos.manage & QOS_MANAGE_NODE_LIMIT;
}

static void plan(NodeLimits *limits, bool is_managed, QosNodeLimitPlan *ret) {
        if (is_managed)
                open_tree(limits);
        qos_node_limit_plan(
                &(const QosNodeLimitInput){
                        .is_managed = is_managed,
                        .params = &limits->settings->node_limits,
                        .topology = limits->snapshot->topology,

                        .files = is_managed ? cgroup_node_limit_probe(&limits->tree) : 0,
                        .page_bytes = limits->tree.page_bytes },
                ret);
}

static void start_or_go_on(NodeLimits *limits) {
        watch(limits);
        if (!limits->is_driven)
                set_timer(limits, limits->touch_timer, limits->settings->node_limits.interval_usec);
        limits->is_driven = true;
        node_limit_drive_set(limits->drive, &limits->plan, limits->params.qos->places);
        node_limit_drive_begin(limits->drive, false);
        wake(limits);
}

static void stop(NodeLimits *limits) {
        limits->is_driven = false;
        limits->n_to_touch = 0;
        node_limit_drive_stop(limits->drive);
        timer_set(limits->touch_timer, TIMER_NEVER);
        stop_watching(limits);
}

void node_limits_look(NodeLimits *limits) {
        timer_set(limits->look_timer, TIMER_NEVER);
        if (limits->withdrawn)
                return;
        (void)snprintf(limits->kubepods, sizeof(limits->kubepods), "%s",
                       limits->params.qos->places
                               ? limits->params.qos->places->items[QOS_LEVEL_KUBEPODS].path
                               : "");
        limits->is_blocked = get_common_problem(limits)[0] != '\0';
        plan(limits, may_write(limits), &limits->plan);
        if (has_anything(limits))
                start_or_go_on(limits);
        else if (limits->is_driven)
                stop(limits);
        update_view(limits);
}

void node_limits_note_levels(NodeLimits *limits) {
        const QosPlaces *places = limits->params.qos->places;

        if (!limits->plan.is_managed || limits->withdrawn || !places)
                return;
        if (strcmp(places->items[QOS_LEVEL_KUBEPODS].path, limits->kubepods) != 0 ||
            limits->is_blocked != (get_common_problem(limits)[0] != '\0'))
                look_soon(limits);
}

/* Withdrawing */

bool node_limits_withdraw(NodeLimits *limits, void (*done)(void *userdata), void *userdata) {
        if (!limits->is_driven || limits->withdrawn)
                return false;
        limits->withdrawn = done;
        limits->withdrawn_userdata = userdata;
        stop(limits);
        limits->is_withdrawn = true;
        node_limit_drive_begin(limits->drive, true);
        wake(limits);
        return true;
}

bool node_limits_is_withdrawing(const NodeLimits *limits) {
        return limits->withdrawn != NULL;
}

/* Of a container's own */

static bool can_seed(const NodeLimits *limits) {
        const NodeLimitState *state = node_limit_drive_get(limits->drive);

        return !limits->is_driven || state->is_seeded || (state->n_failures == 0 && !state->is_cut);
}

bool node_limits_can_hold(NodeLimits *limits, char reason[static DIAG_TEXT_MAX]) {
        const char *problem = NULL;
        QosNodeLimitPlan would;

        plan(limits, true, &would);
        if (would.problem[0])
                problem = would.problem;
        else if (!may_write(limits))
                problem = "this kernel has memory.node_limit, which slugd may not write, since the "
                          "first write is for every cgroup of the machine; what lets it: "
                          "qos: {manage: [memory.node_limit]}";
        else if (limits->is_withdrawn)
                problem = "limits by NUMA node were withdrawn, until systemctl reload slugd";
        else if (!limits->is_driven && get_common_problem(limits)[0])
                problem = get_common_problem(limits);
        else if (!can_seed(limits))
                problem = limits->view.problem;
        (void)snprintf(reason, DIAG_TEXT_MAX, "%.240s",
                       problem ? problem
                               : "memory.node_limit has this kernel look for local memory within a "
                                 "limit first (experimental)");
        return !problem;
}

/* That cgroup alone where a walk of all has been; else with the next one. */
static void visit(NodeLimits *limits, const char *path) {
        if (!limits->is_driven) {
                look_soon(limits);
                return;
        }
        node_limit_drive_add(limits->drive, path);
        wake(limits);
}

void node_limits_hold(NodeLimits *limits,
                      const char *path,
                      const uint64_t mib[static CGROUP_NODE_LIMITS]) {
        const int r = node_limit_owns_set(&limits->owns, path, mib);

        if (r > 0)
                visit(limits, path);
        else if (r < 0)
                log_debug("Cannot limit %s by NUMA node: %s", path, strerror(-r));
}

void node_limits_release(NodeLimits *limits, const char *path) {
        if (node_limit_owns_remove(&limits->owns, path))
                visit(limits, path);
}
