/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Roles
 *
 * slugd.yaml's "roles": which users and groups may what on the socket, by name or number. What a
 * name stands for is not looked up here.
 */
#include "config/bind.h"

/* parse function of a BindField. @ret: ConfigRoles */
int roles_bind(const BindFile *file, const YamlNode *key, const YamlNode *value, void *ret);
void roles_set_defaults(ConfigRoles *roles);
