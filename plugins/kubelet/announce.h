/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is said of reports, in the log and to the service manager: news alone.
 */
#include "kubelet/report.h"

/* {}: nothing was said. */
typedef struct Announced {
        bool has_begun;
        bool was_settled;
        char gaps[REPORT_SOURCES][DIAG_TEXT_MAX];
        char status[DIAG_TEXT_MAX];
} Announced;

void announce_report(Announced *announced, const Report *report);
