/* SPDX-License-Identifier: Apache-2.0 */
#include "enforce/settings.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/scan.h"

/* Words of a switch as the kernel shows them; it takes all that kstrtobool() takes. */
static const struct {
        const char *name, *path, *key;
        const char *off, *on; /* NULL: it is a number */
        uint64_t max;
} settings[] = {
        [MACHINE_DEMOTION_ENABLED] = { "demotion_enabled", "sys/kernel/mm/numa/demotion_enabled",
                                       "enforce.settings.demotionEnabled", "false", "true", 1 },
        [MACHINE_NUMA_BALANCING] = { "numa_balancing", "proc/sys/kernel/numa_balancing",
                                     "enforce.settings.numaBalancing", NULL, NULL, 3 },
        [MACHINE_DAMON_STAT] = { "damon_stat", "sys/module/damon_stat/parameters/enabled",
                                 "enforce.settings.damonStat", "N", "Y", 1 },
};
static_assert(ELEMENTSOF(settings) == _MACHINE_SETTING_N, "every setting has its row");

const char *machine_setting_name(MachineSetting setting) {
        return settings[setting].name;
}

const char *machine_setting_path(MachineSetting setting) {
        return settings[setting].path;
}

const char *machine_setting_key(MachineSetting setting) {
        return settings[setting].key;
}

const char *machine_setting_format(MachineSetting setting,
                                   uint64_t value,
                                   char buffer[static SETTINGS_VALUE_MAX]) {
        if (settings[setting].on)
                (void)snprintf(buffer, SETTINGS_VALUE_MAX, "%s",
                               value ? settings[setting].on : settings[setting].off);
        else
                (void)snprintf(buffer, SETTINGS_VALUE_MAX, "%llu", (unsigned long long)value);
        return buffer;
}

bool machine_setting_parse(MachineSetting setting, const char *text, size_t n_text, uint64_t *ret) {
        Scan scan = scan_init(text, n_text), line;
        uint64_t value;

        if (!scan_line(&scan, &line) || !scan_is_done(&scan))
                return false;
        if (!settings[setting].on) {
                if (!scan_u64(&line, &value) || value > settings[setting].max)
                        return false;
        } else if (scan_literal(&line, settings[setting].on)) {
                value = 1;
        } else if (scan_literal(&line, settings[setting].off)) {
                value = 0;
        } else {
                return false;
        }
        if (!scan_is_done(&line))
                return false;
        *ret = value;
        return true;
}

/* Steps */

void setting_want(SettingKept *kept, OptU64 wanted) {
        if (!opt_u64_equal(kept->wanted, wanted))
                *kept = (SettingKept){ .wanted = wanted };
}

static SettingStep step_back(const SettingsRow *row, uint64_t seen) {
        if (!row->is_there)
                return SETTING_LEAVE;
        return seen == row->written && seen != row->before ? SETTING_PUT_BACK : SETTING_FORGET;
}

/* It was right, and is not any more: that was somebody else. */
static void note_rewritten(SettingKept *kept, uint64_t now_usec) {
        kept->was_right = false;
        kept->rewritten_usec = now_usec;
        kept->is_contended = ++kept->n_rewrites >= SETTINGS_REWRITES_MAX;
}

SettingStep setting_step(SettingKept *kept,
                         const SettingsRow *row,
                         bool is_saved,
                         OptU64 seen,
                         uint64_t now_usec) {
        if (!seen.present)
                return SETTING_LEAVE;
        if (!kept->wanted.present)
                return step_back(row, seen.value);
        if (kept->n_rewrites > 0 && now_usec - kept->rewritten_usec >= SETTINGS_REWRITES_USEC) {
                kept->n_rewrites = 0;
                kept->is_contended = false;
        }
        if (seen.value == kept->wanted.value) {
                kept->was_right = true;
                return SETTING_LEAVE;
        }
        if (kept->was_right)
                note_rewritten(kept, now_usec);
        if (kept->is_contended)
                return SETTING_LEAVE;
        return is_saved ? SETTING_WRITE : SETTING_RECORD;
}
