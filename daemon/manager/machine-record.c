/* SPDX-License-Identifier: Apache-2.0 */
#include "manager/machine-record.h"

#include <assert.h>
#include <string.h>

#include "base/quoted.h"
#include "value/value.h"

/*
 *   {"version":1,"boot":"...","settings":[
 *   {"name":"demotion_enabled","before":"false","written":"true"}]}
 *
 * Whoever withdraws writes what is read here, so that it is believed only as a whole.
 */
#define FORM_VERSION 1u

static const DocumentLimits limits = { .depth = 8, .n_values = 16u * _MACHINE_SETTING_N };

static const char *const names[] = {
        [MACHINE_DEMOTION_ENABLED] = "demotion_enabled",
        [MACHINE_NUMA_BALANCING] = "numa_balancing",
        [MACHINE_DAMON_STAT] = "damon_stat",
};
static_assert(ELEMENTSOF(names) == _MACHINE_SETTING_N, "every setting has a name");

const char *machine_setting_name(MachineSettingName name) {
        return names[name];
}

bool machine_value_is_valid(const char *value) {
        const size_t n = strlen(value);

        return n > 0 && n < MACHINE_VALUE_MAX &&
               strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

void machine_record_append(const MachineRecord *record, Buffer *buffer) {
        bool is_first = true;

        buffer_printf(buffer, "{\"version\":%u,\"boot\":", FORM_VERSION);
        quoted_append(buffer, record->boot_id);
        buffer_append_text(buffer, ",\"settings\":[");
        for (size_t i = 0; i < _MACHINE_SETTING_N; ++i) {
                const MachineRecordItem *item = &record->items[i];

                if (!item->before[0])
                        continue;
                buffer_printf(buffer, "%s\n{\"name\":\"%s\",\"before\":\"%s\",\"written\":\"%s\"}",
                              is_first ? "" : ",", names[i], item->before, item->written);
                is_first = false;
        }
        buffer_append_text(buffer, "]}\n");
}

/* Reading */

static int read_value(const Value *object, const char *key, char *ret, Diag *reterr) {
        const Value value = value_get(object, key);
        const char *text;
        int r;

        r = value_read_text(&value, &text, reterr);
        if (r)
                return r;
        if (!machine_value_is_valid(text))
                return value_complain(&value, reterr, "is no value of a setting");
        memcpy(ret, text, strlen(text) + 1);
        return 0;
}

static int read_item(const Value *object, MachineRecord *record, Diag *reterr) {
        const Value name = value_get(object, "name");
        MachineRecordItem *item;
        const char *text;
        size_t i = 0;
        int r;

        r = value_read_text(&name, &text, reterr);
        if (r)
                return r;
        while (i < _MACHINE_SETTING_N && strcmp(names[i], text) != 0)
                ++i;
        if (i == _MACHINE_SETTING_N)
                return value_complain(&name, reterr, "is no setting");
        item = &record->items[i];
        if (item->before[0])
                return value_complain(object, reterr, "is there twice");
        r = read_value(object, "before", item->before, reterr);
        return r ? r : read_value(object, "written", item->written, reterr);
}

static int read_record(const Value *root, MachineRecord *record, Diag *reterr) {
        const Value version = value_get(root, "version"), boot = value_get(root, "boot");
        const Value list = value_get(root, "settings");
        uint64_t number;
        const char *text;
        size_t n = 0;
        int r;

        r = value_read_u64(&version, UINT64_MAX, &number, reterr);
        if (r == 0 && number != FORM_VERSION)
                r = value_complain(&version, reterr, "is of another slugd");
        if (r == 0)
                r = value_read_text(&boot, &text, reterr);
        if (r == 0 && strlen(text) >= sizeof(record->boot_id))
                r = value_complain(&boot, reterr, "is too long");
        if (r == 0)
                r = value_read_list(&list, _MACHINE_SETTING_N, &n, reterr);
        if (r)
                return r;
        memcpy(record->boot_id, text, strlen(text) + 1);
        for (size_t i = 0; r == 0 && i < n; ++i) {
                const Value item = value_get_item(&list, i);

                r = read_item(&item, record, reterr);
        }
        return r;
}

int machine_record_parse(const char *text, size_t n_text, MachineRecord *ret, Diag *reterr) {
        _cleanup_(document_deinitp) Document document = {};
        Value root;
        int r;

        *ret = (MachineRecord){};
        if (n_text > MACHINE_RECORD_FILE_MAX) {
                diag_set(reterr, NULL, 0, 0, "more than %u bytes", MACHINE_RECORD_FILE_MAX);
                return MACHINE_RECORD_E_MALFORMED;
        }
        r = document_parse(text, n_text, &limits, &document, reterr);
        if (r == 0) {
                root = document_get_root(&document);
                r = read_record(&root, ret, reterr);
        }
        if (r)
                *ret = (MachineRecord){};
        return r > 0 ? MACHINE_RECORD_E_MALFORMED : r;
}
