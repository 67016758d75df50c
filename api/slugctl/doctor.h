/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is at odds with what, and how it is mended. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

void doctor_append(const Slug__V1__ListFindingsResponse *response,
                   const Style *style,
                   Buffer *buffer);
/* The exit status that the answer makes. */
int doctor_get_status(const Slug__V1__ListFindingsResponse *response);
