/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager
 *
 * Stages run in one order only: root, configuration, rows, topology, capacity, view, socket. A new
 * look at the machine and a reload both build the next snapshot beside the current one and swap
 * when it is complete and different; whoever asks in between is answered from the old one. What
 * cannot be built, for want of memory or because a file was refused, leaves the old one in place.
 *
 * A generation is one snapshot. It rises when what is served became different, and the history says
 * how: topology and settings are compared, not remembered.
 */
#include "manager/manager.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "base/root.h"
#include "config/process.h"
#include "manager/announce.h"
#include "manager/imports.h"
#include "manager/pods-keeper.h"
#include "manager/served.h"
#include "manager/sighting.h"
#include "manager/sockets.h"
#include "manager/store.h"
#include "manager/view.h"
#include "manager/watch.h"

#define DRAIN_USEC (2 * USEC_PER_SEC)

struct Manager {
        Clock clock, wall_clock;
        Root root;
        const char *config_file; /* borrowed; NULL: the default below the root */
        Settings *settings;
        Diag reload_problem; /* of the last reload; text "" when it was good */

        sd_event *event;
        Watch *watch;
        bool has_look_failed; /* said once, until it works again */
        bool is_stopping;

        Sighting sighting; /* of the kubelet that runs now */

        Snapshot snapshot;
        ViewTexts texts;
        History history;
        TopologyChanges changes; /* room to compare in */
        uint64_t start_time_usec;
        Store *store;
        Imports imports;
        PodsKeeper *keeper;
        NodeService service;
        MemoryService memory;
        PodService pods;
        Served served;
        RpcServer *server;
};

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        rpc_server_free(manager->server);
        served_deinit(&manager->served);
        pods_keeper_free(manager->keeper);
        store_free(manager->store);
        watch_free(manager->watch);
        sd_event_unref(manager->event);
        snapshot_deinit(&manager->snapshot);
        settings_free(manager->settings);
        root_deinit(&manager->root);
        free(manager);
        return NULL;
}

/* What is served */

static void on_ledger_changed(void *userdata) {
        Manager *manager = userdata;

        node_service_notify(&manager->service);
}

static int take_report(PodsReport *report, void *userdata) {
        const Manager *manager = userdata;

        return pods_keeper_take(manager->keeper, report);
}

static void refresh_usage(uint64_t max_age_usec, void *userdata) {
        const Manager *manager = userdata;

        pods_keeper_refresh(manager->keeper, max_age_usec);
}

static void publish(Manager *manager) {
        const KubeletConfig *kubelet = &manager->settings->config->kubelet;
        const NodeView view = view_build(
                &(const ViewParams){
                        .settings = manager->settings,
                        .snapshot = &manager->snapshot,
                        .history = &manager->history,
                        .store = manager->store,
                        .pods = manager->pods.pods,
                        .reload_problem = &manager->reload_problem,
                        .kubelet_seen_bytes = manager->sighting.bytes,
                        .root = manager->root.path,
                        .start_time_usec = manager->start_time_usec,
                },
                &manager->texts);

        manager->memory.machine = manager->snapshot.machine;
        manager->memory.with_pod_level = kubelet->pod_level_memory;
        manager->pods.machine = manager->snapshot.machine;
        pods_keeper_set(
                manager->keeper,
                &(const PodsKeeperSettings){
                        .machine = manager->snapshot.machine,
                        .cgroup_root = kubelet->cgroup_root,
                        .pending_timeout_usec = manager->settings->config->pending_timeout_usec,
                });
        node_service_set_view(&manager->service, &view);
}

/* @snapshot: becomes the one that is served, and is given the one that was. */
static void swap_snapshot(Manager *manager, Snapshot *snapshot) {
        const Snapshot before = manager->snapshot;
        const uint64_t now_usec = clock_now_usec(&manager->wall_clock);
        const SysfsMachine *known = before.topology ? before.topology->machine : NULL;

        manager->snapshot = *snapshot;
        *snapshot = before;
        if (before.topology &&
            before.topology->generation == manager->snapshot.topology->generation)
                return;
        announce_diagnostics(known, manager->snapshot.topology->machine);
        announce_snapshot(&manager->snapshot);
        if (before.topology) {
                topology_list_changes(before.topology, manager->snapshot.topology,
                                      &manager->changes);
                announce_changes(manager->snapshot.topology->generation, &manager->changes,
                                 now_usec, &manager->history);
        } else {
                announce_start(&manager->snapshot, now_usec, &manager->history);
        }
}

static uint64_t next_generation(const Manager *manager) {
        const Topology *topology = manager->snapshot.topology;

        return topology ? topology->generation + 1 : 1;
}

/* Looks at the machine again. Return: 0, also when nothing changed, or -ENOMEM with nothing
 * changed. */
static int refresh(Manager *manager) {
        const Topology *before = manager->snapshot.topology;
        _cleanup_(sysfs_machine_freep) SysfsMachine *machine = NULL;
        _cleanup_(snapshot_deinitp) Snapshot snapshot = {};
        const uint64_t start_usec = clock_now_usec(&manager->clock);
        int r;

        r = sysfs_read(&manager->root, &machine);
        if (r)
                return r;
        log_debug("Read the machine in %llu us",
                  (unsigned long long)(clock_now_usec(&manager->clock) - start_usec));
        if (before && sysfs_machine_is_equal(before->machine, machine))
                return 0;
        r = snapshot_build(manager->settings, TAKE_PTR(machine), next_generation(manager),
                           &snapshot);
        if (r)
                return r;

        /* Nothing below can fail. */
        swap_snapshot(manager, &snapshot);
        publish(manager);
        return 0;
}

/* What the kubelet has promised by itself, for the first time or anew. */
static void import(Manager *manager) {
        if (imports_look(&manager->imports, &manager->root, manager->snapshot.machine,
                         store_get_ledger(manager->store), store_get_journal(manager->store)))
                node_service_notify(&manager->service);
}

/* Configuration */

/* Return: 0, MANAGER_E_CONFIG, or -ENOMEM. */
static int load_settings(const Manager *manager, Settings **ret, Diag *reterr) {
        Config *config = NULL;
        int r;

        r = config_load(&manager->root, manager->config_file, &config, reterr);
        if (r == CONFIG_E_INVALID || r == CONFIG_E_ABSENT)
                return MANAGER_E_CONFIG;
        if (r)
                return error_fold(r);
        return settings_new(config, ret);
}

/* The kubelet that runs now is another one than before, or none. */
static void note_kubelet(Manager *manager, const KubeletProcess *process) {
        int r;

        manager->sighting = (Sighting){ .process = *process };
        announce_kubelet(process);
        if (process->pid)
                manager->sighting.bytes = opt_u64(manager->snapshot.capacity->total_bytes);
        r = sighting_store(&manager->root, &manager->sighting);
        if (r < 0)
                log_debug("Cannot keep what the kubelet saw: %s", strerror(-r));
}

/* Reads everything again. Return: as load_settings(); with anything but 0 nothing changed. */
static int reload(Manager *manager, Diag *reterr) {
        _cleanup_(settings_freep) Settings *settings = NULL, *before = NULL;
        _cleanup_(sysfs_machine_freep) SysfsMachine *machine = NULL;
        _cleanup_(snapshot_deinitp) Snapshot snapshot = {};
        bool is_same;
        int r;

        r = load_settings(manager, &settings, reterr);
        if (r)
                return r;
        r = sysfs_read(&manager->root, &machine);
        if (r)
                return r;
        is_same = settings_is_equal(manager->settings, settings) &&
                  sysfs_machine_is_equal(manager->snapshot.topology->machine, machine);
        r = snapshot_build(settings, TAKE_PTR(machine),
                           manager->snapshot.topology->generation + !is_same, &snapshot);
        if (r)
                return r;
        r = watch_set_interval(manager->watch, settings->config->refresh_interval_usec);
        if (r)
                return r;

        /* Nothing below can fail. */
        before = manager->settings;
        manager->settings = TAKE_PTR(settings);
        manager->reload_problem = (Diag){};
        swap_snapshot(manager, &snapshot);
        announce_reload(manager->snapshot.topology->generation, before, manager->settings,
                        clock_now_usec(&manager->wall_clock), &manager->history);
        if (!process_is_same(&manager->sighting.process,
                             &manager->settings->config->kubelet.process))
                note_kubelet(manager, &manager->settings->config->kubelet.process);
        publish(manager);
        return 0;
}

/* A refusal is told once, however often the same file is refused. */
static void try_reload(Manager *manager, bool is_asked_for) {
        Diag diag = {};
        int r;

        r = reload(manager, &diag);
        if (r == 0)
                return;
        if (r < 0)
                diag_set(&diag, NULL, 0, 0, "%s", strerror(-r));
        if (is_asked_for || strcmp(diag.text, manager->reload_problem.text) != 0)
                announce_refused_reload(&diag);
        manager->reload_problem = diag;
        publish(manager);
}

static int on_reload(sd_event_source *source _unused_,
                     const struct signalfd_siginfo *info _unused_,
                     void *userdata) {
        const Manager *manager = userdata;

        (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
                         (unsigned long long)clock_now_usec(&clock_monotonic));
        try_reload(userdata, true);
        pods_keeper_look(manager->keeper);
        (void)sd_notify(0, "READY=1");
        return 0;
}

/* Looking */

/* A kubelet that is started again may have been told other things. */
static bool has_other_kubelet(const Manager *manager) {
        const KubeletConfig *kubelet = &manager->settings->config->kubelet;
        const KubeletProcess process =
                process_find(&manager->root, kubelet->process_name, &kubelet->process);

        return !process_is_same(&process, &kubelet->process);
}

static void on_look(void *userdata) {
        Manager *manager = userdata;
        const uint64_t start_usec = clock_now_usec(&manager->clock);
        int r;

        if (has_other_kubelet(manager))
                try_reload(manager, false);
        r = refresh(manager);
        import(manager);
        manager->served.look_usec = clock_now_usec(&manager->clock) - start_usec;
        if (r < 0 && !manager->has_look_failed)
                log_event(LOG_WARNING, SLUG_MESSAGE_TOPOLOGY_KEPT,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                          "Cannot look at the machine again: %s, keeping the previous topology",
                          strerror(-r));
        manager->has_look_failed = r < 0;
        pods_keeper_look(manager->keeper);
}

/* Construction */

static void on_idle(void *userdata) {
        const Manager *manager = userdata;

        (void)sd_event_exit(manager->event, 0);
}

/* Nobody asks any more; what was promised without being answered is written all the same. */
static void on_drained(void *userdata) {
        Manager *manager = userdata;

        store_when_idle(manager->store, on_idle, manager);
}

static int
on_drain_timeout(sd_event_source *source, uint64_t usec _unused_, void *userdata _unused_) {
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* Watches are told, answers are sent, connections closed; a peer that takes its time is not waited
 * for, nor is one by somebody who asks twice. */
static int on_stop(sd_event_source *source _unused_,
                   const struct signalfd_siginfo *info _unused_,
                   void *userdata) {
        Manager *manager = userdata;

        if (manager->is_stopping ||
            sd_event_add_time_relative(manager->event, NULL, CLOCK_MONOTONIC, DRAIN_USEC, 1,
                                       on_drain_timeout, NULL) < 0)
                return sd_event_exit(manager->event, 0);
        manager->is_stopping = true;
        (void)sd_notify(0, "STOPPING=1");
        rpc_health_set_serving(&manager->served.health, false);
        rpc_server_drain(manager->server, on_drained, manager);
        return 0;
}

static int add_signals(Manager *manager) {
        const struct {
                int number;
                sd_event_signal_handler_t handler;
                void *userdata;
        } signals[] = {
                { SIGTERM, on_stop, manager },
                { SIGINT, on_stop, manager },
                { SIGHUP, on_reload, manager },
        };
        sigset_t blocked;
        int r;

        (void)sigemptyset(&blocked);
        for (size_t i = 0; i < ELEMENTSOF(signals); ++i)
                (void)sigaddset(&blocked, signals[i].number);
        if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); ++i) {
                r = sd_event_add_signal(manager->event, NULL, signals[i].number, signals[i].handler,
                                        signals[i].userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int setup_event(Manager *manager) {
        int r;

        r = sd_event_new(&manager->event);
        if (r < 0)
                return r;
        r = add_signals(manager);
        if (r < 0)
                return r;
        /* Only under a service manager that wants to be told; otherwise this does nothing. */
        r = sd_event_set_watchdog(manager->event, true);
        if (r < 0)
                return r;
        return watch_new(manager->event,
                         &(const WatchParams){
                                 .clock = manager->clock,
                                 .interval_usec = manager->settings->config->refresh_interval_usec,
                                 .hears_kernel = manager->root.is_host,
                                 .look = on_look,
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
        manager->config_file = params->config_file;
        r = load_settings(manager, &manager->settings, reterr);
        if (r)
                return r;
        manager->sighting =
                sighting_load(&manager->root, &manager->settings->config->kubelet.process);
        return 0;
}

/* After the configuration, which can refuse the start; before the first look, which serves it. */
static int setup_store(Manager *manager, bool has_folder, Workers *workers) {
        int r;

        r = store_new(
                &(const StoreParams){
                        .root = &manager->root,
                        .event = manager->event,
                        .workers = workers,
                        .has_folder = has_folder,
                        .wall_clock = manager->wall_clock,
                        .changed = on_ledger_changed,
                        .userdata = manager,
                },
                &manager->store);
        if (r)
                return r;
        manager->served.store = manager->store;
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
                        .changed = on_ledger_changed,
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

int manager_new(const ManagerParams *params, Manager **ret, Diag *reterr) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(*manager));
        _cleanup_(workers_freep) Workers *workers = NULL;
        int r;

        if (!manager)
                return -ENOMEM;
        manager->clock = params->clock;
        manager->wall_clock = params->wall_clock;
        manager->start_time_usec = clock_now_usec(&manager->wall_clock);
        manager->root = (Root)ROOT_NULL;
        node_service_init(&manager->service);
        manager->memory = (MemoryService){ .wall_clock = manager->wall_clock,
                                           .changed = on_ledger_changed,
                                           .userdata = manager };
        memory_service_init(&manager->memory);
        manager->pods =
                (PodService){ .take = take_report, .refresh = refresh_usage, .userdata = manager };
        pod_service_init(&manager->pods);
        r = served_init(&manager->served, &manager->service, &manager->memory, &manager->pods);
        if (r)
                return r;
        r = load(manager, params, reterr);
        if (r)
                return r;
        /* while this process is small and has one thread */
        r = workers_new(1, &workers);
        if (r)
                return r;
        r = setup_event(manager);
        if (r)
                return r;
        r = setup_store(manager, !params->has_no_ledger, TAKE_PTR(workers));
        if (r)
                return r;
        r = setup_pods(manager);
        if (r)
                return r;
        r = refresh(manager);
        if (r)
                return r;
        import(manager);
        /* nobody is promised what pods hold that were there before */
        pods_keeper_look(manager->keeper);
        r = setup_socket(manager, params->socket, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(manager);
        return 0;
}

int manager_run(Manager *manager) {
        int r;

        announce_kubelet_problem(manager->settings->config);
        log_event(LOG_NOTICE, SLUG_MESSAGE_STARTED,
                  LOG_WITH({ .name = "SLUG_GENERATION",
                             .number = manager->snapshot.topology->generation },
                           { .name = "SLUG_VERSION", .text = PACKAGE_VERSION }),
                  "slugd %s is ready", PACKAGE_VERSION);
        /* Failing to tell systemd is no reason not to serve; systemd will time out and say so. */
        (void)sd_notify(0, "READY=1");
        rpc_health_set_serving(&manager->served.health, true);
        r = sd_event_loop(manager->event);
        log_event(LOG_NOTICE, SLUG_MESSAGE_STOPPED, LOG_PLAIN, "slugd is stopping");
        return r < 0 ? r : 0;
}
