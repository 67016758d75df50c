/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/service.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "k8s/pluginregistration/v1/pluginregistration.pb-c.h"
#include "kubelet/device/prefer.h"
#include "kubelet/device/prestart.h"

#define API_VERSION    "v1beta1"
#define CONTAINERS_MAX 64u
/* All chunks that there can be, twice, with 63 bytes each and what is around them. */
#define REQUEST_MAX (2u * 1024 * 1024)

/* Options and lists */

V1beta1__DevicePluginOptions device_service_get_options(const ChunkSource *source) {
        const Slug__V1__ChunkList *list = chunk_source_get_list(source);
        V1beta1__DevicePluginOptions options = V1BETA1__DEVICE_PLUGIN_OPTIONS__INIT;

        options.get_preferred_allocation_available = true;
        options.pre_start_required = list && list->pre_start_container;
        return options;
}

static void
handle_options(RpcCall *call, const ProtobufCMessage *request _unused_, void *userdata) {
        const DeviceService *service = userdata;
        const V1beta1__DevicePluginOptions options =
                device_service_get_options(service->params.source);

        rpc_call_finish(call, &options.base);
}

static bool push_list(RpcCall *call, RpcCookie *cookie, void *userdata) {
        const DeviceService *service = userdata;

        if (!service->list || cookie->first == service->sequence)
                return true;
        cookie->first = service->sequence;
        return rpc_call_push(call, &service->list->message.base);
}

static void handle_watch(RpcCall *call, const ProtobufCMessage *request _unused_, void *userdata) {
        DeviceService *service = userdata;
        const size_t n_before = service->watchers.n_watchers;

        rpc_watchers_add(&service->watchers, call, (RpcCookie){});
        if (service->watchers.n_watchers > n_before)
                service->params.watched(service->params.userdata);
}

static void on_left(void *userdata) {
        const DeviceService *service = userdata;

        service->params.left(service->params.userdata);
}

void device_service_set_list(DeviceService *service, Advertised *list) {
        if (service->list && advertise_is_equal(service->list, list)) {
                advertise_free(list);
                return;
        }
        advertise_free(service->list);
        service->list = list;
        ++service->sequence;
        rpc_watchers_notify(&service->watchers);
}

/* Allocations */

static void fail(RpcCall *call, const DeviceService *service, int r, const Diag *diag) {
        if (r < 0)
                rpc_call_fail(call, RPC_RESOURCE_EXHAUSTED, "%s: %s", service->params.resource,
                              strerror(-r));
        else
                rpc_call_fail(call, RPC_INVALID_ARGUMENT, "%s: %s", service->params.resource,
                              diag->text);
}

static int prefer(const DeviceService *service,
                  const V1beta1__PreferredAllocationRequest *request,
                  Arena *arena,
                  V1beta1__PreferredAllocationResponse *ret,
                  Diag *reterr) {
        const size_t n = request->n_container_requests;
        V1beta1__ContainerPreferredAllocationResponse *items;

        if (n > CONTAINERS_MAX) {
                diag_set(reterr, NULL, 0, 0, "%zu containers in one request, at most %u", n,
                         CONTAINERS_MAX);
                return PREFER_E_INVALID;
        }
        items = arena_alloc_array(arena, n + 1, sizeof(*items));
        ret->container_responses =
                arena_alloc_array(arena, n + 1, sizeof(*ret->container_responses));
        if (!items || !ret->container_responses)
                return -ENOMEM;
        for (size_t i = 0; i < n; ++i) {
                int r;

                v1beta1__container_preferred_allocation_response__init(&items[i]);
                r = prefer_chunks(chunk_source_get_list(service->params.source),
                                  request->container_requests[i], arena, &items[i], reterr);
                if (r)
                        return r;
                ret->container_responses[ret->n_container_responses++] = &items[i];
        }
        return 0;
}

static void handle_preferred(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        V1beta1__PreferredAllocationResponse response =
                V1BETA1__PREFERRED_ALLOCATION_RESPONSE__INIT;
        const DeviceService *service = userdata;
        Diag diag = {};
        int r = prefer(service, (const V1beta1__PreferredAllocationRequest *)message,
                       rpc_call_get_arena(call), &response, &diag);

        if (r)
                fail(call, service, r, &diag);
        else
                rpc_call_finish(call, &response.base);
}

static void handle_allocate(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        const DeviceService *service = userdata;
        const Slug__V1__ChunkList *list = chunk_source_get_list(service->params.source);

        allocator_start(service->params.allocator, call, service->params.resource,
                        list ? list->cdi_device : "", (const V1beta1__AllocateRequest *)message);
}

static void handle_prestart(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        static const V1beta1__PreStartContainerResponse response =
                V1BETA1__PRE_START_CONTAINER_RESPONSE__INIT;
        const V1beta1__PreStartContainerRequest *request =
                (const V1beta1__PreStartContainerRequest *)message;
        const DeviceService *service = userdata;
        const ChunkSource *source = service->params.source;
        Diag diag = {};
        int r = 0;

        if (device_service_get_options(source).pre_start_required)
                r = prestart_check(&(const PrestartParams){ .list = chunk_source_get_list(source),
                                                            .state = chunk_source_get_state(source),
                                                            .ids = request->devices_ids,
                                                            .n_ids = request->n_devices_ids },
                                   rpc_call_get_arena(call), &diag);
        if (r > 0)
                rpc_call_fail(call, RPC_FAILED_PRECONDITION, "%s: %s", service->params.resource,
                              diag.text);
        else if (r < 0)
                fail(call, service, r, &diag);
        else
                rpc_call_finish(call, &response.base);
}

/* plugins_registry */

static void handle_info(RpcCall *call, const ProtobufCMessage *request _unused_, void *userdata) {
        Pluginregistration__PluginInfo info = PLUGINREGISTRATION__PLUGIN_INFO__INIT;
        const DeviceService *service = userdata;
        char *versions[] = { (char *)API_VERSION };

        /* no endpoint: it is this very socket, whatever the kubelet calls it */
        info.type = (char *)"DevicePlugin";
        info.name = (char *)service->params.resource;
        info.supported_versions = versions;
        info.n_supported_versions = ELEMENTSOF(versions);
        rpc_call_finish(call, &info.base);
}

static void handle_status(RpcCall *call, const ProtobufCMessage *message, void *userdata) {
        static const Pluginregistration__RegistrationStatusResponse response =
                PLUGINREGISTRATION__REGISTRATION_STATUS_RESPONSE__INIT;
        const Pluginregistration__RegistrationStatus *status =
                (const Pluginregistration__RegistrationStatus *)message;
        const DeviceService *service = userdata;
        const char *error = status->error[0] ? status->error : "it does not say why";

        service->params.registered(status->plugin_registered ? "" : error,
                                   service->params.userdata);
        rpc_call_finish(call, &response.base);
}

/* Tables */

#define METHOD(Path, function, in, out, ...)                                                       \
        {                                                                                          \
                .path = (Path), .input = &in##__descriptor, .output = &out##__descriptor,          \
                .handler = (function), .role = RPC_ROLE_ADMIN, .max_request_bytes = REQUEST_MAX,   \
                __VA_ARGS__                                                                        \
        }

static const RpcMethod plugin_methods[] = {
        METHOD("/v1beta1.DevicePlugin/GetDevicePluginOptions",
               handle_options,
               v1beta1__empty,
               v1beta1__device_plugin_options),
        METHOD("/v1beta1.DevicePlugin/ListAndWatch",
               handle_watch,
               v1beta1__empty,
               v1beta1__list_and_watch_response,
               .kind = RPC_SERVER_STREAM),
        METHOD("/v1beta1.DevicePlugin/GetPreferredAllocation",
               handle_preferred,
               v1beta1__preferred_allocation_request,
               v1beta1__preferred_allocation_response),
        METHOD("/v1beta1.DevicePlugin/Allocate",
               handle_allocate,
               v1beta1__allocate_request,
               v1beta1__allocate_response),
        METHOD("/v1beta1.DevicePlugin/PreStartContainer",
               handle_prestart,
               v1beta1__pre_start_container_request,
               v1beta1__pre_start_container_response),
};

static const RpcMethod registration_methods[] = {
        METHOD("/pluginregistration.Registration/GetInfo",
               handle_info,
               pluginregistration__info_request,
               pluginregistration__plugin_info),
        METHOD("/pluginregistration.Registration/NotifyRegistrationStatus",
               handle_status,
               pluginregistration__registration_status,
               pluginregistration__registration_status_response),
};

void device_service_init(DeviceService *service, const DeviceServiceParams *params) {
        *service = (DeviceService){
                .params = *params,
                .watchers = { .push = push_list, .left = on_left, .userdata = service },
                .plugin = { .methods = plugin_methods,
                            .n_methods = ELEMENTSOF(plugin_methods),
                            .userdata = service },
                .registration = { .methods = registration_methods,
                                  .n_methods = ELEMENTSOF(registration_methods),
                                  .userdata = service },
                .services = { &service->plugin, &service->registration },
                .table = { .services = service->services,
                           .n_services = ELEMENTSOF(service->services),
                           .role_help = "this socket is the kubelet's, which is root" },
        };
}

void device_service_deinit(DeviceService *service) {
        service->list = advertise_free(service->list);
}

RpcRole device_service_get_role(const RpcPeer *peer, void *userdata _unused_) {
        return peer->is_known && (peer->uid == 0 || peer->uid == geteuid()) ? RPC_ROLE_ADMIN
                                                                            : RPC_ROLE_ANYONE;
}
