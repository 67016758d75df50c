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

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "config/process.h"
#include "manager/announce.h"
#include "manager/parts.h"
#include "manager/view.h"

#define DRAIN_USEC (2 * USEC_PER_SEC)

/* What is served */

void manager_on_changed(void *userdata) {
        Manager *manager = userdata;

        node_service_notify(&manager->service);
}

/* @is_reload: by the operator's wish. */
static void publish(Manager *manager, bool is_reload) {
        const KubeletConfig *kubelet = &manager->settings->config->kubelet;
        const NodeView view = view_build(
                &(const ViewParams){
                        .settings = manager->settings,
                        .snapshot = &manager->snapshot,
                        .history = &manager->history,
                        .store = manager->store,
                        .pods = manager->pods.pods,
                        .chunks = chunks_keeper_get_view(manager->chunks_keeper),
                        .qos = qos_keeper_get_view(manager->limits),
                        .enforce = enforce_keeper_get_view(manager->splits),
                        .reload_problem = &manager->reload_problem,
                        .kubelet_seen_bytes = manager->sighting.bytes,
                        .root = manager->root.path,
                        .start_time_usec = manager->start_time_usec,
                },
                &manager->texts);

        manager->memory.machine = manager->snapshot.machine;
        manager->memory.with_pod_level = kubelet->pod_level_memory;
        manager->pods.machine = manager->snapshot.machine;
        manager->cgroups.topology = manager->snapshot.topology;
        manager->enforce.topology = manager->snapshot.topology;
        manager->cgroups.cgroup_root = kubelet->cgroup_root;
        chunks_keeper_set(manager->chunks_keeper, manager->settings, &manager->snapshot);
        pods_keeper_set(
                manager->keeper,
                &(const PodsKeeperSettings){
                        .machine = manager->snapshot.machine,
                        .cgroup_root = kubelet->cgroup_root,
                        .pending_timeout_usec = manager->settings->config->pending_timeout_usec,
                });
        qos_keeper_set(manager->limits, manager->settings, &manager->snapshot, is_reload);
        node_limits_set(manager->node_limits, manager->settings, &manager->snapshot, is_reload);
        machine_settings_set(manager->machine_settings, manager->settings, is_reload);
        enforce_keeper_set(manager->splits, manager->settings, &manager->snapshot);
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

int manager_refresh(Manager *manager) {
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
        publish(manager, false);
        return 0;
}

void manager_import(Manager *manager) {
        if (imports_look(&manager->imports, &manager->root, manager->snapshot.machine,
                         store_get_ledger(manager->store), store_get_journal(manager->store)))
                node_service_notify(&manager->service);
}

/* Configuration */

int manager_load_settings(const Manager *manager, Settings **ret, Diag *reterr) {
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

/* Reads everything again. Return: as manager_load_settings(); with anything but 0 nothing changed.
 */
static int reload(Manager *manager, bool is_asked_for, Diag *reterr) {
        _cleanup_(settings_freep) Settings *settings = NULL, *before = NULL;
        _cleanup_(sysfs_machine_freep) SysfsMachine *machine = NULL;
        _cleanup_(snapshot_deinitp) Snapshot snapshot = {};
        bool is_same;
        int r;

        r = manager_load_settings(manager, &settings, reterr);
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
        publish(manager, is_asked_for);
        return 0;
}

/* A refusal is told once, however often the same file is refused. */
static void try_reload(Manager *manager, bool is_asked_for) {
        Diag diag = {};
        int r;

        r = reload(manager, is_asked_for, &diag);
        if (r == 0)
                return;
        if (r < 0)
                diag_set(&diag, NULL, 0, 0, "%s", strerror(-r));
        if (is_asked_for || strcmp(diag.text, manager->reload_problem.text) != 0)
                announce_refused_reload(&diag);
        manager->reload_problem = diag;
        publish(manager, false);
}

int manager_on_reload(sd_event_source *source _unused_,
                      const struct signalfd_siginfo *info _unused_,
                      void *userdata) {
        const Manager *manager = userdata;

        (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
                         (unsigned long long)clock_now_usec(&clock_monotonic));
        try_reload(userdata, true);
        pods_keeper_look(manager->keeper);
        qos_keeper_look(manager->limits);
        node_limits_look(manager->node_limits);
        machine_settings_look(manager->machine_settings);
        enforce_keeper_look(manager->splits);
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

void manager_on_look(void *userdata) {
        Manager *manager = userdata;
        const uint64_t start_usec = clock_now_usec(&manager->clock);
        int r;

        if (has_other_kubelet(manager))
                try_reload(manager, false);
        r = manager_refresh(manager);
        manager_import(manager);
        manager->served.look_usec = clock_now_usec(&manager->clock) - start_usec;
        if (r < 0 && !manager->has_look_failed)
                log_event(LOG_WARNING, SLUG_MESSAGE_TOPOLOGY_KEPT,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                          "Cannot look at the machine again: %s, keeping the previous topology",
                          strerror(-r));
        manager->has_look_failed = r < 0;
        pods_keeper_look(manager->keeper);
        qos_keeper_look(manager->limits);
        node_limits_look(manager->node_limits);
        machine_settings_look(manager->machine_settings);
        enforce_keeper_look(manager->splits);
}

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
int manager_on_stop(sd_event_source *source _unused_,
                    const struct signalfd_siginfo *info _unused_,
                    void *userdata) {
        Manager *manager = userdata;

        if (manager->is_stopping || !manager->server ||
            sd_event_add_time_relative(manager->event, NULL, CLOCK_MONOTONIC, DRAIN_USEC, 1,
                                       on_drain_timeout, NULL) < 0)
                return sd_event_exit(manager->event, 0);
        manager->is_stopping = true;
        (void)sd_notify(0, "STOPPING=1");
        rpc_health_set_serving(&manager->served.health, false);
        rpc_server_drain(manager->server, on_drained, manager);
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
