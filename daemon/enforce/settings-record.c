/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "enforce/settings.h"
#include "ledger/before.h"
#include "value/value.h"

/*
 *   {"version":1,"boot":"...","settings":[
 *   {"name":"demotion_enabled","before":"false","written":"true"}]}
 *
 * Whoever withdraws writes what is read here, so that it is believed only as a whole; keys that are
 * not known are passed over, so that a later slugd may add some.
 */
static const DocumentLimits limits = { .depth = 8, .n_values = 256 };

static void append_row(MachineSetting setting, const SettingsRow *row, Buffer *buffer) {
        char text[SETTINGS_VALUE_MAX];

        buffer_printf(buffer, "\n{\"name\":\"%s\"", machine_setting_name(setting));
        buffer_printf(buffer, ",\"before\":\"%s\"",
                      machine_setting_format(setting, row->before, text));
        buffer_printf(buffer, ",\"written\":\"%s\"}",
                      machine_setting_format(setting, row->written, text));
}

void settings_record_append(const SettingsRecord *record, Buffer *buffer) {
        bool is_first = true;

        before_append_head(record->boot_id, buffer);
        buffer_append_text(buffer, ",\"settings\":[");
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N; ++i) {
                if (!record->rows[i].is_there)
                        continue;
                if (!is_first)
                        buffer_append_char(buffer, ',');
                is_first = false;
                append_row(i, &record->rows[i], buffer);
        }
        buffer_append_text(buffer, "]}\n");
}

static int read_name(const Value *object, MachineSetting *ret, Diag *reterr) {
        const Value name = value_get(object, "name");
        const char *text;
        int r;

        r = value_read_text(&name, &text, reterr);
        if (r)
                return r;
        for (MachineSetting i = 0; i < _MACHINE_SETTING_N; ++i)
                if (strcmp(machine_setting_name(i), text) == 0) {
                        *ret = i;
                        return 0;
                }
        return value_complain(&name, reterr, "is no setting that slugd knows");
}

static int read_number(const Value *object,
                       const char *key,
                       MachineSetting setting,
                       uint64_t *ret,
                       Diag *reterr) {
        const Value value = value_get(object, key);
        const char *text;
        int r;

        r = value_read_text(&value, &text, reterr);
        if (r)
                return r;
        return machine_setting_parse(setting, text, strlen(text), ret)
                       ? 0
                       : value_complain(&value, reterr, "is no value of that setting");
}

static int read_row(const Value *object, SettingsRecord *record, Diag *reterr) {
        MachineSetting setting = 0;
        SettingsRow *row;
        int r;

        r = read_name(object, &setting, reterr);
        if (r)
                return r;
        row = &record->rows[setting];
        if (row->is_there)
                return value_complain(object, reterr, "is there twice");
        r = read_number(object, "before", setting, &row->before, reterr);
        if (r == 0)
                r = read_number(object, "written", setting, &row->written, reterr);
        row->is_there = true;
        return r;
}

static int read_record(const Value *root, SettingsRecord *record, Diag *reterr) {
        const Value list = value_get(root, "settings");
        size_t n = 0;
        int r;

        r = before_read_head(root, record->boot_id, reterr);
        if (r == 0)
                r = value_read_list(&list, _MACHINE_SETTING_N, &n, reterr);
        for (size_t i = 0; r == 0 && i < n; ++i) {
                const Value item = value_get_item(&list, i);

                r = read_row(&item, record, reterr);
        }
        return r;
}

int settings_record_parse(const char *text, size_t n_text, SettingsRecord *ret, Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        Value root;
        int r;

        *ret = (SettingsRecord){};
        r = document_parse(text, n_text, &limits, &document, reterr);
        if (r == 0) {
                root = document_get_root(&document);
                r = read_record(&root, ret, reterr);
        }
        if (r)
                *ret = (SettingsRecord){};
        return r > 0 ? SETTINGS_E_MALFORMED : r;
}
