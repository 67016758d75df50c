/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The managed cgroups as a message
 *
 * Levels from the top down, and where they were asked for the pods of each below it, with their
 * containers: every cgroup stands before what is in it. Pods are those of the last look at them.
 */

#include "service/qos-messages.h"

/* Levels that are listed, each with the class of the pods that are right in it. */
static const struct {
        QosLevel level;
        QosClass qos; /* QOS_UNKNOWN: no pods */
        uint32_t depth;
} levels[] = {
        { QOS_LEVEL_KUBEPODS, QOS_GUARANTEED, 0 },    { QOS_LEVEL_BURSTABLE, QOS_BURSTABLE, 1 },
        { QOS_LEVEL_BESTEFFORT, QOS_BEST_EFFORT, 1 }, { QOS_LEVEL_SYSTEM_RESERVED, QOS_UNKNOWN, 0 },
        { QOS_LEVEL_KUBE_RESERVED, QOS_UNKNOWN, 0 },
};

typedef struct List {
        Arena *arena;
        const NodeView *view;
        const Inventory *inventory;      /* NULL: without pods */
        Slug__V1__ManagedCgroup **items; /* with room for all */
        size_t n_items;
} List;

static Slug__V1__ManagedCgroup *add(List *list, const char *path, uint32_t depth) {
        Slug__V1__ManagedCgroup *cgroup = list->items[list->n_items];

        cgroup->path = arena_strdup(list->arena, path);
        cgroup->depth = depth;
        if (!cgroup->path)
                return NULL;
        ++list->n_items;
        return cgroup;
}

static int set_nodes(Arena *arena,
                     const PodsNodeBytes *nodes,
                     size_t n_nodes,
                     Slug__V1__ManagedCgroup *cgroup) {
        cgroup->numa_nodes = MESSAGE_LIST(arena, n_nodes, Slug__V1__CgroupNumaNode,
                                          SLUG__V1__CGROUP_NUMA_NODE__INIT);
        if (!cgroup->numa_nodes)
                return -ENOMEM;
        cgroup->n_numa_nodes = n_nodes;
        for (size_t i = 0; i < n_nodes; ++i) {
                cgroup->numa_nodes[i]->numa_node = nodes[i].node;
                cgroup->numa_nodes[i]->bytes = nodes[i].bytes;
        }
        return 0;
}

/* Levels */

static int set_knobs(List *list, QosLevel level, Slug__V1__ManagedCgroup *cgroup) {
        const QosView *qos = list->view->qos;
        const CgroupState *state = &qos->places->items[level].state;

        cgroup->knobs = MESSAGE_LIST(list->arena, _CGROUP_KNOB_N, Slug__V1__CgroupKnobValue,
                                     SLUG__V1__CGROUP_KNOB_VALUE__INIT);
        if (!cgroup->knobs)
                return -ENOMEM;
        for (unsigned knob = 0; state->is_there && knob < _CGROUP_KNOB_N; ++knob) {
                const QosRow *row = qos_plan_find(qos->plan, level, (CgroupKnob)knob);
                Slug__V1__CgroupKnobValue *message;

                if (!state->has[knob])
                        continue;
                message = cgroup->knobs[cgroup->n_knobs];
                message->knob = (char *)cgroup_knob_file((CgroupKnob)knob);
                message->is_held_back = row && row->is_held_back;
                message->owner = qos_encode_owner(row ? row->owner : QOS_OWNER_NOBODY);
                message->status = row ? qos_encode_row_status(qos, row)
                                      : qos_encode_status(QOS_STATUS_UNMANAGED);
                message->value =
                        qos_format_value(list->arena, (CgroupKnob)knob, &state->values[knob]);
                if (!message->value)
                        return -ENOMEM;
                ++cgroup->n_knobs;
        }
        return 0;
}

static int add_level(List *list, QosLevel level, uint32_t depth, const LevelUsage *usage) {
        const QosPlace *place = &list->view->qos->places->items[level];
        Slug__V1__ManagedCgroup *cgroup = add(list, place->path, depth);
        const OptU64 bytes = usage && usage->bytes[level].present ? usage->bytes[level]
                                                                  : place->state.current_bytes;
        int r;

        if (!cgroup)
                return -ENOMEM;
        cgroup->level = (char *)qos_level_name(level);
        message_set(&cgroup->base, "memory_current_bytes", bytes);
        r = set_knobs(list, level, cgroup);
        if (r || !usage)
                return r;
        return set_nodes(list->arena, usage->nodes[level].items, usage->nodes[level].n_items,
                         cgroup);
}

/* Pods */

/* What the kubelet, or the runtime in its name, has written there. */
static int set_limit(Arena *arena, const PodsUsage *usage, Slug__V1__ManagedCgroup *cgroup) {
        const CgroupValue value = { .number = usage->max_bytes.present ? usage->max_bytes.value
                                                                       : CGROUP_MAX };

        if (!usage->bytes.present)
                return 0;
        cgroup->knobs = MESSAGE_LIST(arena, 1, Slug__V1__CgroupKnobValue,
                                     SLUG__V1__CGROUP_KNOB_VALUE__INIT);
        if (!cgroup->knobs)
                return -ENOMEM;
        cgroup->n_knobs = 1;
        cgroup->knobs[0]->knob = (char *)cgroup_knob_file(CGROUP_MEMORY_MAX);
        cgroup->knobs[0]->owner = SLUG__V1__KNOB_OWNER__KNOB_OWNER_KUBELET;
        cgroup->knobs[0]->status = SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNMANAGED;
        cgroup->knobs[0]->value = qos_format_value(arena, CGROUP_MEMORY_MAX, &value);
        return cgroup->knobs[0]->value ? 0 : -ENOMEM;
}

static int set_usage(Arena *arena, const PodsUsage *usage, Slug__V1__ManagedCgroup *cgroup) {
        int r;

        message_set(&cgroup->base, "memory_current_bytes", usage->bytes);
        r = set_limit(arena, usage, cgroup);
        return r ? r : set_nodes(arena, usage->nodes, usage->n_nodes, cgroup);
}

static int name_pod(Arena *arena, const InventoryPod *pod, Slug__V1__ManagedCgroup *cgroup) {
        cgroup->pod_uid = arena_strdup(arena, pod->uid);
        if (pod->report && pod->report->name[0])
                cgroup->pod_name = arena_printf(arena, "%s/%s", pod->report->namespace_name,
                                                pod->report->name);
        return cgroup->pod_uid && cgroup->pod_name ? 0 : -ENOMEM;
}

static int
add_container(List *list, const InventoryPod *pod, const InventoryContainer *from, uint32_t depth) {
        Slug__V1__ManagedCgroup *cgroup = add(list, from->tree->path, depth);
        const bool is_named = from->report && from->report->name[0];
        int r;

        if (!cgroup)
                return -ENOMEM;
        cgroup->container =
                arena_strdup(list->arena, is_named ? from->report->name : from->tree->id);
        r = cgroup->container ? name_pod(list->arena, pod, cgroup) : -ENOMEM;
        return r ? r : set_usage(list->arena, &from->tree->usage, cgroup);
}

static int add_pod(List *list, const InventoryPod *pod, uint32_t depth) {
        Slug__V1__ManagedCgroup *cgroup = add(list, pod->tree->path, depth);
        int r;

        if (!cgroup)
                return -ENOMEM;
        r = name_pod(list->arena, pod, cgroup);
        if (r == 0)
                r = set_usage(list->arena, &pod->tree->usage, cgroup);
        for (size_t i = 0; r == 0 && i < pod->n_containers; ++i)
                if (pod->containers[i].tree)
                        r = add_container(list, pod, &pod->containers[i], depth + 1);
        return r;
}

static int add_pods(List *list, QosClass qos, uint32_t depth) {
        int r = 0;

        for (size_t i = 0; list->inventory && r == 0 && i < list->inventory->n_pods; ++i) {
                const InventoryPod *pod = &list->inventory->pods[i];

                if (pod->tree && pod->tree->qos == qos)
                        r = add_pod(list, pod, depth);
        }
        return r;
}

static size_t count_most(const Inventory *inventory) {
        size_t n = _QOS_LEVEL_N;

        for (size_t i = 0; inventory && i < inventory->n_pods; ++i)
                n += 1 + inventory->pods[i].n_containers;
        return n;
}

/* What is not there is listed only where somebody has said that it should be. */
static bool is_listed(const QosView *view, QosLevel level) {
        const QosPlace *place = &view->places->items[level];

        return place->state.is_there || (place->is_configured && place->path[0]);
}

static int fill(List *list, const LevelUsage *usage) {
        const QosView *qos = list->view->qos;
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(levels); ++i) {
                const QosLevel level = levels[i].level;

                if (!is_listed(qos, level))
                        continue;
                r = add_level(list, level, levels[i].depth, usage);
                /* guaranteed pods have no level of their own, and are below kubepods */
                if (r == 0 && levels[i].qos != QOS_UNKNOWN)
                        r = add_pods(list, levels[i].qos, levels[i].depth + 1);
        }
        return r;
}

int qos_build_cgroups(Arena *arena,
                      const NodeView *view,
                      const LevelUsage *usage,
                      bool with_pods,
                      Slug__V1__ListCgroupsResponse **ret) {
        List list = { .arena = arena, .view = view };
        Slug__V1__ListCgroupsResponse **answer = MESSAGE_LIST(
                arena, 1, Slug__V1__ListCgroupsResponse, SLUG__V1__LIST_CGROUPS_RESPONSE__INIT);
        int r;

        if (!answer)
                return -ENOMEM;
        *ret = answer[0];
        if (!view->qos || !view->qos->plan)
                return 0;
        if (with_pods && view->pods)
                list.inventory = view->pods->inventory;
        list.items = MESSAGE_LIST(arena, count_most(list.inventory), Slug__V1__ManagedCgroup,
                                  SLUG__V1__MANAGED_CGROUP__INIT);
        if (!list.items)
                return -ENOMEM;
        r = fill(&list, usage);
        answer[0]->driver = (char *)cgroup_driver_name(view->qos->places->driver);
        answer[0]->cgroups = list.items;
        answer[0]->n_cgroups = list.n_items;
        return r;
}

void node_list_cgroups(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        NodeService *self = userdata;
        const Slug__V1__ListCgroupsRequest *request = (const Slug__V1__ListCgroupsRequest *)message;
        const QosView *qos = self->view.qos;
        Slug__V1__ListCgroupsResponse *response;

        if (self->root && qos && qos->plan)
                level_usage_refresh(&self->level_usage, self->root, qos);
        if (qos_build_cgroups(rpc_call_get_arena(call), &self->view, &self->level_usage,
                              request->with_pods, &response) < 0)
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "not enough memory for the answer");
        else
                rpc_call_finish(call, &response->base);
}
