/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAMOS as a backend: when it can be used, whose steps there are, and that it is off afterwards
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/messages.h"
#include "manager/damos-run.h"
#include "manager/timer.h"

#define ACCURACY_USEC USEC_PER_MSEC
#define LAST_TRIES    20u /* of the end of slugd, each 10 ms */

static int copy_step(const EnforceStep *step, DamosStep *ret) {
        *ret = (DamosStep){
                .cgroup_fd = fcntl(step->cgroup_fd, F_DUPFD_CLOEXEC, 3),
                .claimed = *step->claimed,
                .knows_mems = step->mems,
                .action = step->action,
                .bytes = step->bytes,
                .lane = step->lane,
                .done = step->done,
                .userdata = step->userdata,
        };
        if (ret->cgroup_fd < 0)
                return -errno;
        if (step->mems)
                ret->mems = *step->mems;
        (void)snprintf(ret->path, sizeof(ret->path), "%s", step->container->path);
        return 0;
}

static int begin(const EnforceMeans *means _unused_, void *state, const EnforceStep *step) {
        Damos *damos = state;
        DamosStep copy;
        int r;

        if (damos->phase != DAMOS_FREE && damos->n_queued == DAMOS_QUEUE_MAX)
                return -EBUSY;
        r = copy_step(step, &copy);
        if (r)
                return r;
        if (damos->phase == DAMOS_FREE)
                return damos_start(damos, &copy);
        damos->queue[damos->n_queued++] = copy;
        return 0;
}

static void cancel(void *state, void *userdata) {
        Damos *damos = state;

        if (damos->step.cgroup_fd >= 0 && damos->step.userdata == userdata) {
                damos->step.done = NULL;
                if (damos->phase == DAMOS_ON)
                        timer_set(damos->timer, 0);
        }
        for (size_t i = 0; i < damos->n_queued; ++i)
                if (damos->queue[i].userdata == userdata)
                        damos->queue[i].done = NULL;
}

/* Probing */

/* A container, and a unit without the line for it, have /sys to read. */
static int check_write(const Root *root) {
        _cleanup_(fd_closep) int fd = -EBADF;

        return root_open(root, DAMON_DIR "/nr_kdamonds", O_WRONLY, &fd);
}

static void find_problem(const EnforceMeans *means, DamonFeatures *features) {
        const int r = check_write(means->root);

        if (r < 0)
                (void)snprintf(features->problem, sizeof(features->problem),
                               "/" DAMON_DIR "/nr_kdamonds cannot be written: %s", strerror(-r));
        else if (means->snapshot->topology->machine->n_blocks == 0)
                (void)snprintf(features->problem, sizeof(features->problem),
                               "this kernel does not tell the addresses of memory "
                               "(/sys/devices/system/memory)");
}

static const char *describe(const DamonFeatures *features) {
        if (features->has_fail_charge)
                return "DAMON moves cold pages of a cgroup, and stops after so many bytes";
        return features->has_temporal ? "DAMON moves cold pages of a cgroup until its goal is met"
                                      : "DAMON moves cold pages of a cgroup until slugd stops it";
}

static bool probe(const EnforceMeans *means, void *state, char reason[static DIAG_TEXT_MAX]) {
        Damos *damos = state;
        DamonFeatures features;

        damon_probe(means->root, &features);
        if (damos->phase == DAMOS_FREE && features.is_ours) {
                log_event(LOG_NOTICE, SLUG_MESSAGE_DAMON_FOUND, LOG_PLAIN,
                          "DAMON is as an earlier slugd left it, and is turned off");
                damos_end(damos, 0);
        }
        if (!features.problem[0])
                find_problem(means, &features);
        (void)snprintf(reason, DIAG_TEXT_MAX, "%s",
                       features.problem[0] ? features.problem : describe(&features));
        return !features.problem[0];
}

/* All its life */

static int open_state(const EnforceMeans *means, void **ret) {
        Damos *damos = calloc(1, sizeof(*damos));
        int r;

        if (!damos)
                return -ENOMEM;
        damos->means = means;
        damos->step = (DamosStep)DAMOS_STEP_NULL;
        damos->writes = (DamosWrites){ .root = means->root, .crew = means->crew };
        r = timer_new(means->event, ACCURACY_USEC, damos_on_timer, damos, &damos->timer);
        if (r < 0) {
                free(damos);
                return r;
        }
        *ret = damos;
        return 0;
}

/* DAMON does not stop because slugd does. Whoever moves pages for it needs a moment to end. */
static void turn_off_now(Damos *damos) {
        _cleanup_(damon_plan_deinitp) DamonPlan plan = {};
        int r = damon_plan_rest(&plan, &(const DamonFeatures){});

        r = r ? r : damon_plan_end(&plan);
        for (unsigned i = 0; i < LAST_TRIES && r == 0; ++i) {
                DamonFeatures features;

                (void)damos_writes_now(damos->means->root, &plan);
                damon_probe(damos->means->root, &features);
                if (!features.is_ours)
                        return;
                (void)nanosleep(&(const struct timespec){ .tv_nsec = 10 * 1000 * 1000 }, NULL);
        }
}

static void close_state(void *state) {
        Damos *damos = state;

        damos_writes_deinit(&damos->writes);
        sd_event_source_disable_unref(damos->timer);
        if (damos->phase != DAMOS_FREE)
                turn_off_now(damos);
        for (size_t i = 0; i < damos->n_queued; ++i)
                damos_step_deinit(&damos->queue[i]);
        damos_step_deinit(&damos->step);
        free(damos);
}

const EnforceBackendOps enforce_damos_ops = {
        .open = open_state,
        .close = close_state,
        .probe = probe,
        .begin = begin,
        .cancel = cancel,
};
