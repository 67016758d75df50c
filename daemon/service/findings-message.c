/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings as a message
 *
 * What NodeService.ListFindings answers: the findings, and the conditions that are bad.
 */
#include <string.h>

#include "service/findings.h"
#include "service/messages.h"

static int
add_findings(Arena *arena, const NodeView *view, Slug__V1__ListFindingsResponse *message) {
        static const Slug__V1__FindingSeverity severities[_FINDING_SEVERITY_N] = {
                [FINDING_NOTE] = SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_NOTE,
                [FINDING_WARNING] = SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_WARNING,
                [FINDING_ERROR] = SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_ERROR,
        };
        Findings findings;
        int r;

        r = findings_build(arena, view, &findings);
        if (r)
                return r;
        message->findings =
                MESSAGE_LIST(arena, findings.n_items, Slug__V1__Finding, SLUG__V1__FINDING__INIT);
        if (!message->findings)
                return -ENOMEM;
        message->n_findings = findings.n_items;
        message->dropped = findings.n_dropped;
        for (size_t i = 0; i < findings.n_items; ++i) {
                message->findings[i]->type = (char *)findings.items[i].type;
                message->findings[i]->severity = severities[findings.items[i].severity];
                message->findings[i]->message = (char *)findings.items[i].message;
                message->findings[i]->fix = (char *)findings.items[i].fix;
        }
        return 0;
}

/* Conditions that tell of findings; a limit that is held back is none. */
static bool is_told(const Slug__V1__Condition *condition) {
        return strcmp(condition->type, "ConflictFree") == 0 ||
               strcmp(condition->type, "ChunksAdvertised") == 0 ||
               strcmp(condition->type, "SplitsHeld") == 0 ||
               (strcmp(condition->type, "LimitsSet") == 0 &&
                strcmp(condition->reason, "HeldBack") != 0);
}

static int
add_conditions(Arena *arena, const NodeView *view, Slug__V1__ListFindingsResponse *message) {
        Slug__V1__Condition **all;
        size_t n_all;
        int r;

        r = message_build_conditions(arena, view, &n_all, &all);
        if (r)
                return r;
        message->conditions = all;
        for (size_t i = 0; i < n_all; ++i)
                if (all[i]->status == SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_FALSE &&
                    !is_told(all[i]))
                        all[message->n_conditions++] = all[i];
        return 0;
}

int message_build_findings(Arena *arena,
                           const NodeView *view,
                           Slug__V1__ListFindingsResponse **ret) {
        Slug__V1__ListFindingsResponse **list = MESSAGE_LIST(
                arena, 1, Slug__V1__ListFindingsResponse, SLUG__V1__LIST_FINDINGS_RESPONSE__INIT);
        int r;

        if (!list)
                return -ENOMEM;
        r = add_findings(arena, view, list[0]);
        if (r == 0)
                r = add_conditions(arena, view, list[0]);
        if (r == 0)
                *ret = list[0];
        return r;
}
