/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/asked.h"

#include <stdlib.h>

struct Asked {
        CgroupTree tree;
        CgroupBus *bus; /* NULL: systemd has nothing to do with these cgroups */
        CgroupWriter *writer;
        CgroupErrands *errands; /* NULL: nothing may be written */
};

Asked *asked_free(Asked *asked) {
        if (!asked)
                return NULL;
        /* what waits for the bus is answered, and nothing more is begun */
        if (asked->errands)
                cgroup_errands_stop(asked->errands);
        cgroup_bus_free(asked->bus);
        cgroup_errands_free(asked->errands);
        cgroup_writer_free(asked->writer);
        cgroup_tree_deinit(&asked->tree);
        free(asked);
        return NULL;
}

static int start(const AskedParams *params, Asked *asked) {
        Workers *workers = crew_get_workers(params->crew);
        int r = 0;

        if (params->root->is_host && asked->tree.is_unified)
                r = cgroup_bus_new(&(const CgroupBusParams){ .event = params->event }, &asked->bus);
        if (r)
                return r;
        r = cgroup_writer_new(&(const CgroupWriterParams){ .tree = &asked->tree,
                                                           .workers = workers,
                                                           .bus = asked->bus,
                                                           .lane = CREW_ASKED,
                                                           .cpuset_lane = CREW_ASKED },
                              &asked->writer);
        if (r)
                return r;
        return cgroup_errands_new(&(const CgroupErrandsParams){ .tree = &asked->tree,
                                                                .workers = workers,
                                                                .writer = asked->writer,
                                                                .bus = asked->bus,
                                                                .lane = CREW_ASKED },
                                  &asked->errands);
}

int asked_new(const AskedParams *params, CgroupService *service, Asked **ret) {
        _cleanup_(asked_freep) Asked *asked = calloc(1, sizeof(*asked));
        int r;

        if (!asked)
                return -ENOMEM;
        asked->tree = (CgroupTree)CGROUP_TREE_NULL;
        /* one that cannot be opened is none; the limits say why */
        if (cgroup_tree_open(params->root, &asked->tree) == 0 && params->may_write) {
                r = start(params, asked);
                if (r)
                        return error_fold(r);
        }
        service->root = params->root;
        service->tree = &asked->tree;
        service->qos = params->view;
        service->errands = asked->errands;
        *ret = TAKE_PTR(asked);
        return 0;
}
