/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/errand.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cgroup/errand-check.h"

/*
 * The queue has one errand that is under way, and it has one step that is: whoever ends the step
 * calls complete(), which goes on. Nothing is held open between steps: a cgroup that went in
 * between is an error of the step that needs it.
 */
#define DEADLINE_USEC (10 * USEC_PER_SEC)

typedef struct Errand {
        struct Errand *next;
        CgroupErrandDone done;
        void *userdata;
        CgroupErrandResult result;
        size_t n_steps;
        CgroupStep steps[];
} Errand;

struct CgroupErrands {
        CgroupErrandsParams params;
        Errand *first, **end;
        size_t n_errands;
        bool is_busy;    /* a step is under way */
        bool is_pumping; /* further up the stack */
        bool is_over;    /* nothing is begun any more */
};

int cgroup_errands_new(const CgroupErrandsParams *params, CgroupErrands **ret) {
        CgroupErrands *errands = calloc(1, sizeof(*errands));

        if (!errands)
                return -ENOMEM;
        errands->params = *params;
        if (errands->params.deadline_usec == 0)
                errands->params.deadline_usec = DEADLINE_USEC;
        errands->end = &errands->first;
        *ret = errands;
        return 0;
}

/* The end of an errand */

static void finish(CgroupErrands *errands) {
        Errand *errand = errands->first;

        errands->first = errand->next;
        if (!errands->first)
                errands->end = &errands->first;
        --errands->n_errands;
        errand->done(&errand->result, errand->userdata);
        free(errand);
}

void cgroup_errands_stop(CgroupErrands *errands) {
        errands->is_over = true;
}

CgroupErrands *cgroup_errands_free(CgroupErrands *errands) {
        if (!errands)
                return NULL;
        errands->is_over = true;
        while (errands->first) {
                errands->first->result.problem = CGROUP_ERRAND_CANCELLED;
                finish(errands);
        }
        free(errands);
        return NULL;
}

static void pump(CgroupErrands *errands);

/* The step that is under way has ended. */
static void
complete(CgroupErrands *errands, CgroupErrandProblem problem, int error, const char *message) {
        CgroupErrandResult *result = &errands->first->result;

        errands->is_busy = false;
        result->n_done += problem == CGROUP_ERRAND_DONE;
        result->problem = problem;
        result->error = error;
        result->message = problem == CGROUP_ERRAND_DONE ? "" : message;
        if (problem != CGROUP_ERRAND_DONE)
                finish(errands);
        pump(errands);
}

/* Steps */

static const CgroupStep *get_step(const CgroupErrands *errands) {
        return &errands->first->steps[errands->first->result.n_done];
}

/* What a worker, or the writer, said. */
static CgroupErrandProblem judge(int error) {
        switch (-error) {
        case 0:
                return CGROUP_ERRAND_DONE;
        case ENOENT:
        case ENODEV:
        case ESTALE:
                return CGROUP_ERRAND_ABSENT;
        case ETIMEDOUT:
        case ECONNRESET:
                return CGROUP_ERRAND_UNKNOWN;
        default:
                return CGROUP_ERRAND_REFUSED;
        }
}

/* What kept it from being handed over. */
static CgroupErrandProblem judge_submit(int r) {
        if (r == CGROUP_E_ABSENT)
                return CGROUP_ERRAND_ABSENT;
        if (r == CGROUP_E_INVALID)
                return CGROUP_ERRAND_INVALID;
        if (r == -EBUSY || r == -ENOBUFS)
                return CGROUP_ERRAND_NO_WORKER;
        return judge(r);
}

static void on_set(int error, int fd, void *userdata) {
        (void)fd_close(fd);
        complete(userdata, judge(error), error, "");
}

/* Whoever was faster has made one, or something else of that name. */
static void on_made(int error, int fd, void *userdata) {
        CgroupErrands *errands = userdata;
        CgroupErrandProblem problem = judge(error);

        (void)fd_close(fd);
        if (error == -EEXIST)
                problem = cgroup_errand_find(errands->params.tree, get_step(errands)->path, NULL);
        complete(errands, problem, error, "");
}

static void on_removed(int error, int fd, void *userdata) {
        CgroupErrandProblem problem = judge(error);

        (void)fd_close(fd);
        if (problem == CGROUP_ERRAND_ABSENT)
                problem = CGROUP_ERRAND_DONE;
        if (error == -EBUSY || error == -ENOTEMPTY)
                problem = CGROUP_ERRAND_OCCUPIED;
        complete(userdata, problem, error, "");
}

static void on_started(int error, const char *message, void *userdata) {
        complete(userdata, error == -EEXIST ? CGROUP_ERRAND_DONE : judge(error), error, message);
}

static void on_written(const CgroupWriteResult *result, void *userdata) {
        complete(userdata, judge(result->error), result->error, result->message);
}

/* A file of the cgroup at @path. Return: as worker_submit(), or CGROUP_E_*. */
static int
submit_text(CgroupErrands *errands, const char *path, const char *file, const char *text) {
        _cleanup_(fd_closep) int dir_fd = -EBADF, fd = -EBADF;
        char line[CGROUP_SETTING_TEXT_MAX + 1];
        int n, r;

        r = cgroup_open(errands->params.tree, path, &dir_fd);
        if (r == 0)
                r = cgroup_open_file(dir_fd, file, O_WRONLY, &fd);
        if (r)
                return r;
        n = snprintf(line, sizeof(line), "%s\n", text);
        return worker_submit(errands->params.workers, errands->params.lane,
                             &(const WorkerJob){ .op = WORKER_OP_SET,
                                                 .fd = fd,
                                                 .data = line,
                                                 .n_data = (size_t)n,
                                                 .deadline_usec = errands->params.deadline_usec },
                             on_set, errands);
}

static const char *get_name(const char *path) {
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

/* The folder at @path, in the one above. Return: as worker_submit(), or CGROUP_E_*. */
static int submit_folder(CgroupErrands *errands, const char *path, WorkerOp op, WorkerDone done) {
        _cleanup_(fd_closep) int dir_fd = -EBADF;
        char parent[CGROUP_PATH_MAX];
        int r;

        r = cgroup_open(errands->params.tree, cgroup_path_get_parent(path, parent), &dir_fd);
        if (r)
                return r;
        return worker_submit(errands->params.workers, errands->params.lane,
                             &(const WorkerJob){ .op = op,
                                                 .fd = dir_fd,
                                                 .name = get_name(path),
                                                 .deadline_usec = errands->params.deadline_usec },
                             done, errands);
}

/* systemd does not know every slice that is there. */
static void on_stopped(int error, const char *message, void *userdata) {
        CgroupErrands *errands = userdata;
        int r;

        if (error != -ENOENT) {
                complete(errands, judge(error), error, message);
                return;
        }
        r = submit_folder(errands, get_step(errands)->path, WORKER_OP_REMOVE_FOLDER, on_removed);
        if (r)
                complete(errands, judge_submit(r), r, "");
}

static int submit_set(CgroupErrands *errands, const CgroupStep *step) {
        CgroupWrite write = { .knob = step->setting.knob,
                              .value = step->setting.value,
                              .unit = step->is_unit ? cgroup_path_get_unit(step->path) : NULL };

        if (!step->setting.is_knob)
                return submit_text(errands, step->path, step->setting.file, step->setting.text);
        (void)snprintf(write.path, sizeof(write.path), "%s", step->path);
        return cgroup_writer_write(errands->params.writer, &write, on_written, errands);
}

/* Return: 0 when it is under way, otherwise as worker_submit(), or CGROUP_E_*. */
static int submit(CgroupErrands *errands, const CgroupStep *step) {
        CgroupBus *bus = step->is_unit ? errands->params.bus : NULL;

        switch (step->kind) {
        case CGROUP_STEP_MAKE:
                return bus ? cgroup_bus_start_slice(bus, cgroup_path_get_unit(step->path), NULL, 0,
                                                    on_started, errands)
                           : submit_folder(errands, step->path, WORKER_OP_MAKE_FOLDER, on_made);
        case CGROUP_STEP_REMOVE:
                return bus ? cgroup_bus_stop_unit(bus, cgroup_path_get_unit(step->path), on_stopped,
                                                  errands)
                           : submit_folder(errands, step->path, WORKER_OP_REMOVE_FOLDER,
                                           on_removed);
        case CGROUP_STEP_ENABLE:
                return submit_text(errands, step->path, "cgroup.subtree_control",
                                   step->setting.text);
        case CGROUP_STEP_SET:
                break;
        }
        return submit_set(errands, step);
}

/* What is so already needs no step. Usage may have grown since the first look. */
static CgroupErrandProblem look(CgroupErrands *errands, const CgroupStep *step, bool *ret_is_so) {
        CgroupErrandProblem problem;

        *ret_is_so = false;
        if (step->kind == CGROUP_STEP_SET)
                return cgroup_errand_check_usage(errands->params.tree, step,
                                                 &errands->first->result.usage_bytes);
        if (step->kind == CGROUP_STEP_ENABLE)
                return CGROUP_ERRAND_DONE;
        problem = cgroup_errand_find(errands->params.tree, step->path, NULL);
        *ret_is_so = problem ==
                     (step->kind == CGROUP_STEP_MAKE ? CGROUP_ERRAND_DONE : CGROUP_ERRAND_ABSENT);
        return problem == CGROUP_ERRAND_ABSENT ? CGROUP_ERRAND_DONE : problem;
}

static void begin_step(CgroupErrands *errands) {
        const CgroupStep *step = get_step(errands);
        CgroupErrandProblem problem;
        bool is_so;
        int r = 0;

        problem = look(errands, step, &is_so);
        if (problem == CGROUP_ERRAND_DONE && !is_so) {
                errands->is_busy = true; /* before it can end */
                r = submit(errands, step);
                problem = judge_submit(r);
        }
        if (problem != CGROUP_ERRAND_DONE || is_so)
                complete(errands, problem, r < 0 ? r : 0, "");
}

static bool check(CgroupErrands *errands) {
        Errand *errand = errands->first;

        errand->result.message = "";
        errand->result.problem =
                cgroup_errand_check(errands->params.tree, errand->steps, errand->n_steps,
                                    &errand->result.n_done, &errand->result.usage_bytes);
        errand->result.is_checked = errand->result.problem == CGROUP_ERRAND_DONE;
        if (errand->result.is_checked)
                errand->result.n_done = 0;
        return errand->result.is_checked;
}

/* Goes on until something is under way. */
static void pump(CgroupErrands *errands) {
        if (errands->is_pumping)
                return;
        errands->is_pumping = true;
        while (errands->first && !errands->is_busy && !errands->is_over) {
                Errand *errand = errands->first;

                if (!errand->result.is_checked && !check(errands))
                        finish(errands);
                else if (errand->result.n_done == errand->n_steps)
                        finish(errands);
                else
                        begin_step(errands);
        }
        errands->is_pumping = false;
}

int cgroup_errands_run(CgroupErrands *errands,
                       const CgroupStep *steps,
                       size_t n_steps,
                       CgroupErrandDone done,
                       void *userdata) {
        Errand *errand;

        if (errands->n_errands >= CGROUP_ERRANDS_MAX || n_steps > CGROUP_ERRAND_STEPS_MAX ||
            errands->is_over)
                return -ENOBUFS;
        errand = calloc(1, sizeof(*errand) + n_steps * sizeof(*steps));
        if (!errand)
                return -ENOMEM;
        errand->done = done;
        errand->userdata = userdata;
        errand->n_steps = n_steps;
        memcpy(errand->steps, steps, n_steps * sizeof(*steps));

        /* Nothing below can fail. */
        *errands->end = errand;
        errands->end = &errand->next;
        ++errands->n_errands;
        pump(errands);
        return 0;
}
