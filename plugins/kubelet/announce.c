/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/announce.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"

/* That a peer does not answer is said where it is asked. Here is what was read and is not all of
 * it, or is not understood. */
static void announce_source(char problem[static DIAG_TEXT_MAX],
                            const Slug__V1__ReportSource *source) {
        const bool has_failed =
                source->state == SLUG__V1__REPORT_SOURCE_STATE__REPORT_SOURCE_STATE_FAILED;
        const char *text = has_failed ? source->problem : "";

        if (strncmp(problem, text, DIAG_TEXT_MAX - 1) == 0)
                return;
        (void)snprintf(problem, DIAG_TEXT_MAX, "%s", text);
        if (has_failed)
                log_event(LOG_WARNING, SLUG_MESSAGE_REPORT_INCOMPLETE,
                          LOG_WITH({ .name = "SLUG_FILE", .text = source->endpoint },
                                   { .name = "SLUG_REASON", .text = text }),
                          "the report is not complete: %s of %s: %s", source->name,
                          source->endpoint, text);
}

static void announce_settled(Announced *announced, const Slug__V1__ReportPodsRequest *report) {
        if (announced->has_begun && announced->was_settled == (bool)report->settled)
                return;
        if (report->settled)
                log_event(LOG_NOTICE, SLUG_MESSAGE_SETTLED, LOG_PLAIN,
                          "the kubelet and the runtime are settled: %zu pods", report->n_pods);
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_SETTLED,
                          LOG_WITH({ .name = "SLUG_REASON", .text = report->unsettled_reason }),
                          "not settled: %s", report->unsettled_reason);
        announced->has_begun = true;
        announced->was_settled = report->settled;
}

void announce_report(Announced *announced,
                     const Slug__V1__ReportPodsRequest *report,
                     size_t n_foreign) {
        char status[DIAG_TEXT_MAX], foreign[64] = "";

        for (size_t i = 0; i < report->n_sources && i < ANNOUNCE_SOURCES; ++i)
                announce_source(announced->problems[i], report->sources[i]);
        announce_settled(announced, report);
        if (n_foreign > 0)
                (void)snprintf(foreign, sizeof(foreign), ", %zu sandboxes that are no pods",
                               n_foreign);
        (void)snprintf(status, sizeof(status), "%zu pods%s, %s%.150s", report->n_pods, foreign,
                       report->settled ? "settled" : "not settled: ", report->unsettled_reason);
        if (strcmp(status, announced->status) == 0)
                return;
        memcpy(announced->status, status, sizeof(status));
        (void)sd_notifyf(0, "STATUS=%s", status);
}
