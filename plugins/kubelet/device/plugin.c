/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/device/plugin.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "rpc/socket-file.h"

/*
 * Whatever happens asks for a step, which is taken when the loop has nothing else: the resources
 * that slugd lists are made, those that it does not are taken away, and each of them has its step.
 *
 * The client of slugd asks often when slugd is away: a pod may be waiting for chunks.
 */
#define BACK_OFF_MAX_USEC  (500 * USEC_PER_MSEC)
#define KUBELET_BACK_OFF   (100 * USEC_PER_MSEC)
#define KUBELET_SOCKET     "kubelet.sock"
#define DEVICE_PLUGINS_DIR "/var/lib/kubelet/device-plugins" /* wherever the kubelet's own is */
#define REGISTRY_DIR       "plugins_registry"
#define FILES_MAX          4096u /* of the folder, that are looked at */
#define REASON_MAX         256u

struct DevicePlugin {
        DevicePluginParams params;
        RpcClient *slugd;
        ChunkSource *source;
        Allocator *allocator;
        DeviceFolder *folder;
        Peer kubelet;
        DeviceResource *resources[ADVERTISE_RESOURCES_MAX];
        size_t n_resources;
        bool has_news;             /* of slugd, that the resources do not have yet */
        unsigned swept_generation; /* of the folder, where dead sockets were removed */
        char said[REASON_MAX];     /* why nothing is advertised */
        sd_event_source *soon, *timer;
};

static void want_step(void *userdata) {
        DevicePlugin *plugin = userdata;

        (void)sd_event_source_set_enabled(plugin->soon, SD_EVENT_ONESHOT);
}

/* A list that is kept without slugd may be of another ledger than the one that comes back. */
uint64_t device_plugin_get_ledger_generation(const DevicePlugin *plugin) {
        const Slug__V1__ChunkList *list = chunk_source_get_list(plugin->source);

        return list && chunk_source_get_state(plugin->source) == GRACE_CURRENT
                       ? list->ledger_generation
                       : 0;
}

static void on_news(void *userdata) {
        DevicePlugin *plugin = userdata;

        plugin->has_news = true;
        want_step(plugin);
}

/* Resources */

static DeviceResource *find_resource(const DevicePlugin *plugin, const char *name) {
        for (size_t i = 0; i < plugin->n_resources; ++i)
                if (strcmp(device_resource_get_name(plugin->resources[i]), name) == 0)
                        return plugin->resources[i];
        return NULL;
}

static bool is_listed(const Slug__V1__ChunkList *list, const char *name) {
        for (size_t i = 0; i < list->n_resources; ++i)
                if (strcmp(list->resources[i]->name, name) == 0)
                        return true;
        return false;
}

static void remove_resources(DevicePlugin *plugin, const Slug__V1__ChunkList *list) {
        size_t n = 0;

        for (size_t i = 0; i < plugin->n_resources; ++i) {
                DeviceResource *resource = plugin->resources[i];

                if (is_listed(list, device_resource_get_name(resource))) {
                        plugin->resources[n++] = resource;
                        continue;
                }
                log_event(LOG_NOTICE, SLUG_MESSAGE_DEVICE_NONE, LOG_PLAIN,
                          "%s is not offered to the kubelet any more",
                          device_resource_get_name(resource));
                device_resource_free(resource);
        }
        plugin->n_resources = n;
}

static void on_stuck(void *userdata) {
        DevicePlugin *plugin = userdata;

        (void)sd_event_exit(plugin->params.event, -EROFS);
}

static int get_resource(DevicePlugin *plugin, const char *name, DeviceResource **ret) {
        DeviceResource *resource = find_resource(plugin, name);
        int r;

        if (resource) {
                *ret = resource;
                return 0;
        }
        if (plugin->n_resources == ELEMENTSOF(plugin->resources))
                return -E2BIG;
        r = device_resource_new(
                &(const DeviceResourceParams){ .event = plugin->params.event,
                                               .root = plugin->params.root,
                                               .folder = plugin->folder,
                                               .source = plugin->source,
                                               .allocator = plugin->allocator,
                                               .registering = plugin->params.registering,
                                               .kubelet = &plugin->kubelet,
                                               .wanted = want_step,
                                               .stuck = on_stuck,
                                               .userdata = plugin },
                name, &resource);
        if (r)
                return r;
        plugin->resources[plugin->n_resources++] = *ret = resource;
        return 0;
}

static int
update_resource(DevicePlugin *plugin, const Slug__V1__ChunkList *list, size_t i, Diag *reterr) {
        const bool is_withdrawn = chunk_source_get_state(plugin->source) == GRACE_OVER;
        DeviceResource *resource;
        Advertised *advertised;
        int r;

        r = advertise_new(list, i, is_withdrawn, &advertised, reterr);
        if (r)
                return r;
        r = get_resource(plugin, list->resources[i]->name, &resource);
        if (r) {
                advertise_free(advertised);
                return r;
        }
        device_resource_set_list(resource, advertised);
        return 0;
}

static void say_once(DevicePlugin *plugin, int level, const char *reason) {
        if (strncmp(plugin->said, reason, sizeof(plugin->said) - 1) == 0)
                return;
        (void)snprintf(plugin->said, sizeof(plugin->said), "%s", reason);
        if (reason[0])
                log_entry(level, SLUG_MESSAGE_DEVICE_NONE, __FILE__, __LINE__, __func__,
                          LOG_WITH({ .name = "SLUG_REASON", .text = reason }),
                          "no chunks are offered to the kubelet: %s", reason);
}

static void update_resources(DevicePlugin *plugin) {
        const Slug__V1__ChunkList *list = chunk_source_get_list(plugin->source);
        const char *problem = "";
        int level = LOG_NOTICE;
        Diag diag = {};

        if (!list || !plugin->has_news)
                return;
        plugin->has_news = false;
        remove_resources(plugin, list);
        if (list->n_resources == 0)
                problem = list->problem[0] ? list->problem : "there is no remote memory";
        for (size_t i = 0; i < list->n_resources; ++i) {
                const int r = update_resource(plugin, list, i, &diag);

                if (!r)
                        continue;
                plugin->has_news |= r < 0; /* for the next step */
                problem = r < 0 ? strerror(-r) : diag.text;
                level = LOG_ERR;
        }
        say_once(plugin, level, problem);
}

/* The folder */

static bool is_our_socket(const char *name) {
        const size_t n = strlen(name), n_suffix = strlen(DEVICE_SOCKET_SUFFIX);

        return n > n_suffix && strcmp(name + n - n_suffix, DEVICE_SOCKET_SUFFIX) == 0 &&
               strncmp(name, DEVICE_SOCKET_PREFIX, strlen(DEVICE_SOCKET_PREFIX)) == 0;
}

/* The kubelet dials every socket in there for ever, also that of a resource which is called
 * otherwise now. */
static void remove_dead_sockets(DevicePlugin *plugin) {
        const char *path = device_folder_get_path(plugin->folder);
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;

        if (device_folder_get_fd(plugin->folder) < 0 ||
            plugin->swept_generation == device_folder_get_generation(plugin->folder))
                return;
        plugin->swept_generation = device_folder_get_generation(plugin->folder);
        if (root_open_dir(plugin->params.root, path, &dir) != 0)
                return;
        for (size_t i = 0; i < FILES_MAX && (entry = readdir(dir)); ++i)
                if (is_our_socket(entry->d_name) &&
                    socket_file_remove_dead(dirfd(dir), entry->d_name))
                        log_debug("%s/%s was left behind, and is removed", path, entry->d_name);
}

static void on_folder(const char *came, void *userdata) {
        DevicePlugin *plugin = userdata;

        if (came && strcmp(came, KUBELET_SOCKET) == 0)
                for (size_t i = 0; i < plugin->n_resources; ++i)
                        device_resource_note_kubelet(plugin->resources[i]);
        want_step(plugin);
}

void device_plugin_set_kubelet_dir(DevicePlugin *plugin, const char *dir) {
        char path[ENDPOINT_MAX];

        if (plugin->params.registering == REGISTER_DEVICE_PLUGINS)
                return;
        /* a path that does not fit is none: part of it would be another one */
        if (!dir[0] ||
            snprintf(path, sizeof(path), "%s/%s", dir, REGISTRY_DIR) >= (int)sizeof(path))
                path[0] = '\0';
        device_folder_set_path(plugin->folder, path);
}

/* Steps */

static void step(DevicePlugin *plugin) {
        const uint64_t now = clock_now_usec(&clock_monotonic);
        uint64_t due_usec = UINT64_MAX;

        if (device_folder_is_dead(plugin->folder))
                on_stuck(plugin);
        remove_dead_sockets(plugin);
        update_resources(plugin);
        for (size_t i = 0; i < plugin->n_resources; ++i)
                due_usec = bytes_min(due_usec, device_resource_step(plugin->resources[i], now));
        (void)sd_event_source_set_time(plugin->timer, due_usec);
        (void)sd_event_source_set_enabled(plugin->timer,
                                          due_usec == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_soon(sd_event_source *source _unused_, void *userdata) {
        step(userdata);
        return 0;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        step(userdata);
        return 0;
}

/* Setting up */

static int setup_events(DevicePlugin *plugin) {
        sd_event *event = plugin->params.event;
        int r;

        r = sd_event_add_defer(event, &plugin->soon, on_soon, plugin);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &plugin->timer, CLOCK_MONOTONIC, 0, 1, on_timer, plugin);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(plugin->timer, SD_EVENT_OFF);
}

static int setup_slugd(DevicePlugin *plugin) {
        const DevicePluginParams *params = &plugin->params;
        int r;

        r = rpc_client_new(&(const RpcClientParams){ .event = params->event,
                                                     .path = params->socket,
                                                     .max_back_off_usec = BACK_OFF_MAX_USEC },
                           &plugin->slugd);
        if (r)
                return r;
        r = chunk_source_new(&(const ChunkSourceParams){ .event = params->event,
                                                         .client = plugin->slugd,
                                                         .changed = on_news,
                                                         .userdata = plugin },
                             &plugin->source);
        if (r)
                return r;
        return allocator_new(&(const AllocatorParams){ .event = params->event,
                                                       .client = plugin->slugd,
                                                       .happened = params->happened,
                                                       .userdata = params->userdata },
                             &plugin->allocator);
}

static int setup_kubelet(DevicePlugin *plugin) {
        const DevicePluginParams *params = &plugin->params;
        int r;

        r = peer_init(&plugin->kubelet, params->event, "the kubelet's device manager", params->root,
                      KUBELET_BACK_OFF);
        if (r)
                return r;
        peer_set_path(&plugin->kubelet, DEVICE_PLUGINS_DIR "/" KUBELET_SOCKET);
        r = device_folder_new(&(const DeviceFolderParams){ .event = params->event,
                                                           .root = params->root,
                                                           .happened = on_folder,
                                                           .userdata = plugin },
                              &plugin->folder);
        if (r)
                return r;
        if (params->registering == REGISTER_DEVICE_PLUGINS)
                device_folder_set_path(plugin->folder, DEVICE_PLUGINS_DIR);
        return 0;
}

int device_plugin_new(const DevicePluginParams *params, DevicePlugin **ret) {
        _cleanup_(device_plugin_freep) DevicePlugin *plugin = calloc(1, sizeof(*plugin));
        int r;

        if (!plugin)
                return -ENOMEM;
        plugin->params = *params;
        r = setup_events(plugin);
        if (r >= 0)
                r = setup_slugd(plugin);
        if (r >= 0)
                r = setup_kubelet(plugin);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plugin);
        return 0;
}

/* The kubelet's calls end before those to slugd that they wait for. */
DevicePlugin *device_plugin_free(DevicePlugin *plugin) {
        if (!plugin)
                return NULL;
        for (size_t i = 0; i < plugin->n_resources; ++i)
                device_resource_free(plugin->resources[i]);
        device_folder_free(plugin->folder);
        peer_deinit(&plugin->kubelet);
        allocator_free(plugin->allocator);
        chunk_source_free(plugin->source);
        rpc_client_free(plugin->slugd);
        sd_event_source_disable_unref(plugin->soon);
        sd_event_source_disable_unref(plugin->timer);
        free(plugin);
        return NULL;
}

bool device_registering_parse(const char *text, Registering *ret) {
        static const char *const names[] = {
                [REGISTER_REGISTRY] = "registry",
                [REGISTER_DEVICE_PLUGINS] = "device-plugins",
                [REGISTER_NONE] = "none",
        };

        static_assert(ELEMENTSOF(names) == _REGISTERING_N, "every way has a name");
        for (size_t i = 0; i < ELEMENTSOF(names); ++i)
                if (strcmp(text, names[i]) == 0) {
                        *ret = (Registering)i;
                        return true;
                }
        return false;
}
