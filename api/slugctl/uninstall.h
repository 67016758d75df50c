/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Limits that were put back, and what is left to do. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

void uninstall_append(const Slug__V1__WithdrawResponse *response,
                      const Style *style,
                      Buffer *buffer);
/* The question before that. @response: the plan. Return: how many knobs will be put back. */
size_t uninstall_append_question(const Slug__V1__PlanResponse *response,
                                 const Style *style,
                                 Buffer *buffer);
