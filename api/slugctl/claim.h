/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Claims and what is left, as text
 *
 * What the verbs of the memory manager say alike: a claim in words and cells, a table of claims, a
 * single claim in full, and the NUMA nodes with what is claimed of them.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "slug/v1/memory.pb-c.h"
#include "slugctl/output.h"

#define CLAIM_PAGE_SIZES_MAX 8u

/* The NUMA nodes of an answer, which know their locality. {}: it has none. */
typedef struct NumaStates {
        Slug__V1__NumaNodeState *const *items;
        size_t n_items;
} NumaStates;

/* Bytes by locality and size of page. */
typedef struct ClaimAmounts {
        uint64_t local;
        uint64_t remote;
        struct {
                uint64_t page_bytes;
                uint64_t bytes;
        } pages[CLAIM_PAGE_SIZES_MAX]; /* by rising size */
        size_t n_pages;
} ClaimAmounts;

const char *claim_state_word(Slug__V1__ClaimState state);
Tone claim_state_tone(Slug__V1__ClaimState state);
const char *claim_source_word(Slug__V1__ClaimSource source);

/* Where the bytes lie tells their locality; without @states it is what was asked for. */
void claim_add_amounts(const Slug__V1__Claim *claim, NumaStates states, ClaimAmounts *amounts);
/* "2Mi:64Mi,1Gi:2Gi", or "-" */
void claim_append_pages(const ClaimAmounts *amounts, Buffer *buffer);
/* "0:4Gi, 2:8Gi, 0:64Mi of 2Mi pages", or "-" */
void placement_append(Slug__V1__NumaNodeBytes *const *items, size_t n_items, Buffer *buffer);
/* "0,2": of all blocks */
void claim_append_nodes(Slug__V1__Claim *const *claims, size_t n_claims, Buffer *buffer);
/* "default/web/app" */
void claim_append_name(const Slug__V1__Claim *claim, Buffer *buffer);

/* @now_usec: wall clock, for the age. The reasons stand below the table. */
void claims_append(Slug__V1__Claim *const *claims,
                   size_t n_claims,
                   NumaStates states,
                   uint64_t now_usec,
                   const Style *style,
                   Buffer *buffer);
/* One claim, a line for each thing that is to be known of it. */
void claim_append(const Slug__V1__Claim *claim,
                  NumaStates states,
                  const Style *style,
                  Buffer *buffer);
/* What is allocatable, claimed and free of each; nothing at all when there are none. */
void numa_states_append(NumaStates states, const char *title, const Style *style, Buffer *buffer);

/* Cells of a table out of text that is built; the buffer's failure becomes the table's. */
void table_add_built(Table *table, Tone tone, Buffer *text);
/* "1.00x" of an average byte; "-" when it is not known. */
#define COST_TEXT_MAX 32u
const char *cost_format(bool is_known, uint64_t permille, char buffer[static COST_TEXT_MAX]);
