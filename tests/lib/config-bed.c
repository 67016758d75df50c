/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/config-bed.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/settings.h"

#define TEXT_MAX 65536u

ConfigBed bed;

void config_bed_setup(void) {
        bed = (ConfigBed){ .folder = folder_new(), .root = ROOT_NULL };
        ck_assert_int_eq(root_init(&bed.root, bed.folder.path), 0);
}

void config_bed_teardown(void) {
        bed.config = config_free(bed.config);
        root_deinit(&bed.root);
        folder_remove(&bed.folder);
}

static int load_file(const Root *root, const char *file) {
        bed.config = config_free(bed.config);
        bed.diag = (Diag){};
        return config_load(root, file, &bed.config, &bed.diag);
}

int config_bed_load(const char *slugd) {
        if (slugd)
                folder_write(&bed.folder, BED_SLUGD, slugd);
        return load_file(&bed.root, NULL);
}

const Config *config_bed_load_well(const char *slugd) {
        ck_assert_msg(config_bed_load(slugd) == 0, "%s", config_bed_message());
        return bed.config;
}

void config_bed_load_all_well(void) {
        (void)config_bed_load_well(NULL);
        ck_assert_msg(!bed.config->has_kubelet_problem, "%s", config_bed_problem());
}

const Config *config_bed_load_fixture(const char *name) {
        ck_assert_msg(load_file(NULL, config_bed_fixture_path(name)) == 0, "%s",
                      config_bed_message());
        return bed.config;
}

const char *config_bed_fixture_path(const char *name) {
        static char path[512];
        const char *top = getenv("abs_top_srcdir");

        (void)snprintf(path, sizeof(path), "%s/tests/fixtures/config/%s", top ? top : ".", name);
        return path;
}

const char *config_bed_fixture(const char *name) {
        static char text[TEXT_MAX];
        FILE *file = fopen(config_bed_fixture_path(name), "re");
        size_t n;

        ck_assert_msg(file != NULL, "%s", name);
        n = fread(text, 1, sizeof(text), file);
        ck_assert_msg(n < sizeof(text), "%s", name);
        text[n] = '\0';
        (void)fclose(file);
        return text;
}

void config_bed_write_kubelet(const char *path, const char *fields) {
        char text[4096];

        ck_assert_int_lt(snprintf(text, sizeof(text), "%s%s", BED_HEAD, fields), sizeof(text));
        folder_write(&bed.folder, path, text);
}

static void write_proc(unsigned pid, const char *name, const char *data, size_t n_data) {
        char path[64];

        (void)snprintf(path, sizeof(path), "proc/%u/%s", pid, name);
        folder_write_bytes(&bed.folder, path, data, n_data);
}

void config_bed_run_kubelet(unsigned pid,
                            const char *name,
                            const char *start,
                            const char *arguments) {
        char text[4096];
        int n = snprintf(text, sizeof(text), "/usr/bin/kubelet %s ", arguments);

        ck_assert_int_lt(n, sizeof(text));
        for (int i = 0; i < n; ++i)
                if (text[i] == ' ')
                        text[i] = '\0';
        write_proc(pid, "cmdline", text, (size_t)n);
        n = snprintf(text, sizeof(text), "%s\n", name);
        write_proc(pid, "comm", text, (size_t)n);
        n = snprintf(text, sizeof(text),
                     "%u (%s) S 1 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 15 0 %s 1 2 3\n", pid,
                     name, start);
        write_proc(pid, "stat", text, (size_t)n);
}

const char *config_bed_message(void) {
        return diag_format(&bed.diag, bed.message);
}

const char *config_bed_problem(void) {
        return diag_format(&bed.config->kubelet_problem, bed.message);
}

const char *config_bed_source(const ConfigSource *source) {
        static char text[CONFIG_SOURCE_TEXT_MAX];

        return config_source_format(source, text);
}

void config_bed_expect_refused(const char *slugd, const char *expected) {
        char full[DIAG_FORMATTED_MAX];

        ck_assert_int_eq(config_bed_load(slugd), CONFIG_E_INVALID);
        ck_assert_ptr_null(bed.config);
        (void)snprintf(full, sizeof(full), "/" BED_SLUGD ":%s", expected);
        ck_assert_str_eq(config_bed_message(), full);
}

void config_bed_expect_listed(const char *key, const char *value, const char *source) {
        _cleanup_(config_settings_deinitp) ConfigSettings list = {};
        const ConfigSetting *setting;

        ck_assert_int_eq(config_settings_list(bed.config, &list), 0);
        setting = config_settings_find(&list, key);
        ck_assert_msg(setting != NULL, "%s", key);
        ck_assert_str_eq(setting->value, value);
        ck_assert_str_eq(setting->source, source);
}
