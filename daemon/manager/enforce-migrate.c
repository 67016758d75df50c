/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move_pages(2): page by page
 *
 * By a worker, for the processes of the container. The kernel takes no NUMA node as a target that
 * is not in the container's cpuset.mems, and does not look for another one when it is full: so the
 * targets are those that it may use, each with what it has free.
 *
 * Source: move_pages(2); mm/migrate.c of Linux 6.12.
 */
#include <errno.h>
#include <stdio.h>

#include "manager/enforce-backend.h"
#include "worker/pages.h"

static bool
probe(const EnforceMeans *means, void *state _unused_, char reason[static DIAG_TEXT_MAX]) {
        const bool may_move = crew_may_move_pages(means->crew);

        (void)snprintf(reason, DIAG_TEXT_MAX, "%s",
                       may_move ? "move_pages moves pages one by one"
                                : "slugd was started without CAP_SYS_PTRACE and CAP_SYS_NICE");
        return may_move;
}

static void add_targets(PagesRequest *request, const EnforceMeans *means, const NodeSet *nodes) {
        NODESET_FOREACH (node, nodes)
                if (means->free->bytes[node] >= means->page_bytes &&
                    request->n_targets < PAGES_TARGETS_MAX)
                        request->targets[request->n_targets++] =
                                (PagesTarget){ .node = node, .bytes = means->free->bytes[node] };
}

/* Those of the claim first. */
static void
find_targets(PagesRequest *request, const EnforceMeans *means, const EnforceStep *step) {
        const NodeSet *side = step->action == ENFORCE_DEMOTE ? &means->remote : &means->local;
        const NodeSet allowed = step->mems ? nodeset_and(side, step->mems) : *side;
        const NodeSet claimed = nodeset_and(&allowed, step->claimed);
        const NodeSet others = nodeset_and_not(&allowed, step->claimed);

        add_targets(request, means, &claimed);
        add_targets(request, means, &others);
}

static int begin(const EnforceMeans *means, void *state _unused_, const EnforceStep *step) {
        PagesRequest request = {
                .from = step->action == ENFORCE_DEMOTE ? means->local : means->remote,
                .bytes = step->bytes,
                .seed = clock_now_usec(&means->clock),
        };

        find_targets(&request, means, step);
        if (request.n_targets == 0)
                return -ENOSPC;
        return worker_submit(crew_get_workers(means->crew), step->lane,
                             &(const WorkerJob){ .op = WORKER_OP_MOVE_PAGES,
                                                 .fd = step->cgroup_fd,
                                                 .data = &request,
                                                 .n_data = sizeof(request),
                                                 .deadline_usec = ENFORCE_STEP_DEADLINE_USEC },
                             step->done, step->userdata);
}

const EnforceBackendOps enforce_migrate_ops = { .probe = probe, .begin = begin };
