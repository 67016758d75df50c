/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/nodeset.h"
#include "base/quantity.h"
#include "base/scan.h"
#include "slugctl/request.h"
#include "slugctl/words.h"

/*
 * The verdict first, then how it came about: every question that slugd asks, in its order, with a
 * mark at the one that decided; at the end the bytes.
 */
static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        Slug__V1__ExplainRequest message = SLUG__V1__EXPLAIN_REQUEST__INIT;
        const char *text = context->arguments[1];
        Scan scan = scan_init(text, strlen(text));
        uint64_t id;

        if (!scan_u64(&scan, &id) || !scan_is_done(&scan) || id >= NODESET_MAX) {
                diag_set(reterr, NULL, 0, 0,
                         "the id of a NUMA node is a number from 0 to %u, not '%s'",
                         NODESET_MAX - 1, text);
                return VERB_E_USAGE;
        }
        message.numa_node = (uint32_t)id;
        return request_encode(&message.base, request);
}

static const char *answer_word(Slug__V1__ExplanationAnswer answer) {
        switch (answer) {
        case SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_PASSED:
                return "no";
        case SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_DECIDES:
                return "decides";
        case SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_NOT_ASKED:
                return "not asked";
        case SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_OVERRULES:
                return "overrules";
        case SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_UNSPECIFIED:
        case _SLUG__V1__EXPLANATION_ANSWER_IS_INT_SIZE:
                break;
        }
        return "?";
}

static bool has_decided(const Slug__V1__ExplanationStep *step) {
        return step->answer == SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_DECIDES ||
               step->answer == SLUG__V1__EXPLANATION_ANSWER__EXPLANATION_ANSWER_OVERRULES;
}

static void
append_verdict(const Slug__V1__NumaNode *numa_node, const Style *style, Buffer *buffer) {
        buffer_printf(buffer, "NUMA node %" PRIu32 " is %s, ", numa_node->id,
                      kind_word(numa_node->kind));
        output_toned(buffer, style, locality_tone(numa_node->locality),
                     locality_word(numa_node->locality));
        buffer_append_text(buffer, ": ");
        output_text(buffer, style, numa_node->reason);
        buffer_append_text(buffer, "\n");
        advice_append(style, numa_node, buffer);
}

static void
append_steps(const Slug__V1__ExplainResponse *response, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Question", "Answer", "Finding", "Evidence" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        output_heading(buffer, style, "Questions:");
        table_set_headers(&table, headers);
        for (size_t i = 0; i < response->n_steps; ++i) {
                const Slug__V1__ExplanationStep *step = response->steps[i];

                table_add(&table, TONE_PLAIN, step->question);
                table_add(&table, has_decided(step) ? TONE_BOLD : TONE_PLAIN,
                          answer_word(step->answer));
                table_add(&table, TONE_PLAIN, step->finding);
                table_add(&table, TONE_PLAIN, step->evidence);
        }
        table_append(&table, 2, buffer);
}

static void add_amount(Table *table, const char *name, uint64_t bytes) {
        table_add(table, TONE_PLAIN, name);
        table_add_bytes(table, bytes);
}

static void
append_amounts(const Slug__V1__ExplainResponse *response, const Style *style, Buffer *buffer) {
        const Slug__V1__NumaNodeAmounts *amounts = response->numa_node->amounts;
        _cleanup_(table_deinitp) Table table = table_init(style, 2);

        if (!amounts)
                return;
        output_heading(buffer, style, "Memory:");
        add_amount(&table, "capacity", amounts->capacity_bytes);
        add_amount(&table, "hugepages", amounts->hugepages_bytes);
        add_amount(&table, "reserved", amounts->reserved_bytes);
        if (amounts->withheld_bytes)
                add_amount(&table, "withheld", amounts->withheld_bytes);
        add_amount(&table, "allocatable", amounts->allocatable_bytes);
        table_add(&table, TONE_PLAIN, "placement from");
        table_add_or(&table, response->placement_source, "<unknown>");
        table_append(&table, 2, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__ExplainResponse *response = (const Slug__V1__ExplainResponse *)message;

        if (!response->numa_node || !response->numa_node->numa_node) {
                buffer_append_text(buffer, "No explanation\n");
                return;
        }
        append_verdict(response->numa_node->numa_node, style, buffer);
        append_steps(response, style, buffer);
        append_amounts(response, style, buffer);
}

const ExplainSubject explain_numa_node = {
        .name = "numa-node",
        .n_arguments = 1,
        .usage = "numa-node N",
        .path = "/slug.v1.NodeService/Explain",
        .response = &slug__v1__explain_response__descriptor,
        .write_request = write_request,
        .render = render,
};
