/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/plan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/scan.h"
#include "config/config.h"
#include "ledger/journal.h"
#include "manager/snapshot.h"
#include "pods/inventory.h"

/*
 * The same stages as of a slugd that runs, each once: configuration, machine, pods, cgroups, plan.
 * What only a slugd that runs can know stays unknown: nobody has reported pods here, so that what
 * depends on their requests is held back, and says so.
 */
#define PLAN_KNOBS                                                                                 \
        (1u << CGROUP_MEMORY_MAX | 1u << CGROUP_MEMORY_LOW | 1u << CGROUP_MEMORY_MIN |             \
         1u << CGROUP_CPUSET_MEMS)
#define LOCKS_MAX (64u * 1024)

typedef struct Look {
        Root root;
        Settings *settings;
        Snapshot snapshot;
        PodsTree *pods;
        Inventory *inventory;
        QosRequests requests;
        QosPlaces places;
        QosPlan plan;
        QosKnob knobs[QOS_ROWS_MAX];
        QosNodeLimitPlan node_limit_plan;
        NodeLimitsView node_limits;
        unsigned node_limit_files;
        uint64_t page_bytes;
        char problem[DIAG_TEXT_MAX];
} Look;

static void look_freep(Look **look) {
        if (!*look)
                return;
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

/* What cannot be read is not there, and why is told once. */
static void read_places(Look *look, const CgroupTree *tree) {
        const KubeletConfig *kubelet = &look->settings->config->kubelet;

        if (qos_places_make(cgroup_detect_driver(tree, kubelet->cgroup_root), kubelet->cgroup_root,
                            kubelet->system_reserved_cgroup, kubelet->kube_reserved_cgroup,
                            &look->places))
                (void)snprintf(look->problem, sizeof(look->problem),
                               "the kubelet's cgroups have a name that slugd cannot use");
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level) {
                QosPlace *place = &look->places.items[level];
                int r = 0;

                if (place->path[0])
                        r = cgroup_read_state(tree, place->path, PLAN_KNOBS, &place->state);
                if (r == 0)
                        continue;
                place->state = (CgroupState){};
                (void)snprintf(look->problem, sizeof(look->problem), "%.120s cannot be read: %s",
                               place->path, strerror(r < 0 ? -r : EIO));
        }
}

static void find_places(Look *look) {
        _cleanup_(cgroup_tree_deinitp) CgroupTree tree = CGROUP_TREE_NULL;
        const int r = cgroup_tree_open(&look->root, &tree);

        look->page_bytes = tree.page_bytes;
        if (r)
                (void)snprintf(look->problem, sizeof(look->problem),
                               "/" CGROUP_DIR " cannot be used: %s", strerror(r < 0 ? -r : EIO));
        else if (!tree.is_v2)
                (void)snprintf(look->problem, sizeof(look->problem),
                               "limits need cgroup v2, and none is mounted on /" CGROUP_DIR);
        else
                read_places(look, &tree);
        look->node_limit_files = cgroup_node_limit_probe(&tree);
}

/* The first step of each knob, as if nothing else stood in its way. */
static void plan(Look *look) {
        look->requests = qos_requests_sum(look->inventory);
        qos_plan_build(&(const QosInput){ .params = &look->settings->qos,
                                          .topology = look->snapshot.topology,
                                          .capacity = look->snapshot.capacity,
                                          .requests = &look->requests,
                                          .places = &look->places,
                                          .page_bytes = look->page_bytes },
                       &look->plan);
        for (size_t i = 0; i < look->plan.n_rows; ++i) {
                const QosRow *row = &look->plan.rows[i];

                (void)qos_step(&look->knobs[i],
                               &(const QosStepInput){
                                       .row = row,
                                       .state = &look->places.items[row->level].state,
                                       .page_bytes = look->page_bytes ? look->page_bytes : 4 * KIB,
                                       .may_lower = true,
                                       .may_raise = true });
        }
}

static void plan_node_limits(Look *look) {
        qos_node_limit_plan(&(const QosNodeLimitInput){ .is_managed = look->settings->qos.manage &
                                                                      QOS_MANAGE_NODE_LIMIT,
                                                        .params = &look->settings->node_limits,
                                                        .topology = look->snapshot.topology,
                                                        .files = look->node_limit_files,
                                                        .page_bytes = look->page_bytes },
                            &look->node_limit_plan);
        if (look->node_limit_plan.is_managed)
                look->node_limits.plan = &look->node_limit_plan;
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
        r = load(look, params, reterr);
        if (r == 0)
                r = read_machine(look);
        if (r)
                return r;
        find_places(look);
        plan(look);
        plan_node_limits(look);
        *ret_is_running = is_locked(&look->root);
        return plan_text_append(&(const QosView){ .plan = &look->plan,
                                                  .places = &look->places,
                                                  .requests = &look->requests,
                                                  .knobs = look->knobs,
                                                  .node_limits = &look->node_limits,
                                                  .problem = look->problem,
                                                  .page_bytes = look->page_bytes,
                                                  .clock = params->clock },
                                format, buffer);
}
