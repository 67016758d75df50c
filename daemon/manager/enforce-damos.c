/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAMOS: DAMON moves the pages of one cgroup
 *
 *   begin --> FRAMING --> TURNING_ON --> ON <--> PACING
 *             files        all else      |        more, or all
 *                                        v
 *   done  <--  FREE  <--  ENDING: off, and no kdamond is left
 *
 * A step is DAMON turned on until so many bytes are elsewhere, or for as long as a step may take.
 * Where it stops by itself (Linux 7.1 and newer) it is turned off all the same, and in between no
 * kdamond is there, so that somebody else can have DAMON. There is one step at a time; the others
 * wait for it.
 *
 * What is looked at first are cold pages. When there are too few of them, whatever is there is
 * taken: a ceiling is a ceiling.
 *
 * A slugd that dies leaves DAMON on. The next one finds it by its mark and turns it off first. Until
 * then, before Linux 7.1, cold pages of that one container go on being moved.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/messages.h"
#include "manager/damos-pick.h"
#include "manager/damos-writes.h"
#include "manager/enforce-backend.h"
#include "manager/timer.h"

#define QUEUE_MAX     4u
#define ACCURACY_USEC USEC_PER_MSEC
#define LOOK_USEC     (20 * USEC_PER_MSEC)
/* A part of what a step may take: it still has to be turned off. */
#define ON_USEC    (8 * USEC_PER_SEC)
#define COLD_USEC  (2 * USEC_PER_SEC)    /* so long only cold pages, or hot ones upwards */
#define PACE_USEC  (300 * USEC_PER_MSEC) /* so long nothing comes before it looks at more */
#define END_USEC   (100 * USEC_PER_MSEC) /* after a failure to turn it off */
#define END_TRIES  10u                   /* before it is told */
#define LAST_TRIES 20u                   /* of the end of slugd, each 10 ms */

typedef enum Phase {
        PHASE_FREE,
        PHASE_FRAMING,
        PHASE_TURNING_ON,
        PHASE_ON,
        PHASE_PACING,
        PHASE_ENDING,
} Phase;

typedef struct Damos {
        const EnforceMeans *means;
        Phase phase;
        DamonFeatures features;
        DamosWrites writes;
        sd_event_source *timer;
        DamosStep step; /* that is under way */
        DamosStep queue[QUEUE_MAX];
        size_t n_queued;
        DamosPick pick;
        int error; /* of the step, for its end */
        unsigned n_end_tries;
        uint64_t on_usec;         /* since when it is on */
        uint64_t paced_usec;      /* the last time that something came, or that it was paced */
        uint64_t moved, progress; /* bytes, now and at paced_usec */
        char text[ENFORCE_TEXT_MAX];
} Damos;

static void step_deinit(DamosStep *step) {
        step->cgroup_fd = fd_close(step->cgroup_fd);
        *step = (DamosStep)DAMOS_STEP_NULL;
}

static uint64_t now_of(const Damos *damos) {
        return clock_now_usec(&damos->means->clock);
}

/* The end of a step */

static void start_next(Damos *damos);

static void tell(DamosStep *step, int error) {
        if (step->done)
                step->done(error, -EBADF, step->userdata);
        step_deinit(step);
}

/* Nothing of it is there any more. */
static void finish(Damos *damos, int error) {
        DamosStep step = damos->step;

        damos->phase = PHASE_FREE;
        damos->n_end_tries = 0;
        damos->step = (DamosStep)DAMOS_STEP_NULL;
        timer_set(damos->timer, TIMER_NEVER);
        if (step.cgroup_fd >= 0)
                tell(&step, error);
        start_next(damos);
}

static void on_ended(int error, void *userdata) {
        Damos *damos = userdata;

        if (error == 0) {
                finish(damos, damos->error);
                return;
        }
        if (++damos->n_end_tries == END_TRIES)
                log_event(LOG_WARNING, SLUG_MESSAGE_DAMON_STAYS,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-error }),
                          "DAMON cannot be turned off, and slugd goes on trying: %s",
                          strerror(-error));
        timer_set(damos->timer, now_of(damos) + END_USEC);
}

static void try_to_end(Damos *damos) {
        const CrewLane lane = damos->step.cgroup_fd >= 0 ? damos->step.lane : CREW_PAGES;
        int r;

        damos_writes_reset(&damos->writes);
        r = damon_plan_end(&damos->writes.plan);
        r = r ? r : damos_writes_begin(&damos->writes, lane, true, on_ended, damos);
        if (r)
                on_ended(r, damos);
}

static void end(Damos *damos, int error) {
        damos->phase = PHASE_ENDING;
        damos->error = error;
        try_to_end(damos);
}

/* While it is on */

/* Return: whether something is changed, and that is under way. */
static bool set_pace(Damos *damos, DamonPace pace, DamosWritten done) {
        DamonPace *last = &damos->pick.move.pace;

        if (pace.takes_all == last->takes_all && pace.quota == last->quota)
                return false;
        damos_writes_reset(&damos->writes);
        if (damon_plan_pace(&damos->writes.plan, damos->pick.move.is_up, &pace) ||
            damos_writes_begin(&damos->writes, damos->step.lane, true, done, damos))
                return false;
        *last = pace;
        damos->phase = PHASE_PACING;
        return true;
}

static uint64_t max_quota(const DamosPick *pick) {
        const uint64_t part = pick->looked_bytes / 64;

        return part > pick->bytes ? part : pick->bytes;
}

/* What is not found is looked for in larger parts; what is not cold is taken after a while. */
static DamonPace find_pace(Damos *damos, uint64_t now_usec) {
        const DamosPick *pick = &damos->pick;
        DamonPace pace = pick->move.pace;

        if (damos->moved > damos->progress) {
                damos->progress = damos->moved;
                damos->paced_usec = now_usec;
        }
        if (!pace.takes_all && now_usec - damos->on_usec >= COLD_USEC) {
                pace.takes_all = true;
                pace.quota = damon_get_quota(&damos->features, pick->bytes - damos->moved,
                                             pick->from_bytes, pick->looked_bytes);
                damos->paced_usec = now_usec;
        } else if (!damos->features.has_fail_charge && now_usec - damos->paced_usec >= PACE_USEC) {
                pace.quota = bytes_min(bytes_mul_saturated(pace.quota, 4), max_quota(pick));
                damos->paced_usec = now_usec;
        }
        return pace;
}

/* What the container takes or gives back meanwhile is seen on one of the two nodes only. */
static int read_moved(Damos *damos) {
        const DamosPick *pick = &damos->pick;
        uint64_t from, to, left, come;
        int r;

        r = damos_read_bytes(damos->means, damos->step.cgroup_fd, pick->move.from, pick->move.to,
                             damos->text, &from, &to);
        if (r)
                return r;
        left = bytes_sub_clamped(pick->from_bytes, from);
        come = bytes_sub_clamped(to, pick->to_bytes);
        damos->moved = left > come ? left : come;
        return 0;
}

/* One more window is on its way before it is off. */
static bool is_enough(const Damos *damos) {
        const DamosPick *pick = &damos->pick;
        const uint64_t slack = damos->features.has_fail_charge
                                       ? damos->means->page_bytes
                                       : bytes_min(pick->move.pace.quota, pick->bytes) / 2;

        return damos->moved + slack >= pick->bytes;
}

static void on_paced(int error, void *userdata) {
        Damos *damos = userdata;

        if (error) {
                end(damos, error);
                return;
        }
        damos->phase = PHASE_ON;
        timer_set(damos->timer, damos->step.done ? now_of(damos) + LOOK_USEC : 0);
}

static void look(Damos *damos) {
        const uint64_t now_usec = now_of(damos);
        const int r = damos->step.done ? read_moved(damos) : -ECANCELED;

        if (r || is_enough(damos)) {
                end(damos, r);
                return;
        }
        if (now_usec - damos->on_usec >= ON_USEC) {
                end(damos, damos->moved > 0 ? 0 : -EAGAIN);
                return;
        }
        if (!set_pace(damos, find_pace(damos, now_usec), on_paced))
                timer_set(damos->timer, now_usec + LOOK_USEC);
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Damos *damos = userdata;

        if (damos->phase == PHASE_ON)
                look(damos);
        else if (damos->phase == PHASE_ENDING)
                try_to_end(damos);
        return 0;
}

/* The beginning of a step */

static void on_turned_on(int error, void *userdata) {
        Damos *damos = userdata;

        if (error) {
                end(damos, error);
                return;
        }
        damos->phase = PHASE_ON;
        damos->on_usec = damos->paced_usec = now_of(damos);
        damos->moved = damos->progress = 0;
        timer_set(damos->timer, damos->step.done ? damos->on_usec + LOOK_USEC : 0);
}

static void on_framed(int error, void *userdata) {
        Damos *damos = userdata;
        int r = error;

        if (error && damos->writes.next <= 1) { /* whose it is, it is not slugd's */
                finish(damos, error);
                return;
        }
        if (r == 0) {
                damon_look(damos->means->root, &damos->features);
                r = damos->step.done ? 0 : -ECANCELED;
        }
        if (r == 0 && !damos->features.has_migrate)
                r = -EOPNOTSUPP;
        if (r == 0)
                r = damos_pick(damos->means, &damos->features, &damos->step, damos->text,
                               &damos->pick);
        damos_writes_reset(&damos->writes);
        r = r ? r : damon_plan_move(&damos->writes.plan, &damos->features, &damos->pick.move);
        damos->phase = PHASE_TURNING_ON;
        r = r ? r
              : damos_writes_begin(&damos->writes, damos->step.lane, false, on_turned_on, damos);
        if (r)
                end(damos, r);
}

/* @step: taken, also on failure. */
static int start(Damos *damos, DamosStep *step) {
        DamonFeatures now;
        int r;

        damon_probe(damos->means->root, &now);
        damos->step = *step;
        *step = (DamosStep)DAMOS_STEP_NULL;
        damos_writes_reset(&damos->writes);
        r = now.problem[0] ? -EBUSY : damon_plan_frame(&damos->writes.plan);
        if (r == 0)
                r = damos_writes_begin(&damos->writes, damos->step.lane, false, on_framed, damos);
        if (r) {
                step_deinit(&damos->step);
                return r;
        }
        damos->phase = PHASE_FRAMING;
        return 0;
}

static void start_next(Damos *damos) {
        while (damos->phase == PHASE_FREE && damos->n_queued > 0) {
                DamosStep step = damos->queue[0], failed = step;
                int r;

                --damos->n_queued;
                memmove(&damos->queue[0], &damos->queue[1],
                        damos->n_queued * sizeof(damos->queue[0]));
                failed.cgroup_fd = -EBADF;
                r = start(damos, &step);
                if (r)
                        tell(&failed, r);
        }
}

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

        if (damos->phase != PHASE_FREE && damos->n_queued == QUEUE_MAX)
                return -EBUSY;
        r = copy_step(step, &copy);
        if (r)
                return r;
        if (damos->phase == PHASE_FREE)
                return start(damos, &copy);
        damos->queue[damos->n_queued++] = copy;
        return 0;
}

static void cancel(void *state, void *userdata) {
        Damos *damos = state;

        if (damos->step.cgroup_fd >= 0 && damos->step.userdata == userdata) {
                damos->step.done = NULL;
                if (damos->phase == PHASE_ON)
                        timer_set(damos->timer, 0);
        }
        for (size_t i = 0; i < damos->n_queued; ++i)
                if (damos->queue[i].userdata == userdata)
                        damos->queue[i].done = NULL;
}

/* Probing */

static bool probe(const EnforceMeans *means, void *state, char reason[static DIAG_TEXT_MAX]) {
        Damos *damos = state;
        DamonFeatures features;

        damon_probe(means->root, &features);
        if (damos->phase == PHASE_FREE && features.is_ours && means->may_write) {
                log_event(LOG_NOTICE, SLUG_MESSAGE_DAMON_FOUND, LOG_PLAIN,
                          "DAMON is as an earlier slugd left it, and is turned off");
                end(damos, 0);
        }
        if (!features.problem[0] && means->snapshot->topology->machine->n_blocks == 0)
                (void)snprintf(features.problem, sizeof(features.problem),
                               "this kernel does not tell the addresses of memory "
                               "(/sys/devices/system/memory)");
        if (features.problem[0])
                (void)snprintf(reason, DIAG_TEXT_MAX, "%s", features.problem);
        else
                (void)snprintf(reason, DIAG_TEXT_MAX, "DAMON moves cold pages of a cgroup, %s",
                               features.has_fail_charge ? "so many as it is told"
                               : features.has_temporal  ? "until its goal is met"
                                                        : "until slugd stops it");
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
        r = timer_new(means->event, ACCURACY_USEC, on_timer, damos, &damos->timer);
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
        int r = damon_plan_end(&plan);

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
        if (damos->phase != PHASE_FREE)
                turn_off_now(damos);
        for (size_t i = 0; i < damos->n_queued; ++i)
                step_deinit(&damos->queue[i]);
        step_deinit(&damos->step);
        free(damos);
}

const EnforceBackendOps enforce_damos_ops = {
        .open = open_state,
        .close = close_state,
        .probe = probe,
        .begin = begin,
        .cancel = cancel,
};
