/* SPDX-License-Identifier: Apache-2.0 */
#include "slugctl/claim.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/quantity.h"
#include "slugctl/words.h"
#include "split/split.h"

/*
 * Claims as tables. The share of a container in the claim of its pod stands in parentheses, because
 * those bytes are the pod's and are not counted again.
 */
static void add_counted_bytes(Table *table, const Slug__V1__Claim *claim, uint64_t bytes) {
        char text[QUANTITY_TEXT_MAX];

        (void)quantity_format_bytes(bytes, text);
        table_printf(table, TONE_PLAIN, claim->within_pod ? "(%s)" : "%s", text);
}

static SplitRange get_range(const Slug__V1__MemoryRange *range) {
        const OptU64 max = range ? MESSAGE_OPT(range, max_bytes) : opt_u64(0);

        return (SplitRange){ .min = range ? range->min_bytes : 0,
                             .max = max.present ? max.value : SPLIT_UNLIMITED };
}

/* As an annotation has it, to be copied into one. */
static void append_split(const Slug__V1__MemorySplit *message, Buffer *buffer) {
        const Split split = { .local = get_range(message ? message->local : NULL),
                              .remote = get_range(message ? message->remote : NULL) };
        char text[SPLIT_TEXT_MAX];

        (void)split_format(&split, text);
        buffer_append_text(buffer, text[0] ? text : "-");
}

/* As kubectl has ages: one unit, the largest that still tells something. */
static void add_age(Table *table, uint64_t created_usec, uint64_t now_usec) {
        const uint64_t seconds = bytes_sub_clamped(now_usec, created_usec) / USEC_PER_SEC;

        if (created_usec == 0)
                table_add(table, TONE_PLAIN, "-");
        else if (seconds < 120)
                table_printf(table, TONE_PLAIN, "%" PRIu64 "s", seconds);
        else if (seconds < UINT64_C(120) * 60)
                table_printf(table, TONE_PLAIN, "%" PRIu64 "m", seconds / 60);
        else if (seconds < UINT64_C(48) * 3600)
                table_printf(table, TONE_PLAIN, "%" PRIu64 "h", seconds / 3600);
        else
                table_printf(table, TONE_PLAIN, "%" PRIu64 "d", seconds / 86400);
}

static void append_chunks(const Slug__V1__Claim *claim, Buffer *buffer) {
        for (size_t i = 0; i < claim->n_chunks; ++i)
                buffer_printf(buffer, "%s%s", i ? "," : "", claim->chunks[i]);
        if (claim->n_chunks == 0)
                buffer_append_char(buffer, '-');
}

/* Tables */

static void add_wide(Table *table, const Slug__V1__Claim *claim, uint64_t now_usec) {
        _cleanup_(buffer_deinitp) Buffer split = {}, chunks = {};

        append_split(claim->split, &split);
        append_chunks(claim, &chunks);
        table_add_or(table, claim->pod_uid, "-");
        table_add_or(table, claim->container_id, "-");
        add_age(table, claim->created_usec, now_usec);
        table_add_built(table, TONE_PLAIN, &split);
        table_add_built(table, TONE_PLAIN, &chunks);
}

static void
add_claim(Table *table, const Slug__V1__Claim *claim, NumaStates states, uint64_t now_usec) {
        Slug__V1__Claim *const alone = (Slug__V1__Claim *)claim;
        _cleanup_(buffer_deinitp) Buffer pages = {}, nodes = {};
        ClaimAmounts amounts = {};

        claim_add_amounts(claim, states, &amounts);
        claim_append_pages(&amounts, &pages);
        claim_append_nodes(&alone, 1, &nodes);
        table_add_or(table, claim->namespace_, "-");
        /* a pod that was seen and never named */
        table_add_or(table, claim->pod[0] ? claim->pod : claim->pod_uid, "-");
        table_add_or(table, claim->container, "(pod)");
        table_add(table, claim_state_tone(claim->state), claim_state_word(claim->state));
        table_add(table, TONE_PLAIN, claim_source_word(claim->source));
        add_counted_bytes(table, claim, amounts.local);
        add_counted_bytes(table, claim, amounts.remote);
        table_add_built(table, TONE_PLAIN, &pages);
        table_add_built(table, TONE_PLAIN, &nodes);
        if (table->style->is_wide)
                add_wide(table, claim, now_usec);
}

static void append_reasons(Slug__V1__Claim *const *claims,
                           size_t n_claims,
                           const Style *style,
                           Buffer *buffer) {
        for (size_t i = 0; i < n_claims; ++i) {
                _cleanup_(buffer_deinitp) Buffer name = {};

                if (!claims[i]->reason[0])
                        continue;
                claim_append_name(claims[i], &name);
                if (buffer_finish(&name)) {
                        buffer->error = buffer->error ? buffer->error : name.error;
                        return;
                }
                output_text(buffer, style, name.data);
                buffer_printf(buffer, " is %s: ", claim_state_word(claims[i]->state));
                output_text(buffer, style, claims[i]->reason);
                buffer_append_char(buffer, '\n');
        }
}

void claims_append(Slug__V1__Claim *const *claims,
                   size_t n_claims,
                   NumaStates states,
                   uint64_t now_usec,
                   const Style *style,
                   Buffer *buffer) {
        static const char *const headers[] = { "Namespace",  "Pod",   "Container",    "State",
                                               "Source",     "Local", "Remote",       "Hugepages",
                                               "NUMA Nodes", "UID",   "Container ID", "Age",
                                               "Split",      "Chunks" };
        static const size_t n_plain = 9;
        _cleanup_(table_deinitp) Table table =
                table_init(style, style->is_wide ? ELEMENTSOF(headers) : n_plain);

        table_set_headers(&table, headers);
        for (size_t i = 0; i < n_claims; ++i)
                add_claim(&table, claims[i], states, now_usec);
        table_append(&table, 0, buffer);
        append_reasons(claims, n_claims, style, buffer);
}

static void add_field(Table *table, const char *key, const char *value) {
        table_add(table, TONE_PLAIN, key);
        table_add_or(table, value, "<none>");
}

static void add_built_field(Table *table, const char *key, Buffer *value) {
        table_add(table, TONE_PLAIN, key);
        table_add_built(table, TONE_PLAIN, value);
}

static void add_amount_fields(Table *table, const Slug__V1__Claim *claim, NumaStates states) {
        _cleanup_(buffer_deinitp) Buffer pages = {}, split = {};
        ClaimAmounts amounts = {};

        claim_add_amounts(claim, states, &amounts);
        claim_append_pages(&amounts, &pages);
        append_split(claim->split, &split);
        add_built_field(table, "Split:", &split);
        table_add(table, TONE_PLAIN, "Local:");
        table_add_bytes(table, amounts.local);
        table_add(table, TONE_PLAIN, "Remote:");
        table_add_bytes(table, amounts.remote);
        if (amounts.n_pages)
                add_built_field(table, "Hugepages:", &pages);
}

static void add_placement_fields(Table *table, const Slug__V1__Claim *claim) {
        Slug__V1__Claim *const alone = (Slug__V1__Claim *)claim;
        _cleanup_(buffer_deinitp) Buffer nodes = {}, placement = {};

        claim_append_nodes(&alone, 1, &nodes);
        add_built_field(table, "NUMA Nodes:", &nodes);
        for (size_t i = 0; i < claim->n_blocks; ++i) {
                buffer_append_text(&placement, i ? ", " : "");
                placement_append(claim->blocks[i]->placement, claim->blocks[i]->n_placement,
                                 &placement);
        }
        if (claim->n_blocks)
                add_built_field(table, "Placement:", &placement);
}

void claim_append(const Slug__V1__Claim *claim,
                  NumaStates states,
                  const Style *style,
                  Buffer *buffer) {
        _cleanup_(table_deinitp) Table table = table_init(style, 2);
        _cleanup_(buffer_deinitp) Buffer name = {}, chunks = {};

        claim_append_name(claim, &name);
        append_chunks(claim, &chunks);
        add_built_field(&table, "Claim:", &name);
        add_field(&table, "UID:", claim->pod_uid);
        table_add(&table, TONE_PLAIN, "State:");
        table_add(&table, claim_state_tone(claim->state), claim_state_word(claim->state));
        add_field(&table, "Source:", claim_source_word(claim->source));
        if (claim->reason[0])
                add_field(&table, "Reason:", claim->reason);
        add_amount_fields(&table, claim, states);
        add_placement_fields(&table, claim);
        if (claim->n_chunks)
                add_built_field(&table, "Chunks:", &chunks);
        if (claim->container_id[0])
                add_field(&table, "Container ID:", claim->container_id);
        table_append(&table, 0, buffer);
}

/* A size of huge pages that a NUMA node has none of is no news. */
static bool is_worth_a_row(const Slug__V1__ClaimedMemory *memory) {
        return strcmp(memory->type, "memory") == 0 || memory->allocatable_bytes > 0 ||
               memory->claimed_bytes > 0;
}

/* Where nothing is observed the column is not there. */
static bool has_observed(NumaStates states) {
        for (size_t i = 0; i < states.n_items; ++i)
                for (size_t k = 0; k < states.items[i]->n_memory; ++k)
                        if (states.items[i]->memory[k]->observed_bytes > 0)
                                return true;
        return false;
}

static void add_memory(Table *table,
                       const Slug__V1__NumaNodeState *state,
                       const Slug__V1__ClaimedMemory *memory,
                       bool with_observed) {
        char text[QUANTITY_TEXT_MAX];

        table_printf(table, TONE_PLAIN, "%" PRIu32, state->id);
        table_add(table, locality_tone(state->locality), locality_word(state->locality));
        table_add_or(table, memory->type, "-");
        table_add_bytes(table, memory->allocatable_bytes);
        table_add_bytes(table, memory->claimed_bytes);
        if (with_observed)
                table_add_bytes(table, memory->observed_bytes);
        if (memory->overcommitted_bytes == 0)
                table_add_bytes(table, memory->free_bytes);
        else
                table_printf(table, TONE_BAD, "%s too many",
                             quantity_format_bytes(memory->overcommitted_bytes, text));
}

void numa_states_append(NumaStates states, const char *title, const Style *style, Buffer *buffer) {
        static const char *const headers[] = { "NUMA Node",   "Locality", "Resource",
                                               "Allocatable", "Claimed",  "Free" };
        static const char *const observed_headers[] = { "NUMA Node",   "Locality", "Resource",
                                                        "Allocatable", "Claimed",  "Observed",
                                                        "Free" };
        const bool with_observed = has_observed(states);
        _cleanup_(table_deinitp) Table table = table_init(
                style, with_observed ? ELEMENTSOF(observed_headers) : ELEMENTSOF(headers));

        table_set_headers(&table, with_observed ? observed_headers : headers);
        for (size_t i = 0; i < states.n_items; ++i)
                for (size_t k = 0; k < states.items[i]->n_memory; ++k)
                        if (is_worth_a_row(states.items[i]->memory[k]))
                                add_memory(&table, states.items[i], states.items[i]->memory[k],
                                           with_observed);
        if (table_is_empty(&table))
                return;
        output_heading(buffer, style, title);
        table_append(&table, 2, buffer);
}
