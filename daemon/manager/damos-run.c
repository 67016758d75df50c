/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DAMOS: DAMON moves the pages of one cgroup
 *
 *   begin --> TURNING_ON --> ON <--> PACING
 *             files          |       more, or all
 *                            v
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
 * A slugd that dies leaves DAMON on. The next one finds it by its mark and turns it off first.
 * Until then, before Linux 7.1, cold pages of that one container go on being moved.
 */
#include "manager/damos-run.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "manager/timer.h"

#define LOOK_USEC (5 * USEC_PER_MSEC)
/* A part of what a step may take: it still has to be turned off. */
#define ON_USEC   (8 * USEC_PER_SEC)
#define COLD_USEC (1 * USEC_PER_SEC)    /* so long only cold pages, or hot ones upwards */
#define PACE_USEC (200 * USEC_PER_MSEC) /* so long nothing comes before it looks at more */
#define END_USEC  (100 * USEC_PER_MSEC) /* after a failure to turn it off */
#define END_TRIES 10u                   /* before it is told */

void damos_step_deinit(DamosStep *step) {
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
        damos_step_deinit(step);
}

/* Nothing of it is there any more. */
static void finish(Damos *damos, int error) {
        DamosStep step = damos->step;

        damos->phase = DAMOS_FREE;
        damos->n_end_tries = 0;
        damos->step = (DamosStep)DAMOS_STEP_NULL;
        damon_plan_deinit(&damos->writes.plan);
        timer_set(damos->timer, TIMER_NEVER);
        if (step.cgroup_fd >= 0)
                tell(&step, error);
        start_next(damos);
}

static void try_later(Damos *damos, int error) {
        damos->phase = DAMOS_ENDING;
        if (++damos->n_end_tries == END_TRIES)
                log_event(LOG_WARNING, SLUG_MESSAGE_DAMON_STAYS,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-error }),
                          "DAMON cannot be turned off, and slugd goes on trying: %s",
                          strerror(-error));
        timer_set(damos->timer, now_of(damos) + END_USEC);
}

/* Not more than there was: windows without anything of the container's are soon over, and one that
 * moves something has looked at little else. */
static uint64_t guess_looked(const Damos *damos) {
        const uint64_t until_usec = damos->first_usec ? damos->first_usec : now_of(damos);
        const uint64_t windows_usec =
                bytes_sub_clamped(until_usec, damos->on_usec + DAMON_LOOK_USEC);

        return bytes_add_saturated(bytes_mul_saturated(windows_usec / (2 * DAMON_WINDOW_USEC),
                                                       damos->pick.move.pace.quota),
                                   bytes_sub_clamped(damos->moved, damos->moved_before));
}

/* The next step goes on from there: what is behind was just looked at. */
static void note_hand(Damos *damos) {
        const DamonMove *move = &damos->pick.move;
        uint64_t looked_bytes;

        if (damos->on_usec == 0)
                return;
        if (!damos->features.has_fail_charge)
                looked_bytes = guess_looked(damos);
        else if (!damon_read_looked(damos->means->root, &looked_bytes))
                looked_bytes = 0;
        damos->hands[move->from] = damon_get_hand(move, looked_bytes);
        damos->on_usec = 0;
}

/* It is off, or was never on. */
static void take_away(Damos *damos) {
        int r;

        note_hand(damos);
        damos_writes_reset(&damos->writes);
        r = damon_plan_end(&damos->writes.plan);
        r = r ? r : damos_writes_now(damos->means->root, &damos->writes.plan);
        if (r) {
                try_later(damos, r);
                return;
        }
        log_debug("DAMON: %" PRIu64 " of %" PRIu64 " KiB moved in %" PRIu64 " ms",
                  damos->moved / KIB, damos->pick.bytes / KIB,
                  (now_of(damos) - damos->begun_usec) / USEC_PER_MSEC);
        finish(damos, damos->error);
}

static void on_ended(int error _unused_, void *userdata) {
        take_away(userdata);
}

static int begin_to_rest(Damos *damos, DamosWritten done) {
        const CrewLane lane = damos->step.cgroup_fd >= 0 ? damos->step.lane : CREW_PAGES;
        const int r = damon_plan_rest(&damos->writes.plan, &damos->features);

        return r ? r : damos_writes_begin(&damos->writes, lane, true, done, damos);
}

static void try_to_end(Damos *damos) {
        damos_writes_reset(&damos->writes);
        if (begin_to_rest(damos, on_ended) == 0)
                return;
        /* A step is never done in begin(). */
        damos->phase = DAMOS_RESTED;
        timer_set(damos->timer, 0);
}

void damos_end(Damos *damos, int error) {
        damos->phase = DAMOS_ENDING;
        damos->error = error;
        try_to_end(damos);
}

/* While it is on */

static void on_turned_on(int error, void *userdata);

/* It is off, and goes on from where it was. */
static void on_rested(int error, void *userdata) {
        Damos *damos = userdata;
        int r = error;

        note_hand(damos);
        damos->pick.move.pace = damos->next_pace;
        if (r == 0)
                r = damos_pick_ranges(damos->means, damos->hands[damos->pick.move.from],
                                      &damos->pick);
        damos_writes_reset(&damos->writes);
        r = r ? r : damon_plan_move(&damos->writes.plan, &damos->features, &damos->pick.move);
        r = r ? r
              : damos_writes_begin(&damos->writes, damos->step.lane, false, on_turned_on, damos);
        if (r)
                damos_end(damos, r);
}

/* "commit" would do it without turning it off, and on Linux 6.12 comes back when a look or two have
 * passed at the old pace or the new one. Return: whether it is under way. */
static bool set_pace(Damos *damos, DamonPace pace) {
        damos_writes_reset(&damos->writes);
        if (begin_to_rest(damos, on_rested))
                return false;
        damos->next_pace = pace;
        damos->phase = DAMOS_PACING;
        return true;
}

/* In so many windows, some seconds, all of the node is looked at. */
static uint64_t max_quota(const DamosPick *pick) {
        const uint64_t part = pick->looked_bytes / 4096;

        return part > pick->bytes ? part : pick->bytes;
}

/* What is not found is looked for elsewhere and in larger parts; what is not cold is taken after a
 * while. Return: whether anything is to be changed. */
static bool find_pace(Damos *damos, uint64_t now_usec, DamonPace *ret) {
        const DamosPick *pick = &damos->pick;
        const DamonPace last = pick->move.pace;
        DamonPace pace = last;
        bool looks_elsewhere = false;

        if (damos->moved > damos->progress) {
                damos->progress = damos->moved;
                damos->paced_usec = now_usec;
        }
        if (!pace.takes_all && now_usec - damos->begun_usec >= COLD_USEC) {
                pace.takes_all = true;
                pace.quota = damon_get_quota(&damos->features, pick->bytes - damos->moved,
                                             pick->from_bytes, pick->looked_bytes);
                damos->paced_usec = now_usec;
        } else if (now_usec - damos->paced_usec >= PACE_USEC) {
                looks_elsewhere = !pick->is_whole;
                if (!damos->features.has_fail_charge)
                        pace.quota = bytes_min(bytes_mul_saturated(pace.quota, 4), max_quota(pick));
                damos->paced_usec = now_usec;
        }
        *ret = pace;
        return looks_elsewhere || pace.takes_all != last.takes_all || pace.quota != last.quota;
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
        left = left > come ? left : come;
        damos->coming = bytes_sub_clamped(left, damos->moved);
        if (damos->coming > 0 && damos->first_usec == 0)
                damos->first_usec = now_of(damos);
        damos->moved = left;
        return 0;
}

/* As much as came since the last look comes before there is another one. */
static bool is_enough(const Damos *damos) {
        const uint64_t bytes = damos->pick.bytes;
        const uint64_t slack = damos->features.has_fail_charge
                                       ? damos->means->page_bytes
                                       : bytes_min(damos->coming, bytes / 2);

        return damos->moved + slack >= bytes;
}

static void look(Damos *damos) {
        const uint64_t now_usec = now_of(damos);
        const int r = damos->step.done ? read_moved(damos) : -ECANCELED;
        DamonPace pace;

        if (r || is_enough(damos)) {
                damos_end(damos, r);
                return;
        }
        if (now_usec - damos->begun_usec >= ON_USEC) {
                damos_end(damos, damos->moved > 0 ? 0 : -EAGAIN);
                return;
        }
        if (!find_pace(damos, now_usec, &pace) || !set_pace(damos, pace))
                timer_set(damos->timer, now_usec + LOOK_USEC);
}

int damos_on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        Damos *damos = userdata;

        if (damos->phase == DAMOS_ON)
                look(damos);
        else if (damos->phase == DAMOS_ENDING)
                try_to_end(damos);
        else if (damos->phase == DAMOS_RESTED)
                take_away(damos);
        return 0;
}

/* The beginning of a step */

static void on_turned_on(int error, void *userdata) {
        Damos *damos = userdata;

        if (error) {
                damos->hands[damos->pick.move.from] = 0; /* if it is that */
                damos_end(damos, error);
                return;
        }
        damos->phase = DAMOS_ON;
        damos->on_usec = damos->paced_usec = now_of(damos);
        damos->first_usec = 0;
        damos->moved_before = damos->moved;
        timer_set(damos->timer, damos->step.done ? damos->on_usec + LOOK_USEC : 0);
}

/* The frame is there. Return: 0 or an errno. */
static int turn_on(Damos *damos) {
        int r;

        damon_look(damos->means->root, &damos->features);
        if (!damos->features.has_migrate)
                return -EOPNOTSUPP;
        r = damos_pick(damos->means, &damos->features, &damos->step, damos->hands, damos->text,
                       &damos->pick);
        damos_writes_reset(&damos->writes);
        r = r ? r : damon_plan_move(&damos->writes.plan, &damos->features, &damos->pick.move);
        return r ? r
                 : damos_writes_begin(&damos->writes, damos->step.lane, false, on_turned_on, damos);
}

int damos_start(Damos *damos, DamosStep *step) {
        DamonFeatures now;
        int r;

        damon_probe(damos->means->root, &now);
        damos->step = *step;
        *step = (DamosStep)DAMOS_STEP_NULL;
        damos_writes_reset(&damos->writes);
        r = now.problem[0] ? -EBUSY : damon_plan_frame(&damos->writes.plan);
        r = r ? r : damos_writes_begin(&damos->writes, damos->step.lane, false, NULL, NULL);
        if (r < 0 && damos->writes.next <= 1) { /* whose it is, it is not slugd's */
                damos_step_deinit(&damos->step);
                return r;
        }
        damos->phase = DAMOS_TURNING_ON;
        damos->begun_usec = now_of(damos);
        damos->moved = damos->progress = damos->coming = 0;
        r = r < 0 ? r : turn_on(damos);
        if (r)
                damos_end(damos, r);
        return 0;
}

static void start_next(Damos *damos) {
        while (damos->phase == DAMOS_FREE && damos->n_queued > 0) {
                DamosStep step = damos->queue[0], failed = step;
                int r;

                --damos->n_queued;
                memmove(&damos->queue[0], &damos->queue[1],
                        damos->n_queued * sizeof(damos->queue[0]));
                if (!step.done) { /* it was cancelled while it waited */
                        damos_step_deinit(&step);
                        continue;
                }
                failed.cgroup_fd = -EBADF;
                r = damos_start(damos, &step);
                if (r)
                        tell(&failed, r);
        }
}
