/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What keeps limits, what hears of their cgroups, and who puts them back
 */
#include "manager/parts.h"

/* Those by NUMA node go first, then settings of the machine, then the other limits. Whoever waits
 * is told in any case. */
static void on_settings_withdrawn(void *userdata) {
        const Manager *manager = userdata;

        if (qos_keeper_withdraw(manager->limits, manager->withdrawn, manager->withdrawn_userdata))
                manager->withdrawn(&(const QosWithdrawal){}, manager->withdrawn_userdata);
}

static void on_node_limits_withdrawn(void *userdata) {
        const Manager *manager = userdata;

        if (!enforce_keeper_withdraw(manager->splits, on_settings_withdrawn, userdata))
                on_settings_withdrawn(userdata);
}

static int withdraw_limits(NodeWithdrawn done, void *done_userdata, void *userdata) {
        Manager *manager = userdata;

        if (node_limits_is_withdrawing(manager->node_limits) ||
            qos_keeper_is_withdrawing(manager->limits))
                return -EALREADY;
        manager->withdrawn = done;
        manager->withdrawn_userdata = done_userdata;
        if (node_limits_withdraw(manager->node_limits, on_node_limits_withdrawn, manager))
                return 0;
        return enforce_keeper_withdraw(manager->splits, on_settings_withdrawn, manager) ? 0
                                                                                        : -EALREADY;
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
        qos_keeper_show(manager->limits, node_limits_get_view(manager->node_limits));
        r = setup_cgroup_events(manager);
        if (r)
                return r;
        manager->service.cgroup_events = &manager->cgroup_history;
        manager->service.root = &manager->root;
        manager->service.hooks = (NodeHooks){ .withdraw = withdraw_limits, .userdata = manager };
        return 0;
}
