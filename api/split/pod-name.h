/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names as Kubernetes allows them, of pods and of what belongs to them.
 */
#include <stdbool.h>

#include "base/cleanup.h"

bool pod_is_uid(const char *text);
bool pod_is_namespace(const char *text);
bool pod_is_name(const char *text);
bool pod_is_container_name(const char *text);
