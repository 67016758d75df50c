/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/doctor.h"

#include <inttypes.h>
#include <stdlib.h>

#include "slugctl/call.h"

/*
 * One finding is two or three lines: how bad it is and what it is called, the sentence, and the
 * line that mends it, which stands alone so that it can be copied. What slugd says about its own
 * state comes between warnings and notes: a condition that is bad needs somebody, a note may be
 * meant so.
 */
typedef struct Row {
        const char *word;
        Tone tone;
} Row;

static Row get_row(Slug__V1__FindingSeverity severity) {
        switch (severity) {
        case SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_ERROR:
                return (Row){ "ERROR", TONE_BAD };
        case SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_WARNING:
                return (Row){ "WARNING", TONE_NOTICE };
        case SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_NOTE:
                return (Row){ "NOTE", TONE_PLAIN };
        case SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_UNSPECIFIED:
        case _SLUG__V1__FINDING_SEVERITY_IS_INT_SIZE:
                break;
        }
        return (Row){ "?", TONE_PLAIN };
}

static bool is_note(const Slug__V1__Finding *finding) {
        return finding->severity == SLUG__V1__FINDING_SEVERITY__FINDING_SEVERITY_NOTE;
}

static void add_finding(Table *table, const Slug__V1__Finding *finding) {
        const Row row = get_row(finding->severity);

        table_add(table, row.tone, row.word);
        table_add(table, TONE_BOLD, finding->type);
        table_add(table, TONE_PLAIN, finding->message);
        table_add(table, TONE_PLAIN, "");
        table_add(table, TONE_PLAIN, "fix:");
        table_add(table, TONE_GOOD, finding->fix);
}

static void add_condition(Table *table, const Slug__V1__Condition *condition) {
        table_add(table, TONE_NOTICE, "CONDITION");
        table_add(table, TONE_BOLD, condition->type);
        table_printf(table, TONE_PLAIN, "%s: %s", condition->reason, condition->message);
}

void doctor_append(const Slug__V1__ListFindingsResponse *response,
                   const Style *style,
                   Buffer *buffer) {
        _cleanup_(table_deinitp) Table table = table_init(style, 3);

        for (size_t i = 0; i < response->n_findings; ++i)
                if (!is_note(response->findings[i]))
                        add_finding(&table, response->findings[i]);
        for (size_t i = 0; i < response->n_conditions; ++i)
                add_condition(&table, response->conditions[i]);
        for (size_t i = 0; i < response->n_findings; ++i)
                if (is_note(response->findings[i]))
                        add_finding(&table, response->findings[i]);
        if (table_is_empty(&table))
                buffer_append_text(buffer, "Nothing found\n");
        table_append(&table, 0, buffer);
        if (response->dropped)
                buffer_printf(buffer, "(%" PRIu64 " more)\n", response->dropped);
}

int doctor_get_status(const Slug__V1__ListFindingsResponse *response) {
        size_t n = response->n_conditions + (response->dropped > 0);

        for (size_t i = 0; i < response->n_findings; ++i)
                n += !is_note(response->findings[i]);
        return n > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        doctor_append((const Slug__V1__ListFindingsResponse *)message, style, buffer);
}

static int get_status(const ProtobufCMessage *message) {
        return doctor_get_status((const Slug__V1__ListFindingsResponse *)message);
}

const Verb verb_doctor = {
        .name = "doctor",
        .arguments = "",
        .summary = "what is at odds with what, and the line that mends it",
        .help = "Looks for what on this node keeps slugd or the kubelet from doing what they were\n"
                "told: settings of both that exclude each other, limits that somebody else\n"
                "writes, switches of the kernel that undo them, memory that is online in the\n"
                "wrong zone. Each has one line that mends it: a command, or a file and what\n"
                "belongs into it. Conditions of the node that are bad are told, too. The worst\n"
                "comes first.\n"
                "\n"
                "The exit status is 0 when there are only notes or nothing, else 1.\n"
                "\n"
                "Examples:\n"
                "  slugctl doctor\n"
                "  slugctl doctor -o json | jq -r '.findings[].fix'\n",
        .run = call_run,
        .path = "/slug.v1.NodeService/ListFindings",
        .response = &slug__v1__list_findings_response__descriptor,
        .render = render,
        .get_status = get_status,
};
