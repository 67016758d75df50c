/* SPDX-License-Identifier: Apache-2.0 */
#include "service/withdraw-text.h"

#include <errno.h>
#include <string.h>

static void append_value(CgroupKnob knob, const CgroupValue *value, Buffer *buffer) {
        char text[CGROUP_VALUE_TEXT_MAX];

        (void)cgroup_value_format(knob, value, text);
        buffer_append_text(buffer, text[0] ? text : "<inherited>");
}

static void append_item(const QosWithdrawnItem *item, Buffer *buffer) {
        const QosRecordItem *knob = &item->item;

        buffer_printf(buffer, "/" CGROUP_DIR "/%s/%s: was ", knob->path,
                      cgroup_knob_file(knob->knob));
        append_value(knob->knob, &knob->before, buffer);
        buffer_append_text(buffer, ", slugd wrote ");
        append_value(knob->knob, &knob->written, buffer);
        if (item->error == -ENOENT)
                buffer_append_text(buffer, ", and the cgroup is gone\n");
        else if (item->error)
                buffer_printf(buffer, ", and it could not be put back: %s\n",
                              strerror(-item->error));
        else
                buffer_append_text(buffer, ", and it is again what it was\n");
}

static void append_setting(const SettingWithdrawn *item, Buffer *buffer) {
        char text[SETTINGS_VALUE_MAX];

        buffer_printf(buffer, "/%s: was %s", machine_setting_path(item->setting),
                      machine_setting_format(item->setting, item->before, text));
        buffer_printf(buffer, ", slugd wrote %s",
                      machine_setting_format(item->setting, item->written, text));
        if (item->error)
                buffer_printf(buffer, ", and it could not be put back: %s\n",
                              strerror(-item->error));
        else if (item->is_foreign)
                buffer_append_text(buffer, ", and somebody else has set it since: it stays\n");
        else
                buffer_append_text(buffer, ", and it is again what it was\n");
}

size_t withdraw_text_append(const QosWithdrawal *withdrawal, Buffer *buffer) {
        size_t n_failures = 0;

        for (size_t i = 0; i < withdrawal->n_items; ++i) {
                const QosWithdrawnItem *item = &withdrawal->items[i];

                append_item(item, buffer);
                n_failures += item->error != 0 && item->error != -ENOENT;
        }
        for (size_t i = 0; i < withdrawal->n_settings; ++i) {
                append_setting(&withdrawal->settings[i], buffer);
                n_failures += withdrawal->settings[i].error != 0;
        }
        if (withdrawal->n_items == 0)
                buffer_append_text(buffer, "No slugd has written a limit since this boot\n");
        return n_failures;
}
