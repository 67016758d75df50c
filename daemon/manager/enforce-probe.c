/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backends: which can be used, and for whom
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "manager/enforce-parts.h"

static const EnforceBackendOps *const backends[] = {
        [ENFORCE_NODE_LIMIT] = &enforce_node_limit_ops,
        [ENFORCE_RECLAIM] = &enforce_reclaim_ops,
        [ENFORCE_DAMOS] = &enforce_damos_ops,
        [ENFORCE_MIGRATE] = &enforce_migrate_ops,
        [ENFORCE_OBSERVE] = NULL,
};
static_assert(ELEMENTSOF(backends) == _ENFORCE_BACKEND_N, "every backend has its row");

const EnforceBackendOps *enforce_backend_ops(EnforceBackend backend) {
        return backends[backend];
}

int enforce_backends_open(EnforceKeeper *keeper) {
        for (size_t i = 0; i < ELEMENTSOF(backends); ++i) {
                int r = 0;

                if (backends[i] && backends[i]->open)
                        r = backends[i]->open(&keeper->means, &keeper->states[i]);
                if (r)
                        return r;
                keeper->has_opened[i] = true;
        }
        return 0;
}

void enforce_backends_close(EnforceKeeper *keeper) {
        for (size_t i = 0; i < ELEMENTSOF(backends); ++i)
                if (keeper->has_opened[i] && backends[i] && backends[i]->close)
                        backends[i]->close(keeper->states[i]);
}

/* What the machine is */

/* Tiers that the kernel has below all local memory. */
static unsigned count_lower_tiers(const Topology *topology) {
        uint64_t lowest_local = 0;
        unsigned n = 0;

        for (size_t i = 0; i < topology->n_nodes; ++i)
                if (topology->nodes[i].locality == LOCALITY_LOCAL &&
                    topology->nodes[i].tier.present && topology->nodes[i].tier.value > lowest_local)
                        lowest_local = topology->nodes[i].tier.value;
        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const OptU64 tier = topology->nodes[i].tier;
                bool is_new = tier.present && tier.value > lowest_local;

                for (size_t j = 0; j < i && is_new; ++j)
                        is_new = !opt_u64_equal(topology->nodes[j].tier, tier);
                n += is_new;
        }
        return n;
}

/* Why nothing at all is done, or "". */
static const char *find_problem(EnforceKeeper *keeper) {
        if (!keeper->params.may_write)
                return "this is a captured machine";
        if (!keeper->tree.is_v2 || (keeper->params.root->is_host && !keeper->tree.is_unified))
                return "there is no cgroup v2 here";
        if (nodeset_is_empty(&keeper->means.remote))
                return "there is no remote memory";
        return "";
}

static void open_tree(EnforceKeeper *keeper) {
        if (keeper->tree.is_v2)
                return;
        cgroup_tree_deinit(&keeper->tree);
        if (cgroup_tree_open(keeper->params.root, &keeper->tree))
                keeper->tree = (CgroupTree)CGROUP_TREE_NULL;
}

/* For each container */

void enforce_release(Followed *followed) {
        EnforceKeeper *keeper = followed->keeper;
        const EnforceBackendOps *ops = backends[followed->held_by];

        if (!followed->is_held_by_backend)
                return;
        followed->is_held_by_backend = false;
        if (ops && ops->release)
                ops->release(&keeper->means, keeper->states[followed->held_by], &followed->shown,
                             followed->files.dir_fd);
}

static void hold(Followed *followed) {
        EnforceKeeper *keeper = followed->keeper;
        const EnforceBackend backend = followed->shown.target.backend;
        const EnforceBackendOps *ops = backends[backend];

        if (followed->is_held_by_backend && followed->held_by != backend)
                enforce_release(followed);
        followed->is_held_by_backend = true;
        followed->held_by = backend;
        if (ops && ops->hold && followed->files.dir_fd >= 0)
                ops->hold(&keeper->means, keeper->states[backend], &followed->shown,
                          &followed->claimed, followed->files.dir_fd);
}

static void add_note(EnforcedContainer *container, const char *note) {
        if (container->n_notes < ENFORCE_NOTES_MAX)
                container->notes[container->n_notes++] = note;
}

/* What is known beforehand to make it less precise. */
static void find_notes(Followed *followed) {
        const EnforceMeans *means = &followed->keeper->means;
        EnforcedContainer *container = &followed->shown;
        const NodeSet reached = nodeset_and(&followed->files.mems, &means->remote);
        const NodeSet claimed = nodeset_and(&followed->claimed, &means->remote);
        const bool is_reclaim = container->target.backend == ENFORCE_RECLAIM;

        container->n_notes = 0;
        container->is_unmanaged = followed->files.knows_mems && nodeset_is_empty(&reached) &&
                                  !nodeset_is_empty(&claimed);
        if (followed->asked.is_unknown)
                add_note(container, "the pod's annotation " SPLIT_ANNOTATION_ENFORCE
                                    " names no backend that there is");
        if (followed->files.knows_mems && nodeset_is_empty(&reached))
                add_note(container, is_reclaim ? "its cpuset.mems has no remote NUMA node: from "
                                                 "Linux 6.16 on nothing is moved there"
                                               : "its cpuset.mems has no remote NUMA node, so "
                                                 "that nothing can be moved there");
        followed->n_notes = container->n_notes;
}

void enforce_assign(Followed *followed) {
        EnforceKeeper *keeper = followed->keeper;
        EnforcedContainer *container = &followed->shown;
        EnforceChoice choice;

        enforce_choose(keeper->view.backends, &followed->asked,
                       keeper->means.settings->config->enforce.backend, &choice);
        container->target.backend = choice.backend;
        container->is_refused = choice.is_refused;
        (void)snprintf(container->backend_reason, sizeof(container->backend_reason), "%s",
                       choice.reason);
        container->target.may_promote = keeper->means.settings->config->enforce.promotes &&
                                        choice.backend != ENFORCE_OBSERVE &&
                                        (keeper->view.backends[ENFORCE_MIGRATE].is_usable ||
                                         choice.backend == ENFORCE_DAMOS);
        hold(followed);
        find_notes(followed);
        if (followed->asked.is_unknown)
                enforce_announce_unknown(&followed->said, container);
}

/* All */

static void probe_backend(EnforceKeeper *keeper, EnforceBackend backend) {
        EnforceBackendStatus *status = &keeper->view.backends[backend];

        status->is_chosen = false;
        status->reason[0] = '\0';
        if (backend == ENFORCE_OBSERVE) {
                status->is_usable = true;
                (void)snprintf(status->reason, sizeof(status->reason), "nothing is moved");
        } else if (keeper->view.problem[0]) {
                status->is_usable = false;
                (void)snprintf(status->reason, sizeof(status->reason), "%s", keeper->view.problem);
        } else {
                status->is_usable = backends[backend]->probe(
                        &keeper->means, keeper->states[backend], status->reason);
        }
}

static void tell(EnforceKeeper *keeper, const EnforceChoice *choice) {
        if (keeper->has_told && keeper->told_backend == choice->backend)
                return;
        /* a machine without remote memory has nothing to hold, and is not told so */
        if (keeper->has_told || !keeper->view.problem[0])
                enforce_announce_backend(choice->backend, choice->reason, !keeper->has_told);
        keeper->has_told = true;
        keeper->told_backend = choice->backend;
}

void enforce_probe(EnforceKeeper *keeper) {
        const Topology *topology = keeper->means.snapshot->topology;
        EnforceBackendStatus before[_ENFORCE_BACKEND_N];
        EnforceChoice choice;

        memcpy(before, keeper->view.backends, sizeof(before));
        open_tree(keeper);
        keeper->means.local = topology_get_nodes(topology, LOCALITY_LOCAL);
        keeper->means.remote = topology_get_nodes(topology, LOCALITY_REMOTE);
        keeper->means.n_lower_tiers = count_lower_tiers(topology);
        (void)snprintf(keeper->view.problem, sizeof(keeper->view.problem), "%s",
                       find_problem(keeper));
        for (EnforceBackend i = 0; i < _ENFORCE_BACKEND_N; ++i)
                probe_backend(keeper, i);
        enforce_choose(keeper->view.backends, &(const BackendAsked){},
                       keeper->means.settings->config->enforce.backend, &choice);
        keeper->view.backends[choice.backend].is_chosen = true;
        tell(keeper, &choice);
        for (size_t i = 0; i < keeper->n_items; ++i) {
                enforce_files_read_mems(&keeper->items[i]->files);
                enforce_assign(keeper->items[i]);
        }
        if (memcmp(before, keeper->view.backends, sizeof(before)) != 0)
                keeper->params.changed(keeper->params.userdata);
}
