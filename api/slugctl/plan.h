/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the knobs of the QoS cgroups should be: a table, or what differs. */
#include "slug/v1/node.pb-c.h"
#include "slugctl/output.h"

void plan_append(const Slug__V1__PlanResponse *response, const Style *style, Buffer *buffer);
/* In the manner of a unified diff, a file for each knob that differs. Return: how many do. */
size_t plan_append_diff(const Slug__V1__PlanResponse *response, const Style *style, Buffer *buffer);
/* The knob is to have a value that it has not. */
bool planned_knob_differs(const Slug__V1__PlannedKnob *knob);
