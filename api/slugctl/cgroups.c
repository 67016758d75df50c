/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/cgroups.h"

#include <stdlib.h>
#include <string.h>

#include "base/nodeset.h"
#include "slugctl/call.h"
#include "slugctl/claim.h"
#include "slugctl/knob.h"
#include "slugctl/request.h"
#include "slugctl/words.h"

/*
 * A table whose first column is a tree: cgroups come before what is in them, each with its depth.
 * There is a column for each NUMA node that any of them uses. Of the knobs those are shown that
 * limit or protect anything, each with its owner; the wide table has all.
 */
#define DEPTH_MAX     8u
#define ID_SHOWN      12u /* of a container's id, as runtimes show it */
#define ID_LENGTH_MIN 32u /* what is longer is an id and no name */

static const Option options[] = {
        { .name = "pods", .help = "pods and containers, too" },
};

static NodeSet find_numa_nodes(const Slug__V1__ListCgroupsResponse *response) {
        NodeSet nodes = {};

        for (size_t i = 0; i < response->n_cgroups; ++i)
                for (size_t k = 0; k < response->cgroups[i]->n_numa_nodes; ++k)
                        if (response->cgroups[i]->numa_nodes[k]->numa_node < NODESET_MAX)
                                nodeset_add(&nodes, response->cgroups[i]->numa_nodes[k]->numa_node);
        return nodes;
}

/* The tree */

/* Another one of that depth comes below the same one. */
static bool
has_sibling(const Slug__V1__ListCgroupsResponse *response, size_t place, uint32_t depth) {
        for (size_t i = place + 1; i < response->n_cgroups; ++i) {
                if (response->cgroups[i]->depth < depth)
                        return false;
                if (response->cgroups[i]->depth == depth)
                        return true;
        }
        return false;
}

static void append_branch(const Slug__V1__ListCgroupsResponse *response,
                          size_t place,
                          const Style *style,
                          Buffer *buffer) {
        const uint32_t told = response->cgroups[place]->depth;
        const uint32_t depth = told < DEPTH_MAX ? told : DEPTH_MAX;

        for (uint32_t i = 1; i < depth; ++i)
                if (has_sibling(response, place, i))
                        buffer_append_text(buffer, style->is_ascii ? "|   " : "│  ");
                else
                        buffer_append_text(buffer, style->is_ascii ? "    " : "   ");
        if (depth == 0)
                return;
        if (has_sibling(response, place, depth))
                buffer_append_text(buffer, style->is_ascii ? "|-- " : "├─ ");
        else
                buffer_append_text(buffer, style->is_ascii ? "`-- " : "└─ ");
}

static void append_name(const Slug__V1__ManagedCgroup *cgroup, bool is_wide, Buffer *buffer) {
        const char *slash = strrchr(cgroup->path, '/');
        const size_t n = strlen(cgroup->container);

        if (n > 0)
                buffer_append(buffer, cgroup->container,
                              is_wide || n < ID_LENGTH_MIN ? n : ID_SHOWN);
        else if (cgroup->pod_name[0] || cgroup->pod_uid[0])
                buffer_append_text(buffer,
                                   cgroup->pod_name[0] ? cgroup->pod_name : cgroup->pod_uid);
        else if (cgroup->depth > 0 && slash)
                buffer_append_text(buffer, slash + 1);
        else
                buffer_append_text(buffer, cgroup->path[0] ? cgroup->path : cgroup->level);
}

static void add_name(Table *table, const Slug__V1__ListCgroupsResponse *response, size_t place) {
        _cleanup_(buffer_deinitp) Buffer text = {};

        append_branch(response, place, table->style, &text);
        append_name(response->cgroups[place], table->style->is_wide, &text);
        table_add_built(table, TONE_PLAIN, &text);
}

/* Limits */

/* What every cgroup has that nobody has touched. */
static bool is_default(const Slug__V1__CgroupKnobValue *knob) {
        static const struct {
                const char *knob, *value;
        } defaults[] = {
                { "memory.max", "max" }, { "memory.high", "max" }, { "memory.low", "0" },
                { "memory.min", "0" },   { "cpuset.mems", "" },    { "cpu.weight", "100" },
                { "pids.max", "max" },
        };

        for (size_t i = 0; i < ELEMENTSOF(defaults); ++i)
                if (strcmp(knob->knob, defaults[i].knob) == 0)
                        return strcmp(knob->value, defaults[i].value) == 0;
        return false;
}

static bool is_slugds(const Slug__V1__CgroupKnobValue *knob) {
        return knob->owner == SLUG__V1__KNOB_OWNER__KNOB_OWNER_SLUGD;
}

/* Nothing was done to it, and nothing is in force. */
static bool is_dull(const Slug__V1__CgroupKnobValue *knob) {
        return is_default(knob) && !knob->is_held_back &&
               (!is_slugds(knob) || knob->status == SLUG__V1__KNOB_STATUS__KNOB_STATUS_UNMANAGED);
}

static void append_owner(const Slug__V1__CgroupKnobValue *knob, Buffer *buffer) {
        buffer_printf(buffer, " (%s", knob_owner_word(knob->owner));
        if (knob->is_held_back)
                buffer_append_text(buffer, ": held back");
        else if (is_slugds(knob) && knob->status != SLUG__V1__KNOB_STATUS__KNOB_STATUS_ACHIEVED)
                buffer_printf(buffer, ": %s", knob_status_word(knob->status));
        buffer_append_char(buffer, ')');
}

static void append_knob(const Slug__V1__CgroupKnobValue *knob, bool is_wide, Buffer *buffer) {
        buffer_printf(buffer, "%s%s=", buffer->n_data ? ", " : "", knob->knob);
        if (is_wide)
                buffer_append_text(buffer, knob->value);
        else
                knob_append_value(knob->knob, knob->value, buffer);
        if (knob->owner != SLUG__V1__KNOB_OWNER__KNOB_OWNER_NOBODY)
                append_owner(knob, buffer);
}

static void add_limits(Table *table, const Slug__V1__ManagedCgroup *cgroup) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        Tone tone = TONE_PLAIN;

        for (size_t i = 0; i < cgroup->n_knobs; ++i) {
                const Slug__V1__CgroupKnobValue *knob = cgroup->knobs[i];

                if (!table->style->is_wide && is_dull(knob))
                        continue;
                append_knob(knob, table->style->is_wide, &text);
                if (is_slugds(knob) && knob_status_tone(knob->status) == TONE_BAD)
                        tone = TONE_BAD;
        }
        if (text.n_data == 0)
                table_add(table, TONE_PLAIN, "<none>");
        else
                table_add_built(table, tone, &text);
}

/* The table */

static OptU64 find_bytes(const Slug__V1__ManagedCgroup *cgroup, unsigned numa_node) {
        for (size_t i = 0; i < cgroup->n_numa_nodes; ++i)
                if (cgroup->numa_nodes[i]->numa_node == numa_node)
                        return opt_u64(cgroup->numa_nodes[i]->bytes);
        /* what has memory and lies nowhere was not told */
        return cgroup->n_numa_nodes > 0 || (cgroup->_memory_current_bytes_case &&
                                            cgroup->memory_current_bytes == 0)
                       ? opt_u64(0)
                       : (OptU64){};
}

static void add_headers(Table *table, const NodeSet *nodes) {
        table_add(table, TONE_BOLD, "Cgroup");
        table_add(table, TONE_BOLD, "Memory");
        NODESET_FOREACH (node, nodes)
                table_printf(table, TONE_BOLD, "N%u", node);
        table_add(table, TONE_BOLD, "Limits");
        if (table->style->is_wide)
                table_add(table, TONE_BOLD, "Path");
        table_end_headers(table);
}

void cgroups_append(const Slug__V1__ListCgroupsResponse *response,
                    const Style *style,
                    Buffer *buffer) {
        const NodeSet nodes = find_numa_nodes(response);
        _cleanup_(table_deinitp) Table table =
                table_init(style, nodeset_count(&nodes) + (style->is_wide ? 4 : 3));

        if (response->n_cgroups == 0) {
                buffer_append_text(buffer, "No QoS cgroups: no kubelet has made any on this "
                                           "machine, or it has no cgroup v2\n");
                return;
        }
        add_headers(&table, &nodes);
        for (size_t i = 0; i < response->n_cgroups; ++i) {
                const Slug__V1__ManagedCgroup *cgroup = response->cgroups[i];

                add_name(&table, response, i);
                table_add_opt_bytes(&table, MESSAGE_OPT(cgroup, memory_current_bytes));
                NODESET_FOREACH (node, &nodes)
                        table_add_opt_bytes(&table, find_bytes(cgroup, node));
                add_limits(&table, cgroup);
                if (style->is_wide)
                        table_add_or(&table, cgroup->path, "-");
        }
        table_append(&table, 0, buffer);
}

static void render(const ProtobufCMessage *message, const Style *style, Buffer *buffer) {
        cgroups_append((const Slug__V1__ListCgroupsResponse *)message, style, buffer);
}

static int write_request(const VerbContext *context, Buffer *request, _unused_ Diag *reterr) {
        Slug__V1__ListCgroupsRequest message = SLUG__V1__LIST_CGROUPS_REQUEST__INIT;

        message.with_pods = verb_find_option(context, "pods") != NULL;
        return request_encode(&message.base, request);
}

const Verb verb_cgroups = {
        .name = "cgroups",
        .arguments = " [--pods]",
        .summary = "the QoS cgroups with their limits and what each uses",
        .help = "Draws the QoS cgroups and the reserved ones as a tree: what each uses, in total\n"
                "and on which NUMA node (N0, N1, ...), and what limits or protects it, with who\n"
                "owns that. What lies on NUMA nodes is less than the total: the kernel counts not\n"
                "every kind of memory there.\n"
                "\n"
                "-o wide has every knob, to the byte, and the whole paths.\n"
                "\n"
                "Examples:\n"
                "  slugctl cgroups\n"
                "  slugctl cgroups --pods\n"
                "  slugctl cgroups --pods -o json | jq '.cgroups[] | select(.podName)'\n",
        .options = options,
        .n_options = ELEMENTSOF(options),
        .run = call_run,
        .path = "/slug.v1.NodeService/ListCgroups",
        .response = &slug__v1__list_cgroups_response__descriptor,
        .write_request = write_request,
        .render = render,
};
