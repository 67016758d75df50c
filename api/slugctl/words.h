/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Values of slug.v1 as words and cells
 *
 * What the verbs say alike. In a table "-" is what nobody knows and "<none>" is known to be
 * nothing; beside a key "<unknown>" takes the place of "-".
 */
#include "base/bytes.h"
#include "slug/v1/node.pb-c.h"
#include "slug/v1/topology.pb-c.h"
#include "slugctl/output.h"

/* The optional field of that name as a value: the generated code has a oneof of one for each. */
#define MESSAGE_OPT(message, field)                                                                \
        ((message)->_##field##_case ? opt_u64((message)->field) : (OptU64){})

const char *kind_word(Slug__V1__MemoryKind kind);
const char *locality_word(Slug__V1__Locality locality);
Tone locality_tone(Slug__V1__Locality locality);

/* "2026-01-31T12:00:00.123Z" */
#define TIME_TEXT_MAX 40u
const char *time_format(uint64_t usec, char text[static TIME_TEXT_MAX]);

/* Cells */
void table_add_bytes(Table *table, uint64_t bytes);
void table_add_opt_bytes(Table *table, OptU64 bytes);
void table_add_opt_number(Table *table, OptU64 number);
void table_add_or(Table *table, const char *text, const char *otherwise); /* when @text is "" */
/* Why a NUMA node is what it is; @has_marks: and what else is to be known about its memory. */
void table_add_reason(Table *table, const Slug__V1__NumaNode *numa_node, bool has_marks);
/* "90/110": read and write */
void table_add_pair(Table *table, OptU64 read, OptU64 write);

/* The figures that count for placing memory: those from CPUs, else those from anything; or NULL. */
const Slug__V1__AccessClass *numa_node_find_access(const Slug__V1__NumaNode *numa_node);

/* Sections; nothing at all when there is nothing to show */
void unused_append(const Style *style,
                   Slug__V1__UnusedMemory *const *unused,
                   size_t n_unused,
                   Buffer *buffer);
void diagnostics_append(const Style *style,
                        Slug__V1__Diagnostic *const *diagnostics,
                        size_t n_diagnostics,
                        uint32_t n_dropped,
                        Buffer *buffer);
void advice_append(const Style *style, const Slug__V1__NumaNode *numa_node, Buffer *buffer);
