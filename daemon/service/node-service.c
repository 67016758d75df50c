/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slug.v1.NodeService
 *
 * Handlers from view to message. Each builds its answer in the call's arena from the current view,
 * and no call changes the view. Watches are told whenever there is another one. Limits and cgroups
 * have files of their own.
 */
#include "service/node-service.h"

#include "service/answer.h"
#include "service/messages.h"
#include "service/qos-messages.h"

static void describe_node(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const NodeService *self = userdata;
        Slug__V1__DescribeNodeResponse *response;

        (void)request; /* it has no fields */
        if (message_build_description(rpc_call_get_arena(call), &self->view, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response->base);
}

static void get_topology(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const NodeService *self = userdata;
        Slug__V1__GetTopologyResponse response = SLUG__V1__GET_TOPOLOGY_RESPONSE__INIT;

        (void)request; /* it has no fields */
        if (message_build_topology(rpc_call_get_arena(call), self->view.topology,
                                   &response.topology) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response.base);
}

static void fail_unknown_node(RpcCall *call, const Topology *topology, unsigned id) {
        char text[NODESET_TEXT_MAX];
        NodeSet nodes = {};

        for (size_t i = 0; i < topology->n_nodes; ++i)
                nodeset_add(&nodes, topology->nodes[i].id);
        rpc_call_fail(call, RPC_NOT_FOUND, "there is no NUMA node %u; there are %s", id,
                      nodeset_format(&nodes, text));
}

static void explain(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const NodeService *self = userdata;
        const Topology *topology = self->view.topology;
        const Slug__V1__ExplainRequest *request = (const Slug__V1__ExplainRequest *)message;
        Slug__V1__ExplainResponse *response;
        size_t i = 0;

        while (i < topology->n_nodes && topology->nodes[i].id != request->numa_node)
                ++i;
        if (i == topology->n_nodes)
                fail_unknown_node(call, topology, request->numa_node);
        else if (message_build_explanation(rpc_call_get_arena(call), &self->view, i, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response->base);
}

static void get_config(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const NodeService *self = userdata;
        Slug__V1__GetConfigResponse *response;

        (void)request; /* it has no fields */
        if (message_build_config(rpc_call_get_arena(call), &self->view, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response->base);
}

static void list_changes(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const NodeService *self = userdata;
        const Slug__V1__ListChangesRequest *request = (const Slug__V1__ListChangesRequest *)message;
        Slug__V1__ListChangesResponse *response;

        if (message_build_changes(rpc_call_get_arena(call), &self->view, request->after_generation,
                                  &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response->base);
}

static void list_findings(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const NodeService *self = userdata;
        Slug__V1__ListFindingsResponse *response;

        (void)request; /* it has no fields */
        if (message_build_findings(rpc_call_get_arena(call), &self->view, &response) < 0)
                answer_fail_memory(call);
        else
                rpc_call_finish(call, &response->base);
}

static const SplitHistory *get_splits(const NodeService *service) {
        return service->view.enforce ? service->view.enforce->history : NULL;
}

static RpcCookie get_newest(const NodeService *service) {
        return (RpcCookie){
                .first = service->view.topology->generation,
                .second = service->cgroup_events ? service->cgroup_events->last_number : 0,
                .third = get_splits(service) ? get_splits(service)->last_number : 0,
        };
}

/* What happened since. */
static int build_events(Arena *arena,
                        const NodeService *self,
                        const RpcCookie *seen,
                        Slug__V1__WatchResponse *response) {
        const SplitHistory *splits = get_splits(self);
        int r = 0;

        if (self->cgroup_events)
                r = message_build_cgroup_events(arena, self->cgroup_events, seen->second,
                                                &response->n_cgroup_events,
                                                &response->cgroup_events);
        if (r == 0 && splits)
                r = message_build_split_events(arena, splits, seen->third,
                                               &response->n_split_events, &response->split_events);
        return r;
}

/* @seen: the generation, and the numbers of the last event of a cgroup and of a split. */
static bool push_state(RpcCall *call, RpcCookie *seen, void *userdata) {
        const NodeService *self = userdata;
        Arena *arena = rpc_call_get_arena(call);
        Slug__V1__WatchResponse response = SLUG__V1__WATCH_RESPONSE__INIT;

        if (message_build_description(arena, &self->view, &response.node) < 0 ||
            message_build_changes(arena, &self->view, seen->first, &response.changes) < 0 ||
            build_events(arena, self, seen, &response) < 0) {
                answer_fail_memory(call);
                return false;
        }
        *seen = get_newest(self);
        return rpc_call_push(call, &response.base);
}

static void watch(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        NodeService *self = userdata;
        const Slug__V1__WatchRequest *request = (const Slug__V1__WatchRequest *)message;
        RpcCookie seen = get_newest(self);

        if (request->_after_generation_case ==
            SLUG__V1__WATCH_REQUEST___AFTER_GENERATION_AFTER_GENERATION)
                seen.first = request->after_generation;
        rpc_watchers_add(&self->watchers, call, seen);
}

static void get_version(RpcCall *call, const ProtobufCMessage *request, void *userdata) {
        const NodeService *self = userdata;
        Slug__V1__GetVersionResponse response = SLUG__V1__GET_VERSION_RESPONSE__INIT;

        (void)request; /* it has no fields */
        response.version = (char *)PACKAGE_VERSION;
        response.root = (char *)self->view.root;
        rpc_call_finish(call, &response.base);
}

void node_service_init(NodeService *service) {
        static const RpcMethod methods[] = {
                {
                        .path = "/slug.v1.NodeService/DescribeNode",
                        .input = &slug__v1__describe_node_request__descriptor,
                        .output = &slug__v1__describe_node_response__descriptor,
                        .handler = describe_node,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/GetTopology",
                        .input = &slug__v1__get_topology_request__descriptor,
                        .output = &slug__v1__get_topology_response__descriptor,
                        .handler = get_topology,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/Explain",
                        .input = &slug__v1__explain_request__descriptor,
                        .output = &slug__v1__explain_response__descriptor,
                        .handler = explain,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/GetConfig",
                        .input = &slug__v1__get_config_request__descriptor,
                        .output = &slug__v1__get_config_response__descriptor,
                        .handler = get_config,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/ListChanges",
                        .input = &slug__v1__list_changes_request__descriptor,
                        .output = &slug__v1__list_changes_response__descriptor,
                        .handler = list_changes,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/Plan",
                        .input = &slug__v1__plan_request__descriptor,
                        .output = &slug__v1__plan_response__descriptor,
                        .handler = node_plan,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/ListFindings",
                        .input = &slug__v1__list_findings_request__descriptor,
                        .output = &slug__v1__list_findings_response__descriptor,
                        .handler = list_findings,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/ListCgroups",
                        .input = &slug__v1__list_cgroups_request__descriptor,
                        .output = &slug__v1__list_cgroups_response__descriptor,
                        .handler = node_list_cgroups,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/Withdraw",
                        .input = &slug__v1__withdraw_request__descriptor,
                        .output = &slug__v1__withdraw_response__descriptor,
                        .handler = node_withdraw,
                        .role = RPC_ROLE_ADMIN,
                },
                {
                        .path = "/slug.v1.NodeService/GetVersion",
                        .input = &slug__v1__get_version_request__descriptor,
                        .output = &slug__v1__get_version_response__descriptor,
                        .handler = get_version,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
                {
                        .path = "/slug.v1.NodeService/Watch",
                        .input = &slug__v1__watch_request__descriptor,
                        .output = &slug__v1__watch_response__descriptor,
                        .handler = watch,
                        .kind = RPC_SERVER_STREAM,
                        .has_no_side_effects = true,
                        .role = RPC_ROLE_READER,
                },
        };

        *service = (NodeService){
                .watchers = { .push = push_state, .userdata = service },
                .service = {
                        .methods = methods,
                        .n_methods = ELEMENTSOF(methods),
                        .userdata = service,
                },
        };
}

void node_service_set_view(NodeService *service, const NodeView *view) {
        service->view = *view;
        node_service_notify(service);
}

void node_service_notify(NodeService *service) {
        rpc_watchers_notify(&service->watchers);
}
