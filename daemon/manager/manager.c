/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manager
 *
 * Stages run in one order only: root, configuration, rows, topology, capacity, view, socket. A new
 * look at the machine builds the next snapshot beside the current one and swaps when it is complete
 * and different; whoever asks in between is answered from the old one. What cannot be built for
 * want of memory leaves the old one in place.
 */
#include "manager/manager.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "base/root.h"
#include "manager/announce.h"
#include "manager/view.h"
#include "rpc/server.h"

struct Manager {
        Clock clock;
        Root root;
        Settings *settings;

        sd_event *event;
        sd_event_source *refresh_timer;
        bool has_refresh_failed; /* said once, until it works again */

        Snapshot snapshot;
        ViewTexts texts;
        NodeService service;
        RpcServer *server;
};

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        rpc_server_free(manager->server);
        sd_event_source_unref(manager->refresh_timer);
        sd_event_unref(manager->event);
        snapshot_deinit(&manager->snapshot);
        settings_free(manager->settings);
        root_deinit(&manager->root);
        free(manager);
        return NULL;
}

/* @snapshot: becomes the one that is served, and is given the one that was. */
static void swap_snapshot(Manager *manager, Snapshot *snapshot) {
        const Snapshot before = manager->snapshot;
        NodeView view;

        manager->snapshot = *snapshot;
        *snapshot = before;
        view = view_build(manager->settings, &manager->snapshot, manager->root.path,
                          &manager->texts);
        node_service_set_view(&manager->service, &view);
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
        if (before && sysfs_machine_is_equal(before->machine, machine))
                return 0;
        r = snapshot_build(manager->settings, TAKE_PTR(machine),
                           before ? before->generation + 1 : 1, &snapshot);
        if (r)
                return r;

        /* Nothing below can fail. */
        announce_diagnostics(before ? before->machine : NULL, snapshot.topology->machine);
        swap_snapshot(manager, &snapshot);
        announce_topology(manager->snapshot.topology, manager->snapshot.capacity);
        log_debug("Read the machine in %llu us",
                  (unsigned long long)(clock_now_usec(&manager->clock) - start_usec));
        return 0;
}

static int on_refresh(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        int r;

        (void)usec;
        r = refresh(manager);
        if (r < 0 && !manager->has_refresh_failed)
                log_event(LOG_WARNING, SLUG_MESSAGE_TOPOLOGY_KEPT,
                          LOG_WITH({ .name = "ERRNO", .number = (uint64_t)-r }),
                          "Cannot look at the machine again: %s, keeping the previous topology",
                          strerror(-r));
        manager->has_refresh_failed = r < 0;
        r = sd_event_source_set_time_relative(source,
                                              manager->settings->config->refresh_interval_usec);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Construction */

static int setup_event(Manager *manager) {
        static const int signals[] = { SIGTERM, SIGINT };
        sigset_t blocked;
        int r;

        r = sd_event_new(&manager->event);
        if (r < 0)
                return r;
        (void)sigemptyset(&blocked);
        for (size_t i = 0; i < ELEMENTSOF(signals); ++i)
                (void)sigaddset(&blocked, signals[i]);
        if (sigprocmask(SIG_BLOCK, &blocked, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); ++i) {
                /* no handler of our own: the loop then ends with success */
                r = sd_event_add_signal(manager->event, NULL, signals[i], NULL, NULL);
                if (r < 0)
                        return r;
        }
        /* accuracy 0 is sd-event's default of 250 ms, which lets wake-ups be shared */
        r = sd_event_add_time_relative(manager->event, &manager->refresh_timer, CLOCK_MONOTONIC,
                                       manager->settings->config->refresh_interval_usec, 0,
                                       on_refresh, manager);
        return r < 0 ? r : 0;
}

static int setup_socket(Manager *manager, const char *socket, Diag *reterr) {
        int r;

        if (!socket && !manager->root.is_host) {
                diag_set(reterr, NULL, 0, 0,
                         "a captured machine is not served on this machine's own socket; name one "
                         "with --socket PATH");
                return MANAGER_E_SOCKET;
        }
        r = rpc_server_new(manager->event, &manager->service.table, &manager->server);
        if (r)
                return error_fold(r);
        r = rpc_server_listen(manager->server, socket ? socket : manager->settings->config->socket,
                              reterr);
        if (r == RPC_SERVER_E_REFUSED)
                return MANAGER_E_SOCKET;
        return error_fold(r);
}

static int load(Manager *manager, const ManagerParams *params, Diag *reterr) {
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = root_init(&manager->root, params->root);
        if (r) {
                diag_set(reterr, NULL, 0, 0, "cannot use '%s' as root: %s", params->root,
                         r < 0 ? strerror(-r) : "there is no such directory");
                return r == -ENOMEM ? r : MANAGER_E_ROOT;
        }
        r = config_load(&manager->root, params->config_file, &config, reterr);
        if (r == CONFIG_E_INVALID || r == CONFIG_E_ABSENT)
                return MANAGER_E_CONFIG;
        if (r)
                return error_fold(r);
        r = settings_new(TAKE_PTR(config), &manager->settings);
        if (r)
                return r;
        return refresh(manager);
}

int manager_new(const ManagerParams *params, Manager **ret, Diag *reterr) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(*manager));
        int r;

        if (!manager)
                return -ENOMEM;
        manager->clock = params->clock;
        manager->root = (Root)ROOT_NULL;
        node_service_init(&manager->service);
        r = load(manager, params, reterr);
        if (r)
                return r;
        r = setup_event(manager);
        if (r)
                return r;
        r = setup_socket(manager, params->socket, reterr);
        if (r)
                return r;
        *ret = TAKE_PTR(manager);
        return 0;
}

int manager_run(Manager *manager) {
        int r;

        const Config *config = manager->settings->config;

        if (config->has_kubelet_problem)
                log_event(LOG_WARNING, SLUG_MESSAGE_KUBELET_CONFIG,
                          LOG_WITH({ .name = "SLUG_FILE", .text = config->kubelet.file }),
                          "%s, using the kubelet's defaults", manager->texts.kubelet_problem);
        log_event(LOG_NOTICE, SLUG_MESSAGE_STARTED,
                  LOG_WITH({ .name = "SLUG_GENERATION",
                             .number = manager->snapshot.topology->generation },
                           { .name = "SLUG_VERSION", .text = PACKAGE_VERSION }),
                  "slugd %s is ready", PACKAGE_VERSION);
        /* Failing to tell systemd is no reason not to serve; systemd will time out and say so. */
        (void)sd_notify(0, "READY=1");
        r = sd_event_loop(manager->event);
        (void)sd_notify(0, "STOPPING=1");
        log_event(LOG_NOTICE, SLUG_MESSAGE_STOPPED, LOG_PLAIN, "slugd is stopping");
        return r < 0 ? r : 0;
}
