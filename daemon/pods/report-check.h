/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a report must be. Inside this folder only.
 */
#include "pods/report.h"

/* What is only shown to people: longer text is cut, more annotations are left out. */
#define REPORT_TEXT_MAX        512u /* with the NUL */
#define REPORT_ANNOTATIONS_MAX (PODS_CONTAINERS_MAX + 1)

/* Return: 0 or REPORT_E_INVALID. Pods need not be sorted, so that those that are there twice are
 * not found here. */
_must_check_ int report_check(const PodsReport *report, Diag *reterr);
