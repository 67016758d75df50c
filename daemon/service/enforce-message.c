/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enforced containers as messages
 */
#include <stdlib.h>
#include <string.h>

#include "service/enforce-messages.h"
#include "service/memory-messages.h"

static const Slug__V1__EnforcementBackend backends[_ENFORCE_BACKEND_N] = {
        [ENFORCE_NODE_LIMIT] = SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_NODE_LIMIT,
        [ENFORCE_RECLAIM] = SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_RECLAIM,
        [ENFORCE_DAMOS] = SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_DAMOS,
        [ENFORCE_MIGRATE] = SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_MIGRATE,
        [ENFORCE_OBSERVE] = SLUG__V1__ENFORCEMENT_BACKEND__ENFORCEMENT_BACKEND_OBSERVE,
};

static const Slug__V1__EnforcementState states[_ENFORCE_STATUS_N] = {
        [ENFORCE_HELD] = SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_HELD,
        [ENFORCE_DEMOTING] = SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_DEMOTING,
        [ENFORCE_PROMOTING] = SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_PROMOTING,
        [ENFORCE_WAITING] = SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_WAITING,
        [ENFORCE_FAILED] = SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_FAILED,
        [ENFORCE_OBSERVED] = SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_OBSERVED,
        [ENFORCE_ABSENT] = SLUG__V1__ENFORCEMENT_STATE__ENFORCEMENT_STATE_ABSENT,
};

const EnforcedContainer *enforce_find_id(const EnforceView *view, const char *container_id) {
        for (size_t i = 0; i < view->n_containers; ++i)
                if (strcmp(view->containers[i]->container_id, container_id) == 0)
                        return view->containers[i];
        return NULL;
}

static int
build_nodes(Arena *arena, const EnforceUsageNodes *nodes, Slug__V1__EnforcedContainer *message) {
        message->numa_nodes = MESSAGE_LIST(arena, nodes->n_items, Slug__V1__NumaNodeBytes,
                                           SLUG__V1__NUMA_NODE_BYTES__INIT);
        if (!message->numa_nodes)
                return -ENOMEM;
        message->n_numa_nodes = nodes->n_items;
        for (size_t i = 0; i < nodes->n_items; ++i) {
                message->numa_nodes[i]->numa_node = nodes->items[i].node;
                message->numa_nodes[i]->bytes = nodes->items[i].bytes;
        }
        return 0;
}

static int build_notes(Arena *arena,
                       const EnforcedContainer *container,
                       Slug__V1__EnforcedContainer *message) {
        message->notes = arena_alloc_array(arena, container->n_notes + 1, sizeof(*message->notes));
        if (!message->notes)
                return -ENOMEM;
        message->n_notes = container->n_notes;
        for (size_t i = 0; i < container->n_notes; ++i)
                message->notes[i] = (char *)container->notes[i];
        return 0;
}

static void fill_names(const EnforcedContainer *container, Slug__V1__EnforcedContainer *message) {
        message->pod_uid = (char *)container->pod_uid;
        message->namespace_ = (char *)container->namespace_name;
        message->pod = (char *)container->pod;
        message->container = (char *)container->container;
        message->container_id = (char *)container->container_id;
        message->cgroup = (char *)container->path;
        message->backend = backends[container->target.backend];
        message->backend_reason = (char *)container->backend_reason;
        message->state = states[container->status];
        message->reason = (char *)container->reason;
}

static void fill_memory(const EnforceView *view,
                        const EnforceMemory *memory,
                        Slug__V1__EnforcedContainer *message) {
        const uint64_t now = clock_now_usec(&view->clock);

        message->demoted_bytes = memory->demoted;
        message->promoted_bytes = memory->promoted;
        if (memory->over_since_usec)
                message_set(&message->base, "over_usec",
                            opt_u64(bytes_sub_clamped(now, memory->over_since_usec)));
        if (!memory->has_last)
                return;
        message->local_bytes = memory->last.local;
        message->remote_bytes = memory->last.remote;
        message->other_bytes = memory->last.other;
        message->sample_age_usec = bytes_sub_clamped(now, memory->last.usec);
        message_set(&message->base, "kernel_demoted_bytes", memory->last.kernel_demoted);
        message_set(&message->base, "kernel_promoted_bytes", memory->last.kernel_promoted);
}

static int fill(Arena *arena,
                const EnforceView *view,
                const EnforcedContainer *container,
                Slug__V1__EnforcedContainer *message) {
        int r;

        fill_names(container, message);
        fill_memory(view, &container->memory, message);
        r = memory_build_split(arena, &container->target.split, &message->split);
        if (r == 0)
                r = build_nodes(arena, &container->nodes, message);
        return r ? r : build_notes(arena, container, message);
}

int enforce_build_container(Arena *arena,
                            const EnforceView *view,
                            const EnforcedContainer *container,
                            Slug__V1__EnforcedContainer **ret) {
        Slug__V1__EnforcedContainer **list = MESSAGE_LIST(arena, 1, Slug__V1__EnforcedContainer,
                                                          SLUG__V1__ENFORCED_CONTAINER__INIT);

        if (!list)
                return -ENOMEM;
        *ret = list[0];
        return fill(arena, view, container, list[0]);
}

/* What was done */

int enforce_build_decisions(Arena *arena,
                            const EnforcedContainer *container,
                            Slug__V1__ExplainContainerResponse *message) {
        message->decisions =
                MESSAGE_LIST(arena, container->n_decided, Slug__V1__EnforcementDecision,
                             SLUG__V1__ENFORCEMENT_DECISION__INIT);
        if (!message->decisions)
                return -ENOMEM;
        message->n_decisions = container->n_decided;
        for (size_t i = 0; i < container->n_decided; ++i) {
                const EnforceDecided *decided =
                        &container->decided[(container->first_decided + i) % ENFORCE_DECISIONS_MAX];
                Slug__V1__EnforcementDecision *decision = message->decisions[i];

                decision->time_usec = decided->usec;
                decision->count = decided->count;
                decision->state = states[decided->status];
                decision->bytes = decided->bytes;
                decision->moved_bytes = decided->moved_bytes;
                decision->local_bytes = decided->local_bytes;
                decision->remote_bytes = decided->remote_bytes;
                decision->growth_bytes_per_second = decided->growth;
                decision->reason = (char *)decided->reason;
        }
        return 0;
}

/* The node */

static int build_backends(Arena *arena,
                          const EnforceView *view,
                          Slug__V1__ListEnforcedContainersResponse *ret) {
        ret->backends = MESSAGE_LIST(arena, _ENFORCE_BACKEND_N, Slug__V1__EnforcementBackendStatus,
                                     SLUG__V1__ENFORCEMENT_BACKEND_STATUS__INIT);
        if (!ret->backends)
                return -ENOMEM;
        ret->n_backends = _ENFORCE_BACKEND_N;
        for (size_t i = 0; i < _ENFORCE_BACKEND_N; ++i) {
                ret->backends[i]->backend = backends[i];
                ret->backends[i]->usable = view->backends[i].is_usable;
                ret->backends[i]->chosen = view->backends[i].is_chosen;
                ret->backends[i]->reason = (char *)view->backends[i].reason;
        }
        return 0;
}

static int build_settings(Arena *arena,
                          const EnforceView *view,
                          Slug__V1__ListEnforcedContainersResponse *ret) {
        ret->settings = MESSAGE_LIST(arena, view->n_settings, Slug__V1__MachineSetting,
                                     SLUG__V1__MACHINE_SETTING__INIT);
        if (!ret->settings)
                return -ENOMEM;
        ret->n_settings = view->n_settings;
        for (size_t i = 0; i < view->n_settings; ++i) {
                const EnforceSetting *setting = &view->settings[i];

                ret->settings[i]->name = (char *)setting->name;
                ret->settings[i]->path = (char *)setting->path;
                ret->settings[i]->value = (char *)setting->value;
                ret->settings[i]->wanted = (char *)setting->wanted;
                ret->settings[i]->before = (char *)setting->before;
                ret->settings[i]->problem = (char *)setting->problem;
        }
        return 0;
}

static int compare_containers(const void *a, const void *b) {
        const EnforcedContainer *const *x = a, *const *y = b;
        int order = strcmp((*x)->namespace_name, (*y)->namespace_name);

        if (order == 0)
                order = strcmp((*x)->pod, (*y)->pod);
        if (order == 0)
                order = strcmp((*x)->pod_uid, (*y)->pod_uid);
        return order ? order : strcmp((*x)->container, (*y)->container);
}

static bool is_wanted(const EnforcedContainer *container,
                      const Slug__V1__ListEnforcedContainersRequest *request) {
        return (!request->pod_uid[0] || strcmp(container->pod_uid, request->pod_uid) == 0) &&
               (!request->namespace_[0] ||
                strcmp(container->namespace_name, request->namespace_) == 0) &&
               (!request->pod[0] || strcmp(container->pod, request->pod) == 0);
}

static int build_containers(Arena *arena,
                            const EnforceView *view,
                            const Slug__V1__ListEnforcedContainersRequest *request,
                            Slug__V1__ListEnforcedContainersResponse *ret) {
        const EnforcedContainer **wanted =
                arena_alloc_array(arena, view->n_containers + 1, sizeof(const EnforcedContainer *));
        size_t n = 0;
        int r = 0;

        if (!wanted)
                return -ENOMEM;
        for (size_t i = 0; i < view->n_containers; ++i)
                if (is_wanted(view->containers[i], request))
                        wanted[n++] = view->containers[i];
        if (n > 0)
                qsort(wanted, n, sizeof(const EnforcedContainer *), compare_containers);
        ret->containers = MESSAGE_LIST(arena, n, Slug__V1__EnforcedContainer,
                                       SLUG__V1__ENFORCED_CONTAINER__INIT);
        if (!ret->containers)
                return -ENOMEM;
        ret->n_containers = n;
        for (size_t i = 0; r == 0 && i < n; ++i)
                r = fill(arena, view, wanted[i], ret->containers[i]);
        return r;
}

int enforce_build_list(Arena *arena,
                       const EnforceView *view,
                       const Slug__V1__ListEnforcedContainersRequest *request,
                       Slug__V1__ListEnforcedContainersResponse *ret) {
        int r;

        if (view->budget != UINT64_MAX)
                message_set(&ret->base, "budget_bytes_per_second", opt_u64(view->budget));
        ret->demoted_bytes = view->demoted;
        ret->promoted_bytes = view->promoted;
        ret->problem = (char *)view->problem;
        r = build_containers(arena, view, request, ret);
        if (r == 0)
                r = build_backends(arena, view, ret);
        return r ? r : build_settings(arena, view, ret);
}
