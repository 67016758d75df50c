/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting the manager together, and taking it apart
 *
 * What is later is made of what is earlier: configuration, workers, loop, ledger, pods, limits, the
 * first look, the socket. The end goes the other way.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "manager/parts.h"
#include "manager/sockets.h"
#include "rpc/loop.h"
#include "worker/capabilities.h"

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        rpc_server_free(manager->server);
        served_deinit(&manager->served);
        chunk_service_deinit(&manager->chunks);
        chunks_keeper_free(manager->chunks_keeper);
        asked_free(manager->asked);
        enforce_keeper_free(manager->splits);
        qos_events_free(manager->events);
        node_limits_free(manager->node_limits);
        machine_settings_free(manager->machine_settings);
        qos_keeper_free(manager->limits);
        pods_keeper_free(manager->keeper);
        /* nobody writes any more; then what was to be written can go */
        manager->crew = crew_free(manager->crew);
        store_free(manager->store);
        watch_free(manager->watch);
        sd_event_unref(manager->event);
        snapshot_deinit(&manager->snapshot);
        settings_free(manager->settings);
        root_deinit(&manager->root);
        free(manager);
        return NULL;
}

static int take_report(PodsReport *report, void *userdata) {
        const Manager *manager = userdata;

        qos_keeper_look_soon(manager->limits);
        return pods_keeper_take(manager->keeper, report);
}

static void on_pods_changed(void *userdata) {
        const Manager *manager = userdata;

        if (manager->limits)
                qos_keeper_look_soon(manager->limits);
        manager_on_changed(userdata);
}

static void refresh_usage(uint64_t max_age_usec, void *userdata) {
        const Manager *manager = userdata;

        pods_keeper_refresh(manager->keeper, max_age_usec);
}

static int setup_event(Manager *manager) {
        const LoopSignal signals[] = {
                { SIGTERM, manager_on_stop, manager },
                { SIGINT, manager_on_stop, manager },
                { SIGHUP, manager_on_reload, manager },
        };
        int r;

        r = loop_new(signals, ELEMENTSOF(signals), &manager->event);
        if (r < 0)
                return r;
        return watch_new(manager->event,
                         &(const WatchParams){
                                 .clock = manager->clock,
                                 .interval_usec = manager->settings->config->refresh_interval_usec,
                                 .hears_kernel = manager->root.is_host,
                                 .look = manager_on_look,
                                 .userdata = manager,
                         },
                         &manager->watch);
}

static RpcRole get_role(const RpcPeer *peer, void *userdata) {
        const Manager *manager = userdata;

        return roles_get(&manager->settings->roles, peer);
}

static int setup_socket(Manager *manager, const char *socket, Diag *reterr) {
        int r;

        r = rpc_server_new(&(const RpcServerParams){ .event = manager->event,
                                                     .table = &manager->served.table,
                                                     .get_role = get_role,
                                                     .userdata = manager },
                           &manager->server);
        if (r)
                return error_fold(r);
        r = sockets_listen(manager->server,
                           &(const SocketsParams){
                                   .asked_for = socket,
                                   .configured = manager->settings->config->socket,
                                   .is_host = manager->root.is_host,
                           },
                           reterr);
        return r == SOCKETS_E_REFUSED ? MANAGER_E_SOCKET : error_fold(r);
}

static int load(Manager *manager, const ManagerParams *params, Diag *reterr) {
        int r;

        r = root_init(&manager->root, params->root);
        if (r) {
                diag_set(reterr, NULL, 0, 0, "cannot use '%s' as root: %s", params->root,
                         r < 0 ? strerror(-r) : "there is no such directory");
                return r == -ENOMEM ? r : MANAGER_E_ROOT;
        }
        if (params->has_fake_tree && manager->root.is_host) {
                diag_set(reterr, NULL, 0, 0, "--fake-tree needs the --root of a captured machine");
                return MANAGER_E_ROOT;
        }
        manager->config_file = params->config_file;
        r = manager_load_settings(manager, &manager->settings, reterr);
        if (r)
                return r;
        manager->sighting =
                sighting_load(&manager->root, &manager->settings->config->kubelet.process);
        return 0;
}

/* After the configuration, which can refuse the start; before the first look, which serves it. */
static int setup_store(Manager *manager, bool has_folder) {
        int r;

        r = crew_attach(manager->crew, manager->event, manager_on_changed, manager);
        if (r)
                return r;

        r = store_new(
                &(const StoreParams){
                        .root = &manager->root,
                        .event = manager->event,
                        .workers = crew_get_workers(manager->crew),
                        .lane = CREW_LEDGER,
                        .has_folder = has_folder,
                        .wall_clock = manager->wall_clock,
                        .changed = manager_on_changed,
                        .userdata = manager,
                },
                &manager->store);
        if (r)
                return r;
        manager->served.crew = manager->crew;
        manager->memory.ledger = store_get_ledger(manager->store);
        manager->memory.journal = store_get_journal(manager->store);
        return 0;
}

static int setup_pods(Manager *manager) {
        int r;

        r = pods_keeper_new(
                &(const PodsKeeperParams){
                        .event = manager->event,
                        .root = &manager->root,
                        .ledger = store_get_ledger(manager->store),
                        .journal = store_get_journal(manager->store),
                        .clock = manager->clock,
                        .wall_clock = manager->wall_clock,
                        .changed = on_pods_changed,
                        .userdata = manager,
                },
                &manager->keeper);
        if (r)
                return r;
        manager->pods.pods = pods_keeper_get_view(manager->keeper);
        manager->pods.ledger = store_get_ledger(manager->store);
        manager->pods.boot_id = store_get_boot_id(manager->store);
        manager->memory.pods = manager->pods.pods;
        return 0;
}

/* After the pods, whose view says whether anybody may be promised anything. */
static int setup_chunks(Manager *manager) {
        int r;

        r = chunks_keeper_new(&(const ChunksKeeperParams){ .event = manager->event,
                                                           .ledger = manager->memory.ledger,
                                                           .pods = manager->pods.pods,
                                                           .service = &manager->chunks },
                              &manager->chunks_keeper);
        if (r)
                return r;
        manager->chunks.view = chunks_keeper_get_view(manager->chunks_keeper);
        manager->chunks.memory = &manager->memory;
        return 0;
}

/* After the limits, whose view it has. */
static int setup_asked(Manager *manager, bool may_write) {
        return asked_new(
                &(const AskedParams){
                        .event = manager->event,
                        .root = &manager->root,
                        .crew = manager->crew,
                        .view = qos_keeper_get_view(manager->limits),
                        .may_write = may_write,
                },
                &manager->cgroups, &manager->asked);
}

/* What another slugd has is that one's to put back. */
static int check_store(const Manager *manager, Diag *reterr) {
        const char *problem = store_get_problem(manager->store);

        if (!problem[0])
                return 0;
        diag_set(reterr, NULL, 0, 0,
                 "limits cannot be put back: %s; where a slugd runs, \"slugctl uninstall\" has it "
                 "put them back",
                 problem);
        return MANAGER_E_STORE;
}

/* The first look, and the socket. */
static int begin(Manager *manager, const ManagerParams *params, Diag *reterr) {
        int r;

        r = manager_refresh(manager);
        if (r)
                return r;
        if (params->only_withdraws)
                return check_store(manager, reterr);
        manager_import(manager);
        /* nobody is promised what pods hold that were there before */
        pods_keeper_look(manager->keeper);
        qos_keeper_look(manager->limits);
        node_limits_look(manager->node_limits);
        machine_settings_look(manager->machine_settings);
        return setup_socket(manager, params->socket, reterr);
}

static int init_services(Manager *manager) {
        node_service_init(&manager->service);
        manager->memory = (MemoryService){ .wall_clock = manager->wall_clock,
                                           .changed = manager_on_changed,
                                           .userdata = manager };
        memory_service_init(&manager->memory);
        manager->pods =
                (PodService){ .take = take_report, .refresh = refresh_usage, .userdata = manager };
        pod_service_init(&manager->pods);
        cgroup_service_init(&manager->cgroups);
        chunk_service_init(&manager->chunks);
        manager->enforce = (EnforceService){ .memory = &manager->memory };
        enforce_service_init(&manager->enforce);
        return served_init(&manager->served, &manager->service, &manager->memory, &manager->pods,
                           &manager->cgroups, &manager->chunks, &manager->enforce);
}

/* After the pods, whose view says which container is where. */
static int setup_splits(Manager *manager, bool may_write) {
        int r;

        r = enforce_keeper_new(
                &(const EnforceKeeperParams){
                        .event = manager->event,
                        .root = &manager->root,
                        .crew = manager->crew,
                        .pods = manager->pods.pods,
                        .ledger = manager->memory.ledger,
                        .clock = manager->clock,
                        .wall_clock = manager->wall_clock,
                        .may_write = may_write,
                        .changed = manager_on_changed,
                        .userdata = manager,
                },
                &manager->splits);
        if (r)
                return r;
        manager->enforce.view = manager->pods.enforce = enforce_keeper_get_view(manager->splits);
        return 0;
}

static int setup_parts(Manager *manager, const ManagerParams *params) {
        const bool may_write = manager->root.is_host || params->has_fake_tree;
        int r;

        /* while this process is small and has one thread */
        r = crew_new(&manager->crew);
        if (r)
                return r;
        r = capabilities_drop();
        if (r)
                log_debug("Capabilities that only workers need stay: %s", strerror(-r));
        r = setup_event(manager);
        if (r)
                return r;
        r = setup_store(manager, !params->has_no_ledger);
        if (r)
                return r;
        r = setup_pods(manager);
        if (r)
                return r;
        r = setup_chunks(manager);
        if (r)
                return r;
        r = manager_setup_limits(manager, may_write);
        if (r)
                return r;
        r = setup_splits(manager, may_write && !params->only_withdraws);
        return r ? r : setup_asked(manager, may_write);
}

int manager_new(const ManagerParams *params, Manager **ret, Diag *reterr) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(*manager));
        int r;

        if (!manager)
                return -ENOMEM;
        manager->clock = params->clock;
        manager->wall_clock = params->wall_clock;
        manager->start_time_usec = clock_now_usec(&manager->wall_clock);
        manager->root = (Root)ROOT_NULL;
        r = init_services(manager);
        if (r)
                return r;
        r = load(manager, params, reterr);
        if (r)
                return r;
        r = setup_parts(manager, params);
        if (r)
                return r;
        r = begin(manager, params, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(manager);
        return 0;
}
