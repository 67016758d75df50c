/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/describe-node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quantity.h"
#include "slugctl/call.h"
#include "slugctl/chunks.h"
#include "slugctl/client.h"
#include "slugctl/version.h"
#include "slugctl/words.h"

/*
 * The order is that of `kubectl describe node` as far as there is one: who the node is, what it
 * has, what may be promised, what is kept back and why, NUMA node by NUMA node, and then what is
 * wrong. Keys stand at column 0, each level is two blanks, values line up inside their section.
 *
 * Sizes are canonical quantities, to be compared digit by digit with kubectl's; where one has too
 * many digits to be read at a glance, a rounded size follows in parentheses. A message that lacks a
 * part is shown as far as it goes: a daemon may be older or newer than this program.
 */

/* Quantities of at most so many digits are read at a glance. */
#define GLANCE_DIGITS_MAX 4u

static void
add_field_text(Table *table, const char *key, const char *value, const char *otherwise) {
        table_add(table, TONE_PLAIN, key);
        table_add_or(table, value, otherwise);
        table_add(table, TONE_PLAIN, "");
}

static void add_field_bytes(Table *table, const char *key, uint64_t bytes, const char *note) {
        char quantity[QUANTITY_TEXT_MAX], human[BYTES_TEXT_MAX] = "";

        table_add(table, TONE_PLAIN, key);
        table_add(table, TONE_PLAIN, quantity_format_bytes(bytes, quantity));
        if (strspn(quantity, "0123456789") > GLANCE_DIGITS_MAX)
                (void)bytes_format(bytes, human);
        if (human[0] || note[0])
                table_printf(table, TONE_PLAIN, "(%s%s%s)", human, human[0] && note[0] ? "; " : "",
                             note);
        else
                table_add(table, TONE_PLAIN, "");
}

/* Which the kernel keeps as a bit mask: 1 balances between NUMA nodes, 2 promotes between tiers. */
static void add_numa_balancing(Table *table, OptU64 mask) {
        static const char *const words[] = { "off", "on", "memory tiering",
                                             "on, with memory tiering" };

        table_add(table, TONE_PLAIN, "NUMA Balancing:");
        if (!mask.present)
                table_add(table, TONE_PLAIN, "<unknown>");
        else
                table_printf(table, TONE_PLAIN, "%" PRIu64, mask.value);
        table_printf(table, TONE_PLAIN, "%s%s%s",
                     mask.present && mask.value < ELEMENTSOF(words) ? "(" : "",
                     mask.present && mask.value < ELEMENTSOF(words) ? words[mask.value] : "",
                     mask.present && mask.value < ELEMENTSOF(words) ? ")" : "");
}

static void
append_system_info(const Slug__V1__SystemInfo *info, const Style *style, Buffer *buffer) {
        const Slug__V1__SystemInfo none = SLUG__V1__SYSTEM_INFO__INIT;
        _cleanup_(table_deinitp) Table table = table_init(style, 3);
        OptU64 demotion;

        info = info ? info : &none;
        demotion = MESSAGE_OPT(info, demotion_enabled);
        add_field_text(&table, "Kernel Version:", info->kernel_version, "<unknown>");
        add_field_text(&table, "OS Image:", info->os_image, "<unknown>");
        table_add(&table, TONE_PLAIN, "Cgroup Version:");
        table_add_or(&table, info->cgroup_version, "<none>");
        table_add(&table, TONE_PLAIN,
                  strcmp(info->cgroup_version, "v2") == 0 ? "" : "(limits need cgroup v2)");
        if (strcmp(info->cgroup_version, "v2") == 0)
                add_field_text(&table, "Cgroup Controllers:", info->cgroup_controllers, "<none>");
        add_field_text(&table, "Demotion:",
                       !demotion.present ? ""
                       : demotion.value  ? "on"
                                         : "off",
                       "<unknown>");
        add_numa_balancing(&table, MESSAGE_OPT(info, numa_balancing));
        if (style->is_wide)
                add_field_text(&table, "Auto-online Blocks:", info->auto_online_blocks,
                               "<unknown>");
        add_field_text(&table, "slugd Version:", info->slugd_version, "<unknown>");
        output_heading(buffer, style, "System Info:");
        table_append(&table, 2, buffer);
}

static void add_hugepages(Table *table, const Slug__V1__MemoryAmount *amount) {
        for (size_t i = 0; i < amount->n_hugepages; ++i) {
                const Slug__V1__HugepageAmount *pages = amount->hugepages[i];
                char size[QUANTITY_TEXT_MAX], key[QUANTITY_TEXT_MAX + sizeof("hugepages-:")];

                (void)snprintf(key, sizeof(key), "hugepages-%s:",
                               quantity_format_bytes(pages->page_size_bytes, size));
                add_field_bytes(table, key, pages->bytes, "");
        }
}

static void add_amount(Table *table, const Slug__V1__MemoryAmount *amount, const char *note) {
        add_field_bytes(table, "memory:", amount->total_bytes, note);
        add_field_bytes(table, "memory (local):", amount->local_bytes, "");
        add_field_bytes(table, "memory (remote):", amount->remote_bytes, "");
        if (amount->excluded_bytes)
                add_field_bytes(table, "memory (excluded):", amount->excluded_bytes,
                                "never promised to pods");
        add_hugepages(table, amount);
}

static void
append_amounts(const Slug__V1__DescribeNodeResponse *response, const Style *style, Buffer *buffer) {
        const Slug__V1__MemoryAmount none = SLUG__V1__MEMORY_AMOUNT__INIT;
        _cleanup_(table_deinitp) Table capacity = table_init(style, 3);
        _cleanup_(table_deinitp) Table allocatable = table_init(style, 3);
        const OptU64 kubepods = MESSAGE_OPT(response, kubepods_memory_max_bytes);

        add_amount(&capacity, response->capacity ? response->capacity : &none, "");
        add_amount(&allocatable, response->allocatable ? response->allocatable : &none,
                   "as the kubelet computes it");
        if (kubepods.present)
                add_field_bytes(&allocatable, "kubepods memory.max:", kubepods.value,
                                "capacity less system-reserved and kube-reserved");
        else
                add_field_text(&allocatable, "kubepods memory.max:", "", "<none>");
        output_heading(buffer, style, "Capacity:");
        table_append(&capacity, 2, buffer);
        output_heading(buffer, style, "Allocatable:");
        table_append(&allocatable, 2, buffer);
}

static const char *placement_word(Slug__V1__ReservationPlacement placement) {
        switch (placement) {
        case SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_LOCAL_FIRST:
                return "local-first";
        case SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_PROPORTIONAL:
                return "proportional";
        case SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_EXPLICIT:
                return "explicit";
        case SLUG__V1__RESERVATION_PLACEMENT__RESERVATION_PLACEMENT_UNSPECIFIED:
        case _SLUG__V1__RESERVATION_PLACEMENT_IS_INT_SIZE:
                break;
        }
        return "<unknown>";
}

static void
append_parts(const Slug__V1__Reservation *reserved, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "Part", "Memory", "Setting", "Source" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        table_set_headers(&table, headers);
        for (size_t i = 0; i < reserved->n_parts; ++i) {
                table_add_or(&table, reserved->parts[i]->name, "-");
                table_add_bytes(&table, reserved->parts[i]->bytes);
                table_add_or(&table, reserved->parts[i]->setting, "-");
                table_add_or(&table, reserved->parts[i]->source, "-");
        }
        table_add(&table, TONE_PLAIN, "total");
        table_add_bytes(&table, reserved->total_bytes);
        table_add(&table, TONE_PLAIN, "");
        table_add(&table, TONE_PLAIN, "");
        table_append(&table, 2, buffer);
}

static void
append_reserved(const Slug__V1__Reservation *reserved, const Style *style, Buffer *buffer) {
        const Slug__V1__Reservation none = SLUG__V1__RESERVATION__INIT;
        _cleanup_(table_deinitp) Table table = table_init(style, 3);
        OptU64 explicit_bytes;

        reserved = reserved ? reserved : &none;
        explicit_bytes = MESSAGE_OPT(reserved, explicit_bytes);
        table_add(&table, TONE_PLAIN, "Placement:");
        table_add(&table, TONE_PLAIN, placement_word(reserved->placement));
        table_printf(&table, TONE_PLAIN, "%s%s%s", reserved->placement_source[0] ? "(" : "",
                     reserved->placement_source, reserved->placement_source[0] ? ")" : "");
        if (explicit_bytes.present)
                add_field_bytes(&table, "reservedMemory:", explicit_bytes.value,
                                explicit_bytes.value == reserved->total_bytes
                                        ? ""
                                        : "differs from the total");
        if (reserved->unplaced_bytes)
                add_field_bytes(&table, "Unplaced:", reserved->unplaced_bytes,
                                "fits on no NUMA node");
        output_heading(buffer, style, "Reserved:");
        append_parts(reserved, style, buffer);
        table_append(&table, 2, buffer);
}

static void add_status(Table *table, Slug__V1__ConditionStatus status) {
        switch (status) {
        case SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_TRUE:
                table_add(table, TONE_GOOD, "True");
                return;
        case SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_FALSE:
                table_add(table, TONE_BAD, "False");
                return;
        case SLUG__V1__CONDITION_STATUS__CONDITION_STATUS_UNKNOWN:
        case _SLUG__V1__CONDITION_STATUS_IS_INT_SIZE:
                break;
        }
        table_add(table, TONE_NOTICE, "Unknown");
}

static void append_conditions(Slug__V1__Condition *const *conditions,
                              size_t n_conditions,
                              const Style *style,
                              Buffer *buffer) {
        static const char *const headers[] = { "Type", "Status", "Reason", "Message" };
        _cleanup_(table_deinitp) Table table = table_init(style, ELEMENTSOF(headers));

        if (n_conditions == 0)
                return;
        table_set_headers(&table, headers);
        for (size_t i = 0; i < n_conditions; ++i) {
                table_add_or(&table, conditions[i]->type, "-");
                add_status(&table, conditions[i]->status);
                table_add_or(&table, conditions[i]->reason, "-");
                table_add_or(&table, conditions[i]->message, "-");
        }
        output_heading(buffer, style, "Conditions:");
        table_append(&table, 2, buffer);
}

/**
 * describe_node_append() - the whole text of the verb
 * @response:   from NodeService.DescribeNode; every part may be missing
 * @parts:      what other methods answered
 * @style:      is_wide adds columns to the NUMA nodes
 * @buffer:     gets the text
 */
void describe_node_append(const Slug__V1__DescribeNodeResponse *response,
                          const DescribedParts *parts,
                          const Style *style,
                          Buffer *buffer) {
        output_toned(buffer, style, TONE_BOLD, "Name:");
        buffer_append_text(buffer, "  ");
        output_text(buffer, style, response->name[0] ? response->name : "<unknown>");
        buffer_append_char(buffer, '\n');
        append_system_info(response->system_info, style, buffer);
        append_amounts(response, style, buffer);
        append_reserved(response->reserved, style, buffer);
        described_numa_nodes_append(response->numa_nodes, response->n_numa_nodes, style, buffer);
        unused_append(style, response->unused_memory, response->n_unused_memory, buffer);
        described_limits_append(response->limits, style, buffer);
        if (parts->chunks)
                described_chunks_append(parts->chunks, style, buffer);
        append_conditions(response->conditions, response->n_conditions, style, buffer);
        diagnostics_append(style, response->diagnostics, response->n_diagnostics,
                           response->diagnostics_dropped, buffer);
        if (parts->pods)
                described_pods_append(
                        parts->pods, response->allocatable ? response->allocatable->total_bytes : 0,
                        style, buffer);
        allocated_resources_append(response, style, buffer);
}

static void render(const ProtobufCMessage *response, const Style *style, Buffer *buffer) {
        describe_node_append((const Slug__V1__DescribeNodeResponse *)response, &(DescribedParts){},
                             style, buffer);
}

/* @ret: of @arena; NULL when this slugd is of before there was such a method. */
static int ask_for_part(const VerbContext *context,
                        const char *path,
                        const ProtobufCMessageDescriptor *response,
                        Arena *arena,
                        ProtobufCMessage **ret,
                        Diag *reterr) {
        const Verb part = { .response = response };
        _cleanup_(buffer_deinitp) Buffer answer = {};
        int r;

        *ret = NULL;
        r = call_ask(context, path, NULL, &answer, reterr);
        if (r == CLIENT_E_UNIMPLEMENTED)
                return 0;
        return r ? r : call_decode(&part, &answer, arena, ret, reterr);
}

static int
ask_for_parts(const VerbContext *context, Arena *arena, DescribedParts *ret, Diag *reterr) {
        ProtobufCMessage *pods, *chunks = NULL;
        int r;

        r = ask_for_part(context, "/slug.v1.PodService/ListPods",
                         &slug__v1__list_pods_response__descriptor, arena, &pods, reterr);
        if (r == 0)
                r = ask_for_part(context, "/slug.v1.ChunkService/ListChunks",
                                 &slug__v1__chunk_list__descriptor, arena, &chunks, reterr);
        ret->pods = (const Slug__V1__ListPodsResponse *)pods;
        ret->chunks = (const Slug__V1__ChunkList *)chunks;
        return r;
}

static int print_table(const VerbContext *context,
                       const ProtobufCMessage *message,
                       const DescribedParts *parts) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        int r;

        describe_node_append((const Slug__V1__DescribeNodeResponse *)message, parts,
                             &context->style, &text);
        r = buffer_finish(&text);
        if (r == 0)
                (void)fwrite(text.data, 1, text.n_data, stdout);
        return r;
}

/* What is for programs is the answer as it is; what is for people has pods and chunks in it, and is
 * shown without them before it is said that they could not be had. */
static int print(const VerbContext *context, Buffer *answer, Diag *reterr) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        DescribedParts parts = {};
        ProtobufCMessage *message;
        int r, parts_r;

        if (context->output == OUTPUT_JSON || context->output == OUTPUT_YAML)
                return call_print(context, answer, reterr);
        r = arena_new(CALL_ARENA_MAX, &arena);
        if (r == 0)
                r = call_decode(context->verb, answer, arena, &message, reterr);
        if (r)
                return r;
        parts_r = ask_for_parts(context, arena, &parts, reterr);
        r = print_table(context, message, &parts);
        return r ? r : parts_r;
}

/*
 * That the machine is a captured one is told beside the description, not in it: a capture gives the
 * same bytes as the machine itself.
 */
static int run(const VerbContext *context) {
        const int status = call_run_and(context, print);

        if (status == EXIT_SUCCESS && !ferror(stdout))
                version_tell_captured(context);
        return status;
}

const Verb verb_describe_node = {
        .name = "describe-node",
        .arguments = "",
        .summary = "what memory this node has, what is kept back, what pods may get",
        .help = "Describes this Kubernetes node: its memory in total and as local and remote "
                "bytes,\n"
                "the reservations and where each was set, every NUMA node, how many limits are "
                "set,\n"
                "what is wrong, and what is claimed.\n"
                "\n"
                "Sizes are Kubernetes quantities, never rounded; one in parentheses is rounded.\n"
                "A NUMA node without memory online has the locality <none>. In a table '-' means\n"
                "that nobody knows. Conditions are good when they are True.\n"
                "\n"
                "-o wide adds access figures as read/write pairs, the file that told the kind of "
                "a\n"
                "NUMA node, and more columns.\n"
                "\n"
                "Examples:\n"
                "  slugctl describe-node\n"
                "  slugctl describe-node -o wide | less -S\n"
                "  slugctl describe-node -o json | jq '.allocatable'\n"
                "  slugctl describe-node --wait 30    # right after systemctl start slugd\n",
        .run = run,
        .path = "/slug.v1.NodeService/DescribeNode",
        .response = &slug__v1__describe_node_response__descriptor,
        .render = render,
};
