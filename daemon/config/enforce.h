/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slugd.yaml's "enforce": how the splits of containers are held
 */
#include "config/bind.h"
#include "config/config.h"

void config_enforce_set_defaults(ConfigEnforce *enforce);
/* @ret is ConfigEnforce */
int config_enforce_bind(const BindFile *file,
                        const YamlNode *key,
                        const YamlNode *value,
                        void *ret);
