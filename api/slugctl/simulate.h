/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Pods that might come, and whether there would be room. */
#include "slug/v1/memory.pb-c.h"
#include "slugctl/output.h"

void simulation_append(const Slug__V1__SimulateResponse *response,
                       const Style *style,
                       Buffer *buffer);
