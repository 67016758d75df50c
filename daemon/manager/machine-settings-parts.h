/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the keeper of the machine's settings is made of
 *
 * For its own files: one keeps them, one shows and tells them.
 */
#include "manager/machine-settings.h"
#include "manager/record-file.h"

typedef struct SettingItem {
        SettingKept kept;
        OptU64 seen;
        int error; /* of the last write, below 0 */
        uint64_t retry_usec;
        int told_error;
} SettingItem;

struct MachineSettings {
        MachineSettingsParams params;
        RecordFile *file;
        SettingItem items[_MACHINE_SETTING_N];
        sd_event_source *step; /* the next look */
        bool is_writing;
        MachineSetting writing;
        uint64_t writing_value;
        bool is_putting_back;
        /* withdrawing */
        bool is_withdrawing; /* somebody waits for it */
        bool has_withdrawn;  /* nothing is wanted until a reload */
        SettingWithdrawn withdrawn[_MACHINE_SETTING_N];
        size_t n_withdrawn;
        SettingsWithdrawn done;
        void *done_userdata;
        /* what is shown */
        EnforceSetting rows[ENFORCE_SETTINGS_MAX];
        size_t n_rows;
        char names[ENFORCE_SETTINGS_MAX][48], paths[ENFORCE_SETTINGS_MAX][80];
};

extern const RecordKind settings_record_kind;

/* Makes the rows anew. Return: whether they are others than before. */
bool machine_settings_update(MachineSettings *self);

/* To the journal. */
void settings_announce_set(MachineSetting setting, uint64_t before, uint64_t value, bool is_back);
/* Unless it is the one that was told last. */
void settings_announce_problem(const SettingItem *item, MachineSetting setting, uint64_t value);
void settings_announce_contended(MachineSetting setting, uint64_t seen, uint64_t wanted);
