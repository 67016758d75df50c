/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A kubelet as far as device plugins see it
 *
 * Finds a plugin by its socket in the plugins_registry folder, or is told of it by a call of
 * Register, and then does as the kubelet does: dials the plugin, asks it for its options from
 * within Register, watches its list once, and never again. Lives in the test's own event loop, so
 * that a plugin in the same loop which waited for it would wait for ever.
 */
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>
#include <time.h>

#include "k8s/deviceplugin/v1beta1/deviceplugin.pb-c.h"
#include "rpc/client.h"
#include "rpc/server.h"

#define KUBELET_PLUGINS_MAX 16u

typedef struct KubeletDouble KubeletDouble;

/* A plugin that was dialled. */
typedef struct KubeletPlugin {
        KubeletDouble *kubelet;
        char resource[80];
        char path[108];
        RpcClient *client;
        RpcClientCall *watch;
        RpcCall *registration; /* that is answered when the plugin has told its options */
        bool is_dialled, is_watching;
        struct timespec made; /* its socket */
        unsigned n_lists, n_watches, n_ends;
        V1beta1__DevicePluginOptions options;
        V1beta1__ListAndWatchResponse *list; /* the last one; NULL: none has come */
} KubeletPlugin;

struct KubeletDouble {
        sd_event *event;
        char dir[80];
        bool is_registry;
        RpcServer *server; /* of Register */
        RpcService service;
        const RpcService *services[1];
        RpcTable table;
        KubeletPlugin plugins[KUBELET_PLUGINS_MAX];
        size_t n_plugins;
        const char *refuses; /* registrations, with these words; NULL: it takes them */
        unsigned n_registrations;
        /* Something has changed. May be NULL. @what: "list", "end", "registered" */
        void (*happened)(const KubeletPlugin *plugin, const char *what, void *userdata);
        void *userdata;
};

/* Starts: what is in @dir is found, or, as device-plugins/, wiped first. Whatever fails here is a
 * broken test bed and aborts. */
void kubelet_double_start(KubeletDouble *kubelet,
                          sd_event *event,
                          const char *dir,
                          bool is_registry);
void kubelet_double_stop(KubeletDouble *kubelet);
/* Registry: looks for sockets that are new or have gone, as the kubelet does when it is told. */
void kubelet_double_look(KubeletDouble *kubelet);
KubeletPlugin *kubelet_double_find(KubeletDouble *kubelet, const char *resource);
/* As the kubelet drops a plugin's stream. */
void kubelet_double_hang_up(KubeletPlugin *plugin);
