/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps limits, what hears of their cgroups, and who puts them back
 */
#include <string.h>

#include "manager/parts.h"

/* Limits by NUMA node go first, then the others, then the machine's settings. Whoever waits is told
 * in any case. */
static void on_settings_withdrawn(const SettingWithdrawn *items, size_t n_items, void *userdata) {
        Manager *manager = userdata;

        memcpy(manager->withdrawal.settings, items, n_items * sizeof(*items));
        manager->withdrawal.n_settings = n_items;
        manager->withdrawn(&manager->withdrawal, manager->withdrawn_userdata);
}

static void on_limits_withdrawn(const QosWithdrawal *withdrawal, void *userdata) {
        Manager *manager = userdata;

        manager->withdrawal = *withdrawal;
        if (machine_settings_withdraw(manager->machine_settings, on_settings_withdrawn, manager))
                manager->withdrawn(&manager->withdrawal, manager->withdrawn_userdata);
}

int manager_put_back(Manager *manager, NodeWithdrawn done, void *userdata) {
        manager->withdrawn = done;
        manager->withdrawn_userdata = userdata;
        return qos_keeper_withdraw(manager->limits, on_limits_withdrawn, manager);
}

static void on_node_limits_withdrawn(void *userdata) {
        Manager *manager = userdata;

        if (qos_keeper_withdraw(manager->limits, on_limits_withdrawn, manager))
                manager->withdrawn(&(const QosWithdrawal){}, manager->withdrawn_userdata);
}

static int withdraw_limits(NodeWithdrawn done, void *done_userdata, void *userdata) {
        Manager *manager = userdata;

        if (node_limits_is_withdrawing(manager->node_limits))
                return -EALREADY;
        manager->withdrawn = done;
        manager->withdrawn_userdata = done_userdata;
        if (node_limits_withdraw(manager->node_limits, on_node_limits_withdrawn, manager))
                return 0;
        return manager_put_back(manager, done, done_userdata);
}

static void on_limits_changed(void *userdata) {
        const Manager *manager = userdata;

        if (manager->events)
                qos_events_follow(manager->events);
        if (manager->node_limits)
                node_limits_note_levels(manager->node_limits);
        manager_on_changed(userdata);
}

static int setup_keeper(Manager *manager, bool may_write) {
        return qos_keeper_new(
                &(const QosKeeperParams){
                        .event = manager->event,
                        .root = &manager->root,
                        .crew = manager->crew,
                        .pods = manager->pods.pods,
                        .boot_id = store_get_boot_id(manager->store),
                        .store_problem = store_get_problem(manager->store),
                        .clock = manager->clock,
                        .may_write = may_write,
                        .changed = on_limits_changed,
                        .userdata = manager,
                },
                &manager->limits);
}

static void on_settings_changed(void *userdata) {
        Manager *manager = userdata;
        const EnforceSetting *settings;
        size_t n_settings;

        settings = machine_settings_get(manager->machine_settings, &n_settings);
        enforce_keeper_show_settings(manager->splits, settings, n_settings);
        /* by which means a split can be held follows from them */
        enforce_keeper_look(manager->splits);
        manager_on_changed(manager);
}

static int setup_machine_settings(Manager *manager, bool may_write) {
        return machine_settings_new(
                &(const MachineSettingsParams){
                        .event = manager->event,
                        .root = &manager->root,
                        .crew = manager->crew,
                        .boot_id = store_get_boot_id(manager->store),
                        .store_problem = store_get_problem(manager->store),
                        .clock = manager->clock,
                        .may_write = may_write,
                        .changed = on_settings_changed,
                        .userdata = manager,
                },
                &manager->machine_settings);
}

static int setup_node_limits(Manager *manager, bool may_write) {
        return node_limits_new(
                &(const NodeLimitsParams){
                        .event = manager->event,
                        .root = &manager->root,
                        .qos = qos_keeper_get_view(manager->limits),
                        .clock = manager->clock,
                        .may_write = may_write,
                        .changed = manager_on_changed,
                        .userdata = manager,
                },
                &manager->node_limits);
}

static int setup_cgroup_events(Manager *manager) {
        return qos_events_new(
                &(const QosEventsParams){
                        .event = manager->event,
                        .root = &manager->root,
                        .view = qos_keeper_get_view(manager->limits),
                        .history = &manager->cgroup_history,
                        .clock = manager->clock,
                        .wall_clock = manager->wall_clock,
                        .changed = manager_on_changed,
                        .userdata = manager,
                },
                &manager->events);
}

int manager_setup_limits(Manager *manager, bool may_write) {
        int r;

        r = setup_keeper(manager, may_write);
        if (r)
                return r;
        r = setup_node_limits(manager, may_write);
        if (r)
                return r;
        r = setup_machine_settings(manager, may_write);
        if (r)
                return r;
        qos_keeper_show(manager->limits, node_limits_get_view(manager->node_limits));
        r = setup_cgroup_events(manager);
        if (r)
                return r;
        manager->service.cgroup_events = &manager->cgroup_history;
        manager->service.root = &manager->root;
        manager->service.hooks = (NodeHooks){ .withdraw = withdraw_limits, .userdata = manager };
        return 0;
}
