/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/qos-keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/qos-alarm.h"
#include "manager/qos-announce.h"
#include "manager/qos-apply.h"
#include "manager/qos-record-file.h"
#include "manager/qos-sight.h"
#include "manager/qos-withdraw.h"

/*
 * A look is: see, plan, take a step, watch, tell. It alone reads and writes; whatever happens in
 * between (a knob was written by anybody, a write has ended, a pod came) only asks for the next.
 */
#define UNWATCHED_USEC USEC_PER_SEC
#define WRITE_USEC     (60 * USEC_PER_SEC) /* pages of a large cgroup move for seconds */
#define PROBLEM_MAX    (DIAG_FORMATTED_MAX + CGROUP_PATH_MAX)

struct QosKeeper {
        QosKeeperParams params;
        const Settings *settings;
        const Snapshot *snapshot;
        QosSight sight;
        CgroupBus *bus;       /* NULL: nobody tells systemd */
        CgroupWriter *writer; /* NULL until there is a tree, and when nothing may be written */
        QosAlarm *alarm;
        QosRecordFile *file;
        QosApply *apply;
        QosWithdraw *withdraw;
        QosWithdrawn withdrawn;
        void *withdrawn_userdata;
        bool is_withdrawing; /* somebody waits for it */
        bool has_begun;      /* with that: no write of a look is under way any more */
        bool is_withdrawn;
        bool is_unwatched; /* told once, until they are watched */
        QosRequests requests;
        char problem[PROBLEM_MAX], told_problem[PROBLEM_MAX];
        QosView view;
};

/* Making */

static void on_record(void *userdata) {
        QosKeeper *keeper = userdata;

        qos_withdraw_note_kept(keeper->withdraw);
        qos_alarm_soon(keeper->alarm);
}

static void on_withdrawn(const QosWithdrawal *withdrawal, void *userdata) {
        QosKeeper *keeper = userdata;

        qos_announce_withdrawal(withdrawal);
        keeper->is_withdrawing = keeper->has_begun = false;
        qos_alarm_soon(keeper->alarm);
        keeper->withdrawn(withdrawal, keeper->withdrawn_userdata);
}

static void on_written(void *userdata) {
        const QosKeeper *keeper = userdata;

        qos_alarm_soon(keeper->alarm);
}

static void on_alarm(void *userdata) {
        qos_keeper_look(userdata);
}

static int make_record(QosKeeper *keeper) {
        const QosKeeperParams *params = &keeper->params;
        Diag problem = {};
        int r;

        r = qos_record_file_new(
                &(const QosRecordFileParams){
                        .root = params->root,
                        .boot_id = params->boot_id,
                        .problem = params->may_write ? params->store_problem : "",
                        .workers = crew_get_workers(params->crew),
                        .lane = CREW_LEDGER,
                        .clock = params->clock,
                        .ended = on_record,
                        .userdata = keeper,
                },
                &keeper->file, &problem);
        if (r == 0 && problem.text[0])
                qos_announce_damage(&problem);
        return r;
}

static int make_parts(QosKeeper *keeper) {
        const QosKeeperParams *params = &keeper->params;
        int r;

        r = qos_alarm_new(&(const QosAlarmParams){ .event = params->event,
                                                   .clock = params->clock,
                                                   .look = on_alarm,
                                                   .userdata = keeper },
                          &keeper->alarm);
        if (r)
                return r;
        r = make_record(keeper);
        if (r)
                return r;
        r = qos_apply_new(&(const QosApplyParams){ .file = keeper->file,
                                                   .clock = params->clock,
                                                   .written = on_written,
                                                   .userdata = keeper },
                          &keeper->apply);
        if (r)
                return r;
        r = qos_withdraw_new(&(const QosWithdrawParams){ .event = params->event,
                                                         .file = keeper->file,
                                                         .ended = on_withdrawn,
                                                         .userdata = keeper },
                             &keeper->withdraw);
        if (r || !params->may_write || !params->root->is_host)
                return r;
        return cgroup_bus_new(&(const CgroupBusParams){ .event = params->event }, &keeper->bus);
}

int qos_keeper_new(const QosKeeperParams *params, QosKeeper **ret) {
        _cleanup_(qos_keeper_freep) QosKeeper *keeper = calloc(1, sizeof(*keeper));
        int r;

        if (!keeper)
                return -ENOMEM;
        keeper->params = *params;
        qos_sight_init(&keeper->sight, params->root);
        r = make_parts(keeper);
        if (r)
                return error_fold(r);
        keeper->view = (QosView){ .record = qos_record_file_get(keeper->file),
                                  .problem = keeper->problem,
                                  .clock = params->clock };
        *ret = TAKE_PTR(keeper);
        return 0;
}

QosKeeper *qos_keeper_free(QosKeeper *keeper) {
        if (!keeper)
                return NULL;
        cgroup_writer_free(keeper->writer); /* nobody is called any more */
        cgroup_bus_free(keeper->bus);
        qos_withdraw_free(keeper->withdraw);
        qos_apply_free(keeper->apply);
        qos_alarm_free(keeper->alarm);
        qos_record_file_free(keeper->file);
        qos_sight_deinit(&keeper->sight);
        free(keeper);
        return NULL;
}

const QosView *qos_keeper_get_view(const QosKeeper *keeper) {
        return &keeper->view;
}

void qos_keeper_show(QosKeeper *keeper, const NodeLimitsView *view) {
        keeper->view.node_limits = view;
}

void qos_keeper_set(QosKeeper *keeper,
                    const Settings *settings,
                    const Snapshot *snapshot,
                    bool is_reload) {
        keeper->settings = settings;
        keeper->snapshot = snapshot;
        if (!is_reload)
                return;
        keeper->is_withdrawn = false;
        qos_apply_forgive(keeper->apply);
}

/* Looking */

/* The first one counts. */
static void say(QosKeeper *keeper, const char *problem) {
        if (!keeper->problem[0])
                (void)snprintf(keeper->problem, sizeof(keeper->problem), "%s", problem);
}

static int make_writer(QosKeeper *keeper) {
        return cgroup_writer_new(
                &(const CgroupWriterParams){
                        .tree = &keeper->sight.tree,
                        .workers = crew_get_workers(keeper->params.crew),
                        .bus = keeper->bus,
                        .lane = CREW_LIMITS,
                        .cpuset_lane = CREW_CPUSETS,
                        .deadline_usec = WRITE_USEC,
                },
                &keeper->writer);
}

static void see(QosKeeper *keeper) {
        keeper->problem[0] = '\0';
        if (!keeper->params.may_write)
                say(keeper, "this is a captured machine");
        if (keeper->is_withdrawing || keeper->is_withdrawn)
                say(keeper, "limits were withdrawn; \"systemctl reload slugd\" has them written "
                            "again");
        qos_sight_look(&keeper->sight, &keeper->settings->config->kubelet);
        say(keeper, keeper->sight.problem);
        if (!keeper->writer && keeper->params.may_write && qos_sight_has_tree(&keeper->sight) &&
            make_writer(keeper) < 0)
                say(keeper, "there is not enough memory");
}

static void plan(QosKeeper *keeper) {
        QosPlan now;

        keeper->requests = qos_requests_sum(keeper->params.pods->inventory);
        qos_plan_build(&(const QosInput){ .params = &keeper->settings->qos,
                                          .topology = keeper->snapshot->topology,
                                          .capacity = keeper->snapshot->capacity,
                                          .requests = &keeper->requests,
                                          .places = &keeper->sight.places,
                                          .page_bytes = keeper->sight.tree.page_bytes },
                       &now);
        qos_apply_plan(keeper->apply, &now);
}

/* Return: something is different. */
static bool act(QosKeeper *keeper) {
        const QosPlaces *places = &keeper->sight.places;
        const bool tells_systemd = keeper->bus && places->driver == CGROUP_DRIVER_SYSTEMD;
        uint64_t due_usec;
        bool is_new;

        is_new = qos_apply_step(keeper->apply,
                                &(const QosApplySight){
                                        .places = places,
                                        .n_moves = keeper->sight.n_moves,
                                        .page_bytes = keeper->sight.tree.page_bytes,
                                        .writer = keeper->problem[0] ? NULL : keeper->writer,
                                        .tells_systemd = tells_systemd,
                                },
                                &due_usec);
        if (keeper->is_unwatched)
                due_usec =
                        bytes_min(due_usec, clock_now_usec(&keeper->params.clock) + UNWATCHED_USEC);
        qos_record_file_retry(keeper->file);
        qos_alarm_set(keeper->alarm, bytes_min(due_usec, qos_record_file_get_due(keeper->file)));
        return is_new;
}

/* Of a level: what is owned. @ret_knobs: less what is not there in spite of its cgroup. Return: is
 * anything? */
static bool
get_owned(const QosPlan *plan, QosLevel level, const CgroupState *state, unsigned *ret_knobs) {
        bool is_any = false;

        *ret_knobs = 0;
        for (size_t i = 0; i < plan->n_rows; ++i) {
                const QosRow *row = &plan->rows[i];

                if (row->level != level || !row->has_value)
                        continue;
                is_any = true;
                if (!state->is_there || (state->has[row->knob] &&
                                         !(row->knob == CGROUP_CPUSET_MEMS && state->makes_mask)))
                        *ret_knobs |= 1u << row->knob;
        }
        return is_any;
}

/* What is to be watched. @items: room for all levels and names. */
static size_t list_items(const QosKeeper *keeper, QosSightNames *names, CgroupWatchItem *items) {
        const QosPlaces *places = &keeper->sight.places;
        size_t n_items = 0;

        if (places->driver == CGROUP_DRIVER_NONE)
                qos_sight_guess(&keeper->settings->config->kubelet, names);
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level) {
                const QosPlace *place = &places->items[level];
                unsigned knobs;

                if (place->path[0] &&
                    get_owned(qos_apply_get_plan(keeper->apply), level, &place->state, &knobs))
                        items[n_items++] = (CgroupWatchItem){ .path = place->path, .knobs = knobs };
        }
        for (size_t i = 0; i < names->n_paths; ++i)
                items[n_items++] = (CgroupWatchItem){ .path = names->paths[i] };
        return n_items;
}

/* What is owned is watched, and whether its level is there; nothing when it is of no use. */
static void follow(QosKeeper *keeper) {
        CgroupWatchItem items[_QOS_LEVEL_N + QOS_SIGHT_NAMES];
        QosSightNames names = {};
        size_t n_items = 0;
        int r;

        if (keeper->settings->qos.manage != 0 && keeper->writer)
                n_items = list_items(keeper, &names, items);
        r = qos_alarm_follow(keeper->alarm, &keeper->sight.tree, items, n_items);
        if (r && !keeper->is_unwatched) {
                qos_announce_unwatched(r);
                qos_alarm_soon(keeper->alarm);
        }
        keeper->is_unwatched = r != 0;
}

/* What keeps single knobs from being written keeps none of the others. */
static void tell(QosKeeper *keeper) {
        const bool is_wanted = keeper->settings->qos.manage != 0;
        /* whoever withdrew knows it */
        const bool is_news = is_wanted && keeper->params.may_write && !keeper->is_withdrawing &&
                             !keeper->is_withdrawn;
        const char *problem;

        if (is_wanted) {
                say(keeper, qos_record_file_get_problem(keeper->file));
                say(keeper, keeper->sight.level_problem);
        }
        problem = is_news ? keeper->problem : "";
        if (strcmp(problem, keeper->told_problem) == 0)
                return;
        qos_announce_problem(problem);
        (void)snprintf(keeper->told_problem, sizeof(keeper->told_problem), "%s", problem);
}

/* Not before the writes of looks have ended. */
static void go_on_withdrawing(QosKeeper *keeper) {
        if (!keeper->is_withdrawing || keeper->has_begun || qos_apply_count_busy(keeper->apply) > 0)
                return;
        keeper->has_begun = true;
        qos_withdraw_begin(keeper->withdraw, &keeper->sight.tree, keeper->writer,
                           keeper->bus != NULL);
}

static void update_view(QosKeeper *keeper) {
        const QosApplyStats stats = qos_apply_get_stats(keeper->apply);
        QosView *view = &keeper->view;

        view->plan = qos_apply_get_plan(keeper->apply);
        view->knobs = qos_apply_get_knobs(keeper->apply);
        view->places = &keeper->sight.places;
        view->requests = &keeper->requests;
        view->is_withdrawn = keeper->is_withdrawing || keeper->is_withdrawn;
        view->n_writes = stats.n_writes;
        view->n_repairs = stats.n_repairs;
        view->n_bus_calls = keeper->bus ? cgroup_bus_get_stats(keeper->bus).n_calls : 0;
}

void qos_keeper_look(QosKeeper *keeper) {
        const uint64_t start_usec = clock_now_usec(&keeper->params.clock);
        char problem[PROBLEM_MAX];
        bool is_new;

        if (!keeper->settings)
                return;
        memcpy(problem, keeper->problem, sizeof(problem));
        see(keeper);
        plan(keeper);
        is_new = act(keeper) || keeper->sight.is_new;
        follow(keeper);
        tell(keeper);
        go_on_withdrawing(keeper);
        update_view(keeper);
        keeper->view.look_usec = clock_now_usec(&keeper->params.clock) - start_usec;
        qos_alarm_note_look(keeper->alarm, keeper->view.look_usec);
        if (is_new || strcmp(problem, keeper->problem) != 0)
                keeper->params.changed(keeper->params.userdata);
}

void qos_keeper_look_soon(QosKeeper *keeper) {
        qos_alarm_soon(keeper->alarm);
}

int qos_keeper_withdraw(QosKeeper *keeper, QosWithdrawn done, void *userdata) {
        if (keeper->is_withdrawing)
                return -EALREADY;
        keeper->is_withdrawing = keeper->is_withdrawn = true;
        keeper->withdrawn = done;
        keeper->withdrawn_userdata = userdata;
        qos_alarm_soon(keeper->alarm);
        return 0;
}
