/* SPDX-License-Identifier: Apache-2.0 */
#include "kubelet/announce.h"

#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"

/* That somebody does not answer is said where it is asked (peer.c). */
static void announce_gap(char said[static DIAG_TEXT_MAX],
                         const Slug__V1__ReportSource *source,
                         const char *gap) {
        if (strncmp(said, gap, DIAG_TEXT_MAX - 1) == 0)
                return;
        (void)snprintf(said, DIAG_TEXT_MAX, "%s", gap);
        if (gap[0])
                log_event(LOG_WARNING, SLUG_MESSAGE_REPORT_INCOMPLETE,
                          LOG_WITH({ .name = "SLUG_FILE", .text = source->endpoint },
                                   { .name = "SLUG_REASON", .text = gap }),
                          "the report is not complete: %s of %s: %s", source->name,
                          source->endpoint, gap);
}

static void announce_settled(Announced *announced, const Slug__V1__ReportPodsRequest *report) {
        if (announced->has_begun && announced->was_settled == (bool)report->settled)
                return;
        if (report->settled)
                log_event(LOG_NOTICE, SLUG_MESSAGE_SETTLED, LOG_PLAIN,
                          "the kubelet and the runtime are settled: %zu pod%s", report->n_pods,
                          report->n_pods == 1 ? "" : "s");
        else
                log_event(LOG_NOTICE, SLUG_MESSAGE_SETTLED,
                          LOG_WITH({ .name = "SLUG_REASON", .text = report->unsettled_reason }),
                          "not settled: %s", report->unsettled_reason);
        announced->has_begun = true;
        announced->was_settled = report->settled;
}

void announce_report(Announced *announced, const Report *report) {
        const Slug__V1__ReportPodsRequest *message = &report->message;
        char status[DIAG_TEXT_MAX], foreign[64] = "";

        for (size_t i = 0; i < REPORT_SOURCES; ++i)
                announce_gap(announced->gaps[i], &report->sources[i], report->gaps[i]);
        announce_settled(announced, message);
        if (report->n_foreign > 0)
                (void)snprintf(foreign, sizeof(foreign), ", %zu sandbox%s of others",
                               report->n_foreign, report->n_foreign == 1 ? "" : "es");
        (void)snprintf(status, sizeof(status), "%zu pod%s%s, %s%.150s", message->n_pods,
                       message->n_pods == 1 ? "" : "s", foreign,
                       message->settled ? "settled" : "not settled: ", message->unsettled_reason);
        if (strcmp(status, announced->status) == 0)
                return;
        memcpy(announced->status, status, sizeof(status));
        (void)sd_notifyf(0, "STATUS=%s", status);
}
