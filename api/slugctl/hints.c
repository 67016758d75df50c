/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/hints.h"

#include <stdio.h>
#include <string.h>

#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/words.h"

/*
 * One table a resource, best first, as slugd sorts them. That nothing fits is an answer and no
 * error of the daemon's; a script learns it from the exit status.
 */
#define HINTS_MAX 64u

static const Option options[] = {
        REQUEST_MEMORY_OPTIONS,
        REQUEST_MODE_OPTION,
        { .name = "max", .argument = "N", .help = "at most so many, 1 to 64" },
};

int hints_request_init(HintsRequest *self, const VerbContext *context, Diag *reterr) {
        RequestAmounts amounts;
        uint64_t max = 0;
        int r;

        r = request_read_amounts(context, &amounts, reterr);
        if (r == 0)
                r = request_read_number(context, "max", HINTS_MAX, &max, reterr);
        if (r)
                return r;
        slug__v1__get_topology_hints_request__init(&self->message);
        request_memory_init(&self->memory, &amounts);
        self->message.request = &self->memory.message;
        self->message.mode = request_get_mode(context);
        self->message.max_hints = (uint32_t)max;
        return 0;
}

static int write_request(const VerbContext *context, Buffer *request, Diag *reterr) {
        HintsRequest hints;
        int r;

        r = hints_request_init(&hints, context, reterr);
        return r ? r : request_encode(&hints.message.base, request);
}

static void add_hint(Table *table, const Slug__V1__TopologyHint *hint) {
        const OptU64 cost = MESSAGE_OPT(hint, cost_permille);
        _cleanup_(buffer_deinitp) Buffer placement = {};
        char text[COST_TEXT_MAX];

        placement_append(hint->placement, hint->n_placement, &placement);
        table_add_or(table, hint->numa_nodes, "<any>");
        table_add(table, hint->preferred ? TONE_GOOD : TONE_PLAIN, hint->preferred ? "yes" : "no");
        table_add(table, TONE_PLAIN, cost_format(cost.present, cost.value, text));
        table_add_built(table, TONE_PLAIN, &placement);
        table_add_or(table, hint->cpu_numa_nodes, "-");
}

static void append_resource(const Slug__V1__ResourceHints *resource,
                            bool has_title,
                            const Style *style,
                            Buffer *buffer) {
        static const char *const headers[] = { "NUMA Nodes", "Preferred", "Cost", "Placement",
                                               "CPU Nodes" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (has_title) {
                output_toned(buffer, style, TONE_BOLD, resource->resource);
                buffer_append_text(buffer, ":\n");
        }
        table_set_headers(&table, headers);
        for (size_t i = 0; i < resource->n_hints; ++i)
                add_hint(&table, resource->hints[i]);
        table_append(&table, has_title ? 2 : 0, buffer);
}

/* A resource for which there is no set makes that there is none for the request. */
static bool has_hints(const Slug__V1__GetTopologyHintsResponse *response) {
        for (size_t i = 0; i < response->n_resources; ++i)
                if (response->resources[i]->n_hints == 0)
                        return false;
        return response->n_resources > 0 && !response->lack[0];
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        const Slug__V1__GetTopologyHintsResponse *response =
                (const Slug__V1__GetTopologyHintsResponse *)message;

        if (response->no_opinion) {
                buffer_append_text(buffer, "No opinion: any NUMA node will do for this request\n");
                return;
        }
        if (!has_hints(response)) {
                output_toned(buffer, style, TONE_BAD, "No NUMA nodes can hold this");
                buffer_append_text(buffer, response->lack[0] ? ": " : "");
                output_text(buffer, style, response->lack);
                buffer_append_char(buffer, '\n');
                return;
        }
        for (size_t i = 0; i < response->n_resources; ++i)
                append_resource(response->resources[i], response->n_resources > 1, style, buffer);
}

static int get_status(const ProtobufCMessage *message) {
        const Slug__V1__GetTopologyHintsResponse *response =
                (const Slug__V1__GetTopologyHintsResponse *)message;

        return response->no_opinion || has_hints(response) ? EXIT_SUCCESS : EXIT_FAILURE;
}

const Verb verb_hints = {
        .name = "hints",
        .arguments = "",
        .summary = "which NUMA nodes can hold a request, best first",
        .help = "Shows the sets of NUMA nodes that can hold a request now, best first: what it\n"
                "would cost on average (1.00x is local DRAM at its best), how many bytes would "
                "come\n"
                "from which NUMA node, and where the CPUs should be. Nothing is promised.\n"
                "\n"
                "A size is a Kubernetes quantity, or two of them: 8Gi..12Gi is 8Gi promised and\n"
                "12Gi allowed. When nothing fits, what is missing is said and the exit status is "
                "1.\n"
                "\n"
                "Examples:\n"
                "  slugctl hints --local 4Gi --remote 8Gi..12Gi\n"
                "  slugctl hints --local 4Gi --hugepages-2Mi 64Mi --max 3\n"
                "  slugctl hints --local 4Gi --mode kubelet -o json | jq '.resources[].hints[0]'\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = call_run,
        .path = "/slug.v1.MemoryManagerService/GetTopologyHints",
        .response = &slug__v1__get_topology_hints_response__descriptor,
        .write_request = write_request,
        .render = render,
        .get_status = get_status,
};
