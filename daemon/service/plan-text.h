/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The plan for a person without slugctl
 *
 * What slugd --plan prints: every knob, what would become of it and why; or the message of
 * NodeService.Plan as JSON.
 */
#include "base/buffer.h"
#include "service/qos-view.h"

typedef enum PlanFormat {
        PLAN_TEXT,
        PLAN_JSON,
} PlanFormat;

/* Return: 0 or -ENOMEM. */
_must_check_ int plan_text_append(const QosView *view, PlanFormat format, Buffer *buffer);
