/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What settings of the machine were before
 *
 * As slugd found them the first time that it wrote them, so that another slugd can put them back.
 * Of one boot. Text and values; whoever reads and writes the file is above.
 */
#include "base/buffer.h"
#include "base/error.h"
#include "ledger/record.h"

typedef enum MachineSettingName {
        MACHINE_DEMOTION_ENABLED,
        MACHINE_NUMA_BALANCING,
        MACHINE_DAMON_STAT,
        _MACHINE_SETTING_N,
} MachineSettingName;

#define MACHINE_VALUE_MAX       32u
#define MACHINE_RECORD_FILE_MAX 4096u
#define MACHINE_RECORD_NAME     "settings.json"

const char *machine_setting_name(MachineSettingName name); /* "demotion_enabled" */
/* Of letters and digits, one at least. */
bool machine_value_is_valid(const char *value);

typedef struct MachineRecordItem {
        char before[MACHINE_VALUE_MAX]; /* "": slugd did not write it */
        char written[MACHINE_VALUE_MAX];
} MachineRecordItem;

typedef struct MachineRecord {
        char boot_id[RECORD_BOOT_MAX];
        MachineRecordItem items[_MACHINE_SETTING_N];
} MachineRecord;

enum {
        _MACHINE_RECORD_E_SUCCESS,
        MACHINE_RECORD_E_MALFORMED, /* @reterr says where */
};

/* As JSON. Failure is the buffer's. */
void machine_record_append(const MachineRecord *record, Buffer *buffer);
_must_check_ int
machine_record_parse(const char *text, size_t n_text, MachineRecord *ret, Diag *reterr);
