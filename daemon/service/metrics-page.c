/* SPDX-License-Identifier: Apache-2.0 */
#include "service/metrics-page.h"

#include <inttypes.h>
#include <stdio.h>

#include "metrics/text.h"
#include "service/findings.h"

#define FINDINGS_TEXTS_MAX (256u * 1024)

/*
 * Bytes are bytes and add up: for every NUMA node, hugepages + reserved + allocatable + withheld is
 * the capacity. Names end in their unit, as Prometheus wants them.
 */
typedef uint64_t (*ReadNode)(const CapacityNode *node);

static uint64_t read_capacity(const CapacityNode *node) {
        return node->capacity_bytes;
}

static uint64_t read_allocatable(const CapacityNode *node) {
        return node->allocatable_bytes;
}

static uint64_t read_reserved(const CapacityNode *node) {
        return node->reserved_bytes;
}

static uint64_t read_hugepages(const CapacityNode *node) {
        return node->hugepages_bytes;
}

static uint64_t read_withheld(const CapacityNode *node) {
        return node->withheld_bytes;
}

static void write_nodes(const NodeView *view, Buffer *buffer) {
        static const struct {
                const char *name, *help;
                ReadNode read;
        } metrics[] = {
                { "slug_numa_node_capacity_bytes", "Online memory of a NUMA node.", read_capacity },
                { "slug_numa_node_allocatable_bytes", "What pods may be promised of it.",
                  read_allocatable },
                { "slug_numa_node_reserved_bytes", "The kubelet's reservation as it is placed.",
                  read_reserved },
                { "slug_numa_node_hugepages_bytes", "Its hugepages of all sizes.", read_hugepages },
                { "slug_numa_node_withheld_bytes", "What pods may not use of an excluded one.",
                  read_withheld },
        };
        char id[16];

        for (size_t i = 0; i < ELEMENTSOF(metrics); ++i) {
                metric_begin(buffer, metrics[i].name, "gauge", metrics[i].help);
                for (size_t k = 0; k < view->capacity->n_nodes; ++k) {
                        const CapacityNode *node = &view->capacity->nodes[k];
                        const MetricLabel labels[] = {
                                { "numa_node", id },
                                { "kind", memory_kind_name(view->topology->nodes[k].kind) },
                                { "locality", locality_name(node->locality) },
                        };

                        (void)snprintf(id, sizeof(id), "%u", node->id);
                        metric_sample(buffer, metrics[i].name, labels, ELEMENTSOF(labels),
                                      metrics[i].read(node));
                }
        }
}

/* Rows of plain memory have page_size 0, as in the API. */
static void write_pages(const NodeView *view,
                        const char *name,
                        uint64_t (*read)(const Ledger *, unsigned, uint64_t),
                        Buffer *buffer) {
        char id[16], page[24];

        for (size_t i = 0; i < view->capacity->n_nodes; ++i) {
                const CapacityNode *node = &view->capacity->nodes[i];
                const MetricLabel labels[] = { { "numa_node", id }, { "page_size_bytes", page } };

                (void)snprintf(id, sizeof(id), "%u", node->id);
                for (size_t k = 0; k <= node->n_hugepages; ++k) {
                        const uint64_t bytes = k ? node->hugepages[k - 1].page_bytes : 0;

                        (void)snprintf(page, sizeof(page), "%" PRIu64, bytes);
                        metric_sample(buffer, name, labels, ELEMENTSOF(labels),
                                      read(view->ledger, node->id, bytes));
                }
        }
}

static void write_claimed(const NodeView *view, Buffer *buffer) {
        static const struct {
                const char *name, *help;
                uint64_t (*read)(const Ledger *, unsigned, uint64_t);
        } metrics[] = {
                { "slug_numa_node_claimed_bytes",
                  "What claims hold of a NUMA node, by page size; 0 is plain memory.",
                  ledger_get_claimed },
                { "slug_numa_node_observed_bytes",
                  "Part of what is claimed: what pods hold without having asked.",
                  ledger_get_observed },
        };

        for (size_t i = 0; i < ELEMENTSOF(metrics); ++i) {
                metric_begin(buffer, metrics[i].name, "gauge", metrics[i].help);
                write_pages(view, metrics[i].name, metrics[i].read, buffer);
        }
}

static void write_claims(const NodeView *view, Buffer *buffer) {
        uint64_t n[_CLAIM_STATE_N] = {};

        for (const LedgerClaim *claim = ledger_next(view->ledger, NULL); claim;
             claim = ledger_next(view->ledger, claim))
                ++n[claim->state];
        metric_begin(buffer, "slug_claims", "gauge", "Claims of the ledger, by state.");
        for (unsigned i = 0; i < _CLAIM_STATE_N; ++i)
                metric_sample(buffer, "slug_claims",
                              &(const MetricLabel){ "state", claim_state_name((ClaimState)i) }, 1,
                              n[i]);
}

static void write_ledger(const NodeView *view, Buffer *buffer) {
        const JournalState state = journal_get_state(view->journal);

        write_claims(view, buffer);
        write_claimed(view, buffer);
        metric_single(buffer, "slug_ledger_healthy", "gauge",
                      "Whether what is promised is on the disk: 1, or 0.",
                      state.health == JOURNAL_HEALTHY);
        metric_single(buffer, "slug_ledger_syncs_total", "counter",
                      "Writes of the ledger that reached the disk.", state.n_syncs);
        metric_single(buffer, "slug_ledger_failures_total", "counter",
                      "Writes of the ledger that failed.", state.n_failures);
        metric_single(buffer, "slug_ledger_file_bytes", "gauge", "The size of the ledger's file.",
                      state.file_bytes);
}

static void write_sum(Buffer *buffer, const char *name, const char *help, const MemorySum *sum) {
        const struct {
                Locality locality;
                uint64_t bytes;
        } parts[] = {
                { LOCALITY_LOCAL, sum->local_bytes },
                { LOCALITY_REMOTE, sum->remote_bytes },
                { LOCALITY_EXCLUDED, sum->excluded_bytes },
        };

        metric_begin(buffer, name, "gauge", help);
        for (size_t i = 0; i < ELEMENTSOF(parts); ++i)
                metric_sample(buffer, name,
                              &(const MetricLabel){ "locality", locality_name(parts[i].locality) },
                              1, parts[i].bytes);
}

static void write_single(Buffer *buffer, const char *name, const char *help, uint64_t value) {
        metric_begin(buffer, name, "gauge", help);
        metric_sample(buffer, name, NULL, 0, value);
}

/* Every type is there at all times; a page that cannot be made has none of them. */
static void write_findings(const NodeView *view, Buffer *buffer) {
        _cleanup_(arena_freep) Arena *arena = NULL;
        Findings findings;

        if (arena_new(FINDINGS_TEXTS_MAX, &arena) != 0 ||
            findings_build(arena, view, &findings) != 0)
                return;
        metric_begin(buffer, "slug_findings", "gauge",
                     "What is at odds with what slugd and the kubelet are to do, by type.");
        for (size_t i = 0; i < finding_type_count(); ++i) {
                FindingSeverity severity;
                const char *type = finding_type_name(i, &severity);
                const MetricLabel labels[] = {
                        { "type", type },
                        { "severity", finding_severity_name(severity) },
                };
                uint64_t n = 0;

                for (size_t k = 0; k < findings.n_items; ++k)
                        n += findings.items[k].type == type;
                metric_sample(buffer, "slug_findings", labels, ELEMENTSOF(labels), n);
        }
}

void metrics_page_write(const NodeView *view, Buffer *buffer) {
        metric_begin(buffer, "slug_build_info", "gauge", "The version of slugd; always 1.");
        metric_sample(buffer, "slug_build_info", &(const MetricLabel){ "version", PACKAGE_VERSION },
                      1, 1);
        metric_begin(buffer, "slug_start_time_seconds", "gauge", "When slugd started, since 1970.");
        metric_sample_usec(buffer, "slug_start_time_seconds", NULL, 0, view->start_time_usec);
        write_single(buffer, "slug_snapshot_generation",
                     "The generation of the topology that is served.", view->topology->generation);
        write_sum(buffer, "slug_capacity_bytes", "Online memory by locality.",
                  &view->capacity->capacity);
        write_sum(buffer, "slug_allocatable_bytes", "What pods may be promised, by locality.",
                  &view->capacity->allocatable);
        write_single(buffer, "slug_kubelet_allocatable_bytes",
                     "The memory that the kubelet says is allocatable.",
                     view->capacity->allocatable_bytes);
        write_single(buffer, "slug_unplaced_reservation_bytes",
                     "What of the reservation fits on no NUMA node.",
                     view->capacity->unplaced_bytes);
        write_nodes(view, buffer);
        write_findings(view, buffer);
        if (view->ledger && view->journal)
                write_ledger(view, buffer);
}
