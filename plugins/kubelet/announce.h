/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What is said of reports, in the log and to the service manager: news alone.
 */
#include <stdbool.h>

#include "base/error.h"
#include "slug/v1/pod.pb-c.h"

#define ANNOUNCE_SOURCES 4u

/* {}: nothing was said. */
typedef struct Announced {
        bool has_begun;
        bool was_settled;
        char problems[ANNOUNCE_SOURCES][DIAG_TEXT_MAX]; /* of each source; "" for none */
        char status[DIAG_TEXT_MAX];
} Announced;

/* @n_foreign: sandboxes that are not Kubernetes'. */
void announce_report(Announced *announced,
                     const Slug__V1__ReportPodsRequest *report,
                     size_t n_foreign);
