/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/pods-keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "manager/pods-alarm.h"
#include "manager/pods-announce.h"

/*
 * A look is short, so it is taken inside the loop; files of cgroups do not block. It reads a new
 * tree, joins it with the report there is, and swaps both as a whole; what the ledger is to follow
 * is planned from that and applied without a question of room, since what is there is a fact, also
 * when the disk is bad.
 *
 * Whatever keeps pods' memory from being in the ledger is a problem, and while there is one nothing
 * new is promised.
 */
#define PLANS_MAX        64u /* of a change's size each: more than the ledger has room for */
#define SOON_USEC        USEC_PER_SEC
#define REFRESH_MIN_USEC (200 * USEC_PER_MSEC)
/* Who only asks gets one part in so many of the time: reading a thousand pods takes long enough
 * that callers enough would keep everybody else waiting. */
#define REFRESH_PARTS 10u
/* So many looks in a row are taken early because claims are missed; then there is a reason why they
 * are not let go, and it can wait. */
#define QUICK_LOOKS_MAX 5u

struct PodsKeeper {
        PodsKeeperParams params;
        PodsKeeperSettings settings;
        char cgroup_root[PODS_PATH_MAX]; /* that is watched */
        PodsAlarm *alarm;
        PodsTree *tree;
        uint64_t read_usec; /* that reading it took */
        PodsReport *report;
        Inventory *inventory;
        PodsGrowth *growth;
        ReconcileMemory *memory;
        PodsFlags flags;
        unsigned n_quick_looks;
        bool has_looked;
        bool has_failed;      /* to bring the ledger up to date */
        char unrecorded[128]; /* why the ledger does not have all, "" when it does */
        char problem[DIAG_FORMATTED_MAX];
        PodsKnown known;
        Diag known_message;
        PodsView view;
};

static void on_alarm(void *userdata) {
        pods_keeper_look(userdata);
}

int pods_keeper_new(const PodsKeeperParams *params, PodsKeeper **ret) {
        _cleanup_(pods_keeper_freep) PodsKeeper *keeper = calloc(1, sizeof(*keeper));
        int r;

        if (!keeper)
                return -ENOMEM;
        keeper->params = *params;
        keeper->known = PODS_UNSEEN;
        (void)snprintf(keeper->problem, sizeof(keeper->problem), "nobody has looked at pods yet");
        r = reconcile_memory_new(&keeper->memory);
        if (r)
                return r;
        r = pods_alarm_new(&(const PodsAlarmParams){ .event = params->event,
                                                     .root = params->root,
                                                     .clock = params->clock,
                                                     .look = on_alarm,
                                                     .userdata = keeper },
                           &keeper->alarm);
        if (r)
                return r;
        keeper->view = (PodsView){
                .memory = keeper->memory,
                .problem = keeper->problem,
                .clock = params->clock,
        };
        *ret = TAKE_PTR(keeper);
        return 0;
}

PodsKeeper *pods_keeper_free(PodsKeeper *keeper) {
        if (!keeper)
                return NULL;
        pods_alarm_free(keeper->alarm);
        inventory_free(keeper->inventory);
        free(keeper->growth);
        pods_report_free(keeper->report);
        pods_tree_free(keeper->tree);
        reconcile_memory_free(keeper->memory);
        free(keeper);
        return NULL;
}

void pods_keeper_set(PodsKeeper *keeper, const PodsKeeperSettings *settings) {
        const bool is_same =
                keeper->settings.machine && strcmp(keeper->cgroup_root, settings->cgroup_root) == 0;

        keeper->settings = *settings;
        if (is_same)
                return;
        (void)snprintf(keeper->cgroup_root, sizeof(keeper->cgroup_root), "%s",
                       settings->cgroup_root);
        pods_alarm_watch(keeper->alarm, keeper->cgroup_root);
}

const PodsView *pods_keeper_get_view(const PodsKeeper *keeper) {
        return &keeper->view;
}

/* What is seen */

static int read_tree(PodsKeeper *keeper, PodsTree **ret) {
        const uint64_t start_usec = clock_now_usec(&keeper->params.clock);
        int r;

        r = pods_tree_read(&(const TreeParams){ .root = keeper->params.root,
                                                .cgroup_root = keeper->cgroup_root,
                                                .with_usage = true },
                           ret);
        keeper->read_usec = clock_now_usec(&keeper->params.clock) - start_usec;
        if (r == 0)
                (*ret)->usec = start_usec;
        return r;
}

/* @report: NULL: the one of before stays. Both are taken, also on failure. Return: 0, or -ENOMEM
 * with nothing changed. */
static int replace(PodsKeeper *keeper, PodsTree *tree, PodsReport *report) {
        _cleanup_(pods_tree_freep) PodsTree *new_tree = tree;
        _cleanup_(pods_report_freep) PodsReport *new_report = report;
        _cleanup_(inventory_freep) Inventory *inventory = NULL;
        PodsGrowth *growth;
        int r;

        r = inventory_new(tree, report ? report : keeper->report, &inventory);
        if (r)
                return r;
        r = pods_growth_new(keeper->tree, tree, &growth);
        if (r)
                return r;

        /* Nothing below can fail. */
        inventory_free(keeper->inventory);
        keeper->inventory = TAKE_PTR(inventory);
        free(keeper->growth);
        keeper->growth = growth;
        pods_tree_free(keeper->tree);
        keeper->tree = TAKE_PTR(new_tree);
        if (new_report) {
                pods_announce_report(keeper->report, new_report);
                pods_report_free(keeper->report);
                keeper->report = TAKE_PTR(new_report);
        }
        keeper->view.inventory = keeper->inventory;
        keeper->view.growth = keeper->growth;
        return 0;
}

/* What the ledger follows */

static SizePlace get_place(const HintsMachine *machine) {
        SizePlace place = { .room = machine->rooms[HINTS_SLUG] };

        for (size_t i = 0; i < machine->n_nodes; ++i) {
                if (machine->nodes[i].locality == LOCALITY_LOCAL)
                        nodeset_add(&place.local, machine->nodes[i].id);
                else if (machine->nodes[i].locality == LOCALITY_REMOTE)
                        nodeset_add(&place.remote, machine->nodes[i].id);
        }
        return place;
}

static size_t count_adopted(const ReconcilePlan *plan) {
        size_t n = 0;

        for (size_t i = 0; i < plan->n_notes; ++i)
                n += plan->notes[i].act == RECONCILE_ADOPTED;
        return n;
}

/* Return: 0, LEDGER_E_FULL, or an errno. */
static int follow(PodsKeeper *keeper, PodsFlags *flags, size_t *n_adopted, bool *is_cut) {
        const ReconcileParams params = {
                .ledger = keeper->params.ledger,
                .inventory = keeper->inventory,
                .place = get_place(keeper->settings.machine),
                .now_usec = clock_now_usec(&keeper->params.clock),
                .wall_usec = clock_now_usec(&keeper->params.wall_clock),
                .pending_timeout_usec = keeper->settings.pending_timeout_usec,
        };

        for (unsigned i = 0; i < PLANS_MAX; ++i) {
                _cleanup_(reconcile_plan_deinitp) ReconcilePlan plan = {};
                int r;

                r = reconcile(&params, keeper->memory, i > 0, &plan);
                if (r)
                        return r;
                *n_adopted += count_adopted(&plan);
                *is_cut = plan.is_cut;
                /* before it is applied: the names are the ledger's; one that could not be applied
                 * is planned, and was told, again and again */
                if (!keeper->has_failed)
                        pods_announce_notes(plan.notes, plan.n_notes, !keeper->has_looked,
                                            &keeper->flags, flags);
                if (plan.change.n_puts + plan.change.n_drops > 0)
                        r = journal_apply(keeper->params.journal, &plan.change, NULL, false, NULL,
                                          NULL, NULL);
                if (r || !plan.is_incomplete)
                        return r;
        }
        return 0;
}

static const char *explain_failure(int r) {
        switch (r) {
        case LEDGER_E_FULL:
                return "the ledger has as many claims as it takes, and pods without one hold "
                       "memory; see \"slugctl claims\"";
        case -ENOBUFS:
                return "too much waits for the disk, so that what pods hold cannot be kept";
        case -ENOMEM:
                return "there is not enough memory to keep what pods hold";
        default:
                return "what pods hold cannot be kept in the ledger";
        }
}

/* Brings the ledger up to date with what is seen. */
static void reconcile_look(PodsKeeper *keeper) {
        PodsFlags flags = {};
        size_t n_adopted = 0;
        bool is_cut = false;
        int r;

        r = follow(keeper, &flags, &n_adopted, &is_cut);
        keeper->has_failed = r != 0;
        if (r)
                log_debug("Cannot reconcile pods and ledger: %d", r);
        else if (is_cut)
                /* the first place that gets free must not be promised before they have it */
                r = LEDGER_E_FULL;
        (void)snprintf(keeper->unrecorded, sizeof(keeper->unrecorded), "%s",
                       r ? explain_failure(r) : "");
        keeper->flags = flags;
        if (!keeper->has_looked)
                pods_announce_first(keeper->inventory, n_adopted);
        keeper->has_looked = true;
}

/* What follows from a look */

static void update_problem(PodsKeeper *keeper) {
        const bool had_problem = keeper->problem[0];
        const bool is_first = keeper->known == PODS_UNSEEN;
        char text[DIAG_FORMATTED_MAX];

        if (!keeper->tree->is_complete)
                (void)snprintf(keeper->problem, sizeof(keeper->problem), "%s",
                               diag_format(&keeper->tree->problem, text));
        else
                (void)snprintf(keeper->problem, sizeof(keeper->problem), "%s", keeper->unrecorded);
        if (is_first ? keeper->problem[0] : had_problem != (keeper->problem[0] != '\0'))
                pods_announce_problem(keeper->problem);
}

static bool update_known(PodsKeeper *keeper) {
        Diag message = {};
        const PodsKnown known = pods_view_judge(&keeper->view, &message);
        const bool is_same =
                known == keeper->known && strcmp(message.text, keeper->known_message.text) == 0;

        keeper->known = known;
        keeper->known_message = message;
        return !is_same;
}

static void set_alarm(PodsKeeper *keeper) {
        const uint64_t now_usec = clock_now_usec(&keeper->params.clock);
        const bool is_missing = reconcile_memory_get_n_missed(keeper->memory) > 0;
        uint64_t due_usec = TIMER_NEVER;

        if (keeper->report && keeper->report->usec + PODS_REPORT_OLD_USEC >= now_usec)
                due_usec = keeper->report->usec + PODS_REPORT_OLD_USEC + 1;
        keeper->n_quick_looks = is_missing ? keeper->n_quick_looks + 1 : 0;
        if ((is_missing && keeper->n_quick_looks <= QUICK_LOOKS_MAX) || keeper->unrecorded[0])
                due_usec = bytes_min(due_usec, now_usec + SOON_USEC);
        pods_alarm_set(keeper->alarm, due_usec);
}

/* @report: NULL, or taken, also on failure. */
static int look(PodsKeeper *keeper, PodsReport *report) {
        _cleanup_(pods_report_freep) PodsReport *taken = report;
        const uint64_t start_usec = clock_now_usec(&keeper->params.clock);
        const uint64_t generation = ledger_get_generation(keeper->params.ledger);
        bool is_told = report && !pods_report_has_same_allocatable(keeper->report, report);
        PodsTree *tree;
        int r;

        r = read_tree(keeper, &tree);
        if (r)
                return r;
        r = replace(keeper, tree, TAKE_PTR(taken));
        if (r)
                return r;
        reconcile_look(keeper);
        update_problem(keeper);
        pods_alarm_follow(keeper->alarm, keeper->tree);
        set_alarm(keeper);
        keeper->view.look_usec = clock_now_usec(&keeper->params.clock) - start_usec;
        is_told |= update_known(keeper);
        if (is_told || ledger_get_generation(keeper->params.ledger) != generation)
                keeper->params.changed(keeper->params.userdata);
        return 0;
}

void pods_keeper_look(PodsKeeper *keeper) {
        const int r = look(keeper, NULL);

        if (r == 0)
                return;
        log_debug("Cannot look at pods: %s", strerror(-r));
        pods_alarm_set(keeper->alarm, clock_now_usec(&keeper->params.clock) + SOON_USEC);
}

int pods_keeper_take(PodsKeeper *keeper, PodsReport *report) {
        return look(keeper, report);
}

void pods_keeper_refresh(PodsKeeper *keeper, uint64_t max_age_usec) {
        const uint64_t now_usec = clock_now_usec(&keeper->params.clock);
        const uint64_t age_usec =
                keeper->tree ? bytes_sub_clamped(now_usec, keeper->tree->usec) : UINT64_MAX;
        PodsTree *tree;
        int r;

        if (age_usec <= max_age_usec || age_usec < REFRESH_MIN_USEC ||
            age_usec < REFRESH_PARTS * keeper->read_usec)
                return;
        r = read_tree(keeper, &tree);
        if (r == 0)
                r = replace(keeper, tree, NULL);
        if (r)
                log_debug("Cannot read what pods use: %s, keeping what was read before",
                          strerror(-r));
}
