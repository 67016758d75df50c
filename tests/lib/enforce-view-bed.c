/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/enforce-view-bed.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t read_clock(const void *cookie) {
        return ((const EnforceBed *)cookie)->now_usec;
}

static void set_backend(EnforceBed *bed, EnforceBackend backend, bool is_usable, const char *why) {
        bed->view.backends[backend].is_usable = is_usable;
        (void)snprintf(bed->view.backends[backend].reason, DIAG_TEXT_MAX, "%s", why);
}

void enforce_bed_init(EnforceBed *bed) {
        bed->now_usec = 100 * USEC_PER_SEC;
        bed->view = (EnforceView){
                .containers = bed->borrowed,
                .budget = UINT64_MAX,
                .clock = { .now_usec = read_clock, .cookie = bed },
        };
        set_backend(bed, ENFORCE_NODE_LIMIT, false, "this kernel has no memory.node_limit");
        set_backend(bed, ENFORCE_RECLAIM, true, "demotion is on");
        set_backend(bed, ENFORCE_DAMOS, false, "DAMON_STAT has DAMON");
        set_backend(bed, ENFORCE_MIGRATE, true, "move_pages(2) is allowed");
        set_backend(bed, ENFORCE_OBSERVE, true, "nothing is moved");
        bed->view.backends[ENFORCE_RECLAIM].is_chosen = true;
}

void enforce_bed_deinit(EnforceBed *bed) {
        for (size_t i = 0; i < bed->view.n_containers; ++i)
                free(bed->containers[i]);
        bed->view.n_containers = 0;
}

EnforcedContainer *enforce_bed_add(EnforceBed *bed,
                                   const char *uid,
                                   const char *namespace_name,
                                   const char *pod,
                                   const char *container) {
        EnforcedContainer *made = calloc(1, sizeof(*made));

        if (!made || bed->view.n_containers == ENFORCE_BED_CONTAINERS)
                abort();
        (void)snprintf(made->pod_uid, sizeof(made->pod_uid), "%s", uid);
        (void)snprintf(made->namespace_name, sizeof(made->namespace_name), "%s", namespace_name);
        (void)snprintf(made->pod, sizeof(made->pod), "%s", pod);
        (void)snprintf(made->container, sizeof(made->container), "%s", container);
        (void)snprintf(made->container_id, sizeof(made->container_id), "id-%.32s", container);
        (void)snprintf(made->path, sizeof(made->path), "kubepods/pod%.40s/id", uid);
        made->target = (EnforceTarget){
                .split = { .local = { 4 * GIB, 4 * GIB }, .remote = { 8 * GIB, 12 * GIB } },
                .backend = ENFORCE_RECLAIM,
        };
        (void)snprintf(made->backend_reason, sizeof(made->backend_reason), "demotion is on");
        made->memory = (EnforceMemory){
                .last = { .usec = bed->now_usec - USEC_PER_SEC / 2,
                          .local = 3 * GIB,
                          .remote = 8 * GIB },
                .has_last = true,
        };
        made->nodes.items[0] = (EnforceNodeBytes){ .node = 0, .bytes = 3 * GIB };
        made->nodes.items[1] = (EnforceNodeBytes){ .node = 2, .bytes = 8 * GIB };
        made->nodes.n_items = 2;
        bed->borrowed[bed->view.n_containers] = made;
        bed->containers[bed->view.n_containers++] = made;
        return made;
}

void enforce_bed_decide(EnforcedContainer *container, const EnforceDecided *decided) {
        if (container->n_decided == ENFORCE_DECISIONS_MAX) {
                container->first_decided = (container->first_decided + 1) % ENFORCE_DECISIONS_MAX;
                --container->n_decided;
        }
        container->decided[(container->first_decided + container->n_decided++) %
                           ENFORCE_DECISIONS_MAX] = *decided;
}

void enforce_bed_set(EnforceBed *bed, const char *name, const char *value, const char *wanted) {
        EnforceSetting *setting = &bed->view.settings[bed->view.n_settings++];

        *setting = (EnforceSetting){ .name = name, .path = "" };
        (void)snprintf(setting->value, sizeof(setting->value), "%s", value);
        (void)snprintf(setting->wanted, sizeof(setting->wanted), "%s", wanted);
}
