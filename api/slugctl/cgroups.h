/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The managed cgroups as a tree. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

void cgroups_append(const Slug__V1__ListCgroupsResponse *response,
                    const Style *style,
                    Buffer *buffer);
