/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What changed, one line a change. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

void change_append(const Slug__V1__Change *change, const Style *style, Buffer *buffer);
void changes_append(const Slug__V1__ListChangesResponse *response,
                    const Style *style,
                    Buffer *buffer);
