/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The machine's settings that slugd.yaml hands to slugd
 *
 * Looked at with each look at the machine; what is not as it should be is written by a worker, when
 * what was there before is on the disk, and read back. What somebody else sets again and again is
 * left to them. Settings do not outlive a boot, and neither does their record.
 */
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/root.h"
#include "enforce/settings.h"
#include "manager/crew.h"
#include "manager/settings.h"
#include "service/enforce-view.h"

typedef struct MachineSettings MachineSettings;

typedef struct MachineSettingsParams {
        sd_event *event;
        const Root *root; /* borrowed, as is the next one */
        Crew *crew;
        const char *boot_id;
        const char *store_problem; /* why nothing can be kept, "" when it can; borrowed */
        Clock clock;               /* monotonic */
        bool may_write;            /* this machine, or a tree that is explicitly a fake one */
        void (*changed)(void *userdata);
        void *userdata;
} MachineSettingsParams;

/* Return: 0 or an errno. */
_must_check_ int machine_settings_new(const MachineSettingsParams *params, MachineSettings **ret);
MachineSettings *machine_settings_free(MachineSettings *self);
DEFINE_CLEANUP(MachineSettings *, machine_settings_free);

/* @is_reload: what was withdrawn is set again. */
void machine_settings_set(MachineSettings *self, const Settings *settings, bool is_reload);
void machine_settings_look(MachineSettings *self);
/* What is shown; those that are not on this machine and that nobody wants are not. The rows stay
 * where they are. */
const EnforceSetting *machine_settings_get(const MachineSettings *self, size_t *ret_n);

typedef void (*SettingsWithdrawn)(const SettingWithdrawn *items, size_t n_items, void *userdata);
/* Puts back all that the record has. @done: later, never from here; once. Return: 0, or -EALREADY
 * while somebody else waits for that. */
_must_check_ int
machine_settings_withdraw(MachineSettings *self, SettingsWithdrawn done, void *userdata);
