/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "slug/v1/node.pb-c.h"
#include "slugctl/call.h"
#include "slugctl/words.h"

/*
 * Settings first, then the files, because what is asked is nearly always "which value, and from
 * where".
 */

static void
append_settings(const Slug__V1__GetConfigResponse *response, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Key", "Value", "Source" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (response->n_settings == 0) {
                buffer_append_text(buffer, "No settings\n");
                return;
        }
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_settings; ++i) {
                table_add(&table, TONE_PLAIN, response->settings[i]->key);
                table_add_or(&table, response->settings[i]->value, "-");
                table_add(&table, TONE_PLAIN, response->settings[i]->source);
        }
        table_append(&table, 0, buffer);
}

static void add_status(Table *table, const Slug__V1__ConfigFile *file) {
        switch (file->status) {
        case SLUG__V1__CONFIG_FILE_STATUS__CONFIG_FILE_STATUS_READ:
                table_add(table, TONE_GOOD, "read");
                return;
        case SLUG__V1__CONFIG_FILE_STATUS__CONFIG_FILE_STATUS_ABSENT:
                table_add(table, TONE_PLAIN, "not there");
                return;
        case SLUG__V1__CONFIG_FILE_STATUS__CONFIG_FILE_STATUS_REFUSED:
                table_add(table, TONE_BAD, "refused");
                return;
        case SLUG__V1__CONFIG_FILE_STATUS__CONFIG_FILE_STATUS_UNSPECIFIED:
        case _SLUG__V1__CONFIG_FILE_STATUS_IS_INT_SIZE:
                break;
        }
        table_add(table, TONE_PLAIN, "?");
}

static void
append_files(const Slug__V1__GetConfigResponse *response, const Style *style, Buffer *buffer) {
        _cleanup_(table_deinitp) Table table = table_init(style, 3);

        if (response->n_files == 0)
                return;
        output_heading(buffer, style, "Files:");
        for (size_t i = 0; i < response->n_files; ++i) {
                table_add(&table, TONE_PLAIN, response->files[i]->path);
                add_status(&table, response->files[i]);
                table_add(&table, TONE_PLAIN, response->files[i]->problem);
        }
        table_append(&table, 2, buffer);
}

static void
append_kubelet(const Slug__V1__GetConfigResponse *response, const Style *style, Buffer *buffer) {
        output_heading(buffer, style, "Kubelet:");
        if (response->kubelet_process)
                buffer_printf(buffer, "  process %" PRIu32 "\n", response->kubelet_process->pid);
        else
                buffer_append_text(buffer, "  no such process\n");
        if (response->kubelet_problem[0]) {
                buffer_append_text(buffer, "  its defaults stand in: ");
                output_toned(buffer, style, TONE_BAD, response->kubelet_problem);
                buffer_append_text(buffer, "\n");
        }
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__GetConfigResponse *response = (const Slug__V1__GetConfigResponse *)message;

        append_settings(response, style, buffer);
        append_files(response, style, buffer);
        append_kubelet(response, style, buffer);
        if (!response->reload_problem[0])
                return;
        output_heading(buffer, style, "The last reload was refused, and all is as it was before:");
        buffer_append_text(buffer, "  ");
        output_toned(buffer, style, TONE_BAD, response->reload_problem);
        buffer_append_text(buffer, "\n");
}

const Verb verb_config = {
        .name = "config",
        .arguments = "",
        .summary = "every setting, its value and where it comes from",
        .help = "Shows the configuration that is in force: every setting of slugd and of the\n"
                "kubelet that slugd reckons with, its value, and the file and line, the flag or\n"
                "the default that it comes from; then the files that were looked at, and the\n"
                "process that is the kubelet.\n"
                "\n"
                "Examples:\n"
                "  slugctl config\n"
                "  slugctl config -o json | jq -r '.settings[] | select(.source != \"slugd "
                "default\")'\n",
        .run = call_run,
        .path = "/slug.v1.NodeService/GetConfig",
        .response = &slug__v1__get_config_response__descriptor,
        .render = render,
};
