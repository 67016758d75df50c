/* SPDX-License-Identifier: Apache-2.0 */
#include "service/pods-view.h"

/*
 * Worst first: what slugd cannot see itself counts for more than what it is not told, because
 * nothing is promised then.
 */

uint64_t pods_view_get_age(const PodsView *view, uint64_t usec) {
        return bytes_sub_clamped(clock_now_usec(&view->clock), usec);
}

static PodsKnown judge_source(const ReportSource *source, Diag *ret) {
        switch (source->state) {
        case REPORT_SOURCE_FAILED:
                diag_set(ret, NULL, 0, 0, "slug-kubelet cannot read %s%s%s: %s", source->name,
                         source->endpoint[0] ? " at " : "", source->endpoint,
                         source->problem[0] ? source->problem : "it does not say why");
                return PODS_SOURCE_FAILED;
        case REPORT_SOURCE_ABSENT:
                diag_set(ret, NULL, 0, 0,
                         "slug-kubelet finds no %s here%s%s; name it in its configuration, or "
                         "tell it not to ask",
                         source->name, source->problem[0] ? ": " : "", source->problem);
                return PODS_SOURCE_ABSENT;
        case REPORT_SOURCE_COMPLETE:
        case REPORT_SOURCE_UNUSED:
        case _REPORT_SOURCE_STATE_N:
                break;
        }
        return PODS_REPORTED;
}

static PodsKnown judge_report(const PodsView *view, const PodsReport *report, Diag *ret) {
        if (pods_view_get_age(view, report->usec) > PODS_REPORT_OLD_USEC) {
                diag_set(ret, NULL, 0, 0,
                         "slug-kubelet has not reported for 3 minutes or more; see \"systemctl "
                         "status slug-kubelet\"");
                return PODS_REPORT_OLD;
        }
        for (size_t i = 0; i < report->n_sources; ++i) {
                const PodsKnown known = judge_source(&report->sources[i], ret);

                if (known != PODS_REPORTED)
                        return known;
        }
        if (!report->is_settled) {
                diag_set(ret, NULL, 0, 0,
                         "slug-kubelet waits until all pods are known: %s; no claim is released "
                         "for being absent until then",
                         report->unsettled_reason[0] ? report->unsettled_reason
                                                     : "it does not say for what");
                return PODS_UNSETTLED;
        }
        diag_set(ret, NULL, 0, 0, "the kubelet and the container runtime have said all they know");
        return PODS_REPORTED;
}

PodsKnown pods_view_judge(const PodsView *view, Diag *ret_message) {
        const Inventory *inventory = view ? view->inventory : NULL;
        char text[DIAG_FORMATTED_MAX];

        if (!inventory) {
                diag_set(ret_message, NULL, 0, 0, "nobody has looked at pods yet");
                return PODS_UNSEEN;
        }
        if (!inventory->tree->is_complete) {
                diag_set(ret_message, NULL, 0, 0,
                         "%s; no memory is promised until the cgroups of all pods can be read",
                         diag_format(&inventory->tree->problem, text));
                return PODS_CGROUPS_UNREADABLE;
        }
        if (view->problem[0]) {
                diag_set(ret_message, NULL, 0, 0, "%s; no memory is promised as long as that is so",
                         view->problem);
                return PODS_UNRECORDED;
        }
        if (inventory->report)
                return judge_report(view, inventory->report, ret_message);
        diag_set(ret_message, NULL, 0, 0,
                 "pods are known by their cgroups alone, without names and requests; enable "
                 "slug-kubelet.service");
        return PODS_CGROUPS_ONLY;
}
