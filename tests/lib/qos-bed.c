/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/qos-bed.h"

#include <string.h>

/* By hand */

static void connect_parts(QosBed *bed) {
        bed->topology.nodes = bed->nodes;
        bed->input = (QosInput){
                .params = &bed->params,
                .topology = &bed->topology,
                .capacity = &bed->capacity,
                .requests = &bed->requests,
                .places = &bed->places,
                .page_bytes = 4096,
        };
}

static void add_node(QosBed *bed, unsigned id, Locality locality, bool is_movable_only) {
        bed->nodes[bed->topology.n_nodes++] = (TopologyNode){
                .id = id,
                .locality = locality,
                .capacity_bytes = 16 * GIB,
                .is_capacity_known = true,
                .is_movable_only = is_movable_only,
        };
}

static void set_unlimited(QosPlace *place) {
        place->state.is_there = true;
        place->state.inode = 1;
        place->state.current_bytes = opt_u64(0);
        for (unsigned knob = CGROUP_MEMORY_MAX; knob <= CGROUP_CPUSET_MEMS; ++knob)
                place->state.has[knob] = true;
        place->state.values[CGROUP_MEMORY_MAX].number = CGROUP_MAX;
        place->state.values[CGROUP_MEMORY_HIGH].number = CGROUP_MAX;
}

void qos_bed_init(QosBed *bed) {
        *bed = (QosBed){};
        connect_parts(bed);
        add_node(bed, 0, LOCALITY_LOCAL, false);
        add_node(bed, 1, LOCALITY_LOCAL, false);
        add_node(bed, 2, LOCALITY_REMOTE, true);
        add_node(bed, 5, LOCALITY_EXCLUDED, false);
        bed->capacity.total_bytes = 64 * GIB;
        bed->capacity.kubepods_bytes = 61 * GIB;
        bed->requests.is_known = true;
        if (qos_places_make(CGROUP_DRIVER_CGROUPFS, "", "/system", "/kube", &bed->places) != 0)
                abort();
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                set_unlimited(&bed->places.items[level]);
        bed->params.manage = ~0u;
        bed->params.kubelet.memory_qos = QOS_GATE_OFF;
        bed->params.kubelet.system_reserved_bytes = 2 * GIB;
        bed->params.kubelet.kube_reserved_bytes = 1 * GIB;
}

/* Of bytes. When they end, all is 0. */

typedef struct Bytes {
        const uint8_t *data;
        size_t n;
} Bytes;

static unsigned take(Bytes *bytes) {
        if (bytes->n == 0)
                return 0;
        --bytes->n;
        return *bytes->data++;
}

static bool flip(Bytes *bytes) {
        return take(bytes) % 2;
}

static uint64_t take_amount(Bytes *bytes) {
        static const uint64_t odd[] = {
                0,         1, 4095, 4096, 4097, QOS_LIMIT_MIN_BYTES, INT64_MAX, UINT64_MAX - 4096,
                UINT64_MAX
        };
        const unsigned kind = take(bytes);
        uint64_t amount = 0;

        if (kind < 32)
                return odd[kind % ELEMENTSOF(odd)];
        if (kind < 160)
                return take(bytes) * (GIB / 4);
        for (unsigned i = 0; i < 8; ++i)
                amount = amount << 8 | take(bytes);
        return amount >> (kind % 64);
}

static NodeSet take_nodes(Bytes *bytes) {
        unsigned bits = take(bytes);
        NodeSet nodes = {};

        for (unsigned i = 0; i < 7; ++i)
                if (bits >> i & 1)
                        nodeset_add(&nodes, i);
        if (bits >> 7)
                nodeset_add(&nodes, 1000);
        return nodes;
}

static void take_machine(QosBed *bed, Bytes *bytes) {
        const unsigned n = take(bytes) % (QOS_BED_NODES + 1);

        for (unsigned i = 0; i < n; ++i) {
                const unsigned bits = take(bytes);
                TopologyNode *node = &bed->nodes[bed->topology.n_nodes++];

                *node = (TopologyNode){
                        .id = i + (i > 3),
                        .locality = bits % _LOCALITY_N,
                        .is_movable_only = bits >> 2 & 1,
                        .is_capacity_known = true,
                };
                if (node->locality != LOCALITY_NONE)
                        node->capacity_bytes = (bits >> 3) * GIB;
        }
        bed->capacity.total_bytes = take_amount(bytes);
        bed->capacity.kubepods_bytes = take_amount(bytes);
}

static void take_requests(QosBed *bed, Bytes *bytes) {
        bed->requests.is_known = take(bytes) % 8 != 0;
        if (!bed->requests.is_known)
                diag_set(&bed->requests.problem, NULL, 0, 0, "nobody knows");
        bed->requests.guaranteed_bytes = take_amount(bytes);
        bed->requests.burstable_bytes = take_amount(bytes);
}

static void take_params(QosParams *params, Bytes *bytes) {
        params->manage = take(bytes) % 4 ? ~0u : take(bytes);
        params->has_reserved_percent = take(bytes) % 8 != 0;
        params->reserved_percent = take(bytes) % 101;
        for (unsigned i = 0; i < ELEMENTSOF(params->masks); ++i)
                params->masks[i] = (QosMask){ .kind = take(bytes) % 5, .nodes = take_nodes(bytes) };
        params->kubelet = (QosKubelet){
                .memory_qos = take(bytes) % 4 ? QOS_GATE_OFF : take(bytes) % 3,
                .writes_qos_reserved = take(bytes) % 8 == 1,
                .enforces_system_reserved = take(bytes) % 4 == 1,
                .enforces_kube_reserved = take(bytes) % 4 == 1,
                .system_reserved_bytes = take_amount(bytes),
                .kube_reserved_bytes = take_amount(bytes),
        };
}

static void take_place(QosPlace *place, Bytes *bytes) {
        CgroupState *state = &place->state;

        place->is_configured = flip(bytes);
        if (flip(bytes))
                memcpy(place->path, "a/b", sizeof("a/b"));
        state->is_there = take(bytes) % 4 != 1;
        for (unsigned knob = CGROUP_MEMORY_MAX; knob <= CGROUP_CPUSET_MEMS; ++knob) {
                state->has[knob] = take(bytes) % 4 != 1;
                if (knob == CGROUP_CPUSET_MEMS)
                        state->values[knob].nodes = take_nodes(bytes);
                else
                        state->values[knob].number = take_amount(bytes);
        }
}

void qos_bed_decode(QosBed *bed, const uint8_t *data, size_t n_data) {
        Bytes bytes = { data, n_data };

        *bed = (QosBed){};
        connect_parts(bed);
        if (take(&bytes) % 8 == 1)
                bed->input.page_bytes = 65536;
        take_machine(bed, &bytes);
        take_requests(bed, &bytes);
        take_params(&bed->params, &bytes);
        bed->places.driver = take(&bytes) % 3;
        for (QosLevel level = 0; level < _QOS_LEVEL_N; ++level)
                take_place(&bed->places.items[level], &bytes);
}

/* Rules */

typedef struct Check {
        const QosInput *input;
        const QosPlan *plan;
        const QosRow *row;
} Check;

static uint64_t get_actual_limit(const Check *check, QosLevel level) {
        const CgroupState *state = &check->input->places->items[level].state;

        return state->is_there && state->has[CGROUP_MEMORY_MAX]
                       ? state->values[CGROUP_MEMORY_MAX].number
                       : CGROUP_MAX;
}

static uint64_t get_intended_limit(const Check *check, QosLevel level) {
        const QosRow *row = qos_plan_find(check->plan, level, CGROUP_MEMORY_MAX);

        return row && row->has_value ? row->value.number : CGROUP_MAX;
}

static unsigned get_manage(const QosRow *row) {
        if (row->level >= QOS_LEVEL_SYSTEM_RESERVED)
                return row->knob == CGROUP_MEMORY_MAX ? QOS_MANAGE_RESERVED_MEMORY_MAX
                                                      : QOS_MANAGE_RESERVED_MEMORY_MIN;
        switch (row->knob) {
        case CGROUP_MEMORY_MAX:
                return QOS_MANAGE_MEMORY_MAX;
        case CGROUP_MEMORY_MIN:
                return QOS_MANAGE_MEMORY_MIN;
        case CGROUP_MEMORY_LOW:
                return QOS_MANAGE_MEMORY_LOW;
        default:
                return QOS_MANAGE_CPUSET_MEMS;
        }
}

static const char *check_form(const Check *check) {
        const QosRow *row = check->row;
        const size_t n_reason = strlen(row->reason);

        if (n_reason == 0)
                return "a reason for everything";
        if (n_reason >= DIAG_TEXT_MAX - 1)
                return "a reason that is whole";
        if (row->has_value && row->is_held_back)
                return "held back or wanted, not both";
        if ((row->owner == QOS_OWNER_SLUGD) != (row->has_value || row->is_held_back))
                return "slugd owns what it wants or holds back";
        if (!row->has_value && (row->value.number || !nodeset_is_empty(&row->value.nodes)))
                return "no value where there is none";
        if (row->owner == QOS_OWNER_SLUGD && !(check->input->params->manage & get_manage(row)))
                return "what is not managed has no value";
        return NULL;
}

static const char *check_limit(const Check *check) {
        const QosKubelet *kubelet = &check->input->params->kubelet;
        const QosRow *row = check->row;
        const uint64_t limit = row->value.number;
        const uint64_t above = check->input->capacity->total_bytes;

        if (limit < check->input->page_bytes)
                return "a limit is never 0";
        if (row->level >= QOS_LEVEL_SYSTEM_RESERVED)
                return NULL;
        if (row->level == QOS_LEVEL_KUBEPODS)
                return "the limit of kubepods is the kubelet's";
        if (!check->input->requests->is_known)
                return "no limit of requests that are not known";
        if (limit > get_actual_limit(check, QOS_LEVEL_KUBEPODS))
                return "no more than the parent has";
        if (kubelet->system_reserved_bytes > above ||
            kubelet->kube_reserved_bytes > above - kubelet->system_reserved_bytes ||
            limit > above - kubelet->system_reserved_bytes - kubelet->kube_reserved_bytes)
                return "no more than capacity less reservations";
        if (row->level == QOS_LEVEL_BESTEFFORT &&
            limit > get_intended_limit(check, QOS_LEVEL_BURSTABLE))
                return "besteffort has no more than burstable";
        return NULL;
}

static const char *check_protection(const Check *check) {
        const QosLevel level = check->row->level, parent = qos_level_parent(level);
        const uint64_t bytes = check->row->value.number;

        if (bytes == CGROUP_MAX && get_actual_limit(check, level) != CGROUP_MAX)
                return "not all can be protected";
        if (bytes > get_actual_limit(check, level) || bytes > get_intended_limit(check, level))
                return "a protection is no more than the limit";
        if (bytes > get_actual_limit(check, parent) || bytes > get_intended_limit(check, parent))
                return "a protection is no more than the parent's limit";
        return NULL;
}

static const char *check_nodes(const Check *check, const NodeSet *nodes) {
        const Topology *topology = check->input->topology;
        const QosMaskKind kind = check->input->params->masks[check->row->level].kind;
        bool has_normal = false;
        unsigned n_known = 0;

        for (size_t i = 0; i < topology->n_nodes; ++i) {
                const TopologyNode *node = &topology->nodes[i];

                if (!nodeset_contains(nodes, node->id))
                        continue;
                ++n_known;
                if (node->capacity_bytes == 0)
                        return "a mask is of memory";
                if (node->locality == LOCALITY_EXCLUDED && kind != QOS_MASK_LIST)
                        return "excluded ones are listed by hand";
                has_normal |= !node->is_movable_only;
        }
        if (n_known != nodeset_count(nodes))
                return "a mask is of NUMA nodes that are there";
        return has_normal ? NULL : "a mask has normal memory";
}

static const char *check_mask(const Check *check) {
        const QosLevel parent = qos_level_parent(check->row->level);
        const CgroupState *state = &check->input->places->items[parent].state;
        const QosRow *above = qos_plan_find(check->plan, parent, CGROUP_CPUSET_MEMS);
        const NodeSet *nodes = &check->row->value.nodes;

        if (parent != check->row->level) {
                const CgroupValue *actual = &state->values[CGROUP_CPUSET_MEMS];
                const bool has_actual = state->is_there && state->has[CGROUP_CPUSET_MEMS] &&
                                        !nodeset_is_empty(&actual->nodes);

                if (above && above->has_value
                            ? !nodeset_is_subset(nodes, &above->value.nodes)
                            : has_actual && !nodeset_is_subset(nodes, &actual->nodes))
                        return "a mask is within the parent's";
        }
        return check_nodes(check, nodes);
}

static const char *check_row(const Check *check) {
        const char *broken = check_form(check);

        if (broken || !check->row->has_value)
                return broken;
        switch (check->row->knob) {
        case CGROUP_MEMORY_MAX:
                return check_limit(check);
        case CGROUP_CPUSET_MEMS:
                return check_mask(check);
        default:
                return check_protection(check);
        }
}

const char *qos_bed_check(const QosInput *input, const QosPlan *plan) {
        const char *broken = NULL;

        for (size_t i = 0; !broken && i < plan->n_rows; ++i) {
                const Check check = { input, plan, &plan->rows[i] };

                broken = check_row(&check);
                if (i > 0 && (plan->rows[i].level < plan->rows[i - 1].level ||
                              (plan->rows[i].level == plan->rows[i - 1].level &&
                               plan->rows[i].knob <= plan->rows[i - 1].knob)))
                        broken = "rows are in order, each once";
        }
        return broken;
}

static bool is_same(const QosRow *a, const QosRow *b) {
        return a->level == b->level && a->knob == b->knob && a->owner == b->owner &&
               a->has_value == b->has_value && a->value.number == b->value.number &&
               nodeset_is_equal(&a->value.nodes, &b->value.nodes) &&
               a->is_held_back == b->is_held_back && strcmp(a->reason, b->reason) == 0;
}

const char *qos_bed_build(const QosInput *input, QosPlan *ret) {
        QosPlan again;

        memset(&again, 0xa5, sizeof(again));
        qos_plan_build(input, ret);
        qos_plan_build(input, &again);
        if (ret->n_rows != again.n_rows)
                return "the same input gives the same plan";
        for (size_t i = 0; i < ret->n_rows; ++i)
                if (!is_same(&ret->rows[i], &again.rows[i]))
                        return "the same input gives the same plan";
        return qos_bed_check(input, ret);
}
