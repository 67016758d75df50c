/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: limits that slugd was told to keep
 */
#include "service/finder.h"
#include "service/limits.h"

/* What of it the kubelet writes */

/* Of the reserved cgroups that there are: whether the kubelet enforces all of them. */
static bool owns_reserved(const NodeView *view) {
        const QosKubelet *kubelet = &view->qos_params->kubelet;
        const char *system = view->kubelet.system_reserved_cgroup;
        const char *kube = view->kubelet.kube_reserved_cgroup;
        const bool has_system = system && system[0], has_kube = kube && kube[0];

        return (has_system || has_kube) && (!has_system || kubelet->enforces_system_reserved) &&
               (!has_kube || kubelet->enforces_kube_reserved);
}

static unsigned find_owned(const NodeView *view) {
        const QosKubelet *kubelet = &view->qos_params->kubelet;
        unsigned owned = 0;

        if (kubelet->memory_qos == QOS_GATE_ON)
                owned |= QOS_MANAGE_MEMORY_MIN | QOS_MANAGE_MEMORY_LOW;
        if (kubelet->writes_qos_reserved)
                owned |= QOS_MANAGE_MEMORY_MAX;
        if (owns_reserved(view))
                owned |= QOS_MANAGE_RESERVED_MEMORY_MAX | QOS_MANAGE_RESERVED_MEMORY_MIN;
        return owned & view->qos_params->manage;
}

void find_owned_knobs(Finder *finder) {
        static const struct {
                unsigned bits;
                const char *message;
        } rows[] = {
                { QOS_MANAGE_MEMORY_MAX,
                  "qos.manage names memory.max, which the kubelet writes itself: its gate "
                  "QOSReserved is on, and its qosReserved has memory" },
                { QOS_MANAGE_MEMORY_MIN | QOS_MANAGE_MEMORY_LOW,
                  "qos.manage names memory.min or memory.low, which the kubelet writes itself "
                  "every minute: its gate MemoryQoS is on" },
                { QOS_MANAGE_RESERVED_MEMORY_MAX | QOS_MANAGE_RESERVED_MEMORY_MIN,
                  "qos.manage names limits of the reserved cgroups, which the kubelet writes "
                  "itself: its enforceNodeAllocatable says so" },
        };
        const unsigned owned = finder->view->qos_params ? find_owned(finder->view) : 0;

        for (size_t i = 0; i < ELEMENTSOF(rows); ++i)
                if (owned & rows[i].bits)
                        finder_add(finder, rows[i].message, finder_set_manage(finder, owned, 0));
}

void find_unclear_knobs(Finder *finder) {
        const unsigned knobs = QOS_MANAGE_MEMORY_MIN | QOS_MANAGE_MEMORY_LOW;

        /* also where no kubelet runs yet: slugd does not write them then either */
        if (!(finder_get_manage(finder) & knobs) ||
            finder->view->qos_params->kubelet.memory_qos != QOS_GATE_UNKNOWN)
                return;
        finder_add(finder,
                   "qos.manage names memory.min or memory.low, which slugd leaves to the kubelet: "
                   "from 1.37 on it writes them itself, and nobody has said that its gate "
                   "MemoryQoS is off",
                   finder_set_kubelet(finder, "kubelet.featureGates.MemoryQoS",
                                      "featureGates: {MemoryQoS: false}"));
}

/* Nothing is written at all */

void find_no_cgroup2(Finder *finder) {
        const char *version = finder->view->topology->machine->host.cgroup_version;

        if (finder_get_manage(finder) == 0 || strcmp(version, "v2") == 0)
                return;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "qos.manage names limits, which need cgroup v2, and %s is mounted",
                                limits_name_cgroup(version)),
                   "kernel command line: systemd.unified_cgroup_hierarchy=1, and boot");
}

void find_nothing_written(Finder *finder) {
        const NodeView *view = finder->view;

        /* a captured machine is never written to, and that is as it should be */
        if (view->root && strcmp(view->root, "/") != 0)
                return;
        if (!view->qos || finder_get_manage(finder) == 0 || !view->qos->problem ||
            !view->qos->problem[0] ||
            strcmp(view->topology->machine->host.cgroup_version, "v2") != 0)
                return;
        finder_add(finder,
                   arena_printf(finder->arena, "qos.manage names limits, and none is written: %s",
                                view->qos->problem),
                   view->qos->is_withdrawn ? "systemctl reload slugd"
                                           : "mend that, then: systemctl restart slugd");
}

/* What keeps all limits from being written is told already. */
void find_node_limits(Finder *finder) {
        const QosView *qos = finder->view->qos;

        if (!qos || !qos->node_limits || !qos->node_limits->plan || !qos->node_limits->problem[0] ||
            (qos->problem && qos->problem[0]))
                return;
        finder_add(finder,
                   arena_printf(finder->arena,
                                "qos.manage names memory.node_limit, and limits by NUMA node are "
                                "not all set: %s",
                                qos->node_limits->problem),
                   finder_set_manage(finder, QOS_MANAGE_NODE_LIMIT, 0));
}

/* Single knobs */

typedef struct Row {
        const QosRow *row;
        const QosKnob *knob;
        const QosPlace *place;
} Row;

/* The next row in that state; false: there is none. @index: of the row to begin with */
static bool next_row(const Finder *finder, QosStatus status, size_t *index, Row *ret) {
        const QosView *qos = finder->view->qos;

        if (!qos || !qos->plan || !qos->knobs || !qos->places)
                return false;
        for (; *index < qos->plan->n_rows; ++*index) {
                const QosRow *row = &qos->plan->rows[*index];

                if (qos->knobs[*index].status != status)
                        continue;
                *ret = (Row){ row, &qos->knobs[*index], &qos->places->items[row->level] };
                ++*index;
                return true;
        }
        return false;
}

static const char *name_file(Finder *finder, const Row *row) {
        return finder_check(finder,
                            arena_printf(finder->arena, "/" CGROUP_DIR "/%s/%s", row->place->path,
                                         cgroup_knob_file(row->row->knob)));
}

void find_refused(Finder *finder) {
        size_t index = 0;
        Row row;

        while (next_row(finder, QOS_STATUS_REFUSED, &index, &row)) {
                char error[LIMITS_ERROR_MAX];
                const char *file = name_file(finder, &row);

                finder_add(finder,
                           arena_printf(finder->arena, "%s is not what it should be: %s", file,
                                        limits_format_error(row.knob, error)),
                           "mend that, then: systemctl reload slugd");
        }
}

void find_contended(Finder *finder) {
        size_t index = 0;
        Row row;

        while (next_row(finder, QOS_STATUS_CONTENDED, &index, &row)) {
                const char *file = name_file(finder, &row);

                finder_add(finder,
                           arena_printf(finder->arena,
                                        "somebody else writes %s, too, again and again; "
                                        "slugd leaves it alone for a while",
                                        file),
                           arena_printf(finder->arena,
                                        "stop what writes %s, then: systemctl reload slugd", file));
        }
}

/* The share with which the limit is not below what is used: of what is left out for pods, as much
 * as usage leaves. 100: it cannot be told. */
static unsigned fit_percent(const NodeView *view, const Row *row) {
        const uint64_t whole = view->capacity->kubepods_bytes;
        const uint64_t used = row->place->state.current_bytes.value;
        const uint64_t wanted = row->row->value.number;

        if (!view->qos_params->has_reserved_percent || wanted >= whole || used >= whole ||
            used <= wanted)
                return 100;
        return (unsigned)((unsigned __int128)view->qos_params->reserved_percent * (whole - used) /
                          (whole - wanted));
}

void find_pending(Finder *finder) {
        size_t index = 0;
        Row row;

        while (next_row(finder, QOS_STATUS_PENDING, &index, &row)) {
                const char *file = name_file(finder, &row);
                const bool is_limit = row.row->knob == CGROUP_MEMORY_MAX;
                const unsigned percent =
                        is_limit && finder->view->qos_params && row.row->level != QOS_LEVEL_KUBEPODS
                                ? fit_percent(finder->view, &row)
                                : 100;

                finder_add(finder,
                           arena_printf(finder->arena,
                                        "more is used than %s should allow; it is as low as "
                                        "it may be, and comes down with what is used",
                                        file),
                           percent == 100 ? "wait, or end pods there"
                                          : arena_printf(finder->arena,
                                                         "wait, or slugd.yaml: qos: {reserved: "
                                                         "{memory: %u%%}}",
                                                         percent));
        }
}
