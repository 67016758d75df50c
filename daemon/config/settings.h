/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The configuration as a list
 *
 * Every setting that slugd has, by the key that sets it, with its value and where it comes from.
 */
#include "config/config.h"

#define SETTING_KEY_MAX   72u
#define SETTING_VALUE_MAX 320u

typedef struct ConfigSetting {
        char key[SETTING_KEY_MAX];     /* "kubelet.systemReserved.memory" */
        char value[SETTING_VALUE_MAX]; /* as it would be written, "" for nothing */
        char source[CONFIG_SOURCE_TEXT_MAX];
} ConfigSetting;

typedef struct ConfigSettings {
        ConfigSetting *items;
        size_t n_items;
} ConfigSettings;

/* In a fixed order. Return: 0 or -ENOMEM. */
_must_check_ int config_settings_list(const Config *config, ConfigSettings *ret);
void config_settings_deinit(ConfigSettings *settings);
DEFINE_DEINIT(ConfigSettings, config_settings_deinit);

const ConfigSetting *config_settings_find(const ConfigSettings *settings, const char *key);
bool config_setting_is_equal(const ConfigSetting *a, const ConfigSetting *b);
