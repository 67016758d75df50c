/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/damos-writes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define DEADLINE_USEC (10 * USEC_PER_SEC)

static int open_file(const Root *root, const DamonWrite *write, int *ret_fd) {
        char path[sizeof(DAMON_DIR) + DAMON_PATH_MAX];
        int r;

        (void)snprintf(path, sizeof(path), DAMON_DIR "/%s", write->path);
        r = root_open(root, path, O_WRONLY, ret_fd);
        return r > 0 ? -ENOENT : r;
}

void damos_writes_reset(DamosWrites *writes) {
        writes->plan.n_items = writes->next = 0;
}

void damos_writes_deinit(DamosWrites *writes) {
        if (writes->crew)
                worker_disown(crew_get_workers(writes->crew), writes);
        damon_plan_deinit(&writes->plan);
}

static void on_written(int error, int fd, void *userdata);

/* Return: 0 or an errno. */
static int submit(DamosWrites *writes) {
        const DamonWrite *write = &writes->plan.items[writes->next];
        char text[DAMON_VALUE_MAX + 1];
        _cleanup_(fd_closep) int fd = -EBADF;
        int r, n;

        r = open_file(writes->root, write, &fd);
        if (r)
                return r;
        n = snprintf(text, sizeof(text), "%s\n", write->value);
        return worker_submit(crew_get_workers(writes->crew), writes->lane,
                             &(const WorkerJob){ .op = WORKER_OP_SET,
                                                 .fd = fd,
                                                 .data = text,
                                                 .n_data = (size_t)n,
                                                 .deadline_usec = DEADLINE_USEC },
                             on_written, writes);
}

static int write_now(const Root *root, const DamonWrite *write) {
        _cleanup_(fd_closep) int fd = -EBADF;
        const int r = open_file(root, write, &fd);

        return r ? r : damon_write(fd, write->value);
}

/* From @error of the one before to whichever comes next. Return: whether one is under way. */
static bool go_on(DamosWrites *writes, int *error) {
        while ((*error == 0 || writes->goes_on) && writes->next < writes->plan.n_items) {
                const DamonWrite *write = &writes->plan.items[writes->next];
                const bool may_block = damon_write_may_block(write);

                *error = may_block ? submit(writes) : write_now(writes->root, write);
                if (*error == 0 && may_block)
                        return true;
                if (*error)
                        log_debug("DAMON: %s to %s: %s", write->value, write->path,
                                  strerror(-*error));
                ++writes->next;
        }
        return false;
}

static void on_written(int error, int fd, void *userdata) {
        DamosWrites *writes = userdata;
        const DamonWrite *write = &writes->plan.items[writes->next];

        (void)fd_close(fd);
        if (error)
                log_debug("DAMON: %s to %s: %s", write->value, write->path, strerror(-error));
        ++writes->next;
        if (!go_on(writes, &error))
                writes->done(error, writes->userdata);
}

int damos_writes_begin(DamosWrites *writes,
                       CrewLane lane,
                       bool goes_on,
                       DamosWritten done,
                       void *userdata) {
        int error = 0;

        writes->next = 0;
        writes->lane = lane;
        writes->goes_on = goes_on;
        writes->done = done;
        writes->userdata = userdata;
        if (go_on(writes, &error))
                return 0;
        return error ? error : DAMOS_E_WRITTEN;
}

int damos_writes_now(const Root *root, const DamonPlan *plan) {
        int r = 0;

        for (size_t i = 0; i < plan->n_items; ++i)
                r = write_now(root, &plan->items[i]);
        return r;
}
