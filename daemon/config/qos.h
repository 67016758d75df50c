/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * slugd.yaml's "qos": what slugd writes to cgroups
 */
#include "config/bind.h"
#include "config/config.h"

void config_qos_set_defaults(ConfigQos *qos);
/* @ret is ConfigQos */
int config_qos_bind(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret);
