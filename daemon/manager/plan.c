/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/plan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "config/config.h"
#include "ledger/journal.h"
#include "manager/qos-sight.h"
#include "manager/snapshot.h"
#include "pods/inventory.h"

/*
 * The same stages as of a slugd that runs, each once: configuration, machine, pods, cgroups, plan.
 * What only a slugd that runs can know stays unknown: nobody has reported pods here, so that what
 * depends on their requests is held back, and says so.
 */
#define LOCKS_MAX (64u * 1024)

typedef struct Look {
        Root root;
        Settings *settings;
        Snapshot snapshot;
        PodsTree *pods;
        Inventory *inventory;
        QosRequests requests;
        QosSight sight;
        QosPlan plan;
        QosKnob knobs[QOS_ROWS_MAX];
        QosNodeLimitPlan node_limit_plan;
        NodeLimitsView node_limits;
} Look;

static void look_freep(Look **look) {
        if (!*look)
                return;
        qos_sight_deinit(&(*look)->sight);
        inventory_free((*look)->inventory);
        pods_tree_free((*look)->pods);
        snapshot_deinit(&(*look)->snapshot);
        settings_free((*look)->settings);
        root_deinit(&(*look)->root);
        free(*look);
}

static int load(Look *look, const ManagerParams *params, Diag *reterr) {
        Config *config = NULL;
        int r;

        r = root_init(&look->root, params->root);
        if (r) {
                diag_set(reterr, NULL, 0, 0, "cannot use '%s' as root: %s", params->root,
                         r < 0 ? strerror(-r) : "there is no such directory");
                return r == -ENOMEM ? r : MANAGER_E_ROOT;
        }
        r = config_load(&look->root, params->config_file, &config, reterr);
        if (r == CONFIG_E_INVALID || r == CONFIG_E_ABSENT)
                return MANAGER_E_CONFIG;
        return r ? error_fold(r) : settings_new(config, &look->settings);
}

static int read_machine(Look *look) {
        SysfsMachine *machine;
        int r;

        r = sysfs_read(&look->root, &machine);
        if (r)
                return error_fold(r);
        r = snapshot_build(look->settings, machine, 1, &look->snapshot);
        if (r)
                return error_fold(r);
        r = pods_tree_read(
                &(const TreeParams){ .root = &look->root,
                                     .cgroup_root = look->settings->config->kubelet.cgroup_root,
                                     .with_usage = true },
                &look->pods);
        if (r == 0)
                r = inventory_new(look->pods, NULL, &look->inventory);
        return error_fold(r);
}

/* The first step of each knob, as if nothing else stood in its way. */
static void plan(Look *look) {
        const uint64_t page_bytes = look->settings->capacity.page_bytes;

        look->requests = qos_requests_sum(look->inventory);
        qos_plan_build(&(const QosInput){ .params = &look->settings->qos,
                                          .topology = look->snapshot.topology,
                                          .capacity = look->snapshot.capacity,
                                          .requests = &look->requests,
                                          .places = &look->sight.places,
                                          .page_bytes = page_bytes },
                       &look->plan);
        for (size_t i = 0; i < look->plan.n_rows; ++i) {
                const QosRow *row = &look->plan.rows[i];

                (void)qos_step(
                        &look->knobs[i],
                        &(const QosStepInput){ .row = row,
                                               .state = &look->sight.places.items[row->level].state,
                                               .page_bytes = page_bytes,
                                               .may_lower = true,
                                               .may_raise = true });
        }
}

static void plan_node_limits(Look *look) {
        qos_node_limit_plan(
                &(const QosNodeLimitInput){ .is_managed = look->settings->qos.manage &
                                                          QOS_MANAGE_NODE_LIMIT,
                                            .params = &look->settings->node_limits,
                                            .topology = look->snapshot.topology,
                                            .files = cgroup_node_limit_probe(&look->sight.tree),
                                            .page_bytes = look->settings->capacity.page_bytes },
                &look->node_limit_plan);
        if (look->node_limit_plan.is_managed)
                look->node_limits.plan = &look->node_limit_plan;
}

static int print(const Look *look, PlanFormat format, Clock clock, Buffer *buffer) {
        const QosSight *sight = &look->sight;

        return plan_text_append(&(const QosView){ .plan = &look->plan,
                                                  .places = &sight->places,
                                                  .requests = &look->requests,
                                                  .knobs = look->knobs,
                                                  .node_limits = &look->node_limits,
                                                  .problem = sight->problem[0]
                                                                     ? sight->problem
                                                                     : sight->level_problem,
                                                  .clock = clock },
                                format, buffer);
}

/*
 * Whether somebody has locked the ledger's folder. The kernel's list is read for that: trying the
 * lock would keep a slugd that starts at this moment from it.
 */
static bool is_locked(const Root *root) {
        _cleanup_(freep) char *text = malloc(LOCKS_MAX);
        _cleanup_(fd_closep) int fd = -EBADF;
        char id[64];
        struct stat st;
        size_t n;

        if (!text || !root->is_host || root_open(root, JOURNAL_DIR, O_PATH | O_DIRECTORY, &fd) ||
            fstat(fd, &st) < 0 || root_read(root, "proc/locks", text, LOCKS_MAX, &n))
                return false;
        (void)snprintf(id, sizeof(id), " %02x:%02x:%" PRIu64 " ", major(st.st_dev),
                       minor(st.st_dev), (uint64_t)st.st_ino);
        return strstr(text, id) != NULL;
}

int manager_plan(const ManagerParams *params,
                 PlanFormat format,
                 Buffer *buffer,
                 bool *ret_is_running,
                 Diag *reterr) {
        _cleanup_(look_freep) Look *look = calloc(1, sizeof(*look));
        int r;

        if (!look)
                return -ENOMEM;
        look->root = (Root)ROOT_NULL;
        qos_sight_init(&look->sight, &look->root);
        r = load(look, params, reterr);
        if (r == 0)
                r = read_machine(look);
        if (r)
                return r;
        qos_sight_look(&look->sight, &look->settings->config->kubelet);
        plan(look);
        plan_node_limits(look);
        *ret_is_running = is_locked(&look->root);
        return print(look, format, params->clock, buffer);
}
