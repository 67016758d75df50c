/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/kubelet-double.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "k8s/pluginregistration/v1/pluginregistration.pb-c.h"
#include "rpc/server.h"

#define METHOD(name) ("/v1beta1.DevicePlugin/" name)

static void require(bool is_so, const char *what) {
        if (is_so)
                return;
        (void)fprintf(stderr, "kubelet double: %s\n", what);
        abort();
}

static void happened(const KubeletPlugin *plugin, const char *what) {
        if (plugin->kubelet->happened)
                plugin->kubelet->happened(plugin, what, plugin->kubelet->userdata);
}

static void call(KubeletPlugin *plugin,
                 const char *path,
                 const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *output,
                 void (*message)(const ProtobufCMessage *response, void *userdata),
                 void (*ended)(const RpcResult *result, void *userdata)) {
        require(rpc_client_call(plugin->client,
                                &(const RpcClientCallParams){
                                        .path = path,
                                        .request = request,
                                        .output = output,
                                        .timeout_usec = opt_u64(10 * USEC_PER_SEC),
                                        .message = message,
                                        .ended = ended,
                                        .userdata = plugin,
                                },
                                NULL) == 0,
                "no call");
}

static const V1beta1__Empty empty = V1BETA1__EMPTY__INIT;

/* Watching */

static void on_list(const ProtobufCMessage *message, void *userdata) {
        KubeletPlugin *plugin = userdata;
        uint8_t *data = malloc(protobuf_c_message_get_packed_size(message) + 1);
        size_t n;

        require(data, "no memory");
        n = protobuf_c_message_pack(message, data);
        if (plugin->list)
                v1beta1__list_and_watch_response__free_unpacked(plugin->list, NULL);
        plugin->list = v1beta1__list_and_watch_response__unpack(NULL, n, data);
        free(data);
        ++plugin->n_lists;
        happened(plugin, "list");
}

static void on_watch_ended(const RpcResult *result, void *userdata) {
        KubeletPlugin *plugin = userdata;

        (void)result;
        plugin->watch = NULL;
        plugin->is_watching = false;
        ++plugin->n_ends;
        happened(plugin, "end");
}

static void watch(KubeletPlugin *plugin) {
        ++plugin->n_watches;
        plugin->is_watching = true;
        require(rpc_client_call(plugin->client,
                                &(const RpcClientCallParams){
                                        .path = METHOD("ListAndWatch"),
                                        .request = &empty.base,
                                        .output = &v1beta1__list_and_watch_response__descriptor,
                                        .gives_stream = true,
                                        .message = on_list,
                                        .ended = on_watch_ended,
                                        .userdata = plugin,
                                },
                                &plugin->watch) == 0,
                "no watch");
        happened(plugin, "registered");
}

void kubelet_double_hang_up(KubeletPlugin *plugin) {
        if (plugin->watch)
                rpc_client_cancel(plugin->watch);
        plugin->watch = NULL;
        plugin->is_watching = false;
}

/* Dialling */

static void on_options(const ProtobufCMessage *message, void *userdata) {
        KubeletPlugin *plugin = userdata;

        plugin->options = *(const V1beta1__DevicePluginOptions *)message;
}

static void on_notified(const RpcResult *result, void *userdata) {
        (void)result;
        (void)userdata;
}

static void notify(KubeletPlugin *plugin, const char *error) {
        Pluginregistration__RegistrationStatus status =
                PLUGINREGISTRATION__REGISTRATION_STATUS__INIT;

        status.plugin_registered = !error;
        status.error = (char *)(error ? error : "");
        call(plugin, "/pluginregistration.Registration/NotifyRegistrationStatus", &status.base,
             &pluginregistration__registration_status_response__descriptor, NULL, on_notified);
}

static void on_options_ended(const RpcResult *result, void *userdata) {
        KubeletPlugin *plugin = userdata;
        RpcCall *registration = plugin->registration;

        plugin->registration = NULL;
        ++plugin->kubelet->n_registrations;
        if (result->code != RPC_OK) {
                if (registration)
                        rpc_call_fail(registration, RPC_UNKNOWN, "%s", result->message);
                return;
        }
        if (registration)
                rpc_call_finish(registration, &empty.base);
        else
                notify(plugin, NULL);
        watch(plugin);
}

static void dial(KubeletPlugin *plugin) {
        if (plugin->client)
                rpc_client_free(plugin->client);
        plugin->watch = NULL;
        plugin->is_watching = false;
        plugin->is_dialled = true;
        require(rpc_client_new(&(const RpcClientParams){ .event = plugin->kubelet->event,
                                                         .path = plugin->path },
                               &plugin->client) == 0,
                "no client");
}

static void ask_options(KubeletPlugin *plugin) {
        call(plugin, METHOD("GetDevicePluginOptions"), &empty.base,
             &v1beta1__device_plugin_options__descriptor, on_options, on_options_ended);
}

static KubeletPlugin *get_plugin(KubeletDouble *kubelet, const char *path) {
        KubeletPlugin *plugin;

        for (size_t i = 0; i < kubelet->n_plugins; ++i)
                if (strcmp(kubelet->plugins[i].path, path) == 0)
                        return &kubelet->plugins[i];
        require(kubelet->n_plugins < KUBELET_PLUGINS_MAX, "too many plugins");
        plugin = &kubelet->plugins[kubelet->n_plugins++];
        *plugin = (KubeletPlugin){ .kubelet = kubelet };
        (void)snprintf(plugin->path, sizeof(plugin->path), "%s", path);
        return plugin;
}

/* Register */

static void handle_register(RpcCall *rpc_call, const ProtobufCMessage *message, void *userdata) {
        const V1beta1__RegisterRequest *request = (const V1beta1__RegisterRequest *)message;
        KubeletDouble *kubelet = userdata;
        KubeletPlugin *plugin;
        char path[108];

        if (kubelet->refuses) {
                ++kubelet->n_registrations;
                rpc_call_fail(rpc_call, RPC_UNKNOWN, "%s", kubelet->refuses);
                return;
        }
        require(strcmp(request->version, "v1beta1") == 0, "not our version");
        require(snprintf(path, sizeof(path), "%s/%s", kubelet->dir, request->endpoint) <
                        (int)sizeof(path),
                "path too long");
        plugin = get_plugin(kubelet, path);
        (void)snprintf(plugin->resource, sizeof(plugin->resource), "%s", request->resource_name);
        dial(plugin);
        plugin->registration = rpc_call;
        ask_options(plugin);
}

/* Registry */

static void on_info(const ProtobufCMessage *message, void *userdata) {
        const Pluginregistration__PluginInfo *info =
                (const Pluginregistration__PluginInfo *)message;
        KubeletPlugin *plugin = userdata;

        require(strcmp(info->type, "DevicePlugin") == 0, "not a device plugin");
        require(info->n_supported_versions == 1 &&
                        strcmp(info->supported_versions[0], "v1beta1") == 0,
                "not our version");
        require(!info->endpoint[0] || strcmp(info->endpoint, plugin->path) == 0, "elsewhere");
        (void)snprintf(plugin->resource, sizeof(plugin->resource), "%s", info->name);
}

static void on_info_ended(const RpcResult *result, void *userdata) {
        KubeletPlugin *plugin = userdata;

        if (result->code != RPC_OK)
                return;
        if (!plugin->kubelet->refuses) {
                ask_options(plugin);
                return;
        }
        ++plugin->kubelet->n_registrations;
        notify(plugin, plugin->kubelet->refuses);
}

static void find_socket(KubeletDouble *kubelet, const char *path) {
        static const Pluginregistration__InfoRequest request =
                PLUGINREGISTRATION__INFO_REQUEST__INIT;
        KubeletPlugin *plugin = get_plugin(kubelet, path);

        /* one that watches is known, and one that was lost is only found when its file is new */
        dial(plugin);
        call(plugin, "/pluginregistration.Registration/GetInfo", &request.base,
             &pluginregistration__plugin_info__descriptor, on_info, on_info_ended);
}

static void each_socket(const char *dir_path, void (*found)(const char *path, void *), void *data) {
        DIR *dir = opendir(dir_path);
        const struct dirent *entry;
        struct stat st;
        char path[512];

        while (dir && (entry = readdir(dir))) {
                (void)snprintf(path, sizeof(path), "%s/%s", dir_path, entry->d_name);
                if (entry->d_name[0] != '.' && stat(path, &st) == 0 && S_ISSOCK(st.st_mode))
                        found(path, data);
        }
        if (dir)
                (void)closedir(dir);
}

static void on_socket(const char *path, void *userdata) {
        KubeletDouble *kubelet = userdata;
        KubeletPlugin *plugin;
        struct stat st;

        require(strlen(path) < sizeof(plugin->path) && stat(path, &st) == 0, "no socket");
        plugin = get_plugin(kubelet, path);
        if (plugin->is_dialled && plugin->made.tv_sec == st.st_ctim.tv_sec &&
            plugin->made.tv_nsec == st.st_ctim.tv_nsec)
                return;
        plugin->made = st.st_ctim;
        find_socket(kubelet, path);
}

void kubelet_double_look(KubeletDouble *kubelet) {
        for (size_t i = 0; i < kubelet->n_plugins; ++i)
                if (access(kubelet->plugins[i].path, F_OK) != 0) {
                        kubelet_double_hang_up(&kubelet->plugins[i]);
                        kubelet->plugins[i].is_dialled = false;
                }
        each_socket(kubelet->dir, on_socket, kubelet);
}

/* Its life */

static const RpcMethod methods[] = {
        { .path = "/v1beta1.Registration/Register",
          .input = &v1beta1__register_request__descriptor,
          .output = &v1beta1__empty__descriptor,
          .handler = handle_register },
};

static void wipe(const char *path, void *userdata) {
        (void)userdata;
        (void)unlink(path);
}

static void serve(KubeletDouble *kubelet) {
        char path[108];
        Diag diag = {};

        kubelet->service = (RpcService){ .methods = methods,
                                         .n_methods = ELEMENTSOF(methods),
                                         .userdata = kubelet };
        kubelet->services[0] = &kubelet->service;
        kubelet->table = (RpcTable){ .services = kubelet->services, .n_services = 1 };
        require(rpc_server_new(&(const RpcServerParams){ .event = kubelet->event,
                                                         .table = &kubelet->table },
                               &kubelet->server) == 0,
                "no server");
        (void)snprintf(path, sizeof(path), "%s/kubelet.sock", kubelet->dir);
        require(rpc_server_listen(kubelet->server, path, &diag) == 0, diag.text);
}

void kubelet_double_start(KubeletDouble *kubelet,
                          sd_event *event,
                          const char *dir,
                          bool is_registry) {
        kubelet->event = event;
        kubelet->is_registry = is_registry;
        kubelet->n_plugins = 0;
        require(strlen(dir) < sizeof(kubelet->dir), "path too long");
        (void)snprintf(kubelet->dir, sizeof(kubelet->dir), "%s", dir);
        if (is_registry) {
                kubelet_double_look(kubelet);
                return;
        }
        each_socket(dir, wipe, NULL);
        serve(kubelet);
}

void kubelet_double_stop(KubeletDouble *kubelet) {
        for (size_t i = 0; i < kubelet->n_plugins; ++i) {
                KubeletPlugin *plugin = &kubelet->plugins[i];

                if (plugin->client)
                        rpc_client_free(plugin->client);
                if (plugin->list)
                        v1beta1__list_and_watch_response__free_unpacked(plugin->list, NULL);
        }
        kubelet->n_plugins = 0;
        if (kubelet->server)
                rpc_server_free(kubelet->server);
        kubelet->server = NULL;
}

KubeletPlugin *kubelet_double_find(KubeletDouble *kubelet, const char *resource) {
        for (size_t i = 0; i < kubelet->n_plugins; ++i)
                if (strcmp(kubelet->plugins[i].resource, resource) == 0)
                        return &kubelet->plugins[i];
        return NULL;
}
