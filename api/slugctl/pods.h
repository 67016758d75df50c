/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Every pod on the node, as a list. */
#include "slug/v1/pod.pb-c.h"
#include "slugctl/output.h"

void pods_append(const Slug__V1__ListPodsResponse *response, const Style *style, Buffer *buffer);
