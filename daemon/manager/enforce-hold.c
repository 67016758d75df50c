/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding one split
 *
 * A look reads usage, has enforce_decide() say what to do, and begins it in a lane. A step that has
 * ended is followed by a look at once. Whoever finds no lane free waits for its turn, and goes on
 * being looked at meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "manager/enforce-parts.h"

static const CrewLane crew_lanes[ENFORCE_LANES] = { CREW_PAGES, CREW_PAGES_2 };

/* What is remembered */

/* Looks that lead to nothing are one, whatever their numbers; a step is one of its own. */
static bool is_same(const EnforceDecided *last, const EnforceDecision *decision) {
        if (last->status != decision->status || last->bytes != 0 ||
            decision->action != ENFORCE_LEAVE)
                return false;
        return decision->status != ENFORCE_FAILED || strcmp(last->reason, decision->reason) == 0;
}

static EnforceDecided *get_last(EnforcedContainer *container) {
        if (container->n_decided == 0)
                return NULL;
        return &container->decided[(container->first_decided + container->n_decided - 1) %
                                   ENFORCE_DECISIONS_MAX];
}

static EnforceDecided *push(EnforcedContainer *container) {
        if (container->n_decided < ENFORCE_DECISIONS_MAX)
                ++container->n_decided;
        else
                container->first_decided = (container->first_decided + 1) % ENFORCE_DECISIONS_MAX;
        *get_last(container) = (EnforceDecided){};
        return get_last(container);
}

static void remember(Followed *followed, const EnforceDecision *decision) {
        EnforcedContainer *container = &followed->shown;
        const EnforceUsage *usage = &container->memory.last;
        EnforceDecided *last = get_last(container);

        if (!last || !is_same(last, decision))
                last = push(container);
        last->usec = clock_now_usec(&followed->keeper->params.wall_clock);
        ++last->count;
        last->status = decision->status;
        last->bytes = decision->action == ENFORCE_LEAVE ? 0 : decision->bytes;
        last->local_bytes = usage->local;
        last->remote_bytes = usage->remote;
        last->growth = (int64_t)container->memory.growth;
        (void)snprintf(last->reason, sizeof(last->reason), "%s", decision->reason);
}

static void remember_moved(EnforcedContainer *container, uint64_t bytes) {
        for (size_t i = container->n_decided; i-- > 0;) {
                EnforceDecided *decided =
                        &container->decided[(container->first_decided + i) % ENFORCE_DECISIONS_MAX];

                if (decided->bytes == 0)
                        continue;
                decided->moved_bytes += bytes;
                return;
        }
}

/* From one of these to another it may go many times a second, and nobody is told. */
static bool is_at_work(EnforceStatus status) {
        return status == ENFORCE_HELD || status == ENFORCE_DEMOTING ||
               status == ENFORCE_PROMOTING || status == ENFORCE_WAITING;
}

static void set_status(Followed *followed, EnforceStatus status, const char *reason) {
        EnforceKeeper *keeper = followed->keeper;
        EnforcedContainer *container = &followed->shown;
        const bool is_other = is_at_work(container->status) != is_at_work(status);

        container->status = status;
        (void)snprintf(container->reason, sizeof(container->reason), "%s", reason);
        if (is_other)
                keeper->params.changed(keeper->params.userdata);
}

/* Whoever watches the node is told, too. */
static void note_event(Followed *followed) {
        const EnforcedContainer *container = &followed->shown;
        EnforceKeeper *keeper = followed->keeper;
        SplitEvent event = { .time_usec = clock_now_usec(&keeper->params.wall_clock),
                             .is_held = container->status == ENFORCE_HELD };

        (void)snprintf(event.pod_uid, sizeof(event.pod_uid), "%s", container->pod_uid);
        (void)snprintf(event.namespace_name, sizeof(event.namespace_name), "%s",
                       container->namespace_name);
        (void)snprintf(event.pod, sizeof(event.pod), "%s", container->pod);
        (void)snprintf(event.container, sizeof(event.container), "%s", container->container);
        if (!event.is_held)
                (void)snprintf(event.reason, sizeof(event.reason), "%s", container->reason);
        split_history_add(&keeper->history, &event);
        keeper->params.changed(keeper->params.userdata);
}

/* The node */

static EnforceNode get_node(EnforceKeeper *keeper, uint64_t now_usec) {
        const ConfigEnforce *config = &keeper->means.settings->config->enforce;
        const EnforceMeans *means = &keeper->means;
        const NodeSet nodes = nodeset_or(&means->local, &means->remote);
        const long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);

        enforce_free_read(&keeper->free, means->root, &nodes, means->page_bytes, now_usec,
                          keeper->text);
        return (EnforceNode){
                .local_free = enforce_free_sum(&keeper->free, &means->local),
                .remote_free = enforce_free_sum(&keeper->free, &means->remote),
                .stale_bytes = 64 * (uint64_t)(n_cpus > 0 ? n_cpus : 1) * means->page_bytes,
                .budget = enforce_budget_get(&keeper->budget, now_usec),
                .pressure_permille_max =
                        config->pressure.is_set ? config->pressure.percent * UINT64_C(10) : 0,
                .n_lower_tiers = means->n_lower_tiers,
                .moves_pages = keeper->view.backends[ENFORCE_MIGRATE].is_usable,
                .interval_min_usec = config->interval_min_usec,
                .interval_max_usec = config->interval_max_usec,
        };
}

/* Lanes */

/* @with_busy: one whose step will end is as good. Return: below 0 when there is none. */
static int find_lane(const EnforceKeeper *keeper, bool with_busy) {
        for (unsigned i = 0; i < ENFORCE_LANES; ++i)
                if ((with_busy || !keeper->lanes[i]) &&
                    !crew_get_lane(keeper->params.crew, crew_lanes[i]).is_stuck)
                        return (int)i;
        return -1;
}

/* Who goes next of those that wait; NULL: nobody does. */
static Followed *find_next(const EnforceKeeper *keeper, uint64_t now_usec) {
        Followed *next = NULL;

        for (size_t i = 0; i < keeper->n_items; ++i) {
                const EnforceContender both[] = { next ? next->contender : (EnforceContender){},
                                                  keeper->items[i]->contender };

                if (enforce_compete(both, ELEMENTSOF(both), now_usec) == 1)
                        next = keeper->items[i];
        }
        return next;
}

/* Whoever is next is looked at now. */
static void call_next(EnforceKeeper *keeper, uint64_t now_usec) {
        Followed *next = find_lane(keeper, false) >= 0 ? find_next(keeper, now_usec) : NULL;

        if (next)
                next->due_usec = 0;
}

static void leave_lane(Followed *followed) {
        if (followed->lane >= 0)
                followed->keeper->lanes[followed->lane] = NULL;
        followed->lane = -1;
}

static EnforceContender
make_contender(const Followed *followed, EnforceAction action, uint64_t now_usec) {
        const EnforcedContainer *container = &followed->shown;
        const SplitRange *local = &container->target.split.local;
        const uint64_t bytes = container->memory.last.local;
        const EnforceContender *before = &followed->contender;
        const bool is_down = action == ENFORCE_DEMOTE;

        return (EnforceContender){
                .action = action,
                .wanted = is_down ? bytes_sub_clamped(bytes, local->max)
                                  : bytes_sub_clamped(local->min, bytes),
                .promised = is_down ? local->max : local->min,
                .since_usec = before->action == action ? before->since_usec : now_usec,
        };
}

/* Return: a lane, or below 0 when it has to wait. */
static int take_lane(Followed *followed, EnforceAction action, uint64_t now_usec) {
        const int lane = find_lane(followed->keeper, false);

        followed->contender = make_contender(followed, action, now_usec);
        if (lane < 0 || find_next(followed->keeper, now_usec) != followed)
                return -1;
        followed->contender = (EnforceContender){};
        return lane;
}

/* Steps */

static int read_usage(Followed *followed, uint64_t now_usec, EnforceUsage *ret) {
        EnforceKeeper *keeper = followed->keeper;
        const SysfsHost *host = &keeper->means.snapshot->topology->machine->host;

        ++keeper->view.n_samples;
        return enforce_files_read(
                &followed->files,
                &(const EnforceReading){
                        .text = keeper->text,
                        .local = &keeper->means.local,
                        .remote = &keeper->means.remote,
                        .page_bytes = keeper->means.page_bytes,
                        .has_swap = !host->swap_bytes.present || host->swap_bytes.value > 0,
                        .now_usec = now_usec,
                },
                ret, &followed->shown.nodes);
}

static void lose(Followed *followed, int error) {
        char reason[DIAG_TEXT_MAX];

        followed->due_usec = UINT64_MAX;
        followed->contender = (EnforceContender){};
        call_next(followed->keeper, clock_now_usec(&followed->keeper->params.clock));
        if (error == -ENODEV || error == -ENOENT) {
                enforce_release(followed);
                enforce_files_close(&followed->files);
                set_status(followed, ENFORCE_ABSENT, "its cgroup is gone");
                return;
        }
        (void)snprintf(reason, sizeof(reason), "its memory.numa_stat cannot be read: %s",
                       error == -EBADMSG ? "what is there is no such file" : strerror(-error));
        followed->due_usec = clock_now_usec(&followed->keeper->params.clock) + 2 * USEC_PER_SEC;
        set_status(followed, ENFORCE_OBSERVED, reason);
}

/* @usage: as it is now, as far as it can be read. */
static void end_step(Followed *followed, const EnforceUsage *usage, int error) {
        EnforceKeeper *keeper = followed->keeper;
        EnforceMemory *memory = &followed->shown.memory;
        const EnforceAction action = memory->step_action;
        const uint64_t moved = enforce_note_done(memory, usage, error);

        remember_moved(&followed->shown, moved);
        ++keeper->view.n_steps;
        keeper->view.n_failed_steps += moved == 0;
        if (action == ENFORCE_DEMOTE)
                keeper->view.demoted = bytes_add_saturated(keeper->view.demoted, moved);
        else
                keeper->view.promoted = bytes_add_saturated(keeper->view.promoted, moved);
        /* what was asked for and not moved may be spent by others */
        enforce_budget_give_back(&keeper->budget, bytes_sub_clamped(followed->step_bytes, moved),
                                 clock_now_usec(&keeper->params.clock));
        followed->step_ops = NULL;
        followed->step_bytes = 0;
}

static void on_step_done(int error, int fd, void *userdata) {
        Followed *followed = userdata;
        EnforceKeeper *keeper = followed->keeper;
        const uint64_t now_usec = clock_now_usec(&keeper->params.clock);
        EnforceUsage usage = followed->shown.memory.last;

        (void)fd_close(fd);
        (void)read_usage(followed, now_usec, &usage);
        leave_lane(followed);
        end_step(followed, &usage, error);
        followed->due_usec = now_usec;
        call_next(keeper, now_usec);
        enforce_arm(keeper);
}

static EnforceBackend find_backend(const Followed *followed, const EnforceDecision *decision) {
        const EnforceBackend backend = followed->shown.target.backend;
        const EnforceBackendOps *ops = enforce_backend_ops(backend);

        if (decision->by_pages || (ops && !ops->begin))
                return ENFORCE_MIGRATE;
        if (decision->action == ENFORCE_PROMOTE && backend != ENFORCE_DAMOS)
                return ENFORCE_MIGRATE;
        return backend;
}

static int submit(Followed *followed, const EnforceDecision *decision, int lane) {
        EnforceKeeper *keeper = followed->keeper;
        const EnforceBackend backend = find_backend(followed, decision);
        const EnforceBackendOps *ops = enforce_backend_ops(backend);

        if (!ops || !ops->begin || !keeper->view.backends[backend].is_usable)
                return -EOPNOTSUPP;
        followed->step_ops = ops;
        followed->step_state = keeper->states[backend];
        return ops->begin(&keeper->means, keeper->states[backend],
                          &(const EnforceStep){
                                  .container = &followed->shown,
                                  .cgroup_fd = followed->files.dir_fd,
                                  .claimed = &followed->claimed,
                                  .mems = followed->files.knows_mems ? &followed->files.mems : NULL,
                                  .action = decision->action,
                                  .bytes = decision->bytes,
                                  .may_be_cut_off = decision->may_tell,
                                  .lane = crew_lanes[lane],
                                  .done = on_step_done,
                                  .userdata = followed,
                          });
}

/* Return: whether a step was begun, which may have ended in failure already. */
static bool begin(Followed *followed, const EnforceDecision *decision, uint64_t now_usec) {
        EnforceKeeper *keeper = followed->keeper;
        const int lane = take_lane(followed, decision->action, now_usec);
        const EnforceUsage usage = followed->shown.memory.last;
        int r;

        if (lane < 0)
                return false;
        enforce_note_begun(&followed->shown.memory, decision, now_usec);
        followed->step_bytes = decision->bytes;
        enforce_budget_take(&keeper->budget, decision->bytes, now_usec);
        remember(followed, decision);
        r = submit(followed, decision, lane);
        if (r) {
                end_step(followed, &usage, r);
                return true;
        }
        followed->lane = lane;
        keeper->lanes[lane] = followed;
        return true;
}

void enforce_abandon(Followed *followed) {
        if (followed->step_ops) {
                worker_disown(crew_get_workers(followed->keeper->params.crew), followed);
                if (followed->step_ops->cancel)
                        followed->step_ops->cancel(followed->step_state, followed);
                followed->step_ops = NULL;
        }
        leave_lane(followed);
}

/* A look */

/* Those of its own stay, and what usage tells comes behind them. */
static void find_notes(Followed *followed, const EnforceUsage *usage, const EnforceNode *node) {
        EnforcedContainer *container = &followed->shown;
        const char *notes[ENFORCE_NOTES];
        const size_t n = enforce_list_notes(&container->target, usage, node, notes);

        container->n_notes = followed->n_notes;
        for (size_t i = 0; i < n && container->n_notes < ENFORCE_NOTES_MAX; ++i)
                container->notes[container->n_notes++] = notes[i];
}

/* It has its turn later, or nobody is left who could take it. */
static void wait_for_lane(const EnforceKeeper *keeper, EnforceDecision *decision) {
        decision->status = find_lane(keeper, true) >= 0 ? ENFORCE_WAITING : ENFORCE_FAILED;
        if (decision->status == ENFORCE_FAILED)
                (void)snprintf(decision->reason, sizeof(decision->reason),
                               "no worker is left that could move pages: they hang in the kernel, "
                               "or no others could be made.");
}

static bool can_act(const Followed *followed) {
        return followed->keeper->params.may_write && !followed->keeper->view.problem[0];
}

void enforce_look(Followed *followed, uint64_t now_usec) {
        EnforceKeeper *keeper = followed->keeper;
        EnforcedContainer *container = &followed->shown;
        EnforceDecision decision;
        EnforceUsage usage;
        EnforceNode node;
        int r;

        r = read_usage(followed, now_usec, &usage);
        if (r && followed->lane >= 0) { /* its step ends soon, and then it is seen */
                followed->due_usec = UINT64_MAX;
                return;
        }
        if (r) {
                lose(followed, r);
                return;
        }
        node = get_node(keeper, now_usec);
        decision = enforce_decide(&container->memory, &container->target, &usage, &node);
        followed->due_usec = decision.next_usec;
        if (decision.action == ENFORCE_LEAVE || !can_act(followed)) {
                followed->contender = (EnforceContender){};
                if (followed->lane < 0)
                        remember(followed, &decision);
        } else if (!begin(followed, &decision, now_usec)) {
                wait_for_lane(keeper, &decision);
        }
        set_status(followed, decision.status, decision.reason);
        find_notes(followed, &usage, &node);
        if (enforce_announce_status(&followed->said, container, now_usec))
                note_event(followed);
        call_next(keeper, now_usec);
}
