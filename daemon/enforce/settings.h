/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settings of the machine that decide where memory is
 *
 * Three that slugd.yaml can hand to slugd (enforce.settings), their words, what was in them before,
 * and the next step of each. Text and values: whoever reads and writes files is above. What is
 * handed back, or withdrawn, becomes what it was, unless somebody else has set it meanwhile.
 *
 * Source: Documentation/ABI/testing/sysfs-kernel-mm-numa, admin-guide/sysctl/kernel.rst and
 * admin-guide/mm/damon/stat.rst of Linux 7.1.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/record.h"

#define SETTINGS_VALUE_MAX       32u
#define SETTINGS_RECORD_NAME     "settings.json"
#define SETTINGS_RECORD_FILE_MAX (16u * 1024)
/* So often somebody else may set one before slugd leaves it to them, and so long it is remembered.
 */
#define SETTINGS_REWRITES_MAX  3u
#define SETTINGS_REWRITES_USEC (60 * 60 * USEC_PER_SEC)

typedef enum MachineSetting {
        MACHINE_DEMOTION_ENABLED,
        MACHINE_NUMA_BALANCING,
        MACHINE_DAMON_STAT,
        _MACHINE_SETTING_N,
} MachineSetting;

const char *machine_setting_name(MachineSetting setting); /* "demotion_enabled" */
const char *machine_setting_path(MachineSetting setting); /* from the root */
const char *machine_setting_key(MachineSetting setting);  /* "enforce.settings.demotionEnabled" */
/* As the kernel shows it, and takes it: "true", "Y", "2". */
const char *machine_setting_format(MachineSetting setting,
                                   uint64_t value,
                                   char buffer[static SETTINGS_VALUE_MAX]);
/* @text: what is in the file, with or without a newline. False: it is nothing that it could be. */
bool machine_setting_parse(MachineSetting setting, const char *text, size_t n_text, uint64_t *ret);

/* What was there before: on the disk, and of one boot. */

typedef struct SettingsRow {
        bool is_there;
        uint64_t before, written; /* the second: by slugd, the last */
} SettingsRow;

typedef struct SettingsRecord {
        char boot_id[RECORD_BOOT_MAX];
        SettingsRow rows[_MACHINE_SETTING_N];
} SettingsRecord;

enum {
        _SETTINGS_E_SUCCESS,
        SETTINGS_E_MALFORMED, /* @reterr says where */
};

/* As JSON. Failure is the buffer's. */
void settings_record_append(const SettingsRecord *record, Buffer *buffer);
_must_check_ int
settings_record_parse(const char *text, size_t n_text, SettingsRecord *ret, Diag *reterr);

/* The next step of one. */

/* What is remembered of it; {} is one that was never looked at. */
typedef struct SettingKept {
        OptU64 wanted;
        bool was_right; /* what was wanted was there, at the look before */
        unsigned n_rewrites;
        uint64_t rewritten_usec;
        bool is_contended;
} SettingKept;

typedef enum SettingStep {
        SETTING_LEAVE,
        SETTING_RECORD, /* what is there has to be on the disk first */
        SETTING_WRITE,
        SETTING_PUT_BACK,
        SETTING_FORGET, /* it is what it was, or somebody else's: out of the record */
} SettingStep;

/* @wanted: absent: it was not handed to slugd. */
void setting_want(SettingKept *kept, OptU64 wanted);
/* @row: of the record as it should be; @is_saved: that one is on the disk; @seen: absent: there is
 * no such file, or nothing that can be read. */
SettingStep setting_step(SettingKept *kept,
                         const SettingsRow *row,
                         bool is_saved,
                         OptU64 seen,
                         uint64_t now_usec);

/* One that was withdrawn. */
typedef struct SettingWithdrawn {
        MachineSetting setting;
        uint64_t before, written;
        bool is_foreign; /* somebody else has set it: it was left */
        int error;       /* why it was not put back: an errno below 0 */
} SettingWithdrawn;
