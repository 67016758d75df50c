/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration as a message
 *
 * What NodeService.GetConfig answers: settings and files as they are listed, and the kubelet that
 * they were asked of.
 */
#include "service/messages.h"

static int add_settings(Arena *arena, const NodeView *view, Slug__V1__GetConfigResponse *message) {
        message->settings =
                MESSAGE_LIST(arena, view->n_settings, Slug__V1__Setting, SLUG__V1__SETTING__INIT);
        if (!message->settings)
                return -ENOMEM;
        message->n_settings = view->n_settings;
        for (size_t i = 0; i < view->n_settings; ++i) {
                message->settings[i]->key = (char *)view->settings[i].key;
                message->settings[i]->value = (char *)view->settings[i].value;
                message->settings[i]->source = (char *)view->settings[i].source;
        }
        return 0;
}

static Slug__V1__ConfigFileStatus encode_status(const NodeConfigFile *file) {
        if (file->is_read)
                return SLUG__V1__CONFIG_FILE_STATUS__CONFIG_FILE_STATUS_READ;
        return file->is_absent ? SLUG__V1__CONFIG_FILE_STATUS__CONFIG_FILE_STATUS_ABSENT
                               : SLUG__V1__CONFIG_FILE_STATUS__CONFIG_FILE_STATUS_REFUSED;
}

static int add_files(Arena *arena, const NodeView *view, Slug__V1__GetConfigResponse *message) {
        message->files = MESSAGE_LIST(arena, view->n_files, Slug__V1__ConfigFile,
                                      SLUG__V1__CONFIG_FILE__INIT);
        if (!message->files)
                return -ENOMEM;
        message->n_files = view->n_files;
        for (size_t i = 0; i < view->n_files; ++i) {
                message->files[i]->path = (char *)view->files[i].path;
                message->files[i]->status = encode_status(&view->files[i]);
                message->files[i]->problem = (char *)view->files[i].problem;
        }
        return 0;
}

static int add_process(Arena *arena, const NodeView *view, Slug__V1__GetConfigResponse *message) {
        Slug__V1__KubeletProcess **list;

        if (view->kubelet_pid == 0)
                return 0;
        list = MESSAGE_LIST(arena, 1, Slug__V1__KubeletProcess, SLUG__V1__KUBELET_PROCESS__INIT);
        if (!list)
                return -ENOMEM;
        list[0]->pid = view->kubelet_pid;
        list[0]->start_ticks = view->kubelet_start_ticks;
        message->kubelet_process = list[0];
        return 0;
}

int message_build_config(Arena *arena, const NodeView *view, Slug__V1__GetConfigResponse **ret) {
        Slug__V1__GetConfigResponse **list = MESSAGE_LIST(arena, 1, Slug__V1__GetConfigResponse,
                                                          SLUG__V1__GET_CONFIG_RESPONSE__INIT);
        int r;

        if (!list)
                return -ENOMEM;
        list[0]->kubelet_problem = (char *)view->kubelet_problem;
        list[0]->reload_problem = (char *)view->reload_problem;
        r = add_settings(arena, view, list[0]);
        if (r == 0)
                r = add_files(arena, view, list[0]);
        if (r == 0)
                r = add_process(arena, view, list[0]);
        if (r == 0)
                *ret = list[0];
        return r;
}
