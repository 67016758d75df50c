/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/quantity.h"
#include "slugctl/describe-node.h"
#include "slugctl/words.h"

/*
 * One row per NUMA node. The columns are a list of functions, so that the wide table is the plain
 * one with more of them and no column can slip against its header. The reason is last, because it
 * is free text of any length; the advice has lines of its own below the table, where it can be
 * copied.
 */
typedef struct Row {
        const Slug__V1__NumaNode *numa_node;
        const Slug__V1__NumaNodeAmounts *amounts; /* or NULL */
} Row;

static void add_id(Table *table, const Row *row) {
        table_printf(table, TONE_PLAIN, "%" PRIu32, row->numa_node->id);
}

static void add_kind(Table *table, const Row *row) {
        table_add(table, TONE_PLAIN, kind_word(row->numa_node->kind));
}

static void add_locality(Table *table, const Row *row) {
        table_add(table, locality_tone(row->numa_node->locality),
                  locality_word(row->numa_node->locality));
}

static void add_tier(Table *table, const Row *row) {
        table_add_opt_number(table, MESSAGE_OPT(row->numa_node, tier));
}

static void add_cpus(Table *table, const Row *row) {
        table_add_or(table, row->numa_node->cpus, "<none>");
}

static void add_cpu_count(Table *table, const Row *row) {
        table_printf(table, TONE_PLAIN, "%" PRIu32, row->numa_node->cpu_count);
}

static void add_capacity(Table *table, const Row *row) {
        table_add_opt_bytes(table, MESSAGE_OPT(row->numa_node, capacity_bytes));
}

static OptU64 get_amount(const Row *row, uint64_t bytes) {
        return row->amounts ? opt_u64(bytes) : (OptU64){};
}

static void add_hugepages(Table *table, const Row *row) {
        table_add_opt_bytes(table,
                            get_amount(row, row->amounts ? row->amounts->hugepages_bytes : 0));
}

static void add_reserved(Table *table, const Row *row) {
        table_add_opt_bytes(table,
                            get_amount(row, row->amounts ? row->amounts->reserved_bytes : 0));
}

static void add_withheld(Table *table, const Row *row) {
        table_add_opt_bytes(table,
                            get_amount(row, row->amounts ? row->amounts->withheld_bytes : 0));
}

static void add_allocatable(Table *table, const Row *row) {
        table_add_opt_bytes(table,
                            get_amount(row, row->amounts ? row->amounts->allocatable_bytes : 0));
}

/* "2Mi:128Mi,1Gi:0": page size and bytes */
static void add_pages(Table *table, Slug__V1__HugepageAmount *const *pages, size_t n_pages) {
        _cleanup_(buffer_deinitp) Buffer text = {};
        char size[QUANTITY_TEXT_MAX], bytes[QUANTITY_TEXT_MAX];

        for (size_t i = 0; i < n_pages; ++i)
                buffer_printf(&text, "%s%s:%s", i ? "," : "",
                              quantity_format_bytes(pages[i]->page_size_bytes, size),
                              quantity_format_bytes(pages[i]->bytes, bytes));
        if (buffer_finish(&text))
                table->error = text.error;
        else
                table_add_or(table, text.data, "-");
}

static void add_hugepages_allocatable(Table *table, const Row *row) {
        add_pages(table, row->amounts ? row->amounts->hugepages_allocatable : NULL,
                  row->amounts ? row->amounts->n_hugepages_allocatable : 0);
}

/* Of a daemon that keeps a ledger; an older one sends none, and the column is not there. */
static void add_claimed(Table *table, const Row *row) {
        table_add_opt_bytes(table,
                            row->amounts ? MESSAGE_OPT(row->amounts, claimed_bytes) : (OptU64){});
}

static void add_hugepages_claimed(Table *table, const Row *row) {
        add_pages(table, row->amounts ? row->amounts->hugepages_claimed : NULL,
                  row->amounts ? row->amounts->n_hugepages_claimed : 0);
}

static void add_observed(Table *table, const Row *row) {
        table_add_opt_bytes(table,
                            row->amounts ? MESSAGE_OPT(row->amounts, observed_bytes) : (OptU64){});
}

static void add_latency(Table *table, const Row *row) {
        const Slug__V1__AccessClass *access = numa_node_find_access(row->numa_node);

        table_add_pair(table, access ? MESSAGE_OPT(access, read_latency_ns) : (OptU64){},
                       access ? MESSAGE_OPT(access, write_latency_ns) : (OptU64){});
}

static void add_bandwidth(Table *table, const Row *row) {
        const Slug__V1__AccessClass *access = numa_node_find_access(row->numa_node);

        table_add_pair(table, access ? MESSAGE_OPT(access, read_bandwidth_mbps) : (OptU64){},
                       access ? MESSAGE_OPT(access, write_bandwidth_mbps) : (OptU64){});
}

static void add_movable(Table *table, const Row *row) {
        table_add(table, TONE_PLAIN, row->numa_node->movable_only ? "all" : "no");
}

static void add_evidence(Table *table, const Row *row) {
        table_add_or(table, row->numa_node->evidence, "-");
}

static void add_reason(Table *table, const Row *row) {
        table_add_reason(table, row->numa_node, true);
}

static const struct {
        const char *header;
        void (*add)(Table *table, const Row *row);
        bool is_wide_only;
        bool is_of_ledger;
} columns[] = {
        { "ID", add_id, false, false },
        { "Kind", add_kind, false, false },
        { "Locality", add_locality, false, false },
        { "Tier", add_tier, false, false },
        { "CPUs", add_cpus, false, false },
        { "CPU Count", add_cpu_count, true, false },
        { "Capacity", add_capacity, false, false },
        { "Hugepages", add_hugepages, false, false },
        { "Reserved", add_reserved, false, false },
        { "Withheld", add_withheld, true, false },
        { "Allocatable", add_allocatable, false, false },
        { "Claimed", add_claimed, false, true },
        { "Observed", add_observed, true, true },
        { "Allocatable Hugepages", add_hugepages_allocatable, true, false },
        { "Claimed Hugepages", add_hugepages_claimed, true, true },
        { "Latency (ns)", add_latency, true, false },
        { "Bandwidth (MB/s)", add_bandwidth, true, false },
        { "Movable", add_movable, true, false },
        { "Evidence", add_evidence, true, false },
        { "Reason", add_reason, false, false },
};

static bool is_shown(size_t column, const Style *style, bool has_ledger) {
        return (style->is_wide || !columns[column].is_wide_only) &&
               (has_ledger || !columns[column].is_of_ledger);
}

static size_t
select_headers(const Style *style, bool has_ledger, const char *ret[static ELEMENTSOF(columns)]) {
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(columns); ++i)
                if (is_shown(i, style, has_ledger))
                        ret[n++] = columns[i].header;
        return n;
}

static bool has_claimed(Slug__V1__DescribedNumaNode *const *described, size_t n_described) {
        for (size_t i = 0; i < n_described; ++i)
                if (described[i]->amounts && (described[i]->amounts->_claimed_bytes_case ||
                                              described[i]->amounts->n_hugepages_claimed))
                        return true;
        return false;
}

/* @none: stands in for a NUMA node that the daemon left out of its own row */
static const Slug__V1__NumaNode *get_numa_node(const Slug__V1__DescribedNumaNode *described,
                                               Slug__V1__NumaNode *none) {
        if (described->numa_node)
                return described->numa_node;
        none->id = described->amounts ? described->amounts->id : 0;
        return none;
}

void described_numa_nodes_append(Slug__V1__DescribedNumaNode *const *described,
                                 size_t n_described,
                                 const Style *style,
                                 Buffer *buffer) {
        const char *headers[ELEMENTSOF(columns)];
        const bool has_ledger = has_claimed(described, n_described);
        const size_t n_headers = select_headers(style, has_ledger, headers);
        _cleanup_(table_deinitp) Table table = table_init(style, n_headers);
        Slug__V1__NumaNode none = SLUG__V1__NUMA_NODE__INIT;

        output_heading(buffer, style, "NUMA Nodes:");
        if (n_described == 0) {
                buffer_append_text(buffer, "  <none>  (slugd found no NUMA nodes)\n");
                return;
        }
        table_set_headers(&table, headers);
        for (size_t i = 0; i < n_described; ++i) {
                const Row row = {
                        .numa_node = get_numa_node(described[i], &none),
                        .amounts = described[i]->amounts,
                };

                for (size_t k = 0; k < ELEMENTSOF(columns); ++k)
                        if (is_shown(k, style, has_ledger))
                                columns[k].add(&table, &row);
        }
        table_append(&table, 2, buffer);
        for (size_t i = 0; i < n_described; ++i)
                advice_append(style, get_numa_node(described[i], &none), buffer);
}
