/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan as a message
 *
 * A knob for each row of the plan, also for those that slugd leaves alone. Values are texts as the
 * kernel shows them, so that a person can compare them with the file.
 */
#include <inttypes.h>

#include "service/limits.h"
#include "service/qos-messages.h"

Slug__V1__KnobOwner qos_encode_owner(QosOwner owner) {
        switch (owner) {
        case QOS_OWNER_NOBODY:
                return SLUG__V1__KNOB_OWNER__KNOB_OWNER_NOBODY;
        case QOS_OWNER_SLUGD:
                return SLUG__V1__KNOB_OWNER__KNOB_OWNER_SLUGD;
        case QOS_OWNER_KUBELET:
                return SLUG__V1__KNOB_OWNER__KNOB_OWNER_KUBELET;
        }
        return SLUG__V1__KNOB_OWNER__KNOB_OWNER_UNSPECIFIED;
}

Slug__V1__KnobStatus qos_encode_status(QosStatus status) {
        switch (status) {
        case QOS_STATUS_UNMANAGED:
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNMANAGED;
        case QOS_STATUS_ABSENT:
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_ABSENT;
        case QOS_STATUS_WRITING:
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_WRITING;
        case QOS_STATUS_ACHIEVED:
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_ACHIEVED;
        case QOS_STATUS_PENDING:
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_PENDING;
        case QOS_STATUS_REFUSED:
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_REFUSED;
        case QOS_STATUS_CONTENDED:
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_CONTENDED;
        case _QOS_STATUS_N:
                break;
        }
        return SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNSPECIFIED;
}

Slug__V1__KnobStatus qos_encode_row_status(const QosView *view, const QosRow *row) {
        const QosStatus status = view->knobs[row - view->plan->rows].status;

        if (status == QOS_STATUS_UNMANAGED && row->has_value && view->problem && view->problem[0])
                return SLUG__V1__KNOB_STATUS__KNOB_STATUS_NOT_WRITTEN;
        return qos_encode_status(status);
}

char *qos_format_value(Arena *arena, CgroupKnob knob, const CgroupValue *value) {
        char text[CGROUP_VALUE_TEXT_MAX];

        return arena_strdup(arena, cgroup_value_format(knob, value, text));
}

static int set_value(Arena *arena,
                     CgroupKnob knob,
                     const CgroupValue *value,
                     const char *field,
                     Slug__V1__PlannedKnob *message) {
        char *text = qos_format_value(arena, knob, value);

        if (!text)
                return -ENOMEM;
        message_set_text(&message->base, field, text);
        return 0;
}

static int
set_values(Arena *arena, const QosView *view, const QosRow *row, Slug__V1__PlannedKnob *message) {
        const QosPlace *place = &view->places->items[row->level];
        const QosRecordItem *item =
                view->record ? qos_record_find(view->record, place->path, row->knob) : NULL;
        int r = 0;

        if (row->has_value)
                r = set_value(arena, row->knob, &row->value, "intended", message);
        if (r == 0 && place->state.is_there && place->state.has[row->knob])
                r = set_value(arena, row->knob, &place->state.values[row->knob], "current",
                              message);
        if (r == 0 && item)
                r = set_value(arena, row->knob, &item->before, "before", message);
        return r;
}

static int fill_knob(Arena *arena, const QosView *view, size_t i, Slug__V1__PlannedKnob *message) {
        const QosRow *row = &view->plan->rows[i];
        const QosKnob *knob = &view->knobs[i];

        message->level = (char *)qos_level_name(row->level);
        message->path = arena_strdup(arena, view->places->items[row->level].path);
        message->knob = (char *)cgroup_knob_file(row->knob);
        message->owner = qos_encode_owner(row->owner);
        message->reason = arena_strdup(arena, row->reason);
        message->status = qos_encode_row_status(view, row);
        message->is_held_back = row->is_held_back;
        if (knob->status == QOS_STATUS_REFUSED) {
                char text[LIMITS_ERROR_MAX];

                message->error = arena_strdup(arena, limits_format_error(knob, text));
        }
        if (!message->path || !message->reason || !message->error)
                return -ENOMEM;
        return set_values(arena, view, row, message);
}

static int
build_requests(Arena *arena, const QosRequests *requests, Slug__V1__PlanResponse *message) {
        Slug__V1__RequestSum **list =
                MESSAGE_LIST(arena, 1, Slug__V1__RequestSum, SLUG__V1__REQUEST_SUM__INIT);
        char text[DIAG_FORMATTED_MAX];

        if (!list)
                return -ENOMEM;
        list[0]->is_known = requests->is_known;
        if (!requests->is_known)
                list[0]->problem = arena_strdup(arena, diag_format(&requests->problem, text));
        list[0]->guaranteed_bytes = requests->guaranteed_bytes;
        list[0]->burstable_bytes = requests->burstable_bytes;
        list[0]->guaranteed_pods = requests->n_guaranteed;
        list[0]->burstable_pods = requests->n_burstable;
        list[0]->besteffort_pods = requests->n_besteffort;
        message->requests = list[0];
        return list[0]->problem ? 0 : -ENOMEM;
}

/* Those by NUMA node have no cgroup of their own: the level's stands for all that is below it. */
static int
fill_node_limit(Arena *arena, const QosView *view, size_t i, Slug__V1__PlannedKnob *message) {
        const NodeLimitsView *limits = view->node_limits;
        const QosNodeLimitRow *row = &limits->plan->rows[i];

        message->level = (char *)qos_level_name(row->level);
        message->path = arena_strdup(arena, view->places->items[row->level].path);
        message->knob = (char *)cgroup_node_limit_file(row->node);
        message->owner = SLUG__V1__KNOB_OWNER__KNOB_OWNER_SLUGD;
        message->reason = arena_strdup(arena, row->reason);
        message->status = qos_encode_status(limits->statuses[i]);
        message->is_held_back = !row->has_value;
        if (limits->statuses[i] == QOS_STATUS_REFUSED)
                message->error = arena_strdup(arena, limits->problem);
        if (!message->path || !message->reason || !message->error)
                return -ENOMEM;
        if (row->has_value) {
                char *text = arena_printf(arena, "%" PRIu64, row->mib);

                if (!text)
                        return -ENOMEM;
                message_set_text(&message->base, "intended", text);
                if (limits->statuses[i] == QOS_STATUS_ACHIEVED)
                        message_set_text(&message->base, "current", text);
        }
        return 0;
}

static size_t count_node_limits(const QosView *view) {
        return view->node_limits && view->node_limits->plan ? view->node_limits->plan->n_rows : 0;
}

static int fill_plan(Arena *arena, const QosView *view, Slug__V1__PlanResponse *message) {
        const QosPlan *plan = view->plan;
        const size_t n_node_limits = count_node_limits(view);
        int r;

        message->driver = (char *)cgroup_driver_name(view->places->driver);
        message->problem = arena_strdup(arena, view->problem ? view->problem : "");
        message->knobs = MESSAGE_LIST(arena, plan->n_rows + n_node_limits, Slug__V1__PlannedKnob,
                                      SLUG__V1__PLANNED_KNOB__INIT);
        if (!message->problem || !message->knobs)
                return -ENOMEM;
        message->n_knobs = plan->n_rows + n_node_limits;
        for (size_t i = 0; i < plan->n_rows; ++i) {
                r = fill_knob(arena, view, i, message->knobs[i]);
                if (r)
                        return r;
        }
        for (size_t i = 0; i < n_node_limits; ++i) {
                r = fill_node_limit(arena, view, i, message->knobs[plan->n_rows + i]);
                if (r)
                        return r;
        }
        return build_requests(arena, view->requests, message);
}

int qos_build_plan(Arena *arena, const QosView *view, Slug__V1__PlanResponse **ret) {
        Slug__V1__PlanResponse **list =
                MESSAGE_LIST(arena, 1, Slug__V1__PlanResponse, SLUG__V1__PLAN_RESPONSE__INIT);

        if (!list)
                return -ENOMEM;
        *ret = list[0];
        if (view && view->plan)
                return fill_plan(arena, view, list[0]);
        list[0]->problem = (char *)"nobody has looked at the QoS cgroups yet";
        return 0;
}

void node_plan(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const NodeService *self = userdata;
        Slug__V1__PlanResponse *response;

        (void)request; /* it has no fields */
        if (qos_build_plan(rpc_call_get_arena(call), self->view.qos, &response) < 0)
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "not enough memory for the answer");
        else
                rpc_call_finish(call, &response->base);
}
