/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's settings as they are shown and told
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/messages.h"
#include "base/scan.h"
#include "manager/machine-settings-parts.h"

/* One file for each NUMA node; a kernel has one of another name beside them. Only shown: what they
 * should be is a matter of bandwidth, and they hold for what is allocated next. */
#define WEIGHTS_DIR "sys/kernel/mm/mempolicy/weighted_interleave"

static void append(const void *record, Buffer *buffer) {
        settings_record_append(record, buffer);
}

static int parse(const char *text, size_t n_text, void *ret, Diag *reterr) {
        return settings_record_parse(text, n_text, ret, reterr);
}

const RecordKind settings_record_kind = {
        .name = SETTINGS_RECORD_NAME,
        .size = sizeof(SettingsRecord),
        .text_max = SETTINGS_RECORD_FILE_MAX,
        .append = append,
        .parse = parse,
};

/* Rows */

/* Why it is not as it should be, or "". */
static void find_problem(const MachineSettings *self,
                         MachineSetting setting,
                         char buffer[static DIAG_TEXT_MAX]) {
        const SettingItem *item = &self->items[setting];
        const char *problem = record_file_get_problem(self->file);

        buffer[0] = '\0';
        if (!item->kept.wanted.present || opt_u64_equal(item->kept.wanted, item->seen))
                return;
        if (!item->seen.present)
                (void)snprintf(buffer, DIAG_TEXT_MAX, "this kernel has no such setting");
        else if (!self->params.may_write)
                (void)snprintf(buffer, DIAG_TEXT_MAX, "this is a captured machine");
        else if (item->kept.is_contended)
                (void)snprintf(buffer, DIAG_TEXT_MAX,
                               "somebody else sets it again and again, so it is left to them");
        else if (item->error == -EPERM && setting == MACHINE_NUMA_BALANCING)
                (void)snprintf(buffer, DIAG_TEXT_MAX,
                               "the kernel lets nobody write it without CAP_SYS_ADMIN, which "
                               "slugd.service does not have: kernel.numa_balancing in "
                               "/etc/sysctl.d does the same");
        else if (item->error)
                (void)snprintf(buffer, DIAG_TEXT_MAX, "it could not be written: %s",
                               strerror(-item->error));
        else if (problem[0])
                (void)snprintf(buffer, DIAG_TEXT_MAX, "what is there cannot be recorded: %s",
                               problem);
}

static void fill(const MachineSettings *self, MachineSetting setting, EnforceSetting *row) {
        const SettingItem *item = &self->items[setting];
        const SettingsRecord *record = record_file_get(self->file);
        const SettingsRow *kept = &record->rows[setting];

        *row = (EnforceSetting){ .name = machine_setting_name(setting),
                                 .path = machine_setting_path(setting) };
        if (item->seen.present)
                (void)machine_setting_format(setting, item->seen.value, row->value);
        if (item->kept.wanted.present)
                (void)machine_setting_format(setting, item->kept.wanted.value, row->wanted);
        if (kept->is_there)
                (void)machine_setting_format(setting, kept->before, row->before);
        find_problem(self, setting, row->problem);
}

static NodeSet list_weights(const Root *root) {
        _cleanup_(dir_closep) DIR *dir = NULL;
        const struct dirent *entry;
        NodeSet nodes = {};

        if (root_open_dir(root, WEIGHTS_DIR, &dir))
                return nodes;
        while ((entry = readdir(dir))) {
                Scan scan = scan_init(entry->d_name, strlen(entry->d_name));
                uint64_t node;

                if (scan_literal(&scan, "node") && scan_u64(&scan, &node) && scan_is_done(&scan) &&
                    node < NODESET_MAX)
                        nodeset_add(&nodes, (unsigned)node);
        }
        return nodes;
}

static void add_weight(MachineSettings *self, unsigned node) {
        const size_t i = self->n_rows;
        EnforceSetting *row = &self->rows[i];
        uint64_t value;
        size_t n;
        Scan scan;

        *row = (EnforceSetting){ .name = self->names[i], .path = self->paths[i] };
        (void)snprintf(self->names[i], sizeof(self->names[i]), "weighted_interleave/node%u", node);
        (void)snprintf(self->paths[i], sizeof(self->paths[i]), WEIGHTS_DIR "/node%u", node);
        if (root_read(self->params.root, self->paths[i], row->value, sizeof(row->value), &n))
                return;
        scan = scan_init(row->value, n);
        if (!scan_u64(&scan, &value))
                return;
        (void)snprintf(row->value, sizeof(row->value), "%u", (unsigned)value);
        ++self->n_rows;
}

bool machine_settings_update(MachineSettings *self) {
        const NodeSet weights = list_weights(self->params.root);
        EnforceSetting before[ENFORCE_SETTINGS_MAX];
        const size_t n_before = self->n_rows;

        memcpy(before, self->rows, sizeof(before));
        memset(self->rows, 0, sizeof(self->rows));
        self->n_rows = 0;
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N; ++i)
                if (self->items[i].seen.present || self->items[i].kept.wanted.present)
                        fill(self, i, &self->rows[self->n_rows++]);
        NODESET_FOREACH (node, &weights)
                if (self->n_rows < ENFORCE_SETTINGS_MAX)
                        add_weight(self, node);
        return n_before != self->n_rows || memcmp(before, self->rows, sizeof(before)) != 0;
}

const EnforceSetting *machine_settings_get(const MachineSettings *self, size_t *ret_n) {
        *ret_n = self->n_rows;
        return self->rows;
}

/* The journal */

void settings_announce_set(MachineSetting setting, uint64_t before, uint64_t value, bool is_back) {
        char was[SETTINGS_VALUE_MAX], is[SETTINGS_VALUE_MAX];

        (void)machine_setting_format(setting, before, was);
        (void)machine_setting_format(setting, value, is);
        if (!is_back)
                log_event(LOG_NOTICE, SLUG_MESSAGE_SETTING_SET,
                          LOG_WITH({ .name = "SLUG_KNOB", .text = machine_setting_name(setting) },
                                   { .name = "SLUG_VALUE", .text = is },
                                   { .name = "SLUG_FOUND", .text = was }),
                          "%s is %s now, and was %s: %s of slugd.yaml",
                          machine_setting_name(setting), is, was, machine_setting_key(setting));
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_SETTING_PUT_BACK,
                          LOG_WITH({ .name = "SLUG_KNOB", .text = machine_setting_name(setting) },
                                   { .name = "SLUG_VALUE", .text = is },
                                   { .name = "SLUG_FOUND", .text = was }),
                          "%s is %s again, as it was before slugd", machine_setting_name(setting),
                          is);
}

void settings_announce_problem(const SettingItem *item, MachineSetting setting, uint64_t value) {
        char text[SETTINGS_VALUE_MAX];

        if (item->error == item->told_error)
                return;
        (void)machine_setting_format(setting, value, text);
        log_event(LOG_WARNING, SLUG_MESSAGE_SETTING_NOT_SET,
                  LOG_WITH({ .name = "SLUG_KNOB", .text = machine_setting_name(setting) },
                           { .name = "SLUG_VALUE", .text = text },
                           { .name = "ERRNO", .number = (uint64_t)-item->error }),
                  "%s cannot be made %s: %s", machine_setting_name(setting), text,
                  strerror(-item->error));
}

void settings_announce_contended(MachineSetting setting, uint64_t seen, uint64_t wanted) {
        char found[SETTINGS_VALUE_MAX], value[SETTINGS_VALUE_MAX];

        (void)machine_setting_format(setting, seen, found);
        (void)machine_setting_format(setting, wanted, value);
        log_event(LOG_WARNING, SLUG_MESSAGE_SETTING_CONTENDED,
                  LOG_WITH({ .name = "SLUG_KNOB", .text = machine_setting_name(setting) },
                           { .name = "SLUG_VALUE", .text = value },
                           { .name = "SLUG_FOUND", .text = found }),
                  "Somebody else sets %s to %s again and again, and slugd leaves it to them",
                  machine_setting_name(setting), found);
}
