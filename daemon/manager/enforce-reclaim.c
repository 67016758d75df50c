/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.reclaim: the kernel demotes
 *
 * Where demotion is on, what is reclaimed of a NUMA node with a lower tier is moved there. How much
 * of it came off local memory is told by usage alone: page cache goes first, and what goes from one
 * lower tier to the next counts, too.
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst, memory.reclaim, of Linux 6.12; measured there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "manager/enforce-backend.h"

#define DEMOTION_FILE "sys/kernel/mm/numa/demotion_enabled"
/* The kernel goes on for many seconds where all pages are in use; by then another way had been
 * better. */
#define PATIENCE_USEC (500 * USEC_PER_MSEC)

static bool is_demotion_on(const Root *root) {
        char text[32];
        size_t n = 0;

        return root_read(root, DEMOTION_FILE, text, sizeof(text), &n) == 0 &&
               (strncmp(text, "true", 4) == 0 || strncmp(text, "1", 1) == 0);
}

static bool
probe(const EnforceMeans *means, void *state _unused_, char reason[static DIAG_TEXT_MAX]) {
        if (!root_exists(means->root, CGROUP_DIR "/memory.reclaim")) {
                (void)snprintf(reason, DIAG_TEXT_MAX,
                               "this kernel has no memory.reclaim (5.19 and newer do)");
                return false;
        }
        if (means->n_lower_tiers == 0) {
                (void)snprintf(reason, DIAG_TEXT_MAX,
                               "the kernel has no memory tier below local memory, so that "
                               "nothing is demoted");
                return false;
        }
        if (!is_demotion_on(means->root)) {
                (void)snprintf(reason, DIAG_TEXT_MAX,
                               "demotion is off (/" DEMOTION_FILE
                               "); enforce.settings.demotionEnabled has slugd turn it on");
                return false;
        }
        (void)snprintf(reason, DIAG_TEXT_MAX,
                       "memory.reclaim demotes: demotion is on, and there %s %u tier%s below local "
                       "memory",
                       means->n_lower_tiers == 1 ? "is" : "are", means->n_lower_tiers,
                       means->n_lower_tiers == 1 ? "" : "s");
        return true;
}

static int begin(const EnforceMeans *means, void *state _unused_, const EnforceStep *step) {
        _cleanup_(fd_closep) int fd = -EBADF;
        char text[32];
        int r, n;

        if (step->action != ENFORCE_DEMOTE)
                return -EOPNOTSUPP;
        r = cgroup_open_file(step->cgroup_fd, "memory.reclaim", O_WRONLY, &fd);
        if (r)
                return r > 0 ? -ENOENT : r;
        n = snprintf(text, sizeof(text), "%" PRIu64 "\n", step->bytes);
        return worker_submit(
                crew_get_workers(means->crew), step->lane,
                &(const WorkerJob){ .op = WORKER_OP_SET,
                                    .fd = fd,
                                    .data = text,
                                    .n_data = (size_t)n,
                                    .deadline_usec = ENFORCE_STEP_DEADLINE_USEC,
                                    .patience_usec = step->may_be_cut_off ? PATIENCE_USEC : 0 },
                step->done, step->userdata);
}

const EnforceBackendOps enforce_reclaim_ops = { .probe = probe, .begin = begin };
