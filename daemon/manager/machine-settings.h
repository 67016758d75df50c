/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Settings of the machine
 *
 * Those that slugd.yaml hands to slugd (enforce.settings), which are none by default. What was
 * there before is on the disk before a setting is written. They stay when slugd stops, as limits
 * do, and are put back by the same that puts limits back.
 */
#include "base/clock.h"
#include "base/root.h"
#include "config/config.h"
#include "manager/machine-record.h"
#include "service/enforce-view.h"
#include "worker/worker.h"

typedef struct MachineSettings MachineSettings;

typedef struct MachineSettingsParams {
        const Root *root; /* borrowed, as are the next two */
        const char *boot_id;
        const char *store_problem; /* why nothing can be kept on the disk, "" when it can */
        Workers *workers;
        unsigned lane;
        bool may_write;
        void (*changed)(void *userdata); /* one of them; what they mean is to be looked at again */
        void *userdata;
} MachineSettingsParams;

_must_check_ int machine_settings_new(const MachineSettingsParams *params, MachineSettings **ret);
MachineSettings *machine_settings_free(MachineSettings *settings);
DEFINE_CLEANUP(MachineSettings *, machine_settings_free);

/* @config: NULL: nothing is wanted. @is_reload: it was asked for, so that what was withdrawn is
 * wanted again. */
void machine_settings_set(MachineSettings *settings, const ConfigEnforce *config, bool is_reload);
/* Reads all of them, and writes what is not as it is wanted. */
void machine_settings_look(MachineSettings *settings);
/* @ret: ENFORCE_SETTINGS_MAX of them. Return: how many there are. */
size_t machine_settings_list(const MachineSettings *settings, EnforceSetting *ret);

/* Puts all back that slugd has written since the boot, and writes nothing more until a reload.
 * @done: once, when all of it was tried, from here when there is nothing; @text is a line for each.
 * Return: false: it is being done already. */
typedef void (*MachineWithdrawn)(const char *text, size_t n_failures, void *userdata);
bool machine_settings_withdraw(MachineSettings *settings, MachineWithdrawn done, void *userdata);
